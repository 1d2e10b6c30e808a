"""Limit prices and the sessions that hit them, by price equality on unadjusted prices.

Limit price = reference price x (1 +/- limit), rounded to the tick as the rule says, in whole numbers
throughout. The reference price is the last traded close, on an ex-date less the cash dividend (Shanghai
Stock Exchange Trading Rules, 4.3.2 and 4.3.3, for cash only; to be confirmed against the rules in force).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eventstudy.arrays import Days, Floats, Ints, Mask, hold
from eventstudy.errors import PriceError
from eventstudy.facts import fact
from eventstudy.markets.rules import LimitRule, Rounding
from eventstudy.markets.statuses import SessionRules, Status, session_rules, sessions_without_limit

OFF_TICK = 0.01
"""Part of a tick by which a price may miss it: what single precision does to 1,000.00, and no more."""

MOST_TICKS = 10**12
"""Prices above this many ticks are refused; the whole-number arithmetic stays exact far beyond it."""


class LimitPrices(NamedTuple):
    """Lowest and highest price allowed, each of the reference price's shape; NaN where that is NaN."""

    down: Floats
    up: Floats


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Bars:
    """Unadjusted daily bars of one security, in order; arrays of shape (n,), NaN where not traded or unknown."""

    sessions: Days
    close: Floats
    open: Floats
    high: Floats
    low: Floats

    def __post_init__(self) -> None:
        hold(self)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LimitFlags:
    """What the price limits did in each session; arrays of shape (n,).

    Attributes
    ----------
    reference, down, up : array of float
        Reference price and the two limit prices; NaN where no limit applied or no reference is known.
    checked : array of bool
        A limit applied and the close could be held against it.
    bar_checked : array of bool
        So could open, high and low.
    limit_up, limit_down : array of bool
        The close equals the limit price.
    opened_at_limit_up, opened_at_limit_down : array of bool
        The open equals the limit price.
    one_price : array of bool
        Open, high, low and close all equal the same limit price.
    traded_off : array of bool
        The close equals a limit price, and the open, high or low does not: it traded off the limit. Where
        `bar_checked`, a close at the limit is either this or `one_price`.
    touched_limit_up, touched_limit_down : array of bool
        The high (the low) equals the limit price, and the close does not.
    no_limit_session : array of bool
        One of the first sessions after a listing, of a delisting period or after a relisting, to which the
        board's limit does not apply.
    outside : array of bool
        A price lies beyond a limit price: the rule, the reference price or the bar is wrong.
    """

    reference: Floats
    down: Floats
    up: Floats
    checked: Mask
    bar_checked: Mask
    limit_up: Mask
    limit_down: Mask
    opened_at_limit_up: Mask
    opened_at_limit_down: Mask
    one_price: Mask
    traded_off: Mask
    touched_limit_up: Mask
    touched_limit_down: Mask
    no_limit_session: Mask
    outside: Mask

    def __post_init__(self) -> None:
        hold(self)


def reference_prices(
    close: Floats,
    *,
    sessions: Days,
    dividends: Mapping[date, Decimal | float] | None = None,
    splits: Mapping[date, float] | None = None,
    tick: Decimal = Decimal("0.01"),
) -> Floats:
    """Compute the price that each session's limits are reckoned from.

    Parameters
    ----------
    close : array of float, shape (n,)
        Unadjusted closes in order; NaN where the security did not trade.
    sessions : array of datetime64[D], shape (n,)
        The sessions of the closes.
    dividends : mapping from ex-date to cash per share, optional
        A dividend counts in the first traded session on or after its ex-date.
    splits : mapping from ex-date to new shares for an old one, optional
        So does a split; a dividend of the same day is per share before it.
    tick : Decimal
        Price step that a reference price less a dividend, or after a split, is rounded to, half up.

    Returns
    -------
    array of float, shape (n,)
        The last traded close, less the dividends that went ex since, over the new shares for an old one; NaN for the
        first traded session and where the security did not trade.
    """
    traded = np.flatnonzero(~np.isnan(close))
    reference = np.full(close.shape, np.nan)
    reference[traded[1:]] = close[traded[:-1]]
    paid = _by_row(sessions, traded, dividends or {})
    made = _by_row(sessions, traded, splits or {})
    for row in {**paid, **made}:
        exact = Decimal(repr(float(reference[row]))) - sum(paid.get(row, ()), Decimal(0))
        for factor in made.get(row, ()):
            exact /= factor
        reference[row] = float((exact / tick).quantize(Decimal(1), ROUND_HALF_UP) * tick)
    return reference


