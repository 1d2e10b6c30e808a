"""Which tests mislead in a situation: a table of rules, read from top to bottom.

A rule concerns every test whose row has its trait (`eventstudy.inference.records`). Sizes in the reasons are for tests
at 5 %: by formula for normal errors (`eventstudy.inference.sizes`) where there is one, else those of docs/size.md and
docs/tests.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb, floor
from typing import Literal

from eventstudy.facts import Fact, fact
from eventstudy.inference.correlation import COMMON_DAYS
from eventstudy.inference.question import SMALL_SAMPLE
from eventstudy.inference.records import Assumption, Need, Test
from eventstudy.inference.resampling import SKEWNESS_EVENTS
from eventstudy.inference.situation import MISLEADS, Situation
from eventstudy.inference.sizes import (
    LEVEL,
    bounded_power,
    dependent_size,
    raised_size,
    rank_correlation,
    sign_correlation,
    size_of_normal_quantile,
)

SIX = 6
"""Events, or dates, below which sign patterns cannot reach 5 % two-sided."""
_CRITICAL = 1.959964  # standard normal, 5 % two-sided
_POWER = 0.8
_ROUNDING = 1e-9
_ABOUT = ("sign", "rank", "skewed_t")  # forms whose size is an approximation


@dataclass(frozen=True, slots=True)
class Refusal:
    """Tests of a trait mislead where `applies`; why, and where the rule is from."""

    trait: Need | Assumption | Literal["scores"]
    applies: Callable[[Situation, Test], bool]
    reason: Callable[[Situation, Test], Fact]
    source: str

    def concerns(self, test: Test) -> bool:
        """Whether the test has the trait."""
        if self.trait == "scores":
            return test.scores is not None
        return self.trait in test.needs or self.trait in test.assumes


def together(s: Situation) -> dict[str, object]:
    """Events, dates and correlation, and the key of the phrase that tells them."""
    if s.events == 1:
        return {"design": "single"}
    found: dict[str, object] = {"design": "unknown", "events": s.events, "dates": s.dates}
    return found if s.correlation is None else found | {"design": "known", "correlation": s.correlation}


def _dependence_size(s: Situation, test: Test) -> float:
    """Size of a test that takes the events for independent; 1 where their correlation is not known."""
    return 1.0 if s.correlation is None else dependent_size(test.assumes["independent"], s.correlation, s.events)


def _dependent(s: Situation, test: Test) -> Fact:
    if s.correlation is None:
        return fact("refused.independent_unknown", events=s.events, dates=s.dates)
    precision = "about" if test.assumes["independent"] in _ABOUT else "exact"
    share = _dependence_size(s, test)
    given = {"events": s.events, "dates": s.dates, "correlation": s.correlation}
    return fact("refused.independent", **given, precision=precision, share=share)


def _raised(s: Situation, test: Test) -> Fact:
    form, ratio = test.assumes["old_variance"], s.variance_ratio or 1.0
    share = raised_size(form, ratio, events=s.events, df=s.estimation - s.parameters)
    return fact("refused.variance", ratio=ratio, share=share, size_by="simulation" if form == "rank" else "formula")


def _ceiling(s: Situation, test: Test) -> float:
    """What the statistic of a bounded score reaches with 80 % probability when one day's effect has no limit."""
    signs = test.scores == "day_sign"
    rho = max(s.correlation or 0.0, 0.0)
    own = sign_correlation(rho) if signs else rank_correlation(rho)
    window = 1 if test.scores == "window_rank" else s.window
    inflation = 1.0 + (s.events - 1) * own
    return bounded_power((1.0 if signs else 3.0) * s.events, inflation, estimation=s.estimation, window=window)


def _bounded(s: Situation, test: Test) -> Fact:
    score = "sign" if test.scores == "day_sign" else "rank"
    most = _ceiling(s, test)
    return fact("refused.bounded", score=score, n=s.events, window=s.window, most=most, need=_CRITICAL)


def _most_power(s: Situation) -> float:
    """Largest power of a test that ranks the window among others when the effect is on one day.

    L of the T + L shifts of the window (and that share of all choices of L days) hold the day too; however large its
    effect, the window's own place among them is random, and a test at 5 % rejects in the first ``0.05 (T + L)``.
    """
    return min(1.0, floor(LEVEL * (s.estimation + s.window) + _ROUNDING) / s.window)


