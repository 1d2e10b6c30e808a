"""Downloads from each vendor, served by the made exchanges through the vendors' own libraries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import numpy as np
import pytest
import requests

from eventstudy.errors import NoDataError, NotRecordedError, OptionError
from eventstudy.facts import fact, words
from eventstudy.prices import check_prices, require_usable
from eventstudy.sources.own.folder import Origin, parse_prices
from eventstudy.sources.vendors import eastmoney, sina, tencent, wire, yahoo
from eventstudy.sources.vendors.bars import series_csv
from eventstudy.sources.vendors.download import Manner, download
from eventstudy.sources.vendors.exchanges import Replayer
from eventstudy.sources.vendors.manners import Pace
from eventstudy.sources.vendors.wire import Reply, through
from tests.conftest import ROOT
from tests.made.build import FOLDER
from tests.made.figures import END, INDICES, SHARES, START, figures
from tests.made.yahoo import SYMBOLS, served

NOW = datetime(2026, 11, 22, 9, 30, 15, tzinfo=UTC)
BAR = ("open", "high", "low", "close")
PREFIXED = [f"sh{share}" for share in SHARES]
MODULES = {"yahoo": yahoo, "eastmoney": eastmoney, "tencent": tencent, "sina": sina}
EVERY = [
    *(("yahoo", symbol, ticker) for symbol, ticker in SYMBOLS.items()),
    *(("eastmoney", symbol, symbol) for symbol in (*SHARES, *INDICES)),
    *(("tencent", symbol, f"sh{symbol.removeprefix('sh')}") for symbol in (*SHARES, *INDICES)),
    *(("sina", symbol, f"sh{symbol.removeprefix('sh')}") for symbol in (*SHARES, *INDICES)),
]
every = pytest.mark.parametrize(("vendor", "symbol", "name"), EVERY, ids=[f"{one[0]}-{one[2]}" for one in EVERY])
LIBRARY = {
    "yahoo": "yfinance 1.7.0",
    "eastmoney": "akshare 1.19.5",
    "tencent": "akshare 1.19.5",
    "sina": "akshare 1.19.5",
}
SUSPENDED = fact("rows.no_trade", days=fact("days", days_run="many", count=10, first="2025-05-26", last="2025-06-09"))
LOTS = fact("volume.lots", lot=100)


@pytest.fixture(autouse=True)
def as_new():
    """yfinance keeps a crumb and a way to it for the process."""
    from yfinance.data import SingletonMeta

    SingletonMeta._instances.clear()
    yield
    SingletonMeta._instances.clear()


def manner(now=NOW):
    def never(seconds):
        raise AssertionError(f"waited {seconds} s")

    return Manner(pace=Pace(None, interval=0.0, sleep=never), sleep=never, now=lambda: now)


def got(vendor, *names, first=START, last=END, now=NOW):
    with through(Replayer(FOLDER)):
        return MODULES[vendor].fetch(names, first, last, manner(now))


def downloaded(vendor, name, first=START, last=END, now=NOW):
    module = MODULES[vendor]
    with through(Replayer(FOLDER)):
        return download(module.VENDOR, name, first, last, manner(now))


def is_index(symbol):
    return symbol in INDICES


# --- The figures --------------------------------------------------------------------------------------------------


@every
def test_every_bar_is_the_recorded_one(vendor, symbol, name):
    series = got(vendor, name)[name]
    bars = figures(symbol).bars
    assert series.sessions.tolist() == [bar.day for bar in bars]
    for column in BAR:
        assert series.columns[column].tolist() == [getattr(bar, column) for bar in bars], column
    require_usable(check_prices(series))


@every
def test_the_columns(vendor, symbol, name):
    """Volumes of shares and funds in shares; of indices none, their units differ; adjusted closes from Yahoo alone."""
    series = got(vendor, name)[name]
    adjusted = ("adj_close",) if vendor == "yahoo" else ()
    assert set(series.columns) == {*BAR, *adjusted, *(() if is_index(symbol) else ("volume",))}
    if not is_index(symbol):
        lot = 100 if vendor == "eastmoney" else 1
        wanted = np.round([bar.volume / lot for bar in figures(symbol).bars]) * lot
        np.testing.assert_allclose(series.volume, wanted, rtol=1e-12)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_yahoos_adjusted_close(symbol):
    series = got("yahoo", SYMBOLS[symbol])[SYMBOLS[symbol]]
    wanted = [bar.adj_close for bar in served(figures(symbol)) if bar.volume]
    np.testing.assert_allclose(series.adj_close, wanted, rtol=2e-7)  # single precision, then the shortest decimal


@every
def test_where_they_are_from_is_said(vendor, symbol, name):
    series = got(vendor, name)[name]
    origin = series.provenance
    notes = {
        ("yahoo", "688041"): f"; {SUSPENDED}",
        ("yahoo", "603019"): f"; {SUSPENDED}",
        **{("eastmoney", share): f"; {LOTS}" for share in SHARES},
    }
    assert origin.symbol == series.symbol == name
    assert origin.source == "live"
    title = {"yahoo": "Yahoo Finance", "eastmoney": "Eastmoney", "tencent": "Tencent", "sina": "Sina"}[vendor]
    assert origin.vendor == title
    assert origin.file == f"{vendor}/{name}"
    bars = figures(symbol).bars
    assert (origin.first, origin.last, origin.rows) == (bars[0].day, bars[-1].day, len(bars))
    assert origin.adjustment == fact("adjustment.splits" if vendor == "yahoo" else "adjustment.unadjusted")
    said = f"downloaded 2026-11-22 09:30 UTC with {LIBRARY[vendor]}"
    assert origin.note == said + notes.get((vendor, symbol), "")
    assert origin.sha256 == sha256(series_csv(series)).hexdigest()


@every
def test_the_file_of_a_series_reads_back_to_the_same_bits(vendor, symbol, name):
    series = got(vendor, name)[name]
    again = parse_prices(series_csv(series), "X.csv", Origin(name, "cache", words(""), "X.csv", words("")))
    assert again.sessions.tolist() == series.sessions.tolist()
    assert {key: values.tolist() for key, values in again.columns.items()} == {
        key: values.tolist() for key, values in series.columns.items()
    }
    assert again.provenance.sha256 == series.provenance.sha256


# --- Several symbols ----------------------------------------------------------------------------------------------

SEVERAL = {
    "yahoo": ["SPY", "688795.SS", "NVDA", "SPY"],
    "eastmoney": ["sh000300", "688795", "603019", "688795"],
    "tencent": ["sh688041", "sh688795", "sh000688"],
    "sina": ["sh000688", "sh688795", "sh688041"],
}


@pytest.mark.parametrize("vendor", SEVERAL)
def test_symbols_come_in_the_order_asked_and_once(vendor):
    panel = got(vendor, *SEVERAL[vendor])
    assert list(panel) == list(dict.fromkeys(SEVERAL[vendor]))
    assert {symbol: panel[symbol].symbol for symbol in panel} == {symbol: symbol for symbol in panel}


@pytest.mark.parametrize("vendor", SEVERAL)
def test_no_symbols_are_no_request(vendor):
    replayer = Replayer(FOLDER)
    with through(replayer):
        assert list(MODULES[vendor].fetch([], START, END, manner())) == []
    assert replayer.missed == []


def test_without_a_manner_the_vendor_is_asked_all_the_same():
    with through(Replayer(FOLDER)):
        panel = sina.fetch(["sh688795"], START, END)
    assert len(panel["sh688795"]) == 29


# --- What is asked ------------------------------------------------------------------------------------------------


def test_the_addresses_asked_are_kept_without_secrets():
    chart = "https://query2.finance.yahoo.com/v8/finance/chart/NVDA"
    assert downloaded("yahoo", "NVDA").requests == (
        f"{chart}?interval=1d&range=1d",
        f"{chart}?events=div,splits,capitalGains&includePrePost=False&interval=1d&period1=1710475200&period2=1768626000",
    )
    kline = "https://push2his.eastmoney.com/api/qt/stock/kline/get?beg=20240315&end=20260116"
    assert downloaded("eastmoney", "688795").requests == (
        f"{kline}&fields1=f1,f2,f3,f4,f5,f6&fields2=f51,f52,f53,f54,f55,f56,f57,f58,f59,f60,f61,f116"
        "&fqt=0&klt=101&secid=1.688795",
    )
    assert downloaded("eastmoney", "sh000688").requests == (
        f"{kline}&fields1=f1,f2,f3,f4,f5&fields2=f51,f52,f53,f54,f55,f56,f57,f58&fqt=0&klt=101&secid=1.000688",
    )
    tencent_years = downloaded("tencent", "sh688795").requests
    assert [address.rpartition("/")[2].partition("&r=")[0] for address in tencent_years] == [
        "weekTrends?_var=trend_qfq&code=sh688795",
        "get?_var=kline_day2025&param=sh688795,day,2025-01-01,2026-12-31,640,",
        "get?_var=kline_day2026&param=sh688795,day,2026-01-01,2027-12-31,640,",
    ]
    assert downloaded("sina", "sh688795").requests == (
        "https://finance.sina.com.cn/realstock/company/sh688795/hisdata_klc2/klc_kl.js",
        "https://stock.finance.sina.com.cn/stock/api/jsonp.php/var%20KKE_ShareAmount_sh688795=/"
        "StockService.getAmountBySymbol?_=20&symbol=sh688795",
    )
    assert downloaded("sina", "sh000688").requests == (
        "https://finance.sina.com.cn/realstock/company/sh000688/hisdata/klc_kl.js?d=2020_2_4",
    )


def test_a_download_says_what_it_covers():
    one = downloaded("eastmoney", "688795")
    assert (one.vendor, one.symbol, one.library) == ("eastmoney", "688795", "akshare 1.19.5")
    assert (one.first, one.last) == (START, END)
    assert one.at == datetime(2026, 11, 22, 9, 30, 15, tzinfo=UTC)
    assert one.notes == (LOTS,)


@pytest.mark.parametrize(("vendor", "name"), [("yahoo", "NVDA"), ("eastmoney", "688041"), ("tencent", "sh688041")])
def test_another_range_is_another_request(vendor, name):
    with pytest.raises(NotRecordedError, match=f"^{vendor}: https://.* is not recorded "):
        got(vendor, name, first=date(2023, 3, 15))


def counted_pace():
    """A pace on a clock that only its own waits move."""
    time, waits = [1_000_000.0], []

    def sleep(seconds):
        waits.append(seconds)
        time[0] += seconds

    return Pace(None, sleep=sleep, clock=lambda: time[0]), waits


def test_over_the_network_there_is_a_second_between_requests(monkeypatch):
    """The network is put in place of `Session.request`, where the pace is nearest to it."""
    replayer = Replayer(FOLDER)

    def network(self, method, url, **named):
        asked = wire._describe("requests", method, url, named.get("params"))
        return wire._response("requests", asked, replayer(asked, lambda: None))

    monkeypatch.setattr(requests.Session, "request", network)
    pace, waits = counted_pace()
    assert len(tencent.fetch(["sh688795"], START, END, replace(manner(), pace=pace))["sh688795"]) == 29
    assert waits == pytest.approx([1.0, 1.0])
    sina.fetch(["sh688795"], START, END, replace(manner(), pace=pace))
    assert waits == pytest.approx([1.0, 1.0, 1.0])  # another vendor's first request waits for nobody


def test_a_replay_waits_for_nobody():
    pace, waits = counted_pace()
    with through(Replayer(FOLDER)):
        tencent.fetch(["sh688795"], START, END, replace(manner(), pace=pace))
    assert waits == []


# --- Ranges and sessions that are not over ------------------------------------------------------------------------


def test_of_sinas_whole_history_the_days_asked_are_taken():
    series = got("sina", "sh688041", first=date(2025, 5, 23), last=date(2025, 6, 11))["sh688041"]
    assert series.sessions.tolist() == [date(2025, 5, 23), date(2025, 6, 10), date(2025, 6, 11)]
    assert series.provenance.first == date(2025, 5, 23)
    with pytest.raises(NoDataError) as caught:
        got("sina", "sh688041", first=date(2025, 5, 26), last=date(2025, 6, 9))
    assert str(caught.value) == (
        "sina: sh688041: no bars from 2025-05-26 to 2025-06-09; check the symbol and the dates"
    )


CLOSES = {
    ("yahoo", "NVDA"): datetime(2026, 1, 16, 21, 0, tzinfo=UTC),
    ("yahoo", "688795.SS"): datetime(2026, 1, 16, 7, 0, tzinfo=UTC),
    ("eastmoney", "688795"): datetime(2026, 1, 16, 7, 0, tzinfo=UTC),
    ("tencent", "sh688795"): datetime(2026, 1, 16, 7, 0, tzinfo=UTC),
    ("sina", "sh688795"): datetime(2026, 1, 16, 7, 0, tzinfo=UTC),
    ("sina", "sh000300"): datetime(2026, 1, 16, 7, 0, tzinfo=UTC),
}


@pytest.mark.parametrize(("vendor", "name"), CLOSES)
@pytest.mark.parametrize(("minutes", "over"), [(-200, False), (0, False), (29, False), (31, True), (60 * 24, True)])
def test_the_bar_of_a_session_that_is_not_over_is_left_out(vendor, name, minutes, over):
    close = CLOSES[vendor, name]
    now = datetime.fromtimestamp(close.timestamp() + 60 * minutes, tz=UTC)
    one = downloaded(vendor, name, now=now)
    late = "the session of 2026-01-16 was not over, so its bar was left out"
    assert one.series.sessions[-1].item() == one.last == (END if over else date(2026, 1, 15))
    assert (fact("bar.not_over", session="2026-01-16") in one.notes) is not over
    assert (late in one.series.provenance.note) is not over
    assert one.series.provenance.last == one.last


@pytest.mark.parametrize(("vendor", "name"), CLOSES)
@pytest.mark.parametrize(("days", "may_come"), [(0, True), (3, True), (5, False)])
def test_a_bar_that_has_not_come_yet_is_asked_for_again(vendor, name, days, may_come):
    """Sina's history has the day's bar hours after the close; a download without it does not stand for it."""

    whole = {name: module.VENDOR for name, module in MODULES.items()}

    def late(symbol, first, last):
        found = whole[vendor].table(symbol, first, last)
        there = found.sessions < np.datetime64(END)
        columns = {name: values[there] for name, values in found.columns.items()}
        amount = None if found.amount is None else found.amount[there]
        return replace(found, sessions=found.sessions[there], columns=columns, amount=amount)

    now = CLOSES[vendor, name] + timedelta(hours=1, days=days)
    with through(Replayer(FOLDER)):
        one = download(replace(whole[vendor], table=late), name, START, END, manner(now))
    said = fact("bar.due", session="2026-01-16")
    assert (one.last, said in one.notes) == ((date(2026, 1, 15), True) if may_come else (END, False))


# --- Yahoo's rows without trade -----------------------------------------------------------------------------------


@pytest.mark.parametrize("share", ["688041", "603019"])
def test_rows_that_yahoo_carries_through_a_suspension_are_dropped_and_told(share):
    assert sum(bar.volume == 0 for bar in served(figures(share))) == 10
    one = downloaded("yahoo", f"{share}.SS")
    assert one.notes == (SUSPENDED,)
    days = one.series.sessions
    assert not ((days >= np.datetime64("2025-05-26")) & (days <= np.datetime64("2025-06-09"))).any()
    assert (one.series.volume > 0).all()


@pytest.mark.parametrize("index", INDICES)
def test_an_index_is_never_suspended(index):
    """Yahoo has no volume for many indices: their rows are not taken for days without trade."""
    ticker = SYMBOLS[index]

    def without_volume(asked, send):
        reply = send()
        if "period1" not in dict(asked.params):
            return reply
        content = json.loads(reply.text)
        quote = content["chart"]["result"][0]["indicators"]["quote"][0]
        quote["volume"] = [0] * len(quote["volume"])
        return Reply(200, json.dumps(content).encode(), reply.content_type)

    with through(without_volume, Replayer(FOLDER)):
        series = yahoo.fetch([ticker], START, END, manner())[ticker]
    assert len(series) == len(figures(index).bars)


# --- Sina's factors -----------------------------------------------------------------------------------------------


def sina_factors(symbol, last=date(2026, 1, 16)):
    with through(Replayer(FOLDER)):
        return download(sina.SINA_FACTORS, symbol, date(1900, 1, 1), last, manner())


def test_factors_come_as_rows_of_the_days_from_which_they_hold():
    one = sina_factors("sh688041")
    assert one.series.sessions.tolist() == [date(1900, 1, 1), date(2024, 6, 18), date(2025, 5, 16)]
    first = 73.56 / (73.56 - 0.11)
    np.testing.assert_allclose(one.series.close, [1.0, first, first * 142.11 / (142.11 - 0.17)], rtol=1e-12)
    assert one.notes == ()
    assert one.vendor == "sina-factors"
    assert one.series.provenance.adjustment == fact("adjustment.factor")


def test_a_share_without_dividends_has_the_factor_one():
    assert sina_factors("sh688795").series.close.tolist() == [1.0]


# --- Symbols that a vendor cannot have ----------------------------------------------------------------------------

REFUSED = [
    ("eastmoney", "NVDA", "'NVDA' is not a code of a Chinese exchange; write e.g. sh688795, sz000001 or 688795"),
    ("tencent", "NVDA", "'NVDA' is not a code of a Chinese exchange; write e.g. sh688795, sz000001 or 688795"),
    ("sina", "sh68879", "'sh68879' is not a code of a Chinese exchange; write e.g. sh688795, sz000001 or 688795"),
    ("eastmoney", "000688", "'000688' may be sh000688 (index) or sz000688 (share); write which"),
    ("tencent", "000300", "'000300' may be sh000300 (index) or sz000300 (share); write which"),
    ("sina", "sh300750", "'sh300750' is no share, fund or index of the Chinese exchanges; check the code"),
    ("tencent", "csi931151", "tencent: csi931151: indices of CSI are not there; use eastmoney"),
    ("sina", "csi931151", "sina: csi931151: indices of CSI are not there; use eastmoney"),
    (
        "eastmoney",
        "sh900901",
        "eastmoney: sh900901: akshare looks for B shares at the wrong exchange; use tencent or yahoo",
    ),
    (
        "sina",
        "sh900901",
        "sina: sh900901: akshare rounds the prices of B shares to two digits; use tencent or yahoo",
    ),
    (
        "yahoo",
        "DTE.BE",
        "the Yahoo symbol 'DTE.BE' is of an exchange whose sessions are not known here; known are US symbols (BRK-B), "
        "US futures (GC=F), coins (BTC-USD) and exchanges by their endings (0981.HK, 7203.T, HSBA.L)",
    ),
]


@pytest.mark.parametrize(("vendor", "name", "message"), REFUSED, ids=[f"{one[0]}-{one[1]}" for one in REFUSED])
def test_a_symbol_that_a_vendor_cannot_have_is_refused_before_it_is_asked(vendor, name, message):
    asked = []
    with through(lambda request, send: asked.append(request) or send()), pytest.raises(OptionError) as caught:
        MODULES[vendor].fetch([name], START, END, manner())
    assert str(caught.value) == message
    assert asked == []


@pytest.mark.parametrize(("vendor", "name", "message"), REFUSED, ids=[f"{one[0]}-{one[1]}" for one in REFUSED])
def test_among_others_it_is_refused_before_any_is_asked(vendor, name, message):
    asked = []
    watched = (lambda request, send: asked.append(request) or send(), Replayer(FOLDER))
    with through(*watched), pytest.raises(OptionError) as caught:
        MODULES[vendor].fetch([SEVERAL[vendor][0], name], START, END, manner())
    assert str(caught.value) == message
    assert asked == []


@pytest.mark.parametrize("vendor", ["eastmoney", "tencent", "sina"])
@pytest.mark.parametrize("spelling", ["688795", "sh688795", "SH688795", "688795.SS", "688795.sh"])
def test_spellings_of_a_share_are_one_request(vendor, spelling):
    assert len(got(vendor, spelling)[spelling]) == 29


# --- Manners towards the process ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("vendor", "name"), [("yahoo", "NVDA"), ("tencent", "sh688795"), ("sina", "sh688795")])
def test_warnings_and_settings_are_left_as_they_were(vendor, name):
    import yfinance

    hidden, filters, variables = yfinance.config.debug.hide_exceptions, list(warnings.filters), dict(os.environ)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        inner = list(warnings.filters)
        got(vendor, name)
        assert warnings.filters == inner
    assert [str(one.message) for one in seen] == []
    assert warnings.filters == filters
    assert dict(os.environ) == variables
    assert yfinance.config.debug.hide_exceptions == hidden


def run(code):
    code = (
        "import sys, warnings; warnings.simplefilter('error')\n"
        "from tests.test_vendors import got\n"
        "def fetch():\n"
        "    warnings.simplefilter('ignore')\n"
        "    return len(got('tencent', 'sh688795')['sh688795'])\n"
    ) + code
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def test_no_progress_bar_is_shown():
    assert run("from tqdm import tqdm\nsys.stdout.write(str(fetch()))") == ("29", "")


def test_progress_bars_of_others_are_shown_afterwards():
    _, shown = run("fetch()\nfrom tqdm import tqdm\nlist(tqdm(range(3)))")
    assert "3/3" in shown


def test_yfinance_keeps_nothing_on_disk(tmp_path, monkeypatch):
    for variable in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    got("yahoo", "NVDA")
    assert list(tmp_path.rglob("*")) == []


USED_BEFORE = """
import yfinance
from eventstudy.sources.vendors.wire import through
from eventstudy.sources.vendors.exchanges import Replayer
from tests.test_vendors import END, FOLDER, START, manner, yahoo
yfinance.set_tz_cache_location({folder!r})
seen = []
def watch(asked, send):
    seen.append(str(asked))
    return send()