def _by_row(
    sessions: Days, traded: NDArray[np.intp], by_day: Mapping[date, Decimal | float]
) -> dict[int, list[Decimal]]:
    """What falls on each traded row, or on the days since the one before it; none on the first."""
    found: dict[int, list[Decimal]] = {}
    places = np.searchsorted(sessions[traded], np.array(list(by_day), dtype="datetime64[D]"))
    for place, value in zip(places.tolist(), by_day.values(), strict=True):
        if 0 < place < len(traded):
            found.setdefault(int(traded[place]), []).append(Decimal(str(value)))
    return found


def limit_flags(bars: Bars, *, reference: Floats, rules: SessionRules, without_limit: Mask) -> LimitFlags:
    """Flag the sessions whose prices equal their limit prices.

    Parameters
    ----------
    bars : Bars
        Unadjusted bars of one security, n sessions.
    reference : array of float, shape (n,)
        Reference prices (`reference_prices`).
    rules : SessionRules
        The rule of each session (`session_rules`).
    without_limit : array of bool, shape (n,)
        Sessions to which the limit does not apply (`sessions_without_limit`).

    Raises
    ------
    PriceError
        Where prices that a limit applies to are not on the tick, as adjusted prices are not.
    """
    flags: dict[str, NDArray[Any]] = {one.name: np.zeros(len(bars.close), dtype=bool) for one in fields(LimitFlags)}
    flags |= {name: np.full(len(bars.close), np.nan) for name in ("reference", "down", "up")}
    flags["no_limit_session"] = without_limit
    held = ~without_limit & ~np.isnan(reference) & ~np.isnan(bars.close)
    for number, rule in enumerate(rules.rules):
        rows = np.flatnonzero((rules.rule_of == number) & held)
        if not len(rows):
            continue
        for name, values in _flags_of_rule(bars, reference, rule, rows).items():
            flags[name][rows] = values
    return LimitFlags(**flags)


def security_limit_flags(  # noqa: PLR0913 - one parameter for each thing that a study states of a share
    bars: Bars,
    *,
    board: str,
    listed: date,
    exchange_sessions: Days,
    dividends: Mapping[date, Decimal | float] | None = None,
    splits: Mapping[date, float] | None = None,
    statuses: Sequence[Status] = (),
    rules: Sequence[LimitRule] | None = None,
) -> LimitFlags:
    """Flag the limit sessions of a security by the rules of its board and of its status on each day.

    Parameters
    ----------
    bars : Bars
        Unadjusted bars, n sessions.
    board : str
        The board, e.g. ``sse_main``.
    listed : date
        First day of trading.
    exchange_sessions : array of datetime64[D], shape (m,)
        All known sessions of the exchange.
    dividends : mapping from ex-date to cash per share, optional
        What the exchange takes off the reference price on ex-dates.
    splits : mapping from ex-date to new shares for an old one, optional
        What the exchange divides the reference price by.
    statuses : sequence of Status
        Periods of special treatment, of the delisting arrangement or after a relisting; outside them ``none``.
    rules : sequence of LimitRule, optional
        Another table than the packaged one, e.g. of `merged_rules`.

    Raises
    ------
    InputError, PriceError, SessionRangeError
        As `session_rules`, `sessions_without_limit` and `limit_flags` do.
    """
    by_session = session_rules(board, bars.sessions, statuses, rules=rules)
    without_limit = sessions_without_limit(
        bars.sessions,
        board=board,
        listed=listed,
        exchange_sessions=exchange_sessions,
        statuses=statuses,
        rules=rules,
    )
    reference = np.full(bars.close.shape, np.nan)
    for number, rule in enumerate(by_session.rules):
        rows = by_session.rule_of == number
        tick = rule.tick or Decimal("0.01")
        own = reference_prices(bars.close, sessions=bars.sessions, dividends=dividends, splits=splits, tick=tick)
        reference[rows] = own[rows]
    return limit_flags(bars, reference=reference, rules=by_session, without_limit=without_limit)


