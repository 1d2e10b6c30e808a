"""Tables of the user's own: CSV, Excel, Parquet and frames; long, wide and single; every fault with its place."""

from __future__ import annotations

import gzip
import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eventstudy as es
from eventstudy.calendars import load_sessions
from eventstudy.config import parse_study
from eventstudy.csvtext import AS_WRITTEN
from eventstudy.errors import OptionError, PriceError, PriceFileError
from eventstudy.exchanges import exchange
from eventstudy.facts import fact, words
from eventstudy.prices import COLUMNS, check_prices, require_usable
from eventstudy.sources.own import opening
from eventstudy.sources.own.cells import CellRules, read_number
from eventstudy.sources.own.folder import read_folder, read_price_file
from eventstudy.sources.own.tables import exchange_zones, shares_of
from eventstudy.sources.recorded import read_recorded
from eventstudy.spec import PriceFile, Prices
from tests.conftest import ROOT
from tests.test_config import SMALL

openpyxl = pytest.importorskip("openpyxl", reason="the extra excel is not installed")
pyarrow = pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
parquet_files = pytest.importorskip("pyarrow.parquet")

NEW_YORK, SHANGHAI = "America/New_York", "Asia/Shanghai"
ZONES = {"A": NEW_YORK, "B": NEW_YORK, "S": SHANGHAI}
DAYS = [date(2025, 12, 4), date(2025, 12, 5), date(2025, 12, 8)]


def clock(*parts):
    """A stamp without a zone, as spreadsheets hold them."""
    return datetime(*parts)  # noqa: DTZ001


def table(file, layout, **options):
    return PriceFile(file=file, layout=layout, adjustment="as traded", **options)


def read(folder, content, *, wanted=("A",), file="p.csv", layout="single", **options):
    """Read one table that is written into a folder first: text, bytes, or a function of its path."""
    path = folder / file
    if callable(content):
        content(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if layout == "single":
        options.setdefault("of", wanted[0])
    if layout == "wide":
        options.setdefault("values", "close")
    return read_folder(folder, wanted, tables=[table(file, layout, **options)], zones=ZONES)


def faults_of(folder, content, **options):
    with pytest.raises(PriceFileError) as caught:
        read(folder, content, **options)
    return [str(fault).removeprefix(f"{folder}/") for fault in caught.value.faults]


def excel(rows, *, formats=None, merged=(), more=()):
    """Write a workbook with a sheet called Sheet, number formats by cell, merged cells, and empty sheets more."""

    def write(path):
        book = openpyxl.Workbook()
        page = book.active
        for row in rows:
            page.append(row)
        for place, form in (formats or {}).items():
            page[place].number_format = form
        for cells in merged:
            page.merge_cells(cells)
        for name in more:
            book.create_sheet(name)
        book.save(path)

    return write


def parquet(**columns):
    return lambda path: parquet_files.write_table(pyarrow.table(columns), path)


def same(one, other, columns=COLUMNS):
    assert one.symbols == other.symbols
    for symbol in one:
        assert one[symbol].sessions.tolist() == other[symbol].sessions.tolist()
        for name in columns:
            np.testing.assert_array_equal(getattr(one[symbol], name), getattr(other[symbol], name))


# --- CSV in other spellings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("date,close\n2025-12-04,1234.5\n2025-12-05,1240\n", {}),
        ("date;close\n2025-12-04;1234,5\n2025-12-05;1240\n", {"delimiter": ";", "decimal": ","}),
        ('date,close\n2025-12-04,"1,234.50"\n2025-12-05,"1,240"\n', {"thousands": ","}),
        (
            "Datum;Schluss\n04.12.2025;1.234,50\n05.12.2025;1.240\n",
            {
                "delimiter": ";",
                "decimal": ",",
                "thousands": ".",
                "dates": "%d.%m.%Y",
                "columns": {"date": "Datum", "close": "Schluss"},
            },
        ),
        ("date\tclose\n2025-12-04\t1 234.5\n2025-12-05\t1\u202f240\n", {"file": "p.tsv", "thousands": " "}),
        (
            "date|close\n2025-12-04|1'234.5\n2025-12-05|1\u2019240\n",
            {"file": "p.txt", "delimiter": "|", "thousands": "'"},
        ),
        (
            "日期,收盘价,备注\n20251204,1234.5,一\n20251205,1240,二\n".encode("gb18030"),
            {"encoding": "gb18030", "dates": "%Y%m%d", "columns": {"date": "日期", "close": "收盘价"}},
        ),
        ("date,close\n2025-12-04,1234.5\n2025-12-05,1240\n".encode("utf-16"), {"encoding": "utf-16"}),
        (gzip.compress(b"date,close\n2025-12-04,1234.5\n2025-12-05,1240\n"), {"file": "p.csv.gz"}),
        (
            "Prices of A\n\nDay,Name,Px Last,\n12/04/2025,A,1234.5,\n12/05/2025,A,1240,\n",
            {"header": 3, "dates": "%m/%d/%Y", "columns": {"date": "Day", "close": "Px Last"}},
        ),
    ],
    ids=["plain", "semicolon", "thousands", "German", "tab", "bar", "Chinese", "utf-16", "packed", "preamble"],
)
def test_spellings_of_the_same_prices(tmp_path, content, options):
    one = read(tmp_path, content, **options)["A"]
    assert one.sessions.tolist() == DAYS[:2]
    assert one.close.tolist() == [1234.5, 1240.0]
    data = (tmp_path / options.get("file", "p.csv")).read_bytes()
    assert one.provenance.sha256 == hashlib.sha256(data).hexdigest()


def test_a_long_table_gives_every_symbol_its_rows(tmp_path):
    content = (
        "Trade Date,Ticker,Px Last,Vol\n2025-12-04,A US,10,5\n2025-12-04,Z US,x,\n2025-12-04,B US,20,6\n"
        "2025-12-05,B US,21,0\n2025-12-05,A US,11,7\n"
    )
    panel = read(
        tmp_path,
        content,
        wanted=("B", "A"),
        layout="long",
        columns={"date": "Trade Date", "symbol": "Ticker", "close": "Px Last", "volume": "Vol"},
        symbols={"A": "A US", "B": "B US"},
        vendor="Bloomberg",
    )
    assert panel.symbols == ("B", "A")
    assert (panel["A"].close.tolist(), panel["A"].volume.tolist()) == ([10, 11], [5, 7])
    assert (panel["B"].close.tolist(), panel["B"].volume.tolist()) == ([20, 21], [6, 0])
    origin = panel["A"].provenance
    assert (origin.source, origin.vendor, origin.file, origin.rows) == ("folder", "Bloomberg", "p.csv", 2)
    assert (origin.adjustment, origin.notes) == (words("as traded"), (fact("called", name="A US"),))
    assert origin.note == "called 'A US' there"


def test_without_columns_the_headers_are_the_names_used_here(tmp_path):
    content = "symbol,date,open,high,low,close,adj_close,volume,remark\nA,2025-12-04,2,4,1,3,2.5,9,x\n"
    one = read(tmp_path, content, layout="long")["A"]
    assert {name: values.tolist() for name, values in one.columns.items()} == {
        "open": [2.0],
        "high": [4.0],
        "low": [1.0],
        "close": [3.0],
        "adj_close": [2.5],
        "volume": [9.0],
    }
    assert one.provenance.vendor == "the user's own file"


def test_only_the_columns_named_are_read(tmp_path):
    content = "date,close,volume\n2025-12-04,3,none\n"
    one = read(tmp_path, content, columns={"date": "date", "close": "close"})["A"]
    assert (one.close.tolist(), one.volume) == ([3.0], None)


def test_an_empty_cell_of_a_wide_table_is_a_session_without_a_row(tmp_path):
    content = "date,A,B,other\n2025-12-04,1,,x\n2025-12-05,,3,\n2025-12-08,2,4,\n"
    panel = read(tmp_path, content, wanted=("B", "A"), layout="wide", symbols={"B": "B"})
    assert panel["A"].sessions.tolist() == [DAYS[0], DAYS[2]]
    assert panel["B"].sessions.tolist() == DAYS[1:]
    assert panel["B"].close.tolist() == [3.0, 4.0]


def test_an_adjusted_close_in_a_wide_table_is_no_traded_one(tmp_path):
    one = read(tmp_path, "date,A\n2025-12-04,1\n", layout="wide", values="adj_close")["A"]
    assert (one.close, one.adj_close.tolist()) == (None, [1.0])


def test_a_name_that_is_stated_for_one_symbol_is_not_taken_for_another(tmp_path):
    content = "date,A\n2025-12-04,1\n"
    (tmp_path / "A.csv").write_text("date,close\n2025-12-04,7\n")
    panel = read(tmp_path, content, wanted=("A", "B"), layout="wide", symbols={"B": "A"})
    assert (panel["A"].close.tolist(), panel["B"].close.tolist()) == ([7.0], [1.0])


def test_symbols_outside_the_tables_have_their_own_files(tmp_path):
    (tmp_path / "B.csv").write_text("date,close\n2025-12-04,7\n")
    panel = read(tmp_path, "date,A\n2025-12-04,1\n", wanted=("B", "A"), layout="wide")
    assert panel.symbols == ("B", "A")
    assert panel["B"].provenance.adjustment == fact("adjustment.not_said")


def test_a_table_may_be_called_like_a_symbol(tmp_path):
    one = read(tmp_path, "date;close\n2025-12-04;1\n", file="A.csv", delimiter=";")["A"]
    assert one.close.tolist() == [1.0]


def test_a_symbol_that_is_no_file_name_may_stand_in_a_table(tmp_path):
    assert read(tmp_path, "date,BRK/B\n2025-12-04,1\n", wanted=("BRK/B",), layout="wide").symbols == ("BRK/B",)


# --- Missing cells, returns, CRSP ---------------------------------------------------------------------------------


def test_a_row_whose_close_is_missing_is_left_out(tmp_path):
    content = "date,open,high,low,close,volume\n2025-12-04,--,--,--,N/A,0\n2025-12-05,2,2,2,2,5\n2025-12-08,,,,,\n"
    one = read(tmp_path, content, missing=["", "N/A", "--"])["A"]
    assert (one.sessions.tolist(), one.close.tolist()) == ([DAYS[1]], [2.0])


def test_zero_is_missing_as_a_price_and_not_as_a_volume_or_return(tmp_path):
    content = "date,close,volume,return\n2025-12-04,1,0,\n2025-12-05,0,5,0\n2025-12-08,1.0,0,0.0\n"
    one = read(tmp_path, content, missing=["0"])["A"]
    assert one.sessions.tolist() == [DAYS[0], DAYS[2]]
    assert (one.volume.tolist(), one.adj_close.tolist()) == ([0.0, 0.0], [1.0, 1.0])


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("date,close,return\n2025-12-04,10,\n2025-12-05,11,0.1\n2025-12-08,10.4,-0.05\n", {}),
        ("date,close,return\n2025-12-04,10,70%\n2025-12-05,11,10%\n2025-12-08,10.4,-5 %\n", {}),
        ("date,close,return\n2025-12-04,10,\n2025-12-05,11,10\n2025-12-08,10.4,-5\n", {"percent": True}),
        ("date,close,return\n2025-12-04,10,\n2025-12-05,11,10%\n2025-12-08,10.4,-5\n", {"percent": True}),
        ("date,close,return\n2025-12-04,10,C\n2025-12-05,11,0.1\n2025-12-08,10.4,-0.05\n", {"missing": ["C"]}),
    ],
    ids=["decimal", "signs", "percent", "percent and signs", "code"],
)
def test_returns_are_chained_to_an_adjusted_close(tmp_path, content, options):
    one = read(tmp_path, content, **options)["A"]
    assert one.close.tolist() == [10.0, 11.0, 10.4]
    np.testing.assert_allclose(one.adj_close, [10.0, 11.0, 10.45], rtol=1e-14)
    unused = "; the return of 2025-12-04 has no row before it and is not used" if "70%" in content else ""
    assert one.provenance.note == f"returns chained to an adjusted close{unused}"


