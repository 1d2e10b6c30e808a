"""Rank tests and the sign test against the median: event days among the days of the estimation window.

Every event's abnormal returns are scored over its ``M_i = T_i + L`` days; the mean score of the tested days
is held against the variation of the daily mean scores, in which correlation between firms is contained.
"""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.facts import fact
from eventstudy.inference import estudy2
from eventstudy.inference.days import DayScores, Score, medians, midranks, scores_by_day
from eventstudy.inference.question import SMALL_SAMPLE, Question, ask, over_rejects, too_few
from eventstudy.inference.records import Alternative, Test, TestResult
from eventstudy.inference.section import Section

_WHOLE = ("whole_sample", "estudy2")
_TESTED = "tested_days"


def corrado_rank(section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None) -> TestResult:
    """Corrado's rank test.

    Null: the event days' mean rank is the expected one. ``K_it`` the rank of AR_it among its event's M days,
    ``D_t`` the mean over events of ``K_it - (M_i + 1) / 2``; ``sum_d D_d / (sqrt(L) S)``, ``S^2`` the mean of
    ``D_t^2`` over all days, standard normal. Robust to non-normality and, through the daily means, to correlation
    between events of one date; little to event-induced variance. Corrado (1989, Journal of Financial
    Economics 23, 385-395); several days Cowan (1992) and Campbell and Wasley (1993). Ranked are the days of the
    estimation window and of the whole event window, of every event, as there. Variants: ``tested_days`` (of the
    event window only the tested days, of the events that have them all), ``m_minus_1`` (that, S^2 with M - 1),
    ``estudy2``.
    """
    question = _ask("corrado_rank", "mean_rank", section, alternative, variant, (*_WHOLE, _TESTED, "m_minus_1"))
    variant = _whole_by_default(section, variant)
    if variant == "estudy2" and section.window.size > 1:
        return estudy2.summed_ranks(question, section)
    return _by_history(question, section, centred_ranks, variant, root=False, event=section.ar)


def corrado_zivney_rank(
    section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None
) -> TestResult:
    """Rank test of Corrado and Zivney, for missing returns and event-induced variance.

    Null: the event days' mean rank is the expected one. Ranked are ``e_it / s_i`` of the estimation window and
    ``SAR_id / sd_d`` of the event days, sd_d the cross-sectional standard deviation (N - 1) of SAR on day d;
    ``U_it = rank / (1 + M_i) - 1/2``; ``sum_d Z_d / (sqrt(L) S)`` with ``Z_t = N_t^-1/2 sum_i U_it`` and ``S^2`` the
    mean of ``Z_t^2`` over all days, standard normal. Robust to non-normality, event-induced variance and, through
    the daily sums, correlation between events of one date. Corrado and Zivney (1992, Journal of Financial and
    Quantitative Analysis 27, 465-478). Below 15 events sd_d is so uncertain that the test rejects a true null up
    to three times too often, and it is unavailable. Variants: ``small_sample`` (runs it all the same),
    ``unadjusted`` (event days ranked as they are, any number of events), ``whole_sample`` (that, with every event
    and every day of the event window), ``estudy2``.
    """
    name, variants = "corrado_zivney_rank", (*_WHOLE, "unadjusted", "small_sample")
    question = _ask(name, "mean_rank", section, alternative, variant, variants)
    if variant not in (None, "small_sample"):
        return _by_history(question, section, uniform_ranks, variant, root=True, event=section.ar)
    if reason := too_few(section, 2):
        return question.refused(reason)
    if variant is None and section.size < SMALL_SAMPLE:
        return question.refused(over_rejects(section))
    if (section.ar_se <= 0).any():
        return question.refused(fact("unavailable.flat_one"))
    deviation = section.sar.std(axis=0, ddof=1)
    if (deviation <= 0).any():
        return question.refused(fact("unavailable.equal_on_a_day"))
    event = section.sigma[:, None] * section.sar / deviation  # ranks do not change when a firm is rescaled
    return _by_history(question, section, uniform_ranks, None, root=True, event=event)


