"""What a significance test says, or why it cannot; and what it needs and takes for granted, a row each.

The chooser and its refusals read nothing of a test but its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from eventstudy.display import Shown
from eventstudy.errors import OptionError
from eventstudy.facts import Fact, fact
from eventstudy.inference.section import Section
from eventstudy.options import keyword_names, keywords

Alternative = Literal["two-sided", "greater", "less"]
DegreesOfFreedom = float | tuple[float, float] | None


@dataclass(frozen=True, slots=True, repr=False)
class TestResult(Shown):
    """A significance test that states its case.

    Attributes
    ----------
    name : str
        Test id, e.g. ``bmp_t``; with the variant where one was asked for.
    hypothesis : Fact
        What is tested: the catalogs have its sentences under ``null.<code>`` and ``alternative.<code>``. `null` and
        `alternative` are these in English.
    estimate : float or None
        The tested quantity where it is a single number, e.g. the mean CAR (decimal return).
    statistic, pvalue : float or None
        None where the test is unavailable.
    distribution : str
        Reference distribution: ``t``, ``normal``, ``F``, ``chi2``, ``binomial``, ``exact``, ``bootstrap``,
        ``permutation``.
    df : float, pair of float, or None
        Its degrees of freedom.
    nobs : int
        Events (or securities) that entered.
    conf_int : pair of float or None
        95 % interval of the estimate, where the test has one.
    std_error : float or None
        Of the estimate, where the test has one.
    bootstrap_pvalue : float or None
        p from resampling beside the analytic one, where computed.
    refusal : Fact or None
        Why the test could not be run, in English `unavailable`; then statistic and p-value are None.
    notes : tuple of Fact
        What a reader must know of this result, in English `note`: an assumption that the data do not meet, or an
        estimator.
    """

    __test__ = False

    name: str
    hypothesis: Fact
    statistic: float | None
    distribution: str
    df: DegreesOfFreedom
    pvalue: float | None
    nobs: int
    estimate: float | None = None
    std_error: float | None = None
    conf_int: tuple[float, float] | None = None
    bootstrap_pvalue: float | None = None
    refusal: Fact | None = None
    notes: tuple[Fact, ...] = ()

    @property
    def null(self) -> str:
        return self.hypothesis.sentence("null")

    @property
    def alternative(self) -> str:
        return self.hypothesis.sentence("alternative")

    @property
    def unavailable(self) -> str | None:
        return None if self.refusal is None else str(self.refusal)

    @property
    def note(self) -> str | None:
        return "; ".join(map(str, self.notes)) or None

    @property
    def degrees(self) -> tuple[float, ...]:
        """Degrees of freedom as a tuple: none, one or two."""
        return () if self.df is None else self.df if isinstance(self.df, tuple) else (self.df,)

    def about(self) -> str:
        if self.refusal is not None:
            return f"{self.name}: not available: {self.refusal}"
        shown = ", ".join(f"{one:g}" for one in self.degrees)
        distribution = f"{self.distribution}({shown})" if shown else self.distribution
        numbers = [("estimate", self.estimate), ("std. error", self.std_error), ("statistic", self.statistic)]
        parts = [f"{name} {value:.4g}" for name, value in numbers if value is not None]
        parts += [distribution] + ([] if self.pvalue is None else [f"p = {self.pvalue:.4g}"]) + [f"n = {self.nobs}"]
        lines = [f"{self.name}: {', '.join(parts)}", f"  null: {self.null}; alternative: {self.alternative}"]
        return "\n".join(lines + ([f"  note: {self.note}"] if self.note else []))

    def refused(self, refusal: Fact) -> TestResult:
        """The same test without a result, and why."""
        return replace(self, statistic=None, pvalue=None, conf_int=None, std_error=None, refusal=refusal)


def stated(code: str, words: str | None, otherwise: str) -> Fact:
    """A hypothesis of the catalogs, or one in the caller's own words; `otherwise` is the key of its alternative."""
    return fact(code, otherwise=otherwise) if words is None else fact("stated", words=words, otherwise=otherwise)


Need = Literal[
    "cross_section",  # several events to compare with one another
    "one_event",  # a single event
    "one_day",  # a window of one day
    "one_date",  # all events on one date: they are one regression
    "one_regression",  # the same estimation days and regressors for all events
    "full_scatter",  # as many residual degrees of freedom as events
    "t_variance",  # more than two residual degrees of freedom, without which a t has no variance
    "six_events",  # p counts signs of events
    "six_dates",  # p counts signs of dates
    "quarter_samples",  # its bootstrap draws a quarter of the events
    "sure_scale",  # a spread across events that is well estimated
    "common_scale",  # no scale that all events of a day share
    "sure_share",  # a share of positive days that is more than one half of a few
    "normal_quantile",  # enough events for normal critical values
    "correlation",  # a known correlation to be adjusted by
    "many_windows",  # few windows beside the event's own hold its days
    "many_days",  # p is a rank among the estimation days
]
Assumption = Literal["independent", "old_variance"]
Form = Literal["z", "t", "t_by_z", "skewed_t", "F", "sign", "rank"]
Scores = Literal["day_rank", "day_sign", "window_rank"]


@dataclass(frozen=True, eq=False)
class Test:
    """A significance test and what it rests on.

    Attributes
    ----------
    name : str
        Test id, e.g. ``bmp_t``; with the variant where the row is that of a variant.
    run : callable or None
        ``run(section, *, alternative="two-sided", variant=None, ...) -> TestResult``; None for a variant, and for
        what is not run on a `Section` but has a function of its own.
    needs : frozenset of str
        What it cannot do without: `Need`.
    assumes : mapping of str to str
        What it takes for granted, and the form of its statistic, which tells its true size where that does not hold:
        ``independent`` (events), ``old_variance`` (the event adds no variance to that of the estimation window);
        ``z`` and ``t`` by whether the variance comes from the estimation window or from the events themselves (or,
        for ``old_variance``, by the reference distribution), ``t_by_z`` a t held against the normal, ``skewed_t``
        one adjusted for skewness, ``F``, and counts of ``sign`` and ``rank``.
    scores : str or None
        Bounded scores that it sums: of each tested day its rank or sign, or the rank of the window as a whole.
    history : bool
        Whether it draws on the estimation window, so that events without one cannot enter.
    draws : bool
        Whether it draws samples of its own and takes `draws` and `seed`.
    variant : bool
        Whether the row is that of a variant of another test, refused apart from it.
    title, title_zh : str or None
        What readers call a test that is not of this package; one that is has ``test.<name>`` in the catalogs.
    """

    __test__ = False

    name: str
    run: Callable[..., TestResult] | None = None
    needs: frozenset[Need] = frozenset()
    assumes: Mapping[Assumption, Form] = field(default_factory=dict)
    scores: Scores | None = None
    history: bool = True
    draws: bool = False
    variant: bool = False
    title: str | None = None
    title_zh: str | None = None

    def __post_init__(self) -> None:
        if self.run is not None:
            object.__setattr__(self, "__doc__", self.run.__doc__)  # so that help() tells of the test

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options that it takes."""
        return () if self.run is None else keyword_names(self.run)

    def __call__(self, section: Section, /, **options: Any) -> TestResult:
        """Run the test.

        Raises
        ------
        OptionError
            For an option that it has not got, and for a row that is not run on a section.
        """
        if self.run is None:
            raise OptionError(f"{self.name} is not run on a cross-section; docs/tests.md says how it is run")
        keywords(f"the test {self.name}", options, self.options)
        return self.run(section, **options)
