"""Several markets in one table: which rows are sessions of which asset."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Days, Floats, Ints, Mask
from eventstudy.calendars import load_sessions
from eventstudy.kernel.calendars import Calendars, calendars_of


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
        return calendars_of(np.zeros(assets, dtype=np.int64), np.ones((1, size), dtype=bool))
    needed = np.unique(asset[asset >= 0])
    masks = np.isfinite(values[needed])
    for place, row in enumerate(needed.tolist()):
        masks[place] |= opened.get(row, ~closed)
    own, row = np.unique(masks, axis=0, return_inverse=True)
    market = np.zeros(assets, dtype=np.int64)
    market[needed] = row.ravel()
    return calendars_of(market, own if needed.size else np.ones((1, size), dtype=bool))


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
