"""Sums across events for each day, read block by block: the time series behind clustering-robust tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats, Ints
from eventstudy.inference.section import EventDays, ResidualBlock, Section, of_history

Source = Section | EventDays
Score = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class DaySums:
    """Sums over events of each day on which there is at least one.

    Attributes
    ----------
    total : (D,) float
        Sum over events.
    count : (D,) int
        Events in it.
    """

    total: Floats
    count: Ints

    @property
    def mean(self) -> Floats:
        """(D,) means over events."""
        return self.total / self.count


@dataclass(frozen=True, slots=True, eq=False)
class DayScores:
    """Scores of estimation days and of event days, summed over events.

    Attributes
    ----------
    past : DaySums
        Estimation days.
    total, count : (W,)
        Event days: sums, and events in them (0 where there is none).
    """

    past: DaySums
    total: Floats
    count: Ints


def sum_by_day(parts: Iterable[tuple[ResidualBlock, Floats]], position: Ints) -> DaySums:
    """Sum values of estimation days over events.

    Days are told apart by their distance in sessions from day 0, so that events of one date meet on the
    same calendar day, even where their estimation windows do not begin together.

    Parameters
    ----------
    parts : iterable of (block, (b, T) float)
        Blocks with a value for every residual, NaN where there is none.
    position : (N,) int
        Session of day 0 of every event.
    """
    return _joined([_reduced(block, values, position) for block, values in parts])


def distances(block: ResidualBlock, position: Ints) -> Ints:
    """(b, T) sessions from each event's day 0 to the days of its residuals."""
    if block.days is not None:
        return np.broadcast_to(block.days, block.resid.shape)
    away: Ints = block.session - position[block.rows][:, None]
    return away


@of_history
def residual_sums(source: Source) -> DaySums:
    """Residuals summed over events for each estimation day."""
    return sum_by_day(((block, block.resid) for block in source.residuals()), source.position)


@of_history
def mean_residuals(section: Section) -> Floats:
    """(D,) mean residual over events of each estimation day, weighted where events have weights."""
    if not section.weighted:
        return residual_sums(section).mean
    blocks = [(block, section.weight[block.rows, None]) for block in section.residuals()]
    total = sum_by_day(((block, block.resid * weight) for block, weight in blocks), section.position)
    weights = ((block, np.where(np.isfinite(block.resid), weight, np.nan)) for block, weight in blocks)
    return total.total / sum_by_day(weights, section.position).total


def scores_by_day(source: Source, event: Floats, score: Score) -> DayScores:
    """Score each event's residuals together with its event days, and sum the scores over events.

    Parameters
    ----------
    source : Section or EventDays
        Where the residuals are.
    event : (N, W) float
        Values of the event days in units of the residuals, NaN where there is none.
    score : callable
        (b, T + W) values to scores of the same shape, row by row, NaN where there is none.
    """
    total = np.zeros(event.shape[1])
    count = np.zeros(event.shape[1], dtype=np.int64)
    parts = []
    for block in source.residuals():
        length = block.resid.shape[1]
        scores = score(np.concatenate([block.resid, event[block.rows]], axis=1))
        ahead = scores[:, length:]
        known = np.isfinite(ahead)
        total += np.where(known, ahead, 0.0).sum(axis=0)
        count += known.sum(axis=0)
        parts.append(_reduced(block, scores[:, :length], source.position))
    return DayScores(_joined(parts), total, count)


def midranks(values: Floats) -> Floats:
    """Ranks along each row from 1, ties at their mean; NaN stays NaN and is not ranked."""
    rows, order = np.arange(values.shape[0])[:, None], np.argsort(values, axis=1)
    ordered = values[rows, order]
    ranks = np.empty_like(values)
    ranks[rows, order] = np.arange(1.0, values.shape[1] + 1.0)
    ranks[np.isnan(values)] = np.nan
    tied = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
    if tied.size:
        ranks[tied] = _midranks_of_ties(values[tied])
    return ranks


def medians(values: Floats) -> Floats:
    """(b, 1) medians of the rows without their NaN."""
    ordered = np.sort(values, axis=1)
    count = np.isfinite(values).sum(axis=1)
    low, high = np.maximum((count - 1) // 2, 0), np.minimum(count // 2, values.shape[1] - 1)
    rows = np.arange(values.shape[0])
    middle: Floats = (0.5 * (ordered[rows, low] + ordered[rows, high]))[:, None]
    return middle


def _reduced(block: ResidualBlock, values: Floats, position: Ints) -> tuple[Ints, Floats, Ints]:
    """One block's days, sums and counts; nothing else of the block is kept."""
    known = np.isfinite(values)
    day = distances(block, position)
    if (day == day[0]).all():
        return day[0], np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0)
    return _totals(day[known], values[known], np.ones(int(known.sum()), dtype=np.int64))


def _joined(parts: Sequence[tuple[Ints, Floats, Ints]]) -> DaySums:
    if not parts:
        return DaySums(np.zeros(0), np.zeros(0, dtype=np.int64))
    day, total, count = (np.concatenate(column) for column in zip(*parts, strict=True))
    _, summed, number = _totals(day, total, count)
    return DaySums(summed[number > 0], number[number > 0])


def _totals(day: Ints, total: Floats, count: Ints) -> tuple[Ints, Floats, Ints]:
    """Sums and counts of each day from the first to the last."""
    if not day.size:
        return day, total, count
    place = day - day.min()
    number = np.bincount(place, count).astype(np.int64)
    first = int(day.min())
    return np.arange(first, first + number.size), np.bincount(place, total).astype(np.float64), number


def _midranks_of_ties(values: Floats) -> Floats:
    from scipy import stats

    missing = np.isnan(values)
    ranks = np.asarray(stats.rankdata(np.where(missing, np.inf, values), axis=1), dtype=np.float64)
    return np.where(missing, np.nan, ranks)
