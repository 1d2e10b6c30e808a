"""Returns and events as arrays: where every event stands, and which were refused and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Days, Floats, Ints, Mask
from eventstudy.kernel.calendars import Calendars
from eventstudy.windows import Window

_PER_EVENT = ("event_ids", "asset", "place", "anchor", "estimation", "event", "group", "weight", "partial")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """E events on A assets over S sessions, ready to be cut into windows.

    Attributes
    ----------
    sessions : (S,) datetime64[ns]
        The sessions of the returns.
    assets : tuple of A str
        Names, in row order of `values`.
    values : (A, S) float
        Decimal returns, NaN where an asset did not trade.
    span : (A, S) int, or None
        Sessions that each return covers, 0 where there is none; None where every return covers one.
    names : tuple of K str
        Benchmark or factor names.
    factors : (K, S) or (K, A, S) float
        Decimal returns of the regressors, the same for all assets or each asset's own.
    compounding : {"simple", "log"} or None
        How one-session returns of factors are cumulated over a return of several sessions; None for factors of each
        asset that are given over the spans of its returns.
    event_ids : (E,) str
        Keys, unique.
    asset : (E,) int
        Row of `values`.
    place, anchor : (E,) int
        Places, among the sessions of each event's asset, of day 0 and of the session that the estimation window counts
        from.
    estimation, event : (E, 2) int
        First and last relative day of each event's own windows, from its anchor and from day 0.
    blocked : (A, S) bool, or None
        Asset-days that may not enter an estimation window; None where all may.
    group : (E,) object
        Group labels (None where there are none).
    weight : (E,) float
        Weights of cross-event means; ones where none were given.
    at_limit : (A, S) int8, or None
        -1 where an asset closed at its lower price limit, 1 at its upper, else 0; None where that is not known.
    censored : (A, S) int8, or None
        The same where a return is to be taken as cut off in estimation windows.
    risk_free : (S,) float, or None
        What was subtracted from the returns, and from a benchmark, on each session.
    windows : pair of Window, or None
        Estimation and event window that arrays of this sample have, where it is a part of a larger one.
    calendars : Calendars
        Which sessions are those of which asset.
    partial : (E,) bool
        For events that are moments, whether the news fell inside day 0.
    """

    sessions: Days
    assets: tuple[str, ...]
    values: Floats
    span: Ints | None
    names: tuple[str, ...]
    factors: Floats
    compounding: Literal["simple", "log"] | None
    event_ids: NDArray[np.object_]
    asset: Ints
    place: Ints
    anchor: Ints
    estimation: Ints
    event: Ints
    blocked: Mask | None
    group: NDArray[np.object_]
    weight: Floats
    calendars: Calendars
    partial: Mask
    at_limit: NDArray[np.int8] | None = None
    censored: NDArray[np.int8] | None = None
    risk_free: Floats | None = None
    windows: tuple[Window, Window] | None = None

    @property
    def estimation_window(self) -> Window:
        """The smallest window that holds every event's estimation window."""
        if self.windows is not None:
            return self.windows[0]
        return Window(int(self.estimation[:, 0].min()), int(self.estimation[:, 1].max()))

    @property
    def event_window(self) -> Window:
        """The smallest window that holds every event's event window."""
        if self.windows is not None:
            return self.windows[1]
        return Window(int(self.event[:, 0].min()), int(self.event[:, 1].max()))

    def only(self, chosen: slice | Ints) -> Sample:
        """The sample of some events on the same assets, cut as the whole is; the returns are shared, not copied."""
        own = {name: getattr(self, name)[chosen] for name in _PER_EVENT}
        return replace(self, windows=(self.estimation_window, self.event_window), **own)

    @property
    def position(self) -> Ints:
        """(E,) column of `values` of day 0."""
        return self.calendars.columns(self.asset, self.place)

    @property
    def time(self) -> Ints:
        """(E,) session of day 0 on the clock that all events share: that of their market, or the rows of the table."""
        return self.place if self.calendars.one else self.position

    def columns(self, window: Window) -> Ints:
        """(E, L) columns of `values` of the relative days of a window around day 0; -1 outside the sessions."""
        return self.calendars.columns(self.asset, places(self.place, window))

    def estimation_times(self) -> Ints:
        """(E, T) sessions of the estimation window on the clock that all events share; -1 outside."""
        days = places(self.anchor, self.estimation_window)
        columns = self.calendars.columns(self.asset, days)
        return np.where(columns < 0, -1, days) if self.calendars.one else columns

    def estimation_days(self) -> Ints:
        """(T,) or (E, T) days of the estimation window relative to day 0."""
        days, away = np.array(self.estimation_window.days), self.anchor - self.place
        return days if not away.any() else days + away[:, None]

    def bounds(self) -> dict[str, tuple[Ints, Ints]]:
        """(E,) columns of `values` of the first and last day of each event's own windows, cut to the sessions."""
        zeros = {"event": (self.place, self.event), "estimation": (self.anchor, self.estimation)}
        return {name: bounds(self.calendars, self.asset, *own) for name, own in zeros.items()}

    def rows(self, chosen: slice | Ints) -> Sample:
        """The sample of some events, with a copy of only the assets that they need."""
        needed, asset = np.unique(self.asset[chosen], return_inverse=True)
        return replace(
            self.only(chosen),
            assets=tuple(self.assets[row] for row in needed),
            values=self.values[needed],
            factors=self.factors if self.factors.ndim == 2 else self.factors[:, needed],
            span=None if self.span is None else self.span[needed],
            blocked=None if self.blocked is None else self.blocked[needed],
            at_limit=None if self.at_limit is None else self.at_limit[needed],
            censored=None if self.censored is None else self.censored[needed],
            calendars=self.calendars.rows(needed),
            asset=asset.astype(np.int64),
        )


