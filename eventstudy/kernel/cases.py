"""Single subjects, each with its own series, as a sample: what a study aligns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Days, Floats, Ints, Mask
from eventstudy.kernel.calendars import calendars_of
from eventstudy.kernel.cut import cut
from eventstudy.kernel.sample import Sample
from eventstudy.panel import EventPanel
from eventstudy.windows import Window


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One event on one security (or portfolio) before alignment: series on the exchange's sessions.

    `anchor` is the position that the estimation window counts from, `day0` the one of the event window;
    `factors` are the regressors by name, over the spans of the returns, all cases of one panel in the same order.
    `left_out` marks sessions that are not to enter the estimation window, `censored` those whose return was cut off
    there (see `EventPanel`); neither bears on the event window.
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
    return cut(sample_of(cases, estimation=estimation, event=event))


def moved(case: Case, positions: Ints, *, estimation: Window, event: Window) -> EventPanel:
    """The windows of one case with its day 0 at other sessions, E of them, the anchor moved along; as `align`."""
    return cut(sample_of([case], estimation=estimation, event=event, days=positions))


def sample_of(cases: Sequence[Case], *, estimation: Window, event: Window, days: Ints | None = None) -> Sample:
    """Cases as a sample, an asset each, on all their sessions together; one case may have its day 0 at several `days`.

    Raises
    ------
    ValueError
        Where a window reaches outside the sessions of a case: windows are never truncated.
    """
    asset = np.arange(len(cases)) if days is None else np.zeros(days.size, dtype=np.int64)
    place = np.array([case.day0 for case in cases]) if days is None else days
    anchor = place + np.array([case.anchor - case.day0 for case in cases])[asset]
    for zero, window in ((anchor, estimation), (place, event)):
        _require_inside(cases, asset, zero, window)
    keys = [case.key for case in cases] if days is None else [f"{cases[0].key}|{day}" for day in days]
    columns, market, own, sessions = _grid(cases)

    def stacked(series: Sequence[NDArray[Any] | None], kind: type[np.generic], outside: float = 0) -> NDArray[Any]:
        out = np.full((len(cases), sessions.size), outside, dtype=kind)
        for row, values in enumerate(series):
            if values is not None:
                out[row, columns[market[row]]] = values
        return out

    def marks(series: Sequence[NDArray[Any] | None], kind: type[np.generic]) -> NDArray[Any] | None:
        return None if all(values is None for values in series) else stacked(series, kind)

    names = tuple(cases[0].factors)
    return Sample(
        sessions=sessions,
        assets=tuple(case.key for case in cases),
        values=stacked([case.values for case in cases], np.float64, np.nan),
        span=stacked([case.span for case in cases], np.int64),
        names=names,
        factors=np.array(
            [stacked([case.factors[name] for case in cases], np.float64, np.nan) for name in names]
        ).reshape(len(names), len(cases), sessions.size),
        compounding=None,
        event_ids=np.array(keys, dtype=np.object_),
        asset=asset,
        place=place,
        anchor=anchor,
        estimation=np.tile(np.array([estimation.first, estimation.last]), (asset.size, 1)),
        event=np.tile(np.array([event.first, event.last]), (asset.size, 1)),
        blocked=marks([case.left_out for case in cases], np.bool_),
        group=np.full(asset.size, None, dtype=object),
        weight=np.ones(asset.size),
        calendars=calendars_of(market, own),
        partial=np.zeros(asset.size, dtype=bool),
        censored=marks([case.censored for case in cases], np.int8),
        windows=(estimation, event),
    )


def _grid(cases: Sequence[Case]) -> tuple[list[Ints], Ints, Mask, Days]:
    """Columns of each market's sessions among all, the market of each case, (M, S) which are whose, and all of them."""
    grids: list[Days] = []
    market = np.zeros(len(cases), dtype=np.int64)
    for row, case in enumerate(cases):
        same = [place for place, grid in enumerate(grids) if np.array_equal(grid, case.sessions)]
        market[row] = same[0] if same else len(grids)
        grids += [] if same else [case.sessions]
    sessions = grids[0] if len(grids) == 1 else np.unique(np.concatenate(grids))
    columns = [np.searchsorted(sessions, grid) for grid in grids]
    own = np.zeros((len(grids), sessions.size), dtype=bool)
    for mask, those in zip(own, columns, strict=True):
        mask[those] = True
    return columns, market, own, sessions


def _require_inside(cases: Sequence[Case], asset: Ints, zero: Ints, window: Window) -> None:
    sizes = np.array([case.sessions.size for case in cases])[asset]
    outside = np.flatnonzero((zero + window.first < 0) | (zero + window.last >= sizes))
    if outside.size:
        row = int(outside[0])
        case = cases[asset[row]]
        around = case.sessions[min(max(int(zero[row]), 0), case.sessions.size - 1)]
        raise ValueError(
            f"{case.key}: the window {window} around {around} reaches outside the known sessions "
            f"{case.sessions[0]} to {case.sessions[-1]}"
        )
