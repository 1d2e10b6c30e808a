"""Live prices of exchanges elsewhere: payloads made by hand in the shape of Yahoo's, which test parsers only."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from eventstudy.calendars import load_sessions
from eventstudy.prices import check_prices
from eventstudy.sources.live import LiveSource
from eventstudy.sources.vendors import yahoo
from eventstudy.sources.vendors.download import Manner, download
from eventstudy.sources.vendors.exchanges import Replayer
from eventstudy.sources.vendors.wire import Reply, through
from eventstudy.spec import Instrument
from tests.conftest import EXCHANGES

FIRST, LAST = date(2025, 12, 19), date(2025, 12, 31)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]


def made(symbol, zone, clock, kind, days, closes, volumes):
    """A handler that answers for one symbol with bars stamped at a clock time of its zone."""
    stamps = [int(datetime.combine(day, clock, ZoneInfo(zone)).timestamp()) for day in days]
    offset = int(datetime.combine(days[-1], clock, ZoneInfo(zone)).utcoffset().total_seconds())
    quote = dict.fromkeys(("open", "high", "low", "close"), closes) | {"volume": volumes}
    meta = {
        "currency": "USD",
        "symbol": symbol,
        "instrumentType": kind,
        "exchangeTimezoneName": zone,
        "timezone": zone,
        "gmtoffset": offset,
        "priceHint": 2,
        "dataGranularity": "1d",
        "validRanges": ["1d", "max"],
        "currentTradingPeriod": {
            name: {"timezone": zone, "gmtoffset": offset, "start": stamps[-1], "end": stamps[-1] + 3600}
            for name in ("pre", "regular", "post")
        },
    }
    result = {"meta": meta, "timestamp": stamps, "indicators": {"quote": [quote], "adjclose": [{"adjclose": closes}]}}
    body = json.dumps({"chart": {"result": [result], "error": None}}).encode()

    def handler(asked, send):
        return Reply(200, body, "application/json;charset=utf-8") if "/v8/finance/chart/" in asked.url else send()

    return handler


def had(handler, symbol, exchange=None, now=datetime(2026, 1, 5, tzinfo=UTC)):
    manner = Manner(sleep=lambda seconds: pytest.fail("nothing is to be asked again"), now=lambda: now)
    with through(handler, Replayer(EXCHANGES)):
        return download(yahoo.VENDOR, symbol, FIRST, LAST, manner, exchange)


def test_a_hong_kong_share_has_the_sessions_of_hong_kong():
    """Stamped at 09:30 there, 01:30 in UTC; a price that Yahoo carries to a holiday is no bar."""
    days = [day for day in DAYS if day.weekday() < 5]
    carried = {date(2025, 12, 25), date(2025, 12, 26)}
    closes, last = [], 60.0
    for day in days:
        last = last if day in carried else last + 0.25
        closes.append(last)
    volumes = [0 if day in carried else 1_000_000 for day in days]
    found = had(made("0981.HK", "Asia/Hong_Kong", time(9, 30), "EQUITY", days, closes, volumes), "0981.HK")
    sessions = load_sessions("XHKG").between(FIRST, LAST)
    assert found.series.sessions.tolist() == sessions.tolist()
    assert "no session, so no bar taken: 2025-12-25 and 2025-12-26" in map(str, found.notes)
    assert check_prices(found.series, sessions=load_sessions("XHKG").sessions) == ()


def test_the_session_that_is_not_over_is_left_out_by_the_exchange_s_own_hours():
    """On 31 December Hong Kong closes at 12:00, 04:00 in UTC, and its bar is taken half an hour later."""
    days = load_sessions("XHKG").between(FIRST, LAST).tolist()
    closes = [60.0 + number for number in range(len(days))]
    handler = made("0981.HK", "Asia/Hong_Kong", time(9, 30), "EQUITY", days, closes, [1_000_000] * len(days))
    before = had(handler, "0981.HK", now=datetime(2025, 12, 31, 4, 29, tzinfo=UTC))
    after = had(handler, "0981.HK", now=datetime(2025, 12, 31, 4, 31, tzinfo=UTC))
    assert (before.series.sessions[-1].item(), after.series.sessions[-1].item()) == (date(2025, 12, 30), LAST)
    assert "the session of 2025-12-31 was not over, so its bar was left out" in map(str, before.notes)


def test_a_coin_has_a_bar_for_every_day_in_utc():
    """Its volume is in money, so it is left out; the day that has not ended is no bar."""
    closes = [90_000.0 + number for number in range(len(DAYS))]
    handler = made("BTC-USD", "UTC", time(0), "CRYPTOCURRENCY", DAYS, closes, [10**10] * len(DAYS))
    found = had(handler, "BTC-USD", now=datetime(2025, 12, 31, 23, 59, tzinfo=UTC))
    assert found.series.sessions.tolist() == DAYS[:-1]
    assert (found.series.volume, found.last) == (None, date(2025, 12, 30))
    assert had(handler, "BTC-USD", now=datetime(2026, 1, 1, 0, 31, tzinfo=UTC)).series.sessions.tolist() == DAYS


def test_a_future_is_dated_by_the_day_of_its_close():
    """Yahoo stamps the day at midnight in New York; the session of Monday opens on Sunday evening."""
    days = load_sessions("CMES").between(FIRST, LAST).tolist()
    closes = [4300.0 + number for number in range(len(days))]
    handler = made("GC=F", "America/New_York", time(0), "FUTURE", days, closes, [1000] * len(days))
    # 17:00 in Chicago on the 29th, a Monday: the session of the 30th has begun, that of the 29th settles
    found = had(handler, "GC=F", now=datetime(2025, 12, 29, 23, 31, tzinfo=UTC))
    assert [day for day in days if day.weekday() > 4 or day == date(2025, 12, 25)] == []
    assert found.series.sessions.tolist() == [day for day in days if day <= date(2025, 12, 29)]
    assert found.series.volume.tolist() == [1000.0] * len(found.series)


def test_a_study_says_whose_sessions_an_index_follows():
    """Yahoo's indices have no ending: without the study ^HSI would be taken for one of New York."""
    days = load_sessions("XHKG").between(FIRST, LAST).tolist()
    handler = made(
        "^HSI", "Asia/Hong_Kong", time(9, 30), "INDEX", days, [25_000.0 + day.day for day in days], [0] * len(days)
    )
    now = datetime(2025, 12, 31, 5, tzinfo=UTC)
    manner = Manner(sleep=lambda seconds: pytest.fail("nothing is to be asked again"), now=lambda: now)
    with through(handler, Replayer(EXCHANGES)):
        instrument = Instrument(name="Hang Seng Index", exchange="XHKG", currency="HKD")
        found = LiveSource(None, manner).series("^HSI", instrument, FIRST, LAST, 0.005)
    assert found.sessions.tolist() == days
    assert had(handler, "^HSI", now=now).series.sessions[-1].item() == date(2025, 12, 30)
