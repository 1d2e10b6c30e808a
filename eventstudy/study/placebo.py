"""Placebo dates: the same design moved to earlier sessions on which nothing is known to have happened."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eventstudy.kernel.cases import Case
from eventstudy.study.series import SecuritySeries
from eventstudy.study.timing import Timed
from eventstudy.windows import Window


def placebo_positions(
    case: Case,
    members: Sequence[SecuritySeries],
    timed: Sequence[Timed],
    window: Window,
    *,
    estimation: Window,
    least: int,
) -> NDArray[np.intp]:
    """Sessions that the case's day 0 can be moved to.

    Parameters
    ----------
    case : Case
        The case as it is.
    members : sequence of SecuritySeries
        Its security, or the members of its portfolio.
    timed : sequence of Timed
        Events and confounders: no session of a placebo window may hold one of a member.
    window : Window
        Relative days of the event window, all of which end before the gap ahead of the case's own anchor.
    estimation : Window
        Estimation window, which moves along.
    least : int
        Observations that a position needs there.

    Returns
    -------
    (n,) int
        Positions among the case's sessions, ascending. There is a return of one session on each.
    """
    lead = case.day0 - case.anchor
    first = max(0, -window.first, lead - estimation.first)
    last = case.anchor + estimation.last - window.last
    positions = np.arange(first, last + 1)
    positions = positions[case.span[positions] == 1]
    usable = np.isfinite(case.values) & (case.span == 1)
    for factor in case.factors.values():
        usable &= np.isfinite(factor)
    if case.left_out is not None:
        usable &= ~case.left_out
    counted = np.concatenate([[0], np.cumsum(usable)])
    past = positions - lead
    enough = counted[past + estimation.last + 1] - counted[past + estimation.first] >= least
    admissible: NDArray[np.intp] = positions[enough & ~_near_news(members, timed, positions, window)]
    return admissible


def _near_news(
    members: Sequence[SecuritySeries], timed: Sequence[Timed], positions: NDArray[np.intp], window: Window
) -> NDArray[np.bool_]:
    """Whether a placebo window holds a session of an event or confounder of a member."""
    near = np.zeros(positions.size, dtype=bool)
    series = {member.symbol: member for member in members}
    for item in timed:
        if item.security in series and item.event.role != "context":
            own = series[item.security]
            begin, end = own.position(item.first.session), own.position(item.first.session_last)
            near |= (positions + window.first <= end) & (positions + window.last >= begin)
    return near
