"""Abnormal returns as dummy coefficients: one regression per security, run by statsmodels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats


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