def test_returns_alone_begin_at_a_base_of_100(tmp_path):
    one = read(tmp_path, "date,return\n2025-12-04,\n2025-12-05,0.1\n2025-12-08,-0.05\n")["A"]
    assert one.close is None
    np.testing.assert_allclose(one.adj_close, [100.0, 110.0, 104.5], rtol=1e-14)


def test_returns_in_a_wide_table(tmp_path):
    content = "date,A,B\n2025-12-04,,\n2025-12-05,2%,\n2025-12-08,3%,1%\n2025-12-09,-3%,1%\n"
    panel = read(tmp_path, content, wanted=("A", "B"), layout="wide", values="return")
    np.testing.assert_allclose(panel["A"].adj_close, [100.0, 102.0, 105.06, 101.9082], rtol=1e-14)
    np.testing.assert_allclose(panel["B"].adj_close, [100.0, 101.0, 102.01], rtol=1e-14)
    assert panel["B"].sessions.tolist() == [date(2025, 12, 5), date(2025, 12, 8), date(2025, 12, 9)]
    one = read(tmp_path, "date,A\n2025-12-04,2%\n2025-12-05,\n2025-12-08,3%\n", layout="wide", values="return")["A"]
    assert (one.sessions.tolist(), one.adj_close.tolist()) == ([DAYS[0], DAYS[2]], [100.0, 103.0])
    assert one.provenance.note.endswith("the return of 2025-12-04 has no row before it and is not used")


CRSP = {
    "layout": "long",
    "dates": "%Y%m%d",
    "columns": {"date": "date", "symbol": "PERMNO", "close": "PRC", "return": "RET", "volume": "VOL"},
    "symbols": {"A": "10001"},
    "missing": ["B", "C", "", "0", "-66", "-77", "-88", "-99"],
    "negative": "bid_ask_average",
}


def test_a_file_like_those_of_crsp(tmp_path):
    """Negative prices are averages of bid and ask; a missing price leaves its session out; RET runs since then."""
    content = (
        "PERMNO,date,PRC,VOL,RET\n10000,20251204,5,1,0.1\n10001,20251204,-10.50,100,C\n10001,20251205,11.00,300,0.05\n"
        "10001,20251208,0,-99,-99.0\n10001,20251209,-99,0,0.1\n"
    )
    one = read(tmp_path, content, **CRSP)["A"]
    assert one.sessions.tolist() == [*DAYS[:2], date(2025, 12, 9)]
    assert one.close.tolist() == [10.5, 11.0, 99.0]  # -99 is a price here: no code of CRSP for PRC is below 0
    np.testing.assert_allclose(one.adj_close, [10.5, 11.025, 12.1275], rtol=1e-14)
    assert one.volume.tolist() == [100.0, 300.0, 0.0]
    assert one.provenance.note == (
        "called '10001' there; returns chained to an adjusted close; "
        "closes given as negative, averages of bid and ask: 2"
    )


# --- Dates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stamp", "timezone", "exchange", "session"),
    [
        ("2025-12-04", None, "A", DAYS[0]),
        ("2025-12-04 00:00:00", "UTC", "A", DAYS[0]),
        ("2025-12-04T21:00:00Z", None, "A", DAYS[0]),
        ("2025-12-05T02:00+00:00", None, "A", DAYS[0]),
        ("2025-12-04 16:00:00.000 -0500", None, "A", DAYS[0]),
        ("2025-12-04T05:00:00Z", None, "A", DAYS[0]),
        ("2025-12-03T16:00:00Z", None, "S", DAYS[0]),
        ("2025-12-03 16:00", "UTC", "S", DAYS[0]),
        ("2025-12-04 15:00", SHANGHAI, "S", DAYS[0]),
        ("2025-12-05 04:30", SHANGHAI, "A", DAYS[0]),
        ("2025-12-04T00:00:00Z", None, "S", DAYS[0]),
        ("2025-12-04T00:00:00Z", AS_WRITTEN, "A", DAYS[0]),
        ("2025-12-04 23:30", AS_WRITTEN, "S", DAYS[0]),
    ],
)
def test_a_stamp_is_dated_at_its_exchange(tmp_path, stamp, timezone, exchange, session):
    content = f"date,close\n{stamp},1\n"
    assert read(tmp_path, content, wanted=(exchange,), timezone=timezone)[exchange].sessions.tolist() == [session]


def test_the_same_stamps_are_other_sessions_on_other_exchanges(tmp_path):
    panel = read(tmp_path, "date,A,S\n2025-12-04 20:00,1,1\n", wanted=("A", "S"), layout="wide", timezone="UTC")
    assert panel["A"].sessions.tolist() == [date(2025, 12, 4)]
    assert panel["S"].sessions.tolist() == [date(2025, 12, 5)]


def test_summer_time_is_kept(tmp_path):
    content = "date,close\n2025-07-03 04:00,1\n2025-12-04 05:00,1\n"
    one = read(tmp_path, content, timezone="UTC")["A"]
    assert one.sessions.tolist() == [date(2025, 7, 3), DAYS[0]]


def test_zones_are_those_of_the_calendars(flagship_spec):
    zones = exchange_zones(flagship_spec)
    for symbol, one in flagship_spec.instruments.items():
        assert zones[symbol] == exchange(one.exchange).zone == load_sessions(one.exchange).time_zone
    assert set(zones) == set(flagship_spec.instruments)
    assert (zones["NVDA"], zones["688041"]) == (NEW_YORK, SHANGHAI)


# --- Excel and Parquet --------------------------------------------------------------------------------------------


def test_a_workbook_with_dates_and_texts(tmp_path):
    rows = [["date", "close"], [clock(2025, 12, 4), 1.5], [date(2025, 12, 5), " 2 "], ["2025-12-08", "3.25"]]
    one = read(tmp_path, excel(rows, more=["Notes"]), file="p.xlsx", sheet="Sheet")["A"]
    assert (one.sessions.tolist(), one.close.tolist()) == (DAYS, [1.5, 2.0, 3.25])
    assert one.provenance.file == "p.xlsx[Sheet]"


def test_a_workbook_with_a_title_formats_and_empty_rows_at_its_end(tmp_path):
    rows = [["Prices"], [], ["date", 1], [20251204, None], [20251205, 0.0123], [None, None], ["", None]]
    write = excel(rows, formats={"B5": "0.00%", "C9": "0.00%"}, merged=["A1:C1"])
    one = read(
        tmp_path,
        write,
        wanted=("000001",),
        file="p.xlsx",
        header=3,
        dates="%Y%m%d",
        layout="wide",
        symbols={"000001": "1"},
        values="return",
    )["000001"]
    assert (one.sessions.tolist(), one.adj_close.tolist()) == (DAYS[:2], [100.0, 101.23])


def test_errors_and_formulas_that_are_said_to_be_missing(tmp_path):
    rows = [["date", "close"], [DAYS[0], "#N/A"], [DAYS[1], "#N/A N/A"], [DAYS[2], 2]]
    one = read(tmp_path, excel(rows), file="p.xlsx", missing=["#N/A", "#N/A N/A"])["A"]
    assert one.sessions.tolist() == [DAYS[2]]


def stamps(zone, *moments, unit="us"):
    return pyarrow.array(moments, pyarrow.timestamp(unit, tz=zone))


def test_parquet_with_stamps_of_a_zone(tmp_path):
    closes = [datetime(2025, 12, 4, 21, tzinfo=UTC), datetime(2025, 12, 6, 1, tzinfo=UTC)]
    for zone, unit in (("UTC", "ns"), (NEW_YORK, "us"), (SHANGHAI, "ms")):
        one = read(tmp_path, parquet(date=stamps(zone, *closes, unit=unit), close=[1.5, 2]), file="p.parquet")["A"]
        assert (one.sessions.tolist(), one.close.tolist()) == (DAYS[:2], [1.5, 2.0])


def test_parquet_of_a_frame_decimals_and_categories(tmp_path):
    frame = pd.DataFrame({"A": [1.5, np.nan, 2.5]}, index=pd.DatetimeIndex(DAYS, name="Day"))
    one = read(tmp_path, frame.to_parquet, file="p.parquet", layout="wide", columns={"date": "Day"})["A"]
    assert (one.sessions.tolist(), one.close.tolist()) == ([DAYS[0], DAYS[2]], [1.5, 2.5])
    write = parquet(date=DAYS[:1], close=[Decimal("1.25")], symbol=pyarrow.array(["A"]).dictionary_encode(), volume=[7])
    one = read(tmp_path, write, file="p.parquet", layout="long")["A"]
    assert (one.close.tolist(), one.volume.tolist()) == ([1.25], [7.0])


@pytest.mark.parametrize(("file", "extra"), [("p.xlsx", "excel"), ("p.parquet", "parquet")])
def test_a_library_that_is_not_installed(tmp_path, monkeypatch, file, extra):
    library = {"excel": "openpyxl", "parquet": "pyarrow"}[extra]
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OptionError) as caught:
        read(tmp_path, b"", file=file)
    assert str(caught.value) == f'{file} needs {library}; install it with: pip install "exact-eventstudy[{extra}]"'


# --- Volume 0 -----------------------------------------------------------------------------------------------------

SILENT = "date,close,volume\n2025-12-04,10,500\n2025-12-05,10,0\n2025-12-08,11,700\n"
NO_TRADE = fact("rows.no_trade", days=fact("days", days_run="one", count=1, first=DAYS[1], last=DAYS[1]))


def test_a_row_of_a_share_with_volume_0_is_no_trade_in_every_door(tmp_path):
    (tmp_path / "A.csv").write_text(SILENT)
    own = read_folder(tmp_path, ["A"], shares={"A"})["A"]
    stated = read_folder(tmp_path, ["A"], tables=[table("A.csv", "single", of="A")], shares={"A"})["A"]
    frame = pd.read_csv(tmp_path / "A.csv")
    framed = es.prices_from_frame(frame, "single", of="A")["A"]
    for one in (own, stated, framed):
        assert (one.sessions.tolist(), one.close.tolist()) == ([DAYS[0], DAYS[2]], [10, 11])
        assert NO_TRADE in one.provenance.notes
    for kept in (
        read_folder(tmp_path, ["A"])["A"],
        es.prices_from_frame(frame, "single", of="A", indices=["A"])["A"],
        *(es.prices_from_frame(frame, "single", of=name)[name] for name in ("^GSPC", "EURUSD=X", "000300", "sh000300")),
        es.prices_from_frame(frame.assign(volume=0), "single", of="A")["A"],
    ):
        assert kept.sessions.tolist() == DAYS
        assert NO_TRADE not in kept.provenance.notes
    assert len(es.prices_from_frame(frame, "single", of="600519")["600519"]) == 2


def test_a_return_over_a_row_without_a_trade_is_not_lost(tmp_path):
    content = (
        SILENT.replace("volume", "volume,return")
        .replace("500", "500,")
        .replace(",0\n", ",0,0.02\n")
        .replace("700", "700,0.03")
    )
    (tmp_path / "p.csv").write_text(content)
    one = read_folder(tmp_path, ["A"], tables=[table("p.csv", "single", of="A")], shares={"A"})["A"]
    np.testing.assert_allclose(one.adj_close, [10, 10 * 1.02 * 1.03], rtol=1e-15)


def test_the_shares_of_a_study_are_its_securities_and_peers(flagship_spec):
    shares = shares_of(flagship_spec)
    assert {"NVDA", "688041", "688795", "603019", "AMD"} <= shares
    assert not shares & set(flagship_spec.benchmarks)


