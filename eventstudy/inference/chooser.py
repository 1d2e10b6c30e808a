"""Which test to take and why: a table of tests by preference.

The first choice that applies and is not refused (`eventstudy.inference.refusals`) is recommended, the others that apply
are its alternatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eventstudy.inference.refusals import REFUSALS, number, percent, together
from eventstudy.inference.situation import Situation, check_situation, event_variance_ratio, situation_of
from eventstudy.inference.sizes import chance_ratio, t_quantile

__all__ = ["BEYOND", "Advice", "Situation", "advise", "event_variance_ratio", "situation_of"]

BEYOND = ("placebo_dates", "sq", "conformal")
"""What can be recommended beside `eventstudy.inference.TESTS`: each has a function of its own."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A test to take where `applies`, the reason as one sentence, and where the rule is from."""

    test: str
    applies: Callable[[Situation], bool]
    reason: Callable[[Situation], str]
    source: str


@dataclass(frozen=True, slots=True)
class Advice:
    """A test, and what speaks for and against others.

    Attributes
    ----------
    situation : Situation
        What it is about.
    recommended : str
        A name of `eventstudy.inference.TESTS` or of `BEYOND`.
    reason : str
        One sentence with the numbers that led to it.
    alternatives : tuple of (str, str)
        Other tests that hold here, by preference, each with what it is for.
    refused : mapping of str to str
        Tests (names as above, and those of `NORMAL`) that mislead here, each with the reason.
    """

    situation: Situation
    recommended: str
    reason: str
    alternatives: tuple[tuple[str, str], ...]
    refused: Mapping[str, str]

    def overruled(self, test: str) -> str | None:
        """What a report says where the user took `test` instead; None where it is the recommended one."""
        if test == self.recommended:
            return None
        taken = f"{test} was taken in place of {self.recommended}"
        return f"{taken}, although it is refused here: {self.refused[test]}" if test in self.refused else taken


def advise(situation: Situation) -> Advice:
    """Recommend a test, and refuse those that mislead.

    Raises
    ------
    OptionError
        For a situation that cannot be.
    """
    check_situation(situation)
    refused: dict[str, str] = {}
    for rule in REFUSALS:
        for test in rule.tests:
            if test not in refused and rule.applies(situation, test):
                refused[test] = rule.reason(situation, test)
    holding: dict[str, str] = {}
    for choice in CHOICES:
        if choice.test not in refused and choice.test not in holding and choice.applies(situation):
            holding[choice.test] = choice.reason(situation)
    (recommended, reason), *others = holding.items()
    return Advice(situation, recommended, reason, tuple(others), refused)


CHOICES: tuple[Choice, ...] = (
    Choice(
        "sq",
        lambda s: s.events == 1,
        lambda s: (
            f"single firm, one day: its rank among {s.estimation} leave-one-out residuals assumes no distribution, and "
            f"p goes down to {percent(1.0 / (s.estimation + 1.0))}"
        ),
        "Gelbach, Helland and Klick 2013",
    ),
    Choice(
        "conformal",
        lambda s: s.events == 1,
        lambda s: (
            f"single firm, {number(s.window, 'day')}: the model fitted to all "
            f"{s.estimation + s.window} days under the null is exact for exchangeable days and gives an interval"
        ),
        "Chernozhukov, Wuthrich and Zhu 2021",
    ),
    Choice(
        "adjusted_bmp_t",
        lambda s: s.raised and s.dependent,
        lambda s: (
            f"{together(s)}, and the event-day variance is {s.variance_ratio or 0.0:.2f} times its expectation (chance "
            f"passes {chance_ratio(s.events - 1):.2f} in 5 %): the adjusted BMP test with t({s.events - 1}) allows for "
            "both"
        ),
        "docs/size.md, design D",
    ),
    Choice(
        "portfolio_t",
        lambda s: s.dates == 1 and s.events > 1,
        lambda s: (
            f"{together(s)}: they are one draw of calendar time, and the portfolio's own regression with "
            f"t({s.estimation - s.parameters}) contains their correlation"
        ),
        "Schipper and Thompson 1983; docs/size.md, designs B, C, E, F",
    ),
    Choice(
        "crude_dependence",
        lambda s: s.dates == 1 and s.events > 1,
        lambda s: (
            f"{together(s)}: the history of their mean over {s.estimation} days contains the correlation, also where "
            "days are missing"
        ),
        "Brown and Warner 1985; docs/size.md",
    ),
    Choice(
        "placebo_dates",
        lambda s: s.dates == 1,
        lambda s: (
            f"beside a formula: all {s.events} events moved together to earlier dates, without a distribution"
            if s.events > 1
            else "beside a formula: the event moved to earlier dates, without a distribution"
        ),
        "docs/methods.md",
    ),
    Choice(
        "mvrm_f",
        lambda s: s.dates == 1 and s.events > 1,
        lambda s: (
            f"whether any of the {s.events} moved, also in opposite directions; with its vector bootstrap for fat tails"
        ),
        "Schipper and Thompson 1983; docs/size.md, design C",
    ),
    Choice(
        "bmp_t",
        lambda s: not s.dependent,
        lambda s: (
            f"{s.events} events on dates of their own: t({s.events - 1}), critical value "
            f"{t_quantile(s.events - 1):.2f}, allows for variance that the event adds"
        ),
        "Boehmer, Musumeci and Poulsen 1991; docs/size.md, designs A, G",
    ),
    Choice(
        "adjusted_bmp_t",
        lambda s: s.dependent,
        lambda s: (
            f"{together(s)}: t({s.events - 1}) adjusted for the correlation allows for variance that the event adds"
        ),
        "Kolari and Pynnonen 2010; docs/size.md, designs B to F",
    ),
    Choice(
        "grank_t",
        lambda s: s.events > 1,
        lambda s: f"{together(s)}: ranks against each day's mean rank, with more power where returns have fat tails",
        "Kolari and Pynnonen 2011; docs/size.md, design C of power",
    ),
    Choice(
        "wild_bootstrap",
        lambda s: s.events > 1,
        lambda s: f"{s.dates} dates: signs drawn by date keep correlation and variance without a distribution",
        "Cameron, Gelbach and Miller 2008; docs/size.md, design G",
    ),
    Choice(
        "corrado_rank",
        lambda s: s.events > 1 and not s.dependent,
        lambda s: (
            f"{number(s.window, 'tested day')} of {s.events} events: ranks have more power where returns have fat tails"
        ),
        "Corrado 1989; docs/size.md, design C of power",
    ),
    Choice(
        "patell_z",
        lambda s: s.events > 1 and not s.dependent,
        lambda _: "more power than BMP with few events, if the event adds no variance",
        "Patell 1976; docs/size.md, design A",
    ),
    Choice(
        "portfolio_t",
        lambda s: s.events == 1,
        lambda s: f"single firm: the t({s.estimation - s.parameters}) of its own regression, exact for normal errors",
        "Salinger 1992",
    ),
    Choice(
        "permutation",
        lambda s: s.dates == 1,
        lambda s: f"exchangeable days, {s.estimation} before",
        "Nguyen and Wolf 2023",
    ),
    Choice(
        "crude_dependence",
        lambda _: True,
        lambda s: f"{together(s)}: the history of the mean over {s.estimation} days needs nothing else",
        "Brown and Warner 1985",
    ),
)
"""In order of preference: the first that applies and is not refused is recommended."""
