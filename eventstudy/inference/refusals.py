"""Which tests mislead in a situation: a table of rules, read from top to bottom.

Sizes in the reasons are for tests at 5 %: by formula for normal errors (`eventstudy.inference.sizes`) where there is
one, else those of docs/size.md and docs/tests.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb, floor

from eventstudy.inference.correlation import COMMON_DAYS
from eventstudy.inference.question import SMALL_SAMPLE
from eventstudy.inference.resampling import SKEWNESS_EVENTS
from eventstudy.inference.situation import MISLEADS, Situation
from eventstudy.inference.sizes import (
    LEVEL,
    bounded_power,
    f_size,
    normal_size,
    rank_correlation,
    sign_correlation,
    size_of_normal_quantile,
    t_size,
)

NORMAL = ("bmp_t (normal)", "adjusted_bmp_t (normal)")
"""Variants that are refused apart from their tests."""
SIX = 6
"""Events, or dates, below which sign patterns cannot reach 5 % two-sided."""
_CRITICAL = 1.959964  # standard normal, 5 % two-sided
_POWER = 0.8
_ROUNDING = 1e-9

ONE_DATE = ("portfolio_t", "lamb", "mvrm_f")
ONE_EVENT = ("sq", "conformal")
SIGNS = ("sign", "generalized_sign", "wilcoxon")
BY_DAY = ("corrado_rank", "corrado_zivney_rank", "corrado_zivney_sign", "grank_t")
CROSS_SECTION = (
    *("cross_sectional_t", "skewness_adjusted_t", "bmp_t", *NORMAL, "adjusted_bmp_t", "adjusted_patell_z"),
    *("corrado_rank", "corrado_zivney_rank", "corrado_zivney_sign", "grank_t", "grank_z", "wild_bootstrap"),
)
INDEPENDENT = (
    *("brown_warner_1980", "cross_sectional_t", "skewness_adjusted_t", "patell_z", "bmp_t", "bmp_t (normal)"),
    *("sign", "generalized_sign", "wilcoxon", "grank_z"),
)
ADJUSTED = ("adjusted_patell_z", "adjusted_bmp_t", "adjusted_bmp_t (normal)")
OLD_VARIANCE = (
    *("brown_warner_1980", "crude_dependence", "lamb", "patell_z", "adjusted_patell_z", "corrado_rank"),
    *("portfolio_t", "mvrm_f", "permutation", "placebo_dates"),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Tests that mislead where `applies`, the reason as one sentence, and where the rule is from."""

    tests: tuple[str, ...]
    applies: Callable[[Situation, str], bool]
    reason: Callable[[Situation, str], str]
    source: str


def percent(share: float) -> str:
    """A share in words."""
    return f"{100.0 * share:.1f} %"


