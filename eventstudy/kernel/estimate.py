"""Samples to abnormal returns, block by block, here or on whatever has a `map`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal import forecast_errors, summed
from eventstudy.arrays import Floats, Ints
from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.kernel.cut import Cutter
from eventstudy.kernel.sample import Sample, blocks, pieces
from eventstudy.models import ChosenModel, NormalReturnFit
from eventstudy.options import shown
from eventstudy.panel import EventPanel
from eventstudy.robustness.simulation import Executor
from eventstudy.windows import Window

BLOCK = 256
"""Events fitted at a time: their windows stay in the processor's cache."""
CHUNK = 8_192
"""Events given to an executor at a time: enough work to outweigh sending it."""


WAVE = 32
"""Chunks given to an executor at once."""


@dataclass(frozen=True, eq=False)  # no slots: standard errors are kept once computed
class Abnormal:
    """Abnormal returns of E events with everything that the tests need.

    Attributes
    ----------
    event_ids : (E,) str
        Keys.
    event_window : Window
        Relative days of the L columns.
    param_names : tuple of k str
        Parameter names.
    params : (E, k) float
        Estimates.
    sigma, df_resid, nobs : (E,)
        Of the estimation window.
    ar : (E, L) float
        Abnormal returns, NaN where the asset or a regressor has no return.
    span : (E, L) int
        Sessions that each return covers.
    root : (E, L, k) float
        Square root of the estimation part of the prediction-error covariance.
    position : (E,) int
        Session of day 0 on the clock that all events share.
    innovation : (E, L) float, optional
        Variance of each return's own error over s^2, for models whose variance changes; None where it is
        the span.
    """

    event_ids: NDArray[np.object_]
    event_window: Window
    param_names: tuple[str, ...]
    params: Floats
    sigma: Floats
    df_resid: Ints
    nobs: Ints
    ar: Floats
    span: Ints
    root: Floats
    position: Ints
    innovation: Floats | None = None

    @classmethod
    def of(cls, sample: Sample, panel: EventPanel, fit: NormalReturnFit) -> Abnormal:
        """The abnormal returns of a sample that was cut and fitted as a whole."""
        return cls(
            event_ids=sample.event_ids,
            event_window=sample.event_window,
            param_names=fit.names,
            params=fit.params,
            sigma=fit.sigma,
            df_resid=fit.df_resid,
            nobs=fit.nobs,
            ar=panel.event_returns - fit.expected,
            span=panel.event_span,
            root=fit.leverage_root,
            position=sample.time,
            innovation=fit.innovation_variance,
        )

    @property
    def own_variance(self) -> Floats | Ints:
        """(E, L) variance of each return's own error over s^2."""
        return self.span if self.innovation is None else self.innovation

    @cached_property
    def standard_errors(self) -> Floats:
        """(E, L) forecast-error standard errors."""
        errors = forecast_errors(self.ar, self.sigma, self.own_variance, self.root)
        errors.flags.writeable = False
        return errors

    def columns(self, window: Window) -> slice:
        """The columns of a window."""
        return slice(window.first - self.event_window.first, window.last - self.event_window.first + 1)

    def car(self, window: Window) -> tuple[Floats, Floats]:
        """(E,) CAR and its standard error with the full covariance; NaN where a day is missing."""
        columns = self.columns(window)
        return summed(self.ar[:, columns], self.sigma, self.own_variance[:, columns], self.root[:, columns])

    def take(self, keep: NDArray[np.bool_]) -> Abnormal:
        """The events of a mask; the same record where it holds all."""
        if keep.all():
            return self
        names = ("event_ids", "params", "sigma", "df_resid", "nobs", "ar", "span", "root", "position", "innovation")
        held = {name: values for name in names if (values := getattr(self, name)) is not None}
        return replace(self, **{name: values[keep] for name, values in held.items()})


def fit_blocks(
    sample: Sample, model: ChosenModel, *, size: int = BLOCK
) -> Iterator[tuple[slice, EventPanel, NormalReturnFit]]:
    """Windows and fit of each block of events, in order; nothing is kept between blocks."""
    cutter = Cutter.of(sample)
    for rows in blocks(sample.event_ids.size, size):
        panel = cutter.panel(rows)
        yield rows, panel, model.fit(panel)


