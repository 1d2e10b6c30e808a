"""Yahoo Finance by yfinance: shares, funds and indices of many exchanges, US futures, coins; China as a second opinion.

A bar is dated at its exchange: a coin's by the day in UTC, a future's by the day of its close and not by the evening
on which its session opened. Prices are asked for unadjusted, which at Yahoo still means adjusted for splits. Yahoo's
terms allow personal use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from eventstudy.errors import ChangedFormatError, NoDataError, RateLimitedError, UnknownSymbolError
from eventstudy.facts import Fact, fact
from eventstudy.prices import Column, FloatArray, SessionArray
from eventstudy.sources.traded import days_told
from eventstudy.sources.vendors.bars import Bars, Came, figure_text, from_frame
from eventstudy.sources.vendors.download import Vendor, replaced
from eventstudy.sources.vendors.symbols import Kind, china_symbol, yahoo_exchange
from eventstudy.sources.vendors.watch import whole_json
from eventstudy.sources.vendors.wire import Asked, Reply

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "date": "date",
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Adj Close": "adj_close",
    "Volume": "volume",
}
SAME_STEP = 0.0005
"""Rounding of a step that a dividend makes in the adjusted closes, as a share of the price."""
SAME_DIVIDEND = 0.2
"""Further difference of that step, as a share of the dividend: Yahoo may adjust by a close of another hour."""
LEAST_SPLIT = 0.15
"""Log of the smallest split that a day's move can be told from: 6 for 5 is 0.18."""
GAPPED: tuple[Column, ...] = ("open", "high", "low")
"""Prices of a bar that may be missing (yfinance issue 1281); without a close there is no bar."""


class _Nothing:
    """In the place of yfinance's caches on disk: keeps nothing."""

    def lookup(self, key: str) -> None:
        """There is nothing."""

    def store(self, key: str, value: object) -> None:
        """Nothing is kept."""


def _table(symbol: str, first: date, last: date) -> Bars:
    import yfinance
    from yfinance import cache
    from yfinance.data import YfData
    from yfinance.exceptions import YFPricesMissingError, YFRateLimitError, YFTzMissingError

    # Its caches would make a download depend on those before it: on disk time zones and cookies, in memory replies.
    YfData.cache_get.cache_clear()
    try:
        with (
            replaced(yfinance.config.debug, hide_exceptions=False),
            replaced(cache, get_tz_cache=_Nothing, get_cookie_cache=_Nothing),
        ):
            frame = yfinance.Ticker(symbol).history(
                start=first.isoformat(),
                end=(last + timedelta(days=1)).isoformat(),
                interval="1d",
                auto_adjust=False,
                actions=True,
                timeout=20,
            )
    except YFRateLimitError as error:
        raise RateLimitedError("yahoo", symbol, "asked too often; wait some minutes and run again") from error
    except (YFTzMissingError, YFPricesMissingError) as error:
        raise NoDataError(
            "yahoo", symbol, f"no bars from {first} to {last} ({error}); check symbol and dates"
        ) from error
    frame = frame.assign(date=frame.index)
    bars = from_frame(frame, COLUMNS, "yahoo", symbol)
    prices = {name: values if name == "volume" else _as_quoted(values) for name, values in bars.columns.items()}
    told = _held_against_actions(frame, bars.sessions, prices, symbol)
    return _without_gaps(Bars(bars.sessions, prices, notes=told))


def _held_against_actions(
    frame: pd.DataFrame, sessions: SessionArray, prices: Mapping[Column, FloatArray], symbol: str
) -> tuple[Fact, ...]:
    """Yahoo's dividends and splits against its own closes, rows in order: what contradicts them is told, or refused.

    A dividend d lets the ratio of adjusted close and close step by 1 - d / (close before), Yahoo's own rule. A split is
    in all closes already, so that a close that moves by it shows that it is not.

    Raises
    ------
    ChangedFormatError
        Where a split is not in the closes.
    """
    close, adjusted = prices["close"], prices["adj_close"]
    with np.errstate(all="ignore"):
        before, move = np.r_[np.nan, close[:-1]], np.r_[np.nan, np.log(close[1:] / close[:-1])]
        ratio = adjusted / close
        step = np.r_[np.nan, ratio[:-1] / ratio[1:]]
    splits = _actions(frame, "Stock Splits")
    for row in np.flatnonzero((splits > 0) & (splits != 1) & np.isfinite(move)):
        size = np.log(splits[row])
        if abs(move[row] + size) < abs(size) / 2 and abs(size) > LEAST_SPLIT:
            old, new = figure_text(before[row]), figure_text(close[row])
            told = f"a split of {figure_text(splits[row])} for 1 on {sessions[row]} is not in the closes"
            raise ChangedFormatError("yahoo", symbol, f"{told} ({old}, then {new}); use another source")
    paid = _actions(frame, "Dividends") + _actions(frame, "Capital Gains")
    share = paid / before
    with np.errstate(invalid="ignore"):
        apart = np.abs(step - (1 - share)) > SAME_STEP + share * SAME_DIVIDEND
    wrong = apart & (paid > 0)
    return (fact("dividends.not_in_adjusted", days=days_told(sessions[wrong].tolist())),) if wrong.any() else ()


