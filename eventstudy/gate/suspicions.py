"""Suspicious returns: closes carried forward, moves at the ratio of a split, wrong prices undone, large moves.

Nothing here changes a number. What is found is told beside the figures that it touches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats, Ints, Mask
from eventstudy.facts import Fact, fact

STALE_RUN = 5
"""Returns of exactly 0 in a row, on days on which the market moved, from which closes count as carried forward.

A liquid share closes unchanged on 1 to 3 % of days, so five in a row are not chance; shares that trade in coarse ticks
may reach it, and for them a zero return carries as little news.
"""
JUMP_THRESHOLD = 0.30
"""Size of a simple return above which it is told (0.30 = 30 %).

The widest daily price limit of the Chinese exchanges is 30 %, so a move inside a limit is not told (a limit
price rounded upwards aside), while a forgotten 3-for-2 split (-33 %), 2-for-1 split (-50 %) or a misplaced decimal
point is. True moves of this size exist (ORCL +35.9 % on 2025-09-10), so a jump alone makes nothing unusable.
"""
FAR = 10.0
"""Robust standard deviations beyond which a move below `JUMP_THRESHOLD` is looked at.

Alone such a move is no news: returns have fat tails, and events are their cause. It is told where it also falls on the
ratio of a split or is undone by the next return.
"""
LEAST_MOVE = 0.12
"""Smaller moves are not looked at: the smallest split that is known here, 6 for 5, moves a price by 17 %."""
LEAST_FOR_SCALE = 30
"""Returns that a robust scale needs; with fewer only `JUMP_THRESHOLD` is held against a move."""
NEAR = 2.0
"""Robust standard deviations within which a return counts as that of a split: its day also had an ordinary return."""
NEAREST = 0.03
"""The most that `NEAR` may come to, as a log return: neighbouring ratios of splits are 0.03 to 0.1 apart."""
BACK = 3.0
"""Robust standard deviations within which a price counts as back where it was: two ordinary returns, 2 * sqrt(2)."""
BACK_SHARE = 0.25
"""The most that `BACK` may come to, as a share of the move that is undone."""
MAD_TO_SD = 1.4826
"""Standard deviation of a normal variable over its median absolute value."""

SPLITS = tuple(
    [(new, 1) for new in (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 50, 100)]
    + [(3, 2), (5, 2), (7, 2), (4, 3), (5, 3), (5, 4), (7, 4), (6, 5), (7, 5), (8, 5), (9, 5), (13, 10), (17, 10)]
    + [(1, old) for old in (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100)]
    + [(2, 3)]
)
"""New for old shares as companies split, give bonus shares for ten (13 for 10) and consolidate (1 for 10)."""
_LOG_SPLITS = np.log([old / new for new, old in SPLITS])


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something in returns that may be a fault of the prices.

    Attributes
    ----------
    row : int
        The asset.
    first, last : int
        First and last of the returns that it concerns; one and the same for a single return.
    why : Fact
        ``stale`` (`n` returns), ``split_ratio`` (`change`, `new` for `old` shares), ``reversal`` (`change`, and `back`
        by the next return) or ``jump`` (`change`). Changes are simple returns (0.01 = 1 %).
    """

    row: int
    first: int
    last: int
    why: Fact


def suspicions(returns: Floats, *, market: Floats | None = None) -> tuple[Suspicion, ...]:
    """What in returns may be a fault of the prices, each thing once, by asset and day.

    Parameters
    ----------
    returns : (A, S) float
        Simple returns (0.01 = 1 %), NaN where there is none.
    market : (S,) or (A, S) float, optional
        Returns of the market, NaN where unknown: zeros are stale only where it moved. Without it the market moved where
        one of several assets did; a single asset is held against the clock alone.

    Returns
    -------
    tuple of Suspicion
        A split is not also a jump, nor is a price that is wrong for one session.
    """
    found = [*_stale(returns, _moved(returns, market)), *_moves(returns)]
    return tuple(sorted(found, key=lambda one: (one.row, one.first)))


