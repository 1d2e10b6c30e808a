"""Mean cross-correlation of estimation residuals on common calendar dates (Kolari and Pynnonen)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats, Ints, Mask
from eventstudy.inference.days import distances
from eventstudy.inference.section import ResidualBlock, Section, of_history

EXACT_UP_TO = 3_000
"""Events up to which every pair is correlated; above, the pooled estimator."""
COMMON_DAYS = 10
"""A pair with fewer common estimation days has no correlation of its own."""
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class CrossCorrelation:
    """Mean correlation of abnormal returns between events.

    Attributes
    ----------
    mean : float or None
        Mean over all N (N - 1) pairs: `between` x `share`. None where it cannot be had.
    between : float or None
        Mean correlation of the pairs that count.
    share : float
        Mean over all pairs of the share of tested sessions that a pair has in common; 1 for events of one date.
    estimator : str
        ``pairwise`` or ``pooled``.
    """

    mean: float | None
    between: float | None
    share: float
    estimator: str


@of_history
def cross_correlation(section: Section, *, all_pairs: bool = False, exact_up_to: int = EXACT_UP_TO) -> CrossCorrelation:
    """Mean cross-correlation of the tested abnormal returns, from estimation residuals on common dates.

    Parameters
    ----------
    section : Section
        At least two events.
    all_pairs : bool
        Count every pair in full, also of events whose tested windows share no session.
    exact_up_to : int
        Events up to which every pair is correlated on its own.

    Notes
    -----
    Two abnormal returns are correlated through the sessions that they share. A pair counts with the share
    w_ij of the L tested sessions that it has in common, so ``rbar = mean of w_ij r_ij`` over all pairs: the
    mean correlation where all events have one date (Kolari and Pynnonen 2010), 0 where no windows meet.
    r_ij is the correlation of the residuals of i and j on their common calendar dates, about their means
    there. A pair with too few common dates takes the mean of the others. The pooled estimator
    ``sum_t [(sum_i z_it)^2 - sum_i z_it^2] / sum_t n_t (n_t - 1)`` on residuals scaled to unit mean square is the
    same number where all pairs share all dates.
    """
    length = None if all_pairs else section.window.size
    share = _share(section.position, length)
    pooled = section.size > exact_up_to
    name = "pooled" if pooled else "pairwise"
    if share == 0.0:
        return CrossCorrelation(0.0, None, share, name)
    between = _pooled(section, length) if pooled else _pairwise(section, length)
    return CrossCorrelation(None if between is None else between * share, between, share, name)


def _share(position: Ints, length: int | None) -> float:
    """Mean over ordered pairs of the share of the tested sessions that two events have in common."""
    if length is None:
        return 1.0
    dates, count = np.unique(position, return_counts=True)
    total = float((count * (count - 1)).sum())
    for lag in range(1, length):
        here, there = _lagged(dates, lag)
        total += 2.0 * (1.0 - lag / length) * float((count[here] * count[there]).sum())
    return total / (position.size * (position.size - 1))


def _lagged(dates: Ints, lag: int) -> tuple[Ints, Ints]:
    """Places of the dates that have another date `lag` sessions later, and of those others."""
    there = np.searchsorted(dates, dates + lag)
    found = there < dates.size
    found[found] = dates[there[found]] == dates[found] + lag
    return np.flatnonzero(found), there[found]


def _scaled(block: ResidualBlock) -> tuple[Floats, Mask]:
    """Residuals about their mean with unit mean square, 0 where there is none; and where there is one."""
    known = np.isfinite(block.resid)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    kept = np.where(known, block.resid, 0.0)
    deviation = np.where(known, kept - kept.sum(axis=1, keepdims=True) / count, 0.0)
    square = np.einsum("et,et->e", deviation, deviation)[:, None]
    scale = np.where(square > 0.0, np.sqrt(count / np.where(square > 0.0, square, 1.0)), 0.0)
    return deviation * scale, known


@dataclass(slots=True)
class _Grid:
    """Sums of residuals and counts by date (rows) and estimation day (columns from `low` on)."""

    total: Floats
    count: Floats
    low: int = 0

    def hold(self, first: int, last: int) -> None:
        """Make room for the days from `first` to `last`."""
        width = self.total.shape[1]
        if not width:
            self.low = first
        before, after = max(self.low - first, 0), max(last - self.low - width + 1, 0)
        if before or after:
            self.total, self.count = (np.pad(part, ((0, 0), (before, after))) for part in (self.total, self.count))
            self.low -= before

    def add(self, group: Ints, day: Ints, z: Floats, known: Mask) -> None:
        """Add a block, (b,) rows of the grid and (b, T) days, values and indicators."""
        if not known.any():
            return
        if (day == day[0]).all():
            self.hold(int(day[0].min()), int(day[0].max()))
            order = np.argsort(group, kind="stable")
            begin = np.flatnonzero(np.diff(group[order], prepend=-1))
            place = group[order][begin][:, None], (day[0] - self.low)[None, :]
            self.total[place] += np.add.reduceat(z[order], begin, axis=0)
            self.count[place] += np.add.reduceat(known[order].astype(float), begin, axis=0)
            return
        self.hold(int(day[known].min()), int(day[known].max()))
        cell = np.broadcast_to(group[:, None], day.shape)[known], day[known] - self.low
        np.add.at(self.total, cell, z[known])
        np.add.at(self.count, cell, 1.0)


def _pooled(section: Section, length: int | None) -> float | None:
    """The pooled estimator over pairs whose tested windows meet, each with the share of sessions they share."""
    origin = np.zeros_like(section.position) if length is None else section.position
    dates, group = np.unique(origin, return_inverse=True)
    grid = _Grid(np.zeros((dates.size, 0)), np.zeros((dates.size, 0)))
    above = below = 0.0
    for block in section.residuals():
        z, known = _scaled(block)
        above -= float(np.einsum("et,et->", z, z))
        below -= float(known.sum())
        grid.add(group[block.rows], distances(block, origin), z, known)
    above += float((grid.total**2).sum())
    below += float((grid.count**2).sum())
    for lag in range(1, min(length or 1, grid.total.shape[1])):
        here, there = _lagged(dates, lag)
        weight = 2.0 * (1.0 - lag / (length or 1))
        above += weight * float((grid.total[here, lag:] * grid.total[there, :-lag]).sum())
        below += weight * float((grid.count[here, lag:] * grid.count[there, :-lag]).sum())
    return above / below if below > 0.0 else None


def _pairwise(section: Section, length: int | None) -> float | None:
    """Mean of every pair's own correlation, weighted by the sessions that the pair shares."""
    total = weight = 0.0
    for share, correlation in _pairs(section, length):
        known = np.isfinite(correlation) & (share > 0.0)
        total += float((share[known] * correlation[known]).sum())
        weight += float(share[known].sum())
    return total / weight if weight > 0.0 else None


