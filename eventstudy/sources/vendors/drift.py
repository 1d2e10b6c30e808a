"""What a vendor changed between two downloads, and where two vendors differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from eventstudy.errors import DisagreementError, HoleError
from eventstudy.facts import Fact, fact
from eventstudy.gate.suspicions import JUMP_THRESHOLD
from eventstudy.prices import FloatArray, PriceSeries, SessionArray, Span
from eventstudy.sources.traded import days_told
from eventstudy.sources.vendors.bars import figure_text
from eventstudy.sources.vendors.download import Download

SAME = 1e-9
"""Relative difference below which two figures are the same; vendors quote at most eight digits."""
SAME_RETURN = 1e-5
"""Difference of one-session returns below which adjusted closes, which are rebased at every dividend, say the same;
a vendor's rounding of them to six digits is below it."""
ROUNDING = 1e-3
"""Relative difference that adjusting closes and rounding them to a cent again makes, from a close of 5 on."""
SMALLEST_SPLIT = 0.09
"""Least relative change of closes that is taken for a split: 1 new share to 10. All but few dividends change them by
less, and closes adjusted for dividends are not to pass for closes as traded."""
ENOUGH = 5
"""Sessions with one factor from which on it is no coincidence of wrong figures."""


def compare(before: Download, after: Download) -> tuple[Fact, ...]:
    """What the later of two downloads of the same symbol says otherwise; empty where nothing."""
    first, last = max(before.first, after.first), min(before.last, after.last)
    return changes(before.series, after.series, (first, last), after.vendor, f"{before.at:%Y-%m-%d}")


def changes(old: PriceSeries, new: PriceSeries, span: Span, who: str | Fact, since: str | Fact) -> tuple[Fact, ...]:
    """What one series says otherwise than another over a span of days.

    Parameters
    ----------
    old, new : PriceSeries
        Two series of the same symbol.
    span : (first, last)
        Days, both included, that both cover.
    who, since : str or Fact
        Whose series the new one is, and the day of the old one.
    """
    about = {"who": who, "symbol": new.symbol, "since": since}
    old_rows, new_rows = _within(old.sessions, span), _within(new.sessions, span)
    gone = np.setdiff1d(old.sessions[old_rows], new.sessions[new_rows])
    come = np.setdiff1d(new.sessions[new_rows], old.sessions[old_rows])
    said = [
        fact("changed.sessions", **about, what=what, days=days_told(days.tolist()))
        for what, days in (("gone", gone), ("come", come))
        if days.size
    ]
    _, left, right = np.intersect1d(old.sessions, new.sessions, return_indices=True)
    shared = _within(old.sessions[left], span)
    left, right = left[shared], right[shared]
    days = old.sessions[left]
    if old.close is not None and new.close is not None:
        said.extend(_changed(days, old.close[left], new.close[right], about))
        kept = _apart(old.close[left], new.close[right]) <= SAME
        for name in ("open", "high", "low"):
            before, after = old.columns.get(name), new.columns.get(name)
            if before is None or after is None:
                continue
            # Where the close changed too, that has been said.
            if (alone := (_apart(before[left], after[right]) > SAME) & kept).any():
                said.append(fact("changed.column", **about, column=name, days=days_told(days[alone].tolist())))
    moved = _returns_moved(old, left, new, right)
    if moved.any():
        said.append(fact("changed.adjusted_returns", **about, days=days_told(days[1:][moved].tolist())))
    return tuple(said)


def cross_check(
    series: PriceSeries,
    vendor: str,
    other: PriceSeries,
    other_vendor: str,
    *,
    tolerance: float,
    suspensions: Sequence[Span],
    covered: Span | None = None,
) -> tuple[Fact, ...]:
    """Hold one vendor's closes against another's.

    Parameters
    ----------
    series, other : PriceSeries
        The bars to be used, and the second opinion.
    tolerance : float
        Largest relative difference of two closes (0.005 = 0.5 %).
    suspensions : sequence of (first, last)
        Documented halts; sessions missing there are no holes.
    covered : (first, last), optional
        Days that both vendors were asked for. Without it nothing is said of sessions before the first and after the
        last bar of `series`.

    Returns
    -------
    tuple of Fact
        What was found in agreement, or explained.

    Raises
    ------
    HoleError
        If sessions are missing that the other vendor has.
    DisagreementError
        If closes differ beyond the tolerance, with both values, unless a split explains all of them.
    """
    if series.close is None or other.close is None:
        return ()
    span = covered or (series.sessions[0].item(), series.sessions[-1].item())
    theirs_there = other.sessions[_within(other.sessions, span)]
    missing = np.setdiff1d(theirs_there, series.sessions)
    for halt in suspensions:
        missing = missing[~_within(missing, halt)]
    if missing.size:
        what = f"has no bar on {days_told(missing.tolist())}, {other_vendor} has; not a halt but a hole"
        raise HoleError(vendor, series.symbol, f"{what}: use another source, or declare a suspension")
    days, left, right = np.intersect1d(series.sessions, theirs_there, return_indices=True)
    if not days.size:
        return (fact("second.no_session", second=other_vendor),)
    ours, theirs = series.close[left], other.close[_within(other.sessions, span)][right]
    unseen = _unseen(series.sessions[_within(series.sessions, span)], days, other_vendor)
    apart = _apart(ours, theirs)
    # Half a per cent is not half a per cent to the last digit: 99.5 and 100 differ by a little more.
    beyond = apart > tolerance + SAME
    if not beyond.any():
        return fact("second.agrees", second=other_vendor, sessions=days.size, largest=apart.max()), *unseen
    if splits := _splits(ours, theirs, tolerance):
        spans = [{"times": times, "until": days[row].item()} for row, times in reversed(splits)]
        if len(spans) == 1:
            return fact("second.split", second=other_vendor, **spans[0]), *unseen
        return fact("second.splits", second=other_vendor, spans=spans), *unseen
    raise DisagreementError(vendor, series.symbol, _disagreement(days, ours, theirs, other_vendor, tolerance))


