"""Adjusted p-values of a family of statistics by their maximum over placebo dates."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.errors import InputError

_ROUNDING = 1e-9  # relative difference by which equal statistics may differ


def step_down(statistics: Floats, placebo: Floats) -> Floats:
    """Step-down maximum-|t| adjusted p-values over placebo dates.

    They hold the chance of any false rejection in the family, whichever of its nulls are true, and reject at least
    as much as single-step ones, for which every member is held against the maximum of the whole family.

    Parameters
    ----------
    statistics : (m,) float
        Statistics of the declared family on the event's date (firms, firms x days); two-sided, so signs do not matter.
        Studentised, so that no member rules the maximum by its volatility alone.
    placebo : (n, m) float
        The same statistics on n placebo dates, all members of one date in one row: that keeps their dependence.

    Returns
    -------
    (m,) float
        ``p_(j) = max over i <= j of (1 + #{dates: max over k >= i of |t*_(k)| >= |t_(i)|}) / (n + 1)`` with members in
        descending order of ``|t|``, returned in the order of the input; on the grid ``j / (n + 1)``. Empty for an
        empty family.

    Raises
    ------
    InputError
        For a missing statistic of the event or of a placebo date (a date that not every member has would make the
        maximum smaller on that date: leave it out for all and report how many those were), for no placebo date, or for
        arrays that do not fit.

    Notes
    -----
    Valid in any sample in which the rows of members without an effect are exchangeable with their row on the event's
    date: each test of a subset of true nulls by its maximum is a rank, and the step-down is their closure. Not robust
    to event-induced variance, and placebo dates whose windows overlap are exchangeable only nearly.

    References
    ----------
    Westfall and Young (1993), Resampling-Based Multiple Testing, Wiley, algorithm 2.8; Romano and Wolf (2005), Journal
    of the American Statistical Association 100, 94-108.
    """
    size, others = _family(statistics, placebo)
    order = np.argsort(-size, kind="stable")
    largest = np.maximum.accumulate(others[:, order][:, ::-1], axis=1)[:, ::-1]
    adjusted = np.empty_like(size)
    reached = (largest >= size[order] * (1.0 - _ROUNDING)).sum(axis=0)  # a tie counts against the member
    adjusted[order] = np.maximum.accumulate((1.0 + reached) / (len(largest) + 1.0))
    return adjusted


def _family(statistics: Floats, placebo: Floats) -> tuple[Floats, Floats]:
    """Absolute statistics of the event and of the placebo dates, checked."""
    if statistics.ndim != 1 or placebo.ndim != 2 or placebo.shape[1] != statistics.size:
        raise InputError(
            f"statistics have shape {statistics.shape} and placebo {placebo.shape}; give (m,) and (n dates, m)"
        )
    missing = np.flatnonzero(np.isnan(statistics))
    if missing.size:
        raise InputError(f"member {missing[0]} of the family has no statistic; leave it out before adjusting")
    if not len(placebo):
        raise InputError("there is no placebo date to compare with; take a longer history or a smaller gap")
    gaps = np.isnan(placebo)
    if gaps.any():
        date, member = np.argwhere(gaps)[0]
        raise InputError(
            f"{gaps.any(axis=1).sum()} of {len(placebo)} placebo dates lack a member's statistic, the first is date "
            f"{date}, member {member}; leave these dates out for all members before adjusting"
        )
    return np.abs(statistics), np.abs(placebo)
