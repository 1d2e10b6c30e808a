"""Regressions that statsmodels runs: on dummies of event days, across firms, and of portfolios in calendar time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from eventstudy.arrays import Floats, Ints
from eventstudy.errors import OptionError
from eventstudy.options import one_of

Covariance = Literal["nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster"]
"""Of a regression across events, by statsmodels' names."""
TimeCovariance = Literal["nonrobust", "HC0", "HC1", "HC2", "HC3", "HAC"]
"""Of a regression over sessions, by statsmodels' names; ``HAC`` is Newey and West's."""


# --- dummies of event days --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class EventDayFit:
    """Dummy coefficients of q event days estimated jointly with alpha and beta.

    Attributes
    ----------
    ar, std_error, statistic, pvalue : (q,) float
        Coefficient of each event day's dummy with its classical t test.
    covariance : (q, q) float
        Covariance of the coefficients: any sum of them has an exact standard error.
    alpha, beta, sigma : float
        Market-model parameters; event days carry no weight in them.
    df_resid, nobs : int
        T - k degrees of freedom (each dummy uses up its own observation), T + q observations.
    """

    ar: Floats
    std_error: Floats
    statistic: Floats
    pvalue: Floats
    covariance: Floats
    alpha: float
    beta: float
    sigma: float
    df_resid: int
    nobs: int


def fit_event_days(returns: Floats, benchmark: Floats, event_returns: Floats, event_benchmark: Floats) -> EventDayFit:
    """One OLS over T estimation days and q event days, with a dummy for each event day.

    Parameters
    ----------
    returns, benchmark : (T,) float
        Estimation window, decimal returns, nothing missing.
    event_returns, event_benchmark : (q,) float
        Event days, decimal returns, nothing missing.

    Notes
    -----
    The coefficient of a day's dummy is that day's prediction error and its classical standard error the
    forecast standard error (Karafiath 1988, Financial Review 23, 351-357). Robust (HC, HAC) standard
    errors are not offered: a one-day dummy has leverage 1 and residual 0, and they collapse.
    """
    import statsmodels.regression.linear_model as linear_model

    days, events = returns.size, event_returns.size
    dummies = np.vstack([np.zeros((days, events)), np.eye(events)])
    regressors = np.concatenate([benchmark, event_benchmark])
    design = np.column_stack([np.ones(days + events), regressors, dummies])
    fit = linear_model.OLS(np.concatenate([returns, event_returns]), design).fit()
    return EventDayFit(
        ar=np.asarray(fit.params[2:]),
        std_error=np.asarray(fit.bse[2:]),
        statistic=np.asarray(fit.tvalues[2:]),
        pvalue=np.asarray(fit.pvalues[2:]),
        covariance=np.asarray(fit.cov_params())[2:, 2:],
        alpha=float(fit.params[0]),
        beta=float(fit.params[1]),
        sigma=float(np.sqrt(fit.scale)),
        df_resid=int(fit.df_resid),
        nobs=int(fit.nobs),
    )


# --- across firms -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class CrossSectionFit:
    """Coefficients of a regression across N events on k regressors, constant first.

    Attributes
    ----------
    params, std_error, statistic, pvalue : (k,) float
        t tests with `df` degrees of freedom.
    df : int
        N - k, or clusters - 1.
    nobs : int
        N.
    rsquared : float
        Share of the variance explained.
    """

    params: Floats
    std_error: Floats
    statistic: Floats
    pvalue: Floats
    df: int
    nobs: int
    rsquared: float


def fit_cross_section(
    y: Floats, x: Floats, *, covariance: Covariance = "HC3", clusters: Ints | None = None
) -> CrossSectionFit:
    """Least squares across events with robust or clustered standard errors.

    Parameters
    ----------
    y : (N,) float
        CARs, decimal.
    x : (N, k - 1) float
        Characteristics, without the constant.
    covariance : {"nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster"}
        HC3 is the default for independent events; with events on one date use `slope_distribution`.
    clusters : (N,) int, optional
        Cluster of each event, for ``covariance="cluster"``.

    Raises
    ------
    OptionError
        For another covariance, or ``"cluster"`` without clusters.
    """
    one_of("covariance", covariance, get_args(Covariance))
    if covariance == "cluster" and clusters is None:
        raise OptionError("covariance='cluster' needs clusters, a Series by event_id")
    import statsmodels.regression.linear_model as linear_model
    from scipy import stats

    design = np.column_stack([np.ones(y.size), x])
    model = linear_model.OLS(y, design)
    if covariance == "cluster" and clusters is not None:
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": clusters})
        df = int(np.unique(clusters).size) - 1
    else:
        fit = model.fit(cov_type=covariance)
        df = int(fit.df_resid)
    statistic = np.asarray(fit.params / fit.bse)
    pvalue = np.asarray(2.0 * stats.t.sf(np.abs(statistic), df))
    return CrossSectionFit(
        np.asarray(fit.params), np.asarray(fit.bse), statistic, pvalue, df, y.size, float(fit.rsquared)
    )