def _disagreement(days: SessionArray, ours: FloatArray, theirs: FloatArray, other_vendor: str, tolerance: float) -> str:
    apart = _apart(ours, theirs)
    worst, count = int(apart.argmax()), int((apart > tolerance + SAME).sum())
    digits = 2
    while digits < 9 and f"{apart[worst]:.{digits}%}" == f"{tolerance:.{digits}%}":
        digits += 1
    return (
        f"closes at {figure_text(ours[worst])} on {days[worst]}, {other_vendor} at {figure_text(theirs[worst])} "
        f"({apart[worst]:.{digits}%} apart, tolerated {tolerance:.{digits}%}, on {count} of {days.size} session"
        f"{'s' if days.size > 1 else ''}); "
        "find out which is right, then widen prices.tolerance or leave one vendor out of symbols"
    )


def _unseen(ours: SessionArray, common: SessionArray, other_vendor: str) -> tuple[Fact, ...]:
    """What to add where the second vendor has not all sessions."""
    alone = np.setdiff1d(ours, common)
    return (fact("second.no_bar", second=other_vendor, days=days_told(alone.tolist())),) if alone.size else ()


def _changed(days: SessionArray, old: FloatArray, new: FloatArray, about: Mapping[str, str | Fact]) -> Iterator[Fact]:
    apart = _apart(old, new)
    differ = apart > SAME
    if not differ.any():
        return
    if factor := _split_factor(old, new, differ, ROUNDING):
        yield fact("changed.split", **about, until=days[int(np.flatnonzero(differ)[-1])].item(), times=factor)
        return
    worst = int(apart.argmax())
    figures = {"closes": differ.sum(), "day": days[worst].item(), "was": old[worst], "now": new[worst]}
    yield fact("changed.closes", **about, **figures)


def _apart(old: FloatArray, new: FloatArray) -> FloatArray:
    """Relative differences; infinite where one of the two is no price, 0 where both are the same or both are none."""
    usable = np.isfinite(old) & np.isfinite(new) & (old > 0) & (new > 0)
    ratio = np.divide(new, old, out=np.full(old.shape, np.inf), where=usable)
    return np.where((new == old) | (np.isnan(new) & np.isnan(old)), 0.0, np.abs(ratio - 1))


def _split_factor(traded: FloatArray, adjusted: FloatArray, differ: NDArray[np.bool_], slack: float) -> float | None:
    """The factor of a split that explains all differing closes, or None.

    It does if all closes up to the last one that differs have one factor, of a size that splits have, and if the
    adjusted closes do not step where it ends: there the closes as traded step, while figures that are merely wrong
    step themselves.
    """
    until = int(np.flatnonzero(differ)[-1]) + 1
    if until < 2 or not np.isfinite(_apart(traded, adjusted)[:until]).all():
        return None
    ratio = adjusted[:until] / traded[:until]
    factor = float(np.median(ratio))
    if abs(factor - 1) < SMALLEST_SPLIT or (np.abs(ratio / factor - 1) > slack).any():
        return None
    if until == traded.size:
        return factor
    ours, theirs = (abs(float(np.log(closes[until] / closes[until - 1]))) for closes in (traded, adjusted))
    if until < ENOUGH or theirs > np.log1p(JUMP_THRESHOLD):
        return factor if theirs < ours else None
    return factor


def _splits(traded: FloatArray, adjusted: FloatArray, tolerance: float) -> list[tuple[int, float]]:
    """The splits that explain all differing closes, the last one first: the last row of each and the factor up to it.

    Empty where they are not explained. All splits must go the same way: figures that are wrong for a while look like
    one and its reverse.
    """
    found: list[tuple[int, float]] = []
    left, total = adjusted.copy(), 1.0
    slack = max(tolerance, ROUNDING)
    while (beyond := _apart(traded, left) > tolerance + SAME).any():
        row = int(np.flatnonzero(beyond)[-1])
        if not np.isfinite(_apart(traded, left)[: row + 1]).all():
            return []
        ratio = left[: row + 1] / traded[: row + 1]
        other = np.flatnonzero(np.abs(ratio / ratio[-1] - 1) > slack)
        start = int(other[-1]) + 1 if other.size else 0
        factor = _split_factor(traded[start:], left[start:], beyond[start:], slack)
        if factor is None or (found and (factor > 1) != (total > 1)):
            return []
        if (start or found) and row + 1 - start < ENOUGH:
            return []
        total *= factor
        found.append((row, total))
        left[: row + 1] /= factor
    return found


def _returns_moved(
    old: PriceSeries, left: NDArray[np.intp], new: PriceSeries, right: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Where an adjusted return is another, and not because a close is."""
    if old.adj_close is None or new.adj_close is None:
        return np.zeros(max(left.size - 1, 0), dtype=bool)
    was, now = _growth(old.adj_close[left]), _growth(new.adj_close[right])
    moved = ~(np.abs(now - was) <= SAME_RETURN)
    if old.close is None or new.close is None:
        return moved
    # The adjusted close over the close steps at dividends only, whatever the close is.
    steps = now / _growth(new.close[right]) - was / _growth(old.close[left])
    return moved & ~(np.abs(steps) <= SAME_RETURN)


def _growth(prices: FloatArray) -> FloatArray:
    """One plus the returns from each price to the next."""
    return prices[1:] / prices[:-1]


def _within(days: SessionArray, span: tuple[date, date]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (days >= np.datetime64(span[0])) & (days <= np.datetime64(span[1]))
    return inside
