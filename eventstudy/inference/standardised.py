"""Tests of standardised abnormal returns: Patell, Boehmer-Musumeci-Poulsen, and both adjusted for correlation.

The standardised CAR of an event is its CAR over its own standard error with the full prediction-error
covariance; over one day it is the standardised abnormal return.
"""

from __future__ import annotations

import numpy as np

from eventstudy.facts import Fact, fact
from eventstudy.inference import estudy2
from eventstudy.inference.correlation import CrossCorrelation, cross_correlation
from eventstudy.inference.question import SMALL_SAMPLE, Question, ask, independent, mean_of, spread, too_few
from eventstudy.inference.records import Alternative, Test, TestResult
from eventstudy.inference.section import Section

_ROUNDING = 1e-12  # of a correlation


def patell_z(section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None) -> TestResult:
    """Patell's Z of the standardised abnormal returns.

    Null: the mean standardised abnormal return (CAR) is zero. ``sum SCAR_i / sqrt(sum (T_i-k)/(T_i-k-2))``,
    standard normal. Robust to differences of variance between firms; not to event-induced variance nor to
    correlation. Patell (1976, Journal of Accounting Research 14, 246-276). With equal T it is J2 of Campbell,
    Lo and MacKinlay. Variants: ``daily_sum`` (L days as ``N^-1/2 sum_i sum_d SAR_id / sqrt(L (T_i-k)/(T_i-k-2))``,
    which ignores the covariance of the prediction errors), ``without_q`` (``sum SCAR_i / sqrt(N)``), ``estudy2``.
    """
    question = ask(
        "patell_z",
        mean_of(section, standardised=True),
        section,
        alternative=alternative,
        variant=variant,
        variants=("daily_sum", "without_q", "estudy2"),
    )
    if variant == "estudy2":
        return estudy2.patell(question, section)
    if reason := _no_patell(section):
        return question.refused(reason)
    return independent(question, section).by_normal(patell(section, variant), estimate=float(section.scar.mean()))


def adjusted_patell_z(
    section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None
) -> TestResult:
    """Patell's Z adjusted for cross-correlation.

    Null: the mean standardised abnormal return (CAR) is zero. ``Z sqrt(1 / (1 + (N-1) rbar))``, standard normal;
    rbar as in `cross_correlation`. Robust to differences of variance and to correlation between firms; not to
    event-induced variance. Kolari and Pynnonen (2010, Review of Financial Studies 23, 3996-4025). Variants:
    ``all_pairs`` (rbar over all pairs, also of events whose windows share no session, as packages have it).
    """
    question = ask(
        "adjusted_patell_z",
        mean_of(section, standardised=True),
        section,
        alternative=alternative,
        variant=variant,
        variants=("all_pairs",),
    )
    if reason := too_few(section, 2) or _no_patell(section):
        return question.refused(reason)
    found = cross_correlation(section, all_pairs=variant == "all_pairs")
    inflation = _inflation(found, section.size)
    if isinstance(inflation, Fact):
        return question.refused(inflation)
    statistic = patell(section, None) / np.sqrt(inflation)
    return _told(question, found).by_normal(float(statistic), estimate=float(section.scar.mean()))


def bmp_t(section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None) -> TestResult:
    """Standardised cross-sectional t of Boehmer, Musumeci and Poulsen.

    Null: the mean standardised abnormal return (CAR) is zero. ``mean(SCAR) / (sd(SCAR) / sqrt(N))``, sd with
    N - 1, t(N - 1); estimate and interval are in standard errors of a firm. Robust to event-induced variance;
    not to correlation. Boehmer, Musumeci and Poulsen (1991, Journal of Financial Economics 30, 253-272).
    Variants: ``normal`` (standard normal, for 15 events or more), ``plain_s`` (``CAR / (s sqrt(L))`` without the
    forecast error), ``estudy2``.
    """
    question = ask(
        "bmp_t",
        mean_of(section, standardised=True),
        section,
        alternative=alternative,
        variant=variant,
        variants=("normal", "plain_s", "estudy2"),
    )
    if variant == "estudy2":
        return estudy2.boehmer(question, section)
    return _standardised_t(independent(question, section), section, variant, 1.0)


