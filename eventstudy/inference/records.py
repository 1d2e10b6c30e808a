"""What a significance test says, or why it cannot say it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from eventstudy.facts import Fact, fact

Alternative = Literal["two-sided", "greater", "less"]
DegreesOfFreedom = float | tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class TestResult:
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

    def refused(self, refusal: Fact) -> TestResult:
        """The same test without a result, and why."""
        return replace(self, statistic=None, pvalue=None, conf_int=None, std_error=None, refusal=refusal)


def stated(code: str, words: str | None, otherwise: str) -> Fact:
    """A hypothesis of the catalogs, or one in the caller's own words; `otherwise` is the key of its alternative."""
    return fact(code, otherwise=otherwise) if words is None else fact("stated", words=words, otherwise=otherwise)
