"""The made payloads: nothing but the recorded figures, in shapes that the vendors' own libraries read."""

from __future__ import annotations

import json
import os
import warnings
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstudy.sources.vendors.exchanges import Replayer, file_name, read
from eventstudy.sources.vendors.wire import Asked, through
from tests.made import sina
from tests.made.build import FOLDER, build
from tests.made.figures import AKSHARE, END, INDICES, MADE_AT, SHARES, START, YFINANCE, figures
from tests.made.yahoo import SYMBOLS, served

PATHS = sorted(FOLDER.rglob("*.json"))
FIGURES = ("open", "high", "low", "close", "volume")
MAX_FILE, MAX_ALL = 100_000, 1_800_000
CANNED_URLS = ("https://fc.yahoo.com", "https://query1.finance.yahoo.com/v1/test/getcrumb")
SINGLE = 2.0**-24
"""Relative error of a number of single precision."""


def prefixed(symbol):
    return symbol if symbol.startswith("sh") else f"sh{symbol}"


# --- The files ----------------------------------------------------------------------------------------------------


def test_made_again_they_are_the_same_bytes(tmp_path):
    build(tmp_path)
    again = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.json")}
    committed = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in PATHS}
    assert sorted(again) == sorted(committed), "run python -m tests.made and look at what it changed"
    changed = [name for name, content in again.items() if committed[name] != content]
    assert changed == [], "run python -m tests.made and look at what it changed"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_each_says_that_it_was_made(path):
    one = read(path)
    assert one.kind == "made"
    assert path == FOLDER / file_name(one.asked)
    vendor = one.asked.vendor.capitalize()
    assert one.note.startswith(f"Made by hand in {vendor}'s shape, not served by {vendor}. ")
    assert one.library == {"requests": AKSHARE, "curl_cffi": YFINANCE}[one.asked.client]
    assert one.at == MADE_AT
    assert path.stat().st_size < MAX_FILE


def test_they_are_small():
    assert sum(path.stat().st_size for path in PATHS) < MAX_ALL


def test_every_vendor_has_the_flagships_symbols():
    counts = {vendor.name: len(list(vendor.iterdir())) for vendor in FOLDER.iterdir()}
    # Yahoo: two requests a symbol; Tencent: the first day and each year; Sina: bars, share counts and factors.
    assert counts == {"yahoo": 2 * 8, "eastmoney": 5, "tencent": 5 + 4 * 3 + 2, "sina": 3 * 3 + 2}


# --- The vendors' own libraries read them ---------------------------------------------------------------------------


class Counting(Replayer):
    """A replay that keeps which files were used."""

    def __init__(self, folder):
        super().__init__(folder)
        self.used = set()

    def __call__(self, asked, send):
        self.used.add(file_name(asked))
        return super().__call__(asked, send)


def asked_of_akshare(akshare):
    first, last = f"{START:%Y%m%d}", f"{END:%Y%m%d}"
    for symbol in SHARES:
        yield "eastmoney", symbol, akshare.stock_zh_a_hist(symbol, "daily", first, last, "", 5)
        yield "sina", symbol, akshare.stock_zh_a_daily(prefixed(symbol), first, last, "")
        yield "sina factors", symbol, akshare.stock_zh_a_daily(prefixed(symbol), adjust="hfq-factor")
        yield "sina adjusted", symbol, akshare.stock_zh_a_daily(prefixed(symbol), first, last, "hfq")
    for symbol in INDICES:
        yield "eastmoney", symbol, akshare.stock_zh_index_daily_em(symbol, first, last)
        yield "sina", symbol, akshare.stock_zh_index_daily(symbol)
    for symbol in (*SHARES, *INDICES):
        frame = akshare.stock_zh_a_hist_tx(prefixed(symbol), START.isoformat(), END.isoformat(), "", 5)
        yield "tencent", symbol, frame


def asked_of_yfinance(yfinance):
    for symbol, ticker in SYMBOLS.items():
        history = yfinance.Ticker(ticker).history(
            start=START.isoformat(), end=(END + timedelta(days=1)).isoformat(), auto_adjust=False, timeout=5
        )
        yield "yahoo", symbol, history


@pytest.fixture(scope="module")
def replay():
    """What the libraries make of the made exchanges, by vendor and symbol, and the replay that served them."""
    import akshare
    import yfinance
    from yfinance.data import YfData

    YfData.cache_get.cache_clear()
    yfinance.set_tz_cache_location(f"{os.devnull}/none")  # which cannot be made: nothing is kept on disk
    replayer = Counting(FOLDER)
    with warnings.catch_warnings(), through(replayer):
        warnings.simplefilter("ignore")
        frames = {
            (vendor, symbol): frame
            for asking, library in ((asked_of_akshare, akshare), (asked_of_yfinance, yfinance))
            for vendor, symbol, frame in asking(library)
        }
    return frames, replayer