with through(watch, Replayer(FOLDER)):
    yfinance.Ticker("NVDA").history(start="2024-03-15", end="2026-01-17", auto_adjust=False)
    seen.clear()
    yahoo.fetch(["NVDA"], START, END, manner())
sys.stdout.write(str(sum("/chart/" in one for one in seen)))
"""


def test_a_yfinance_that_was_used_before_changes_nothing(tmp_path):
    """Else a recording made from a notebook would be without the exchange that a replay elsewhere asks for."""
    assert run("warnings.simplefilter('ignore')" + USED_BEFORE.format(folder=str(tmp_path)))[0] == "2"


def test_a_second_download_asks_again():
    """Nothing is answered from a memory of yfinance's own."""
    counted = []

    def count(asked, send):
        counted.append(str(asked))
        return send()

    with through(count, Replayer(FOLDER)):
        for _ in range(2):
            yahoo.fetch(["NVDA"], START, END, manner())
    assert sum("/chart/" in one for one in counted) == 4


# --- Funds: none is recorded, so the figures are made up, and only the way through the parser is tested --------------


def test_a_fund_at_eastmoney_goes_by_its_own_function_and_place():
    asked = []

    def made(request, send):
        asked.append(dict(request.params)["secid"])
        rows = [
            "2025-12-08,4.700,4.710,4.720,4.690,1000,471000.00,0.64,0.21,0.010,0.10",
            "2025-12-09,4.710,4.700,4.730,4.680,2000,940000.00,1.06,-0.21,-0.010,0.20",
        ]
        body = json.dumps({"rc": 0, "data": {"code": "510300", "market": 1, "klines": rows}})
        return Reply(200, body.encode(), "application/json")

    with through(made):
        series = eastmoney.fetch(["sh510300"], START, END, manner())["sh510300"]
    assert asked == ["1.510300"]
    assert series.column("close").tolist() == [4.71, 4.70]
    assert series.column("volume").tolist() == [100_000, 200_000]