def _actions(frame: pd.DataFrame, name: str) -> FloatArray:
    """A column of events, 0 where there is none."""
    if name not in frame.columns:
        return np.zeros(len(frame))
    values: FloatArray = frame[name].to_numpy(dtype=float, na_value=0.0)
    return np.nan_to_num(values)


def _without_gaps(bars: Bars) -> Bars:
    """Bars without an open, high or low that does not come for every close: Yahoo has zeros there for many years."""
    columns, notes = dict(bars.columns), list(bars.notes)
    closed = columns["close"] > 0
    for name in GAPPED:
        absent = closed & ((columns[name] == 0) | np.isnan(columns[name]))
        if absent.any():
            del columns[name]
            notes.append(fact("column_left_out", column=name, days=days_told(bars.sessions[absent].tolist())))
    return Bars(bars.sessions, columns, notes=tuple(notes))


def _as_quoted(values: FloatArray) -> FloatArray:
    """Prices as quoted: Yahoo keeps 32-bit floats, so 182.41 comes as 182.41000366; the shortest decimal is meant."""
    short = values.astype(np.float32)
    shortest = np.array([float(str(value)) for value in short], dtype=float)
    return np.where(short.astype(float) == values, shortest, values)


def _check(asked: Asked, reply: Reply, symbol: str) -> Came | None:
    """Yahoo's own errors, which yfinance would meet with more requests; what it says of the instrument."""
    content = whole_json(reply.text, "yahoo", symbol)
    chart = content.get("chart") if isinstance(content, dict) else None
    if not isinstance(chart, dict):
        raise ChangedFormatError(
            "yahoo", symbol, f"no chart came but {reply.text[:60]}; run again later, or update yfinance"
        )
    if fault := chart.get("error"):
        reason = str(fault.get("description") or fault.get("code"))
        if fault.get("code") == "Not Found":
            raise UnknownSymbolError("yahoo", symbol, f"no such symbol, or delisted ({reason}); check its spelling")
        raise NoDataError("yahoo", symbol, f"no bars ({reason}); check the symbol and the dates")
    if ("range", "1d") in asked.params:
        return None
    came = None
    for result in chart.get("result") or ():
        _require_own(result, symbol)
        meta = result.get("meta") or {}
        came = Came(str(meta.get("currency") or ""), str(meta.get("instrumentType") or ""))
    return came


def _require_own(result: dict[str, Any], symbol: str) -> None:
    """Refuse another symbol's bars, bars without an adjusted close, and two bars for one day."""
    named = (result.get("meta") or {}).get("symbol")
    if named is not None and named.upper() != symbol.upper():
        raise ChangedFormatError(
            "yahoo",
            symbol,
            f"the bars of {named} came; state that symbol if it is the share's new one",
        )
    stamps = result.get("timestamp") or []
    if stamps and not (result.get("indicators") or {}).get("adjclose"):
        # yfinance would take the close for it, and total returns would be without dividends.
        raise ChangedFormatError("yahoo", symbol, "no adjusted close came; run again later, or update yfinance")
    offset = (result.get("meta") or {}).get("gmtoffset") or 0
    days = [(stamp + offset) // 86400 for stamp in stamps]
    quote = (result.get("indicators") or {}).get("quote") or [{}]
    closes = quote[0].get("close") or []
    # While it lasts, the last day may come twice, its bar and the latest price; yfinance makes one of them.
    lasts = days[-1:] if _is_open(result) else []
    for row in range(1, min(len(days), len(closes))):
        if days[row] == days[row - 1] and days[row] not in lasts and closes[row] != closes[row - 1]:
            day = date(1970, 1, 1) + timedelta(days=days[row])
            raise ChangedFormatError(
                "yahoo",
                symbol,
                f"{day} came twice with different figures (close {_shown(closes[row - 1])} and "
                f"{_shown(closes[row])}); use another source",
            )


def _is_open(result: dict[str, Any]) -> bool:
    """Whether the last row is from before the close of the session that Yahoo takes for the current one."""
    regular = ((result.get("meta") or {}).get("currentTradingPeriod") or {}).get("regular") or {}
    stamps = result.get("timestamp") or []
    return bool(stamps) and regular.get("start", 0) <= stamps[-1] < regular.get("end", 0)


def _shown(close: float | None) -> str:
    return "none" if close is None else figure_text(_as_quoted(np.array([close]))[0])


def _errors() -> tuple[type[Exception], ...]:
    from yfinance.exceptions import YFException

    return (YFException,)


def _describe(symbol: str) -> tuple[str, Kind]:
    exchange = yahoo_exchange(symbol)
    if exchange == "24/7":
        return exchange, "index"  # a coin's volume is in money, as an index's may be
    if symbol.upper().endswith((".SS", ".SZ")):
        return exchange, china_symbol(symbol).kind
    return exchange, "index" if symbol.startswith("^") else "share"


VENDOR = Vendor(
    name="yahoo",
    title="Yahoo Finance",
    library="yfinance",
    adjustment=fact("adjustment.splits"),
    table=_table,
    check=_check,
    describe=_describe,
    errors=_errors,
    renews=True,
)

YAHOO = VENDOR
"""The row under the name that callers outside know it by."""

fetch = VENDOR.fetch
