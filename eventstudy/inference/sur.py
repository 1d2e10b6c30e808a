"""Securities with different regressors and estimation windows on common dates: seemingly unrelated regressions.

`joint` needs one set of regressors and one window; there least squares is efficient and its tests are exact. Here
every security has its own, e.g. a home index and the days of its own exchange; only the dates are common. All tests
assume that the event days would have been drawn like the days of the estimation window: an event day of higher
variance reads as an effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eventstudy.arrays import Floats, Ints, hold
from eventstudy.errors import OptionError
from eventstudy.facts import Fact, fact
from eventstudy.inference.gls import Design, Equation, check_residuals, designed, estimated, restricted
from eventstudy.inference.joint import DRAWS
from eventstudy.inference.question import Question
from eventstudy.inference.records import TestResult, stated
from eventstudy.inference.single import ROUNDING, SEED

__all__ = ["Equation", "SurFit", "contrast", "fit_sur"]

FEWEST_DATES = 20
"""Complete dates below which there is no bootstrap: too few different event days to draw for a test at 5 %."""
_CELLS = 1_000_000  # returns drawn at once


@dataclass(frozen=True, slots=True, eq=False)
class SurFit:
    """Abnormal returns of N securities on L event days by feasible generalised least squares, see `fit_sur`.

    Attributes
    ----------
    names : tuple of N str
        Of the equations.
    ar : (N, L) float
        Abnormal returns, the coefficients of the event-day dummies; NaN where there is no return.
    covariance : (N * L, N * L) float
        Of ``ar.ravel()`` (security by security), estimation error of the parameters included; NaN where `ar` is.
    params : (N, max k) float
        Coefficients, NaN beyond an equation's own.
    sigma, correlation : (N, N) float
        Covariance of the residuals, and their correlation.
    df : (N, N) int
        T_i - k_i on the diagonal; else the common dates that the correlation is from less the larger k.
    nobs : (N, N) int
        Dates that two equations share; each equation's own, T_i, on the diagonal.
    complete : int
        Dates that all equations share.
    repaired : bool
        Whether the correlations are those of the complete dates because the pairwise ones did not fit together.
    resid : (T, N) float
        Returns less ``x'params``, NaN where unused.
    design : Design
        Regressors, for the bootstrap.
    """

    names: tuple[str, ...]
    ar: Floats
    covariance: Floats
    params: Floats
    sigma: Floats
    correlation: Floats
    df: Ints
    nobs: Ints
    complete: int
    repaired: bool
    resid: Floats
    design: Design

    def __post_init__(self) -> None:
        hold(self)


def fit_sur(equations: Sequence[Equation]) -> SurFit:
    """Seemingly unrelated regressions of N securities, one dummy per security and event day.

    Parameters
    ----------
    equations : sequence of N Equation
        Each with its own regressors and observations, the same T dates and the same L event days.

    Returns
    -------
    SurFit

    Raises
    ------
    InputError
        Where the equations do not fit together, have infinite values, collinear regressors, no more dates than
        parameters (alone or in pairs), a perfect fit, or residuals whose covariance on the dates that all have has no
        inverse.

    Notes
    -----
    Two steps (Zellner 1962, Journal of the American Statistical Association 57, 348-368), not iterated. The
    covariance of equations i and j is ``s_i s_j r_ij``: ``s_i^2 = e_i'e_i / (T_i - k_i)`` of the residuals of each
    one's own least squares, and ``r_ij = sum e_i e_j / sqrt(sum e_i^2 sum e_j^2)`` over the dates that both have. Where
    all have all dates it is ``e_i'e_j / sqrt((T - k_i)(T - k_j))``. Pairwise correlations may be indefinite, and near
    that a contrast would seem to be without risk: where their smallest eigenvalue is below half of that of the
    correlations on the dates that all have, these take their place (`repaired`).

    Generalised least squares weighs each date by the inverse of the covariance of the equations that have it. The
    dummies take the event days out of the estimation, so ``AR = y_1 - X_1 b`` and
    ``Var(AR) = Sigma x I_L + X_1 Var(b) X_1'`` (x the Kronecker product). Equal regressors and dates give least
    squares, ``S / nu`` and its leverage, one equation the market model, both exactly.
    """
    design, roots = designed(equations)
    y = np.column_stack([np.where(one.used, one.y, 0.0) for one in equations])
    found = estimated(design, y[None])
    check_residuals(equations, design, found, y)
    coef, repaired = found.coef[0][:, None] * design.owned, bool(found.repaired[0])
    event = np.column_stack([np.where(one.known, one.event_y, np.nan) for one in equations])
    ar = (event - design.event_basis @ coef).T
    known = np.isfinite(ar).ravel()
    covariance = restricted(design, found, np.eye(ar.size).reshape(-1, *ar.shape))[0]
    params = np.full((len(equations), max(len(root) for root in roots)), np.nan)
    for row, root in enumerate(roots):
        params[row, : len(root)] = np.linalg.solve(root, coef[design.owned[:, row] > 0.0, row])
    deviation = np.sqrt(np.diag(found.sigma[0]))
    return SurFit(
        names=tuple(one.name for one in equations),
        ar=ar,
        covariance=np.where(known[:, None] & known, covariance, np.nan),
        params=params,
        sigma=found.sigma[0],
        correlation=found.sigma[0] / np.outer(deviation, deviation),
        df=design.freedom(repaired=repaired),
        nobs=design.shared,
        complete=int(design.complete.sum()),
        repaired=repaired,
        resid=np.where(design.used, y - design.basis @ coef, np.nan),
        design=design,
    )


def contrast(
    fit: SurFit,
    weights: Floats,
    *,
    null: str | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> TestResult:
    """Two-sided t test of a weighted sum of abnormal returns.

    Parameters
    ----------
    fit : SurFit
        Of `fit_sur`.
    weights : (N,) or (N, L) float
        One weight per security, for the sum over the event days (CAR), or one per security and event day.
    null : str, optional
        What is tested, in words of your own.
    draws, seed : int
        Of the bootstrap of whole dates; 0 draws for none.

    Returns
    -------
    TestResult
        t with the smallest of the degrees of freedom `SurFit.df` between securities that have weight: exact for one
        equation and for equal regressors and dates under normality, approximate else. ``bootstrap_pvalue``: dates of
        residuals that all securities have are drawn whole, for estimation and event days, the model fitted anew on
        the same regressors and gaps, ``p = (1 + #{t*^2 >= t^2}) / (draws + 1)``; fat tails and correlation stay in
        (Hein and Westfall 2004, Journal of Financial Econometrics 2, 451-471). `note` states the number of dates.
        Unavailable where an abnormal return with weight is missing.

    Raises
    ------
    OptionError
        For weights of another shape, missing or all zero, or a negative number of draws.
    """
    shape, given = fit.ar.shape, np.asarray(weights, dtype=np.float64)
    if given.shape not in {shape, shape[:1]}:
        raise OptionError(f"weights of shape {given.shape} do not fit; give {shape[:1]} for CARs or {shape}")
    if not np.isfinite(given).all() or not given.any():
        raise OptionError("the weights are missing or all zero; give numbers, some of them not zero")
    select = np.broadcast_to(given.reshape(shape[0], -1), shape)[None]
    hypothesis = stated("weighted_sum", null, "not_zero")
    blank = TestResult("sur_t", hypothesis, None, "t", None, None, int(select.any(axis=2).sum()))
    if reason := _missing(fit, select):
        return blank.refused(reason)
    value, variance = _selected(fit, select)
    estimate, std_error = float(value[0]), float(np.sqrt(variance[0, 0]))
    statistic, named = estimate / std_error, select.any(axis=(0, 2))
    df = float(fit.df[np.ix_(named, named)].min())
    answer = Question(blank, "two-sided").by_t(statistic, df, estimate=estimate, std_error=std_error)
    return _bootstrapped(fit, answer, select, statistic**2, draws=draws, seed=seed)


def _missing(fit: SurFit, select: Floats) -> Fact | None:
    absent = np.argwhere(select.any(axis=0) & ~np.isfinite(fit.ar))
    if not absent.size:
        return None
    row, day = absent[0]
    return fact("unavailable.no_ar_on_day", security=fit.names[row], day=day + 1, days=fit.ar.shape[1])


def _selected(fit: SurFit, select: Floats) -> tuple[Floats, Floats]:
    """The sums that `select`, (r, N, L), weighs, and their covariance."""
    flat = select.reshape(len(select), -1)
    used = flat.any(axis=0)
    weights = flat[:, used]
    return weights @ fit.ar.ravel()[used], weights @ fit.covariance[np.ix_(used, used)] @ weights.T


def _bootstrapped(
    fit: SurFit, answer: TestResult, select: Floats, observed: float, *, draws: int, seed: int
) -> TestResult:
    """The answer with its bootstrap p, and in the note on how many dates it stands."""
    if draws < 0:
        raise OptionError(f"draws={draws} is not allowed; it is 0 for no bootstrap, or more")
    told = [fact("note.repaired", dates=fit.complete)] if fit.repaired else []
    pvalue = None
    if draws and fit.complete < FEWEST_DATES:
        told.append(fact("note.no_bootstrap", dates=fit.complete, need=FEWEST_DATES))
    elif draws:
        pvalue, singular = _bootstrap(fit, select, observed, draws, seed)
        told.append(fact("note.bootstrap", draws=draws, dates=fit.complete))
        if singular:
            told.append(fact("note.singular_draws", draws=singular))
    return replace(answer, bootstrap_pvalue=pvalue, notes=tuple(told))


def _bootstrap(fit: SurFit, select: Floats, observed: float, draws: int, seed: int) -> tuple[float, int]:
    """Bootstrap p of the quadratic form of the selected sums, and how many draws were singular."""
    design, rng = fit.design, np.random.default_rng(seed)
    pool = fit.resid[design.complete]
    pool = pool - pool.mean(axis=0)
    length, days = len(design.used), fit.ar.shape[1]
    block = max(1, _CELLS // ((length + days) * len(fit.names)))
    exceed = singular = 0
    for start in range(0, draws, block):
        size = min(block, draws - start)
        sample = pool[rng.integers(0, len(pool), size=(size, length + days))]
        found = estimated(design, sample[:, :length])
        ar = sample[:, length:] - design.event_basis @ (found.coef[..., None] * design.owned)
        value = np.einsum("rnl,bln->br", select, ar, optimize=True)[..., None]
        form = (value * np.linalg.solve(restricted(design, found, select), value)).sum(axis=(1, 2))
        exceed += int((found.singular | (form >= observed * (1.0 - ROUNDING))).sum())
        singular += int(found.singular.sum())
    return (1 + exceed) / (draws + 1), singular
