"""Tests of the mean abnormal return from returns as they are, not standardised by firm."""

from __future__ import annotations

import numpy as np

from eventstudy.abnormal import weighted_mean
from eventstudy.facts import fact
from eventstudy.inference import estudy2
from eventstudy.inference.days import mean_residuals, residual_sums
from eventstudy.inference.question import ask, independent, mean_of, spread, too_few
from eventstudy.inference.records import Alternative, Test, TestResult
from eventstudy.inference.section import Section


def brown_warner_1980(
    section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None
) -> TestResult:
    """Test of the mean abnormal return with firm variances from the estimation window, no dependence.

    Null: the mean abnormal return (mean CAR over L days) is zero. ``CAAR / (sqrt(L sum s_i^2) / N)``, s_i with
    T - 1 as in the paper, standard normal. Robust to nothing: neither to correlation between firms nor to
    event-induced variance; estimation error is left out. Brown and Warner (1980, Journal of Financial
    Economics 8, 205-258). Variants: ``estudy2``.
    """
    question = ask(
        "brown_warner_1980",
        mean_of(section),
        section,
        alternative=alternative,
        variant=variant,
        variants=("estudy2",),
    )
    if variant == "estudy2":
        return estudy2.brown_warner_1980(question, section)
    if reason := too_few(section):
        return question.refused(reason)
    variance = section.sigma**2 * section.df / (section.nobs - 1)
    std_error = float(np.sqrt(section.window.size * variance.sum()) / section.size)
    if std_error == 0.0:
        return question.refused(fact("unavailable.flat_every"))
    mean = float(section.car.mean())
    return independent(question, section).by_normal(mean / std_error, estimate=mean, std_error=std_error)


def crude_dependence(
    section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None
) -> TestResult:
    """Crude dependence adjustment: the mean abnormal return against its own history in the estimation window.

    Null: the mean abnormal return (mean CAR) is zero. ``CAAR / (S sqrt(L))``, S the standard deviation of the
    T daily means with T - 1, t(T - 1); with weights all means are weighted. Robust to correlation between firms of one
    date; not to event-induced variance. Brown and Warner (1985, Journal of Financial Economics 14, 3-31). Variants:
    ``whole_sample`` (S from every event, also those without a complete window; without weights), ``estudy2`` (that,
    and several days as the sum of the daily statistics over sqrt(L)).
    """
    question = ask(
        "crude_dependence",
        mean_of(section),
        section,
        alternative=alternative,
        variant=variant,
        variants=("whole_sample", "estudy2"),
        weighted=variant is None,
    )
    if variant == "estudy2":
        return estudy2.crude_dependence(question, section)
    if reason := too_few(section):
        return question.refused(reason)
    source = section.whole if variant == "whole_sample" else section
    if source is None:
        return question.refused(fact("unavailable.needs_whole"))
    means = mean_residuals(section) if variant is None else residual_sums(source).mean
    if means.size < 2 or (deviation := spread(means)) == 0.0:
        return question.refused(fact("unavailable.flat_mean"))
    std_error = float(deviation * np.sqrt(section.window.size))
    mean = float(section.car.mean() if variant else section.car @ section.shares)
    return question.by_t(mean / std_error, means.size - 1, estimate=mean, std_error=std_error)


def cross_sectional_t(
    section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None
) -> TestResult:
    """One-sample t of the CARs.

    Null: the mean abnormal return (mean CAR) is zero. ``mean / (sd / sqrt(N))``, sd with N - 1, t(N - 1); with weights
    the weighted mean over its robust standard error (`eventstudy.abnormal.weighted_mean`). Robust to event-induced
    variance; not to correlation between firms, nor to skewness where N is small. See
    Campbell, Lo and MacKinlay (1997), chapter 4. Variants: ``estudy2`` (the same number, one day only).
    """
    question = ask(
        "cross_sectional_t",
        mean_of(section),
        section,
        alternative=alternative,
        variant=variant,
        variants=("estudy2",),
        weighted=variant is None,
    )
    if variant == "estudy2":
        return estudy2.cross_sectional_t(question, section)
    if reason := too_few(section, 2):
        return question.refused(reason)
    if spread(section.car) == 0.0:
        return question.refused(fact("unavailable.equal_cars"))
    mean, std_error = (float(found[0]) for found in weighted_mean(section.car[:, None], section.weight)[:2])
    return independent(question, section).by_t(mean / std_error, section.size - 1, estimate=mean, std_error=std_error)


BROWN_WARNER_1980 = Test("brown_warner_1980", brown_warner_1980, assumes={"independent": "z", "old_variance": "z"})
CRUDE_DEPENDENCE = Test("crude_dependence", crude_dependence, assumes={"old_variance": "z"})
CROSS_SECTIONAL_T = Test(
    "cross_sectional_t",
    cross_sectional_t,
    needs=frozenset({"cross_section"}),
    assumes={"independent": "t"},
    history=False,
)
