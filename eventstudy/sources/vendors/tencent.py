"""Tencent by akshare: shares, funds and indices of the Chinese exchanges, prices as traded, a request a year."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from eventstudy.errors import BrokenReplyError, ChangedFormatError, NoDataError, OptionError, UnknownSymbolError
from eventstudy.prices import PricePanel
from eventstudy.sources.vendors.bars import Bars, from_frame
from eventstudy.sources.vendors.download import Manner, Vendor, replaced
from eventstudy.sources.vendors.download import fetch as fetch_from
from eventstudy.sources.vendors.symbols import Kind, china_symbol
from eventstudy.sources.vendors.wire import Asked, Reply

COLUMNS = {name: name for name in ("date", "open", "high", "low", "close", "volume", "amount")}
LAST_ROWS = 320
"""Rows that akshare takes for a whole history where no first day of trading comes."""
FEWEST_FIELDS = 9
"""Figures in a row that akshare reads by position."""


def fetch(symbols: Iterable[str], start: date, end: date, manner: Manner | None = None) -> PricePanel:
    """Download daily bars (``sh688795``, ``sh000300``) as traded; see `vendors.fetch`."""
    return fetch_from(TENCENT, symbols, start, end, manner)


def _table(symbol: str, first: date, last: date) -> Bars:
    from akshare.stock_feature import stock_hist_tx

    try:
        with replaced(stock_hist_tx, get_tqdm=lambda: _no_bar):
            # With dashes: given YYYYMMDD akshare asks for every year up to today's.
            frame = stock_hist_tx.stock_zh_a_hist_tx(
                symbol=china_symbol(symbol).prefixed,
                start_date=first.isoformat(),
                end_date=last.isoformat(),
                adjust="",
                timeout=20,
            )
    except IndexError:
        # Rows have all their columns (`_check`), so there are none.
        raise NoDataError(
            "tencent", symbol, f"no bars from {first} to {last}; check the symbol and the dates"
        ) from None
    return from_frame(frame, COLUMNS, "tencent", symbol)


def _no_bar(years: Iterable[int], **_: object) -> Iterable[int]:
    """In the place of akshare's progress bar, which cannot be turned off."""
    return years


def _check(asked: Asked, reply: Reply, symbol: str) -> None:
    """What akshare does not look at: whether the text is whole, and what a row of bars is made of."""
    data = _content(reply, symbol)
    if not asked.url.endswith("/newfqkline/get"):
        return
    code = china_symbol(symbol).prefixed
    if isinstance(data, dict) and data and code not in data:
        raise ChangedFormatError("tencent", symbol, f"the bars of {', '.join(data)} came; use another source")
    if not isinstance(data, dict) or not data.get(code):
        raise UnknownSymbolError("tencent", symbol, "no such symbol; check the code and its exchange")
    rows = next((data[code][name] for name in ("day", "qfqday", "hfqday") if name in data[code]), None)
    if rows is None:
        raise ChangedFormatError("tencent", symbol, "the reply has no daily bars; update akshare")
    if len(rows) >= LAST_ROWS and ("param", f"{code},day,,,{LAST_ROWS},qfq") in asked.params:
        what = f"no first day of trading came, and bars before {rows[0][0]} would be left out; use another source"
        raise ChangedFormatError("tencent", symbol, what)
    if found := next((row for row in rows if len(row) < FEWEST_FIELDS or not isinstance(row[6], dict)), None):
        raise ChangedFormatError(
            "tencent", symbol, f"a row has other fields than open, close, high, low, volume … ({found}); update akshare"
        )


def _content(reply: Reply, symbol: str) -> Any:
    import json

    try:
        return json.loads(reply.text.partition("=")[2].rstrip("; \r\n"))["data"]
    except (ValueError, KeyError, TypeError):
        raise BrokenReplyError("tencent", symbol, "the reply is not whole JSON; run again") from None


def _describe(symbol: str) -> tuple[str, Kind]:
    found = china_symbol(symbol)
    if found.place == "csi":
        raise OptionError(f"tencent: {symbol}: indices of CSI are not there; use eastmoney")
    return found.exchange, found.kind


TENCENT = Vendor(
    name="tencent",
    title="Tencent",
    adjustment="unadjusted",
    table=_table,
    check=_check,
    describe=_describe,
)