def number(count: int, what: str) -> str:
    """A number of things in words."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def together(s: Situation) -> str:
    """Events, dates and correlation in words."""
    if s.events == 1:
        return "single firm"
    rho = "unknown correlation" if s.correlation is None else f"mean correlation {s.correlation:.2f}"
    return f"{s.events} events on {number(s.dates, 'date')}, {rho}"


def _dependence_size(s: Situation, test: str) -> float:
    """Size of a test that takes the events for independent; 1 where their correlation is not known."""
    if s.correlation is None:
        return 1.0
    rho, pairs = max(s.correlation, 0.0), s.events - 1
    by_sign, by_rank = 1.0 + pairs * sign_correlation(rho), 1.0 + pairs * rank_correlation(rho)
    exact = {"patell_z": 1.0 + pairs * rho, "brown_warner_1980": 1.0 + pairs * rho}
    bounded = {"sign": by_sign, "generalized_sign": by_sign, "wilcoxon": by_rank, "grank_z": by_rank}
    if (inflation := (exact | bounded).get(test)) is not None:
        return normal_size(inflation)
    if rho == 1.0:
        return 1.0
    inflation = (1.0 + pairs * rho) / (1.0 - rho)
    return normal_size(inflation) if test in NORMAL else t_size(pairs, inflation)


def _says_dependence(s: Situation, test: str) -> str:
    ignored = f"{together(s)}, but the test takes them as independent"
    if s.correlation is None:
        return ignored
    about = "about " if test in (*SIGNS, "grank_z", "skewness_adjusted_t") else ""
    return f"{ignored}: it rejects {about}{percent(_dependence_size(s, test))} of true nulls at 5 %"


def _variance_size(s: Situation, test: str) -> float:
    """Size where the whole error of the window has the event's variance and the test the estimation window's."""
    ratio, df = s.variance_ratio or 1.0, s.estimation - s.parameters
    if test == "mvrm_f":
        return f_size(s.events, df - s.events + 1, ratio)
    return t_size(df, ratio) if test in ("portfolio_t", "lamb") else normal_size(ratio)


def _says_variance(s: Situation, test: str) -> str:
    grown = (
        f"the event-day variance is {s.variance_ratio or 1.0:.2f} times its expectation, which the test does not see"
    )
    if test == "corrado_rank":
        return f"{grown}: with a ratio of 2 it rejects 8.7 % of true nulls at 5 %"
    return f"{grown}: where all errors grow like that it rejects about {percent(_variance_size(s, test))} of true nulls"


def _ceiling(s: Situation, test: str) -> float:
    """What the statistic of a bounded score reaches with 80 % probability when one day's effect has no limit."""
    signs = test == "corrado_zivney_sign"
    rho = max(s.correlation or 0.0, 0.0)
    own = sign_correlation(rho) if signs else rank_correlation(rho)
    window = 1 if test == "grank_t" else s.window
    inflation = 1.0 + (s.events - 1) * own
    return bounded_power((1.0 if signs else 3.0) * s.events, inflation, estimation=s.estimation, window=window)


def _says_ceiling(s: Situation, test: str) -> str:
    bounded = "a sign" if test == "corrado_zivney_sign" else "a rank"
    return (
        f"{bounded} is bounded: with {s.events} events and {number(s.window, 'tested day')} the statistic of the "
        f"largest effect on one day reaches {_ceiling(s, test):.2f} with 80 % probability, and 5 % needs 1.96"
    )


def _most_power(s: Situation) -> float:
    """Largest power of a test that ranks the window among others when the effect is on one day.

    L of the T + L shifts of the window (and that share of all choices of L days) hold the day too; however large its
    effect, the window's own place among them is random, and a test at 5 % rejects in the first ``0.05 (T + L)``.
    """
    return min(1.0, floor(LEVEL * (s.estimation + s.window) + _ROUNDING) / s.window)


def _says_small(s: Situation, test: str) -> str:
    told = "12 to 15 % at 4 events" if s.events < 8 else "10 % at 8 events, 7 to 8 % at 15"
    return f"{s.events} events: below {SMALL_SAMPLE} the test rejects too many true nulls at 5 % ({told})"


