"""What a vendor changed between two downloads, and where two vendors differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from eventstudy.errors import DisagreementError, HoleError
from eventstudy.prices import FloatArray, PriceSeries, SessionArray, Span
from eventstudy.sources.bars import days_text
from eventstudy.sources.vendors import Download

SAME = 1e-9
"""Relative difference below which two figures are the same; vendors quote at most eight digits."""
SAME_RETURN = 1e-5
"""Difference of one-session returns below which adjusted closes, which are rebased at every dividend, say the same;
a vendor's rounding of them to six digits is below it."""


def compare(before: Download, after: Download) -> tuple[str, ...]:
    """What the later of two downloads of the same symbol says otherwise, a sentence each; empty where nothing."""
    first, last = max(before.first, after.first), min(before.last, after.last)
    return changes(before.series, after.series, (first, last), f"{after.vendor} changed", f"{before.at:%Y-%m-%d}")


def changes(old: PriceSeries, new: PriceSeries, span: Span, who: str, since: str) -> tuple[str, ...]:
    """What one series says otherwise than another over a span of days, a sentence each.

    Parameters
    ----------
    old, new : PriceSeries
        Two series of the same symbol.
    span : (first, last)
        Days, both included, that both cover.
    who, since : str
        Words for the sentences: ``yahoo changed``, the day of the old series.
    """
    symbol = new.symbol
    old_rows, new_rows = _within(old.sessions, span), _within(new.sessions, span)
    gone = np.setdiff1d(old.sessions[old_rows], new.sessions[new_rows])
    come = np.setdiff1d(new.sessions[new_rows], old.sessions[old_rows])
    said = [
        f"{who} {symbol} since {since}: {what} {days_text(days.tolist())}"
        for what, days in (("no longer has", gone), ("now has", come))
        if days.size
    ]
    _, left, right = np.intersect1d(old.sessions, new.sessions, return_indices=True)
    shared = _within(old.sessions[left], span)
    left, right = left[shared], right[shared]
    if old.close is not None and new.close is not None:
        said.extend(_changed(old.sessions[left], old.close[left], new.close[right], who, symbol, since))
    if old.adj_close is not None and new.adj_close is not None:
        moved = np.abs(_returns(new.adj_close[right]) - _returns(old.adj_close[left])) > SAME_RETURN
        if moved.any():
            days = days_text(old.sessions[left][1:][moved].tolist())
            said.append(f"{who} the adjusted returns of {symbol} since {since}: {days}")
    return tuple(said)


def cross_check(
    series: PriceSeries,
    vendor: str,
    other: PriceSeries,
    other_vendor: str,
    *,
    tolerance: float,
    suspensions: Sequence[Span],
) -> tuple[str, ...]:
    """Hold one vendor's closes against another's.

    Parameters
    ----------
    series, other : PriceSeries
        The bars to be used, and the second opinion.
    tolerance : float
        Largest relative difference of two closes (0.005 = 0.5 %).
    suspensions : sequence of (first, last)
        Documented halts; sessions missing there are no holes.

    Returns
    -------
    tuple of str
        What was found in agreement, or explained.

    Raises
    ------
    HoleError
        If sessions are missing that the other vendor has.
    DisagreementError
        If closes differ beyond the tolerance, with both values, unless one factor explains all earlier ones (a split).
    """
    if series.close is None or other.close is None:
        return ()
    span = (series.sessions[0].item(), series.sessions[-1].item())
    missing = np.setdiff1d(other.sessions[_within(other.sessions, span)], series.sessions)
    for halt in suspensions:
        missing = missing[~_within(missing, halt)]
    if missing.size:
        what = f"has no bar on {days_text(missing.tolist())}, {other_vendor} has; not a halt but a hole"
        raise HoleError(vendor, series.symbol, f"{what}: use another source, or declare a suspension")
    days, left, right = np.intersect1d(series.sessions, other.sessions, return_indices=True)
    if not days.size:
        return (f"{other_vendor} has none of these sessions, so closes were not compared",)
    ours, theirs = series.close[left], other.close[right]
    apart = np.abs(theirs / ours - 1)
    if (apart <= tolerance).all():
        return (f"closes agree with {other_vendor}'s on {days.size} sessions (largest difference {apart.max():.2%})",)
    if factor := _factor_before(ours, theirs, tolerance):
        until = days[int(np.flatnonzero(apart > tolerance)[-1])]
        return (f"{other_vendor}'s closes up to {until} are {factor:.6g} times these throughout: adjusted for a split",)
    worst = int(apart.argmax())
    raise DisagreementError(
        vendor,
        series.symbol,
        f"closes at {ours[worst]:g} on {days[worst]}, {other_vendor} at {theirs[worst]:g} "
        f"({apart[worst]:.2%} apart, tolerated {tolerance:.2%}; {int((apart > tolerance).sum())} such sessions); "
        "find out which is right, then widen prices.tolerance or leave one vendor out of symbols",
    )


def _changed(days: SessionArray, old: FloatArray, new: FloatArray, who: str, symbol: str, since: str) -> Iterator[str]:
    apart = np.abs(new / old - 1)
    differ = apart > SAME
    if not differ.any():
        return
    if factor := _factor_before(old, new, SAME):
        until = days[int(np.flatnonzero(differ)[-1])]
        yield f"{who} {symbol} since {since}: closes up to {until} are now {factor:.6g} times what they were (a split)"
        return
    worst, count = int(apart.argmax()), int(differ.sum())
    yield (
        f"{who} {count} close{'s' if count > 1 else ''} of {symbol} since {since}, "
        f"the largest on {days[worst]} from {old[worst]:g} to {new[worst]:g}"
    )


def _factor_before(old: FloatArray, new: FloatArray, tolerance: float) -> float | None:
    """The one factor between all figures up to the last one that differs, if there is one other than 1."""
    ratio = new / old
    differ = np.abs(ratio - 1) > tolerance
    until = int(np.flatnonzero(differ)[-1]) + 1
    factor = float(np.median(ratio[:until]))
    whole = until > 1 and bool((np.abs(ratio[:until] / factor - 1) <= max(tolerance, 1e-6)).all())
    return factor if whole and abs(factor - 1) > 0.01 else None


def _returns(prices: FloatArray) -> FloatArray:
    return prices[1:] / prices[:-1] - 1


def _within(days: SessionArray, span: tuple[date, date]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (days >= np.datetime64(span[0])) & (days <= np.datetime64(span[1]))
    return inside
