"""Generalised rank tests of Kolari and Pynnonen: the whole window as one observation among the estimation days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.facts import Fact, fact
from eventstudy.inference.days import scores_by_day
from eventstudy.inference.question import SMALL_SAMPLE, Question, ask, independent, over_rejects, spread, too_few
from eventstudy.inference.rank import uniform_ranks
from eventstudy.inference.records import Alternative, Test, TestResult
from eventstudy.inference.section import Section
from eventstudy.inference.standardised import no_standardising

_ROUNDING = 1e-12
_VARIANTS = ("small_sample",)


@dataclass(frozen=True, slots=True)
class GeneralisedRanks:
    """What both statistics need.

    Attributes
    ----------
    mean : float
        Mean over events of the centred rank of the window.
    deviation : float
        S: root of the mean over M days of ``(N_t / N) Ubar_t^2``.
    days : int
        M, estimation days and the window.
    """

    mean: float
    deviation: float
    days: int


def grank_t(section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None) -> TestResult:
    """Generalised rank t test.

    Null: the window's mean rank is the expected one. ``SCAR*_i = SCAR_i / sd(SCAR)`` is ranked among the T_i
    values ``e_it / s_i`` of its event, M_i = T_i + 1; ``U_it = rank / (M_i + 1) - 1/2``, ``Ubar_t`` its mean over the
    N_t events of a day. ``Z = Ubar_0 / S`` with ``S^2`` the mean over the M days of ``(N_t / N) Ubar_t^2``;
    ``t = Z sqrt((M - 2) / (M - 1 - Z^2))``, t(M - 2). Robust to non-normality, event-induced variance, serial
    correlation and correlation between events of one date. Kolari and Pynnonen (2011, Journal of Empirical
    Finance 18, 953-971). Below 15 events it rejects a true null up to three times too often and is
    unavailable; the variant ``small_sample`` runs it all the same.
    """
    question = _ask("grank_t", section, alternative, variant)
    if reason := _refusal(section, variant):
        return question.refused(reason)
    ranks = generalised_ranks(section)
    if ranks.deviation == 0.0:
        return question.refused(fact("unavailable.flat_ranks"))
    z = ranks.mean / ranks.deviation
    room = ranks.days - 1 - z**2
    if room <= _ROUNDING * ranks.days:
        return question.refused(fact("unavailable.extreme_rank", square=z**2, most=ranks.days - 1))
    return question.by_t(float(z * np.sqrt((ranks.days - 2) / room)), ranks.days - 2)


def grank_z(section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None) -> TestResult:
    """Generalised rank z test.

    Null: the window's mean rank is the expected one. ``Ubar_0`` as in `grank_t` over the root of its variance for
    independent uniform ranks, ``N^-2 sum_i (M_i - 1) / (12 (M_i + 1))``; with equal M_i
    ``Ubar_0 sqrt(12 N (M + 1) / (M - 1))``. Standard normal. Robust to non-normality, event-induced variance and
    serial correlation; not to correlation between events. Kolari and Pynnonen (2011, Journal of Empirical
    Finance 18, 953-971). Variant ``small_sample`` as in `grank_t`.
    """
    question = _ask("grank_z", section, alternative, variant)
    if reason := _refusal(section, variant):
        return question.refused(reason)
    days = section.nobs + 1.0
    variance = float(((days - 1.0) / (12.0 * (days + 1.0))).sum()) / section.size**2
    mean = generalised_ranks(section).mean
    return independent(question, section).by_normal(float(mean / np.sqrt(variance)))


def generalised_ranks(section: Section) -> GeneralisedRanks:
    """Rank each event's scaled window among its residuals, and take means over events day by day.

    Parameters
    ----------
    section : Section
        At least two events with positive, unequal standardised CARs.
    """
    scaled = section.sigma * section.scar / spread(section.scar)  # in units of the residuals: same ranks
    scores = scores_by_day(section, scaled[:, None], uniform_ranks)
    past = scores.past
    mean = float(scores.total[0] / section.size)
    squares = float((past.count / section.size * past.mean**2).sum()) + mean**2
    days = past.count.size + 1
    return GeneralisedRanks(mean, float(np.sqrt(squares / days)), days)


def _ask(name: str, section: Section, alternative: Alternative, variant: str | None) -> Question:
    return ask(
        name,
        "window_rank",
        section,
        alternative=alternative,
        variant=variant,
        variants=_VARIANTS,
        expected="as_before",
    )


def _refusal(section: Section, variant: str | None) -> Fact | None:
    """Why the ranks are not to be had or not to be trusted, or None."""
    if reason := too_few(section, 2) or no_standardising(section):
        return reason
    if variant is None and section.size < SMALL_SAMPLE:
        return over_rejects(section)
    if spread(section.scar) == 0.0:
        return fact("unavailable.equal_scars")
    return None


GRANK_T = Test(
    "grank_t", grank_t, needs=frozenset({"cross_section", "sure_scale", "common_scale"}), scores="window_rank"
)
GRANK_Z = Test(
    "grank_z",
    grank_z,
    needs=frozenset({"cross_section", "sure_scale", "common_scale"}),
    assumes={"independent": "rank"},
)