def estimate(
    sample: Sample,
    model: ChosenModel,
    *,
    executor: Executor | None = None,
    progress: Callable[[int], None] | None = None,
) -> Abnormal:
    """Fit a model to every event.

    Parameters
    ----------
    sample : Sample
        Placed events, at least one.
    model : ChosenModel
        The normal-return model.
    executor : object with `map`, optional
        Where the chunks run; in this process where there is none. The numbers do not depend on it.
    progress : callable, optional
        Told the number of events done after each chunk.

    Raises
    ------
    OptionError
        Code ``option.executor_results`` where the executor's `map` does not return the estimates of each chunk.
    """
    work = partial(estimate_chunk, model=model)
    probe = _probe(sample, model)
    joined = _empty_estimates(sample, probe)
    for wave in _waves(pieces(sample, CHUNK), 1 if executor is None else WAVE):
        parts = [part for _, part in wave]
        done = map(work, parts) if executor is None else _results(executor, work, parts, tuple(joined))
        for (rows, _), estimates in zip(wave, done, strict=True):
            for name, values in estimates.items():
                joined[name][rows] = values
            if progress is not None:
                progress(rows.size)
    return Abnormal(
        event_ids=sample.event_ids,
        event_window=sample.event_window,
        param_names=probe.names,
        position=sample.time,
        **joined,
    )


def require_executor(executor: object) -> None:
    """Refuse an executor without a `map`."""
    if executor is not None and not callable(getattr(executor, "map", None)):
        raise OptionError(fact("option.executor", given=shown(executor)))


def _results(
    executor: Executor, work: Callable[[Sample], Any], parts: list[Sample], names: tuple[str, ...]
) -> Iterator[Mapping[str, NDArray[Any]]]:
    """Estimates of each part from an executor, in order."""
    wrong = OptionError(fact("option.executor_results", given=shown(executor), n=len(parts)))
    given: Any = executor.map(work, parts)
    if not isinstance(given, Iterable):
        raise wrong
    results = iter(given)
    for part in parts:
        found = next(results, None)
        if not isinstance(found, Mapping) or set(found) != set(names) or len(found["ar"]) != part.event_ids.size:
            raise wrong
        yield found
    if next(results, wrong) is not wrong:
        raise wrong


def _waves(parts: Iterator[tuple[Ints, Sample]], size: int) -> Iterator[list[tuple[Ints, Sample]]]:
    """Lists of at most `size` parts: executors want lists, and no more than one is in memory."""
    while wave := list(islice(parts, size)):
        yield wave


def _empty_estimates(sample: Sample, probe: NormalReturnFit) -> dict[str, NDArray[Any]]:
    """Arrays for the estimates of every event of a sample, to be filled."""
    count, size = sample.event_ids.size, sample.event_window.size
    changing = {} if probe.innovation_variance is None else {"innovation": np.empty((count, size))}
    return changing | {
        "params": np.empty((count, len(probe.names))),
        "sigma": np.empty(count),
        "df_resid": np.empty(count, dtype=np.int64),
        "nobs": np.empty(count, dtype=np.int64),
        "ar": np.empty((count, size)),
        "span": np.empty((count, size), dtype=np.int64),
        "root": np.empty((count, size, probe.leverage_root.shape[-1])),
    }


def estimate_chunk(sample: Sample, model: ChosenModel) -> Mapping[str, NDArray[Any]]:
    """Estimates of one chunk as plain arrays: a pure function that can be sent to another process."""
    out = _empty_estimates(sample, _probe(sample, model))
    for rows, panel, fit in fit_blocks(sample, model):
        out["params"][rows] = fit.params
        out["sigma"][rows] = fit.sigma
        out["df_resid"][rows] = fit.df_resid
        out["nobs"][rows] = fit.nobs
        out["ar"][rows] = panel.event_returns - fit.expected
        out["span"][rows] = panel.event_span
        out["root"][rows] = fit.leverage_root
        if fit.innovation_variance is not None:
            out["innovation"][rows] = fit.innovation_variance
    return out


def _probe(sample: Sample, model: ChosenModel) -> NormalReturnFit:
    """A fit of the first event, for the names and shapes of the others."""
    _, _, fit = next(fit_blocks(sample.rows(slice(0, 1)), model, size=1))
    return fit
