"""Sina by akshare: shares, funds and indices of the Chinese exchanges, prices as traded, and factors for returns.

Sina's factors multiply: a price times its factor has the dividends and splits since listing in it, and no later
dividend changes an earlier figure.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

from eventstudy.errors import BrokenReplyError, ChangedFormatError, NoDataError, OptionError, UnknownSymbolError
from eventstudy.facts import fact
from eventstudy.sources.vendors.bars import Bars, from_frame
from eventstudy.sources.vendors.download import Vendor
from eventstudy.sources.vendors.symbols import Kind, china_symbol, listed_symbol
from eventstudy.sources.vendors.wire import Asked, Reply

COLUMNS = {name: name for name in ("date", "open", "high", "low", "close", "volume")}
WHOLE_HISTORY = ("19900101", "21000101")

_CIPHER = re.compile(r'\s*var\s+\w+\s*=\s*"[A-Za-z0-9+/=]+"\s*;?.*', re.DOTALL)
_NO_VALUE = r"""(?:"\s*"|null|\[\s*\])"""
_NOTHING = re.compile(
    rf"\s*(?:/\*.*?\*/)?\s*var\s+\w+\s*=\s*(?:{_NO_VALUE}\s*;?|\(\s*{_NO_VALUE}?\s*\)\s*;?|;)\s*(?:/\*.*\*/)?\s*",
    re.DOTALL,
)
"""A variable that is given nothing, said whole; one that is given no value at all was cut off."""
_OWNER = re.compile(r"\s*(?:/\*.*?\*/)?\s*var\s+\w*?((?:sh|sz|bj)[0-9]{6})", re.DOTALL)
_FACTORS = re.compile(r"\s*var\s+\w+\s*=\s*(\{.*\})\s*;?\s*(/\*.*\*/)?\s*", re.DOTALL)


def _table(symbol: str, first: date, last: date) -> Bars:
    import akshare

    found = china_symbol(symbol)
    if found.kind == "index":
        frame = akshare.stock_zh_index_daily(symbol=found.prefixed)
    elif found.kind == "fund":
        frame = akshare.fund_etf_hist_sina(symbol=found.prefixed)
    else:
        # All of it: akshare carries prices to days without trade and drops them only beside the row that they repeat.
        start, end = WHOLE_HISTORY
        frame = akshare.stock_zh_a_daily(symbol=found.prefixed, start_date=start, end_date=end, adjust="")
        return from_frame(frame, {**COLUMNS, "amount": "amount"}, "sina", symbol)
    return from_frame(frame, COLUMNS, "sina", symbol)


def _check(asked: Asked, reply: Reply, symbol: str) -> None:
    """What akshare does not look at; above all that the factors, which it evaluates as code, are data."""
    if reply.status == 404:
        raise UnknownSymbolError("sina", symbol, "no such symbol (HTTP 404); check the code and its exchange")
    _require_own(reply.text, symbol)
    if asked.url.endswith("fq.js"):
        _require_factors(reply.text, symbol)
    elif asked.url.endswith("klc_kl.js"):
        if not reply.text.strip() or _NOTHING.fullmatch(reply.text):
            raise UnknownSymbolError("sina", symbol, "an empty reply came; check the code and its exchange")
        if not _CIPHER.fullmatch(reply.text):
            raise BrokenReplyError("sina", symbol, "the bars are not whole; run again")
    elif _NOTHING.fullmatch(reply.text):
        raise NoDataError("sina", symbol, "no numbers of shares came, without which akshare reads no bars")
    elif "]" not in reply.text:
        raise BrokenReplyError("sina", symbol, "the numbers of shares are not whole; run again")


def _require_own(text: str, symbol: str) -> None:
    """Refuse another symbol's data; the variable that they are given to is named after it."""
    named = _OWNER.match(text)
    if named and named.group(1) != china_symbol(symbol).prefixed:
        raise ChangedFormatError("sina", symbol, f"the bars of {named.group(1)} came; use another source")


def _require_factors(text: str, symbol: str) -> None:
    """Refuse a file of factors that is not JSON and nothing else, or holds other things than days and factors."""
    found = _FACTORS.fullmatch(text)
    try:
        rows = json.loads(found.group(1))["data"] if found else None
    except (ValueError, KeyError, TypeError):
        rows = None
    if rows is None:
        raise BrokenReplyError("sina", symbol, "the factors are not whole, or are not data; run again")
    if not rows:
        raise NoDataError("sina", symbol, "no factors are given, as of a share without a dividend or split")
    if not all(isinstance(row, dict) and list(row) == ["d", "f"] for row in rows):
        raise ChangedFormatError("sina", symbol, "the factors have other fields than day and factor; update akshare")
    if wrong := next((row for row in rows if not _is_factor(row["f"])), None):
        what = f"the factor from {wrong['d']} on is {wrong['f']!r}; use another source"
        raise ChangedFormatError("sina", symbol, what)


def _is_factor(text: object) -> bool:
    """Whether it is a number above 0, as a text or as it is."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return False
    return re.fullmatch(r"[0-9]+(\.[0-9]+)?", str(text)) is not None and float(text) > 0


def _factor_table(symbol: str, first: date, last: date) -> Bars:
    """The factors, in the shape of bars whose close is the factor; Sina writes the newest first."""
    import akshare

    frame = akshare.stock_zh_a_daily(symbol=china_symbol(symbol).prefixed, adjust="hfq-factor")
    bars = from_frame(frame, {"date": "date", "hfq_factor": "close"}, "sina", symbol)
    return Bars(bars.sessions[::-1], {"close": bars.columns["close"][::-1]})


def _errors() -> tuple[type[Exception], ...]:
    from akshare.utils.demjson import JSONException
    from py_mini_racer.py_mini_racer import MiniRacerBaseException

    # Where its library of JavaScript is not made for the machine, it raises a RuntimeError.
    return JSONException, MiniRacerBaseException, RuntimeError


def _describe(symbol: str) -> tuple[str, Kind]:
    found = listed_symbol(symbol, "sina")
    return found.exchange, found.kind


def _describe_bars(symbol: str) -> tuple[str, Kind]:
    found = china_symbol(symbol)
    if found.place == "sh" and found.code.startswith("900"):
        # akshare rounds prices to two digits; those of Shanghai's B shares, in dollars, have three.
        raise OptionError(f"sina: {symbol}: akshare rounds the prices of B shares to two digits; use tencent or yahoo")
    return _describe(symbol)


VENDOR = Vendor(
    name="sina",
    title="Sina",
    library="akshare",
    adjustment=fact("adjustment.unadjusted"),
    table=_table,
    check=_check,
    describe=_describe_bars,
    errors=_errors,
)

fetch = VENDOR.fetch

SINA_FACTORS = replace(
    VENDOR,
    name="sina-factors",
    adjustment=fact("adjustment.factor"),
    table=_factor_table,
    describe=lambda symbol: (_describe(symbol)[0], "index"),
    every_session=False,
)
"""The factors as if they were bars: a row for each day from which one holds, the factor as its close."""
