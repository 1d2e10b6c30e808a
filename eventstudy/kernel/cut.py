"""The one place where windows are cut: events on stacked series in, aligned windows out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Days, Floats, Ints, Mask
from eventstudy.kernel.sample import Sample, places
from eventstudy.panel import EventPanel
from eventstudy.windows import Window


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
        growth = sample.factors[..., :0] if sample.compounding is None else sample.factors
        if sample.compounding == "simple":
            growth = np.log1p(np.where(growth > -1.0, growth, np.nan))
        known = np.isfinite(growth)
        return cls(
            sample=sample,
            windows=windows,
            values=_padded(sample.values, pad, np.nan),
            span=None if sample.span is None else _padded(sample.span, pad),
            blocked=None if sample.blocked is None else _padded(sample.blocked, pad),
            censored=None if sample.censored is None else _padded(sample.censored, pad),
            factors=_padded(sample.factors, pad, np.nan),
            log_growth=_padded(np.cumsum(np.where(known, growth, 0.0), axis=-1), pad, np.nan),
            unknown=_padded(np.cumsum(~known, axis=-1), pad),
            sessions=np.pad(sample.sessions, pad, constant_values=np.datetime64("NaT", "ns")),
            pad=pad,
        )

    def panel(self, rows: slice) -> EventPanel:
        """The aligned windows of some events: estimation windows around their anchors, event windows around day 0."""
        sample = self.sample
        past, ahead = self.windows
        before, around = sample.anchor[rows], sample.place[rows]
        returns, factors, span, days = self._cut(rows, before, past)
        inside = _inside(past, sample.estimation[rows])
        usable = inside & (span == 1)
        if self.blocked is not None:
            usable &= ~self._at(self.blocked, rows, before, past)
        known = inside & (span <= 1) if sample.compounding is None else inside
        event_returns, event_factors, event_span, event_days = self._cut(rows, around, ahead)
        own = _inside(ahead, sample.event[rows])
        if sample.calendars.single and sample.compounding is not None:
            event_factors = self._over_span(event_factors, event_span, around, ahead)
        return EventPanel(
            keys=tuple(sample.event_ids[rows]),
            event_window=ahead,
            names=sample.names,
            returns=np.where(usable, returns, np.nan),
            factors=factors if known.all() else np.where(known, factors, np.nan),
            event_returns=np.where(own, event_returns, np.nan),
            event_factors=event_factors,
            event_span=np.where(own, event_span, 0),
            sessions=days,
            event_sessions=event_days,
            gap=around + ahead.first - before - past.last - 1,
            censored=None
            if self.censored is None
            else np.where(usable, self._at(self.censored, rows, before, past), 0).astype(np.int64),
        )

    def _at(self, padded: NDArray[Any], rows: slice, zero: Ints, window: Window) -> NDArray[Any]:
        """(E, L) entries of a padded (A, S) array on the days of a window around some places."""
        sample = self.sample
        if sample.calendars.single:
            return _view(padded, window.size)[sample.asset[rows], zero + self.pad + window.first]
        columns = sample.calendars.columns(sample.asset[rows], places(zero, window))
        return padded[sample.asset[rows, None], np.where(columns < 0, 0, columns + self.pad)]

    def _cut(self, rows: slice, zero: Ints, window: Window) -> tuple[Floats, Floats, Ints, Days]:
        """Returns, regressors, spans and sessions of the days of a window around some places."""
        sample = self.sample
        if not sample.calendars.single:
            return self._cut_own(rows, zero, window)
        asset, start = sample.asset[rows], zero + self.pad + window.first
        values = _view(self.values, window.size)[asset, start]
        if self.span is None:
            span = np.isfinite(values).astype(np.int64)
        else:
            span = _view(self.span, window.size)[asset, start]
        place = (start,) if self.factors.ndim == 2 else (asset, start)
        factors = _view(self.factors, window.size)[:, *place]
        return values, factors, span, _view(self.sessions, window.size)[start]

    def _cut_own(self, rows: slice, zero: Ints, window: Window) -> tuple[Floats, Floats, Ints, Days]:
        """As `_cut` where assets have sessions of their own: factors are cumulated from the last own session on."""
        asset, days = self.sample.asset[rows], places(zero, window)
        calendars = self.sample.calendars
        # Column 0 of the padded arrays lies outside the sessions: NaN, a span of 0, no date.
        last = calendars.columns(asset, days)
        last = np.where(last < 0, 0, last + self.pad)
        values = self.values[asset[:, None], last]
        span = np.isfinite(values).astype(np.int64) if self.span is None else self.span[asset[:, None], last]
        if self.sample.compounding is None:
            return values, self.factors[:, asset[:, None], last], span, self.sessions[last]
        before = calendars.columns(asset, days - np.maximum(span, 1))
        first = np.where(before < 0, last - 1, before + self.pad)
        growth = self.log_growth[:, last] - np.where(before < 0, 0.0, self.log_growth[:, first])
        factors = growth if self.sample.compounding == "log" else np.expm1(growth)
        several = last - first > self.unknown[:, last] - self.unknown[:, first] + 1
        factors = np.where(several, factors, self.factors[:, last])
        factors[~np.isfinite(self.factors[:, last])] = np.nan
        gap = span > 1
        factors[:, gap] = np.where(self._unknown_own(asset, days, span)[:, gap], np.nan, factors[:, gap])
        return values, factors, span, self.sessions[last]

    def _unknown_own(self, asset: Ints, days: Ints, span: Ints) -> Mask:
        """(K, E, L) whether a factor lacks a return on an own session that a return covers."""
        found = np.zeros((self.factors.shape[0], *days.shape), dtype=bool)
        for back in range(1, int(span.max(initial=0))):
            column = self.sample.calendars.columns(asset, days - back)
            lacking = ~np.isfinite(self.factors[:, np.where(column < 0, 0, column + self.pad)])
            found |= lacking & (span > back)
        return found

    def _over_span(self, factors: Floats, span: Ints, zero: Ints, window: Window) -> Floats:
        """Factors cumulated over returns of several sessions; the others as they are."""
        row, column = np.nonzero(span > 1)
        if not row.size:
            return factors
        last = zero[row] + self.pad + window.first + column
        first = last - span[row, column]
        growth = self.log_growth[:, last] - self.log_growth[:, first]
        growth[self.unknown[:, last] > self.unknown[:, first]] = np.nan
        cumulated = np.array(factors)
        cumulated[:, row, column] = growth if self.sample.compounding == "log" else np.expm1(growth)
        return cumulated


def cut(sample: Sample) -> EventPanel:
    """The aligned windows of all events of a sample."""
    return Cutter.of(sample).panel(slice(None))


def _padded(values: NDArray[Any], pad: int, outside: float = 0) -> NDArray[Any]:
    wide = [(0, 0)] * (values.ndim - 1) + [(pad, pad)]
    return np.pad(values, wide, constant_values=outside)


def _view(values: NDArray[Any], size: int) -> NDArray[Any]:
    return np.lib.stride_tricks.sliding_window_view(values, size, axis=-1)


def _inside(window: Window, own: Ints) -> Mask:
    days = np.arange(window.first, window.last + 1)
    inside: Mask = (days >= own[:, :1]) & (days <= own[:, 1:])
    return inside
