"""Regressions of abnormal returns on firm characteristics, across firms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from eventstudy.arrays import Floats, Ints

Covariance = Literal["HC3", "cluster", "classical"]


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
    """Least squares across events with HC3 or clustered standard errors.

    Parameters
    ----------
    y : (N,) float
        CARs, decimal.
    x : (N, k - 1) float
        Characteristics, without the constant.
    covariance : {"HC3", "cluster", "classical"}
        HC3 is the default for independent events; with events on one date use `slope_distribution`.
    clusters : (N,) int, optional
        Cluster of each event, for ``covariance="cluster"``.

    Raises
    ------
    ValueError
        For ``covariance="cluster"`` without clusters.
    """
    if covariance == "cluster" and clusters is None:
        raise ValueError("clustered standard errors need the cluster of each event")
    import statsmodels.regression.linear_model as linear_model
    from scipy import stats

    design = np.column_stack([np.ones(y.size), x])
    model = linear_model.OLS(y, design)
    if covariance == "cluster" and clusters is not None:
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": clusters})
        df = int(np.unique(clusters).size) - 1
    else:
        fit = model.fit(cov_type="HC3" if covariance == "HC3" else "nonrobust")
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
