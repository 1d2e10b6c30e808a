"""Several markets in one table: which rows are sessions of which asset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Days, Floats, Ints, Mask
from eventstudy.calendars import load_sessions


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


def own_calendars(values: Floats, factors: Floats, asset: Ints, opened: Mapping[int, Mask]) -> Calendars:
    """Which sessions of a table are sessions of which asset.

    Parameters
    ----------
    values : (A, S) float
        Returns.
    factors : (K, S) float
        Benchmark or factors.
    asset : (E,) int
        Asset of each event, -1 where it is not known.
    opened : mapping of int to (S,) bool
        From `openings`.

    Notes
    -----
    Where the exchange of an asset is known (or the exchanges, if its events name several), its calendar says which they
    are, as far as it reaches, and every session with a return counts. Else a session on which neither the asset nor any
    regressor has a return is none of the asset: other markets of the table were open, or nobody was. A session on which
    only the asset has none is one on which it did not trade.
    """
    assets, size = values.shape
    closed = ~np.isfinite(factors).any(axis=0) if factors.size else np.zeros(size, dtype=bool)
    if not closed.any() and all(mask.all() for mask in opened.values()):
        return _calendars(np.zeros(assets, dtype=np.int64), np.ones((1, size), dtype=bool))
    needed = np.unique(asset[asset >= 0])
    masks = np.isfinite(values[needed])
    for place, row in enumerate(needed.tolist()):
        masks[place] |= opened.get(row, ~closed)
    own, row = np.unique(masks, axis=0, return_inverse=True)
    market = np.zeros(assets, dtype=np.int64)
    market[needed] = row.ravel()
    return _calendars(market, own if needed.size else np.ones((1, size), dtype=bool))


def openings(sessions: Days, asset: Ints, exchange: NDArray[np.object_]) -> dict[int, Mask]:
    """(S,) sessions on which the exchanges that an asset's events name were open, by the asset's row.

    Assets on the same exchanges share one array; an asset whose events name none is not there.
    """
    codes: dict[int, set[str]] = {}
    for row, code in zip(asset.tolist(), exchange, strict=True):
        if row >= 0 and code:
            codes.setdefault(row, set()).add(str(code))
    days = sessions.astype("datetime64[D]")
    together = {
        names: np.any([_open(days, code) for code in names], axis=0) for names in set(map(frozenset, codes.values()))
    }
    return {row: together[frozenset(names)] for row, names in codes.items()}


def shut(values: Floats, opened: Mapping[int, Mask]) -> dict[int, Ints]:
    """Columns in which an asset has a return although its exchange was closed, by the asset's row."""
    odd = {row: np.flatnonzero(~mask & np.isfinite(values[row])) for row, mask in opened.items() if not mask.all()}
    return {row: columns for row, columns in odd.items() if columns.size}


def _open(days: Days, code: str) -> Mask:
    """(S,) whether an exchange was open on a day; true where that is not known."""
    known = load_sessions(code)
    inside = (days >= np.datetime64(known.first)) & (days <= np.datetime64(known.last))
    return np.isin(days, known.sessions) | ~inside


def _calendars(market: Ints, own: Mask) -> Calendars:
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
