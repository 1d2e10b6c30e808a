"""Returns and events as arrays: where every event stands, and which were refused and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Days, Floats, Ints, Mask
from eventstudy.engine.own_sessions import Calendars
from eventstudy.panel import EventPanel
from eventstudy.windows import Window

_PER_EVENT = ("event_ids", "asset", "position", "place", "estimation", "event", "group", "weight", "partial")


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
    factors : (K, S) float
        Decimal one-session returns of the regressors.
    compounding : str
        How factors are cumulated over a return of several sessions: ``simple`` or ``log``.
    event_ids : (E,) str
        Keys, unique.
    asset, position : (E,) int
        Row of `values` and session of day 0.
    estimation, event : (E, 2) int
        First and last relative day of each event's own windows.
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
    place : (E,) int
        Place of day 0 among the sessions of each event's asset.
    partial : (E,) bool
        For events that are moments, whether the news fell inside day 0.
    """

    sessions: Days
    assets: tuple[str, ...]
    values: Floats
    span: Ints | None
    names: tuple[str, ...]
    factors: Floats
    compounding: str
    event_ids: NDArray[np.object_]
    asset: Ints
    position: Ints
    estimation: Ints
    event: Ints
    blocked: Mask | None
    group: NDArray[np.object_]
    weight: Floats
    calendars: Calendars
    place: Ints
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

    def columns(self, window: Window) -> Ints:
        """(E, L) columns of `values` of the relative days of a window; -1 outside the sessions."""
        return self.calendars.columns(self.asset, _places(self.place, window))

    @property
    def time(self) -> Ints:
        """(E,) session of day 0 on the clock that all events share: that of their market, or the rows of the table."""
        return self.place if self.calendars.one else self.position

    def times(self, window: Window) -> Ints:
        """(E, L) sessions of the days of a window on the clock that all events share; -1 outside."""
        columns = self.columns(window)
        return np.where(columns < 0, -1, _places(self.place, window)) if self.calendars.one else columns

    def bounds(self, window: Ints) -> tuple[Ints, Ints]:
        """(E,) columns of `values` of the first and last day of (E, 2) windows, cut to the sessions."""
        return bounds(self.calendars, self.asset, self.place, window)

    def rows(self, chosen: slice | Ints) -> Sample:
        """The sample of some events, with a copy of only the assets that they need."""
        needed, asset = np.unique(self.asset[chosen], return_inverse=True)
        return replace(
            self.only(chosen),
            assets=tuple(self.assets[row] for row in needed),
            values=self.values[needed],
            span=None if self.span is None else self.span[needed],
            blocked=None if self.blocked is None else self.blocked[needed],
            at_limit=None if self.at_limit is None else self.at_limit[needed],
            censored=None if self.censored is None else self.censored[needed],
            calendars=self.calendars.rows(needed),
            asset=asset.astype(np.int64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Cutter:
    """Padded arrays of a sample from which windows are cut without copying the whole.

    Padding by the longest window on both sides makes every window of every event addressable; what lies
    outside the sessions is NaN.
    """

    sample: Sample
    windows: tuple[Window, Window]
    values: Floats
    span: Ints | None
    blocked: Mask | None
    censored: NDArray[np.int8] | None
    factors: Floats
    log_growth: Floats
    unknown: Ints
    sessions: Days
    pad: int

    @classmethod
    def of(cls, sample: Sample) -> Cutter:
        """Pad the arrays of a sample."""
        windows = sample.estimation_window, sample.event_window
        pad = max(max(abs(end) for end in window) for window in windows) + 1
        wide = ((0, 0), (pad, pad))
        factors = np.pad(sample.factors, wide, constant_values=np.nan)
        growth = sample.factors
        if sample.compounding != "log":
            growth = np.log1p(np.where(sample.factors > -1.0, sample.factors, np.nan))
        known = np.isfinite(growth)
        return cls(
            sample=sample,
            windows=windows,
            values=np.pad(sample.values, wide, constant_values=np.nan),
            span=None if sample.span is None else np.pad(sample.span, wide),
            blocked=None if sample.blocked is None else np.pad(sample.blocked, wide),
            censored=None if sample.censored is None else np.pad(sample.censored, wide),
            factors=factors,
            log_growth=np.pad(np.cumsum(np.where(known, growth, 0.0), axis=1), wide, constant_values=np.nan),
            unknown=np.pad(np.cumsum(~known, axis=1), wide),
            sessions=np.pad(sample.sessions, pad, constant_values=np.datetime64("NaT", "ns")),
            pad=pad,
        )

    def panel(self, rows: slice) -> EventPanel:
        """The aligned windows of some events."""
        sample = self.sample
        past, ahead = self.windows
        cut = self._cut if sample.calendars.single else self._cut_own
        returns, factors, span, days = cut(rows, past)
        inside = _inside(past, sample.estimation[rows])
        usable = inside & (span == 1)
        if self.blocked is not None:
            usable &= ~self._at(self.blocked, rows, past)
        event_returns, event_factors, event_span, event_days = cut(rows, ahead)
        own = _inside(ahead, sample.event[rows])
        if sample.calendars.single:
            event_factors = self._over_span(event_factors, event_span, rows, ahead)
        return EventPanel(
            keys=tuple(sample.event_ids[rows]),
            event_window=ahead,
            names=sample.names,
            returns=np.where(usable, returns, np.nan),
            factors=factors if inside.all() else np.where(inside, factors, np.nan),
            event_returns=np.where(own, event_returns, np.nan),
            event_factors=event_factors,
            event_span=np.where(own, event_span, 0),
            sessions=days,
            event_sessions=event_days,
            gap=np.full(len(event_days), ahead.first - past.last - 1),
            censored=None
            if self.censored is None
            else np.where(usable, self._at(self.censored, rows, past), 0).astype(np.int64),
        )

    def _at(self, padded: NDArray[Any], rows: slice, window: Window) -> NDArray[Any]:
        """(E, L) entries of a padded (A, S) array on the days of a window."""
        sample = self.sample
        if sample.calendars.single:
            return _view(padded, window.size)[sample.asset[rows], sample.position[rows] + self.pad + window.first]
        columns = sample.calendars.columns(sample.asset[rows], _places(sample.place[rows], window))
        return padded[sample.asset[rows, None], np.where(columns < 0, 0, columns + self.pad)]

    def _cut(self, rows: slice, window: Window) -> tuple[Floats, Floats, Ints, Days]:
        asset, start = self.sample.asset[rows], self.sample.position[rows] + self.pad + window.first
        values = _view(self.values, window.size)[asset, start]
        if self.span is None:
            span = np.isfinite(values).astype(np.int64)
        else:
            span = _view(self.span, window.size)[asset, start]
        return values, _view(self.factors, window.size)[:, start], span, _view(self.sessions, window.size)[start]

    def _cut_own(self, rows: slice, window: Window) -> tuple[Floats, Floats, Ints, Days]:
        """As `_cut` where assets have sessions of their own: factors are cumulated from the last own session on."""
        asset, days = self.sample.asset[rows], _places(self.sample.place[rows], window)
        calendars = self.sample.calendars
        # Column 0 of the padded arrays lies outside the sessions: NaN, a span of 0, no date.
        last = calendars.columns(asset, days)
        last = np.where(last < 0, 0, last + self.pad)
        values = self.values[asset[:, None], last]
        span = np.isfinite(values).astype(np.int64) if self.span is None else self.span[asset[:, None], last]
        before = calendars.columns(asset, days - np.maximum(span, 1))
        first = np.where(before < 0, last - 1, before + self.pad)
        growth = self.log_growth[:, last] - np.where(before < 0, 0.0, self.log_growth[:, first])
        factors = growth if self.sample.compounding == "log" else np.expm1(growth)
        several = last - first > self.unknown[:, last] - self.unknown[:, first] + 1
        factors = np.where(several, factors, self.factors[:, last])
        factors[~np.isfinite(self.factors[:, last])] = np.nan
        gap = span > 1
        factors[:, gap] = np.where(self._unknown_own(rows, days, span)[:, gap], np.nan, factors[:, gap])
        return values, factors, span, self.sessions[last]

    def _unknown_own(self, rows: slice, days: Ints, span: Ints) -> Mask:
        """(K, E, L) whether a factor lacks a return on an own session that a return covers."""
        calendars, asset = self.sample.calendars, self.sample.asset[rows]
        found = np.zeros((self.factors.shape[0], *days.shape), dtype=bool)
        for back in range(1, int(span.max(initial=0))):
            column = calendars.columns(asset, days - back)
            lacking = ~np.isfinite(self.factors[:, np.where(column < 0, 0, column + self.pad)])
            found |= lacking & (span > back)
        return found

    def _over_span(self, factors: Floats, span: Ints, rows: slice, window: Window) -> Floats:
        """Factors cumulated over returns of several sessions; the others as they are."""
        row, column = np.nonzero(span > 1)
        if not row.size:
            return factors
        last = self.sample.position[rows][row] + self.pad + window.first + column
        first = last - span[row, column]
        growth = self.log_growth[:, last] - self.log_growth[:, first]
        growth[self.unknown[:, last] > self.unknown[:, first]] = np.nan
        cumulated = np.array(factors)
        cumulated[:, row, column] = growth if self.sample.compounding == "log" else np.expm1(growth)
        return cumulated


def _places(place: Ints, window: Window) -> Ints:
    """(E, L) places of the days of a window."""
    days: Ints = place[:, None] + np.arange(window.first, window.last + 1)
    return days


def _view(values: NDArray[Any], size: int) -> NDArray[Any]:
    return np.lib.stride_tricks.sliding_window_view(values, size, axis=-1)


def _inside(window: Window, own: Ints) -> Mask:
    days = np.arange(window.first, window.last + 1)
    inside: Mask = (days >= own[:, :1]) & (days <= own[:, 1:])
    return inside


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