# --- Files as people have them ------------------------------------------------------------------------------------

YFINANCE = "Price,Close,Close,Volume,Volume\nTicker,A,B,A,B\nDate,,,,\n2025-12-04,1.5,3,10,30\n2025-12-05,2,4,20,40\n"
TERMINAL = (
    "Start Date,x,,,\n\nSecurity,A US Equity,,B Index,\nunits,USD,shares,points,\n"
    "Dates,PX_LAST,PX_VOLUME,PX_LAST,PX_VOLUME\n2025-12-04,1.5,10,3,30\n2025-12-05,2,20,4,40\n"
)
OWN_DATES = (
    "A US,,,B US,\nDates,PX,VOL,Dates,PX,VOL\n2025-12-04,1.5,10,2025-12-04,3,30\n2025-12-05,2,20,2025-12-05,4,40\n"
    ",,,2025-12-08,5,50\n"
)
CROSSED = {"layout": "wide", "values": None, "wanted": ("A", "B")}
FIELDS = {"date": "Dates", "close": "PX_LAST", "volume": "PX_VOLUME"}


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (YFINANCE, {"header": [1, 2, 3], "columns": {"date": "Date", "close": "Close", "volume": "Volume"}}),
        (
            YFINANCE,
            {
                "header": [1, 2],
                "skip_after_header": 1,
                "columns": {"date": "Price", "close": "Close", "volume": "Volume"},
            },
        ),
        (TERMINAL, {"header": [3, 5], "columns": FIELDS, "symbols": {"A": "A US Equity", "B": "B Index"}}),
        (
            TERMINAL,
            {
                "header": [3, 5],
                "columns": FIELDS,
                "symbols": {"A": "A US Equity", "B": "B Index"},
                "skip_at_end": "Source",
                "add": "\nSource: nobody\nand more\n",
            },
        ),
    ],
    ids=["yfinance", "yfinance with a row skipped", "terminal", "terminal with a source"],
)
def test_a_column_for_each_symbol_and_field(tmp_path, content, options):
    panel = read(tmp_path, content + options.pop("add", ""), **CROSSED, **options)
    assert (panel["A"].close.tolist(), panel["A"].volume.tolist()) == ([1.5, 2], [10, 20])
    assert (panel["B"].close.tolist(), panel["B"].volume.tolist()) == ([3, 4], [30, 40])


def test_symbols_with_dates_of_their_own(tmp_path):
    content = OWN_DATES.replace("A US,,,B US,\n", "A US,,,B US,,\n")
    columns = {"date": "Dates", "close": "PX", "volume": "VOL"}
    panel = read(tmp_path, content, **CROSSED, header=[1, 2], columns=columns, symbols={"A": "A US", "B": "B US"})
    assert (panel["A"].sessions.tolist(), panel["B"].sessions.tolist()) == (DAYS[:2], DAYS)
    assert panel["B"].volume.tolist() == [30, 40, 50]


def test_a_workbook_with_securities_over_fields_and_units(tmp_path):
    rows = [
        ["Security", "A US Equity", None, "B Index", None],
        [],
        ["Dates", "PX_LAST", "PX_VOLUME", "PX_LAST", "PX_VOLUME"],
        [None, "USD", "shares", "points", "shares"],
        [AT, 1.5, 10, 3, 30],
        [clock(2025, 12, 5), 2, 20, 4, 40],
        [],
        ["Source: a terminal"],
    ]
    symbols = {"A": "A US Equity", "B": "B Index"}
    options = {**CROSSED, "file": "p.xlsx", "header": [1, 3], "columns": FIELDS, "symbols": symbols}
    panel = read(tmp_path, excel(rows), **options, skip_after_header=1, skip_at_end=2)
    assert (panel["A"].close.tolist(), panel["B"].volume.tolist()) == ([1.5, 2], [30, 40])
    assert faults_of(tmp_path, excel([*rows[:6], rows[7]]), **options) == [
        "p.xlsx:4:1: 'USD' stands for dates; state skip_after_header: 1 to leave out such rows, "
        "or header: [3, 4] if they name columns",
        "p.xlsx:7:1: 'Source: a terminal' stands for a date; state skip_at_end: 1 if the table ends above",
    ]


def test_merged_names_over_fields_and_merged_words_below(tmp_path):
    rows = [
        ["A title", None, None],
        ["Security", "A", None, "B", None],
        ["Dates", "PX_LAST", "PX_VOLUME", "PX_LAST", "PX_VOLUME"],
        [AT, 1.5, 10, 3, 30],
        ["Source: a terminal", None, None, None, None],
    ]
    options = {**CROSSED, "file": "p.xlsx", "header": [2, 3], "columns": FIELDS, "skip_at_end": 1}
    panel = read(tmp_path, excel(rows, merged=["A1:C1", "B2:C2", "D2:E2", "A5:E5"]), **options)
    assert (panel["A"].volume.tolist(), panel["B"].close.tolist()) == ([10], [3])
    assert faults_of(tmp_path, excel(rows, merged=["B4:C4"]), **options) == [
        "p.xlsx:4:2: B4:C4 are merged cells; give each cell its own value"
    ]


SINGLE_FIELDS = {"date": "Date", "close": "Close/Last", "volume": "Volume"}


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        (["12/04/2025,$1234.50,10", "12/05/2025,$1.5,20"], {"currency": "$"}),
        (["12/05/2025,1.5 HK$,20", "12/04/2025,HK$ 1234.5,10"], {"currency": "HK$", "order": "newest_first"}),
        (["12/04/2025,1.234,50 €,10", "12/05/2025,1,5€,20"], {"currency": "€", "decimal": ",", "thousands": "."}),
        (["12/04/2025,1234.5元,0.01K", "12/05/2025,¥1.5,0.00002m"], {"currency": "元", "short_volumes": True}),
        (["12/04/2025,1234.5,0.001万", "12/05/2025,1.5,0.0000002亿"], {"short_volumes": True}),
    ],
    ids=["dollar before", "newest first", "euro after", "yuan after", "Chinese volumes"],
)
def test_numbers_with_signs_and_units(tmp_path, rows, options):
    if options.get("decimal"):
        rows = [row.replace(",", ";", 1)[::-1].replace(",", ";", 1)[::-1] for row in rows]
        options = {**options, "delimiter": ";"}
    if options.get("currency") == "元":
        rows[1] = rows[1].replace("¥1.5", "1.5元")
    mark = options.get("delimiter", ",")
    content = "\n".join([mark.join(SINGLE_FIELDS.values()), *rows, ""])
    one = read(tmp_path, content, columns=SINGLE_FIELDS, dates="%m/%d/%Y", **options)["A"]
    assert (one.sessions.tolist(), one.close.tolist()) == (DAYS[:2], [1234.5, 1.5])
    np.testing.assert_allclose(one.volume, [10, 20], rtol=1e-12)


def test_what_is_not_stated_is_refused_with_the_statement_to_add(tmp_path):
    """Advice never loses a row that was traded: nothing here is said to be missing."""
    rows = "12/08/2025,$51.25,1.2M\n12/05/2025,€1.234,50,3亿\n12/04/2025,51.25 HK$,7"
    content = "Date;Close/Last;Volume\n" + rows.replace(",", ";").replace("1.234;50", "1.234,50") + "\n"
    options = {"columns": SINGLE_FIELDS, "dates": "%m/%d/%Y", "delimiter": ";"}
    assert faults_of(tmp_path, content, **options) == [
        f"p.csv:2:12: close '$51.25' {PLAIN}; state currency: \"$\"",
        f"p.csv:2:19: volume '1.2M' {PLAIN}; state short_volumes: true",
        "p.csv:3:1: 2025-12-05 comes after 2025-12-08; the rows stand newest first: state order: newest_first",
        f'p.csv:3:12: close \'€1.234,50\' {PLAIN}; state currency: "€" and decimal: "," and thousands: "."',
        f"p.csv:3:22: volume '3亿' {PLAIN}; state short_volumes: true",
        f"p.csv:4:12: close '51.25 HK$' {PLAIN}; state currency: \"HK$\"",
    ]
    stated = {**options, "order": "newest_first", "currency": "$", "short_volumes": True}
    assert faults_of(tmp_path, content, **stated)[1:] == [
        f"p.csv:4:12: close '51.25 HK$' {PLAIN}; state currency: \"HK$\", which is not the $ of the others"
    ]
    assert faults_of(tmp_path, "date,close\n2025-12-04,1\n2025-12-05,2\n", order="newest_first") == [
        "p.csv:2:1: 2025-12-04 comes after 2025-12-05; the rows stand oldest first: remove order: newest_first"
    ]
    assert faults_of(tmp_path, "date,close\n2025-12-04,1\n2025-12-08,2\n2025-12-05,2\n", order="newest_first") == [
        "p.csv:2:1: 2025-12-04 comes after 2025-12-08; sort the rows by date, the newest first"
    ]


FACTORS = "Words above.\n\n,Mkt,RF\n20251204, 0.50, 0.02\n20251205, -0.25, 0.02\n\nCopyright 2025 Nobody\n"


def test_a_factor_library_s_file(tmp_path):
    options = {"header": 3, "dates": "%Y%m%d", "percent": True, "columns": {"date": "", "return": "Mkt"}}
    for end in ("Copyright", 1, 2, ["Annual", "Copyright"]):
        one = read(tmp_path, FACTORS, skip_at_end=end, **options)["A"]
        np.testing.assert_allclose(one.adj_close, [100, 99.75], rtol=1e-15)
    assert faults_of(tmp_path, FACTORS, **{**options, "columns": {"date": "date", "return": "Mkt"}}) == [
        "p.csv:3:1: no column date; the columns are Mkt, RF; the first column has no name: "
        'state date: "" under columns if it holds the dates',
        "p.csv:7:1: 'Copyright 2025 Nobody' has 1 of 3 cells; state skip_at_end: 2 if the table ends above, "
        "else write the row whole",
    ]


def test_a_row_that_has_a_date_is_never_skipped(tmp_path):
    content = "date,close\nunits,USD\n2025-12-04,1\n2025-12-05,2\n2025-12-08,3\nend,\n"
    assert read(tmp_path, content, skip_after_header="units", skip_at_end="end")["A"].close.tolist() == [1, 2, 3]
    assert faults_of(tmp_path, content, skip_after_header=2, skip_at_end=2) == [
        "p.csv:3:1: the line of 2025-12-04 is said to be skipped and has a date; state fewer rows to skip",
        "p.csv:5:1: the line of 2025-12-08 is said to be skipped and has a date; state fewer rows to skip",
    ]
    assert faults_of(tmp_path, content, skip_after_header=4, skip_at_end=3) == [
        "p.csv:1:1: skip_after_header and skip_at_end leave out 4 and 3 rows, and 5 stand below the header; "
        "state how many are not of the table"
    ]
    assert faults_of(tmp_path, content, skip_at_end="Source") == [
        "p.csv:1:1: skip_at_end: no row begins with 'Source'; state how the row begins"
    ]
    assert faults_of(tmp_path, content, skip_after_header=["units", "codes"]) == [
        "p.csv:1:1: no row below the header begins with 'codes', which begins with '2025-12-04'"
    ]
    frame = pd.DataFrame({"date": ["units", "2025-12-04", "2025-12-05"], "close": ["USD", "$1", "$2"]})
    options = {"of": "A", "currency": "$"}
    panel = es.prices_from_frame(frame, "single", skip_after_header=1, **options)
    assert panel["A"].close.tolist() == [1, 2]
    assert frame_faults(frame, "single", skip_at_end=1, skip_after_header="units", **options) == [
        "frame:3:1: the row of 2025-12-05 is said to be skipped and has a date; state fewer rows to skip"
    ]


