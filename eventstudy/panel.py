"""The wall: returns and events in, aligned windows out; behind it there are only stacked arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Days, Floats, Ints, Mask, hold
from eventstudy.windows import Window


@dataclass(frozen=True, slots=True, eq=False)
class EventPanel:
    """Aligned windows of E cases (an event on a security), T estimation and L event sessions.

    Attributes
    ----------
    keys : tuple of E str
        One key per case, in row order; the only key that results are joined on.
    event_window : Window
        Relative days of the L event columns.
    names : tuple of K str
        Names of the regressors: the benchmark, or the factors; K may be 0.
    returns : (E, T) float
        Estimation window, decimal returns; NaN where an observation is left out.
    factors : (K, E, T) float
        The regressors' one-session returns, which may be known where the security's is not; NaN outside the
        case's own estimation window and where the security's return covers several sessions.
    event_returns : (E, L) float
        Event window, decimal returns; NaN where the security did not trade.
    event_factors : (K, E, L) float
        The regressors' returns over the same spans.
    event_span : (E, L) int
        Sessions that each event-window return covers; 0 where there is none.
    sessions, event_sessions : (E, T) and (E, L) datetime64[D]
        The session of each column.
    gap : (E,) int, optional
        Sessions between the last estimation column and the first event column, below zero where they
        overlap; None where it is not known. Only models that forecast a variance step by step need it.
    censored : (E, T) int, optional
        -1 where an estimation return was cut off at a lower price limit (the uncut one is at or below it), 1 at an
        upper one, else 0; None where no return is to be taken so. Only Tobit models look at it.
    """

    keys: tuple[str, ...]
    event_window: Window
    names: tuple[str, ...]
    returns: Floats
    factors: Floats
    event_returns: Floats
    event_factors: Floats
    event_span: Ints
    sessions: Days
    event_sessions: Days
    gap: Ints | None = None
    censored: Ints | None = None

    def __post_init__(self) -> None:
        hold(self)

    @property
    def observed(self) -> Mask:
        """(E, T) whether an estimation observation can be used."""
        usable: Mask = np.isfinite(self.returns)
        for factor in self.factors:
            usable = usable & np.isfinite(factor)
        return usable


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One event on one security (or portfolio) before alignment: series on the exchange's sessions.

    `anchor` is the position that the estimation window counts from, `day0` the one of the event window;
    `factors` are the regressors by name, all cases of one panel in the same order. `left_out` marks sessions
    that are not to enter the estimation window, `censored` those whose return was cut off there (see `EventPanel`);
    neither bears on the event window.
    """

    key: str
    day0: int
    anchor: int
    sessions: Days
    values: Floats
    factors: Mapping[str, Floats]
    span: Ints
    left_out: Mask | None = None
    censored: Ints | None = None


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
        span = case.span[past]
        rows.append(
            (
                np.where((span == 1) & ~_left_out(case, past), case.values[past], np.nan),
                _stacked([np.where(span > 1, np.nan, factor[past]) for factor in case.factors.values()], estimation),
                case.values[around],
                _stacked([factor[around] for factor in case.factors.values()], event),
                case.span[around],
                case.sessions[past],
                case.sessions[around],
            )
        )
    y, x, y1, x1, event_span, past_days, days = (np.stack(column) for column in zip(*rows, strict=True))
    return EventPanel(
        keys=tuple(case.key for case in cases),
        event_window=event,
        names=tuple(cases[0].factors),
        returns=y,
        factors=np.swapaxes(x, 0, 1),
        event_returns=y1,
        event_factors=np.swapaxes(x1, 0, 1),
        event_span=event_span,
        sessions=past_days,
        event_sessions=days,
        gap=np.array([case.day0 + event.first - case.anchor - estimation.last - 1 for case in cases]),
        censored=_censored(cases, estimation),
    )


def _left_out(case: Case, past: slice) -> Mask:
    none = np.zeros(past.stop - past.start, dtype=bool)
    return none if case.left_out is None else case.left_out[past]


def _censored(cases: Sequence[Case], estimation: Window) -> Ints | None:
    if all(case.censored is None for case in cases):
        return None
    none = np.zeros(estimation.size, dtype=np.int64)
    return np.stack(
        [none if case.censored is None else case.censored[_columns(case, case.anchor, estimation)] for case in cases]
    )


def moved(case: Case, positions: Ints, *, estimation: Window, event: Window) -> EventPanel:
    """The windows of one case with its day 0 at other sessions, E of them, the anchor moved along.

    Every window must lie inside the case's sessions; otherwise as `align`.
    """
    past = positions[:, None] + (case.anchor - case.day0 + np.arange(estimation.first, estimation.last + 1))
    around = positions[:, None] + np.arange(event.first, event.last + 1)
    if positions.size and (past.min() < 0 or around.min() < 0 or max(past.max(), around.max()) >= case.sessions.size):
        raise ValueError(f"{case.key}: a window around another session reaches outside the known sessions")
    span = case.span[past]
    usable = span == 1
    if case.left_out is not None:
        usable &= ~case.left_out[past]
    factors = np.array(list(case.factors.values())).reshape(-1, case.sessions.size)
    return EventPanel(
        keys=tuple(f"{case.key}|{place}" for place in positions),
        event_window=event,
        names=tuple(case.factors),
        returns=np.where(usable, case.values[past], np.nan),
        factors=np.where(span > 1, np.nan, factors[:, past]),
        event_returns=case.values[around],
        event_factors=factors[:, around],
        event_span=case.span[around],
        sessions=case.sessions[past],
        event_sessions=case.sessions[around],
        gap=np.full(positions.size, case.day0 + event.first - case.anchor - estimation.last - 1),
        censored=None if case.censored is None else case.censored[past],
    )


def _stacked(factors: Sequence[Floats], window: Window) -> Floats:
    """(K, size) regressors of one case; K may be 0."""
    return np.array(factors).reshape(-1, window.size)


def _columns(case: Case, position: int, window: Window) -> slice:
    first, last = position + window.first, position + window.last
    if first < 0 or last >= case.sessions.size:
        raise ValueError(
            f"{case.key}: the window {window} around {case.sessions[position]} reaches outside the known sessions "
            f"{case.sessions[0]} to {case.sessions[-1]}"
        )
    return slice(first, last + 1)
