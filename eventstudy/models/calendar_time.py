"""Calendar-time portfolio regressions, run by statsmodels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from eventstudy.arrays import Floats

Covariance = Literal["newey_west", "hc1", "classical"]


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
    portfolio: Floats, factors: Floats, firms: Floats, *, weighted: bool = False, covariance: Covariance = "newey_west"
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
    covariance : {"newey_west", "hc1", "classical"}
        Of the coefficients.

    Notes
    -----
    Jaffe (1974, Journal of Business 47, 410-428); Fama (1998, Journal of Financial Economics 49, 283-306).
    """
    import statsmodels.regression.linear_model as linear_model

    design = np.column_stack([np.ones(portfolio.size), *factors])
    weights = firms if weighted else np.ones(portfolio.size)
    model = linear_model.WLS(portfolio, design, weights=weights)
    lags = newey_west_lags(portfolio.size) if covariance == "newey_west" else 0
    if covariance == "newey_west":
        fit = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
    else:
        fit = model.fit(cov_type="HC1" if covariance == "hc1" else "nonrobust")
    return CalendarTimeFit(float(fit.params[0]), float(fit.bse[0]), int(fit.df_resid), portfolio.size, lags)
