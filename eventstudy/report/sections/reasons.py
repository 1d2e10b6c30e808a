"""Why a test is refused or could not be run: the package's sentences in the words of a language, with their numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from eventstudy.texts import Texts

_N = r"(?P<n>\d+)"
_SHARE = r"(?P<share>[\d.]+) %"
_TOGETHER = r"(?:\d+ events on \d+ dates?|single firm)"

REFUSED: Mapping[str, str] = {
    "cross_section": r"one event has no cross-section to compare it with",
    "one_event": rf"it tests one event, and there are {_N}; .*",
    "one_day": rf"it tests one day, the window has {_N}",
    "one_date": rf"it is one regression of one date, and the events have {_N}",
    "one_regression": rf"the events differ in estimation days or regressors \({_SHARE} of days missing\)",
    "too_many": rf"{_N} events need more than (?P<df>-?\d+) residual degrees of freedom",
    "no_variance": r"(?P<df>-?\d+) residual degrees of freedom give its statistic no variance",
    "few_events": rf"with {_N} events? the two-sided p cannot fall below {_SHARE}, so it never rejects at 5 %",
    "few_dates": rf"with {_N} dates? the two-sided p cannot fall below {_SHARE}, so it never rejects at 5 %",
    "bootstrap": rf"its bootstrap draws a quarter of the events and needs (?P<need>\d+), there are {_N}",
    "too_often": rf"{_N} events: below (?P<need>\d+) the test rejects too many true nulls at 5 % .*",
    "binomial": (
        rf"{_N} events: below (?P<need>\d+) its normal p is wrong, and the binomial one rejects {_SHARE} of true "
        r"nulls at 5 % where half of all days are positive"
    ),
    "normal": (
        rf"{_N} events: with normal critical values it rejects {_SHARE} of true nulls at 5 %, t\((?P<df>\d+)\) is right"
    ),
    "independent": (
        rf"{_TOGETHER}, mean correlation (?P<rho>-?[\d.]+), but the test takes them as independent: it rejects "
        rf"(?:about )?{_SHARE} of true nulls at 5 %"
    ),
    "independent_unknown": rf"{_TOGETHER}, unknown correlation, but the test takes them as independent",
    "no_correlation": rf"{_TOGETHER}, .*: no correlation that it could be adjusted by",
    "variance": (
        r"the event-day variance is (?P<ratio>[\d.]+) times its expectation, which the test does not see: .* rejects "
        rf"(?:about )?{_SHARE} of true nulls.*"
    ),
    "bounded": (
        rf"a (?:rank|sign) is bounded: with {_N} events? and .* reaches (?P<most>-?[\d.]+) with 80 % probability, and "
        r"5 % needs (?P<need>[\d.]+)"
    ),
    "days": (
        rf"{_N} of (?P<all>\d+) windows hold a given day, so its power at 5 % against an effect on one day cannot pass "
        rf"about {_SHARE}"
    ),
    "few_days": rf"with {_N} estimation days p cannot fall below {_SHARE}",
}
"""Key of the catalog (``chance.refused.<key>``) to the sentences of `eventstudy.inference.refusals`."""

UNAVAILABLE: Mapping[str, str] = {
    "too_few": rf"{_N} events? (?:has|have) every day of the window .*; the test needs (?P<need>\d+)",
    "small_sample": rf"{_N} events?: below (?P<need>\d+) the test rejects a true null .*",
    "one_draw": r"all events share one date and so are one draw; .*",
}
"""Key of the catalog (``chance.unavailable.<key>``) to the sentences of tests that could not be run."""


def refusal(texts: Texts, reason: str) -> str:
    """Why a test misleads, in words; where the sentence is of a new kind, where to read it."""
    return _told(texts, reason, REFUSED, "chance.refused")


def unavailability(texts: Texts, reason: str) -> str:
    """Why a test could not be simulated, in words; where the sentence is of a new kind, where to read it."""
    return _told(texts, reason, UNAVAILABLE, "chance.unavailable")


def _told(texts: Texts, reason: str, patterns: Mapping[str, str], family: str) -> str:
    for key, pattern in patterns.items():
        if found := re.fullmatch(pattern, reason):
            return texts(f"{family}.{key}", **found.groupdict())
    return texts(f"{family}.other")
