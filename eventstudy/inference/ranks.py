"""Rank of one value among comparable ones: listings of the same age, unaffected securities, placebo dates."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from eventstudy.errors import OptionError
from eventstudy.inference.records import Alternative, TestResult

Floats = NDArray[np.float64]

_ROUNDING = 1e-9  # relative difference by which equal values may differ after different sums
_WORDS = {"two-sided": "farther from zero than", "greater": "above", "less": "below"}


def rank_test(
    value: float, others: Floats, *, name: str, null: str, alternative: Alternative = "two-sided"
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
    null : str
        The null hypothesis in words, which says who the comparators are.
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
    if alternative not in get_args(Alternative):
        raise OptionError(f"alternative={alternative!r} is not allowed; allowed: {', '.join(_WORDS)}")
    known = others[~np.isnan(others)]
    dropped = others.size - known.size
    result = TestResult(
        name=name,
        null=null,
        alternative=f"the value is {_WORDS[alternative]} the comparators",
        statistic=None,
        distribution="permutation",
        df=None,
        pvalue=None,
        nobs=known.size,
        estimate=None if np.isnan(value) else float(value),
    )
    if np.isnan(value):
        return result.refused("the value to be ranked is missing")
    if not known.size:
        return result.refused(f"there is no comparator with a value; {dropped} were given without one")
    rank = 1 + _as_far(value, known, alternative)
    return _answered(result, rank, dropped)


def _as_far(value: float, known: Floats, alternative: Alternative) -> int:
    """How many comparators lie at least as far out, ties included."""
    room = _ROUNDING * abs(value)
    if alternative == "two-sided":
        far = np.abs(known) >= abs(value) - room
    elif alternative == "greater":
        far = known >= value - room
    else:
        far = known <= value + room
    return int(far.sum())


def _answered(result: TestResult, rank: int, dropped: int) -> TestResult:
    total = result.nobs + 1
    note = f"rank {rank} of {total}; the smallest p that {result.nobs} comparators allow is 1/{total} = {1 / total:.2g}"
    if dropped:
        note += f"; {dropped} comparators without a value were dropped"
    return replace(result, statistic=float(rank), pvalue=rank / total, note=note)
