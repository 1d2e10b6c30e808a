"""Size and minimum detectable effect of every offered test, for the user's own N, T, correlation and tails."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.errors import OptionError
from eventstudy.facts import Fact, fact
from eventstudy.inference import TESTS
from eventstudy.options import whole
from eventstudy.robustness.simulation import (
    INNER_DRAWS,
    Counts,
    Executor,
    World,
    check_world,
    count_rejections,
)

DRAWS = 2_000
SEED = 1
LEVEL = 0.05
POWER = 0.8
LEAST_DRAWS = 100
POWER_DRAWS = 500
"""Panels in which effects are tried: this many, or a quarter of all where that is more."""
GRID = (1.0, 2.0, 2.5, 3.0, 3.5, 4.5, 6.0, 9.0, 20.0)
"""Effects that are tried, in standard deviations of the mean CAR where nothing happens."""
MISLEADS = 1.5
"""A size beyond this many times the level misleads: 7.5 % at 5 %."""
_SURE = 2.0  # Monte Carlo standard errors


@dataclass(frozen=True, slots=True)
class TestCalibration:
    """What one test does in a simulated world.

    Attributes
    ----------
    test : str
        A name of `eventstudy.inference.TESTS`.
    size : float or None
        Share of rejections where nothing happened; None where the test could not be run.
    size_error : float or None
        Its Monte Carlo standard error.
    detectable : float or None
        Smallest effect on every event's CAR, in residual standard deviations, that the test finds with 80 %
        probability; None where it does not reach that within the grid. Without meaning where `misleads`.
    detectable_error : float or None
        Its Monte Carlo standard error.
    detectable_return : float or None
        The same as a decimal return (0.01 = 1 %); None where sigma was not given.
    power : tuple of (float, float)
        Effects in residual standard deviations, and the share of rejections under each.
    draws : int
        Panels behind the size.
    misleads : bool
        Whether the size is beyond one and a half times the level by more than two standard errors.
    refusal : Fact or None
        Why the test could not be run; `unavailable` in English.
    told : Fact or None
        How it was run otherwise than for real data; `note` in English.
    """

    __test__ = False

    test: str
    size: float | None
    size_error: float | None
    detectable: float | None
    detectable_error: float | None
    detectable_return: float | None
    power: tuple[tuple[float, float], ...]
    draws: int
    misleads: bool
    refusal: Fact | None
    told: Fact | None

    @property
    def unavailable(self) -> str | None:
        return None if self.refusal is None else str(self.refusal)

    @property
    def note(self) -> str | None:
        return None if self.told is None else str(self.told)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Sizes and detectable effects of tests in one world.

    Attributes
    ----------
    world : World
        What was simulated.
    level : float
        Level of the tests.
    draws, power_draws : int
        Simulated panels, and how many of them were tried with effects.
    seed : int
        Of the simulation.
    sigma : float or None
        Residual standard deviation, decimal return.
    rows : tuple of TestCalibration
        One per test.
    """

    world: World
    level: float
    draws: int
    power_draws: int
    seed: int
    sigma: float | None
    rows: tuple[TestCalibration, ...]

    def __getitem__(self, test: str) -> TestCalibration:
        """The row of a test; KeyError where it was not calibrated."""
        for row in self.rows:
            if row.test == test:
                return row
        raise KeyError(test)


