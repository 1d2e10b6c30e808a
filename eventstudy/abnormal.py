"""Abnormal returns and their sums, with the full prediction-error covariance."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from eventstudy.arrays import Floats, Ints, Mask
from eventstudy.models import NormalReturnFit
from eventstudy.panel import EventPanel
from eventstudy.windows import Window

_NOTHING = 1e-12  # a spread below this share of the largest value is rounding, not variance


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates of E cases with their exact t tests.

    Attributes
    ----------
    value, std_error : float arrays of one shape
        Decimal returns (0.01 = 1 %); NaN where a return is missing or sigma cannot be had.
    statistic : float array
        value / std_error.
    df : float array
        Degrees of freedom of the t distribution, T - k.
    pvalue : float array
        Two-sided, from the survival function.
    """

    value: Floats
    std_error: Floats
    statistic: Floats
    df: Floats
    pvalue: Floats

    def take(self, rows: Mask | slice) -> Estimates:
        """The estimates of some rows."""
        return Estimates(*(getattr(self, field.name)[rows] for field in fields(self)))


def abnormal_returns(panel: EventPanel, fit: NormalReturnFit) -> Estimates:
    """AR of every case and event day, (E, L), with forecast-error standard errors.

    Notes
    -----
    AR = R - E[R]; Var(AR) = s^2 (span + x'(X'X)^-1 x), t with T - k degrees of freedom; a model with a
    changing variance has its forecast in the place of the span.
    """
    value = panel.event_returns - fit.expected
    std_error = forecast_errors(value, fit.sigma, fit.own_variance(panel.event_span), fit.leverage_root)
    return t_test(value, std_error, fit.df_resid[:, None])


def cumulative(panel: EventPanel, fit: NormalReturnFit, window: Window) -> Estimates:
    """CAR of every case over one window, (E,), with the full covariance of the prediction errors.

    Notes
    -----
    CAR = 1'AR; Var(CAR) = s^2 (sum of spans + 1'X_1 (X'X)^-1 X_1'1) (Salinger 1992). A window with a
    missing day gives NaN: it is never shortened.
    """
    columns = slice(window.first - panel.event_window.first, window.last - panel.event_window.first + 1)
    ar = (panel.event_returns - fit.expected)[:, columns]
    own = fit.own_variance(panel.event_span)[:, columns]
    value, std_error = summed(ar, fit.sigma, own, fit.leverage_root[:, columns])
    return t_test(value, std_error, fit.df_resid)


def forecast_errors(ar: Floats, sigma: Floats, own: Floats | Ints, root: Floats) -> Floats:
    """Forecast-error standard errors of abnormal returns, (E, L); NaN where there is no abnormal return.

    Parameters
    ----------
    ar : (E, L) float
        Abnormal returns.
    sigma : (E,) float
        Residual standard deviations s.
    own : (E, L)
        Variance of each return's own error over s^2: its span, as a rule.
    root : (E, L, k) float
        Square root of the part that the estimated parameters add.
    """
    variance = own + np.einsum("elk,elk->el", root, root)
    return np.where(np.isfinite(ar), sigma[:, None] * np.sqrt(variance), np.nan)


def summed(ar: Floats, sigma: Floats, own: Floats | Ints, root: Floats) -> tuple[Floats, Floats]:
    """Sum of abnormal returns over all L columns and its standard error with the full covariance, (E,) each.

    Parameters as in `forecast_errors`; a row with a missing day has NaN for both.
    """
    value = ar.sum(axis=1)
    total = root.sum(axis=1)
    variance = own.sum(axis=1) + np.einsum("ek,ek->e", total, total)
    return value, np.where(np.isfinite(value), sigma * np.sqrt(variance), np.nan)


def weighted_mean(values: Floats, weight: Floats) -> tuple[Floats, Floats, Ints]:
    """Weighted mean of each column over its finite rows, its standard error by their spread, and how many there are.

    Parameters
    ----------
    values : (E, L) float
        One row an event.
    weight : (E,) float
        Above zero; their scale does not matter.

    Returns
    -------
    mean, std_error : (L,) float
        The standard error is NaN with fewer than two rows, and where they differ by rounding only.
    count : (L,) int

    Notes
    -----
    With v the weights over their sum, ``Var = sum v_i^2 (x_i - m)^2 / (1 - v_i)``: the robust covariance of the
    weighted regression on a constant in the form of MacKinnon and White (1985, Journal of Econometrics 29, 305-325),
    ``HC2`` of statsmodels. The weights are taken as what the mean is to be of, such as market values, not as
    precisions, so no variance is derived from them. Equal weights give ``sd / sqrt(n)``, sd with n - 1.
    """
    known = np.isfinite(values)
    count = known.sum(axis=0)
    share = np.where(known, weight[:, None], 0.0)
    total = share.sum(axis=0)
    share = share / np.where(total > 0.0, total, np.nan)
    mean = (share * np.where(known, values, 0.0)).sum(axis=0)
    away, size = np.where(known, values - mean, 0.0), np.where(known, np.abs(values), 0.0)
    flat = np.abs(away).max(axis=0, initial=0.0) <= _NOTHING * size.max(axis=0, initial=0.0)
    variance = ((share * away) ** 2 / np.where(share < 1.0, 1.0 - share, np.nan)).sum(axis=0)
    return mean, np.where((count > 1) & ~flat, np.sqrt(variance), np.nan), count


def t_test(value: Floats, std_error: Floats, df: Ints | Floats) -> Estimates:
    """Two-sided t test of a zero value; arrays broadcast."""
    from scipy import stats

    freedom = np.broadcast_to(np.asarray(df, dtype=float), value.shape)
    statistic = value / std_error
    pvalue = np.asarray(2.0 * stats.t.sf(np.abs(statistic), freedom))
    return Estimates(value, std_error, statistic, freedom, pvalue)


def detectable_effect(std_error: Floats, df: Floats, *, level: float, power: float = 0.8) -> Floats:
    """Smallest true effect that a two-sided t test at `level` finds with probability `power`.

    Notes
    -----
    (t_{1 - level/2} + t_{power}) x std_error, quantiles of t with `df` degrees of freedom (the usual
    approximation of the non-central t): 2.80 standard errors for many degrees of freedom, 2.825 for 118.
    """
    from scipy import stats

    return (stats.t.isf(level / 2.0, df) + stats.t.isf(1.0 - power, df)) * std_error
