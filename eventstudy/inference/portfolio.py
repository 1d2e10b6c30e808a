"""Events of one date as one portfolio, or as one vector: tests in which their correlation is contained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eventstudy.inference import estudy2, joint
from eventstudy.inference.days import DaySums, residual_sums
from eventstudy.inference.question import Question, ask, mean_of, spread, too_few
from eventstudy.inference.records import Alternative, TestResult
from eventstudy.inference.section import Section, of_history

Floats = NDArray[np.float64]

_SAME = 1e-9  # relative difference of forecast variances or sums of squares that is rounding
_NO_DIRECTION = "the F test has no direction; ask two-sided"


def portfolio_t(section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None) -> TestResult:
    """Exact t test of the equal-weighted portfolio of events that share date, regressors and estimation days.

    Null: the mean abnormal return (mean CAR) of the portfolio is zero. ``CAAR / (s_p C)``, s_p from the
    portfolio's residuals with T - k, C^2 the forecast variance over s^2 (all firms have the same), t(T - k):
    the event dummy of the portfolio's own regression, and the mean test of the multivariate regression model
    (Schipper and Thompson 1983, Journal of Accounting Research 21, 184-221). Exact under normality. Robust to
    correlation between firms; not to event-induced variance.
    """
    question = ask("portfolio_t", mean_of(section), section, alternative=alternative, variant=variant)
    if reason := too_few(section) or not_one_portfolio(section):
        return question.refused(reason)
    sums = residual_sums(section)
    if (sums.count < section.size).any():
        return question.refused(_DIFFERENT_DAYS)
    means = sums.mean - (sums.mean.mean() if about_mean(section) else 0.0)
    df = int(section.df[0])
    std_error = float(np.sqrt(means @ means / df * forecast_variance(section)[0]))
    if std_error == 0.0:
        return question.refused("the portfolio does not vary in the estimation window")
    mean = float(section.car.mean())
    return question.by_t(mean / std_error, df, estimate=mean, std_error=std_error)


def mvrm_f(section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None) -> TestResult:
    """Exact F test that every event's abnormal return (CAR over L days) is zero, for events of one date.

    Null: every abnormal return (CAR) is zero. ``F = ((nu - N + 1) / (N nu)) d'(S/nu)^-1 d / q`` with d the CARs, S the
    residual scatter, q their common forecast variance over s^2 and nu = T - k; F(N, nu - N + 1), exact under
    normality. Robust to correlation between firms; not to event-induced variance nor, for one day, to fat
    tails (see `bootstrap_pvalue`). Needs N <= nu and common estimation days. A multi-day window is tested by
    its CARs, so that effects which cancel inside it do not count. Schipper and Thompson (1983, Journal of
    Accounting Research 21, 184-221), Binder (1985, Journal of Accounting Research 23, 370-383).
    """
    subject = "every abnormal return" if section.window.size == 1 else "every CAR"
    question = ask("mvrm_f", subject, section, alternative=alternative, variant=variant)
    if reason := too_few(section) or not_one_portfolio(section):
        return question.refused(reason)
    df = int(section.df[0])
    if alternative != "two-sided" or df < section.size:
        few = f"{df} residual degrees of freedom do not suffice for {section.size} events"
        return question.refused(few if alternative == "two-sided" else _NO_DIRECTION)
    used = _common_days(section)
    if used is None:
        return question.refused(_DIFFERENT_DAYS)
    leverage = np.array([[forecast_variance(section)[0]]])
    nothing = np.zeros((0, 0))
    fit = joint.JointFit(section.car[None, :], leverage, used, nothing, nothing, df)
    answer = joint.mvrm_f(fit)
    return replace(question.blank, statistic=answer.statistic, distribution="F", df=answer.df, pvalue=answer.pvalue)


def lamb(section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None) -> TestResult:
    """Crude dependence adjustment with the benchmark's forecast error, for events of one date.

    Null: the mean abnormal return (mean CAR) is zero. ``CAAR / (S C)``, S the standard deviation of the T
    daily means with T - k, C^2 the forecast variance over s^2 of an event that has all T estimation days;
    t(T - k). Equal to `portfolio_t` where all events have all days; else the firms of the daily means change
    and it is an approximation. Robust to correlation between firms; not to event-induced variance. Lamb
    (1995, Journal of Risk and Insurance 62, 111-123). Variants: ``estudy2`` (S with T - 1, 1/T by the mean T,
    standard normal, several days as the sum of daily statistics over sqrt(L)).
    """
    question = ask("lamb", mean_of(section), section, alternative=alternative, variant=variant, variants=("estudy2",))
    if variant == "estudy2":
        return estudy2.lamb(question, section)
    if reason := too_few(section) or _not_one_date(section):
        return question.refused(reason)
    sums = residual_sums(section)
    full = np.flatnonzero(section.nobs == sums.count.size)
    if not full.size:
        return question.refused("no event has every estimation day, so the common forecast variance is not known")
    return _lamb(question, section, sums, int(full[0]))


def _lamb(question: Question, section: Section, sums: DaySums, row: int) -> TestResult:
    days, df = sums.count.size, int(section.df[row])
    if (deviation := spread(sums.mean)) == 0.0:
        return question.refused("the mean abnormal return does not vary in the estimation window")
    variance = deviation**2 * (days - 1) / df * forecast_variance(section)[row]
    mean, std_error = float(section.car.mean()), float(np.sqrt(variance))
    return question.by_t(mean / std_error, df, estimate=mean, std_error=std_error)


_DIFFERENT_DAYS = "the events do not have the same estimation days; crude_dependence does without them"


def forecast_variance(section: Section) -> Floats:
    """(N,) variance of each CAR over s^2."""
    return (section.car_se / section.sigma) ** 2


@of_history
def about_mean(section: Section) -> bool:
    """Whether the model's s is taken about the mean of the residuals and that mean is not zero."""
    squares = sum(float(np.nansum(block.resid**2)) for block in section.residuals())
    return squares > float((section.sigma**2 * section.df).sum()) * (1.0 + _SAME)


@of_history
def not_one_portfolio(section: Section) -> str | None:
    """Why the events are no portfolio with one regression, or None."""
    if reason := _not_one_date(section):
        return reason
    if (section.sigma == 0.0).any():
        return f"the residual variance of {int((section.sigma == 0.0).sum())} events is zero"
    if np.unique(section.df).size > 1 or np.unique(section.nobs).size > 1:
        return _DIFFERENT_DAYS
    variance = forecast_variance(section)
    if float(np.ptp(variance)) > _SAME * float(variance[0]):
        return "the events differ in regressors or in the sessions a return covers; crude_dependence does without"
    return None


@of_history
def _not_one_date(section: Section) -> str | None:
    if section.one_date:
        return None
    dates = np.unique(section.position).size
    return f"the events have {dates} dates, the test needs one; crude_dependence does without it"


@of_history
def _common_days(section: Section) -> Floats | None:
    """(T, N) residuals as the model's s takes them; None where the events do not have the same estimation days."""
    blocks = list(section.residuals())
    order = np.argsort(np.concatenate([block.rows for block in blocks]))
    resid: Floats = np.concatenate([block.resid for block in blocks])[order].T
    known = np.isfinite(resid)
    if (known.any(axis=1) != known.all(axis=1)).any() or not _aligned(section):
        return None
    used = resid[known.all(axis=1)]
    return used - used.mean(axis=0) if about_mean(section) else used


def _aligned(section: Section) -> bool:
    """Whether column and calendar day are the same thing for all events."""
    first = next(section.residuals()).session[0]
    return all(bool((block.session == first).all()) for block in section.residuals())
