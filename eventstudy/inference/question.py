"""From a statistic to a `TestResult`: what is asked, p-values from survival functions, intervals, refusals."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.errors import OptionError
from eventstudy.facts import Fact, fact
from eventstudy.inference.records import Alternative, TestResult
from eventstudy.inference.section import Section, of_history
from eventstudy.intervals import CONFIDENCE
from eventstudy.options import one_of

SMALL_SAMPLE = 15
"""Below this many events, tests that are only right for many come back unavailable or corrected."""
_NOTHING = 1e-12  # a spread below this share of the largest value is rounding, not variance


@dataclass(frozen=True, slots=True)
class Question:
    """A test before its answer: the words, the side, and the number of events."""

    blank: TestResult
    side: Alternative

    def refused(self, reason: Fact) -> TestResult:
        """The test is unavailable, and why."""
        return self.blank.refused(reason)

    def by_t(
        self, statistic: float, df: float, *, estimate: float | None = None, std_error: float | None = None
    ) -> TestResult:
        """Answer by Student's t; the estimate gets its 95 % interval."""
        from scipy import special

        upper, lower = float(special.stdtr(df, -statistic)), float(special.stdtr(df, statistic))
        interval = None
        if estimate is not None and std_error is not None:
            half = float(special.stdtrit(df, (1.0 + CONFIDENCE) / 2.0)) * std_error
            interval = (estimate - half, estimate + half)
        pvalue = self._sided(lower, upper)
        return self._answered(
            statistic, "t", pvalue, df=float(df), estimate=estimate, std_error=std_error, conf_int=interval
        )

    def by_normal(
        self, statistic: float, *, estimate: float | None = None, std_error: float | None = None
    ) -> TestResult:
        """Answer by the standard normal distribution; no interval, because it holds for many events only."""
        from scipy import special

        upper, lower = float(special.ndtr(-statistic)), float(special.ndtr(statistic))
        pvalue = self._sided(lower, upper)
        return self._answered(statistic, "normal", pvalue, estimate=estimate, std_error=std_error)

    def by_tails(
        self, statistic: float, lower: float, upper: float, *, distribution: str, estimate: float | None = None
    ) -> TestResult:
        """Answer by the probabilities of a value at most, and at least, as large as the observed one."""
        return self._answered(statistic, distribution, self._sided(lower, upper), estimate=estimate)

    def by_pvalue(
        self, statistic: float, pvalue: float, *, distribution: str, estimate: float | None = None
    ) -> TestResult:
        """Answer by a p-value of the side that was asked."""
        return self._answered(statistic, distribution, pvalue, estimate=estimate)

    def noting(self, note: Fact) -> Question:
        """The same question with a further note."""
        return Question(replace(self.blank, notes=(*self.blank.notes, note)), self.side)

    def _answered(self, statistic: float, distribution: str, pvalue: float, **found: Any) -> TestResult:
        return replace(self.blank, statistic=float(statistic), distribution=distribution, pvalue=float(pvalue), **found)

    def _sided(self, lower: float, upper: float) -> float:
        if self.side == "two-sided":
            return min(1.0, 2.0 * min(lower, upper))
        return upper if self.side == "greater" else lower


def ask(  # noqa: PLR0913 - what is asked, of whom and how, all but the first three keyword-only
    name: str,
    quantity: str,
    section: Section,
    *,
    alternative: Alternative,
    variant: str | None = None,
    variants: Collection[str] = (),
    expected: str = "zero",
    weighted: bool = False,
) -> Question:
    """Put the question of a test, or say that an option is not one of its own.

    Parameters
    ----------
    name : str
        Test id; the variant is added to it.
    quantity, expected : str
        The null hypothesis is that `quantity` is as `expected`: keys of the catalogs' phrases.
    section : Section
        The events.
    variants : collection of str
        The variants that the test has.
    weighted : bool
        Whether the test takes weights of events; where it does not and they differ, the result says so.

    Raises
    ------
    OptionError
        For an unknown alternative or variant.
    """
    check_side(alternative)
    if variant is not None and not (isinstance(variant, str) and variant in variants):
        allowed = ", ".join(variants) or "none"
        raise OptionError(f"the test {name} has no variant {variant!r}; it has: {allowed}")
    blank = TestResult(
        name=name if variant is None else f"{name} ({variant})",
        hypothesis=fact("quantity", quantity=quantity, side=alternative, expected=expected),
        statistic=None,
        distribution="",
        df=None,
        pvalue=None,
        nobs=section.size,
        notes=(fact("note.unweighted"),) if section.weighted and not weighted else (),
    )
    return Question(blank, alternative)


def check_side(alternative: str) -> None:
    """Raise `OptionError` for an alternative that there is not."""
    one_of("alternative", alternative, get_args(Alternative))


def mean_of(section: Section, standardised: bool = False) -> str:
    """What a test of a mean is about."""
    return f"mean_{'s' * standardised}{returns_of(section)}"


def returns_of(section: Section) -> str:
    """What a window gives of each event: ``ar`` over one day, else ``car``."""
    return "ar" if section.window.size == 1 else "car"


def independent(question: Question, section: Section) -> Question:
    """The question, with a note where events share dates and the test cannot know it."""
    return question.noting(fact("note.clustered")) if _share_dates(section) else question


@of_history
def _share_dates(section: Section) -> bool:
    return bool(np.unique(section.position).size < section.position.size)


def too_few(section: Section, needed: int = 1) -> Fact | None:
    """Why there are not enough events, or None."""
    if section.size >= needed:
        return None
    found = {"n": section.size, "window": section.window, "need": needed}
    if section.left_out:
        return fact("unavailable.too_few_left", left_out=section.left_out, **found)
    return fact("unavailable.too_few", **found)


def over_rejects(section: Section) -> Fact:
    """Why a test whose scale comes from the events is not run on few of them."""
    return fact("unavailable.small_sample", n=section.size, need=SMALL_SAMPLE)


def spread(values: Floats) -> float:
    """Standard deviation with N - 1; exactly 0 where the values differ by rounding only."""
    deviation = float(values.std(ddof=1))
    return 0.0 if deviation <= _NOTHING * float(np.abs(values).max()) else deviation
