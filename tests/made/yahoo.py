"""Yahoo's chart payloads: columns of single-precision numbers under epoch seconds of the opening."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from eventstudy.sources.vendors.exchanges import Exchange
from tests.made.figures import END, FUNDS, INDICES, SHARES, START, Bar, Figures, figures, made, note_of

CHART = "https://query2.finance.yahoo.com/v8/finance/chart/"
SYMBOLS = {
    "NVDA": "NVDA",
    **{fund: fund for fund in FUNDS},
    **{share: f"{share}.SS" for share in SHARES},
    **{index: f"{index.removeprefix('sh')}.SS" for index in INDICES},
}
RANGES = ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"]


@dataclass(frozen=True)
class Venue:
    """What Yahoo says of an exchange."""

    exchange: str
    full: str
    zone: str
    short: str
    opens: time
    closes: time
    currency: str

    def stamp(self, day: date, clock: time) -> int:
        """Epoch seconds of a clock time there."""
        return int(datetime.combine(day, clock, ZoneInfo(self.zone)).timestamp())


_NEW_YORK = ("America/New_York", "EST", time(9, 30), time(16), "USD")
NASDAQ = Venue("NMS", "NasdaqGS", *_NEW_YORK)
ARCA = Venue("PCX", "NYSEArca", *_NEW_YORK)
SHANGHAI = Venue("SHH", "Shanghai", "Asia/Shanghai", "CST", time(9, 30), time(15), "CNY")
SPLITS = {"NVDA": {date(2024, 6, 10): (10, 1)}}


def exchanges() -> Iterator[Exchange]:
    """For each symbol the reply that tells its time zone, then the chart."""
    for symbol, ticker in SYMBOLS.items():
        yield _zone(symbol, ticker)
        yield _chart(symbol, ticker)


def venue_of(symbol: str) -> Venue:
    """Where a symbol is traded."""
    return SHANGHAI if symbol in (*SHARES, *INDICES) else ARCA if symbol == "SPY" else NASDAQ


def served(one: Figures) -> list[Bar]:
    """The bars that Yahoo serves: suspended sessions too, without volume, at the last close."""
    bars = {bar.day: bar for bar in one.bars}
    for first, last in one.suspensions:
        before = max(day for day in bars if day < first)
        carried = bars[before].close
        sessions = [bar.day for bar in figures("sh000300").bars if first <= bar.day <= last]
        bars |= {day: Bar(day, carried, carried, carried, carried, 0) for day in sessions}
    return _adjusted([bars[day] for day in sorted(bars)], one)


def _adjusted(bars: Sequence[Bar], one: Figures) -> list[Bar]:
    """Give each bar an adjusted close: the recorded one, or the close scaled by the dividends after it."""
    factor, scaled = 1.0, []
    for bar, before in zip(reversed(bars), (*reversed(bars[:-1]), None), strict=True):
        scaled.append(bar if bar.adj_close is not None else replace(bar, adj_close=bar.close * factor))
        if before is not None and bar.day in one.dividends:
            factor *= 1 - one.dividends[bar.day] / before.close
    return scaled[::-1]


def single(value: float | None) -> float:
    """The number as Yahoo writes it: the nearest one of single precision."""
    return float(np.float32(value))


def _zone(symbol: str, ticker: str) -> Exchange:
    return made(
        "curl_cffi",
        f"{CHART}{ticker}",
        {"interval": "1d", "range": "1d"},
        _text(_payload(symbol, ticker, served(figures(symbol))[-1:], events=False, span="1d")),
        content_type="application/json;charset=utf-8",
        note=note_of(symbol, "Yahoo", "The last recorded bar alone; only the time zone is read from this reply."),
    )


def _chart(symbol: str, ticker: str) -> Exchange:
    zone = ZoneInfo(venue_of(symbol).zone)
    first, last = (int(datetime.combine(day, time(0), zone).timestamp()) for day in (START, END + timedelta(days=1)))
    params = {
        "events": "div,splits,capitalGains",
        "includePrePost": "False",
        "interval": "1d",
        "period1": str(first),
        "period2": str(last),
    }
    one = figures(symbol)
    return made(
        "curl_cffi",
        f"{CHART}{ticker}",
        params,
        _text(_payload(symbol, ticker, served(one), events=True, span="")),
        content_type="application/json;charset=utf-8",
        note=note_of(symbol, "Yahoo", _filled(one)),
    )


def _payload(symbol: str, ticker: str, bars: Sequence[Bar], *, events: bool, span: str) -> dict[str, object]:
    one, venue = figures(symbol), venue_of(symbol)
    result: dict[str, object] = {
        "meta": _meta(one, ticker, venue, span),
        "timestamp": [venue.stamp(bar.day, venue.opens) for bar in bars],
    }
    if events and (actions := _events(one, venue)):
        result["events"] = actions
    quote = {name: [single(getattr(bar, name)) for bar in bars] for name in ("low", "close", "open", "high")}
    result["indicators"] = {
        "quote": [{"volume": [bar.volume for bar in bars], **quote}],
        "adjclose": [{"adjclose": [single(bar.adj_close) for bar in bars]}],
    }
    return {"chart": {"result": [result], "error": None}}


def _meta(one: Figures, ticker: str, venue: Venue, span: str) -> dict[str, object]:
    last = one.bars[-1]
    offset = int(datetime.combine(last.day, venue.opens, ZoneInfo(venue.zone)).utcoffset().total_seconds())
    kind = "ETF" if one.symbol in FUNDS else "INDEX" if one.symbol in INDICES else "EQUITY"
    opens, closes = (venue.stamp(last.day, clock) for clock in (venue.opens, venue.closes))
    period = {"timezone": venue.short, "gmtoffset": offset}
    return {
        "currency": venue.currency,
        "symbol": ticker,
        "exchangeName": venue.exchange,
        "fullExchangeName": venue.full,
        "instrumentType": kind,
        "firstTradeDate": venue.stamp(one.bars[0].day, venue.opens),
        "regularMarketTime": closes,
        "hasPrePostMarketData": venue is not SHANGHAI,
        "gmtoffset": offset,
        "timezone": venue.short,
        "exchangeTimezoneName": venue.zone,
        "regularMarketPrice": last.close,
        "longName": one.name,
        "shortName": one.name,
        "priceHint": 2,
        "currentTradingPeriod": {
            "pre": {**period, "start": opens, "end": opens},
            "regular": {**period, "start": opens, "end": closes},
            "post": {**period, "start": closes, "end": closes},
        },
        "dataGranularity": "1d",
        "range": span,
        "validRanges": RANGES,
    }


def _events(one: Figures, venue: Venue) -> dict[str, object]:
    found: dict[str, object] = {}
    if one.dividends:
        stamps = {venue.stamp(day, venue.opens): amount for day, amount in one.dividends.items()}
        found["dividends"] = {str(stamp): {"amount": amount, "date": stamp} for stamp, amount in stamps.items()}
    if splits := SPLITS.get(one.symbol):
        stamps = {venue.stamp(day, venue.opens): ratio for day, ratio in splits.items()}
        found["splits"] = {
            str(stamp): {"date": stamp, "numerator": new, "denominator": old, "splitRatio": f"{new}:{old}"}
            for stamp, (new, old) in stamps.items()
        }
    return found


def _filled(one: Figures) -> str:
    parts = ["Prices are the nearest numbers of single precision, as Yahoo's are."]
    if one.bars[0].adj_close is not None:
        parts.append("The adjusted close is the recorded one; dividend events are not recorded and left out.")
    elif one.dividends:
        parts.append("The adjusted close is the close scaled by 1 - dividend / last close, dividends of events.yaml.")
    else:
        parts.append("The adjusted close repeats the close: no dividends are recorded.")
    if one.suspensions:
        spans = ", ".join(f"{first} to {last}" for first, last in one.suspensions)
        parts.append(
            f"The sessions of the suspension {spans} have rows without volume at the last close: such rows are known "
            "of Yahoo and are not trades."
        )
    if one.symbol in SPLITS:
        parts.append("The split of 2024-06-10 is the one that the recorded prices are adjusted for.")
    return " ".join(parts)


def _text(payload: dict[str, object]) -> str:
    return json.dumps(payload, separators=(",", ":"))
