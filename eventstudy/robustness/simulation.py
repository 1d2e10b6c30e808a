"""Worlds in which nothing but a chosen effect happens: simulated panels, and how often each test rejects there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Protocol

import numpy as np

from eventstudy.abnormal import forecast_errors, summed
from eventstudy.arrays import Floats, Ints
from eventstudy.errors import OptionError
from eventstudy.facts import Fact
from eventstudy.inference import TESTS, HeldResiduals, ResidualBlock, Section, TestResult
from eventstudy.models.linear import NormalReturnFit, fit_linear
from eventstudy.options import whole
from eventstudy.windows import Window

INNER_DRAWS = 199
"""Samples that tests draw here which draw some of their own: with 199 a level of 5 % is attained exactly."""
CHUNK = 50
"""Panels drawn from one stream of random numbers; fewer where they are large."""
_CELLS = 2_000_000
_WAVE = 32
_SEEDS = 2**31


class Executor(Protocol):
    """Anything with a `map`: concurrent.futures, a Dask client's executor, ray's pool."""

    def map(self, fn: Callable[[Any], Any], iterable: Iterable[Any], /) -> Iterable[Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is simulated: market-model residuals of unit standard deviation around one event each.

    Attributes
    ----------
    events : int
        N.
    estimation, window : int
        T estimation days and the L days after them that are tested.
    correlation : float
        Of the residuals of any two events of one date, above -1/(n - 1) for n of them, and below 1.
    tails : float or None
        Degrees of freedom of Student's t, above 2; None for normal errors.
    variance_ratio : float
        Variance of the window's errors over that of the estimation days.
    dates : int
        Distinct event dates, far apart; the events are dealt out to them as evenly as they go.
    common_scale : bool
        Whether fat tails come from the scale of a day that all events of a date share (a multivariate t), not from each
        error by itself.
    """

    events: int
    estimation: int
    window: int = 1
    correlation: float = 0.0
    tails: float | None = None
    variance_ratio: float = 1.0
    dates: int = 1
    common_scale: bool = False

    @property
    def group(self) -> Ints:
        """(N,) date of each event, counted from 0."""
        return np.arange(self.events) % self.dates

    @property
    def mean_error(self) -> float:
        """Standard deviation of the mean CAR where nothing happens, in residual standard deviations."""
        count = np.bincount(self.group)
        variance = float((count * (1.0 + (count - 1.0) * self.correlation)).sum()) / self.events**2
        return float(np.sqrt(self.variance_ratio * self.window * variance))


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """D panels of a world: T estimation days, then the L days of the window.

    Attributes
    ----------
    market : (D, dates, T + L) float
        Benchmark around each date.
    errors : (D, N, T + L) float
        Abnormal returns of the events, in residual standard deviations.
    """

    market: Floats
    errors: Floats