def test_closes_adjusted_by_subtraction_are_refused_whatever_is_stated(tmp_path):
    content = "date,close\n2001-08-09,-2.06\n2001-08-10,-2.40\n2001-08-13,-2.21\n2001-08-14,0.1\n"
    told = (
        "p.csv:2:12: close is -2.06 and below 0 in 3 rows running: prices from which dividends were subtracted "
        "(forward-adjusted, qfq) fall below 0, and no return can be had from them; supply prices as traded, and an "
        "adjusted close that is their product with a factor"
    )
    assert faults_of(tmp_path, content) == [told]
    assert faults_of(tmp_path, content, negative="bid_ask_average") == [told]
    assert faults_of(tmp_path, content.replace("close", "adj_close"), negative="bid_ask_average") == [
        told.replace("close is", "adj_close is").replace(":12:", ":12:")
    ]
    assert faults_of(tmp_path, "date,adj_close\n2001-08-09,2\n2001-08-10,-0.1\n2001-08-13,1\n") == [
        "p.csv:3:12: adj_close is -0.1; a price must be above 0; prices adjusted by subtracting dividends can fall "
        "below it: supply prices as traded and a factor"
    ]
    silent = "date,close,volume\n2001-08-09,-2.06,0\n2001-08-10,-2.40,0\n2001-08-13,2.5,7\n"
    assert read(tmp_path, silent, negative="bid_ask_average")["A"].close.tolist() == [2.06, 2.4, 2.5]
    frame = pd.DataFrame({"date": DAYS, "close": [-2.06, -2.40, -2.21]})
    for negative in (None, "bid_ask_average"):
        (fault,) = frame_faults(frame, "single", of="AAA", adjustment="forward-adjusted", negative=negative)
        assert fault.startswith("frame:1:2: row label 0, column 'close': close is -2.06 and below 0 in 3 rows running")


# --- Faults -------------------------------------------------------------------------------------------------------

PLAIN = "is not a number with decimal '.' and no thousands separator, as stated"
EMPTY = 'is empty; write a number, or leave the row out where there was no trade, or list "" under missing'
CRSP_HINT = (
    "CRSP files mark the average of bid and ask so: state negative: bid_ask_average to take its absolute value, "
    "or list the cell under missing"
)
CLOCK = "has a time of day and no time zone; state its timezone, or timezone: as written if its date is the session"
AT = clock(2025, 12, 4)

