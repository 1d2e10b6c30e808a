"""Several securities on the same days: exact multivariate tests.

All of them rest on the multivariate regression model of Schipper and Thompson (1983, Journal of
Accounting Research 21, 184-221) and Binder (1985, same journal 23, 370-383): the securities share the
regressors, so least squares equation by equation is efficient and only the covariance is joint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.facts import fact
from eventstudy.inference.records import TestResult
from eventstudy.models.linear import NO_VARIANCE

ALL_ZERO, ALL_EQUAL = "all_zero", "all_equal"
"""Hypotheses of the joint tests: every abnormal return is zero; on each day those of all securities are equal."""
DRAWS = 9_999
_BLOCK = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class JointFit:
    """Market models of N securities on T common days with q event days.

    Attributes
    ----------
    ar : (q, N) float
        Prediction errors of the event days, decimal returns.
    leverage : (q, q) float
        ``I + X_1 (X'X)^-1 X_1'``: covariance of one security's prediction errors over its residual variance.
    resid : (T, N) float
        Estimation residuals on common days.
    x, x_event : (T, k) and (q, k) float
        Regressors, constant included.
    df_resid : int
        T - k.
    """

    ar: Floats
    leverage: Floats
    resid: Floats
    x: Floats
    x_event: Floats
    df_resid: int

    @property
    def scatter(self) -> Floats:
        """(N, N) residual sums of squares and products."""
        return self.resid.T @ self.resid


def fit_jointly(returns: Floats, benchmark: Floats, event_returns: Floats, event_benchmark: Floats) -> JointFit:
    """Fit N market models on the days on which every security has a return.

    Parameters
    ----------
    returns : (T, N) float
        Estimation window; days with a missing value in any column are left out for all.
    benchmark : (T,) float
        Common benchmark.
    event_returns, event_benchmark : (q, N) and (q,) float
        Event days, nothing missing.
    """
    common = np.isfinite(returns).all(axis=1) & np.isfinite(benchmark)
    x = np.column_stack([np.ones(int(common.sum())), benchmark[common]])
    x_event = np.column_stack([np.ones(event_benchmark.size), event_benchmark])
    y = returns[common]
    params, resid, inverse = _least_squares(x, y)
    leverage = np.eye(event_benchmark.size) + x_event @ inverse @ x_event.T
    return JointFit(event_returns - x_event @ params, leverage, resid, x, x_event, y.shape[0] - x.shape[1])


def _least_squares(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    inverse = np.asarray(np.linalg.inv(x.T @ x), dtype=np.float64)
    params = inverse @ (x.T @ y)
    return params, y - x @ params, inverse


def mvrm_f(fit: JointFit, *, equal: bool = False) -> TestResult:
    """Exact F test that all abnormal returns are zero, or that they are equal across securities.

    Notes
    -----
    Wilks' lambda with Rao's F. With one event day
    ``F = ((nu - N + 1) / (N nu)) d'(S/nu)^-1 d / q`` on (N, nu - N + 1) degrees of freedom, exact for
    normal residuals; with several days exact for N <= 2 or two days, Rao's approximation otherwise.
    Equality takes N - 1 contrasts between securities.
    """
    from scipy import special

    ar, scatter = _contrasted(fit) if equal else (fit.ar, fit.scatter)
    days, width = ar.shape
    hypothesis = fact(ALL_EQUAL if equal else ALL_ZERO)
    result = TestResult("mvrm_f", hypothesis, None, "F", None, None, fit.ar.shape[1])
    if width < 1 or fit.df_resid < width:
        return result.refused(fact("unavailable.too_many_securities", df=fit.df_resid, n=fit.ar.shape[1]))
    if _dependent(scatter):
        return result.refused(fact("unavailable.dependent", n=fit.ar.shape[1]))
    statistic, df = _rao(_wilks(scatter, ar, fit.leverage), width, days, fit.df_resid)
    above = max(float(statistic), 0.0)  # rounding can bring lambda beyond one
    return replace(result, statistic=float(statistic), df=df, pvalue=float(special.fdtrc(*df, above)))


def wald(fit: JointFit) -> TestResult:
    """Asymptotic chi-squared test that all abnormal returns are zero; for comparison only.

    Notes
    -----
    ``trace(H^-1 A (S/nu)^-1 A')`` on q N degrees of freedom. It rejects a true null too often, the more
    so the larger N is against T; the F test is exact there. Unavailable where a security's residuals are a sum of the
    others', as those of two with the same prices.
    """
    from scipy import stats

    days, width = fit.ar.shape
    if _dependent(fit.scatter):
        blank = TestResult("wald", fact(ALL_ZERO), None, "chi2", None, None, width)
        return blank.refused(fact("unavailable.dependent", n=width))
    inside = np.linalg.solve(fit.scatter / fit.df_resid, fit.ar.T)
    statistic = float(np.trace(np.linalg.solve(fit.leverage, fit.ar @ inside)))
    df = float(days * width)
    pvalue = float(stats.chi2.sf(statistic, df))
    return TestResult("wald", fact(ALL_ZERO), statistic, "chi2", df, pvalue, width)


def bootstrap_pvalue(fit: JointFit, observed: TestResult, rng: np.random.Generator, *, draws: int = DRAWS) -> float:
    """Bootstrap p of `mvrm_f` ("every abnormal return is zero") from whole residual vectors.

    Whole days are drawn with replacement, so the correlation between securities and the fat tails of the
    residuals stay in; the model is fitted anew in every draw (Hein and Westfall 2004, Journal of
    Financial Econometrics 2, 451-471). ``p = (1 + #{F* >= F}) / (draws + 1)``.
    """
    if observed.statistic is None:
        raise ValueError("the observed test is unavailable; there is nothing to bootstrap")
    days, width = fit.ar.shape
    length = fit.resid.shape[0]
    centred = fit.resid - fit.resid.mean(axis=0)
    hat = np.linalg.solve(fit.x.T @ fit.x, fit.x.T)
    exceed = 0
    for start in range(0, draws, _BLOCK):
        size = min(_BLOCK, draws - start)
        sample = centred[rng.integers(0, length, size=(size, length + days))]
        past, event = sample[:, :length], sample[:, length:]
        params = hat @ past
        resid = past - fit.x @ params
        scatter = np.swapaxes(resid, 1, 2) @ resid
        lam = _wilks(scatter, event - fit.x_event @ params, fit.leverage)
        statistic, _ = _rao(lam, width, days, fit.df_resid)
        exceed += int((statistic >= observed.statistic).sum())
    return (1 + exceed) / (draws + 1)


def _dependent(scatter: Floats) -> bool:
    """Whether some residuals are, but for rounding, a sum of multiples of the others; NaN is."""
    scale = np.sqrt(np.diag(scatter))
    if not (scale > np.sqrt(NO_VARIANCE) * scale.max()).all():
        return True
    return bool(np.linalg.eigvalsh(scatter / np.outer(scale, scale))[0] <= NO_VARIANCE)


def _contrasted(fit: JointFit) -> tuple[Floats, Floats]:
    """Differences of each security from the first: abnormal returns and residual scatter."""
    ar = fit.ar[:, 1:] - fit.ar[:, :1]
    resid = fit.resid[:, 1:] - fit.resid[:, :1]
    return ar, resid.T @ resid


def _wilks(scatter: Floats, ar: Floats, leverage: Floats) -> Floats:
    """Wilks' lambda |S| / |S + A'H^-1 A|; leading axes are draws."""
    hypothesis = np.swapaxes(ar, -1, -2) @ np.linalg.solve(leverage, ar)
    _, within = np.linalg.slogdet(scatter)
    _, total = np.linalg.slogdet(scatter + hypothesis)
    lam: Floats = np.exp(within - total)
    return lam


def _rao(lam: Floats, width: int, days: int, nu: int) -> tuple[Floats, tuple[float, float]]:
    """Rao's F of Wilks' lambda for `width` variables, `days` hypothesis and `nu` error degrees of freedom."""
    squares = width**2 + days**2 - 5
    root = np.sqrt((width**2 * days**2 - 4) / squares) if squares > 0 else 1.0
    df1 = float(width * days)
    df2 = float((nu + days - (width + days + 1) / 2) * root - (width * days - 2) / 2)
    shrunk = lam ** (1.0 / root)
    return (1.0 - shrunk) / shrunk * df2 / df1, (df1, df2)
