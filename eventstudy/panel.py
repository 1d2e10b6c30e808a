"""The wall: returns and events in, aligned windows out; behind it there are only stacked arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from eventstudy.windows import Window

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class EventPanel:
    """Aligned windows of E cases (an event on a security), T estimation and L event sessions.

    Attributes
    ----------
    keys : tuple of E str
        One key per case, in row order; the only key that results are joined on.
    event_window : Window
        Relative days of the L event columns.
    returns, benchmark : (E, T) float
        Estimation window, decimal returns; NaN where an observation is left out.
    event_returns, event_benchmark : (E, L) float
        Event window, decimal returns; NaN where the security did not trade.
    event_span : (E, L) int
        Sessions that each event-window return covers; 0 where there is none.
    sessions, event_sessions : (E, T) and (E, L) datetime64[D]
        The session of each column.
    """

    keys: tuple[str, ...]
    event_window: Window
    returns: Floats
    benchmark: Floats
    event_returns: Floats
    event_benchmark: Floats
    event_span: Ints
    sessions: Days
    event_sessions: Days

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                held = value.copy()
                held.flags.writeable = False
                object.__setattr__(self, field.name, held)

    @property
    def observed(self) -> NDArray[np.bool_]:
        """(E, T) whether an estimation observation can be used."""
        usable: NDArray[np.bool_] = np.isfinite(self.returns) & np.isfinite(self.benchmark)
        return usable


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One event on one security (or portfolio) before alignment: series on the exchange's sessions.

    `anchor` is the position that the estimation window counts from, `day0` the one of the event window.
    """

    key: str
    day0: int
    anchor: int
    sessions: Days
    values: Floats
    benchmark: Floats
    span: Ints


def align(cases: Sequence[Case], *, estimation: Window, event: Window) -> EventPanel:
    """Cut the estimation and event windows of all cases and stack them.

    Returns over a gap in trading (span above 1) are left out of the estimation window, because their
    variance is that of several days; in the event window they stay, with their span.

    Parameters
    ----------
    cases : sequence of E cases
        Every window must lie inside the case's sessions.
    estimation, event : Window
        Relative days; the estimation window counts from the case's anchor, the event window from day 0.

    Raises
    ------
    ValueError
        Where a window reaches outside the sessions of a case: windows are never truncated.
    """
    rows = []
    for case in cases:
        past = _columns(case, case.anchor, estimation)
        around = _columns(case, case.day0, event)
        single = case.span[past] == 1
        rows.append(
            (
                np.where(single, case.values[past], np.nan),
                np.where(single, case.benchmark[past], np.nan),
                case.values[around],
                case.benchmark[around],
                case.span[around],
                case.sessions[past],
                case.sessions[around],
            )
        )
    stacked = [np.stack(column) for column in zip(*rows, strict=True)]
    return EventPanel(tuple(case.key for case in cases), event, *stacked)


def _columns(case: Case, position: int, window: Window) -> slice:
    first, last = position + window.first, position + window.last
    if first < 0 or last >= case.sessions.size:
        raise ValueError(
            f"{case.key}: the window {window} around {case.sessions[position]} reaches outside the known sessions "
            f"{case.sessions[0]} to {case.sessions[-1]}"
        )
    return slice(first, last + 1)