CASES = {
    "numbers": (
        'date,close\n2025-12-01,"1,234.5"\n2025-12-02,"1,234"\n2025-12-03,"12,5"\n2025-12-04,1\'234.5\n'
        "2025-12-05,1.5%\n"
        "2025-12-08,\n2025-12-09,-3\n2025-12-10,abc\n2025-12-11,nan\n2025-12-12,1e999\n",
        {},
        [
            f"p.csv:2:12: close '1,234.5' {PLAIN}; state thousands: \",\"",
            f'p.csv:3:12: close \'1,234\' {PLAIN}; state decimal: "," or thousands: ","',
            f"p.csv:4:12: close '12,5' {PLAIN}; state decimal: \",\"",
            f'p.csv:5:12: close "1\'234.5" {PLAIN}; state thousands: "\'"',
            "p.csv:6:12: close '1.5%' is not a number; write a price, not a percentage",
            f"p.csv:7:12: close {EMPTY}",
            f"p.csv:8:12: close is -3; a price must be above 0; {CRSP_HINT}",
            f"p.csv:9:12: close 'abc' {PLAIN}; list it under missing if there was no trade",
            f"p.csv:10:12: close 'nan' {PLAIN}; list it under missing if there was no trade",
            "p.csv:11:12: close 1e999 is too large for a number",
        ],
    ),
    "numbers against what is stated": (
        "date;close\n2025-12-04;1,234.5\n2025-12-05;12.345.6\n2025-12-08;1234.567,8\n",
        {"delimiter": ";", "decimal": ",", "thousands": "."},
        [
            "p.csv:2:12: close '1,234.5' is not a number with decimal ',' and thousands '.', as stated; "
            'state decimal: "." and thousands: ","',
            "p.csv:3:12: close '12.345.6' is not a number with decimal ',' and thousands '.', as stated; "
            "write the number alone, or state how it is written",
            "p.csv:4:12: close '1234.567,8' is not a number with decimal ',' and thousands '.', as stated; "
            "write the number alone, or state how it is written",
        ],
    ),
    "dates": (
        "date,close\n03/04/2025,1\n13/04/2025,1\n04/13/2025,1\n20251208,1\n2025/12/08,1\n8 Dec 2025,1\n2025-13-01,1\n"
        ",1\n2025-12-08T21:00,1\n2025-12-08 25:00Z,1\n08.12.25,1\n2025-12-8,1\n",
        {},
        [
            "p.csv:2:1: '03/04/2025' can be read with the day or the month first; "
            'state dates: "%d/%m/%Y" or "%m/%d/%Y"',
            "p.csv:3:1: '13/04/2025' is not written as 2025-12-08; state dates: \"%d/%m/%Y\"",
            "p.csv:4:1: '04/13/2025' is not written as 2025-12-08; state dates: \"%m/%d/%Y\"",
            "p.csv:5:1: '20251208' is not written as 2025-12-08; state dates: \"%Y%m%d\"",
            "p.csv:6:1: '2025/12/08' is not written as 2025-12-08; state dates: \"%Y/%m/%d\"",
            "p.csv:7:1: '8 Dec 2025' is not a date as 2025-12-08; state its format under dates",
            "p.csv:8:1: '2025-13-01' is not a date of the calendar (month must be in 1..12)",
            "p.csv:9:1: the date is empty; write it as 2025-12-08",
            f"p.csv:10:1: 2025-12-08T21:00 {CLOCK}",
            "p.csv:11:1: '2025-12-08 25:00Z' is not a moment of the calendar (hour must be in 0..23)",
            "p.csv:12:1: '08.12.25' can be read with the day or the month first; "
            'state dates: "%d.%m.%y" or "%m.%d.%y"',
            "p.csv:13:1: '2025-12-8' is not a date; write it as 2025-12-08",
        ],
    ),
    "mixed dates": (
        "date,close\n03/04/2025,1\n2025-12-08,1\n13/04/2025,1\n",
        {"dates": "%m/%d/%Y"},
        [
            "p.csv:3:1: '2025-12-08' does not follow the format that dates states, '%m/%d/%Y'",
            "p.csv:4:1: '13/04/2025' does not follow the format that dates states, '%m/%d/%Y'",
        ],
    ),
    "a label or a moment": (
        "date,close\n2025-12-04T00:00:00Z,1\n",
        {},
        [
            "p.csv:2:1: 2025-12-04T00:00:00Z is midnight as written but on 2025-12-03 in America/New_York; "
            "state timezone: as written if the date as written is the session, else supply dates"
        ],
    ),
    "order": (
        "date,symbol,close\n2025-12-05,A,1\n2025-12-08,Z,1\n2025-12-04,A,1\n2025-12-05,A,1\n",
        {"layout": "long"},
        [
            "p.csv:4:1: 2025-12-04 comes after 2025-12-05; sort the rows by date, the oldest first",
            "p.csv:5:1: 2025-12-05 stands on line 2 already; keep one row a session",
        ],
    ),
    "bars": (
        "date,open,high,low,close,volume\n2025-12-05,1,2,3,4,-5\n",
        {},
        [
            "p.csv:2:14: high 2 is below close 4; a bar has low <= open, close <= high",
            "p.csv:2:14: high 2 is below low 3; a bar has low <= open, close <= high",
            "p.csv:2:16: open 1 is below low 3; a bar has low <= open, close <= high",
            "p.csv:2:20: volume is -5; it must be 0 or more",
        ],
    ),
    "a header that is missing": (
        "Date,Clse,Volume\n2025-12-04,1,1\n",
        {"columns": {"date": "Date", "close": "Close", "volume": "Turnover"}},
        [
            "p.csv:1:1: no column 'Close' (close) (did you mean 'Clse'?); the columns are Date, Clse, Volume",
            "p.csv:1:1: no column 'Turnover' (volume); the columns are Date, Clse, Volume",
        ],
    ),
    "headers of another program": (
        "Date,High,close\n2025-12-04,1,1\n",
        {"layout": "long"},
        ["p.csv:1:1: no column date, symbol; the columns are Date, High, close; state under columns which is which"],
    ),
    "half a bar": (
        "date,high,close\n2025-12-04,1,1\n",
        {},
        ["p.csv:1:1: no column open, low; the columns are date, high, close; state under columns which is which"],
    ),
    "many columns": (
        ",".join(f"c{n}" for n in range(20)) + "\n" + ",".join("1" * 20) + "\n",
        {"layout": "wide"},
        [f"p.csv:1:1: no column date; the columns are {', '.join(f'c{n}' for n in range(12))} and 8 more"],
    ),
    "a header twice": (
        "date,close,x,close,x\n2025-12-04,1,1,1,1\n",
        {},
        ["p.csv:1:14: the column 'close' stands there twice; keep one"],
    ),
    "a symbol's column twice": (
        "date,A,A\n2025-12-04,1,1\n",
        {"layout": "wide"},
        ["p.csv:1:8: the column 'A' stands there twice; keep one"],
    ),
    "a stated name that is not there": (
        "date,symbol,close\n2025-12-04,A US,1\n2025-12-04,,1\n",
        {"layout": "long", "symbols": {"A": "A US Equity"}},
        [
            "p.csv:1:6: no row of 'A US Equity' (A) (did you mean 'A US'?); the symbols there are A US",
            "p.csv:3:12: symbol is empty; write in each row whose prices it holds",
        ],
    ),
    "no symbol of the study": (
        "date,A US Equity,C\n2025-12-04,1,1\n",
        {"layout": "wide"},
        [
            "p.csv:1:1: no column is of a symbol of the study, A; the symbols there are A US Equity, C; "
            "state under symbols which is which (A may be 'A US Equity')"
        ],
    ),
    "a symbol without a price": (
        "date,A\n2025-12-04,\n",
        {"layout": "wide"},
        ["p.csv:1:6: there is no price of A; every cell is empty or listed under missing"],
    ),
    "missing where the close is not": (
        "date,open,high,low,close,volume\n2025-12-04,--,2,1,2,--\n",
        {"missing": ["--"]},
        [
            "p.csv:2:12: open is missing where close is not; supply it, or leave the column out of columns",
            "p.csv:2:21: volume is missing where close is not; supply it, or leave the column out of columns",
        ],
    ),
    "returns": (
        "date,close,return\n2025-12-04,1,\n2025-12-05,1,10%\n2025-12-08,1,0.5\n2025-12-09,1,0\n2025-12-10,1,\n"
        "2025-12-11,--,3%\n2025-12-12,1,-1\n2025-12-15,1,x%\n",
        {"missing": ["--"]},
        [
            "p.csv:4:14: return 0.5 has no % while line 3 has; write all alike, or state percent: true",
            "p.csv:6:14: return is missing inside the series; supply it, or leave the whole row out",
            "p.csv:7:15: return is 3% where close is missing; the series cannot be chained over it",
            "p.csv:8:14: return is -1; a return is above -1 (-100 %); state percent: true if returns are in percent",
            f"p.csv:9:14: return 'x%' {PLAIN}; list it under missing if there was no trade",
        ],
    ),
    "return and adjusted close": (
        "date,adj_close,return\n2025-12-04,1,\n",
        {},
        ["p.csv:1:1: return and adj_close say the same; state under columns which of them is to be read"],
    ),
    "CRSP without a word on it": (
        "date,PERMNO,PRC,RET,VOL\n20251204,10001,-10.5,C,100\n20251205,10001,11,B,100\n20251208,10001,0,0.04,-99\n",
        {**CRSP, "negative": None, "missing": ["B", "C", "0"]},
        [
            f"p.csv:2:16: close is -10.5; a price must be above 0; {CRSP_HINT}",
            "p.csv:3:19: return is missing inside the series; supply it, or leave the whole row out",
            "p.csv:4:18: return is 0.04 where close is missing; the series cannot be chained over it",
            "p.csv:4:23: volume is -99; it must be 0 or more",
        ],
    ),
    "another delimiter": (
        "date;close\n2025-12-04;1\n",
        {},
        ["p.csv:1:5: the columns are separated by ';', not by ','; state delimiter: \";\""],
    ),
    "tabs": (
        "date\tclose\n2025-12-04\t1\n",
        {"delimiter": ";"},
        ["p.csv:1:5: the columns are separated by '\\t', not by ';'; state delimiter: \"\\t\""],
    ),
    "another encoding": (
        "日期,close\n".encode("gb18030"),
        {},
        ["p.csv:1:1: byte 0xc8 is not UTF-8; save the file as CSV text in UTF-8, or state its encoding, e.g. gb18030"],
    ),
    "not the encoding stated": (
        "日期,close\n".encode("gb18030") + b"a\xff\xff",
        {"encoding": "gb18030"},
        [
            "p.csv:2:2: byte 0xff is not gb18030; save the file as CSV text in UTF-8, "
            "or state its encoding, e.g. gb18030"
        ],
    ),
    "a binary file": (
        b"PK\0\0",
        {},
        ["p.csv:1:1: this is a binary file; save it as CSV text in UTF-8, or state its encoding, e.g. gb18030"],
    ),
    "not packed": (
        b"PK",
        {"file": "p.csv.gz"},
        ["p.csv.gz:1:1: the file cannot be unpacked (Not a gzipped file (b'PK')); pack it again with gzip"],
    ),
    "an empty file": ("", {}, ["p.csv:1:1: the file is empty; a header and rows must be there"]),
    "no header where it is said to be": (
        "a\n\n\ndate,close\n",
        {"header": 3},
        ["p.csv:3:1: line 3 is empty; the header must be there"],
    ),
    "no rows": ("date,close\n", {}, ["p.csv:2:1: there are no rows under the header; write one row a session"]),
    "rows of another length": (
        'date,close\n2025-12-04,1\n\n2025-12-05,1,2\n2025-12-08\n2025-12-09,"1\n',
        {},
        [
            "p.csv:3:1: the line is empty; remove it",
            "p.csv:4:14: 3 cells for 2 columns; remove the rest (quote a cell that holds the delimiter)",
            "p.csv:5:11: 1 cell for 2 columns; missing close",
            "p.csv:6:12: the quotes do not enclose this cell; quote a cell on both sides or not at all, "
            'with "" for a quote inside',
        ],
    ),
    "cells of a workbook": (
        excel(
            [
                ["date", "close", "volume"],
                [AT, "#N/A", 1],
                [45999, "=B2*2", True],
                ["08/12/2025", None, "1,5"],
                [clock(2025, 12, 9, 16), "x", 2],
                [None, 0, AT],
                ["2025-12-11", 0.5, 1],
                [],
                [clock(2025, 12, 10), 1, 1],
            ],
            formats={"B7": "0.0%"},
        ),
        {"file": "p.xlsx"},
        [
            "p.xlsx:2:2: close is Excel's error #N/A; mend the cell, or list it under missing if there was no trade",
            "p.xlsx:3:1: 45999 is a number, not a date; format the column as dates",
            "p.xlsx:3:2: close is the formula =B2*2 without a stored result; "
            "open the workbook in Excel and save it, or paste the values",
            "p.xlsx:3:3: volume True is a bool, not a number; write it as 1234.50",
            "p.xlsx:4:1: '08/12/2025' can be read with the day or the month first; "
            'state dates: "%d/%m/%Y" or "%m/%d/%Y"',
            f"p.xlsx:4:2: close {EMPTY}",
            f"p.xlsx:4:3: volume '1,5' {PLAIN}; state decimal: \",\"",
            f"p.xlsx:5:1: 2025-12-09 16:00:00 {CLOCK}",
            f"p.xlsx:5:2: close 'x' {PLAIN}; list it under missing if there was no trade",
            "p.xlsx:6:1: the date is empty; write it as 2025-12-08",
            "p.xlsx:6:2: close is 0; a price must be above 0",
            "p.xlsx:6:3: volume 2025-12-04 00:00:00 is a datetime, not a number; write it as 1234.50",
            "p.xlsx:7:2: close 50.00% is formatted as a percentage; write a price, not a percentage",
            "p.xlsx:8:1: the row is empty; remove it",
            "p.xlsx:9:1: 2025-12-10 comes after 2025-12-11; sort the rows by date, the oldest first",
        ],
    ),
    "duplicates in a workbook": (
        excel([["date", "close", "close"], [AT, 1, 2]]),
        {"file": "p.xlsx"},
        ["p.xlsx:1:3: the column 'close' stands there twice; keep one"],
    ),
    "a session twice in a workbook": (
        excel([["date", "close"], [AT, 1], [AT, 2]]),
        {"file": "p.xlsx"},
        ["p.xlsx:3:1: 2025-12-04 stands on row 2 already; keep one row a session"],
    ),
    "a number that is a date": (
        excel([["date", "close"], [20251204, 1]]),
        {"file": "p.xlsx"},
        ['p.xlsx:2:1: 20251204 is a number, not a date; state dates: "%Y%m%d"'],
    ),
    "percent of a percentage": (
        excel([["date", "return"], [AT, None], [DAYS[1], 0.0123]], formats={"B3": "0.00%"}),
        {"file": "p.xlsx", "percent": True},
        ["p.xlsx:3:2: return 1.23% is formatted as a percentage, so it is a decimal; remove percent: true"],
    ),
    "merged headers": (
        excel([["date", "close", None], [AT, 1]], merged=["B1:C1"]),
        {"file": "p.xlsx"},
        ["p.xlsx:1:2: B1:C1 are merged cells; give each cell its own value"],
    ),
    "several sheets": (
        excel([["date", "close"], [AT, 1]], more=["Daily"]),
        {"file": "p.xlsx"},
        ["p.xlsx:1:1: the workbook has several sheets; state sheet as one of 'Sheet', 'Daily'"],
    ),
    "no such sheet": (
        excel([["date", "close"], [AT, 1]], more=["Daily"]),
        {"file": "p.xlsx", "sheet": "daily"},
        [
            "p.xlsx[daily]:1:1: the workbook has no sheet 'daily'; "
            "state sheet as one of 'Sheet', 'Daily' (did you mean 'Daily'?)"
        ],
    ),
    "a workbook's header elsewhere": (
        excel([["title"], [], ["date", "close"], [AT, 1]]),
        {"file": "p.xlsx", "header": 2},
        ["p.xlsx:2:1: row 2 is empty; state header: the row that the columns' names are in"],
    ),
    "a workbook without rows": (
        excel([["date", "close"]]),
        {"file": "p.xlsx"},
        ["p.xlsx:2:1: there are no rows under the header; write one row a session"],
    ),
    "no workbook": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        {"file": "p.xlsx"},
        [
            "p.xlsx:1:1: this is no workbook that can be read (File is not a zip file); "
            "save it as .xlsx, without a password"
        ],
    ),
    "cells of a Parquet file": (
        parquet(date=[DAYS[0], None], close=[1.5, float("nan")], volume=[True, None]),
        {"file": "p.parquet"},
        [
            "p.parquet:1:3: column 'volume': volume True is a bool, not a number; write it as 1234.50",
            "p.parquet:2:1: column 'date': the date is empty; write it as 2025-12-08",
            f"p.parquet:2:2: column 'close': close {EMPTY}",
            f"p.parquet:2:3: column 'volume': volume {EMPTY}",
        ],
    ),
    "stamps of a Parquet file": (
        parquet(date=stamps("UTC", datetime(2025, 12, 4, tzinfo=UTC)), close=[1.5]),
        {"file": "p.parquet"},
        [
            "p.parquet:1:1: column 'date': 2025-12-04 00:00:00+00:00 is midnight as written but on 2025-12-03 in "
            "America/New_York; state timezone: as written if the date as written is the session, else supply dates"
        ],
    ),
    "columns of a Parquet file": (
        parquet(session=DAYS[:1], Close=[1.5]),
        {"file": "p.parquet", "columns": {"date": "session", "close": "close"}},
        ["p.parquet:1:1: no column close (did you mean 'Close'?); the columns are session, Close"],
    ),
    "an unnamed index of a Parquet file": (
        parquet(A=[1.5], __index_level_0__=DAYS[:1]),
        {"file": "p.parquet", "layout": "wide"},
        ["p.parquet:1:1: no column date (did you mean '__index_level_0__'?); the columns are A, __index_level_0__"],
    ),
    "decimal commas between commas, so that no row is left": (
        "date,A,B\n2025-12-04,1,5,2,5\n",
        {"layout": "wide", "wanted": ("A", "B")},
        ["p.csv:2:16: 5 cells for 3 columns; remove the rest (quote a cell that holds the delimiter)"],
    ),
    "a Parquet file without rows": (
        parquet(date=pyarrow.array([], pyarrow.date32()), close=pyarrow.array([], pyarrow.float64())),
        {"file": "p.parquet"},
        ["p.parquet:1:1: there are no rows; write one row a session"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_fault_is_told_with_file_row_and_column(tmp_path, case):
    content, options, expected = CASES[case]
    assert faults_of(tmp_path, content, **options) == expected


def test_not_a_number_never_passes_for_one():
    """The readers turn it into an empty cell; should one not, the last gate refuses it."""
    with pytest.raises(ValueError, match=r"^close NaN is not a number; write it as 1234\.50$"):
        read_number("close", Decimal("NaN"), CellRules())


def test_no_parquet_file(tmp_path):
    (fault,) = faults_of(tmp_path, b"PAR1", file="p.parquet")
    assert fault.startswith("p.parquet:1:1: this is no Parquet file that can be read (")
    assert fault.endswith("); write it anew")


def test_many_faults_of_a_kind_are_one_with_a_count_and_the_first_places(tmp_path):
    days = [date.fromordinal(738000 + row) for row in range(30)]
    rows = "".join(f"{day},{'abc' if row % 2 else 0}\n" for row, day in enumerate(days))
    assert faults_of(tmp_path, "date,close\n" + rows) == [
        "p.csv:2:12: close is 0; a price must be above 0 (15 such places, the next at 4:12 and 6:12)",
        f"p.csv:3:12: close 'abc' {PLAIN}; list it under missing if there was no trade "
        "(15 such places, the next at 5:12 and 7:12)",
    ]
    frame = pd.DataFrame({"A": [0] * 30, "B": [-1, 2, 3] * 10}, index=pd.DatetimeIndex(days))
    assert frame_faults(frame) == [
        f"frame:1:2: row label {days[0]}, column 'A': close is 0; a price must be above 0 "
        "(30 such places, the next at 2:2 and 3:2)",
        f"frame:1:3: row label {days[0]}, column 'B': close is -1; a price must be above 0; {CRSP_HINT} "
        "(10 such places, the next at 4:3 and 7:3)",
    ]


def test_an_absurdly_large_table_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "MAX_TABLE_BYTES", 10)
    assert faults_of(tmp_path, "date,close\n") == ["p.csv:1:1: the file has 11 bytes; at most 10 are read"]
    packed = gzip.compress(b"0" * 1000, mtime=0)
    monkeypatch.setattr(opening, "MAX_TABLE_BYTES", len(packed))
    (fault,) = faults_of(tmp_path, packed, file="p.csv.gz")
    assert (
        fault == f"p.csv.gz:1:1: the file unpacks to more than {len(packed):,} bytes, which is the most that are read"
    )


# --- Several files ------------------------------------------------------------------------------------------------


def test_a_symbol_in_two_files_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("date,A,B\n2025-12-04,1,1\n")
    (tmp_path / "b.csv").write_text("date,symbol,close\n2025-12-04,B,x\n2025-12-04,C,x\n")
    (tmp_path / "A.csv").write_text("date,close\n2025-12-04,1\n")
    files = [table("a.csv", "wide", values="close"), table("b.csv", "long")]
    with pytest.raises(PriceFileError) as caught:
        read_folder(tmp_path, ("A", "B", "C"), tables=files)
    assert [str(fault).removeprefix(f"{tmp_path}/") for fault in caught.value.faults] == [
        "A.csv:1:1: A stands in a.csv already; a symbol comes from one file, so remove one",
        "b.csv:2:12: B stands in a.csv already; a symbol comes from one file, so remove one",
        f"b.csv:3:14: close 'x' {PLAIN}; list it under missing if there was no trade",
    ]


def test_the_faults_of_tables_and_files_are_told_at_once(tmp_path):
    (tmp_path / "a.csv").write_text("date;A\n2025-12-04,1,1\n")
    (tmp_path / "B.csv").write_text("date,close\n2025-12-04,0\n")
    with pytest.raises(PriceFileError) as caught:
        read_folder(tmp_path, ("A", "B"), tables=[table("a.csv", "wide", values="close")])
    assert [str(fault).removeprefix(f"{tmp_path}/") for fault in caught.value.faults] == [
        "B.csv:2:12: close is 0; a price must be above 0",
        "a.csv:1:5: the columns are separated by ';', not by ','; state delimiter: \";\"",
    ]


def test_two_sheets_of_a_workbook(tmp_path):
    with pd.ExcelWriter(tmp_path / "p.xlsx") as writer:
        for symbol, closes in (("A", [1.0, 2.0]), ("B", [3.0, 4.0])):
            pd.DataFrame({"date": DAYS[:2], "close": closes}).to_excel(writer, sheet_name=symbol, index=False)
    files = [table("p.xlsx", "single", of=symbol, sheet=symbol) for symbol in "AB"]
    panel = read_folder(tmp_path, ("A", "B"), tables=files)
    assert (panel["A"].close.tolist(), panel["B"].close.tolist()) == ([1.0, 2.0], [3.0, 4.0])
    assert panel["B"].provenance.file == "p.xlsx[B]"


def test_files_that_are_not_there(tmp_path):
    files = [table("a.csv", "wide", values="close"), table("b.csv", "long")]
    with pytest.raises(PriceError) as caught:
        read_folder(tmp_path, ("A",), tables=files)
    assert str(caught.value) == (
        f"{tmp_path} has no a.csv, b.csv, which prices.files of the study names; supply it there"
    )
    with pytest.raises(PriceError) as caught:
        read_folder(tmp_path / "none", ("A",), tables=files)
    assert str(caught.value) == f"{tmp_path / 'none'} is not a folder; name a folder that holds a.csv, b.csv"
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(PriceError) as caught:
        read_folder(tmp_path, ("A",), tables=files[:1])
    assert str(caught.value) == (
        f"{tmp_path / 'a.csv'} cannot be read (Is a directory); supply the file, or take it out of prices.files"
    )


def test_symbols_that_are_in_no_file(tmp_path):
    content = excel([["date", "A", "B US Equity", 1], [AT, 1, 2, 3]])
    with pytest.raises(PriceError) as caught:
        read(tmp_path, content, wanted=("A", "B", "000001", "000002"), layout="wide", file="p.xlsx")
    assert str(caught.value) == (
        f"{tmp_path} has no B.csv, 000001.csv, 000002.csv, and p.xlsx has no prices of B, 000001, 000002; supply them, "
        "or state under symbols what the file calls them (B may be 'B US Equity' there, 000001 may be '1' there)"
    )
    with pytest.raises(PriceError, match=r"^the symbol 'BRK/B' cannot be the name of a file; rename it in the study$"):
        read(tmp_path, content, wanted=("A", "BRK/B"), layout="wide", file="p.xlsx")
    symbols = ("A", "B")
    panel = read_folder(tmp_path, symbols[:1], symbols, tables=[table("p.xlsx", "wide", values="close")])
    assert panel.symbols == ("A",)


# --- Frames -------------------------------------------------------------------------------------------------------

INDEX = pd.DatetimeIndex(DAYS)


def frame_faults(*arguments, **options):
    with pytest.raises(PriceFileError) as caught:
        es.prices_from_frame(*arguments, **options)
    return [str(fault) for fault in caught.value.faults]


def test_a_wide_frame():
    frame = pd.DataFrame({"A": [1, 2.5, np.nan], 600000: [np.nan, 3, 4]}, index=INDEX)
    panel = es.prices_from_frame(frame)
    assert panel.symbols == ("A", "600000")
    assert (panel["A"].sessions.tolist(), panel["A"].close.tolist()) == (DAYS[:2], [1.0, 2.5])
    origin = panel["A"].provenance
    assert (origin.source, origin.file, origin.adjustment) == ("frame", "frame", fact("adjustment.as_supplied"))
    assert (str(origin.adjustment), origin.vendor) == ("as supplied", "the caller's own frame")
    assert es.prices_from_frame(frame, symbols={"X": 600000}).symbols == ("X",)
    assert frame.columns.tolist() == ["A", 600000]


def test_the_checksum_of_a_frame_is_that_of_its_prices_as_a_file(tmp_path):
    frame = pd.DataFrame({"A": [1, 2.5, 0.1 + 0.2]}, index=INDEX)
    (tmp_path / "A.csv").write_text("date,close\n2025-12-04,1.0\n2025-12-05,2.5\n2025-12-08,0.30000000000000004\n")
    found, written = es.prices_from_frame(frame)["A"], read_price_file(tmp_path / "A.csv", "A")
    assert found.provenance.sha256 == written.provenance.sha256
    assert found.close.tolist() == written.close.tolist()


def test_long_and_single_frames():
    wide = pd.DataFrame({"A": [1.0, 2.5, 3.0], "B": [2.0, 3.0, 4.0]}, index=INDEX)
    long = wide.rename_axis("date").reset_index().melt("date", var_name="symbol", value_name="close")
    same(es.prices_from_frame(long, "long"), es.prices_from_frame(wide))
    same(es.prices_from_frame(long.set_index(["date", "symbol"]), "long"), es.prices_from_frame(wide))
    named = long.rename(columns={"date": "Day", "symbol": "Who", "close": "Last"})
    columns = {"date": "Day", "symbol": "Who", "close": "Last"}
    same(es.prices_from_frame(named, "long", columns=columns), es.prices_from_frame(wide))
    single = wide.rename(columns={"B": "close"})
    assert es.prices_from_frame(single, "single", of="B")["B"].close.tolist() == [2.0, 3.0, 4.0]
    returns = es.prices_from_frame(wide.pct_change(fill_method=None), values="return", adjustment="total returns")["A"]
    np.testing.assert_allclose(returns.adj_close, [100, 250, 300], rtol=1e-14)


def test_a_frame_with_stamps_and_types_of_every_kind():
    index = (INDEX + pd.Timedelta("16h")).tz_localize(NEW_YORK).tz_convert("UTC")
    for values in ([1, 2, 3], np.array([1, 2, 3], dtype="float32"), pd.array([1, 2, 3], dtype="Int64"), list("123")):
        panel = es.prices_from_frame(pd.DataFrame({"A": values}, index=index), exchange_timezone=NEW_YORK)
        assert (panel["A"].sessions.tolist(), panel["A"].close.tolist()) == (DAYS, [1.0, 2.0, 3.0])
    panel = es.prices_from_frame(pd.DataFrame({"A": [1, pd.NA, 3]}, index=index), exchange_timezone={"A": SHANGHAI})
    assert panel["A"].sessions.tolist() == [date(2025, 12, 5), date(2025, 12, 9)]


def test_faults_of_frames_name_label_and_column():
    frame = pd.DataFrame({"A": [1, -2.5, 3], "B": ["x", 3, None]}, index=INDEX)
    assert frame_faults(frame) == [
        f"frame:1:3: row label 2025-12-04, column 'B': close 'x' {PLAIN}; list it under missing if there was no trade",
        f"frame:2:2: row label 2025-12-05, column 'A': close is -2.5; a price must be above 0; {CRSP_HINT}",
    ]
    late = pd.DataFrame({"A": [1]}, index=pd.DatetimeIndex(["2025-12-04 21:00"], tz="UTC"))
    assert frame_faults(late) == [
        "frame:1:1: row label 2025-12-04 21:00:00+00:00, column 'date': 2025-12-04 21:00:00+00:00 has a time of day; "
        "state exchange_timezone, in which its session is dated"
    ]
    assert frame_faults(pd.DataFrame({"A": [1.0]})) == ["frame:1:1: no column date; the columns are A"]
    long = pd.DataFrame({"date": DAYS[:2], "symbol": "A", "close": [1.0, np.inf], "volume": [1.0, np.nan]})
    assert frame_faults(long, "long") == [
        "frame:2:3: row label 1, column 'close': close inf is too large for a number",
        f"frame:2:4: row label 1, column 'volume': volume {EMPTY}",
    ]
    periods = pd.DataFrame({"A": [1.0]}, index=pd.PeriodIndex(["2025-12-04"], freq="D"))
    assert frame_faults(periods) == [
        "frame:1:1: row label 2025-12-04, column 'date': 2025-12-04 is not a date; write it as 2025-12-08"
    ]


def yahoo_frame(*levels, **closes):
    """A frame as `yfinance.download` gives it: fields over tickers or the reverse, an index called Date."""
    fields = {"Adj Close": 0.5, "Close": 1, "High": 1.25, "Low": 0.75, "Open": 1, "Volume": 1000}
    columns = {
        (name, ticker): times * np.array(one) for name, times in fields.items() for ticker, one in closes.items()
    }
    frame = pd.DataFrame(columns, index=INDEX.rename("Date"))
    frame.columns = frame.columns.set_names(["Price", "Ticker"])
    return frame.reorder_levels(levels, axis=1) if levels else frame


@pytest.mark.parametrize("levels", [(), ("Ticker", "Price")], ids=["price over ticker", "ticker over price"])
def test_frames_as_yfinance_downloads_them(levels):
    panel = es.prices_from_frame(yahoo_frame(*levels, A=[1, 2.5, 3], B=[4, 5, np.nan]), adjustment="for splits")
    assert panel.symbols == ("A", "B")
    assert panel["A"].close.tolist() == [1, 2.5, 3]
    assert panel["A"].adj_close.tolist() == [0.5, 1.25, 1.5]
    assert panel["A"].high.tolist() == [1.25, 3.125, 3.75]
    assert (panel["B"].sessions.tolist(), panel["B"].volume.tolist()) == (DAYS[:2], [4000, 5000])
    only = es.prices_from_frame(yahoo_frame(*levels, A=[1, 2.5, 3]), values="adj_close")["A"]
    assert list(only.columns) == ["adj_close"]
    one = es.prices_from_frame(yahoo_frame(*levels, A=[1, 2.5, 3]), "single", of="A")["A"]
    assert (one.close.tolist(), one.volume.tolist()) == ([1, 2.5, 3], [1000, 2500, 3000])


def test_frames_of_yfinance_with_one_level():
    frame = yahoo_frame(A=[1, 2.5, 3]).droplevel("Ticker", axis=1).assign(Dividends=0.0)
    frame.index = frame.index.tz_localize(NEW_YORK)
    one = es.prices_from_frame(frame, "single", of="A")["A"]
    assert (one.sessions.tolist(), one.close.tolist(), one.adj_close.tolist()) == (DAYS, [1, 2.5, 3], [0.5, 1.25, 1.5])
    assert one.provenance.adjustment == fact("adjustment.as_supplied")
    alone = es.prices_from_frame(frame.drop(columns="Adj Close"), "single", of="A")["A"]
    assert str(alone.provenance.adjustment) == (
        "as yfinance gives Close without Adj Close: for splits, and for dividends unless auto_adjust=False"
    )
    same(
        es.prices_from_frame(yahoo_frame(A=[1, 2.5, 3])["Close"]),
        es.prices_from_frame(frame[["Close"]].set_axis(["A"], axis=1)),
    )
    with pytest.raises(OptionError) as caught:
        es.prices_from_frame(frame)
    assert str(caught.value) == (
        "the columns Open, High, Low, Close, Adj Close, Volume are fields of one symbol; "
        "state layout='single' and of=, its symbol"
    )


def test_polars_and_arrow_tables():
    polars = pytest.importorskip("polars")
    columns = {"date": DAYS, "A": [1.0, 2.5, None], "B": [None, 3.0, 4.0]}
    wide = es.prices_from_frame(pd.DataFrame({"A": [1.0, 2.5, np.nan], "B": [np.nan, 3.0, 4.0]}, index=INDEX))
    same(es.prices_from_frame(polars.DataFrame(columns)), wide)
    same(es.prices_from_frame(pyarrow.table(columns)), wide)
    long = {"Session": DAYS, "PERMNO": [10107.0, 10107.0, 10107.0], "RET": [None, 0.5, 0.1]}
    for table in (polars.DataFrame(long), pyarrow.table(long), pd.DataFrame(long)):
        panel = es.prices_from_frame(table, "long")
        assert panel.symbols == ("10107",)
        np.testing.assert_allclose(panel["10107"].adj_close, [100, 150, 165])
    texts = polars.DataFrame(
        {"date": ["12/04/2025", "12/05/2025"], "Close": ["$1,234.50", "$2"], "Volume": ["1.2M", "3K"]}
    )
    one = es.prices_from_frame(
        texts, "single", of="A", dates="%m/%d/%Y", thousands=",", currency="$", short_volumes=True
    )["A"]
    assert (one.close.tolist(), one.volume.tolist()) == ([1234.5, 2], [1.2e6, 3e3])


def test_labels_that_are_numbers():
    frame = pd.DataFrame([[1.0, 2.0], [1.5, 2.5]], index=INDEX[:2], columns=[10107, 10108.0])
    assert es.prices_from_frame(frame).symbols == ("10107", "10108")
    assert es.prices_from_frame(frame, symbols={10107: 10107, "B": 10108}).symbols == ("10107", "B")
    assert es.prices_from_frame(frame[[10107]].set_axis(["close"], axis=1), "single", of=10107).symbols == ("10107",)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "the frame must be a pandas, polars or Arrow table, not NoneType; make one of it first"),
        ("soon", "the frame must be a pandas, polars or Arrow table, not str; make one of it first"),
        (7, "the frame must be a pandas, polars or Arrow table, not int; make one of it first"),
        ([1.0, 2.0], "the frame must be a pandas, polars or Arrow table, not list; make one of it first"),
        ({"A": [1.0]}, "the frame must be a pandas, polars or Arrow table, not dict; make one of it first"),
        (np.ones((3, 2)), "the frame must be a pandas, polars or Arrow table, not numpy.ndarray; make one of it first"),
        (object(), "the frame must be a pandas, polars or Arrow table, not builtins.object; make one of it first"),
        (pd.DataFrame(index=INDEX), "the frame has no rows or no columns; give a frame with prices"),
        (pd.DataFrame({"A": []}), "the frame has no rows or no columns; give a frame with prices"),
        (
            pd.Series([1.0], index=INDEX[:1]),
            "the series has no name, which would be its symbol; name it: series.rename('SYMBOL')",
        ),
        (
            pd.DataFrame([[1.0]], index=INDEX[:1], columns=pd.Index(["\ud800"], dtype=object)),
            "'\\ud800' has a character that no file can hold; write it otherwise",
        ),
        (
            pd.DataFrame({"date": INDEX}),
            "frame:1:1: no column is of a symbol; give a frame with a column or rows of one",
        ),
    ],
)
def test_what_is_no_frame_of_prices_is_refused_in_words(given, told):
    with pytest.raises((es.InputError, PriceFileError)) as caught:
        es.prices_from_frame(given)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"columns": ["date"]},
            "columns maps the names used here to those of the frame, as {'close': 'Last'}, not ['date']",
        ),
        ({"symbols": "A"}, "symbols maps the names used here to those of the frame, as {'close': 'Last'}, not 'A'"),
        (
            {"exchange_timezone": "Mars"},
            "exchange_timezone: unknown time zone 'Mars'; write a name such as America/New_York",
        ),
        (
            {"exchange_timezone": {"A": 5}},
            "exchange_timezone: unknown time zone 5; write a name such as America/New_York",
        ),
        ({"missing": 5}, "missing: 5 is not allowed; Input should be a valid tuple"),
        ({"values": "price"}, "values: 'price' is not allowed; allowed: 'close', 'adj_close' or 'return'"),
        ({"order": "up"}, "order: 'up' is not allowed; allowed: 'oldest_first' or 'newest_first'"),
        (
            {"skip_at_end": 2.5},
            "skip_at_end: 2.5 is not allowed; write how many rows, or the text with which they begin",
        ),
        (
            {"skip_at_end": 2},
            "skip_after_header and skip_at_end leave out 0 and 2 rows, and 1 stand below the header; "
            "state how many are not of the table",
        ),
        (
            {"vendor": "\udcff"},
            "vendor: '\\udcff' is not allowed; "
            "Input should be a valid string, unable to parse raw data as a unicode string",
        ),
    ],
)
def test_options_of_frames_that_are_refused(options, told):
    with pytest.raises(OptionError) as caught:
        es.prices_from_frame(pd.DataFrame({"A": [1.0]}, index=INDEX[:1]), **options)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout": "tall"}, "layout: 'tall' is not allowed; allowed: 'long', 'wide' or 'single'"),
        (
            {"timezone": "Mars"},
            "timezone: unknown time zone 'Mars'; write UTC, a name such as Asia/Shanghai, or 'as written' "
            "where the date as it stands is the session",
        ),
        (
            {"columns": {"datum": "Day"}},
            "columns.datum: 'datum' is not allowed; allowed: 'date', 'symbol', 'open', 'high', 'low', 'close', "
            "'adj_close', 'volume' or 'return'",
        ),
        (
            {"columns": {"close": "Last"}},
            "columns.close: a wide table has the column date and one for each symbol; see symbols",
        ),
        ({"layout": "single"}, "layout single needs of: the symbol whose prices the table holds"),
        ({"adjustment": " "}, "adjustment: ' ' is not allowed; String should have at least 1 character"),
    ],
)
def test_options_that_are_not_allowed(options, message):
    with pytest.raises(OptionError) as caught:
        es.prices_from_frame(pd.DataFrame({"A": [1.0]}, index=INDEX[:1]), **options)
    assert str(caught.value) == message


