"""`event_study`: one call from a researcher's frames to estimates and tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from eventstudy.engine.estimate import ChosenModel, estimate
from eventstudy.engine.inputs import Gap, NonSession, Options, Refusal, place_events, read_sample, sessions_of
from eventstudy.engine.limits import LimitDays, require_censorable, with_limits
from eventstudy.engine.partitions import map_partitions
from eventstudy.engine.result import EventStudy
from eventstudy.engine.sample import Sample
from eventstudy.errors import InputError, OptionError
from eventstudy.models import MODELS, lagged_factors
from eventstudy.options import keywords, one_of, shown, spelled, switch, whole, window_of
from eventstudy.robustness.simulation import Executor

if TYPE_CHECKING:
    import pandas as pd


@spelled
def event_study(  # noqa: PLR0913 - the options are the contract of docs/api.md, all but two keyword-only
    returns: pd.DataFrame,
    events: pd.DataFrame,
    *,
    benchmark: str | pd.Series | None = None,
    factors: pd.DataFrame | None = None,
    risk_free: pd.Series | None = None,
    model: str = "market",
    model_options: Mapping[str, Any] | None = None,
    estimation_window: tuple[int, int] = (-250, -11),
    event_window: tuple[int, int] = (-10, 10),
    min_estimation: int = 30,
    non_session: NonSession = "raise",
    after_gap: Gap = "one_session",
    exclude_event_days: bool = False,
    at_limit: pd.DataFrame | None = None,
    limit_days: LimitDays = "keep",
    exchange: str | None = None,
    executor: Executor | None = None,
    progress: bool = False,
) -> EventStudy:
    """Abnormal returns of any number of events on one's own returns.

    Parameters
    ----------
    returns : DataFrame, sessions x assets
        Decimal returns (0.01 = 1 %) as the user defines them; NaN where an asset did not trade.
    events : DataFrame
        Columns ``asset`` and ``date``; optionally ``event_id`` (unique; the row number otherwise), ``group``,
        ``weight``, ``exchange`` and own windows ``estimation_first``, ``estimation_last``, ``event_first``,
        ``event_last``.
        An asset may have several events, and events may share dates.
    benchmark : str, Series or None
        A column of `returns`, or returns of its own on the same sessions.
    factors : DataFrame, optional
        Sessions x factors, for ``model="factor"``; peers or donors for ``peer_portfolio`` and ``synthetic_control``.
    risk_free : Series, optional
        Risk-free return per session, taken off the returns and off `benchmark`; `factors` are taken as
        excess returns already.
    model : str
        A name of `eventstudy.models.MODELS`.
    model_options : mapping, optional
        Of the model: ``intercept`` (factor); ``lags``, ``leads``, ``weights`` (dimson); ``beta`` (peer_portfolio);
        ``ridge``, ``augment`` (synthetic_control).
    estimation_window, event_window : pair of int
        First and last relative day, in sessions of `returns`; day 0 is the event's session.
    min_estimation : int
        Events with fewer estimation observations are excluded.
    non_session : {"raise", "next", "previous", "skip"}
        What an event date that is not a session means.
    after_gap : {"one_session", "simple", "log"}
        What the first return after missing ones is: a return of that session alone, or the simple or log
        return since the last trade. In the latter case benchmark and factors are cumulated over the same
        span, the return has that many sessions' variance, and it stays out of the estimation window.
    exclude_event_days : bool
        Leave sessions inside any event window of the same asset out of estimation windows.
    at_limit : DataFrame, sessions x assets, optional
        -1 where an asset closed at its lower price limit, 1 at its upper, else 0: for `flags`, for
        `EventStudy.car_to_open`, and for `limit_days`.
    limit_days : {"keep", "drop", "censor"}
        What becomes of such closes in estimation windows: kept; left out, with the session after, which carries the
        rest of the move; or taken as cut off in a two-limit Tobit (``market``, ``mean``), the session after left out.
    exchange : str, optional
        Whose sessions the returns follow (``XNYS``, ``XHKG``, ``24/7``, any calendar of exchange_calendars), where
        `events` has no ``exchange`` of its own. With it a date may be a moment, as a stamp with a time zone or a
        text with its offset (``2024-04-03T08:30-04:00``): day 0 is then the first session that could react, and
        `flags` says ``moved`` where that is another day than the moment's own.
    executor : object with ``map``, optional
        Where chunks of events run: ``concurrent.futures`` pools, ``distributed.Client.get_executor()``, ray's pool.
        The numbers are the same.
    progress : bool
        Show a progress bar on a terminal.

    Returns
    -------
    EventStudy
        Estimates and tests; every event is in it or in its `exclusions`.

    Raises
    ------
    OptionError
        For an option that is not allowed.
    InputError
        For frames that cannot be read.
    """
    options = _options(estimation_window, event_window, non_session, after_gap, exclude_event_days)
    options = replace(options, exchange=exchange)
    chosen, shifts = _model(model, model_options)
    if risk_free is not None:
        returns, benchmark = _excess(returns, benchmark, risk_free, after_gap)
    regressors = shifted(_regressors(returns, benchmark, factors, model), shifts)
    sample, refusals = read_sample(returns, events, regressors, options)
    require_censorable(model, limit_days)
    sample = with_limits(sample, returns, at_limit, limit_days)
    return _study(sample, refusals, chosen, min_estimation=min_estimation, executor=executor, progress=progress)


@spelled
def event_study_parquet(  # noqa: PLR0913 - as event_study
    folder: str | Path,
    events: pd.DataFrame,
    *,
    regressors: pd.Series | pd.DataFrame,
    scratch: str | Path,
    model: str = "market",
    model_options: Mapping[str, Any] | None = None,
    estimation_window: tuple[int, int] = (-250, -11),
    event_window: tuple[int, int] = (-10, 10),
    min_estimation: int = 30,
    non_session: NonSession = "raise",
    executor: Executor | None = None,
    progress: bool = False,
) -> EventStudy:
    """`event_study` on per-firm Parquet files, which may be larger than memory together.

    Parameters
    ----------
    folder : path
        One ``ASSET.parquet`` per asset with the columns ``session`` and ``return``.
    events : DataFrame
        As for `event_study`; only files of assets with an event are read.
    regressors : Series or DataFrame
        Benchmark or factors; its index gives the sessions.
    scratch : path
        A folder on disk for the returns as one memory-mapped array (8 bytes an asset and session); it must
        outlive the result.
    model, model_options, estimation_window, event_window, min_estimation, non_session, executor, progress
        As for `event_study`.

    Returns
    -------
    EventStudy
        The same numbers as `event_study` on the whole frame.
    """
    options = _options(estimation_window, event_window, non_session, "one_session", exclude_event_days=False)
    chosen, shifts = _model(model, model_options)
    frame = shifted(_frame(regressors), shifts)
    sessions = sessions_of(frame.index)
    wanted = tuple(dict.fromkeys(map(str, events["asset"]))) if "asset" in events.columns else ()
    with _bar(len(wanted), shown=progress, what="files") as advance:
        assets, values = map_partitions(Path(folder), sessions, Path(scratch), assets=wanted, progress=advance)
    sample, refusals = place_events(sessions, assets, values, events, frame, options)
    return _study(sample, refusals, chosen, min_estimation=min_estimation, executor=executor, progress=progress)


def _study(
    sample: Sample,
    refusals: tuple[Refusal, ...],
    model: ChosenModel,
    *,
    min_estimation: int,
    executor: Executor | None,
    progress: bool,
) -> EventStudy:
    whole("min_estimation", min_estimation, least=0)
    if not sample.event_ids.size:
        raise InputError(f"no event can be studied; {_first(refusals)}")
    with _bar(sample.event_ids.size, shown=progress, what="events") as advance:
        abnormal = estimate(sample, model, executor=executor, progress=advance)
    return EventStudy.of(sample, abnormal, model=model, refusals=refusals, min_estimation=min_estimation)


def _model(name: str, options: Mapping[str, Any] | None) -> tuple[ChosenModel, tuple[int, int]]:
    """The model with its options, and the lags and leads of the regressors that it wants."""
    one_of("model", name, MODELS)
    row = MODELS[name]
    if options is not None and not isinstance(options, Mapping):
        raise OptionError(f"model_options={shown(options)} is not allowed; give a mapping of option to value")
    keywords(f"model={name!r}", options or (), row.options)
    given = dict(options or {})
    lags, leads = (whole(side, given.pop(side, 1), least=0) if row.shifted else 0 for side in ("lags", "leads"))
    return ChosenModel(name, tuple(sorted(given.items()))), (lags, leads)


def shifted(regressors: pd.DataFrame, shifts: tuple[int, int]) -> pd.DataFrame:
    """Regressors with their lags and leads as further columns."""
    import pandas as pd

    if shifts == (0, 0):
        return regressors
    values = regressors.to_numpy(dtype=float, na_value=np.nan).T
    names, columns = lagged_factors(tuple(map(str, regressors.columns)), values, lags=shifts[0], leads=shifts[1])
    return pd.DataFrame(columns.T, index=regressors.index, columns=list(names))


def _excess(
    returns: pd.DataFrame, benchmark: str | pd.Series | None, risk_free: pd.Series, after_gap: Gap
) -> tuple[pd.DataFrame, str | pd.Series | None]:
    """Returns and benchmark less the risk-free return of the same session."""
    if after_gap != "one_session":
        raise OptionError("risk_free covers one session each; with after_gap give excess returns instead")
    rate = risk_free.reindex(returns.index)
    if rate.isna().any():
        raise InputError(f"risk_free has no value on {int(rate.isna().sum())} sessions of returns")
    excess = returns.sub(rate, axis=0)
    if benchmark is None or isinstance(benchmark, str):
        return excess, benchmark
    return excess, benchmark.sub(risk_free)


def _options(
    estimation_window: tuple[int, int],
    event_window: tuple[int, int],
    non_session: NonSession,
    after_gap: Gap,
    exclude_event_days: bool,
) -> Options:
    windows = window_of("estimation_window", estimation_window), window_of("event_window", event_window)
    if windows[0].last >= windows[1].first:
        raise OptionError(f"the estimation window {windows[0]} must end before the event window {windows[1]} begins")
    one_of("non_session", non_session, get_args(NonSession))
    one_of("after_gap", after_gap, get_args(Gap))
    return Options(*windows, non_session, after_gap, switch("exclude_event_days", exclude_event_days))


def _regressors(
    returns: pd.DataFrame, benchmark: str | pd.Series | None, factors: pd.DataFrame | None, model: str
) -> pd.DataFrame:
    """The regressors on the sessions of the returns; sessions that they lack are missing."""
    import pandas as pd

    needs = MODELS[model].needs
    if needs is None:
        return pd.DataFrame(index=returns.index)
    if needs == "benchmark" or factors is None:
        if benchmark is None:
            raise OptionError(f"model={model!r} needs {needs}=")
        if isinstance(benchmark, str):
            if benchmark not in returns.columns:
                raise OptionError(f"benchmark={benchmark!r} is not a column of returns; give a column or a Series")
            return returns[[benchmark]]
        factors = _frame(benchmark)
    aligned = factors.reindex(returns.index)
    if not np.isfinite(aligned.to_numpy(dtype=float, na_value=np.nan)).any():
        raise InputError("the benchmark or factors share no session with returns; align their dates")
    return aligned


def _frame(regressors: pd.Series | pd.DataFrame) -> pd.DataFrame:
    """Regressors as a frame; a series without a name is called benchmark."""
    import pandas as pd

    if isinstance(regressors, pd.DataFrame):
        return regressors
    return regressors.to_frame("benchmark" if regressors.name is None else regressors.name)


def _first(refusals: tuple[Refusal, ...]) -> str:
    return f"the first of {len(refusals)}: {refusals[0].why}" if refusals else "events has no rows"


@contextmanager
def _bar(total: int, *, shown: bool, what: str) -> Iterator[Callable[[int], None] | None]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not shown:
        yield None
        return
    from rich.progress import Progress

    with Progress(transient=True) as display:
        task = display.add_task(what, total=total)
        yield lambda done: display.advance(task, done)