def _flags_of_rule(bars: Bars, reference: Floats, rule: LimitRule, rows: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    """Compute the flags of the rows to which one rule applies, by name; each of shape (rows,)."""
    if rule.limit is None or rule.tick is None or rule.rounding is None:
        return {}
    tick = rule.tick
    ticks, known = _ticks(reference[rows], tick, "reference")
    down, up = _limit_ticks(ticks, known, rule.limit, rule.rounding)
    close, _ = _ticks(bars.close[rows], tick, "close")
    bar = [_ticks(getattr(bars, name)[rows], tick, name) for name in ("open", "high", "low")]
    (opened, open_known), (high, high_known), (low, low_known) = bar
    whole = open_known & high_known & low_known
    off = (open_known & (opened != close)) | (high_known & (high != close)) | (low_known & (low != close))
    at_limit = (close == up) | (close == down)
    beyond = (close > up) | (close < down)
    beyond |= (high_known & (high > up)) | (low_known & (low < down)) | (open_known & ((opened > up) | (opened < down)))
    prices = _prices_of(down, up, known, tick)
    return {
        "reference": reference[rows],
        "down": prices.down,
        "up": prices.up,
        "checked": known,
        "bar_checked": whole,
        "limit_up": close == up,
        "limit_down": close == down,
        "opened_at_limit_up": open_known & (opened == up),
        "opened_at_limit_down": open_known & (opened == down),
        "one_price": at_limit & whole & ~off,
        "traded_off": at_limit & off,
        "touched_limit_up": high_known & (high == up) & (close != up),
        "touched_limit_down": low_known & (low == down) & (close != down),
        "outside": beyond,
    }


def _ticks(prices: ArrayLike, tick: Decimal | float, what: str) -> tuple[Ints, Mask]:
    """Count the ticks of each price, exactly, and tell where the price is known; 0 where it is not."""
    values = np.asarray(prices, dtype=np.float64)
    known = ~np.isnan(values)
    step = Fraction(str(tick))
    quotable = (values > 0) & (values < float(MOST_TICKS * step))
    scaled = np.where(quotable, values, 0.0) * step.denominator / step.numerator
    whole = np.rint(scaled)
    wrong = known & ((whole == 0) | (np.abs(scaled - whole) > OFF_TICK))
    if wrong.any():
        price = float(values[wrong][0]) if values.ndim else float(values)
        raise PriceError(fact("limits.off_tick", column=what, price=price, tick=str(tick)))
    return np.where(known, whole, 0).astype(np.int64), known


def _limit_ticks(ticks: Ints, known: Mask, limit: Decimal | float, rounding: Rounding) -> tuple[Ints, Ints]:
    """Lowest and highest price allowed in ticks, rounded half up or towards the reference price."""
    part = Fraction(str(limit))
    n, d = part.numerator, part.denominator
    if rounding == "inward":
        down, up = -(-ticks * (d - n) // d), ticks * (d + n) // d
    else:
        down, up = ((2 * ticks * factor + d) // (2 * d) for factor in (d - n, d + n))
    narrow = known & ((down >= ticks) | (up <= ticks))
    if narrow.any():
        raise PriceError(fact("limits.narrow", limit=str(limit), ticks=ticks[narrow].min()))
    return down, up


def _prices_of(down: Ints, up: Ints, known: Mask, tick: Decimal | float) -> LimitPrices:
    step = Fraction(str(tick))
    low, high = (np.where(known, ticks * step.numerator / step.denominator, np.nan) for ticks in (down, up))
    return LimitPrices(low, high)
