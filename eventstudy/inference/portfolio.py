"""Events of one date as one portfolio, or as one vector: tests in which their correlation is contained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.facts import Fact, fact
from eventstudy.inference import estudy2, joint
from eventstudy.inference.days import DaySums, mean_residuals, residual_sums
from eventstudy.inference.question import Question, ask, mean_of, returns_of, spread, too_few
from eventstudy.inference.records import Alternative, Test, TestResult
from eventstudy.inference.section import Section, of_history

_SAME = 1e-9  # relative difference of forecast variances or sums of squares that is rounding


def portfolio_t(section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None) -> TestResult:
    """Exact t test of the portfolio of events that share date, regressors and estimation days, by their weights.

    Null: the mean abnormal return (mean CAR) of the portfolio is zero. ``CAAR / (s_p C)``, s_p from the
    portfolio's residuals with T - k, C^2 the forecast variance over s^2 (all firms have the same), t(T - k):
    the event dummy of the portfolio's own regression, and the mean test of the multivariate regression model
    (Schipper and Thompson 1983, Journal of Accounting Research 21, 184-221). Exact under normality. Robust to
    correlation between firms; not to event-induced variance.
    """
    question = ask("portfolio_t", mean_of(section), section, alternative=alternative, variant=variant, weighted=True)
    if reason := too_few(section) or not_one_portfolio(section):
        return question.refused(reason)
    sums = residual_sums(section)
    if (sums.count < section.size).any():
        return question.refused(fact("unavailable.different_days"))
    means = mean_residuals(section)
    means = means - (means.mean() if about_mean(section) else 0.0)
    df = int(section.df[0])
    std_error = float(np.sqrt(means @ means / df * forecast_variance(section)[0]))
    if std_error == 0.0:
        return question.refused(fact("unavailable.flat_portfolio"))
    mean = float(section.car @ section.shares)
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
    question = ask("mvrm_f", f"every_{returns_of(section)}", section, alternative=alternative, variant=variant)
    if reason := too_few(section) or not_one_portfolio(section):
        return question.refused(reason)
    if alternative != "two-sided":
        return question.refused(fact("unavailable.no_direction"))
    if (df := int(section.df[0])) < section.size:
        return question.refused(fact("unavailable.too_many_events", df=df, n=section.size))
    used = _common_days(section)
    if used is None:
        return question.refused(fact("unavailable.different_days"))
    leverage = np.array([[forecast_variance(section)[0]]])
    nothing = np.zeros((0, 0))
    fit = joint.JointFit(section.car[None, :], leverage, used, nothing, nothing, df)
    answer = joint.mvrm_f(fit)
    if answer.refusal is not None:
        return question.refused(answer.refusal)
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
        return question.refused(fact("unavailable.no_forecast_variance"))
    return _lamb(question, section, sums, int(full[0]))


def _lamb(question: Question, section: Section, sums: DaySums, row: int) -> TestResult:
    days, df = sums.count.size, int(section.df[row])
    if (deviation := spread(sums.mean)) == 0.0:
        return question.refused(fact("unavailable.flat_mean"))
    variance = deviation**2 * (days - 1) / df * forecast_variance(section)[row]
    mean, std_error = float(section.car.mean()), float(np.sqrt(variance))
    return question.by_t(mean / std_error, df, estimate=mean, std_error=std_error)


def forecast_variance(section: Section) -> Floats:
    """(N,) variance of each CAR over s^2."""
    return (section.car_se / section.sigma) ** 2


@of_history
def about_mean(section: Section) -> bool:
    """Whether the model's s is taken about the mean of the residuals and that mean is not zero."""
    squares = sum(float(np.nansum(block.resid**2)) for block in section.residuals())
    return squares > float((section.sigma**2 * section.df).sum()) * (1.0 + _SAME)


@of_history
def not_one_portfolio(section: Section) -> Fact | None:
    """Why the events are no portfolio with one regression, or None."""
    if reason := _not_one_date(section):
        return reason
    if (section.sigma == 0.0).any():
        return fact("unavailable.flat", n=(section.sigma == 0.0).sum())
    if np.unique(section.df).size > 1 or np.unique(section.nobs).size > 1:
        return fact("unavailable.different_days")
    variance = forecast_variance(section)
    if float(np.ptp(variance)) > _SAME * float(variance[0]):
        return fact("unavailable.different_regressors")
    return None


@of_history
def _not_one_date(section: Section) -> Fact | None:
    if section.one_date:
        return None
    return fact("unavailable.several_dates", dates=np.unique(section.position).size)


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


PORTFOLIO_T = Test(
    "portfolio_t",
    portfolio_t,
    needs=frozenset({"one_date", "one_regression"}),
    assumes={"old_variance": "t"},
)
MVRM_F = Test(
    "mvrm_f",
    mvrm_f,
    needs=frozenset({"one_date", "one_regression", "full_scatter", "common_scale"}),
    assumes={"old_variance": "F"},
)
LAMB = Test("lamb", lamb, needs=frozenset({"one_date"}), assumes={"old_variance": "t"})