@pytest.fixture
def frames(replay):
    return replay[0]


def test_nothing_is_missing_and_no_file_is_there_for_nothing(replay):
    _, replayer = replay
    assert replayer.missed == []
    made = {path.relative_to(FOLDER).as_posix() for path in PATHS}
    assert made <= replayer.used
    assert replayer.used - made <= {file_name(Asked("curl_cffi", "GET", url, ())) for url in CANNED_URLS}


def columns(frame, names):
    return {name: frame[header].to_numpy(dtype=float) for name, header in names.items()}


def assert_recorded(symbol, days, found, *, within=0.0, lot=1):
    bars = figures(symbol).bars
    assert [str(day)[:10] for day in days] == [bar.day.isoformat() for bar in bars]
    for name in FIGURES[:-1]:
        np.testing.assert_allclose(found[name], [getattr(bar, name) for bar in bars], rtol=0, atol=within)
    np.testing.assert_allclose(found["volume"], np.round(np.array([bar.volume for bar in bars]) / lot), rtol=1e-12)


SAME = {figure: figure for figure in FIGURES}


@pytest.mark.parametrize("symbol", SHARES)
def test_eastmoney_shares(symbol, frames):
    frame = frames["eastmoney", symbol]
    names = {"open": "开盘", "high": "最高", "low": "最低", "close": "收盘", "volume": "成交量"}
    assert_recorded(symbol, frame["日期"], columns(frame, names), lot=100)
    np.testing.assert_allclose(frame["成交额"], frame["成交量"] * 100 * frame["收盘"], rtol=3e-6)  # lots are rounded
    moves = frame["收盘"].diff()[1:]
    np.testing.assert_allclose(frame["涨跌额"][1:], moves, rtol=0, atol=1e-9)
    np.testing.assert_allclose(frame["涨跌幅"][1:], 100 * moves / frame["收盘"].shift()[1:], rtol=0, atol=0.0051)


@pytest.mark.parametrize("symbol", INDICES)
def test_eastmoney_indices(symbol, frames):
    frame = frames["eastmoney", symbol]
    assert_recorded(symbol, frame["date"], columns(frame, SAME), lot=100)


@pytest.mark.parametrize("symbol", [*SHARES, *INDICES])
def test_tencent(symbol, frames):
    frame = frames["tencent", symbol]
    assert_recorded(symbol, frame["date"], columns(frame, SAME))
    np.testing.assert_allclose(frame["amount"], frame["volume"] * frame["close"], rtol=0, atol=50.1)


@pytest.mark.parametrize("symbol", SHARES)
def test_sina_shares(symbol, frames):
    frame = frames["sina", symbol]
    assert_recorded(symbol, frame["date"], columns(frame, SAME))
    np.testing.assert_allclose(frame["amount"], frame["volume"] * frame["close"], rtol=0, atol=0.51)


@pytest.mark.parametrize("symbol", INDICES)
def test_sina_indices(symbol, frames):
    frame = frames["sina", symbol]
    assert list(frame.columns) == ["date", "open", "high", "low", "close", "volume", "amount"]
    assert_recorded(symbol, frame["date"], columns(frame, SAME))


FACTORS = {
    "688795": [("1900-01-01", 1.0)],
    "688041": [
        ("2025-05-16", 73.56 / (73.56 - 0.11) * 142.11 / (142.11 - 0.17)),
        ("2024-06-18", 73.56 / (73.56 - 0.11)),
        ("1900-01-01", 1.0),
    ],
    "603019": [
        ("2025-05-23", 39.93 / (39.93 - 0.17) * 62.46 / (62.46 - 0.27)),
        ("2024-06-06", 39.93 / (39.93 - 0.17)),
        ("1900-01-01", 1.0),
    ],
}
"""Factors reckoned here from the closes before each ex-date and the dividends, both typed in."""


@pytest.mark.parametrize("symbol", SHARES)
def test_sina_factors(symbol, frames):
    frame = frames["sina factors", symbol]
    days, values = zip(*FACTORS[symbol], strict=True)
    assert [str(day)[:10] for day in frame["date"]] == list(days)
    np.testing.assert_allclose(frame["hfq_factor"].astype(float), values, rtol=1e-12)