def blocks(count: int, size: int) -> Iterator[slice]:
    """Consecutive slices of at most `size` rows."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def pieces(sample: Sample, size: int) -> Iterator[tuple[Ints, Sample]]:
    """Parts of a sample of at most `size` events, sorted by asset, with only the assets that each needs.

    Yields the rows of the sample that a part holds, and the part. Only one part is in memory at a time,
    so `values` may be a memory-mapped file.
    """
    count = sample.event_ids.size
    if count <= size and len(sample.assets) <= size:
        yield np.arange(count), sample
        return
    order = np.argsort(sample.asset, kind="stable")
    for chunk in blocks(count, size):
        yield order[chunk], sample.rows(order[chunk])


def inside_windows(sample_shape: tuple[int, int], asset: Ints, first: Ints, last: Ints) -> Mask:
    """(A, S) whether an asset-day lies in one of the spans from session `first` to `last` of that asset."""
    sessions = sample_shape[1]
    steps = np.zeros((sample_shape[0], sessions + 1), dtype=np.int64)
    np.add.at(steps, (asset, np.clip(first, 0, sessions)), 1)
    np.add.at(steps, (asset, np.clip(last + 1, 0, sessions)), -1)
    inside: Mask = np.cumsum(steps, axis=1)[:, :-1] > 0
    return inside


def places(zero: Ints, window: Window) -> Ints:
    """(E, L) places of the days of a window."""
    days: Ints = zero[:, None] + np.arange(window.first, window.last + 1)
    return days


def bounds(calendars: Calendars, asset: Ints, place: Ints, window: Ints) -> tuple[Ints, Ints]:
    """(E,) columns of the first and last day of (E, 2) windows around places, cut to the sessions."""
    ends = (np.clip(place + window[:, side], 0, calendars.sizes(asset) - 1) for side in (0, 1))
    first, last = (calendars.columns(asset, end) for end in ends)
    return first, last


def meeting(asset: Ints, first: Ints, last: Ints, begin: Ints, end: Ints) -> Iterator[tuple[int, Ints]]:
    """For each event, the other events of its asset whose spans from `begin` to `end` meet its own `first` to `last`.

    By sorting: within an asset only events that begin after the longest span before `first` and up to `last` are
    looked at. Events that no other meets are passed over.
    """
    order = np.lexsort((begin, asset))
    edges = np.flatnonzero(np.diff(asset[order])) + 1
    for group in np.split(order, edges):
        if group.size < 2:
            continue
        longest = int((end[group] - begin[group]).max())
        lower = np.searchsorted(begin[group], first[group] - longest, side="left")
        upper = np.searchsorted(begin[group], last[group], side="right")
        for own, low, high in zip(group, lower, upper, strict=True):
            near = group[low:high]
            met = np.sort(near[(end[near] >= first[own]) & (near != own)])
            if met.size:
                yield int(own), met