def _attainable(events: int) -> float:
    """Largest size of a two-sided binomial test at 5 % with signs of probability one half."""
    size = tail = 0.0
    for count in range(events // 2 + 1):
        tail += comb(events, count) / 2.0**events
        if 2.0 * tail <= LEVEL:
            size = 2.0 * tail
    return size


def _floor(count: int) -> str:
    return f"two-sided p cannot fall below {percent(2.0 ** (1 - count))}, so it never rejects at 5 %"


REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        CROSS_SECTION,
        lambda s, _: s.events < 2,
        lambda _s, _: "one event has no cross-section to compare it with",
        "definition",
    ),
    Refusal(
        ONE_EVENT,
        lambda s, _: s.events > 1,
        lambda s, _: (
            f"it tests one event, and there are {s.events}; run it for each and adjust for looking {s.events} times"
        ),
        "definition",
    ),
    Refusal(
        ("sq",), lambda s, _: s.window > 1, lambda s, _: f"it tests one day, the window has {s.window}", "definition"
    ),
    Refusal(
        ONE_DATE,
        lambda s, _: s.dates > 1,
        lambda s, _: f"it is one regression of one date, and the events have {s.dates}",
        "definition",
    ),
    Refusal(
        ("portfolio_t", "mvrm_f"),
        lambda s, _: not s.one_regression,
        lambda s, _: f"the events differ in estimation days or regressors ({percent(s.missing)} of days missing)",
        "definition",
    ),
    Refusal(
        ("mvrm_f",),
        lambda s, _: s.estimation - s.parameters < s.events,
        lambda s, _: f"{s.events} events need more than {s.estimation - s.parameters} residual degrees of freedom",
        "definition",
    ),
    Refusal(
        ("patell_z", "adjusted_patell_z"),
        lambda s, _: s.estimation - s.parameters <= 2,
        lambda s, _: f"{s.estimation - s.parameters} residual degrees of freedom give its statistic no variance",
        "Patell 1976",
    ),
    Refusal(
        SIGNS,
        lambda s, _: s.events < SIX,
        lambda s, _: f"with {number(s.events, 'event')} the {_floor(s.events)}",
        "binomial; docs/tests.md",
    ),
    Refusal(
        ("wild_bootstrap",),
        lambda s, _: s.dates < SIX,
        lambda s, _: f"with {number(s.dates, 'date')} the {_floor(s.dates)}",
        "docs/tests.md",
    ),
    Refusal(
        ("skewness_adjusted_t",),
        lambda s, _: s.events < SKEWNESS_EVENTS,
        lambda s, _: f"its bootstrap draws a quarter of the events and needs {SKEWNESS_EVENTS}, there are {s.events}",
        "docs/tests.md",
    ),
    Refusal(
        ("grank_t", "grank_z", "corrado_zivney_rank"),
        lambda s, _: s.events < SMALL_SAMPLE,
        _says_small,
        "docs/tests.md",
    ),
    Refusal(
        ("generalized_sign",),
        lambda s, _: s.events < SMALL_SAMPLE,
        lambda s, _: (
            f"{s.events} events: below {SMALL_SAMPLE} its normal p is wrong, and the binomial one rejects "
            f"{percent(_attainable(s.events))} of true nulls at 5 % where half of all days are positive"
        ),
        "docs/tests.md; binomial",
    ),
    Refusal(
        NORMAL,
        lambda s, _: s.events < SMALL_SAMPLE,
        lambda s, _: (
            f"{s.events} events: with normal critical values it rejects "
            f"{percent(size_of_normal_quantile(s.events - 1))} of true nulls at 5 %, t({s.events - 1}) is right"
        ),
        "Student's t; docs/tests.md",
    ),
    Refusal(
        INDEPENDENT,
        lambda s, test: s.dependent and _dependence_size(s, test) > MISLEADS,
        _says_dependence,
        "Kolari and Pynnonen 2010; docs/size.md",
    ),
    Refusal(
        ADJUSTED,
        lambda s, _: not s.adjustable,
        lambda s, _: f"{together(s)}, {s.estimation} estimation days: no correlation that it could be adjusted by",
        f"Kolari and Pynnonen 2010; {COMMON_DAYS} common days",
    ),
    Refusal(OLD_VARIANCE, lambda s, _: s.raised, _says_variance, "docs/size.md, design D"),
    Refusal(
        BY_DAY,
        lambda s, test: _ceiling(s, test) < _CRITICAL,
        _says_ceiling,
        "eventstudy.inference.sizes.bounded_power",
    ),
    Refusal(
        ("permutation", "conformal"),
        lambda s, _: _most_power(s) < _POWER,
        lambda s, _: (
            f"{s.window} of {s.estimation + s.window} windows hold a given day, so its power at 5 % against an effect "
            f"on one day cannot pass about {percent(_most_power(s))}"
        ),
        "counting",
    ),
    Refusal(
        ("sq",),
        lambda s, _: 1.0 / (s.estimation + 1.0) > LEVEL,
        lambda s, _: f"with {s.estimation} estimation days p cannot fall below {percent(1.0 / (s.estimation + 1.0))}",
        "counting",
    ),
)
"""Read in order: the first rule that applies to a test gives the reason."""