def test_frames_that_are_no_tables():
    with pytest.raises(OptionError) as caught:
        es.prices_from_frame(pd.DataFrame({("Px", "A"): [1.0]}, index=INDEX[:1]))
    assert str(caught.value) == (
        "the frame's columns have 2 levels, none of which names close; state columns={'close': ...}, "
        "or give a frame with one level, a column a symbol"
    )
    fields = pd.DataFrame({"Open": [1.0], "High": [1.0], "Low": [1.0], "Close": [1.0]}, index=INDEX[:1])
    with pytest.raises(OptionError) as caught:
        es.prices_from_frame(fields)
    assert str(caught.value) == (
        "the columns Open, High, Low, Close are fields of one symbol; state layout='single' and of=, its symbol"
    )
    with pytest.raises(OptionError) as caught:
        es.prices_from_frame(pd.DataFrame())
    assert str(caught.value) == "the frame has no rows or no columns; give a frame with prices"


def test_the_example_of_the_docstring():
    import doctest

    from eventstudy.sources.own import frames

    assert doctest.testmod(frames).attempted == 4
    assert doctest.testmod(frames).failed == 0


# --- What is written is read again --------------------------------------------------------------------------------

WRITTEN = [
    {"file": "p.csv"},
    {"file": "p.csv", "delimiter": ";", "decimal": ",", "dates": "%d.%m.%Y"},
    {"file": "p.csv", "delimiter": "|", "decimal": ",", "thousands": ".", "dates": "%Y%m%d", "encoding": "gb18030"},
    {"file": "p.tsv", "thousands": "'", "dates": "%m/%d/%y"},
    {"file": "p.xlsx"},
    {"file": "p.parquet"},
]