def calibrate(  # noqa: PLR0913 - the world, the tests and the simulation, keyword-only
    *,
    events: int,
    estimation: int,
    window: int = 1,
    correlation: float = 0.0,
    tails: float | None = None,
    variance_ratio: float = 1.0,
    dates: int = 1,
    tests: Collection[str] | None = None,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = SEED,
    sigma: float | None = None,
    progress: Callable[[int], None] | None = None,
    executor: Executor | None = None,
) -> Calibration:
    """Simulate the size of tests, and the effect that they find with 80 % power.

    Parameters
    ----------
    events, estimation, window, correlation, tails, variance_ratio, dates
        The `World`: N events on so many dates, T estimation and L tested days, correlation of residuals of one date,
        degrees of freedom of t errors (None: normal), and the variance of the window's errors over that of other days.
    tests : collection of str, optional
        Names of `eventstudy.inference.TESTS`; all by default.
    level : float
        A test rejects where ``p <= level``.
    draws : int
        Simulated panels, 100 or more; the standard error of a size of 5 % is ``sqrt(0.0475 / draws)``.
    seed : int
        Of the simulation, 0 or more.
    sigma : float, optional
        Residual standard deviation of a firm, decimal return (0.01 = 1 %), for `detectable_return`.
    progress : callable, optional
        Told the number of panels done after each chunk; they add up to `draws`.
    executor : object with ``map``, optional
        Where chunks of panels run. The numbers are the same to the last bit.

    Returns
    -------
    Calibration
        One row per test, in the order of `TESTS`.

    Raises
    ------
    OptionError
        For an argument that is not allowed.

    Notes
    -----
    Market-model residuals are simulated and handed to the package's own tests, two-sided. The detectable effect is the
    same for all events and falls on the window's first day; the first panels are tried with every effect of a grid
    (common random numbers), and the effect of 80 % power is interpolated on the probit scale, on which the power of a
    normal test is a straight line. For the portfolio t of normal errors it is close to 2.8 standard errors of the mean.
    """
    world = World(
        events=events,
        estimation=estimation,
        window=window,
        correlation=correlation,
        tails=tails,
        variance_ratio=variance_ratio,
        dates=dates,
    )
    chosen = check_arguments(world, tests=tests, level=level, draws=draws, seed=seed, sigma=sigma)
    tried = min(draws, max(POWER_DRAWS, draws // 4))
    effects = {0.0: draws} | {step * world.mean_error: tried for step in GRID}
    found = count_rejections(
        world, tests=chosen, effects=effects, level=level, seed=seed, progress=progress, executor=executor
    )
    rows = tuple(_row(name, found[name], tuple(effects), level=level, sigma=sigma) for name in chosen)
    return Calibration(world, level, draws, tried, seed, sigma, rows)


def check_arguments(
    world: World, *, tests: Collection[str] | None, level: float, draws: int, seed: int, sigma: float | None
) -> tuple[str, ...]:
    """The chosen tests in the order of `TESTS`; `OptionError` for an argument that is not allowed."""
    check_world(world)
    if tests is not None and not tests:
        raise OptionError("tests is empty; name one or more, or None for all")
    for name in tests or ():
        if name not in TESTS:
            raise OptionError(f"there is no test {name!r}; allowed: {', '.join(TESTS)}")
    if not 0.0 < level < 1.0:
        raise OptionError(f"level={level} is not allowed; it lies between 0 and 1")
    whole("draws", draws, least=LEAST_DRAWS)
    whole("seed", seed, least=0)
    if sigma is not None and not 0.0 < sigma < np.inf:
        raise OptionError(f"sigma={sigma} is not allowed; give a positive decimal return, or None")
    return tuple(name for name in TESTS if tests is None or name in tests)


def detectable(power: Sequence[tuple[float, float]], draws: int) -> tuple[float, float] | None:
    """Effect of 80 % power and its Monte Carlo standard error; None where the grid does not reach it from below.

    Parameters
    ----------
    power : sequence of (float, float)
        Effects, increasing, and the share of rejections under each.
    draws : int
        Panels behind a share.

    Notes
    -----
    Between the first effect whose share is 80 % or more and the one before it, on a straight line in
    ``probit((draws share + 1/2) / (draws + 1))``, which is finite where none or all were rejected.
    """
    from scipy import special

    above = next((place for place, (_, share) in enumerate(power) if share >= POWER), 0)
    if above == 0:
        return None
    (before, low_share), (at, high_share) = power[above - 1 : above + 1]
    low, high = (float(special.ndtri((draws * share + 0.5) / (draws + 1.0))) for share in (low_share, high_share))
    target = float(special.ndtri(POWER))
    slope = (high - low) / (at - before)
    density = float(np.exp(-(target**2) / 2.0) / np.sqrt(2.0 * np.pi))
    error = float(np.sqrt(POWER * (1.0 - POWER) / draws)) / (density * slope)
    return min(before + (target - low) / slope, at), error


def _row(
    name: str, counts: Counts, effects: tuple[float, ...], *, level: float, sigma: float | None
) -> TestCalibration:
    told = fact("note.inner_draws", draws=INNER_DRAWS) if TESTS[name].draws else None
    draws = counts.draws[0]
    if not draws:
        return TestCalibration(name, None, None, None, None, None, (), 0, False, counts.refusal, told)
    shares = [rejected / max(tried, 1) for rejected, tried in zip(counts.rejected, counts.draws, strict=True)]
    size, power = shares[0], tuple(zip(effects[1:], shares[1:], strict=True))
    error = float(np.sqrt(size * (1.0 - size) / draws))
    effect, effect_error = detectable(((0.0, size), *power), counts.draws[1]) or (None, None)
    return TestCalibration(
        test=name,
        size=size,
        size_error=error,
        detectable=effect,
        detectable_error=effect_error,
        detectable_return=None if effect is None or sigma is None else effect * sigma,
        power=power,
        draws=draws,
        misleads=size - _SURE * error > MISLEADS * level,
        refusal=counts.refusal,
        told=told,
    )
