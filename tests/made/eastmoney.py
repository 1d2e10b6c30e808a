"""Eastmoney's kline payloads: text rows, open-close-high-low, volumes in lots of 100."""

from __future__ import annotations

import json
from collections.abc import Iterator

from eventstudy.sources.vendors.exchanges import Exchange
from tests.made.figures import END, INDICES, SHARES, START, Bar, Figures, figures, made, note_of

KLINE = "https://push2his.eastmoney.com/api/qt/stock/kline/get"
FIELDS = {
    "share": ("f1,f2,f3,f4,f5,f6", "f51,f52,f53,f54,f55,f56,f57,f58,f59,f60,f61,f116"),
    "index": ("f1,f2,f3,f4,f5", "f51,f52,f53,f54,f55,f56,f57,f58"),
}


def exchanges() -> Iterator[Exchange]:
    """One reply for each share and index."""
    for symbol in SHARES:
        yield _exchange(symbol, "share")
    for symbol in INDICES:
        yield _exchange(symbol, "index")


def kline(bar: Bar, before: Bar | None, kind: str) -> str:
    """One row: date, open, close, high, low, lots, amount, amplitude %; of a share also change %, change, turnover."""
    base = before.close if before else bar.open
    row = [
        bar.day.isoformat(),
        *(f"{price:.2f}" for price in (bar.open, bar.close, bar.high, bar.low)),
        str(round(bar.volume / 100)),
        f"{bar.volume * bar.close:.2f}",
        f"{100 * (bar.high - bar.low) / base:.2f}",
    ]
    if kind == "share":
        row += [f"{100 * (bar.close / base - 1):.2f}", f"{bar.close - base:.2f}", "0.00"]
    return ",".join(row)


def _exchange(symbol: str, kind: str) -> Exchange:
    one = figures(symbol)
    code = symbol.removeprefix("sh")
    fields1, fields2 = FIELDS[kind]
    params = {
        "beg": f"{START:%Y%m%d}",
        "end": f"{END:%Y%m%d}",
        "fields1": fields1,
        "fields2": fields2,
        "fqt": "0",
        "klt": "101",
        "secid": f"1.{code}",
    }
    return made(
        "requests",
        KLINE,
        params,
        json.dumps(_payload(one, code, kind), ensure_ascii=False, separators=(",", ":")),
        content_type="application/json; charset=UTF-8",
        note=note_of(symbol, "Eastmoney", _filled(kind)),
    )


def _payload(one: Figures, code: str, kind: str) -> dict[str, object]:
    rows = [kline(bar, before, kind) for bar, before in one.with_previous()]
    data = {
        "code": code,
        "market": 1,
        "name": one.name_zh,
        "decimal": 2,
        "dktotal": len(rows),
        "preKPrice": one.bars[0].open,
        "klines": rows,
    }
    return {"rc": 0, "rt": 17, "svr": 0, "lt": 1, "full": 0, "dlmkts": "", "dsc": "0", "data": data}


def _filled(kind: str) -> str:
    text = (
        "Volume is in lots of 100, rounded; the amount is volume x close; amplitude and changes are computed from the "
        "row and the close before it (the first row: its open)"
    )
    return f"{text}; the turnover rate is not known and 0.00." if kind == "share" else f"{text}."
