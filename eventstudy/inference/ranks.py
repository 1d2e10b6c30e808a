"""Rank of one value among comparable ones: listings of the same age, unaffected securities, placebo dates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.facts import fact
from eventstudy.inference.question import check_side
from eventstudy.inference.records import Alternative, Test, TestResult, stated

_ROUNDING = 1e-9  # relative difference by which equal values may differ after different sums


def rank_test(
    value: float, others: Floats, *, name: str, null: str | None = None, alternative: Alternative = "two-sided"
) -> TestResult:
    """Rank of a value among J comparators, and the exact p-value of that rank.

    Null: the value and its comparators are exchangeable. ``p = (1 + #{|other| >= |value|}) / (J + 1)``, one-sided
    without the absolute values (``<=`` for "less"); it lies on the grid ``j / (J + 1)`` and is valid for any
    distribution and any J (Phipson and Smyth 2010, Statistical Applications in Genetics and Molecular Biology 9,
    article 39). A tie counts against the value. Not robust to comparators of another variance.

    Parameters
    ----------
    value : float
        The value tested, e.g. an abnormal return (decimal).
    others : (n,) float
        The same quantity of the comparators; NaN where one has none, which drops it.
    name : str
        Test id.
    null : str, optional
        The null hypothesis in words of your own, which say who the comparators are.
    alternative : {"two-sided", "greater", "less"}
        Far from zero, far up, or far down.

    Returns
    -------
    TestResult
        `statistic` is the rank, 1 for the most extreme of all J + 1 values; `estimate` the value; `nobs` is J;
        `note` states the rank, the smallest p that J comparators allow, and how many were dropped. Unavailable
        where the value is missing or there is no comparator.

    Raises
    ------
    OptionError
        For an unknown alternative.
    """
    check_side(alternative)
    known = others[~np.isnan(others)]
    dropped = others.size - known.size
    result = TestResult(
        name=name,
        hypothesis=stated("like_comparators", null, alternative),
        statistic=None,
        distribution="permutation",
        df=None,
        pvalue=None,
        nobs=known.size,
        estimate=None if np.isnan(value) else float(value),
    )
    if np.isnan(value):
        return result.refused(fact("unavailable.no_value"))
    if not known.size:
        return result.refused(fact("unavailable.no_comparator", dropped=dropped))
    rank = 1 + as_far(value, known, alternative)
    return _answered(result, rank, dropped)


def as_far(value: float, others: Floats, alternative: Alternative) -> int:
    """How many of the others lie at least as far out, ties included."""
    if alternative == "two-sided":
        value, others = abs(value), np.abs(others)
    elif alternative == "less":
        value, others = -value, -others
    return int((others >= value - _ROUNDING * abs(value)).sum())


def _answered(result: TestResult, rank: int, dropped: int) -> TestResult:
    total = result.nobs + 1
    notes = [fact("note.rank", rank=rank, n=result.nobs, total=total, smallest=1 / total)]
    if dropped:
        notes.append(fact("note.comparators_dropped", dropped=dropped))
    return replace(result, statistic=float(rank), pvalue=rank / total, notes=tuple(notes))


PLACEBO_DATES = Test("placebo_dates", assumes={"old_variance": "z"})
