"""Prices to returns: total returns, trade to trade, on the sessions of an exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy.prices import PriceSeries

ReturnKind = Literal["simple", "log"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]


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


def total_return_level(series: PriceSeries, dividends: Mapping[date, float]) -> Floats:
    """Total-return index on the series' own sessions.

    The vendor's dividend-adjusted close where the series has one; otherwise the close with each cash
    dividend reinvested on its ex-date (or the first trade after it): growth (P_t + D_t) / P_{t-1}.

    Parameters
    ----------
    series : PriceSeries
        Closes, n sessions.
    dividends : mapping of date to float
        Cash per share by ex-date, in the currency of the prices.

    Returns
    -------
    (n,) float array
        The index; only its ratios mean anything.
    """
    if series.adj_close is not None:
        return np.array(series.adj_close, dtype=float)
    close = series.column("close")
    cash = np.zeros(close.size)
    for ex_date, amount in dividends.items():
        position = int(np.searchsorted(series.sessions, np.datetime64(ex_date, "D")))
        if 0 < position < cash.size:
            cash[position] += amount
    growth = np.ones(close.size)
    growth[1:] = (close[1:] + cash[1:]) / close[:-1]
    level: Floats = close[0] * np.cumprod(growth)
    return level


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


def _growth(ratio: Floats, kind: ReturnKind) -> Floats:
    return np.log(ratio) if kind == "log" else ratio - 1.0
