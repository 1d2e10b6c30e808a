"""Captures of real replies, held against the readers; cuts and contradictions of replies are told."""

from __future__ import annotations

import copy
import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from eventstudy.errors import BrokenReplyError, ChangedFormatError, UnknownSymbolError
from eventstudy.sources.vendors import eastmoney, sina, tencent, yahoo
from eventstudy.sources.vendors.bars import Bars, Came
from eventstudy.sources.vendors.download import Manner, download
from eventstudy.sources.vendors.exchanges import read
from eventstudy.sources.vendors.wire import Asked, Reply
from tests.conftest import MADE_EXCHANGES, ROOT

CAPTURES = ROOT / "tests" / "made" / "real_replies"
CHART = Asked("curl_cffi", "GET", "https://query2.finance.yahoo.com/v8/finance/chart/X", (("interval", "1d"),))
KLINE = Asked("requests", "GET", "https://proxy.finance.qq.com/ifzqgtimg/appstock/app/newfqkline/get", ())


def reply(text):
    return Reply(200, text.encode())


def capture(name):
    return (CAPTURES / name).read_text(encoding="utf-8")


def chart(name, change=lambda result: None):
    content = json.loads(capture(name))
    change(content["chart"]["result"][0])
    return reply(json.dumps(content))


@pytest.mark.parametrize(
    ("name", "symbol", "came"),
    [
        ("yahoo-600497.SS-2017-11-27.json", "600497.SS", Came("CNY", "EQUITY")),
        ("yahoo-GOOGL-2026-08-21.json", "GOOGL", Came("USD", "EQUITY")),
    ],
)
def test_captures_of_yahoo_pass(name, symbol, came):
    assert yahoo.VENDOR.check(CHART, reply(capture(name)), symbol) == came


def test_a_capture_of_tencent_asked_adjusted_is_no_price_as_traded():
    with pytest.raises(ChangedFormatError, match="adjusted prices came instead of those as traded"):
        tencent.VENDOR.check(KLINE, reply(capture("tencent-sz300750-day-2026-09-12.json")), "sz300750")


def test_the_seventh_element_of_tencents_rows_is_a_dividend():
    content = json.loads(capture("tencent-hk00700-day-2026-09-12.json"))
    rows = content["data"].pop("hk00700")["day"]
    content["data"]["sz300750"] = {"day": [[*row, "1.50", "9.6"] for row in rows]}
    assert tencent.VENDOR.check(KLINE, reply(json.dumps(content)), "sz300750") is None


def test_a_capture_of_eastmoney_wrapped_in_a_call_is_named():
    text = capture("eastmoney-APP-week-2025-09.txt").strip()
    whole = text if text.endswith(")") or text.endswith(");") else text + "]}})"
    with pytest.raises((ChangedFormatError, BrokenReplyError)) as caught:
        eastmoney.VENDOR.check(CHART, reply(whole), "688795")
    assert str(caught.value).startswith("eastmoney: 688795: the ")
    with pytest.raises(
        ChangedFormatError, match=r"as the argument of a call, jQuery35105424247560; use another source"
    ):
        eastmoney.VENDOR.check(CHART, reply('jQuery35105424247560587396_1({"data": null});'), "688795")


def bars_of(folder, part):
    (path,) = (path for path in (MADE_EXCHANGES / folder).iterdir() if part in str(read(path).asked))
    return read(path)


def test_a_reply_of_sina_cut_anywhere_near_its_beginning_is_not_whole():
    """Cut after `var KLC_KL_sh688795=` it says nothing, but it is no empty reply."""
    found = bars_of("sina", "688795/hisdata_klc2/klc_kl.js")
    text = found.reply.text
    for cut in range(1, 80):
        with pytest.raises(BrokenReplyError, match="the bars are not whole; run again"):
            sina.VENDOR.check(found.asked, reply(text[:cut]), "688795")
    for empty in ('var KLC_KL_sh688795="";', "var KLC_KL_sh688795=;", "var KLC_KL_sh688795=null", "\n"):
        with pytest.raises(UnknownSymbolError, match="an empty reply came"):
            sina.VENDOR.check(found.asked, reply(empty), "688795")


@pytest.mark.parametrize(
    ("came", "currency", "exchange", "what"),
    [
        (
            Came("GBp", "EQUITY"),
            "USD",
            None,
            "the bars are in GBp, the study says USD; correct the symbol or the currency",
        ),
        (
            Came("EUR", "EQUITY"),
            "USD",
            None,
            "the bars are in EUR, the study says USD; correct the symbol or the currency",
        ),
        (
            Came("USD", "CRYPTOCURRENCY"),
            "USD",
            None,
            "it is of kind CRYPTOCURRENCY there, the study says XNYS; correct the symbol or the exchange",
        ),
        (
            Came("USD", "EQUITY"),
            "USD",
            "24/7",
            "it is of kind EQUITY there, the study says 24/7; correct the symbol or the exchange",
        ),
        (
            Came("USD", "CURRENCY"),
            None,
            None,
            "it is of kind CURRENCY there, the study says XNYS; correct the symbol or the exchange",
        ),
    ],
)
def test_what_came_is_held_against_the_study(monkeypatch, came, currency, exchange, what):
    days = np.array(["2024-03-04", "2024-03-05"], dtype="datetime64[D]")
    from dataclasses import replace

    def table(of):
        return lambda symbol, first, last: Bars(days, {"close": np.array([1.0, 1.1])}, came=of)

    span = (date(2024, 3, 1), date(2024, 3, 8))
    vendor = replace(yahoo.VENDOR, table=table(came))
    with pytest.raises(ChangedFormatError) as caught:
        download(vendor, "AAA", *span, Manner(), exchange or "XNYS", currency=currency)
    assert str(caught.value) == f"yahoo: AAA: {what}"
    for of, wanted in ((Came("GBp", "EQUITY"), "GBP"), (Came("USD", "ETF"), "USD"), (Came(), "USD")):
        assert (
            len(download(replace(vendor, table=table(of)), "AAA", *span, Manner(), "XNYS", currency=wanted).series) == 2
        )


def doubled(result, *, stamp=None, close=345.0):
    """The last day once more, at another moment and with another close."""
    result["timestamp"].append(stamp or result["timestamp"][-1] + 600)
    quote = result["indicators"]["quote"][0]
    for name in quote:
        quote[name].append(copy.copy(quote[name][-1]))
    quote["close"][-1] = close
    result["indicators"]["adjclose"][0]["adjclose"].append(close)


def test_two_different_bars_for_the_last_day_are_refused_once_it_is_over():
    name, over = "yahoo-GOOGL-2026-08-21.json", 1787342401
    with pytest.raises(
        ChangedFormatError, match=r"2026-08-21 came twice with different figures \(close 344.82 and 345\)"
    ):
        yahoo.VENDOR.check(CHART, chart(name, lambda result: doubled(result, stamp=over)), "GOOGL")
    assert yahoo.VENDOR.check(CHART, chart(name, doubled), "GOOGL") == Came("USD", "EQUITY")
    close = json.loads(capture(name))["chart"]["result"][0]["indicators"]["quote"][0]["close"][-1]
    same = chart(name, lambda result: doubled(result, stamp=over, close=close))
    assert yahoo.VENDOR.check(CHART, same, "GOOGL") == Came("USD", "EQUITY")
    assert datetime.fromtimestamp(over, ZoneInfo("America/New_York")).hour == 16
