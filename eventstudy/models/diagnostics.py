"""Checks of a fit's residuals: what the exact t test assumes and the data may deny."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats

LAGS = 5


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One check: its name, statistic and p-value."""

    name: str
    statistic: float
    pvalue: float


def residual_diagnostics(resid: Floats) -> tuple[Diagnostic, ...]:
    """Normality, autocorrelation and ARCH of estimation residuals.

    Parameters
    ----------
    resid : (T,) float
        Residuals in time order, nothing missing.

    Notes
    -----
    Jarque and Bera (1987) for normality; Ljung and Box (1978) over five lags for autocorrelation;
    Engle's (1982) Lagrange multiplier over five lags for ARCH. All asymptotic.
    """
    from scipy import stats
    from statsmodels.stats import diagnostic

    normal = stats.jarque_bera(resid)
    box = diagnostic.acorr_ljungbox(resid, lags=[LAGS])
    return (
        Diagnostic("jarque_bera", float(normal.statistic), float(normal.pvalue)),
        Diagnostic("ljung_box_5", float(box["lb_stat"].iloc[0]), float(box["lb_pvalue"].iloc[0])),
        arch_lm(resid),
    )


def arch_lm(resid: Floats) -> Diagnostic:
    """Engle's test for ARCH: (T - lags) R^2 of squared residuals on their own lags, chi-squared(lags)."""
    from scipy import stats

    squares = resid**2
    lags = np.column_stack([squares[LAGS - lag : -lag] for lag in range(1, LAGS + 1)])
    x = np.column_stack([np.ones(lags.shape[0]), lags])
    y = squares[LAGS:]
    unexplained = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    statistic = y.size * (1.0 - (unexplained @ unexplained) / ((y - y.mean()) @ (y - y.mean())))
    return Diagnostic("arch_lm_5", float(statistic), float(stats.chi2.sf(statistic, LAGS)))
