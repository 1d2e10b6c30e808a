"""Prices to returns: total returns, trade to trade, on the sessions of an exchange; their parts and kin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Days, Floats, Ints, Mask, hold
from eventstudy.errors import OptionError
from eventstudy.prices import PriceSeries

ReturnKind = Literal["simple", "log"]


@dataclass(frozen=True, slots=True, eq=False)
class TradeReturns:
    """One security's trade-to-trade returns on its exchange's sessions.

    Attributes
    ----------
    sessions : (S,) datetime64[D]
        The exchange's sessions.
    level : (S,) float
        Total-return index (any base); NaN where the security did not trade.
    values : (S,) float
        Decimal return since the previous trade (0.01 = 1 %); NaN where there is none.
    span : (S,) int
        Sessions that the return covers: 1 as a rule, more after a gap in trading, 0 where there is none.
    """

    sessions: Days
    level: Floats
    values: Floats
    span: Ints


@dataclass(frozen=True, slots=True, eq=False)
class DayParts:
    """The two parts of each trade-to-trade log return, on the exchange's sessions.

    Attributes
    ----------
    sessions : (S,) datetime64[D]
        The exchange's sessions.
    overnight : (S,) float
        From the close of the previous trade to the open, dividends included; over a halt, the whole of it.
    intraday : (S,) float
        From the open to the close.
    whole : (S,) float
        Log total return since the previous trade: `overnight` and `intraday` together.
    span : (S,) int
        Sessions that `whole` and `overnight` cover; 0 where there is no return.
    """

    sessions: Days
    overnight: Floats
    intraday: Floats
    whole: Floats
    span: Ints

    def __post_init__(self) -> None:
        hold(self)


def total_return_level(
    series: PriceSeries, dividends: Mapping[date, float], splits: Mapping[date, float] | None = None
) -> Floats:
    """Total-return index on the series' own sessions.

    The vendor's dividend-adjusted close where the series has one; otherwise the close with each cash
    dividend reinvested on its ex-date (or the first trade after it), and each share counted as the new shares that a
    split made of it: growth (f_t P_t + D_t) / P_{t-1}.

    Parameters
    ----------
    series : PriceSeries
        Closes, n sessions.
    dividends : mapping of date to float
        Cash per share by ex-date, in the currency of the prices; on the day of a split per share before it.
    splits : mapping of date to float, optional
        New shares for an old one by ex-date, f.

    Returns
    -------
    (n,) float array
        The index; only its ratios mean anything.
    """
    if series.adj_close is not None:
        return np.array(series.adj_close, dtype=float)
    close = series.column("close")
    cash = np.zeros(close.size)
    for position, amount in _on_rows(series, dividends):
        cash[position] += amount
    shares = np.ones(close.size)
    for position, factor in _on_rows(series, splits or {}):
        shares[position] *= factor
    growth = np.ones(close.size)
    growth[1:] = (shares[1:] * close[1:] + cash[1:]) / close[:-1]
    level: Floats = close[0] * np.cumprod(growth)
    return level


def _on_rows(series: PriceSeries, by_day: Mapping[date, float]) -> Iterator[tuple[int, float]]:
    """Row of each day, or of the first one after it; days that have no row before them, or none after, are left out."""
    for ex_date, value in by_day.items():
        position = int(np.searchsorted(series.sessions, np.datetime64(ex_date, "D")))
        if 0 < position < len(series):
            yield position, value


def on_sessions(sessions: Days, own: Days, values: Floats) -> Floats:
    """Place values of a series' own sessions on the exchange's sessions; NaN where it has no row."""
    placed = np.full(sessions.size, np.nan)
    position = np.searchsorted(sessions, own)
    known = (position < sessions.size) & (sessions[np.minimum(position, sessions.size - 1)] == own)
    placed[position[known]] = values[known]
    return placed


def trade_returns(sessions: Days, level: Floats, kind: ReturnKind) -> TradeReturns:
    """Trade-to-trade returns of one index level.

    A gap in trading gives one return over the whole gap, with its span, never zeros or a fill.

    Parameters
    ----------
    sessions : (S,) datetime64[D]
        The exchange's sessions.
    level : (S,) float
        Total-return index, NaN where there was no trade.
    kind : {"simple", "log"}
        P_t / P_s - 1 or log(P_t / P_s), s the previous session with a trade.
    """
    traded = np.flatnonzero(np.isfinite(level))
    values = np.full(level.size, np.nan)
    span = np.zeros(level.size, dtype=np.int64)
    if traded.size > 1:
        now, before = traded[1:], traded[:-1]
        values[now] = _growth(level[now] / level[before], kind)
        span[now] = now - before
    return TradeReturns(sessions, level, values, span)


def over_same_span(level: Floats, span: Ints, kind: ReturnKind) -> Floats:
    """Return of a benchmark over the same sessions as each trade-to-trade return of a security.

    Parameters
    ----------
    level : (S,) float
        The benchmark's index on the security's sessions.
    span : (S,) int
        Span of each return of the security; 0 gives NaN.
    kind : {"simple", "log"}
        As for the security.
    """
    position = np.arange(level.size)
    before = np.where(span > 0, position - span, 0)
    ratio = level / level[before]
    return np.where(span > 0, _growth(ratio, kind), np.nan)


def day_parts(sessions: Days, open_: Floats, close: Floats, level: Floats) -> DayParts:
    """Split each trade-to-trade return into its overnight and its intraday part, in logs whatever the study uses.

    Parameters
    ----------
    sessions : (S,) datetime64[D]
        The exchange's sessions.
    open_, close : (S,) float
        Opening and closing prices on the same footing (both as traded, or both adjusted for splits); NaN where the
        security did not trade or none is recorded.
    level : (S,) float
        Total-return index, NaN where there was no trade.

    Notes
    -----
    With s the previous session with a trade: ``whole = log(level_t / level_s)``, ``intraday = log(close_t / open_t)``
    and ``overnight = whole - intraday``. A dividend is paid before the open and so belongs to the overnight
    part; it is reinvested as in `level`, at the close. Without an open both parts are NaN and the whole
    stays; on the first session with a trade there is an intraday part and nothing else.
    """
    trade = trade_returns(sessions, level, "log")
    intraday = np.where(np.isfinite(level), np.log(close / open_), np.nan)
    return DayParts(sessions, trade.values - intraday, intraday, trade.values, trade.span)


def leave_out(
    index: Floats,
    members: Floats,
    weights: Floats,
    weight_position: int,
    *,
    kind: ReturnKind,
    suspended: Mask | None = None,
) -> Floats:
    """Return of an index without some of its members: ``(R - sum w_i r_i) / (1 - sum w_i)``.

    Parameters
    ----------
    index : (S,) float
        Returns of the index.
    members : (m, S) float
        Returns of the members to leave out, of the kind that the index is made of (price or total returns).
    weights : (m,) float
        Their weights in the index at the close of session `weight_position` (0.05 = 5 %).
    weight_position : int
        Position of the session for which the weights are published.
    kind : {"simple", "log"}
        Kind of all the returns; the arithmetic is done in simple returns.
    suspended : (m, S) bool, optional
        Sessions on which a member was suspended and `members` is NaN: it stays in the index at its last price, with a
        return of zero there, and its return over the halt counts on the session of resumption.

    Returns
    -------
    (S,) float
        The index without the members; NaN where a return is missing, and on all sessions that lie beyond such a
        one as seen from `weight_position`, because the weights there are not known.

    Raises
    ------
    OptionError
        For weights outside [0, 1) or that add up to 1 or more, on the stated session or once they have drifted; for
        shapes that do not fit, a position that is no session, or a suspended member that has a return.

    Notes
    -----
    The w_i of a session are those of the close before it. From the stated session on they drift with prices,
    forwards and backwards, as in an index whose shares are fixed: ``w_t = w_{t-1} (1 + r_t) / (1 + R_t)``. A
    rebalancing of the index between the stated session and another is not seen.
    """
    held = _held_members(index, members, weights, weight_position, suspended)
    held = held[weights > 0.0]
    if not held.size:
        return index.copy()
    whole, parts = (np.expm1(index), np.expm1(held)) if kind == "log" else (index, held)
    before = _drifted(whole, parts, weights[weights > 0.0], weight_position)
    left_out = before.sum(axis=0)
    if (left_out >= 1.0).any():
        place = int(np.argmax(left_out >= 1.0))
        raise OptionError(
            f"the weights have drifted to a sum of {left_out[place]:.4g} at session {place} (counted from 0); they do "
            "not belong to this index or not to this session"
        )
    rest: Floats = (whole - (before * parts).sum(axis=0)) / (1.0 - left_out)
    return _growth(1.0 + rest, kind) if kind == "log" else rest


def level_at(level: Floats, position: NDArray[np.intp]) -> Floats:
    """Level of a foreign index as known at the open of each local session.

    With this level `over_same_span` gives the foreign return over all foreign sessions that were completed between
    two local opens, whatever holidays lie between, and over a local security's halt.

    Parameters
    ----------
    level : (F,) float
        The index on the foreign exchange's sessions, NaN where it has no price.
    position : (S,) int
        Last foreign session completed before each local open, -1 where not known (`clock.foreign_sessions`).

    Returns
    -------
    (S,) float
        NaN where the session is not known or the index has no price on it; nothing is filled.

    Raises
    ------
    OptionError
        For a position that is no foreign session.
    """
    if position.size and (position.min() < -1 or position.max() >= level.size):
        raise OptionError(
            f"positions from {position.min()} to {position.max()} do not fit a level of {level.size} foreign sessions"
        )
    known = position >= 0
    found = np.full(position.size, np.nan)
    found[known] = level[position[known]]
    return found


def _growth(ratio: Floats, kind: ReturnKind) -> Floats:
    return np.log(ratio) if kind == "log" else ratio - 1.0


def _held_members(
    index: Floats, members: Floats, weights: Floats, weight_position: int, suspended: Mask | None
) -> Floats:
    """(m, S) members' returns as the index holds them: zero while suspended."""
    shape = (weights.size, index.size)
    if members.shape != shape or (suspended is not None and suspended.shape != shape):
        given = f"{members.shape}" if suspended is None else f"{members.shape} and {suspended.shape}"
        raise OptionError(
            f"{weights.size} weights and an index of {index.size} sessions need members {shape}, not {given}"
        )
    if not 0 <= weight_position < index.size:
        raise OptionError(f"weight_position={weight_position} is none of the index's {index.size} sessions")
    if not ((weights >= 0.0).all() and weights.sum() < 1.0):
        raise OptionError(
            f"the weights {', '.join(f'{one:g}' for one in weights)} are not those of some members of an index; each "
            "lies in [0, 1) and together they stay below 1 (0.05 = 5 %)"
        )
    if suspended is None:
        return members
    if (suspended & np.isfinite(members)).any():
        row, place = np.argwhere(suspended & np.isfinite(members))[0]
        raise OptionError(
            f"member {row} is marked as suspended at session {place} (counted from 0) but has a return there"
        )
    return np.where(suspended, 0.0, members)


def _drifted(whole: Floats, parts: Floats, weights: Floats, position: int) -> Floats:
    """(m, S) weights at the close before each session, from those at the close of one of them (simple returns)."""
    growth = (1.0 + parts) / (1.0 + whole)
    relative = np.ones((parts.shape[0], whole.size + 1))  # column t: the close before session t
    relative[:, position + 2 :] = np.cumprod(growth[:, position + 1 :], axis=1)
    relative[:, : position + 1] = 1.0 / np.cumprod(growth[:, position::-1], axis=1)[:, ::-1]
    return weights[:, None] * relative[:, :-1]