def _moved(returns: Floats, market: Floats | None) -> Mask:
    """(S,) or (A, S) whether the market moved."""
    if market is None and len(returns) == 1:
        return np.ones(returns.shape[1], dtype=bool)
    if market is not None:
        moved: Mask = np.isfinite(market) & (market != 0)
        return moved
    return np.asarray((np.isfinite(returns) & (returns != 0)).any(axis=0))


def _stale(returns: Floats, moved: Mask) -> Iterator[Suspicion]:
    """Runs of returns of exactly 0 that hold `STALE_RUN` days on which the market moved."""
    zero = returns == 0
    rows = np.flatnonzero(np.count_nonzero(zero, axis=1) >= STALE_RUN)
    if not rows.size:
        return
    edges = np.diff(np.pad(zero[rows], ((0, 0), (1, 1))).astype(np.int8), axis=1)
    place, first = np.nonzero(edges == 1)
    end = np.nonzero(edges == -1)[1]
    long = end - first >= STALE_RUN
    place, first, end = place[long], first[long], end[long]
    row = rows[place]
    count = np.pad(np.cumsum(np.atleast_2d(moved), axis=1), ((0, 0), (1, 0)))
    own = row if moved.ndim == 2 else np.zeros_like(row)
    told = count[own, end] - count[own, first] >= STALE_RUN
    for asset, start, stop in zip(row[told].tolist(), first[told].tolist(), end[told].tolist(), strict=True):
        yield Suspicion(asset, start, stop - 1, fact("stale", n=stop - start))


def _moves(returns: Floats) -> Iterator[Suspicion]:
    """Reversals, splits and jumps; only assets with a large move are measured, and only they are looped over."""
    large = np.flatnonzero((returns > LEAST_MOVE) | (returns < -LEAST_MOVE))
    asset, column = np.divmod(large, max(returns.shape[1], 1))
    for own in np.split(np.arange(large.size), np.flatnonzero(np.diff(asset)) + 1) if large.size else ():
        row, columns = int(asset[own[0]]), column[own]
        size = np.abs(returns[row, columns])
        scale = _scale(np.abs(returns[row]), float(size.max()))
        yield from _moves_of(row, returns[row], columns[size > np.fmin(JUMP_THRESHOLD, FAR * scale)], scale)


def _scale(size: Floats, largest: float) -> float:
    """Robust standard deviation around 0 from the sizes of returns, NaN where it is not known or makes no difference.

    Whether the largest move lies beyond `FAR` of it is known from a count; only where it does is the median taken.
    """
    known = size[size > 0]
    if known.size < LEAST_FOR_SCALE:
        return np.nan
    if largest <= JUMP_THRESHOLD and 2 * np.count_nonzero(known < largest / (FAR * MAD_TO_SD)) < known.size:
        return np.nan
    return MAD_TO_SD * float(np.partition(known, known.size // 2)[known.size // 2])


def _moves_of(row: int, own: Floats, columns: Ints, scale: float) -> Iterator[Suspicion]:
    done = -1
    for column in columns[own[columns] > -1.0].tolist():
        if column <= done:
            continue
        change, after = float(own[column]), _next(own, column)
        log = float(np.log1p(change))
        split = int(np.abs(_LOG_SPLITS - log).argmin())
        if after is not None and abs(log + np.log1p(own[after])) <= np.fmin(BACK * scale, BACK_SHARE * abs(log)):
            done = after
            yield Suspicion(row, column, after, fact("reversal", change=change, back=own[after]))
        elif abs(_LOG_SPLITS[split] - log) <= np.fmin(NEAR * scale, NEAREST):
            new, old = SPLITS[split]
            yield Suspicion(row, column, column, fact("split_ratio", change=change, new=new, old=old))
        elif abs(change) > JUMP_THRESHOLD:
            yield Suspicion(row, column, column, fact("jump", change=change))


def _next(own: Floats, column: int) -> int | None:
    """Column of the next return that is there."""
    later = np.flatnonzero(own[column + 1 :] > -1.0)
    return column + 1 + int(later[0]) if later.size else None