@dataclass(frozen=True, slots=True)
class Counts:
    """How often one test rejected.

    Attributes
    ----------
    rejected, draws : tuple of int
        Under each effect: rejections, and panels in which the test could be run.
    refusal : Fact or None
        Why it could not, in the first panel where it could not.
    """

    rejected: tuple[int, ...]
    draws: tuple[int, ...]
    refusal: Fact | None


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Panels `start` to `start + draws` of a run, and their stream of random numbers."""

    seed: np.random.SeedSequence
    start: int
    draws: int


def check_world(world: World) -> None:
    """Raise `OptionError` for a world that cannot be."""
    for name, least in (("events", 1), ("estimation", 3), ("window", 1), ("dates", 1)):
        whole(name, getattr(world, name), least=least)
    if world.dates > world.events:
        raise OptionError(f"dates={world.dates} is more than events={world.events}; a date has at least one event")
    together = int(np.bincount(world.group).max())
    lowest = -1.0 / (together - 1) if together > 1 else -1.0
    if not lowest < world.correlation < 1.0:
        raise OptionError(
            f"correlation={world.correlation} is not allowed; {together} events of one date can have "
            f"correlations between {lowest:.4g} and 1"
        )
    if world.tails is not None and not 2.0 < world.tails < np.inf:
        raise OptionError(f"tails={world.tails} is not allowed; give t degrees of freedom above 2, or None for normal")
    if not 0.0 < world.variance_ratio < np.inf:
        raise OptionError(f"variance_ratio={world.variance_ratio} is not allowed; it is a positive number")


def simulate(world: World, rng: np.random.Generator, draws: int) -> Simulated:
    """Draw panels of a world.

    Notes
    -----
    Errors of one date have a common factor beside their own, both with the tails of the world and unit variance:
    ``sqrt(rho) f_t + sqrt(1 - rho) u_it``. Negative correlations have none; there ``u_it`` is turned by the symmetric
    root of the correlation matrix. With a common scale all of these are normal, and those of one date and day have one
    factor ``sqrt((v - 2) / chi2_v)``. All errors of the window, the common ones too, are multiplied by the root of the
    variance ratio. The benchmark is normal; returns are the errors, because abnormal returns do not depend on alpha and
    beta.
    """
    check_world(world)
    days = world.estimation + world.window
    market = rng.standard_normal((draws, world.dates, days))
    tails = None if world.common_scale else world.tails
    common = _noise(rng, (draws, world.dates, days), tails)
    own = _noise(rng, (draws, world.events, days), tails)
    errors = _correlated(own, common, world)
    if world.common_scale and world.tails is not None:
        errors *= _scale(rng, (draws, world.dates, days), world.tails)[:, world.group]
    errors[..., world.estimation :] *= np.sqrt(world.variance_ratio)
    return Simulated(market, errors)


def sections(world: World, simulated: Simulated) -> list[Section]:
    """Cross-sections of simulated panels, their market models fitted together."""
    draws, events, _ = simulated.errors.shape
    past, ahead = world.estimation, world.window
    y = simulated.errors.reshape(draws * events, -1)
    market = simulated.market[:, world.group].reshape(1, draws * events, -1)
    span = np.ones((draws * events, ahead), dtype=np.int64)
    used = np.ones((draws * events, past), dtype=bool)
    fit = fit_linear(y[:, :past], market[..., :past], used, market[..., past:], span, names=("market",))
    ar = y[:, past:] - fit.expected
    ar_se = forecast_errors(ar, fit.sigma, span, fit.leverage_root)
    car, car_se = summed(ar, fit.sigma, span, fit.leverage_root)
    rows = [slice(start, start + events) for start in range(0, draws * events, events)]
    resid = fit.resid
    return [_section(world, fit, resid, row, (ar[row], ar_se[row], car[row], car_se[row])) for row in rows]


def count_rejections(
    world: World,
    *,
    tests: Sequence[str],
    effects: Mapping[float, int],
    level: float,
    seed: int,
    progress: Callable[[int], None] | None = None,
    executor: Executor | None = None,
) -> dict[str, Counts]:
    """How often tests reject, the same panels under every effect.

    Parameters
    ----------
    world : World
        What is simulated.
    tests : sequence of str
        Names of `eventstudy.inference.TESTS`.
    effects : mapping of float to int
        Effect to the number of panels in which it is tried, counted from the first. An effect, in residual standard
        deviations, is added to every event's abnormal return on the window's first day, and so to its CAR.
    level : float
        A test rejects where ``p <= level``.
    seed : int
        Each chunk of panels has a stream of its own, spawned from this: the counts do not depend on who ran which
        chunk.
    progress : callable, optional
        Told the number of panels done after each chunk.
    executor : object with `map`, optional
        Where the chunks run; in this process where there is none.

    Returns
    -------
    dict
        Test to its `Counts`, effects in the order of the mapping.

    Raises
    ------
    OptionError
        For a world that cannot be.
    """
    check_world(world)
    found = {name: _nothing(len(effects)) for name in tests}
    work = partial(count_chunk, world=world, tests=tuple(tests), effects=tuple(effects.items()), level=level)
    for chunk, counted in _done(work, _chunks(world, max(effects.values()), seed), executor):
        found = {name: _added(found[name], counted[name]) for name in found}
        if progress is not None:
            progress(chunk.draws)
    return found


def count_chunk(
    chunk: _Chunk, *, world: World, tests: Sequence[str], effects: Sequence[tuple[float, int]], level: float
) -> Mapping[str, Counts]:
    """Rejections in one chunk: a pure function that can be sent to another process."""
    rng = np.random.default_rng(chunk.seed)
    found = sections(world, simulate(world, rng, chunk.draws))
    inner = rng.integers(_SEEDS, size=chunk.draws)
    counted = {name: _nothing(len(effects)) for name in tests}
    for panel, (section, own_seed) in enumerate(zip(found, inner, strict=True), chunk.start):
        moved = [_moved(section, effect) if panel < tried else None for effect, tried in effects]
        for name in tests:
            counted[name] = _added(counted[name], _counted(name, moved, level, int(own_seed)))
    return counted


def run_test(name: str, section: Section, seed: int) -> TestResult:
    """A test of the package; those that resample draw `INNER_DRAWS` samples, unless one day can be counted in full."""
    if not TESTS[name].draws:
        return TESTS[name](section)
    counted = name == "permutation" and section.window.size == 1
    draws = max(INNER_DRAWS, int(section.nobs.max()) + 1) if counted else INNER_DRAWS
    return TESTS[name](section, draws=draws, seed=seed)


def _counted(name: str, moved: Sequence[Section | None], level: float, seed: int) -> Counts:
    """One test of one panel under the effects tried there; not run again where it could not be run."""
    rejected, tried = [0] * len(moved), [0] * len(moved)
    for place, section in enumerate(moved):
        if section is None:
            continue
        result = run_test(name, section, seed)
        if result.pvalue is None:
            return Counts(tuple(rejected), tuple(tried), result.refusal)
        rejected[place], tried[place] = int(result.pvalue <= level), 1
    return Counts(tuple(rejected), tuple(tried), None)


def _nothing(effects: int) -> Counts:
    return Counts((0,) * effects, (0,) * effects, None)


def _added(one: Counts, other: Counts) -> Counts:
    rejected = tuple(a + b for a, b in zip(one.rejected, other.rejected, strict=True))
    draws = tuple(a + b for a, b in zip(one.draws, other.draws, strict=True))
    return Counts(rejected, draws, one.refusal or other.refusal)


def _moved(section: Section, effect: float) -> Section:
    if effect == 0.0:
        return section
    ar = section.ar.copy()
    ar[:, 0] += effect
    return replace(section, ar=ar, car=section.car + effect)


def _chunks(world: World, draws: int, seed: int) -> list[_Chunk]:
    size = max(1, min(CHUNK, _CELLS // (world.events * (world.estimation + world.window))))
    starts = range(0, draws, size)
    children = np.random.SeedSequence(seed).spawn(len(starts))
    return [_Chunk(child, start, min(size, draws - start)) for child, start in zip(children, starts, strict=True)]


def _done(
    work: Callable[[_Chunk], Mapping[str, Counts]], chunks: Sequence[_Chunk], executor: Executor | None
) -> Iterator[tuple[_Chunk, Mapping[str, Counts]]]:
    """Chunks with their counts, in order; an executor is given some at a time."""
    waiting = iter(chunks)
    while wave := list(islice(waiting, 1 if executor is None else _WAVE)):
        done = map(work, wave) if executor is None else executor.map(work, wave)
        yield from zip(wave, done, strict=True)


def _noise(rng: np.random.Generator, shape: tuple[int, ...], tails: float | None) -> Floats:
    """Errors of unit variance."""
    if tails is None:
        return rng.standard_normal(shape)
    scaled: Floats = rng.standard_t(tails, shape) / np.sqrt(tails / (tails - 2.0))
    return scaled


def _scale(rng: np.random.Generator, shape: tuple[int, ...], tails: float) -> Floats:
    """Scales that turn normal errors into a t of unit variance."""
    scale: Floats = np.sqrt((tails - 2.0) / rng.chisquare(tails, shape))
    return scale


def _correlated(own: Floats, common: Floats, world: World) -> Floats:
    rho = world.correlation
    mixed: Floats = np.sqrt(1.0 - rho) * own
    if rho >= 0.0:
        mixed += np.sqrt(rho) * common[:, world.group]
        return mixed
    for date in range(world.dates):
        members = world.group == date
        size = int(members.sum())
        mean = own[:, members].mean(axis=1, keepdims=True)
        mixed[:, members] += (np.sqrt(1.0 + (size - 1) * rho) - np.sqrt(1.0 - rho)) * mean
    return mixed


def _section(
    world: World, fit: NormalReturnFit, resid: Floats, row: slice, values: tuple[Floats, Floats, Floats, Floats]
) -> Section:
    past, days = world.estimation, world.estimation + world.window
    start = world.group * days
    session = start[:, None] + np.arange(past)
    block = ResidualBlock(np.arange(world.events), resid[row], session)
    ar, ar_se, car, car_se = values
    return Section(
        window=Window(0, world.window - 1),
        ar=ar,
        ar_se=ar_se,
        car=car,
        car_se=car_se,
        sigma=fit.sigma[row],
        df=fit.df_resid[row],
        nobs=fit.nobs[row],
        weight=np.ones(world.events),
        position=start + past,
        left_out=0,
        residuals=HeldResiduals(block),
    )
