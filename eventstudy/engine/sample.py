"""Returns and events as arrays: where every event stands, and which were refused and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Days, Floats, Ints, Mask
from eventstudy.panel import EventPanel
from eventstudy.windows import Window

_PER_EVENT = ("event_ids", "asset", "position", "estimation", "event", "group", "weight")


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
    moved : (E,) Fact or None, or None
        For events that are moments, which other day than their own is day 0.
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
    at_limit: NDArray[np.int8] | None = None
    censored: NDArray[np.int8] | None = None
    moved: NDArray[np.object_] | None = None

    @property
    def estimation_window(self) -> Window:
        """The smallest window that holds every event's estimation window."""
        return Window(int(self.estimation[:, 0].min()), int(self.estimation[:, 1].max()))

    @property
    def event_window(self) -> Window:
        """The smallest window that holds every event's event window."""
        return Window(int(self.event[:, 0].min()), int(self.event[:, 1].max()))

    def only(self, chosen: slice | Ints) -> Sample:
        """The sample of some events on the same assets; the returns are shared, not copied."""
        own = {name: getattr(self, name)[chosen] for name in _PER_EVENT}
        return replace(self, moved=None if self.moved is None else self.moved[chosen], **own)

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
        growth = sample.factors if sample.compounding == "log" else np.log1p(sample.factors)
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
        asset, position = sample.asset[rows], sample.position[rows] + self.pad
        past, ahead = self.windows
        returns, factors, span, days = self._cut(asset, position, past)
        inside = _inside(past, sample.estimation[rows])
        usable = inside & (span == 1)
        if self.blocked is not None:
            usable &= ~_view(self.blocked, past.size)[asset, position + past.first]
        event_returns, event_factors, event_span, event_days = self._cut(asset, position, ahead)
        own = _inside(ahead, sample.event[rows])
        return EventPanel(
            keys=tuple(sample.event_ids[rows]),
            event_window=ahead,
            names=sample.names,
            returns=np.where(usable, returns, np.nan),
            factors=factors if inside.all() else np.where(inside, factors, np.nan),
            event_returns=np.where(own, event_returns, np.nan),
            event_factors=self._over_span(event_factors, event_span, asset, position, ahead),
            event_span=np.where(own, event_span, 0),
            sessions=days,
            event_sessions=event_days,
            gap=np.full(position.size, ahead.first - past.last - 1),
            censored=None
            if self.censored is None
            else np.where(usable, _view(self.censored, past.size)[asset, position + past.first], 0).astype(np.int64),
        )

    def _cut(self, asset: Ints, position: Ints, window: Window) -> tuple[Floats, Floats, Ints, Days]:
        start = position + window.first
        values = _view(self.values, window.size)[asset, start]
        if self.span is None:
            span = np.isfinite(values).astype(np.int64)
        else:
            span = _view(self.span, window.size)[asset, start]
        return values, _view(self.factors, window.size)[:, start], span, _view(self.sessions, window.size)[start]

    def _over_span(self, factors: Floats, span: Ints, asset: Ints, position: Ints, window: Window) -> Floats:
        """Factors cumulated over returns of several sessions; the others as they are."""
        row, column = np.nonzero(span > 1)
        if not row.size:
            return factors
        last = position[row] + window.first + column
        first = last - span[row, column]
        growth = self.log_growth[:, last] - self.log_growth[:, first]
        growth[self.unknown[:, last] > self.unknown[:, first]] = np.nan
        cumulated = np.array(factors)
        cumulated[:, row, column] = growth if self.sample.compounding == "log" else np.expm1(growth)
        return cumulated


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


def overlapping(asset: Ints, position: Ints, event: Ints) -> Sequence[tuple[int, int]]:
    """Pairs of events of one asset whose event windows share a session, neighbours in time."""
    order = np.lexsort((position, asset))
    one, two = order[:-1], order[1:]
    shared = (asset[one] == asset[two]) & (position[one] + event[one, 1] >= position[two] + event[two, 0])
    return [(int(a), int(b)) for a, b in zip(one[shared], two[shared], strict=True)]
