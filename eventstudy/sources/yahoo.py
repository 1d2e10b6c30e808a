"""Yahoo Finance by yfinance: US shares, funds and indices, and Shanghai and Shenzhen as a second opinion.

Prices are asked for unadjusted, which at Yahoo still means adjusted for splits. Yahoo's terms allow personal use.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import numpy as np

from eventstudy.errors import BrokenReplyError, NoDataError, RateLimitedError, UnknownSymbolError
from eventstudy.prices import FloatArray, PricePanel
from eventstudy.sources.bars import Bars, from_frame
from eventstudy.sources.symbols import Kind, yahoo_exchange
from eventstudy.sources.vendors import Manner, Vendor
from eventstudy.sources.vendors import fetch as fetch_from
from eventstudy.sources.wire import Asked, Reply

COLUMNS = {
    "date": "date",
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Adj Close": "adj_close",
    "Volume": "volume",
}
NOWHERE = f"{os.devnull}/none"
"""A folder that cannot be made, which is how yfinance is told to keep nothing on disk."""


def fetch(symbols: Iterable[str], start: date, end: date, manner: Manner | None = None) -> PricePanel:
    """Download daily bars (``NVDA``, ``688041.SS``), adjusted for splits; see `vendors.fetch`."""
    return fetch_from(YAHOO, symbols, start, end, manner)


def _table(symbol: str, first: date, last: date) -> Bars:
    import yfinance
    from yfinance.data import YfData
    from yfinance.exceptions import YFPricesMissingError, YFRateLimitError, YFTzMissingError

    # Its caches would make a download depend on those before it: on disk the time zones, in memory the replies.
    YfData.cache_get.cache_clear()
    hidden = yfinance.config.debug.hide_exceptions
    yfinance.config.debug.hide_exceptions = False
    yfinance.set_tz_cache_location(NOWHERE)
    try:
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
    finally:
        yfinance.config.debug.hide_exceptions = hidden
    frame = frame.assign(date=frame.index)
    bars = from_frame(frame, COLUMNS, "yahoo", symbol)
    prices = {name: values if name == "volume" else _as_quoted(values) for name, values in bars.columns.items()}
    return Bars(bars.sessions, prices)


def _as_quoted(values: FloatArray) -> FloatArray:
    """Prices as quoted: Yahoo keeps 32-bit floats, so 182.41 comes as 182.41000366; the shortest decimal is meant."""
    short = values.astype(np.float32)
    shortest = np.array([float(str(value)) for value in short], dtype=float)
    return np.where(short.astype(float) == values, shortest, values)


def _check(asked: Asked, reply: Reply, symbol: str) -> None:
    """Yahoo's own errors, which yfinance would meet with more requests."""
    try:
        content: Any = json.loads(reply.text)
    except ValueError:
        raise BrokenReplyError("yahoo", symbol, "the reply is not whole JSON; run again") from None
    fault = (content.get("chart") or {}).get("error") if isinstance(content, dict) else None
    if fault:
        reason = str(fault.get("description") or fault.get("code"))
        if fault.get("code") == "Not Found":
            raise UnknownSymbolError("yahoo", symbol, f"no such symbol, or delisted ({reason}); check its spelling")
        raise NoDataError("yahoo", symbol, f"no bars ({reason}); check the symbol and the dates")


def _describe(symbol: str) -> tuple[str, Kind]:
    exchange = yahoo_exchange(symbol)
    is_index = symbol.startswith("^") or (exchange == "XSHG" and symbol.startswith("000"))
    return exchange, "index" if is_index or symbol.startswith("399") else "share"


YAHOO = Vendor(
    name="yahoo",
    title="Yahoo Finance",
    adjustment="split-adjusted; adj_close also dividend-adjusted",
    table=_table,
    check=_check,
    describe=_describe,
    auxiliary=("https://fc.yahoo.com", "https://query1.finance.yahoo.com/v1/test/getcrumb"),
)
