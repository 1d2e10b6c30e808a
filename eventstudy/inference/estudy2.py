"""The arithmetic of the R package estudy2 0.10.0, so that its numbers can be reproduced and explained.

The package knows one event period for all firms and daily statistics. It differs from the definitions used
here: standard deviations with T - 1; with ``N_t < N`` firms trading, sums over firms are the mean over the
traded ones times N while variances stay those of all N (or of N_t), which inflates the statistic; the mean
and variation of the benchmark are taken over all days, also for a firm that has fewer; the number of days
in rank statistics is the mean number of observations of the firms. It prints stars only; the p-values given
with these variants are those of the reference distribution that its stars imply.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.facts import Fact, fact
from eventstudy.inference.days import DayScores, midranks, residual_sums, scores_by_day
from eventstudy.inference.question import Question, spread
from eventstudy.inference.records import TestResult
from eventstudy.inference.section import EventDays, Section

Options = ParamSpec("Options")
OfWhole = Callable[Concatenate[Question, Section, EventDays, Options], TestResult]
OfSection = Callable[Concatenate[Question, Section, Options], TestResult]


def _usable(section: Section, *, daily: bool = False) -> EventDays | Fact:
    """The whole event window, or why the package could not have computed this."""
    whole = section.whole
    if whole is None:
        return fact("unavailable.needs_whole")
    if daily and section.window.size > 1:
        return fact("unavailable.one_day_only")
    if np.unique(whole.position).size > 1:
        return fact("unavailable.one_date_only")
    if (whole.sigma <= 0.0).any():
        return fact("unavailable.flat", n=(whole.sigma <= 0.0).sum())
    if not np.isfinite(whole.ar[:, whole.columns(section.window)]).any(axis=0).all():
        return fact("unavailable.nobody_traded", window=section.window)
    return whole


def _of_whole(*, daily: bool) -> Callable[[OfWhole[Options]], OfSection[Options]]:
    """A function of the whole event window as one of the section; refused where the package could not compute it."""

    def of_section(function: OfWhole[Options]) -> OfSection[Options]:
        @wraps(function)
        def checked(
            question: Question, section: Section, /, *args: Options.args, **options: Options.kwargs
        ) -> TestResult:
            whole = _usable(section, daily=daily)
            if isinstance(whole, Fact):
                return question.refused(whole)
            return function(question, section, whole, *args, **options)

        return checked

    return of_section


@_of_whole(daily=True)
def brown_warner_1980(question: Question, section: Section, whole: EventDays) -> TestResult:
    """Mean over traded firms against the variances of all firms; t(mean T - 1)."""
    std_error = float(np.sqrt(_variance(whole).sum()) / whole.sigma.size)
    mean = float(section.car.mean())
    return question.by_t(mean / std_error, float(whole.nobs.mean()) - 1, estimate=mean, std_error=std_error)


@_of_whole(daily=False)
def crude_dependence(question: Question, section: Section, whole: EventDays) -> TestResult:
    """Mean over traded firms against the history of the portfolio of all firms; days summed over sqrt(L)."""
    means = residual_sums(whole).mean
    daily = _means(whole, section) / means.std(ddof=1)
    return question.by_t(_summed(daily), means.size - 1, estimate=float(_means(whole, section).sum()))


@_of_whole(daily=False)
def lamb(question: Question, section: Section, whole: EventDays) -> TestResult:
    """The same with sqrt(1 + 1 / mean T + (R_m - mean)^2 / SS) beside it; standard normal."""
    means = residual_sums(whole).mean
    distance = _distance(whole, section, means.size)
    if distance is None:
        return question.refused(fact("unavailable.no_full_event"))
    daily = _means(whole, section) / (means.std(ddof=1) * np.sqrt(1.0 + 1.0 / whole.nobs.mean() + distance))
    return question.by_normal(_summed(daily), estimate=float(_means(whole, section).sum()))


@_of_whole(daily=True)
def cross_sectional_t(question: Question, section: Section, whole: EventDays) -> TestResult:
    """One-sample t over the traded firms; t(N_t - 1)."""
    return _one_sample(question, section.car)


@_of_whole(daily=True)
def patell(question: Question, section: Section, whole: EventDays) -> TestResult:
    """Standardised mean of the traded firms times N over the variances of all N; standard normal."""
    if (sar := _sar(whole, section)) is None:
        return question.refused(fact("unavailable.no_full_event"))
    if (whole.nobs <= 4).any():
        return question.refused(fact("unavailable.four_observations"))
    variance = ((whole.nobs - 2) / (whole.nobs - 4)).sum()
    return question.by_normal(float(sar.mean() * whole.sigma.size / np.sqrt(variance)), estimate=float(sar.mean()))


@_of_whole(daily=True)
def boehmer(question: Question, section: Section, whole: EventDays) -> TestResult:
    """One-sample t of the standardised abnormal returns of the traded firms; t(N_t - 1)."""
    if (sar := _sar(whole, section)) is None:
        return question.refused(fact("unavailable.no_full_event"))
    return _one_sample(question, sar)


@_of_whole(daily=True)
def sign(question: Question, section: Section, whole: EventDays) -> TestResult:
    """Share of positive firms times N against half the traded ones; standard normal."""
    return _sign(question, section, whole, 0.5)


@_of_whole(daily=True)
def generalized_sign(question: Question, section: Section, whole: EventDays) -> TestResult:
    """The same against the pooled share of positive estimation days; standard normal."""
    positive = sum(int((block.resid > 0).sum()) for block in whole.residuals())
    return _sign(question, section, whole, positive / int(whole.nobs.sum()))


def _sign(question: Question, section: Section, whole: EventDays, p: float) -> TestResult:
    if not 0.0 < p < 1.0:
        return question.refused(fact("unavailable.one_sign", share=p))
    positive, traded = float((section.car > 0).mean()), section.size
    statistic = (positive * whole.sigma.size - traded * p) / np.sqrt(traded * p * (1.0 - p))
    return question.by_normal(float(statistic), estimate=positive)


def inflation(section: Section) -> float | Fact:
    """N over N_t, by which the package multiplies sums over the traded firms; or why there is none."""
    whole = _usable(section, daily=True)
    return whole if isinstance(whole, Fact) else whole.sigma.size / section.size


@_of_whole(daily=True)
def rank_family(question: Question, section: Section, whole: EventDays, scores: DayScores, *, root: bool) -> TestResult:
    """Day scores over their own history, with the package's N / N_t and mean number of observations.

    Parameters
    ----------
    scores : DayScores
        Over all firms and the whole event window.
    root : bool
        Whether sums are divided by the root of the number of firms (Corrado and Zivney) or by the number.
    """
    firms, power = whole.sigma.size, 1.5 if root else 2.0
    observations = (scores.past.count.sum() + scores.count.sum()) / firms
    past = scores.past.total * firms / scores.past.count**power
    event = scores.total * firms / np.maximum(scores.count, 1) ** power
    deviation = np.sqrt((past @ past + event @ event) / observations)
    return question.by_normal(_summed(event[whole.columns(section.window)] / deviation))


@_of_whole(daily=False)
def summed_ranks(question: Question, section: Section, whole: EventDays) -> TestResult:
    """Rank test of several days: all ranks of firm-days in the window against the mean rank.

    ``sqrt(L) (Kbar - c) / sqrt(sum_t (Kbar_t - c)^2 / mean M_i)`` with Kbar the mean over the window's firm-days,
    Kbar_t over the firms of a day, and c the mean over firms of ``(M_i + 1) / 2``; days beyond the window are not
    ranked. It is not the sum of the package's daily statistics.
    """
    event = whole.ar[:, whole.columns(section.window)]
    scores = scores_by_day(whole, event, midranks)
    observations = whole.nobs + np.isfinite(event).sum(axis=1)
    centre = float((observations + 1.0).mean()) / 2.0
    away = np.concatenate([scores.past.mean, scores.total / scores.count]) - centre
    deviation = float(np.sqrt(away @ away / observations.mean()))
    mean = float(scores.total.sum() / scores.count.sum()) - centre
    return question.by_normal(mean * float(np.sqrt(section.window.size)) / deviation)


def _one_sample(question: Question, values: Floats) -> TestResult:
    if values.size < 2 or (deviation := spread(values)) == 0.0:
        return question.refused(fact("unavailable.one_value"))
    mean, std_error = float(values.mean()), float(deviation / np.sqrt(values.size))
    return question.by_t(mean / std_error, values.size - 1, estimate=mean, std_error=std_error)


def _variance(whole: EventDays) -> Floats:
    """(E,) residual variances with T - 1."""
    variance: Floats = whole.sigma**2 * whole.df / (whole.nobs - 1)
    return variance


def _means(whole: EventDays, section: Section) -> Floats:
    """(L,) means over the firms that traded on each day."""
    means: Floats = np.nanmean(whole.ar[:, whole.columns(section.window)], axis=0)
    return means


def _summed(daily: Floats) -> float:
    return float(daily.sum() / np.sqrt(daily.size))


def _distance(whole: EventDays, section: Section, days: int) -> Floats | None:
    """(L,) squared distance of the benchmark from its mean over all days, from an event that has them all."""
    columns = whole.columns(section.window)
    full = np.flatnonzero((whole.nobs == days) & np.isfinite(whole.ar_se[:, columns]).all(axis=1))
    if not full.size:
        return None
    row = full[0]
    variance: Floats = (whole.ar_se[row, columns] / whole.sigma[row]) ** 2 - 1.0 - 1.0 / days
    return variance


def _sar(whole: EventDays, section: Section) -> Floats | None:
    """Standardised abnormal returns of the traded firms on the one tested day."""
    distance = _distance(whole, section, residual_sums(whole).count.size)
    if distance is None:
        return None
    ar = whole.ar[:, whole.columns(section.window)][:, 0]
    sar: Floats = ar / np.sqrt(_variance(whole) * (1.0 + 1.0 / whole.nobs + distance[0]))
    return sar[np.isfinite(sar)]
