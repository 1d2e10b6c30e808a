"""Sign and signed-rank tests of the cross-section."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.facts import Fact, fact
from eventstudy.inference import estudy2
from eventstudy.inference.days import Source, midranks
from eventstudy.inference.question import SMALL_SAMPLE, Question, ask, independent, returns_of, too_few
from eventstudy.inference.records import Alternative, Test, TestResult
from eventstudy.inference.section import Section, of_history

EXACT_WILCOXON = 25
"""Events up to which the signed-rank distribution is enumerated."""


def sign(section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None) -> TestResult:
    """Sign test of the CARs.

    Null: the share of positive abnormal returns (CARs) is one half. Statistic ``(w - N/2) / sqrt(N/4)`` with w
    the positive ones; p exact from Bin(N, 1/2); events with a CAR of exactly zero are dropped. Robust to
    non-normality and event-induced variance; not to correlation, nor to skewed returns, whose median is not
    zero. With fewer than 6 events the two-sided p cannot fall below 5 %. Variants: ``normal`` (p from the
    standard normal), ``estudy2``.
    """
    question = ask(
        "sign",
        f"share_{returns_of(section)}",
        section,
        alternative=alternative,
        variant=variant,
        variants=("normal", "estudy2"),
        expected="one_half",
    )
    if variant == "estudy2":
        return estudy2.sign(question, section)
    positive, count = int((section.car > 0).sum()), int((section.car != 0).sum())
    if reason := too_few(section):
        return question.refused(reason)
    if not count:
        return question.refused(fact("unavailable.zero_cars"))
    return _binomial(independent(question, section), positive, count, 0.5, exact=variant is None)


def generalized_sign(
    section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None
) -> TestResult:
    """Sign test against the share of positive days in the estimation window.

    Null: the share of positive abnormal returns (CARs) is that of the estimation window.
    ``(w - N p) / sqrt(N p (1 - p))``, p the mean over events of each one's share of positive residuals; standard
    normal, below 15 events exact from Bin(N, p). Robust to skewed returns, non-normality and event-induced
    variance; not to correlation. Cowan (1992, Review of Quantitative Finance and Accounting 2, 343-358).
    Variants: ``pooled`` (p the share among all residuals together), ``whole_sample`` (p from every event, also
    those without a complete window), ``estudy2``.
    """
    question = ask(
        "generalized_sign",
        f"share_{returns_of(section)}",
        section,
        alternative=alternative,
        variant=variant,
        variants=("pooled", "whole_sample", "estudy2"),
        expected="share_before",
    )
    if variant == "estudy2":
        return estudy2.generalized_sign(question, section)
    if reason := too_few(section):
        return question.refused(reason)
    source = section.whole if variant == "whole_sample" else section
    if source is None:
        return question.refused(fact("unavailable.needs_whole"))
    p = positive_share(source, pooled=variant == "pooled")
    if not 0.0 < p < 1.0:
        return question.refused(fact("unavailable.one_sign", share=p))
    positive = int((section.car > 0).sum())
    exact = section.size < SMALL_SAMPLE
    return _binomial(independent(question, section), positive, section.size, p, exact=exact)


def wilcoxon(section: Section, *, alternative: Alternative = "two-sided", variant: str | None = None) -> TestResult:
    """Signed-rank test of the CARs.

    Null: the abnormal returns (CARs) are symmetric about zero. W+ is the sum of the ranks of ``abs(CAR)`` over the
    positive CARs; zeros are dropped, ties have midranks. Exact for 25 events or fewer (given the ties), else
    normal with variance ``sum rank^2 / 4``; no continuity correction. Robust to non-normality; not to correlation
    nor to skewness. With fewer than 6 events the two-sided p cannot fall below 5 %. Wilcoxon (1945, Biometrics
    Bulletin 1, 80-83). Variants: ``normal``, ``estudy2`` (W+ times N / N_t; p of W+ itself).
    """
    question = ask(
        "wilcoxon",
        f"centre_{returns_of(section)}",
        section,
        alternative=alternative,
        variant=variant,
        variants=("normal", "estudy2"),
    )
    factor = estudy2.inflation(section) if variant == "estudy2" else 1.0
    if isinstance(factor, Fact):
        return question.refused(factor)
    values = section.car[section.car != 0]
    if reason := too_few(section):
        return question.refused(reason)
    if not values.size:
        return question.refused(fact("unavailable.zero_cars"))
    ranks = midranks(np.abs(values)[None, :])[0]
    statistic = float(ranks[values > 0].sum())
    asked = independent(question, section)
    if variant != "normal" and values.size <= EXACT_WILCOXON:
        lower, upper = signed_rank_tails(ranks, statistic)
        return asked.by_tails(statistic * factor, lower, upper, distribution="exact")
    return _normal_tails(asked, statistic, ranks, factor)


def signed_rank_tails(ranks: Floats, statistic: float) -> tuple[float, float]:
    """P(W <= w) and P(W >= w) when every rank is positive with probability one half, by convolution.

    Parameters
    ----------
    ranks : (n,) float
        Ranks or midranks: whole or half numbers.
    statistic : float
        w, the observed sum.
    """
    doubled = np.rint(2.0 * ranks).astype(np.int64)
    chance = np.ones(1)
    for step in doubled:
        wider = np.zeros(chance.size + step)
        wider[: chance.size] += 0.5 * chance
        wider[step:] += 0.5 * chance
        chance = wider
    at = round(2.0 * statistic)
    return float(chance[: at + 1].sum()), float(chance[at:].sum())


@of_history
def positive_share(source: Source, *, pooled: bool = False) -> float:
    """Share of positive residuals: the mean over events of each one's share, or over all residuals together."""
    shares, positives, days = 0.0, 0, 0
    for block in source.residuals():
        positive = (block.resid > 0).sum(axis=1)
        count = np.isfinite(block.resid).sum(axis=1)
        shares += float((positive / count).sum())
        positives, days = positives + int(positive.sum()), days + int(count.sum())
    return positives / days if pooled else shares / source.position.size


def _binomial(question: Question, positive: int, count: int, p: float, *, exact: bool) -> TestResult:
    from scipy import special

    statistic = (positive - count * p) / np.sqrt(count * p * (1.0 - p))
    share = positive / count
    if not exact:
        return question.by_normal(statistic, estimate=share)
    lower = float(special.bdtr(positive, count, p))
    upper = 1.0 if positive == 0 else float(special.bdtrc(positive - 1, count, p))
    return question.by_tails(statistic, lower, upper, distribution="binomial", estimate=share)


def _normal_tails(question: Question, statistic: float, ranks: Floats, factor: float) -> TestResult:
    from scipy import special

    z = float((statistic - ranks.sum() / 2.0) / np.sqrt((ranks**2).sum() / 4.0))
    lower, upper = float(special.ndtr(z)), float(special.ndtr(-z))
    return question.by_tails(statistic * factor, lower, upper, distribution="normal")


SIGN = Test("sign", sign, needs=frozenset({"six_events"}), assumes={"independent": "sign"}, history=False)
GENERALIZED_SIGN = Test(
    "generalized_sign", generalized_sign, needs=frozenset({"six_events", "sure_share"}), assumes={"independent": "sign"}
)
WILCOXON = Test("wilcoxon", wilcoxon, needs=frozenset({"six_events"}), assumes={"independent": "rank"}, history=False)
