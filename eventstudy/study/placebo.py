"""Placebo dates: the same design moved to earlier sessions on which nothing is known to have happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eventstudy.panel import Case
from eventstudy.spec import StudySpec
from eventstudy.study.series import SecuritySeries
from eventstudy.study.timing import Timed
from eventstudy.windows import Window


def placebo_positions(
    spec: StudySpec, case: Case, series: SecuritySeries, timed: Sequence[Timed], window: Window
) -> NDArray[np.intp]:
    """Sessions that the case's day 0 can be moved to.

    Parameters
    ----------
    spec : StudySpec
        Its estimation window moves along; a position needs `min_estimation` observations there.
    case : Case
        The case as it is.
    series : SecuritySeries
        Its security.
    timed : sequence of Timed
        Events and confounders of the security: no session of a placebo window may hold one.
    window : Window
        Relative days of the event window, all of which end before the gap ahead of the case's own anchor.

    Returns
    -------
    (n,) int
        Positions among the case's sessions, ascending. The security traded on each, one session after its last trade.
    """
    lead = case.day0 - case.anchor
    estimation = spec.windows.estimation
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
    enough = counted[past + estimation.last + 1] - counted[past + estimation.first] >= spec.windows.min_estimation
    admissible: NDArray[np.intp] = positions[enough & ~_near_news(case, series, timed, positions, window)]
    return admissible


def _near_news(
    case: Case, series: SecuritySeries, timed: Sequence[Timed], positions: NDArray[np.intp], window: Window
) -> NDArray[np.bool_]:
    """Whether a placebo window holds a session of an event or confounder of the security."""
    near = np.zeros(positions.size, dtype=bool)
    for item in timed:
        if item.security == series.symbol and item.event.role != "context":
            begin, end = series.position(item.first.session), series.position(item.first.session_last)
            near |= (positions + window.first <= end) & (positions + window.last >= begin)
    return near


def moved(case: Case, positions: NDArray[np.intp]) -> list[Case]:
    """The case at each position, its anchor moved along."""
    lead = case.day0 - case.anchor
    return [replace(case, key=f"{case.key}|{place}", day0=int(place), anchor=int(place) - lead) for place in positions]
