"""Eastmoney by akshare: shares, funds and indices of the Chinese exchanges, prices as traded."""

from __future__ import annotations

from datetime import date

from eventstudy.errors import ChangedFormatError, NoDataError, OptionError, UnknownSymbolError
from eventstudy.facts import fact
from eventstudy.sources.vendors.bars import Bars, from_frame
from eventstudy.sources.vendors.download import Vendor
from eventstudy.sources.vendors.symbols import Kind, china_symbol
from eventstudy.sources.vendors.watch import whole_json
from eventstudy.sources.vendors.wire import Asked, Reply

COLUMNS = {
    "日期": "date",
    "开盘": "open",
    "最高": "high",
    "最低": "low",
    "收盘": "close",
    "成交量": "volume",
    "成交额": "amount",
}
INDEX_COLUMNS = {name: name for name in ("date", "open", "high", "low", "close", "volume")}
MARKETS = {"sz": 0, "bj": 0, "sh": 1, "csi": 2}
"""What Eastmoney calls an exchange; a code alone may be two things."""
FIELDS = (8, 11)
"""Figures in a row: of an index, and of a share or fund."""


def _table(symbol: str, first: date, last: date) -> Bars:
    import akshare

    found, start, end = china_symbol(symbol), f"{first:%Y%m%d}", f"{last:%Y%m%d}"
    if found.kind == "index":
        frame = akshare.stock_zh_index_daily_em(symbol=found.prefixed, start_date=start, end_date=end)
        return from_frame(frame, INDEX_COLUMNS, "eastmoney", symbol)
    if found.kind == "fund":
        frame = akshare.fund_etf_hist_em(symbol=found.code, start_date=start, end_date=end, adjust="")
    else:
        frame = akshare.stock_zh_a_hist(symbol=found.code, start_date=start, end_date=end, adjust="", timeout=20)
    return from_frame(frame, COLUMNS, "eastmoney", symbol)


def _check(asked: Asked, reply: Reply, symbol: str) -> None:
    """What akshare does not look at: whether there is a symbol, whose bars they are, how many figures a row has."""
    content = whole_json(reply.text, "eastmoney", symbol)
    data = content.get("data") if isinstance(content, dict) else None
    if data is None:
        raise UnknownSymbolError("eastmoney", symbol, "no such symbol; check the code and its exchange")
    found = china_symbol(symbol)
    if data.get("code") not in (None, found.code):
        raise ChangedFormatError("eastmoney", symbol, f"the bars of {data['code']} came; use another source")
    if data.get("market") not in (None, MARKETS[found.place]):
        what = f"the bars of {found.code} on another exchange (market {data['market']}) came; use another source"
        raise ChangedFormatError("eastmoney", symbol, what)
    rows = data.get("klines")
    if not rows:
        raise NoDataError("eastmoney", symbol, "no bars in the range that was asked for; check the dates")
    wanted = FIELDS[found.kind != "index"]
    if odd := next((row for row in rows if row.count(",") + 1 != wanted), None):
        count = odd.count(",") + 1
        raise ChangedFormatError(
            "eastmoney", symbol, f"a row has {count} figures, not {wanted} ({odd[:60]}); update akshare"
        )


def _describe(symbol: str) -> tuple[str, Kind]:
    found = china_symbol(symbol)
    if found.kind == "share" and found.code.startswith("900"):
        what = "akshare looks for B shares at the wrong exchange; use tencent or yahoo"
        raise OptionError(f"eastmoney: {symbol}: {what}")
    return found.exchange, found.kind


VENDOR = Vendor(
    name="eastmoney",
    title="Eastmoney",
    library="akshare",
    adjustment=fact("adjustment.unadjusted"),
    table=_table,
    check=_check,
    describe=_describe,
)

fetch = VENDOR.fetch