@st.composite
def panels(draw):
    """A frame of sessions x symbols with cells that are missing, a price or more in each column."""
    days = sorted(draw(st.sets(st.dates(date(1971, 1, 1), date(2068, 12, 31)), min_size=1, max_size=6)))
    frame = pd.DataFrame(index=pd.Index(days, name="日期"))
    for symbol in draw(st.sampled_from([("A",), ("A", "B"), ("B", "S", "A")])):
        prices = st.integers(1, 10**12).map(lambda units: units / 10**4) | st.none()
        column = draw(st.lists(prices, min_size=len(days), max_size=len(days)).filter(any))
        frame[symbol] = np.array(column, dtype=float)
    return frame


def spelt(value, how):
    if value != value:
        return ""
    whole, _, rest = f"{value:.4f}".partition(".")
    groups = f"{int(whole):,}".replace(",", how["thousands"]) if "thousands" in how else whole
    return f"{groups}{how.get('decimal', '.')}{rest}"


def write_as(frame, path, how):
    """Write a frame as the options say: typed to Excel and Parquet, as text to the others."""
    if path.suffix == ".xlsx":
        return frame.to_excel(path, index=False)
    if path.suffix == ".parquet":
        return frame.to_parquet(path, index=False)
    mark = how.get("delimiter", "\t" if path.suffix == ".tsv" else ",")
    form = how.get("dates", "%Y-%m-%d")
    lines = [mark.join(frame.columns)]
    for row in frame.itertuples(index=False):
        cells = [cell.strftime(form) if isinstance(cell, date) else cell for cell in row]
        lines.append(mark.join(spelt(cell, how) if isinstance(cell, float) else cell for cell in cells))
    return path.write_bytes("\n".join(lines).encode(how.get("encoding", "utf-8")))


@settings(max_examples=80, deadline=None)
@given(panels(), st.sampled_from(["wide", "long", "single"]), st.sampled_from(WRITTEN))
def test_any_panel_is_read_as_it_was_written(tmp_path_factory, frame, layout, how):
    folder = tmp_path_factory.mktemp("panel")
    renamed = {symbol: f"{symbol} 股" for symbol in frame.columns}
    wide = frame.rename(columns=renamed).reset_index()
    options = {"symbols": renamed, "columns": {"date": "日期"}}
    if layout == "wide":
        write_as(wide, folder / how["file"], how)
        tables = [table(layout=layout, values="close", **options, **how)]
    elif layout == "long":
        long = wide.melt(id_vars="日期", var_name="代码", value_name="收盘价")
        write_as(long, folder / how["file"], how)
        options["columns"] |= {"symbol": "代码", "close": "收盘价"}
        tables = [table(layout=layout, missing=[""], **options, **how)]
    else:
        tables = []
        for symbol in frame.columns:
            name = f"{symbol}-{how['file']}"
            single = wide[["日期", renamed[symbol]]].rename(columns={renamed[symbol]: "收盘价"})
            write_as(single, folder / name, how)
            columns = {"date": "日期", "close": "收盘价"}
            tables.append(table(layout=layout, of=symbol, missing=[""], columns=columns, **{**how, "file": name}))
    panel = read_folder(folder, tuple(frame.columns), tables=tables)
    for symbol in frame.columns:
        kept = frame[symbol].dropna()
        assert panel[symbol].sessions.tolist() == list(kept.index)
        assert panel[symbol].close.tolist() == kept.tolist()
        require_usable(check_prices(panel[symbol]))