@pytest.mark.parametrize("symbol", SHARES)
def test_sina_factors_make_total_returns(symbol, frames):
    """Away from ex-dates a return on close x factor is the raw one; on one it is (P + D) / P_last - 1, nearly."""
    frame = frames["sina adjusted", symbol]
    one, adjusted = figures(symbol), frame["close"].to_numpy()
    close = np.array([bar.close for bar in one.bars])
    dividend = np.array([one.dividends.get(bar.day, 0.0) for bar in one.bars])
    wanted = close[1:] / (close[:-1] - dividend[1:]) - 1
    # akshare rounds adjusted prices to a cent, on prices from 39 yuan on.
    np.testing.assert_allclose(adjusted[1:] / adjusted[:-1] - 1, wanted, rtol=0, atol=4e-4)
    assert np.count_nonzero(dividend) == len(one.dividends)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_yahoo(symbol, frames):
    history = frames["yahoo", symbol]
    traded = history[history["Volume"] > 0]
    names = {name: name.capitalize() for name in FIGURES}
    assert_recorded(symbol, traded.index, columns(traded, names), within=SINGLE * traded["High"].max())
    assert (history["Open"].astype(np.float32) == history["Open"]).all()
    bars = served(figures(symbol))
    np.testing.assert_allclose(history["Adj Close"], [bar.adj_close for bar in bars], rtol=1e-6)
    assert history["Dividends"].sum() == pytest.approx(sum(figures(symbol).dividends.values()))


@pytest.mark.parametrize("symbol", ["688041", "603019"])
def test_yahoo_carries_the_last_close_through_a_suspension(symbol, frames):
    history = frames["yahoo", symbol]
    silent = history[history["Volume"] == 0]
    days = [day.date() for day in silent.index]
    assert (days[0], days[-1], len(days)) == (date(2025, 5, 26), date(2025, 6, 9), 10)
    before = history.loc[:"2025-05-23"].iloc[-1]
    for name in ("Open", "High", "Low", "Close"):
        assert (silent[name] == before["Close"]).all()


def test_yahoos_adjusted_close_makes_total_returns():
    for symbol in SHARES:
        one = figures(symbol)
        bars = [bar for bar in served(one) if bar.volume]
        for before, bar in pairwise(bars):
            dividend = one.dividends.get(bar.day, 0.0)
            ratio = bar.adj_close / before.adj_close
            assert ratio == pytest.approx(bar.close / (before.close - dividend), rel=1e-12)


# --- Sina's cipher --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def decipher():
    """akshare's own script, by the engine that akshare uses."""
    import py_mini_racer
    from akshare.stock.cons import hk_js_decode

    engine = py_mini_racer.MiniRacer()
    engine.eval(hk_js_decode)

    def rows(text):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return engine.call("d", text)

    return rows


def as_stated(bar):
    row = {
        "date": bar.day,
        **{name: getattr(bar, name) / 100 for name in ("open", "high", "low", "close")},
        "volume": bar.volume,
        "amount": bar.amount,
    }
    return row if bar.prevclose is None else row | {"prevclose": bar.prevclose / 100}


def as_read(row):
    return {**row, "date": date.fromisoformat(row["date"].removesuffix("T00:00:00.000Z"))}


@pytest.mark.parametrize("symbol", [*SHARES, *INDICES])
def test_deciphered_it_is_every_bar(symbol, decipher):
    bars = sina.ciphered(figures(symbol))
    assert [as_read(row) for row in decipher(sina.encode(bars))] == [as_stated(bar) for bar in bars]


@st.composite
def some_bars(draw):
    days = [date(2000, 1, 3)]
    for _ in range(draw(st.integers(0, 8))):
        days.append(days[-1] + timedelta(days=draw(st.one_of(st.integers(-30, 110), st.integers(1, 7)))))
    price, size = st.integers(1, 900_000), st.integers(0, 2 * 10**11)
    bars = []
    for day in days:
        low, first, second, high = sorted(draw(st.tuples(price, price, price, price)))
        stated = draw(st.one_of(st.none(), price))
        bars.append(sina.Ciphered(day, first, high, low, second, draw(size), draw(size), stated))
    return bars


@settings(deadline=None, max_examples=60)
@given(bars=some_bars())
def test_whatever_the_bars_they_come_back(decipher, bars):
    assert [as_read(row) for row in decipher(sina.encode(bars))] == [as_stated(bar) for bar in bars]


def test_a_number_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"^8 does not fit into 3 bits$"):
        sina.Bits().number(8, 3)
    with pytest.raises(ValueError, match=r"^-5 does not fit into 3 bits$"):
        sina.Bits().number(-5, 3)


def test_the_recorded_closes_stand_in_the_files_in_plain_sight():
    """Not by way of a parser: the flagship's news day as each vendor's file has it."""
    texts = [json.loads(path.read_text(encoding="utf-8"))["response"]["text"] for path in PATHS]
    for row in (
        '"2025-12-10,90.12,90.12,91.78,90.12,530194,',  # Eastmoney: open, close, high, low
        '["2025-12-05","650.000","600.500","688.000","556.000","25120100.000",{}',  # Tencent
    ):
        assert sum(row in text for text in texts) >= 1, row