def corrado_zivney_sign(
    section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None
) -> TestResult:
    """Sign test of Corrado and Zivney against each firm's median.

    Null: the event days lie as often above as below their firm's median. ``G_it = sign(AR_it - median_i)``, the
    median over the event's M days; ``sum_d Z_d / (sqrt(L) S)`` with ``Z_t = N_t^-1/2 sum_i G_it`` and ``S^2`` the mean
    of ``Z_t^2`` over all days, standard normal. Robust to skewness, non-normality, event-induced variance and
    correlation between events of one date. Corrado and Zivney (1992, Journal of Financial and Quantitative
    Analysis 27, 465-478). Days and variants as in `corrado_rank`.
    """
    variants = (*_WHOLE, _TESTED)
    question = _ask("corrado_zivney_sign", "mean_sign", section, alternative, variant, variants)
    variant = _whole_by_default(section, variant)
    return _by_history(question, section, median_signs, variant, root=True, event=section.ar)


def centred_ranks(values: Floats) -> Floats:
    """Midranks along rows less their mean (M + 1) / 2; NaN stays NaN."""
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    centred: Floats = midranks(values) - (count + 1) / 2.0
    return centred


def uniform_ranks(values: Floats) -> Floats:
    """Midranks along rows over M + 1, less one half: within -1/2 and 1/2; NaN stays NaN."""
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    scaled: Floats = midranks(values) / (count + 1.0) - 0.5
    return scaled


def median_signs(values: Floats) -> Floats:
    """-1, 0 or 1 for below, at and above the row's median; NaN stays NaN."""
    return np.sign(values - medians(values))


def _whole_by_default(section: Section, variant: str | None) -> str | None:
    """The whole event window unless asked otherwise; a section without one, or of too few events, has not got it."""
    whole = variant is None and section.whole is not None and section.size >= 2
    return "whole_sample" if whole else variant


def _ask(
    name: str,
    quantity: str,
    section: Section,
    alternative: Alternative,
    variant: str | None,
    variants: tuple[str, ...],
) -> Question:
    return ask(
        name, quantity, section, alternative=alternative, variant=variant, variants=variants, expected="as_before"
    )


def _by_history(
    question: Question, section: Section, score: Score, variant: str | None, *, root: bool, event: Floats
) -> TestResult:
    """Answer with the event days' scores over their own history."""
    if variant in _WHOLE:
        return _by_whole_history(question, section, score, variant, root=root)
    if reason := too_few(section, 2):
        return question.refused(reason)
    scores = scores_by_day(section, event, score)
    return _answer(question, scores, slice(None), root=root, lost=int(variant == "m_minus_1"))


def _by_whole_history(
    question: Question, section: Section, score: Score, variant: str | None, *, root: bool
) -> TestResult:
    whole = section.whole
    if whole is None:
        return question.refused(fact("unavailable.needs_whole"))
    scores = scores_by_day(whole, whole.ar, score)
    tested = whole.columns(section.window)
    if (scores.count[tested] == 0).any():
        return question.refused(fact("unavailable.empty_day", window=section.window))
    if variant == "estudy2":
        return estudy2.rank_family(question, section, scores, root=root)
    return _answer(question, scores, tested, root=root)


def _answer(question: Question, scores: DayScores, tested: slice, *, root: bool, lost: int = 0) -> TestResult:
    """Sum of the tested days' mean scores over sqrt(L) S."""
    power = 0.5 if root else 1.0
    past = scores.past.total / scores.past.count**power
    event = scores.total / np.maximum(scores.count, 1) ** power
    days = past.size + int((scores.count > 0).sum())
    square = float((past @ past + event @ event) / (days - lost))
    if square == 0.0:
        return question.refused(fact("unavailable.flat_scores"))
    chosen = event[tested]
    return question.by_normal(float(chosen.sum() / np.sqrt(chosen.size * square)))


CORRADO_RANK = Test(
    "corrado_rank",
    corrado_rank,
    needs=frozenset({"cross_section"}),
    assumes={"old_variance": "rank"},
    scores="day_rank",
)
CORRADO_ZIVNEY_RANK = Test(
    "corrado_zivney_rank",
    corrado_zivney_rank,
    needs=frozenset({"cross_section", "sure_scale", "common_scale"}),
    scores="day_rank",
)
CORRADO_ZIVNEY_SIGN = Test(
    "corrado_zivney_sign", corrado_zivney_sign, needs=frozenset({"cross_section"}), scores="day_sign"
)
