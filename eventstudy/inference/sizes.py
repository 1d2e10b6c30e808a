"""True sizes of tests at 5 % where what they assume does not hold: formulas for normal errors, two-sided."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eventstudy.inference.records import Form

LEVEL = 0.05
_POWER = 0.8


def normal_size(inflation: float) -> float:
    """Rejections of a z test whose statistic has a variance of `inflation` in place of 1.

    Patell's Z under a correlation rbar of N events has ``1 + (N - 1) rbar`` (Kolari and Pynnonen 2010, Review of
    Financial Studies 23, 3996-4025).
    """
    from scipy import special

    return 2.0 * float(special.ndtr(special.ndtri(LEVEL / 2.0) / inflation**0.5))


def t_size(df: float, inflation: float) -> float:
    """Rejections of a t test whose statistic is ``sqrt(inflation)`` times t with `df` degrees of freedom.

    The BMP t under a correlation rbar of N events has ``(1 + (N - 1) rbar) / (1 - rbar)`` (ibid.).
    """
    from scipy import special

    return 2.0 * float(special.stdtr(df, float(special.stdtrit(df, LEVEL / 2.0)) / inflation**0.5))


def f_size(df1: float, df2: float, inflation: float) -> float:
    """Rejections of an F test whose hypothesis vector has `inflation` times the covariance that it assumes."""
    from scipy import special

    critical = float(special.fdtri(df1, df2, 1.0 - LEVEL))
    return float(special.fdtrc(df1, df2, critical / inflation))


def size_of_normal_quantile(df: float) -> float:
    """Rejections of a t statistic with `df` degrees of freedom held against the normal quantile."""
    from scipy import special

    return 2.0 * float(special.stdtr(df, float(special.ndtri(LEVEL / 2.0))))


def t_quantile(df: float) -> float:
    """Critical value of a two-sided t test at 5 %."""
    from scipy import special

    return -float(special.stdtrit(df, LEVEL / 2.0))


def chance_ratio(df: int) -> float:
    """Variance ratio that normal deviations pass in 5 % of samples: chi-squared over its degrees of freedom."""
    from scipy import special

    return float(special.chdtri(df, LEVEL)) / df


def chance_power(df: int, ratio: float = 2.0) -> float:
    """Share of samples in which a variance of `ratio` times the expected one passes `chance_ratio`."""
    from scipy import special

    return float(special.chdtrc(df, float(special.chdtri(df, LEVEL)) / ratio))


def dependent_size(form: Form, correlation: float, events: int) -> float:
    """Rejections of a test of independent events, in a form of its row, where they have a mean correlation."""
    rho, others = max(correlation, 0.0), events - 1
    if form in _OF_SCORES:
        return normal_size(1.0 + others * _OF_SCORES[form](rho))
    if rho == 1.0:
        return 1.0
    inflation = (1.0 + others * rho) / (1.0 - rho)
    return normal_size(inflation) if form == "t_by_z" else t_size(others, inflation)


def raised_size(form: Form, ratio: float, *, events: int, df: int) -> float:
    """Rejections where all errors of the window have `ratio` times the variance that the test's row takes them to have.

    That of ``rank`` is of docs/size.md, design D, where the ratio is 2.
    """
    if form == "rank":
        return 0.087
    if form == "F":
        return f_size(events, df - events + 1, ratio)
    return t_size(df, ratio) if form == "t" else normal_size(ratio)


def sign_correlation(correlation: float) -> float:
    """Correlation of the signs of two normal variables."""
    from numpy import arcsin, pi

    return float(2.0 / pi * arcsin(correlation))


def rank_correlation(correlation: float) -> float:
    """Correlation of the ranks of two normal variables."""
    from numpy import arcsin, pi

    return float(6.0 / pi * arcsin(correlation / 2.0))


_OF_SCORES: Mapping[Form, Callable[[float], float]] = {"z": float, "sign": sign_correlation, "rank": rank_correlation}
"""Correlation of what enters a statistic whose variance does not come from the events, by that of the returns."""


def bounded_power(most: float, inflation: float, *, estimation: int, window: int) -> float:
    """Statistic that a bounded score reaches with 80 % probability when one day's effect has no limit.

    Parameters
    ----------
    most : float
        Squared largest score over the variance of a score: 3 for ranks, 1 for signs; times the number of events.
    inflation : float
        Variance of a day's mean score over that of independent events.
    estimation, window : int
        T and L.

    Notes
    -----
    ``(sqrt(m / L) - z_80 sqrt(v (L - 1) / L)) / S`` with ``S^2 = (v (T + L - 1) + m) / (T + L)``: every event has the
    largest score on one day, the other L - 1 days are noise, and the day itself enters the S that divides.
    """
    from scipy import special

    days = estimation + window
    deviation = ((inflation * (days - 1) + most) / days) ** 0.5
    noise = float(special.ndtri(_POWER)) * (inflation * (window - 1) / window) ** 0.5
    return float(((most / window) ** 0.5 - noise) / deviation)
