"""Tencent by akshare: shares, funds and indices of the Chinese exchanges, prices as traded, a request a year."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from eventstudy.errors import (
    BlockedError,
    BrokenReplyError,
    ChangedFormatError,
    NoDataError,
    NotDataError,
    TimedOutError,
    UnknownSymbolError,
    UnreachableError,
    VendorFaultError,
)
from eventstudy.facts import fact
from eventstudy.sources.vendors.bars import Bars, from_frame
from eventstudy.sources.vendors.download import Vendor, replaced
from eventstudy.sources.vendors.symbols import Kind, china_symbol, listed_symbol
from eventstudy.sources.vendors.wire import Asked, Reply

COLUMNS = {name: name for name in ("date", "open", "high", "low", "close", "volume", "amount")}
LAST_ROWS = 320
"""Rows that akshare takes for a whole history where no first day of trading comes."""
FEWEST_FIELDS = 6
"""Fields of a row: its day, four prices and the volume."""
ENOUGH_FIELDS = 9
"""Fields that akshare reads by position, where a row of the reply has them."""


def _table(symbol: str, first: date, last: date) -> Bars:
    from akshare.stock_feature import stock_hist_tx

    def first_day(symbol: str) -> str:
        return _first_day(symbol, first, own_first_day)

    own_first_day = stock_hist_tx.get_tx_start_year
    try:
        with replaced(stock_hist_tx, get_tqdm=lambda: _no_bar, get_tx_start_year=first_day):
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


def _first_day(symbol: str, first: date, asked: Callable[[str], str]) -> str:
    """The first day of trading, which saves requests for the years before it; without it the first day wanted.

    It comes from a host of its own, whose failure is none of the bars.
    """
    try:
        return asked(symbol)
    except (
        BlockedError,
        BrokenReplyError,
        ChangedFormatError,
        NotDataError,
        TimedOutError,
        UnreachableError,
        VendorFaultError,
    ):
        return first.isoformat()


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
    of_all_days = ("param", f"{code},day,,,{LAST_ROWS},qfq") in asked.params
    if "day" not in data[code] and ("qfqday" in data[code] or "hfqday" in data[code]) and not of_all_days:
        # akshare would take them for prices as traded.
        raise ChangedFormatError("tencent", symbol, "adjusted prices came instead of those as traded; update akshare")
    rows = next((data[code][name] for name in ("day", "qfqday", "hfqday") if name in data[code]), None)
    if rows is None:
        raise ChangedFormatError("tencent", symbol, "the reply has no daily bars; update akshare")
    if len(rows) >= LAST_ROWS and of_all_days:
        what = f"no first day of trading came, and bars before {rows[0][0]} would be left out; use another source"
        raise ChangedFormatError("tencent", symbol, what)
    short = max(rows, key=len) if rows and max(map(len, rows)) < ENOUGH_FIELDS and not of_all_days else None
    if found := short or next((row for row in rows if not _is_row(row)), None):
        raise ChangedFormatError(
            "tencent", symbol, f"a row has other fields than open, close, high, low, volume … ({found}); update akshare"
        )


def _is_row(row: list[Any]) -> bool:
    """Whether the fields of a row stand where they belong: after the volume comes a dividend, or nothing."""
    return len(row) >= FEWEST_FIELDS and (len(row) == FEWEST_FIELDS or isinstance(row[6], dict) or not row[6])


def _content(reply: Reply, symbol: str) -> Any:
    import json

    text = reply.text.lstrip()
    try:
        content = json.loads((text if text.startswith("{") else text.partition("=")[2]).rstrip("; \r\n"))
        if content.get("code"):
            what = f"the request was refused ({content.get('msg') or content['code']}); check the symbol and the dates"
            raise NoDataError("tencent", symbol, what)
        return content["data"]
    except (ValueError, KeyError, AttributeError):
        raise BrokenReplyError("tencent", symbol, "the reply is not whole JSON; run again") from None


def _describe(symbol: str) -> tuple[str, Kind]:
    found = listed_symbol(symbol, "tencent")
    return found.exchange, found.kind


VENDOR = Vendor(
    name="tencent",
    title="Tencent",
    library="akshare",
    adjustment=fact("adjustment.unadjusted"),
    table=_table,
    check=_check,
    describe=_describe,
)

fetch = VENDOR.fetch
