"""Which test to take and why: a table of tests by preference.

The first choice that applies and is not refused (`eventstudy.inference.refusals`) is recommended, the others that apply
are its alternatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eventstudy.facts import Fact, fact
from eventstudy.inference import ROWS
from eventstudy.inference.refusals import REFUSALS, together
from eventstudy.inference.section import Section
from eventstudy.inference.situation import Situation, check_situation, event_variance_ratio, situation_of
from eventstudy.inference.sizes import chance_power, chance_ratio, t_quantile
from eventstudy.options import spelled

__all__ = ["Advice", "Situation", "advise", "event_variance_ratio", "situation_of"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A test to take where `applies`, why, and where the rule is from."""

    test: str
    applies: Callable[[Situation], bool]
    reason: Callable[[Situation], Fact]
    source: str


@dataclass(frozen=True, slots=True)
class Advice:
    """A test, and what speaks for and against others.

    Attributes
    ----------
    situation : Situation
        What it is about.
    recommended : str
        A name among `eventstudy.inference.ROWS`.
    why : Fact
        Its reason with the numbers that led to it; `reason` in English.
    others : tuple of (str, Fact)
        Other tests that hold here, by preference, each with what it is for; `alternatives` in English.
    refusals : mapping of str to Fact
        Tests, variants among them, that mislead here, and why;
        `refused` in English.
    """

    situation: Situation
    recommended: str
    why: Fact
    others: tuple[tuple[str, Fact], ...]
    refusals: Mapping[str, Fact]

    @property
    def reason(self) -> str:
        return str(self.why)

    @property
    def alternatives(self) -> tuple[tuple[str, str], ...]:
        return tuple((test, str(why)) for test, why in self.others)

    @property
    def refused(self) -> Mapping[str, str]:
        return {test: str(why) for test, why in self.refusals.items()}

    def overruling(self, test: str) -> Fact | None:
        """What a report says where the user took `test` instead; None where it is the recommended one."""
        if test == self.recommended:
            return None
        if test in self.refusals:
            return fact("overruled.refused", test=test, recommended=self.recommended, why=self.refusals[test])
        return fact("overruled.taken", test=test, recommended=self.recommended)

    def overruled(self, test: str) -> str | None:
        """`overruling` in English."""
        said = self.overruling(test)
        return None if said is None else str(said)


@spelled
def advise(situation: Situation | Section) -> Advice:
    """Recommend a test, and refuse those that mislead.

    Parameters
    ----------
    situation : Situation or Section
        What is known of the events; or the events themselves (`EventStudy.section`), whose situation is then found.

    Raises
    ------
    OptionError
        For a situation that cannot be.
    """
    if isinstance(situation, Section):
        situation = situation_of(situation)
    check_situation(situation)
    refused: dict[str, Fact] = {}
    for rule in REFUSALS:
        for test in filter(rule.concerns, ROWS):
            if test.name not in refused and rule.applies(situation, test):
                refused[test.name] = rule.reason(situation, test)
    holding: dict[str, Fact] = {}
    for choice in CHOICES:
        if choice.test not in refused and choice.test not in holding and choice.applies(situation):
            holding[choice.test] = choice.reason(situation)
    (recommended, why), *others = holding.items()
    return Advice(situation, recommended, why, tuple(others), refused)


CHOICES: tuple[Choice, ...] = (
    Choice(
        "sq",
        lambda s: s.events == 1,
        lambda s: fact("because.sq", estimation=s.estimation, smallest=1.0 / (s.estimation + 1.0)),
        "Gelbach, Helland and Klick 2013",
    ),
    Choice(
        "conformal",
        lambda s: s.events == 1,
        lambda s: fact("because.conformal", window=s.window, estimation=s.estimation, days=s.estimation + s.window),
        "Chernozhukov, Wuthrich and Zhu 2021",
    ),
    Choice(
        "adjusted_bmp_t",
        lambda s: s.raised and s.dependent,
        lambda s: fact(
            "because.raised_variance",
            **together(s),
            ratio=s.variance_ratio,
            chance=chance_ratio(s.events - 1),
            df=s.events - 1,
        ),
        "docs/size.md, design D",
    ),
    Choice(
        "adjusted_bmp_t",
        lambda s: s.dates == 1 and s.blind,
        lambda s: fact("because.unseen_variance", **together(s), df=s.events - 1, power=chance_power(s.events - 1)),
        "docs/size.md, designs A to E and following the chooser",
    ),
    Choice(
        "portfolio_t",
        lambda s: s.dates == 1 and s.events > 1,
        lambda s: fact("because.one_draw", **together(s), df=s.estimation - s.parameters),
        "Schipper and Thompson 1983; docs/size.md, designs B, C, E, F",
    ),
    Choice(
        "crude_dependence",
        lambda s: s.dates == 1 and s.events > 1,
        lambda s: fact("because.common_history", **together(s), estimation=s.estimation),
        "Brown and Warner 1985; docs/size.md",
    ),
    Choice(
        "placebo_dates",
        lambda s: s.dates == 1,
        lambda s: fact("because.events_moved", n=s.events) if s.events > 1 else fact("because.event_moved"),
        "docs/methods.md",
    ),
    Choice(
        "mvrm_f",
        lambda s: s.dates == 1 and s.events > 1,
        lambda s: fact("because.any_moved", n=s.events),
        "Schipper and Thompson 1983; docs/size.md, design C",
    ),
    Choice(
        "bmp_t",
        lambda s: not s.dependent,
        lambda s: fact("because.own_dates", n=s.events, df=s.events - 1, critical=t_quantile(s.events - 1)),
        "Boehmer, Musumeci and Poulsen 1991; docs/size.md, designs A, G",
    ),
    Choice(
        "adjusted_bmp_t",
        lambda s: s.dependent,
        lambda s: fact("because.adjusted", **together(s), df=s.events - 1),
        "Kolari and Pynnonen 2010; docs/size.md, designs B to F",
    ),
    Choice(
        "grank_t",
        lambda s: s.events > 1,
        lambda s: fact("because.ranks_by_day", **together(s)),
        "Kolari and Pynnonen 2011; docs/size.md, design C of power",
    ),
    Choice(
        "wild_bootstrap",
        lambda s: s.events > 1,
        lambda s: fact("because.signs_by_date", n=s.dates),
        "Cameron, Gelbach and Miller 2008; docs/size.md, design G",
    ),
    Choice(
        "corrado_rank",
        lambda s: s.events > 1 and not s.dependent,
        lambda s: fact("because.ranks", window=s.window, n=s.events),
        "Corrado 1989; docs/size.md, design C of power",
    ),
    Choice(
        "patell_z",
        lambda s: s.events > 1 and not s.dependent,
        lambda _: fact("because.more_power"),
        "Patell 1976; docs/size.md, design A",
    ),
    Choice(
        "portfolio_t",
        lambda s: s.events == 1,
        lambda s: fact("because.own_regression", df=s.estimation - s.parameters),
        "Salinger 1992",
    ),
    Choice(
        "permutation",
        lambda s: s.dates == 1,
        lambda s: fact("because.exchangeable", estimation=s.estimation),
        "Nguyen and Wolf 2023",
    ),
    Choice(
        "crude_dependence",
        lambda _: True,
        lambda s: fact("because.own_history", **together(s), estimation=s.estimation),
        "Brown and Warner 1985",
    ),
)
"""In order of preference: the first that applies and is not refused is recommended."""