def _pairs(section: Section, length: int | None) -> Iterator[tuple[Floats, Floats]]:
    """Shares and correlations of each pair once, in blocks of events ordered by date."""
    order = np.argsort(section.position, kind="stable")
    position = section.position[order]
    z, known, session = _gathered(section, order)
    for start in range(0, position.size, _BLOCK):
        stop = min(start + _BLOCK, position.size)
        last = position.size if length is None else int(np.searchsorted(position, position[stop - 1] + length))
        value, there = _placed(z[start:last], known[start:last], session[start:last])
        correlation = _correlations(value[: stop - start], there[: stop - start], value, there)
        gap = position[None, start:last] - position[start:stop, None]
        share = np.ones(gap.shape) if length is None else np.maximum(1.0 - gap / length, 0.0)
        share[np.tril_indices(stop - start, 0, last - start)] = 0.0
        yield share, correlation


def _gathered(section: Section, order: Ints) -> tuple[Floats, Mask, Ints]:
    blocks = list(section.residuals())
    rows = np.concatenate([block.rows for block in blocks])
    place = np.argsort(rows)[order]
    scaled = [_scaled(block) for block in blocks]
    z = np.concatenate([one for one, _ in scaled])[place]
    known = np.concatenate([one for _, one in scaled])[place]
    return z, known, np.concatenate([block.session for block in blocks])[place]


def _placed(z: Floats, known: Mask, session: Ints) -> tuple[Floats, Floats]:
    """Rows moved from event time to the calendar days that they cover: values and indicators."""
    if (session == session[0]).all():
        return z, known.astype(float)
    days = session[known]
    first, last = (int(days.min()), int(days.max())) if days.size else (0, 0)
    values, there = (np.zeros((session.shape[0], last - first + 1)) for _ in range(2))
    row = np.broadcast_to(np.arange(session.shape[0])[:, None], session.shape)[known]
    values[row, days - first] = z[known]
    there[row, days - first] = 1.0
    return values, there


def _correlations(a: Floats, in_a: Floats, b: Floats, in_b: Floats) -> Floats:
    """Correlations of the rows of `a` with those of `b` on their common days; NaN where there are too few."""
    count = in_a @ in_b.T
    enough = count >= COMMON_DAYS
    number = np.where(enough, count, 1.0)
    sum_a, sum_b = a @ in_b.T, in_a @ b.T
    var_a = (a**2) @ in_b.T - sum_a**2 / number
    var_b = in_a @ (b**2).T - sum_b**2 / number
    both = np.where(enough, var_a * var_b, 0.0)
    usable = both > (1e-12 * number) ** 2
    covariance = a @ b.T - sum_a * sum_b / number
    return np.where(usable, covariance / np.sqrt(np.where(usable, both, 1.0)), np.nan)
