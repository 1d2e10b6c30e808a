"""One security, one event: the sample quantile test of an abnormal return, the permutation test of a CAR.

Neither assumes a distribution; both assume that the event days would have been drawn like the days of the estimation
window: an event day of higher variance reads as an effect, and so does a calm window before a turbulent time.
`conformal` has the test that fits the model anew, and its interval.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import comb, floor, isnan

import numpy as np

from eventstudy.arrays import Floats, Ints, hold
from eventstudy.errors import InputError, OptionError
from eventstudy.facts import Fact, fact
from eventstudy.inference.question import check_side
from eventstudy.inference.ranks import rank_test
from eventstudy.inference.records import Alternative, Test, TestResult
from eventstudy.options import share, whole

DRAWS = 9_999
SEED = 1
ALPHA = 0.05

ROUNDING = 1e-9  # relative difference by which equal sums may differ, and a whole number from a product
_NOTHING = 1e-12  # share of the largest value below which a residual is rounding
_RANK = 1e-12  # squared ratio of scaled regressors' singular values below which they are collinear
_BLOCK = 500


def left_out_residuals(y: Floats, x: Floats) -> Floats:
    """What a regression mispredicts of each observation when it is fitted without it.

    Parameters
    ----------
    y : (T,) float
        Returns of the estimation window, decimal, none missing.
    x : (T, k) float
        Regressors, constant included.

    Returns
    -------
    (T,) float
        ``e / (1 - h)`` with h the leverage; NaN where an observation alone determines a coefficient (h = 1), because
        without it there is no prediction.

    Raises
    ------
    InputError
        For missing values, y and x of different length, or collinear regressors.

    Notes
    -----
    Unlike residuals these are prediction errors, as an abnormal return is one. By QR: ``x = QR``, ``e = y - QQ'y``,
    ``h = diag(QQ')`` (Cook and Weisberg 1982, Residuals and Influence in Regression, section 2.2).
    """
    basis = orthonormal_basis(y, x)
    kept = 1.0 - np.square(basis).sum(axis=1)
    alone = kept <= _NOTHING
    return np.where(alone, np.nan, residuals(y, basis) / np.where(alone, 1.0, kept))


def sq_test(
    ar: float,
    left_out: Floats,
    *,
    alternative: Alternative = "two-sided",
    variant: str | None = None,
    alpha: float = ALPHA,
) -> TestResult:
    """Sample quantile (SQ) test of one abnormal return.

    Null: the abnormal return is zero, that is, one more prediction error like those of the estimation window. Its rank
    among the n leave-one-out residuals gives ``p = (1 + #{|e| >= |AR|}) / (n + 1)``, one-sided from the values
    themselves. Gelbach, Helland and Klick (2013, American Law and Economics Review 15, 495-541) reject at a level alpha
    where AR is beyond the ``alpha (n + 1)``-th order statistic, which is the same. Variant: ``two_tails``
    (``2 min(p_lower, p_upper)``, for skewed returns). Robust to any distribution, not to event-induced variance. Exact
    but for the estimated coefficients: at 5 % it rejects 5.6 % of true nulls with 19 days and six regressors, 5.0 %
    with 120 and two; `conformal` is exact.

    Parameters
    ----------
    ar : float
        Abnormal return (prediction error) of the event day, decimal.
    left_out : (n,) float
        `left_out_residuals` of the estimation window; NaN drops a day.
    alternative : {"two-sided", "greater", "less"}
        Side of the effect.
    variant : {"two_tails"}, optional
        For the two-sided test only.
    alpha : float
        Level for which `note` states what the grid of p-values attains.

    Returns
    -------
    TestResult
        `statistic` is the rank, 1 for the most extreme; `note` states the smallest p that n residuals allow, the level
        ``floor(alpha (n + 1)) / (n + 1)`` attained, and how many days were dropped. Unavailable where `ar` is missing
        or there is no residual.

    Raises
    ------
    OptionError
        For an unknown alternative or variant, a variant of a one-sided test, or an `alpha` that is no probability.
    """
    two_tails = _asks_two_tails(alternative, variant)
    share("alpha", alpha, "option.alpha")
    sides: tuple[Alternative, ...] = ("less", "greater") if two_tails else (alternative,)
    name = "sq" + " (two_tails)" * two_tails
    ranked = [rank_test(ar, left_out, name=name, alternative=side) for side in sides]
    hypothesis = fact("quantity", quantity="ar", side=alternative, expected="zero")
    result = replace(min(ranked, key=lambda one: one.statistic or 0.0), hypothesis=hypothesis)
    if result.statistic is None:
        return result.refused(fact("unavailable.no_ar") if isnan(ar) else fact("unavailable.no_residual"))
    tails, total, rank = 1 + two_tails, result.nobs + 1, int(result.statistic)
    place = fact("note.rank_from_end" if two_tails else "note.rank_of_days", rank=rank, total=total)
    notes = (place, _grid(tails, total, alpha), *_days_dropped(left_out.size - result.nobs))
    return replace(result, pvalue=min(1.0, tails * result.statistic / total), notes=notes)


def permutation_car(event_ar: Floats, past: Floats, *, draws: int = DRAWS, seed: int = SEED) -> TestResult:
    """Permutation test of one security's CAR.

    Null: the event days are exchangeable with those of the estimation window. The T leave-one-out residuals and the L
    abnormal returns are pooled; p is the share of choices of L days, the observed one included, whose ``|sum|`` is at
    least ``|CAR|``: counted in full where there are no more than `draws` choices, else ``(1 + #) / (draws + 1)``.
    Robust to any distribution; not to event-induced variance nor to volatility that clusters in time. Nguyen and Wolf
    (2023, Empirical Economics).

    Parameters
    ----------
    event_ar : (L,) float
        Abnormal returns of the event days, decimal.
    past : (T,) float
        `left_out_residuals` of the estimation window; NaN drops a day.
    draws : int
        Choices to draw, 1 or more.
    seed : int
        Of the generator: the same data give the same p.

    Returns
    -------
    TestResult
        `estimate` is the CAR, `statistic` its absolute value, `nobs` is T; `note` states whether choices were counted
        or drawn and the smallest p that they allow. Unavailable where an abnormal return is missing or there is no
        past day.

    Raises
    ------
    OptionError
        For fewer than one draw.
    """
    whole("draws", draws, least=1)
    known = past[~np.isnan(past)]
    result = TestResult("permutation_car", fact("exchangeable_days"), None, "permutation", None, None, known.size)
    if not event_ar.size or np.isnan(event_ar).any():
        return result.refused(fact("unavailable.no_ar_in_window"))
    if not known.size:
        return result.refused(fact("unavailable.no_residual"))
    pool = np.concatenate([event_ar, known])
    choices = choices_of(pool.size, event_ar.size, draws, seed)
    car = float(event_ar.sum())
    pvalue = choices.pvalue(abs(car), np.abs(pool[choices.rows].sum(axis=1)))
    how = fact("note.choices_counted") if choices.counted else fact("note.choices_drawn", draws=draws)
    smallest = fact("note.smallest_p", total=choices.total, smallest=1 / choices.total)
    notes = (how, smallest, *_days_dropped(past.size - known.size))
    return replace(result, statistic=abs(car), estimate=car, pvalue=pvalue, notes=notes)


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """Choices of L of n days with which the event days are compared.

    Attributes
    ----------
    rows : (B, L) int
        Positions of the days chosen.
    counted : bool
        Whether these are all choices, the observed one among them; else draws, to which the observed one is added.
    """

    rows: Ints
    counted: bool

    def __post_init__(self) -> None:
        hold(self)

    @property
    def added(self) -> int:
        """1 where the observed choice is counted besides those of `rows`."""
        return 0 if self.counted else 1

    @property
    def total(self) -> int:
        """Choices counted, or draws and the observed one."""
        return len(self.rows) + self.added

    def pvalue(self, observed: float, found: Floats) -> float:
        """Share of choices whose (B,) statistic is at least the observed one; a tie counts against it."""
        return (self.added + int((found >= observed * (1.0 - ROUNDING)).sum())) / self.total


def choices_of(days: int, size: int, draws: int, seed: int) -> Choices:
    """Every choice of `size` of so many days if there are no more than `draws`, else so many random ones."""
    if comb(days, size) <= draws:
        return Choices(np.array(list(combinations(range(days), size)), dtype=np.int64), counted=True)
    rng = np.random.default_rng(seed)
    drawn = []
    for start in range(0, draws, _BLOCK):
        keys = rng.random((min(_BLOCK, draws - start), days))
        drawn.append(np.argpartition(keys, size - 1, axis=1)[:, :size])
    return Choices(np.concatenate(drawn).astype(np.int64), counted=False)


def orthonormal_basis(y: Floats, x: Floats) -> Floats:
    """(T, k) orthonormal basis of the regressors, by QR; k may be 0.

    Raises
    ------
    InputError
        For missing values, y and x of different length, or collinear regressors.
    """
    y, x = np.asarray(y), np.asarray(x)
    if y.ndim != 1 or x.ndim != 2 or len(x) != y.size:
        raise InputError(f"y has shape {y.shape} and x {x.shape}; give (T,) returns and (T, k) regressors")
    if not (np.issubdtype(y.dtype, np.number) and np.issubdtype(x.dtype, np.number)):
        raise InputError("returns or regressors hold something that is no number; give decimal returns")
    missing = np.flatnonzero(~(np.isfinite(y) & np.isfinite(x).all(axis=1)))
    if missing.size:
        raise InputError(f"row {missing[0]} of the regression has no value; leave such rows out")
    if not x.shape[1]:
        return np.zeros(x.shape)
    length = np.sqrt(np.square(x).sum(axis=0))
    basis, root = np.linalg.qr(x / np.where(length > 0.0, length, 1.0))
    spread = np.linalg.svd(root, compute_uv=False)
    if y.size < x.shape[1] or not spread[-1] ** 2 > _RANK * spread[0] ** 2:
        raise InputError(f"the {x.shape[1]} regressors are collinear on the {y.size} days; take one out")
    return np.asarray(basis, dtype=np.float64)


def residuals(y: Floats, basis: Floats) -> Floats:
    """What the basis leaves of y, exactly zero where rounding is all that it leaves; projected twice for that."""
    once = y - basis @ (basis.T @ y)
    twice: Floats = once - basis @ (basis.T @ once)
    return np.where(np.abs(twice) <= _NOTHING * np.abs(y).max(), 0.0, twice)


def _asks_two_tails(alternative: Alternative, variant: str | None) -> bool:
    """Whether the variant is asked for; refuses what the test does not have."""
    check_side(alternative)
    if variant not in {None, "two_tails"}:
        raise OptionError(f"the test sq has no variant {variant!r}; it has: two_tails")
    if variant is not None and alternative != "two-sided":
        raise OptionError(f"the variant 'two_tails' is two-sided; leave alternative={alternative!r} or the variant out")
    return variant is not None


def _grid(tails: int, total: int, alpha: float) -> Fact:
    """What p-values on the grid ``tails j / total`` can say."""
    grid = {"n": total - 1, "tails": tails, "total": total, "smallest": tails / total, "alpha": alpha}
    if attained := tails * floor(alpha / tails * total + ROUNDING):
        return fact("note.attained", **grid, attained=attained, size=attained / total)
    return fact("note.never_rejects", **grid)


def _days_dropped(dropped: int) -> tuple[Fact, ...]:
    return (fact("note.days_dropped", dropped=dropped),) if dropped else ()


SQ = Test("sq", needs=frozenset({"one_event", "one_day", "many_days"}))