def _attainable(events: int) -> float:
    """Largest size of a two-sided binomial test at 5 % with signs of probability one half."""
    size = tail = 0.0
    for count in range(events // 2 + 1):
        tail += comb(events, count) / 2.0**events
        if 2.0 * tail <= LEVEL:
            size = 2.0 * tail
    return size


REFUSALS: tuple[Refusal, ...] = (
    Refusal("cross_section", lambda s, _: s.events < 2, lambda _s, _: fact("refused.cross_section"), "definition"),
    Refusal("one_event", lambda s, _: s.events > 1, lambda s, _: fact("refused.one_event", n=s.events), "definition"),
    Refusal("one_day", lambda s, _: s.window > 1, lambda s, _: fact("refused.one_day", n=s.window), "definition"),
    Refusal("one_date", lambda s, _: s.dates > 1, lambda s, _: fact("refused.one_date", n=s.dates), "definition"),
    Refusal(
        "one_regression",
        lambda s, _: not s.one_regression,
        lambda s, _: fact("refused.one_regression", share=s.missing),
        "definition",
    ),
    Refusal(
        "full_scatter",
        lambda s, _: s.estimation - s.parameters < s.events,
        lambda s, _: fact("refused.too_many", n=s.events, df=s.estimation - s.parameters),
        "definition",
    ),
    Refusal(
        "t_variance",
        lambda s, _: s.estimation - s.parameters <= 2,
        lambda s, _: fact("refused.no_variance", df=s.estimation - s.parameters),
        "Patell 1976",
    ),
    Refusal(
        "six_events",
        lambda s, _: s.events < SIX,
        lambda s, _: fact("refused.few_events", n=s.events, share=2.0 ** (1 - s.events)),
        "binomial; docs/tests.md",
    ),
    Refusal(
        "six_dates",
        lambda s, _: s.dates < SIX,
        lambda s, _: fact("refused.few_dates", n=s.dates, share=2.0 ** (1 - s.dates)),
        "docs/tests.md",
    ),
    Refusal(
        "quarter_samples",
        lambda s, _: s.events < SKEWNESS_EVENTS,
        lambda s, _: fact("refused.bootstrap", need=SKEWNESS_EVENTS, n=s.events),
        "docs/tests.md",
    ),
    Refusal(
        "sure_scale",
        lambda s, _: s.events < SMALL_SAMPLE,
        lambda s, _: fact("refused.too_often", n=s.events, need=SMALL_SAMPLE, sizes="of_4" if s.events < 8 else "of_8"),
        "docs/tests.md",
    ),
    Refusal(
        "sure_share",
        lambda s, _: s.events < SMALL_SAMPLE,
        lambda s, _: fact("refused.binomial", n=s.events, need=SMALL_SAMPLE, share=_attainable(s.events)),
        "docs/tests.md; binomial",
    ),
    Refusal(
        "normal_quantile",
        lambda s, _: s.events < SMALL_SAMPLE,
        lambda s, _: fact("refused.normal", n=s.events, df=s.events - 1, share=size_of_normal_quantile(s.events - 1)),
        "Student's t; docs/tests.md",
    ),
    Refusal(
        "independent",
        lambda s, test: s.dependent and _dependence_size(s, test) > MISLEADS,
        _dependent,
        "Kolari and Pynnonen 2010; docs/size.md",
    ),
    Refusal(
        "correlation",
        lambda s, _: not s.adjustable,
        lambda s, _: fact("refused.no_correlation", **together(s), estimation=s.estimation),
        f"Kolari and Pynnonen 2010; {COMMON_DAYS} common days",
    ),
    Refusal(
        "common_scale",
        lambda s, _: s.dates == 1 and s.events >= SMALL_SAMPLE,
        lambda s, _: fact("refused.common_scale", n=s.events),
        "docs/size.md, design H",
    ),
    Refusal("old_variance", lambda s, _: s.raised, _raised, "docs/size.md, design D"),
    Refusal(
        "scores",
        lambda s, test: _ceiling(s, test) < _CRITICAL,
        _bounded,
        "eventstudy.inference.sizes.bounded_power",
    ),
    Refusal(
        "many_windows",
        lambda s, _: _most_power(s) < _POWER,
        lambda s, _: fact("refused.days", n=s.window, all=s.estimation + s.window, share=_most_power(s)),
        "counting",
    ),
    Refusal(
        "many_days",
        lambda s, _: 1.0 / (s.estimation + 1.0) > LEVEL,
        lambda s, _: fact("refused.few_days", n=s.estimation, share=1.0 / (s.estimation + 1.0)),
        "counting",
    ),
)
"""Read in order: the first rule that applies to a test gives the reason."""