@settings(max_examples=60, deadline=None)
@given(st.datetimes(clock(1990, 1, 1), clock(2037, 1, 1)), st.sampled_from(["A", "S"]))
def test_any_moment_of_a_session_is_its_date_whatever_zone_it_is_written_in(tmp_path_factory, at, exchange):
    """A stamp in UTC, in Tokyo and without an offset but a stated zone names the same local date."""
    at = at.replace(microsecond=0)
    here = at.replace(tzinfo=ZoneInfo(ZONES[exchange])).astimezone(UTC)
    local = here.astimezone(ZoneInfo(ZONES[exchange])).date()
    tokyo = here.astimezone(ZoneInfo("Asia/Tokyo"))
    folder = tmp_path_factory.mktemp("stamp")
    for written, zone in (
        (here.isoformat(), None),
        (tokyo.isoformat(), None),
        (tokyo.replace(tzinfo=None).isoformat(sep=" "), "Asia/Tokyo"),
    ):
        if "00:00:00" not in written:
            content = f"date,close\n{written},1\n"
            found = read(folder, content, wanted=(exchange,), timezone=zone)[exchange].sessions.tolist()
            assert found == [local]


# --- The recorded prices in other shapes --------------------------------------------------------------------------


STUDY = """\
version: 1
study: {id: amd, title: AMD, question: Whether AMD reacted to the approval of H200 sales}
returns: simple
seed: 1
windows: {estimation: [-120, -11], event: [-5, 5], car: [[0, 0], [-1, 1]], min_estimation: 60}
models: [market, market_adjusted]
sources:
  asianfin: {publisher: AsianFin, title: Report citing the post, date: 8 December 2025}
benchmarks:
  SPY: {name: SPY, exchange: XNYS, currency: USD, scope: broad}
securities:
  AMD: {name: AMD, exchange: XNAS, board: nasdaq, currency: USD, benchmarks: [SPY]}
events:
  - id: approval
    title: H200 sales allowed, AMD to follow
    when: 2025-12-08T21:00Z / 2025-12-09T00:30Z
    securities: {AMD: positive}
    sources: [asianfin]
"""


@pytest.fixture(scope="module")
def amd():
    return parse_study(STUDY)


SHAPES = {
    "wide.xlsx": {"layout": "wide", "values": "close", "sheet": "Daily", "columns": {"date": "session"}},
    "long.parquet": {"layout": "long", "columns": {"date": "session", "symbol": "symbol", "close": "close"}},
    "semicolon.csv": {
        "layout": "wide",
        "values": "close",
        "delimiter": ";",
        "decimal": ",",
        "dates": "%d.%m.%Y",
        "columns": {"date": "Datum"},
    },
}


@pytest.fixture(scope="module")
def recorded(flagship_spec):
    """The recordings of the flagship's instruments, of AMD and of SPY that have a close."""
    panel = read_recorded(tuple(dict.fromkeys((*flagship_spec.instruments, "AMD", "SPY"))))
    return es.PricePanel({symbol: one for symbol, one in panel.series.items() if one.close is not None})


@pytest.fixture(scope="module")
def shapes(tmp_path_factory, recorded):
    """A folder with their closes in three shapes."""
    folder = tmp_path_factory.mktemp("shapes")
    wide = recorded.to_frame()
    wide.to_excel(folder / "wide.xlsx", sheet_name="Daily")
    wide.reset_index().melt("session", var_name="symbol", value_name="close").dropna().to_parquet(
        folder / "long.parquet"
    )
    german = wide.rename_axis(index="Datum")
    german.index = german.index.strftime("%d.%m.%Y")
    german.to_csv(folder / "semicolon.csv", sep=";", decimal=",")
    return folder


def cars(study, panel):
    return es.run_study(study, panel).to_frame("car")


@pytest.mark.parametrize("file", SHAPES)
def test_the_recorded_closes_in_other_shapes_are_the_same(shapes, recorded, file):
    same(read_folder(shapes, recorded.symbols, tables=[table(file, **SHAPES[file])]), recorded, ("close",))


@pytest.fixture(scope="module")
def cars_of_closes(amd, recorded):
    closes = {symbol: replace(recorded[symbol], adj_close=None) for symbol in ("AMD", "SPY")}
    return cars(amd, es.PricePanel(closes))


@pytest.mark.parametrize("file", SHAPES)
def test_a_study_on_them_gives_the_same_cars(shapes, amd, cars_of_closes, file):
    tables = [table(file, **SHAPES[file])]
    panel = read_folder(shapes, ("AMD", "SPY"), tables=tables, zones=exchange_zones(amd))
    pd.testing.assert_frame_equal(cars(amd, panel), cars_of_closes, check_exact=True)
    assert panel["AMD"].provenance.sha256 == hashlib.sha256((shapes / file).read_bytes()).hexdigest()


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_whole_bars_in_a_long_table_give_the_cars_of_the_recordings(tmp_path, amd, ending):
    recorded = read_recorded(["AMD", "SPY"])
    frames = [
        pd.DataFrame({"date": one.sessions, "symbol": symbol, **one.columns}) for symbol, one in recorded.series.items()
    ]
    write = {"csv": pd.DataFrame.to_csv, "xlsx": pd.DataFrame.to_excel, "parquet": pd.DataFrame.to_parquet}[ending]
    missing = pd.concat(frames).dropna(axis=1)
    write(missing, tmp_path / f"p.{ending}", index=False)
    panel = read_folder(tmp_path, ("AMD", "SPY"), tables=[table(f"p.{ending}", "long")])
    same(panel, recorded, missing.columns[2:])
    assert "adj_close" in missing.columns
    pd.testing.assert_frame_equal(cars(amd, panel), cars(amd, recorded), check_exact=True)


def test_the_files_of_a_study_are_read_through_its_section(tmp_path, recorded):
    """The whole way: the section of events.yaml, a folder as the source, prices of the study."""
    section = """\
prices:
  files:
    - file: closes.csv
      layout: wide
      values: close
      columns: {date: session}
      symbols: {AMD: AMD US Equity}
      adjustment: adjusted for splits, not for dividends
"""
    closes = es.PricePanel({symbol: recorded[symbol] for symbol in ("AMD", "SPY")}).to_frame()
    closes.rename(columns={"AMD": "AMD US Equity"}).to_csv(tmp_path / "closes.csv")
    panel = es.load_prices(parse_study(STUDY + section), tmp_path)
    assert panel["AMD"].close.tolist() == recorded["AMD"].close.tolist()
    assert panel["AMD"].provenance.adjustment == words("adjusted for splits, not for dividends")
    adjusted = section.replace("values: close", "values: adj_close")
    with pytest.raises(PriceError, match=r"^only an adjusted close is given for AMD, SPY; "):
        es.load_prices(parse_study(STUDY + adjusted), tmp_path)


def test_a_study_on_returns_alone(tmp_path, amd, recorded):
    """CRSP's RET with its codes, percent of a terminal: a study needs nothing else, and its figures are the same."""
    closes = es.PricePanel({symbol: replace(recorded[symbol], adj_close=None) for symbol in ("AMD", "SPY")})
    returns = closes.to_frame().pct_change(fill_method=None)
    long = returns.rename_axis("date").reset_index().melt("date", var_name="PERMNO", value_name="RET")
    long["PERMNO"] = long["PERMNO"].map({"AMD": 61241, "SPY": 84398.0})
    long["RET"] = long["RET"].map(repr).where(long["RET"].notna(), "C")
    long.to_csv(tmp_path / "crsp.csv", index=False)
    (100 * returns).map("{!r}".format).replace("nan", "").to_csv(tmp_path / "terminal.csv")
    crsp = """\
prices:
  files:
    - file: crsp.csv
      layout: long
      columns: {date: date, symbol: PERMNO, return: RET}
      symbols: {AMD: 61241, SPY: 84398}
      missing: [B, C, "-66", "-77", "-88", "-99"]
      adjustment: RET of CRSP, total return
"""
    terminal = """\
prices:
  files:
    - file: terminal.csv
      layout: wide
      values: return
      percent: true
      columns: {date: session}
      adjustment: total return
"""
    wanted = cars(amd, closes)
    for section in (crsp, terminal):
        study = parse_study(STUDY + section)
        panel = es.load_prices(study, tmp_path)
        assert all(one.of_returns for one in panel.series.values())
        found = es.run_study(study, panel)
        pd.testing.assert_frame_equal(found.to_frame("car"), wanted, rtol=1e-9)
        es.write_report(found, tmp_path / "out")


def test_returns_alone_leave_price_limits_unchecked(flagship_spec, recorded):
    alone = es.prices_from_frame(recorded.to_frame()[["688041"]].pct_change(fill_method=None), values="return")[
        "688041"
    ]
    found = es.run_study(flagship_spec, es.PricePanel({**recorded.series, "688041": alone}), robustness="none")
    told = [one for one in found.exclusions if one.code == "limits_not_checked.returns_only"]
    assert [(one.security, one.values) for one in told] == [("688041", {"security": "688041"})]
    assert told[0].detail == ("688041: its source gives returns and no price, so no close was held against a limit")


# --- The page -----------------------------------------------------------------------------------------------------


def sections():
    """The examples of docs/own-prices.md by title: the text of the file, the section of the study, the script."""
    page = (ROOT / "docs" / "own-prices.md").read_text(encoding="utf-8")
    for part in page.split("\n## ")[1:]:
        blocks = dict(re.findall(r"```(text|yaml|python)\n(.*?)```", part, flags=re.DOTALL))
        if blocks:
            yield part.partition("\n")[0], blocks


@pytest.mark.parametrize("title", [title for title, blocks in sections() if "yaml" in blocks])
def test_the_examples_of_the_page_are_read(tmp_path, title):
    blocks = dict(sections())[title]
    study = parse_study(SMALL + blocks["yaml"])
    (file,) = study.prices.files
    if "text" in blocks:
        (tmp_path / file.file).write_text(blocks["text"], encoding=file.encoding or "utf-8")
    else:
        subprocess.run([sys.executable, "-c", blocks["python"]], cwd=tmp_path, check=True)
    symbols = (file.of,) if file.layout == "single" else ("NVDA", "SPY")
    panel = read_folder(tmp_path, symbols, tables=study.prices.files, zones=exchange_zones(study))
    recordings = read_recorded(["NVDA", "SPY"])
    for symbol in symbols:
        one, whole = panel[symbol], recordings[symbol]
        if one.close is None:
            np.testing.assert_allclose(one.adj_close, 100 * np.cumprod([1, 1.0019, 0.997]), rtol=1e-15)
            continue
        assert one.sessions.tolist() == [*DAYS[1:], *[date(2025, 12, 9)] * (len(one) - 2)]
        for session, close in zip(one.sessions, one.close, strict=True):
            assert close == whole.close[whole.position(session)]


def test_the_script_of_the_page_runs(tmp_path):
    (script,) = [blocks["python"] for _, blocks in sections() if "yaml" not in blocks]
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == re.findall(r"# (.*)$", script, flags=re.MULTILINE)


def test_the_page_names_every_key():
    page = (ROOT / "docs" / "own-prices.md").read_text(encoding="utf-8")
    for key in (*PriceFile.model_fields, *Prices.model_fields):
        assert f"`{key}" in page, key