def adjusted_bmp_t(
    section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None
) -> TestResult:
    """Standardised cross-sectional t adjusted for cross-correlation.

    Null: the mean standardised abnormal return (CAR) is zero. ``t_BMP sqrt((1 - rbar) / (1 + (N-1) rbar))``, rbar
    as in `cross_correlation`, t(N - 1): the normal of the paper rejects too often for few events. Robust to
    event-induced variance and to correlation between firms. Kolari and Pynnonen (2010, Review of Financial
    Studies 23, 3996-4025). Variants: ``normal`` (for 15 events or more), ``all_pairs`` (as in
    `adjusted_patell_z`), ``plain_s`` (as in `bmp_t`).
    """
    question = ask(
        "adjusted_bmp_t",
        mean_of(section, standardised=True),
        section,
        alternative=alternative,
        variant=variant,
        variants=("normal", "all_pairs", "plain_s"),
    )
    if reason := too_few(section, 2):
        return question.refused(reason)
    found = cross_correlation(section, all_pairs=variant == "all_pairs")
    inflation = _inflation(found, section.size)
    if isinstance(inflation, Fact):
        return question.refused(inflation)
    if found.mean is None or found.mean >= 1.0 - _ROUNDING:
        return question.refused(fact("unavailable.one_event"))
    return _standardised_t(_told(question, found), section, variant, inflation / (1.0 - found.mean))


def patell(section: Section, variant: str | None) -> float:
    """Patell's statistic; `variant` as in `patell_z`."""
    ratio = section.df / (section.df - 2.0)
    if variant == "daily_sum":
        each = section.sar.sum(axis=1) / np.sqrt(section.window.size * ratio)
        return float(each.sum() / np.sqrt(section.size))
    variance = float(section.size) if variant == "without_q" else float(ratio.sum())
    return float(section.scar.sum() / np.sqrt(variance))


def no_standardising(section: Section) -> Fact | None:
    """Why abnormal returns cannot be standardised, or None."""
    flat = int(((section.sigma <= 0.0) | (section.car_se <= 0.0)).sum())
    return fact("unavailable.flat", n=flat) if flat else None


def _no_patell(section: Section) -> Fact | None:
    if reason := too_few(section) or no_standardising(section):
        return reason
    short = int((section.df <= 2).sum())
    return fact("unavailable.few_freedom", n=short) if short else None


def _standardised_t(question: Question, section: Section, variant: str | None, inflation: float) -> TestResult:
    """One-sample t of the SCARs with its squared standard error times `inflation`."""
    if reason := too_few(section, 2) or no_standardising(section):
        return question.refused(reason)
    if variant == "normal" and section.size < SMALL_SAMPLE:
        return question.refused(fact("unavailable.normal_too_few", n=section.size, need=SMALL_SAMPLE))
    plain = section.car / (section.sigma * np.sqrt(section.window.size))
    scar = plain if variant == "plain_s" else section.scar
    if (deviation := spread(scar)) == 0.0:
        return question.refused(fact("unavailable.equal_scars"))
    mean, std_error = float(scar.mean()), float(deviation * np.sqrt(inflation / section.size))
    if variant == "normal":
        return question.by_normal(mean / std_error, estimate=mean, std_error=std_error)
    return question.by_t(mean / std_error, section.size - 1, estimate=mean, std_error=std_error)


def _inflation(found: CrossCorrelation, size: int) -> float | Fact:
    """1 + (N - 1) rbar, or why there is none."""
    if found.mean is None:
        return fact("unavailable.no_common_days")
    inflation = 1.0 + (size - 1) * found.mean
    if inflation <= 0.0:
        return fact("unavailable.impossible_correlation", correlation=found.mean)
    return inflation


def _told(question: Question, found: CrossCorrelation) -> Question:
    return question.noting(fact("note.correlation", correlation=found.mean, estimator=found.estimator))


PATELL_Z = Test(
    "patell_z", patell_z, needs=frozenset({"t_variance"}), assumes={"independent": "z", "old_variance": "z"}
)
ADJUSTED_PATELL_Z = Test(
    "adjusted_patell_z",
    adjusted_patell_z,
    needs=frozenset({"cross_section", "t_variance", "correlation"}),
    assumes={"old_variance": "z"},
)
BMP_T = Test("bmp_t", bmp_t, needs=frozenset({"cross_section"}), assumes={"independent": "t"})
BMP_T_NORMAL = Test(
    "bmp_t (normal)",
    needs=frozenset({"cross_section", "normal_quantile"}),
    assumes={"independent": "t_by_z"},
    variant=True,
)
ADJUSTED_BMP_T = Test("adjusted_bmp_t", adjusted_bmp_t, needs=frozenset({"cross_section", "correlation"}))
ADJUSTED_BMP_T_NORMAL = Test(
    "adjusted_bmp_t (normal)", needs=frozenset({"cross_section", "correlation", "normal_quantile"}), variant=True
)
