"""Tencent's payloads: a script that assigns JSON, one reply for a year and the next one."""

from __future__ import annotations

import json
from collections.abc import Iterator

from eventstudy.sources.vendors.exchanges import Exchange
from tests.made.figures import END, INDICES, SHARES, START, Bar, Figures, figures, made, note_of

FIRST_DAY = "https://web.ifzq.gtimg.cn/other/klineweb/klineWeb/weekTrends"
KLINE = "https://proxy.finance.qq.com/ifzqgtimg/appstock/app/newfqkline/get"
IN_SHARES = ("sh688", "sh000")


def exchanges() -> Iterator[Exchange]:
    """For each symbol the reply with its first day, then one for each year from there on."""
    for symbol in (*SHARES, *INDICES):
        one, prefixed = figures(symbol), symbol if symbol.startswith("sh") else f"sh{symbol}"
        yield _first_day(one, prefixed)
        first = max(START, one.listed or START)
        for year in range(first.year, END.year + 1):
            yield _year(one, prefixed, year)


def row(bar: Bar, prefixed: str) -> list[object]:
    """One row: date, open, close, high, low, volume, an empty object, turnover %, amount in 10,000 yuan, empty."""
    lot = 1 if prefixed.startswith(IN_SHARES) else 100
    prices = [f"{price:.3f}" for price in (bar.open, bar.close, bar.high, bar.low)]
    amount = f"{bar.volume * bar.close / 10_000:.2f}"
    return [bar.day.isoformat(), *prices, f"{bar.volume / lot:.3f}", {}, "0.00", amount, ""]


def _first_day(one: Figures, prefixed: str) -> Exchange:
    first = one.listed or one.bars[0].day
    said = (
        "the listing date in events.yaml" if one.listed else "the first recorded session, not the index's own first day"
    )
    price = one.issue_price or one.bars[0].close
    body = {"code": 0, "msg": "", "data": [[first.isoformat(), f"{price:.2f}"]]}
    params = {"_var": "trend_qfq", "code": prefixed, "r": "0.3506048543943414", "type": "qfq"}
    return made(
        "requests",
        FIRST_DAY,
        params,
        f"trend_qfq={json.dumps(body, separators=(',', ':'))}",
        content_type="text/html; charset=UTF-8",
        note=f"Made by hand in Tencent's shape, not served by Tencent. The only row is {said}; the rest of the history "
        "of weeks is left out, because nothing but the first day is read from it.",
    )


def _year(one: Figures, prefixed: str, year: int) -> Exchange:
    rows = [row(bar, prefixed) for bar in one.bars if bar.day.year in (year, year + 1)]
    of_symbol = {
        "day": rows,
        "qt": {},
        "mx_price": {"mx": [], "price": []},
        "prec": f"{one.bars[0].open:.3f}",
        "version": "16",
    }
    variable = f"kline_day{year}"
    body = json.dumps({"code": 0, "msg": "", "data": {prefixed: of_symbol}}, separators=(",", ":"))
    params = {
        "_var": variable,
        "param": f"{prefixed},day,{year}-01-01,{year + 1}-12-31,640,",
        "r": "0.8205512681390605",
    }
    unit = "shares" if prefixed.startswith(IN_SHARES) else "lots of 100"
    return made(
        "requests",
        KLINE,
        params,
        f"{variable}={body}",
        content_type="text/html; charset=UTF-8",
        note=note_of(
            one.symbol,
            "Tencent",
            f"Volume is in {unit}, as akshare takes this symbol's; the amount is volume x close in 10,000 yuan; the "
            "turnover rate is not known and 0.00; the quote is left empty.",
        ),
    )
