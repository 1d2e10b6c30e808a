"""Event time: which sessions of a table are those of which asset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Days, Floats, Ints, Mask


@dataclass(frozen=True, slots=True, eq=False)
class Calendars:
    """The sessions of each asset among the S of a table.

    Attributes
    ----------
    market : (A,) int
        Row of `own` of each asset.
    own : (M, S) bool
        Which sessions of the table are sessions of a market.
    table : (M, S) int
        Their columns, in order, -1 after the last.
    count : (M,) int
        How many there are.
    """

    market: Ints
    own: Mask
    table: Ints
    count: Ints

    @property
    def one(self) -> bool:
        """Whether all assets with events have the same sessions."""
        return bool(self.own.shape[0] == 1)

    @property
    def single(self) -> bool:
        """Whether every session of the table is one of them."""
        return self.one and bool(self.own.all())

    def sizes(self, asset: Ints) -> Ints:
        """(E,) number of sessions of the asset of each event."""
        sizes: Ints = self.count[self.market[asset]]
        return sizes

    def columns(self, asset: Ints, place: Ints) -> Ints:
        """Columns of the table at places among the sessions of each event's asset, (E,) or (E, L); -1 outside."""
        if self.single:
            return np.where((place >= 0) & (place < self.own.shape[1]), place, -1)
        market = self.market[asset].reshape(-1, *(1,) * (place.ndim - 1))
        inside = (place >= 0) & (place < self.count[market])
        return np.where(inside, self.table[market, np.where(inside, place, 0)], -1)

    def search(self, asset: Ints, stamps: Days, sessions: Days) -> tuple[Ints, Mask]:
        """(E,) place of the first own session on or after each stamp, and whether it is on it."""
        place, exact = np.zeros(stamps.size, dtype=np.int64), np.zeros(stamps.size, dtype=bool)
        market = self.market[asset]
        for one in np.unique(market):
            rows, days = np.flatnonzero(market == one), sessions[self.own[one]]
            if not days.size:
                continue
            at = np.searchsorted(days, stamps[rows])
            place[rows] = at
            exact[rows] = days[np.minimum(at, days.size - 1)] == stamps[rows]
        return place, exact

    def rows(self, needed: Ints) -> Calendars:
        """The calendars of some assets."""
        return Calendars(self.market[needed], self.own, self.table, self.count)


def calendars_of(market: Ints, own: Mask) -> Calendars:
    """The calendars of A assets, each of one of M markets whose sessions a (M, S) mask holds."""
    count = own.sum(axis=1)
    table = np.full(own.shape, -1, dtype=np.int64)
    for row, mask in enumerate(own):
        table[row, : count[row]] = np.flatnonzero(mask)
    return Calendars(market, own, table, count)


def spans(values: Floats, calendars: Calendars, *, gaps: bool) -> Ints | None:
    """(A, S) own sessions that each return covers, all since the last trade with `gaps`; None where each covers one."""
    if not gaps:
        return None
    traded = np.isfinite(values)
    if calendars.single:
        return _spans(traded)
    span = np.zeros(values.shape, dtype=np.int64)
    for market, own in enumerate(calendars.own):
        rows = np.flatnonzero(calendars.market == market)
        span[np.ix_(rows, np.flatnonzero(own))] = _spans(traded[np.ix_(rows, np.flatnonzero(own))])
    return span


def _spans(traded: Mask) -> Ints:
    place = np.arange(traded.shape[1])
    last = np.maximum.accumulate(np.where(traded, place, -1), axis=1)
    before = np.concatenate([np.full((traded.shape[0], 1), -1), last[:, :-1]], axis=1)
    span = np.where(before >= 0, place - before, 1)
    return np.where(traded, span, 0).astype(np.int64)