@dataclass(frozen=True, slots=True, eq=False)
class SlopeDistribution:
    """Slopes of one event day held against the same slopes on pre-event days.

    Attributes
    ----------
    slope : (k,) float
        Event-day coefficients, constant first.
    reference : (n, k) float
        The same on each pre-event day.
    pvalue : (k,) float
        Share of the n + 1 days, the event day included, whose slope is as far from the pre-event mean.
    statistic, pvalue_t : (k,) float
        ``(b_0 - m) / (sd sqrt((n + 1) / n))`` and its p from t(n - 1).
    """

    slope: Floats
    reference: Floats
    pvalue: Floats
    statistic: Floats
    pvalue_t: Floats


def slope_distribution(event: Floats, before: Floats, x: Floats) -> SlopeDistribution:
    """Whether exposure explained returns on one date more than on ordinary days.

    Parameters
    ----------
    event : (N,) float
        Returns of the event day.
    before : (n, N) float
        Returns of n pre-event days, nothing missing.
    x : (N, k - 1) float
        Exposures, without the constant.

    Notes
    -----
    Firms on one date are not independent, so standard errors across them mean little; the slope's own
    distribution over pre-event days keeps their dependence (Cohn, Johnson, Liu and Wardlaw, "Past is
    Prologue", Journal of Financial Economics; cf. Sefcik and Thompson 1986).
    """
    from scipy import stats

    design = np.column_stack([np.ones(event.size), x])
    hat = np.linalg.pinv(design)
    slope, reference = hat @ event, before @ hat.T
    count = reference.shape[0]
    mean, spread = reference.mean(axis=0), reference.std(axis=0, ddof=1)
    farther = np.abs(reference - mean) >= np.abs(slope - mean)
    pvalue = (1.0 + farther.sum(axis=0)) / (count + 1.0)
    statistic = (slope - mean) / (spread * np.sqrt((count + 1.0) / count))
    pvalue_t = np.asarray(2.0 * stats.t.sf(np.abs(statistic), count - 1))
    return SlopeDistribution(slope, reference, pvalue, statistic, pvalue_t)


# --- calendar time ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CalendarTimeFit:
    """Mean abnormal return per session of the portfolio of firms with an event.

    Attributes
    ----------
    alpha, std_error : float
        Decimal return per session.
    df : int
        n - k degrees of freedom.
    nobs : int
        Sessions n in the regression.
    lags : int
        Newey-West lags; 0 for the other covariances.
    """

    alpha: float
    std_error: float
    df: int
    nobs: int
    lags: int


def newey_west_lags(nobs: int) -> int:
    """``floor(4 (n / 100)^(2/9))``, the usual rule (Newey and West 1994)."""
    return int(np.floor(4.0 * (nobs / 100.0) ** (2.0 / 9.0)))


def fit_calendar_time(
    portfolio: Floats,
    factors: Floats,
    firms: Floats,
    *,
    weighted: bool = False,
    covariance: TimeCovariance = "HAC",
) -> CalendarTimeFit:
    """Regress portfolio returns on factors; alpha is the mean abnormal return per session.

    Parameters
    ----------
    portfolio : (n,) float
        Mean return of the firms in the portfolio on each session, decimal.
    factors : (K, n) float
        Benchmark or factors; K may be 0.
    firms : (n,) float
        Number of firms in the portfolio on each session.
    weighted : bool
        Weighted least squares with the square root of the number of firms (variance proportional to 1/firms).
    covariance : {"nonrobust", "HC0", "HC1", "HC2", "HC3", "HAC"}
        Of the coefficients.

    Raises
    ------
    OptionError
        For another covariance.

    Notes
    -----
    ``HAC`` is Newey and West's (1987, Econometrica 55, 703-708) with `newey_west_lags` lags, Bartlett weights and the
    factor n / (n - k): statsmodels' ``use_correction=True``, Stata's ``newey``.
    Jaffe (1974, Journal of Business 47, 410-428); Fama (1998, Journal of Financial Economics 49, 283-306).
    """
    import statsmodels.regression.linear_model as linear_model

    design = np.column_stack([np.ones(portfolio.size), *factors])
    weights = firms if weighted else np.ones(portfolio.size)
    model = linear_model.WLS(portfolio, design, weights=weights)
    one_of("covariance", covariance, get_args(TimeCovariance))
    lags = newey_west_lags(portfolio.size) if covariance == "HAC" else 0
    if covariance == "HAC":
        fit = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
    else:
        fit = model.fit(cov_type=covariance)
    return CalendarTimeFit(float(fit.params[0]), float(fit.bse[0]), int(fit.df_resid), portfolio.size, lags)
