"""Structural breaks in one regression: Chow's test at a known date, sup-F for an unknown one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from eventstudy.arrays import Floats, Ints, hold
from eventstudy.errors import OptionError
from eventstudy.facts import Fact, fact
from eventstudy.inference.records import TestResult

TRIM = 0.15
DRAWS = 999
SEED = 1
LEVELS = (0.10, 0.05, 0.01)
"""Levels of the critical values of `Break`."""

_RANK = 1e-12  # eigenvalue of scaled regressors' scatter below which they are collinear
_SEGMENT = 1e-10  # the same for a part of the window, of regressors orthonormal in the whole of it
_NOTHING = 1e-12  # share of the sum of squares below which residuals are rounding
_CELLS = 1_000_000
_WHOLE = 1e-9  # a share of observations this near to a whole number is one
_BASIS = 24  # Jacobi polynomials; 20 or 80 of them give the same p-values to nine decimals


@dataclass(frozen=True, slots=True, eq=False)
class Break:
    """The most likely break of a regression, and whether it is one.

    Attributes
    ----------
    result : TestResult
        sup-F: the largest k F over the admissible splits, with its bootstrap p.
    position : int or None
        First observation after the break at the maximum; None where the test is unavailable.
    path : (T,) float
        k times the Chow F of a split before each observation, on the scale of the statistic and the critical
        values; NaN where no split is admissible.
    critical : (3,) tuple of float
        Asymptotic critical values at 10, 5 and 1 % (`LEVELS`).
    trim : float
        Share of the window that no break is looked for in, at each end.
    """

    result: TestResult
    position: int | None
    path: Floats
    critical: tuple[float, ...]
    trim: float

    def __post_init__(self) -> None:
        hold(self)


@dataclass(frozen=True, slots=True, eq=False)
class _Splits:
    """A regression and its n admissible splits.

    `basis` (T, k) is orthonormal and spans the regressors, `at` (n,) the first observation after each split,
    `roots` (n, k, k) a root of ``(A (I - A))^-1`` with A the scatter of the basis before the split.
    """

    basis: Floats
    at: Ints
    roots: Floats

    def wald(self, resid: Floats) -> Floats:
        """(B, n) k times the Chow F at each split for (B, T) residuals of the whole regression.

        With S the sum of basis times residual before a split, both segments' fits reduce the sum of squares by
        ``S' (A^-1 + (I - A)^-1) S = S' (A (I - A))^-1 S``.
        """
        size, k = self.basis.shape
        sums = np.cumsum(resid.T[:, :, None] * self.basis[:, None, :], axis=0)[self.at - 1]
        gain = np.square(sums @ self.roots).sum(axis=2).T
        total = np.square(resid).sum(axis=1)[:, None]
        left = total - gain
        fitted = left <= _NOTHING * total
        return np.where(fitted, np.inf, gain / np.where(fitted, 1.0, left) * (size - 2 * k))


def chow(y: Floats, x: Floats, split: int) -> TestResult:
    """Chow test of a break at a known date.

    Null: all k coefficients are the same before and after the split.

    Parameters
    ----------
    y : (T,) float
        Returns in order of sessions, decimal.
    x : (T, k) float
        Regressors, constant included.
    split : int
        Position of the first observation of the second segment.

    Returns
    -------
    TestResult
        Unavailable where a value is missing, a segment has k or fewer observations or collinear regressors, or the
        segments fit without residuals.

    Notes
    -----
    ``F = ((SSR - SSR_1 - SSR_2) / k) / ((SSR_1 + SSR_2) / (T - 2k))`` on (k, T - 2k) degrees of freedom, exact for
    normal errors with one variance (Chow 1960, Econometrica 28, 591-605). Not robust to a variance that
    differs between the segments. The date must not have been chosen by looking at the data: for that there
    is `sup_f`.
    """
    size, k = x.shape
    blank = TestResult("chow", fact("same_after_split"), None, "F", None, None, size)
    if reason := _missing(y, x) or _short(size, k, split):
        return blank.refused(reason)
    squares = [_squares(y[rows], x[rows]) for rows in (slice(size), slice(split), slice(split, size))]
    whole, before, after = squares
    if whole is None or before is None or after is None:
        return blank.refused(fact("unavailable.collinear_side"))
    if before + after <= _NOTHING * float(y @ y):
        return blank.refused(fact("unavailable.no_residuals"))
    from scipy import stats

    df = (float(k), float(size - 2 * k))
    statistic = max(whole - before - after, 0.0) / df[0] / ((before + after) / df[1])
    return replace(blank, statistic=statistic, df=df, pvalue=float(stats.f.sf(statistic, *df)))


def sup_f(y: Floats, x: Floats, *, trim: float = TRIM, draws: int = DRAWS, seed: int = SEED) -> Break:
    """Test of one break at an unknown date: the largest Chow statistic over all splits.

    Null: all k coefficients are the same in the whole window.

    Parameters
    ----------
    y : (T,) float
        Returns in order of sessions, decimal.
    x : (T, k) float
        Regressors, constant included.
    trim : float
        Share of the window that each segment has at least; k + 1 observations where that is more.
    draws : int
        Bootstrap samples.
    seed : int
        Of the generator: the same data give the same p.

    Returns
    -------
    Break
        With a test that is unavailable where a value is missing, the window is too short, the regressors are
        collinear or there are no residuals.

    Raises
    ------
    OptionError
        For a `trim` that does not lie between 0 and 0.5, or fewer than one draw.

    Notes
    -----
    The statistic is the largest ``k F_t`` (Quandt 1960; Andrews 1993, Econometrica 61, 821-856). p comes from the
    fixed-regressor bootstrap that allows for heteroskedasticity (Hansen 2000, Journal of Econometrics 97,
    93-115): regressors stay as they are, the response is the residual of the regression without break times
    a standard normal draw, ``p = (1 + #{sup F* >= sup F}) / (draws + 1)``. Not robust to autocorrelated
    errors. In simulated windows of 250 days a 5 % test rejects a true null in 5 % of cases, and in 6 % where
    volatility triples in the last fifth (8 % with 120 days); the asymptotic 5 % value rejects there in 28 %.

    `critical_values` are asymptotic and assume errors of one variance and regressors whose moments do not
    change; they stand beside p and do not make it. A split that leaves a segment with collinear regressors is
    passed over, with a note.
    """
    if not 0.0 < trim < 0.5 or draws < 1:
        raise OptionError(f"trim={trim} must lie between 0 and 0.5 and draws={draws} be 1 or more")
    size, k = x.shape
    blank = TestResult("sup_f", fact("same_in_window"), None, "bootstrap", None, None, size)
    nothing = Break(blank, None, np.full(size, np.nan), critical_values(k, trim), trim)
    least = max(int(np.ceil(trim * size - _WHOLE)), k + 1)
    splits = _splits(y, x, least)
    if isinstance(splits, Fact):
        return replace(nothing, result=blank.refused(splits))
    resid = _residuals(y, splits.basis)
    wald = splits.wald(resid[None, :])[0]
    if float(resid @ resid) <= _NOTHING * float(y @ y) or not np.isfinite(wald).all():
        return replace(nothing, result=blank.refused(fact("unavailable.no_residuals")))
    statistic = float(wald.max())
    pvalue = _bootstrap(splits, resid, statistic, draws=draws, rng=np.random.default_rng(seed))
    path = np.full(size, np.nan)
    path[splits.at] = wald
    notes = _notes(least, trim * size, size - 2 * least + 1 - splits.at.size)
    result = replace(blank, statistic=statistic, pvalue=pvalue, notes=notes)
    return replace(nothing, result=result, position=int(splits.at[wald.argmax()]), path=path)


def sup_f_sf(statistic: float, k: int, trim: float = TRIM) -> float:
    """Asymptotic p-value of sup-F: exact distribution of the limiting process.

    Parameters
    ----------
    statistic : float
        Largest k F.
    k : int
        Coefficients that may change.
    trim : float
        Share of the window left out at each end.

    Notes
    -----
    The limit is the supremum of ``|B(r) - r B(1)|^2 / (r (1 - r))`` over [trim, 1 - trim], B a k-dimensional Brownian
    motion (Andrews 1993). In ``u = ln(r / (1 - r))`` this is a stationary diffusion with generator
    ``2 x f'' + (k - x) f'`` and a chi-squared(k) distribution, watched for a time of
    ``2 ln((1 - trim) / trim)``; that it stays below c has probability ``sum_j exp(-nu_j time) m_j^2``, with nu_j the
    eigenvalues of the generator killed at c and m_j the means of its eigenfunctions (DeLong 1981, Communications in
    Statistics A 10, 2197-2213; Estrella 2003, Econometric Theory 19, 1128-1143, by confluent
    hypergeometric functions). Here the eigenvalues come from a Galerkin projection: f is ``exp(x / 4)`` times
    Jacobi polynomials that vanish at c.
    """
    from scipy import special

    if statistic <= 0.0:
        return 1.0
    half, edge = k / 2.0, statistic / 2.0
    nodes, weights = special.roots_jacobi(2 * _BASIS, 0.0, half - 1.0)
    place, weights = (nodes + 1.0) / 2.0, weights / 2.0**half
    order = np.arange(_BASIS)[:, None]
    value = special.eval_jacobi(order, 2.0, half - 1.0, nodes)
    lower = special.eval_jacobi(np.maximum(order - 1, 0), 3.0, half, nodes)
    slope = (1.0 - place) * np.where(order > 0, (order + 2.0 + half) * lower, 0.0) - value
    value = (1.0 - place) * value
    norm = np.sqrt((value**2 * weights).sum(axis=1, keepdims=True))
    moved = (slope / edge + value / 2.0) / norm
    rates, vectors = np.linalg.eigh((moved * (weights * place * edge)) @ moved.T)
    means = (value / norm * weights * np.exp(-edge * place / 2.0)).sum(axis=1) @ vectors
    time = 2.0 * np.log((1.0 - trim) / trim)
    below = float((np.exp(-rates * time) * means**2).sum()) * edge**half / float(special.gamma(half))
    return float(min(1.0, max(0.0, 1.0 - below)))


@lru_cache(maxsize=64)
def critical_values(k: int, trim: float = TRIM) -> tuple[float, ...]:
    """Asymptotic critical values of sup-F (as k F) at 10, 5 and 1 %.

    Parameters
    ----------
    k : int
        Coefficients that may change.
    trim : float
        Share of the window left out at each end.

    Notes
    -----
    From `sup_f_sf`, for any k and trim. Andrews' printed table (2003, Econometrica 71, 395-397) was simulated on a
    grid of dates, which misses the peaks between them: for a trim of 0.15 and k up to 10 it lies 0.8 to
    2.5 % lower, e.g. 8.68 for 8.86 at k = 1 and 5 %. ``python benchmarks/supf.py`` prints both.
    """
    from scipy import optimize, stats

    found = []
    for level in LEVELS:
        low = high = float(stats.chi2.isf(level, k))
        while sup_f_sf(high, k, trim) >= level:
            high += 10.0
        root = optimize.brentq(lambda value, level=level: sup_f_sf(value, k, trim) - level, low, high, xtol=1e-8)
        found.append(float(root))
    return tuple(found)


def _missing(y: Floats, x: Floats) -> Fact | None:
    count = int((~(np.isfinite(y) & np.isfinite(x).all(axis=1))).sum())
    return fact("unavailable.missing_observations", missing=count, n=y.size) if count else None


def _short(size: int, k: int, split: int) -> Fact | None:
    if k < split < size - k:
        return None
    before = min(max(split, 0), size)
    return fact("unavailable.short_side", before=before, after=size - before, parameters=k)


def _splits(y: Floats, x: Floats, least: int) -> _Splits | Fact:
    """The splits with at least `least` observations on each side, or why there are none."""
    size = y.size
    if reason := _missing(y, x):
        return reason
    if size < 2 * least:
        return fact("unavailable.short_window", n=size, least=least)
    basis = _orthonormal(x)
    if basis is None:
        return fact("unavailable.collinear")
    at = np.arange(least, size - least + 1)
    scatter = np.cumsum(basis[:, :, None] * basis[:, None, :], axis=0)[at - 1]
    shares, vectors = np.linalg.eigh(scatter)
    sound = (shares[:, 0] > _SEGMENT) & (shares[:, -1] < 1.0 - _SEGMENT)
    if not sound.any():
        return fact("unavailable.collinear_segments")
    shares, vectors = shares[sound], vectors[sound]
    return _Splits(basis, at[sound], vectors / np.sqrt(shares * (1.0 - shares))[:, None, :])


def _orthonormal(x: Floats) -> Floats | None:
    """An orthonormal basis of the columns of x, or None where they are collinear."""
    length = np.sqrt(np.square(x).sum(axis=0))
    if not length.all():
        return None
    basis, spread, _ = np.linalg.svd(x / length, full_matrices=False)
    return None if spread[-1] ** 2 <= _RANK * spread[0] ** 2 else basis


def _residuals(y: Floats, basis: Floats) -> Floats:
    """What the basis leaves of y; projected twice, so that rounding of the first leaves no trace."""
    once: Floats = y - basis @ (basis.T @ y)
    return once - basis @ (basis.T @ once)


def _squares(y: Floats, x: Floats) -> float | None:
    """Sum of squared residuals, or None where the regressors are collinear."""
    basis = _orthonormal(x)
    if basis is None:
        return None
    resid = _residuals(y, basis)
    return float(resid @ resid)


def _bootstrap(splits: _Splits, resid: Floats, statistic: float, *, draws: int, rng: np.random.Generator) -> float:
    """Share of the draws, the data included, whose largest statistic is as large."""
    rows = max(1, _CELLS // splits.basis.size)
    exceed = 0
    for start in range(0, draws, rows):
        drawn = resid * rng.standard_normal((min(rows, draws - start), resid.size))
        found = splits.wald(_residuals(drawn.T, splits.basis).T).max(axis=1)
        exceed += int((found >= statistic).sum())
    return (1 + exceed) / (draws + 1)


def _notes(least: int, wanted: float, skipped: int) -> tuple[Fact, ...]:
    """What a reader must know of the splits that were looked at."""
    longer = (fact("note.longer_segments", least=least),) if least > np.ceil(wanted - _WHOLE) else ()
    return (*longer, fact("note.splits_skipped", n=skipped)) if skipped else longer
