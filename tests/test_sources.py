"""Prices from a folder of CSV files and from the package's recordings."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.config import load_study
from eventstudy.csvtext import MAX_BYTES
from eventstudy.errors import OptionError, PriceError, PriceFileError
from eventstudy.facts import fact, words
from eventstudy.prices import COLUMNS, check_prices, require_usable
from eventstudy.sources import load_prices, recorded
from eventstudy.sources.own.folder import LAYOUT, Origin, parse_prices, read_folder, read_price_file
from eventstudy.sources.recorded import MANIFEST, Recording, read_manifest, read_recorded, recorded_symbols
from eventstudy.spec import PriceFile
from tests.test_prices import said

ROOT = Path(__file__).parents[1]
RECORDINGS = ROOT / "eventstudy" / "data" / "recorded"
SHARED = ROOT.parent / "shared" / "prices"
FLAGSHIP = ("NVDA", "688795", "688041", "603019", "SPY", "SOXX", "sh000300", "sh000688")
ALLOWED = "date, open, high, low, close, adj_close, volume"
BAR = "date,open,high,low,close,volume\n"
QUOTES = 'the quotes do not enclose this cell; quote a cell on both sides or not at all, with "" for a quote inside'

SUSPENDED_SESSIONS = {"688041": 10, "603019": 10, "688981": 6}
TRUE_JUMPS = {("ORCL", date(2025, 9, 10))}


def parse(text, label="X.csv"):
    data = text if isinstance(text, bytes) else text.encode()
    return parse_prices(data, label, Origin("X", "folder", "test", "X.csv", "none"))


def faults_of(text):
    with pytest.raises(PriceFileError) as caught:
        parse(text)
    return [str(fault).removeprefix("X.csv:") for fault in caught.value.faults]


# --- Reading good files -------------------------------------------------------------------------------------------


def test_a_file_in_the_full_layout():
    one = parse("date,open,high,low,close,adj_close,volume\n2025-12-05,1.5,3,1,2.25,2.2,100\n2025-12-08,2,2,2,2,2,0\n")
    assert one.sessions.tolist() == [date(2025, 12, 5), date(2025, 12, 8)]
    assert {name: values.tolist() for name, values in one.columns.items()} == {
        "open": [1.5, 2.0],
        "high": [3.0, 2.0],
        "low": [1.0, 2.0],
        "close": [2.25, 2.0],
        "adj_close": [2.2, 2.0],
        "volume": [100.0, 0.0],
    }


@pytest.mark.parametrize(
    "text",
    [
        "date,close\n2025-12-05,2.5\n2025-12-08,3\n",
        "close,date\n2.5,2025-12-05\n3,2025-12-08\n",
        "date,close\r\n2025-12-05,2.5\r\n2025-12-08,3\r\n",
        "date,close\r2025-12-05,2.5\r2025-12-08,3\r",
        "\ufeffdate,close\n2025-12-05,2.5\n2025-12-08,3",
        'date,"close"\n"2025-12-05",2.5\n2025-12-08,"3"\n',
        "date, close\n2025-12-05, 2.5\n2025-12-08 ,+3.0\n\n \n",
        "date,close\n2025-12-05,25e-1\n2025-12-08,3.\n",
    ],
    ids=["plain", "order", "crlf", "cr", "bom", "quoted", "blanks", "exponent"],
)
def test_spellings_that_mean_the_same(text):
    one = parse(text)
    assert one.sessions.tolist() == [date(2025, 12, 5), date(2025, 12, 8)]
    assert one.close.tolist() == [2.5, 3.0]
    assert (one.open, one.high, one.low, one.adj_close, one.volume) == (None,) * 5


def test_an_adjusted_close_alone_is_not_taken_for_a_close():
    one = parse("date,adj_close\n2025-12-05,2.5\n")
    assert one.close is None
    assert one.adj_close.tolist() == [2.5]


positive = st.floats(min_value=1e-6, max_value=1e9)


@st.composite
def tables(draw):
    n = draw(st.integers(1, 12))
    days = draw(st.lists(st.dates(date(1900, 1, 1), date(2199, 12, 31)), min_size=n, max_size=n, unique=True))
    names = draw(st.sampled_from([["close"], ["adj_close"], ["close", "adj_close"], ["open", "high", "low", "close"]]))
    names = names + draw(st.sampled_from([[], ["volume"]]))
    rows = []
    for _ in range(n):
        prices = sorted(draw(st.lists(positive, min_size=4, max_size=4)))
        bar = {"low": prices[0], "open": prices[1], "close": prices[2], "high": prices[3], "adj_close": draw(positive)}
        rows.append([{**bar, "volume": draw(st.integers(0, 10**12))}[name] for name in names])
    return sorted(days), names, rows


@given(tables(), st.sampled_from(["\n", "\r\n"]), st.randoms(use_true_random=False))
def test_what_is_written_is_read_again(table, newline, random):
    days, names, rows = table
    order = list(range(len(names) + 1))
    random.shuffle(order)
    lines = [["date", *names], *([str(day), *map(repr, row)] for day, row in zip(days, rows, strict=True))]
    one = parse(newline.join(",".join(line[index] for index in order) for line in lines))
    assert one.sessions.tolist() == days
    assert set(one.columns) == set(names)
    for index, name in enumerate(names):
        assert one.columns[name].tolist() == [float(row[index]) for row in rows]
    assert (one.provenance.first, one.provenance.last, one.provenance.rows) == (days[0], days[-1], len(days))
    require_usable(check_prices(one))


@given(st.binary(max_size=300) | st.text(alphabet='date,close\n"; 0123456789-.\r', max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused_with_places(data):
    try:
        one = parse(data)
    except PriceFileError as error:
        assert error.faults
        assert all(fault.line >= 1 and fault.column >= 1 and "\n" not in fault.message for fault in error.faults)
    else:
        assert len(one) > 0


# --- Bad files ----------------------------------------------------------------------------------------------------

CASES = {
    "empty file": ("", [f"1:1: the file is empty; it needs a header and rows: {LAYOUT}"]),
    "blank file": (" \n\r\n", [f"1:1: the file is empty; it needs a header and rows: {LAYOUT}"]),
    "header only": ("date,close\n", ["2:1: there are no rows under the header; write one row a session"]),
    "binary": (b"PK\x03\x04\x00\x00", ["1:1: this is a binary file; save it as CSV text in UTF-8"]),
    "utf-16": ("date,close\n".encode("utf-16"), ["1:1: this is a binary file; save it as CSV text in UTF-8"]),
    "not utf-8": (
        "date,close\n2025-12-05,é".encode("latin-1"),
        ["2:12: byte 0xe9 is not UTF-8; save the file as CSV text in UTF-8"],
    ),
    "semicolons": (
        "date;close\n2025-12-05;1\n",
        [f"1:5: the columns are separated by ';'; separate them by commas: {LAYOUT}"],
    ),
    "tabs": (
        "date\tclose\n2025-12-05\t1\n",
        [f"1:5: the columns are separated by '\\t'; separate them by commas: {LAYOUT}"],
    ),
    "no header": (
        "2025-12-05,1.0\n",
        [
            f"1:1: unknown column '2025-12-05'; allowed: {ALLOWED}",
            f"1:12: unknown column '1.0'; allowed: {ALLOWED}",
            f"1:15: missing date, close; the columns are {LAYOUT}",
        ],
    ),
    "unknown column": ("date,Close,close\n2025-12-05,1,1\n", [f"1:6: unknown column 'Close'; allowed: {ALLOWED}"]),
    "nameless column": (",date,close\n0,2025-12-05,1\n", [f"1:1: the column has no name; allowed: {ALLOWED}"]),
    "duplicate column": ("date,close,close\n", ["1:12: the column 'close' stands there twice; keep one"]),
    "no date": ("open,close\n", [f"1:11: missing date, high, low; the columns are {LAYOUT}"]),
    "no close": ("date,volume\n", [f"1:12: missing close; the columns are {LAYOUT}"]),
    "half a bar": ("date,high,adj_close\n", [f"1:20: missing open, low, close; the columns are {LAYOUT}"]),
    "broken header": ('date,"close\n', [f"1:6: {QUOTES}"]),
    "another date format": (
        "date,close\n08/12/2025,1\n20251208,1\n2025-12-8,1\n2025-12-08 00:00,1\n,1\n",
        [
            "2:1: '08/12/2025' is not a date; write it as 2025-12-08 (4 such places, the next at 3:1 and 4:1)",
            "6:1: the date is empty; write it as 2025-12-08",
        ],
    ),
    "no such day": (
        "date,close\n2025-02-30,1\n",
        ["2:1: '2025-02-30' is not a date of the calendar (day is out of range for month)"],
    ),
    "duplicate date": (
        "close,date\n1,2025-12-05\n10,2025-12-05\n",
        ["3:4: 2025-12-05 stands on line 2 already; keep one row a session"],
    ),
    "dates fall": (
        "date,close\n2025-12-08,1\n2025-12-05,1\n2025-12-04,1\n",
        [
            "3:1: 2025-12-05 comes after 2025-12-08; sort the rows by date, the oldest first, "
            "or state order: newest_first for the file under prices.files"
        ],
    ),
    "not a number": (
        "date,close\n2025-12-04,abc\n2025-12-05,nan\n2025-12-08,inf\n2025-12-09,1_000\n2025-12-10,１２\n",
        [
            "2:12: close 'abc' is not a number; write it as 1234.50 (5 such places, the next at 3:12 and 4:12)",
        ],
    ),
    "thousands separators": (
        'date,close\n2025-12-04,"1,234.50"\n2025-12-05,"12,345,678"\n2025-12-08,1 234\n',
        [
            "2:12: close '1,234.50' is not a number; write 1234.50, without thousands separators",
            "3:12: close '12,345,678' is not a number; write 12345678, without thousands separators",
            "4:12: close '1 234' is not a number; write 1234, without thousands separators",
        ],
    ),
    "unquoted thousands": (
        "date,close\n2025-12-04,1,234.50\n",
        ["2:14: 3 cells for 2 columns; remove the rest (a number has no comma: 1234.50)"],
    ),
    "percent": (
        "date,close\n2025-12-04,1.5%\n",
        ["2:12: close '1.5%' is not a number; write a price, not a percentage"],
    ),
    "empty cell": (
        "date,close,volume\n2025-12-04,,5\n2025-12-05,1,\n",
        [
            "2:12: close is empty; write a number, or leave the row out where there was no trade",
            "3:14: volume is empty; write a number, or leave the row out where there was no trade",
        ],
    ),
    "not positive": (
        "date,close,volume\n2025-12-04,0,0\n2025-12-05,-1.5,-3\n",
        [
            "2:12: close is 0; a price must be above 0",
            "3:12: close is -1.5; a price must be above 0",
            "3:17: volume is -3; it must be 0 or more",
        ],
    ),
    "too large": ("date,close\n2025-12-04,1e999\n", ["2:12: close 1e999 is too large for a number"]),
    "extra cell": (
        'date,close\n2025-12-04,"1",2,3\n',
        ["2:16: 4 cells for 2 columns; remove the rest (a number has no comma: 1234.50)"],
    ),
    "missing cells": (
        BAR + "2025-12-04,1,1,1\n",
        ["2:17: 4 cells for 6 columns; missing close, volume"],
    ),
    "empty line": ("date,close\n\n2025-12-04,1\n", ["2:1: the line is empty; remove it"]),
    "empty lines before the header and between rows": (
        "\ndate,close\n2025-12-04,1\n \n2025-12-05,x\n\n",
        [
            "1:1: the line is empty; remove it",
            "4:1: the line is empty; remove it",
            "5:12: close 'x' is not a number; write it as 1234.50",
        ],
    ),
    "quoted semicolons": (
        '"date";"close"\n"2025-12-05";"1"\n',
        [f"1:7: the columns are separated by ';'; separate them by commas: {LAYOUT}"],
    ),
    "broken quotes": (
        'date,close\n2025-12-04,"1\n2025-12-05,"1"1\n',
        [f"2:12: {QUOTES}", f"3:12: {QUOTES}"],
    ),
    "places beside quoted commas": (
        'date,close,volume\n2025-12-04,"1,5",x\n2025-12-05,2"5,y\n2025-12-08,"2""5",z\n',
        [
            "2:12: close '1,5' is not a number; write it as 1234.50",
            "2:18: volume 'x' is not a number; write it as 1234.50",
            "3:12: close '2\"5' is not a number; write it as 1234.50",
            f"3:12: {QUOTES}",
            "3:16: volume 'y' is not a number; write it as 1234.50",
            "4:12: close '2\"5' is not a number; write it as 1234.50",
            "4:19: volume 'z' is not a number; write it as 1234.50",
        ],
    ),
    "high too low": (
        BAR + "2025-12-04,12,11,8,10,1\n2025-12-05,9,9.5,8,10.0,1\n",
        [
            "2:15: high 11 is below open 12; a bar has low <= open, close <= high",
            "3:14: high 9.5 is below close 10.0; a bar has low <= open, close <= high",
        ],
    ),
    "low too high": (
        BAR + "2025-12-04,7,11,8,10,1\n2025-12-05,9,11,8,7.9,1\n",
        [
            "2:17: open 7 is below low 8; a bar has low <= open, close <= high",
            "3:17: close 7.9 is below low 8; a bar has low <= open, close <= high",
        ],
    ),
    "high below low": (
        BAR + "2025-12-04,9,8,10,9,1\n",
        [
            "2:14: high 8 is below close 9; a bar has low <= open, close <= high",
            "2:14: high 8 is below low 10; a bar has low <= open, close <= high",
            "2:14: high 8 is below open 9; a bar has low <= open, close <= high",
            "2:16: close 9 is below low 10; a bar has low <= open, close <= high",
            "2:16: open 9 is below low 10; a bar has low <= open, close <= high",
        ],
    ),
    "everything at once": (
        "date,close\r\n2025-12-05,1\r\n2025-12-04,x\r\n2025-12-05,0\r\n",
        [
            "3:1: 2025-12-04 comes after 2025-12-05; sort the rows by date, the oldest first",
            "3:12: close 'x' is not a number; write it as 1234.50",
            "4:1: 2025-12-05 stands on line 2 already; keep one row a session",
            "4:12: close is 0; a price must be above 0",
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_file_is_refused_with_every_fault_at_its_place(case):
    text, expected = CASES[case]
    assert faults_of(text) == expected


def test_a_bom_does_not_shift_columns():
    assert faults_of("\ufeffdate,cloze,close\n") == [f"1:6: unknown column 'cloze'; allowed: {ALLOWED}"]


def test_a_symbol_that_no_file_can_be_called_is_refused(tmp_path):
    with pytest.raises(PriceError, match="cannot be the name of a file; rename it in the study"):
        read_folder(tmp_path, ["\ud800"])


def test_many_faults_are_counted():
    rows = "".join(f"{date.fromordinal(738000 + row)},0\n" for row in range(65))
    assert faults_of("date,close\n" + rows) == [
        "2:12: close is 0; a price must be above 0 (65 such places, the next at 3:12 and 4:12)"
    ]


def test_an_absurdly_large_file_is_not_read():
    assert faults_of(b"x" * (MAX_BYTES + 1)) == ["1:1: the file has 20,000,001 bytes; at most 20,000,000 are read"]


# --- Folders ------------------------------------------------------------------------------------------------------


def test_a_folder_is_read_in_the_order_of_the_symbols(tmp_path):
    for symbol in ("A", "B", "^GSPC"):
        (tmp_path / f"{symbol}.csv").write_text("date,close\n2025-12-05,1\n")
    (tmp_path / "unused.csv").write_text("not read")
    panel = read_folder(str(tmp_path), ["^GSPC", "A", "A"])
    assert panel.symbols == ("^GSPC", "A")
    provenance = panel["A"].provenance
    assert (provenance.source, provenance.file, provenance.vendor) == ("folder", "A.csv", "the user's own file")
    assert str(provenance.adjustment) == "as supplied; the file does not say"
    # printf "date,close\n2025-12-05,1\n" | sha256sum
    assert provenance.sha256 == "6497647028f36a552723a1ed606af006673cadc8834bb817ac2be0ec255e60aa"


def test_missing_files_are_named_with_what_is_needed(tmp_path):
    (tmp_path / "A.csv").write_text("date,close\n2025-12-05,1\n")
    with pytest.raises(PriceError) as caught:
        read_folder(tmp_path, ["A", "B", "C"])
    assert str(caught.value) == (
        f"{tmp_path} has no B.csv, C.csv; the study needs A.csv, B.csv, C.csv, each with the columns {LAYOUT}"
    )
    assert caught.value.exit_code == 3


def test_a_missing_folder(tmp_path):
    with pytest.raises(PriceError) as caught:
        read_folder(tmp_path / "none", ["A", "B"])
    assert str(caught.value) == f"{tmp_path / 'none'} is not a folder; name a folder that holds A.csv, B.csv"


@pytest.mark.parametrize("symbol", ["../A", "BRK/B", "C:\\A", ""])
def test_a_symbol_that_is_no_file_name(tmp_path, symbol):
    with pytest.raises(PriceError) as caught:
        read_folder(tmp_path, [symbol])
    assert str(caught.value) == f"the symbol {symbol!r} cannot be the name of a file; rename it in the study"


def test_the_faults_of_all_files_are_told_at_once(tmp_path):
    (tmp_path / "A.csv").write_text("date,close\n2025-12-05,0\n")
    (tmp_path / "B.csv").write_text("date,close\n2025-12-05,1\n")
    (tmp_path / "C.csv").write_text("")
    with pytest.raises(PriceFileError) as caught:
        read_folder(tmp_path, ["C", "B", "A"])
    assert [(fault.file, fault.line, fault.column) for fault in caught.value.faults] == [
        (str(tmp_path / "A.csv"), 2, 12),
        (str(tmp_path / "C.csv"), 1, 1),
    ]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(PriceError) as caught:
        read_price_file(tmp_path / "A.csv", "A")
    assert str(caught.value) == (
        f"there is no file {tmp_path / 'A.csv'}; supply the prices of A there, with the columns {LAYOUT}"
    )


def test_a_file_that_cannot_be_opened(tmp_path):
    (tmp_path / "A.csv").mkdir()
    with pytest.raises(PriceError) as caught:
        read_folder(tmp_path, ["A"])
    assert str(caught.value) == (f"{tmp_path / 'A.csv'} cannot be read (Is a directory); supply the prices of A there")
    with pytest.raises(PriceError) as caught:
        read_folder(tmp_path, ["A" * 300])
    assert str(caught.value) == (
        f"{tmp_path / ('A' * 300)}.csv cannot be read (File name too long); supply the prices of {'A' * 300} there"
    )


def test_a_file_of_ones_own():
    one = read_price_file(str(RECORDINGS / "SPY.csv"), "market")
    assert (one.symbol, one.provenance.symbol, one.provenance.file, len(one)) == ("market", "market", "SPY.csv", 462)


# --- Recordings ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def everything():
    return read_recorded(recorded_symbols())


def sessions_of(panel, symbol):
    """The sessions of the symbol's market, from the benchmarks that trade on every one of them."""
    return panel["SPY" if symbol[0].isupper() else "sh000300"].sessions


def recorded_suspensions(symbol):
    """The documented suspensions of a symbol within the recordings, each as its first and last day."""
    listed = read_manifest(RECORDINGS)["suspensions"]
    return tuple(
        (date.fromisoformat(one["first"]), date.fromisoformat(one["last"])) for one in listed if one["symbol"] == symbol
    )


NOBODY = words("")


def build_manifest(folder, manifest):
    """Measure the files of a folder of recordings again and bring its manifest up to date."""
    described = {entry["file"] for entry in manifest["recordings"]}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*.csv")}
    if described != present:
        names = ", ".join(sorted(described ^ present))
        raise PriceError(f"{folder}: {names} must both be there and be described in {MANIFEST}")
    measured_all = []
    for entry in manifest["recordings"]:
        origin = Origin(
            symbol=entry["symbol"], source="recorded", publisher=NOBODY, file=entry["file"], adjustment=NOBODY
        )
        found = parse_prices((folder / entry["file"]).read_bytes(), entry["file"], origin).provenance
        measured = {"first": str(found.first), "last": str(found.last), "rows": found.rows, "sha256": found.sha256}
        measured_all.append(Recording(**{**entry, **measured}).document())
    return {**manifest, "recordings": measured_all}


def test_the_flagship_and_its_peers_are_recorded():
    assert set(recorded_symbols()[:8]) == set(FLAGSHIP)
    assert len(recorded_symbols()) == 24


@pytest.mark.parametrize("symbol", recorded_symbols())
def test_a_recording_passes_every_check(everything, symbol):
    findings = check_prices(
        everything[symbol],
        sessions=sessions_of(everything, symbol),
        listed=date(2025, 12, 5) if symbol == "688795" else None,
        suspensions=recorded_suspensions(symbol),
    )
    require_usable(findings)
    jumps = {(symbol, finding.session) for finding in findings if finding.what == "jump"}
    assert jumps == {jump for jump in TRUE_JUMPS if jump[0] == symbol}
    rest = [finding for finding in findings if finding.what != "jump"]
    assert [(f.what, (f.session, f.last)) for f in rest] == [
        ("suspension", span) for span in recorded_suspensions(symbol)
    ]


@pytest.mark.parametrize(("symbol", "sessions"), SUSPENDED_SESSIONS.items())
def test_known_suspensions(everything, symbol, sessions):
    span = recorded_suspensions(symbol)[0]
    calendar = sessions_of(everything, symbol)
    documented = check_prices(everything[symbol], sessions=calendar, suspensions=[span])
    assert [said(f) for f in documented] == [
        f"{sessions} sessions without a row, {span[0]} to {span[1]}: trading was suspended; "
        f"treated as missing, the next return spans {sessions + 1} sessions"
    ]
    unknown = check_prices(everything[symbol], sessions=calendar)
    assert [(f.what, f.session, f.last, f.fatal) for f in unknown] == [("hole", *span, False)]


def test_suspensions_in_the_manifest():
    assert recorded_suspensions("688041") == ((date(2025, 5, 26), date(2025, 6, 9)),)
    assert recorded_suspensions("603019") == ((date(2025, 5, 26), date(2025, 6, 9)),)
    assert recorded_suspensions("688981") == ((date(2025, 9, 1), date(2025, 9, 8)),)
    assert recorded_suspensions("NVDA") == ()
    manifest = json.loads((RECORDINGS / "manifest.json").read_text(encoding="utf-8"))
    assert all(one["source"] for one in manifest["suspensions"])


@pytest.mark.parametrize(
    ("symbol", "session", "column", "value"),
    [
        ("688795", "2025-12-05", "open", 650.0),
        ("688795", "2025-12-05", "close", 600.50),
        ("603019", "2025-12-10", "low", 90.12),
        ("603019", "2025-12-10", "high", 91.78),
        ("603019", "2025-12-10", "close", 90.12),
        ("688041", "2025-12-10", "low", 207.18),
        ("688041", "2025-12-09", "close", 219.30),
        ("688795", "2025-12-10", "high", 797.97),
    ],
)
def test_figures_that_the_press_reported(everything, symbol, session, column, value):
    one = everything[symbol]
    assert one.column(column)[one.position(date.fromisoformat(session))] == value


def test_the_manifest_is_current():
    text = (RECORDINGS / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    rebuilt = build_manifest(RECORDINGS, manifest)
    assert rebuilt == manifest
    assert json.dumps(rebuilt, ensure_ascii=False, indent=2) + "\n" == text


def test_a_manifest_describes_every_file_and_no_other(tmp_path):
    shutil.copytree(RECORDINGS, tmp_path / "recorded")
    manifest = json.loads((RECORDINGS / "manifest.json").read_text(encoding="utf-8"))
    (tmp_path / "recorded" / "NEW.csv").write_text("date,close\n2025-12-05,1\n")
    (tmp_path / "recorded" / "peers" / "AMD.csv").unlink()
    with pytest.raises(PriceError) as caught:
        build_manifest(tmp_path / "recorded", manifest)
    assert str(caught.value) == (
        f"{tmp_path / 'recorded'}: NEW.csv, peers/AMD.csv must both be there and be described in manifest.json"
    )


def test_provenance_comes_from_the_manifest(everything):
    provenance = everything["603019"].provenance
    assert provenance.source == "recorded"
    assert provenance.vendor == "Eastmoney to 2025-12-26, Sina after"
    assert provenance.file == "603019.csv"
    assert (provenance.first, provenance.last, provenance.rows) == (date(2024, 3, 15), date(2026, 1, 16), 438)
    assert provenance.adjustment == fact("adjustment.as_traded")
    assert "shaishailiu/stockmonitor : newdata/603019.json after" in provenance.note
    assert everything["AMD"].provenance.file == "peers/AMD.csv"


def test_a_recording_that_was_changed_is_refused(tmp_path, monkeypatch):
    shutil.copytree(RECORDINGS, tmp_path / "recorded")
    path = tmp_path / "recorded" / "NVDA.csv"
    path.write_bytes(path.read_bytes().replace(b"186.230", b"186.240"))
    monkeypatch.setattr(recorded, "_root", lambda: tmp_path / "recorded")
    with pytest.raises(PriceError) as caught:
        read_recorded(["SPY", "NVDA"])
    message = str(caught.value)
    assert message.startswith("the recording NVDA.csv has the checksum ")
    assert message.endswith("; reinstall exact-eventstudy, or name a folder of your own files as the source")
    path.unlink()
    with pytest.raises(PriceError) as caught:
        read_recorded(["NVDA"])
    assert str(caught.value) == (
        "the recording NVDA.csv cannot be read (No such file or directory); reinstall exact-eventstudy"
    )


def test_a_symbol_that_is_not_recorded():
    with pytest.raises(PriceError) as caught:
        read_recorded(["NVDA", "INTC", "TSM"])
    assert str(caught.value) == (
        f"not recorded: INTC, TSM; recorded are {', '.join(recorded_symbols())}; "
        "record others with eventstudy record, or put INTC.csv, TSM.csv and the study's other files into a folder "
        "and name it as the source"
    )


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="needs ../shared/prices, the data sets that the recordings were made from"
)
def test_the_recordings_are_the_shared_figures():
    given_files = {path.relative_to(SHARED): path.read_bytes() for path in SHARED.rglob("*.csv")}
    kept_files = {path.relative_to(RECORDINGS): path.read_bytes() for path in RECORDINGS.rglob("*.csv")}
    assert kept_files == given_files


def test_recorded_arrays_are_read_only(everything):
    for symbol in everything:
        for values in (everything[symbol].sessions, *everything[symbol].columns.values()):
            assert not values.flags.writeable


# --- The prices of a study ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flagship():
    return load_study(ROOT / "events.yaml")


def test_the_flagship_runs_on_recordings(flagship):
    panel = load_prices(flagship)
    assert panel.symbols == tuple(flagship.instruments)
    assert set(panel.symbols) == {*FLAGSHIP, *flagship.peers}
    assert panel.to_frame("close").loc["2025-12-08", "NVDA"] == 185.55


def test_a_folder_of_the_same_files_gives_the_same_prices(flagship):
    ours, theirs = load_prices(flagship), load_prices(flagship, RECORDINGS)
    for symbol in ours:
        assert ours[symbol].provenance.sha256 == theirs[symbol].provenance.sha256
        for name in COLUMNS:
            np.testing.assert_array_equal(getattr(ours[symbol], name), getattr(theirs[symbol], name))


def test_a_source_that_is_neither(flagship, tmp_path):
    with pytest.raises(OptionError) as caught:
        load_prices(flagship, "recoded")
    assert str(caught.value) == (
        "the source 'recoded' is neither 'recorded' nor 'live' nor a folder; name one of the three"
    )
    with pytest.raises(PriceError, match=r"has no NVDA.csv"):
        load_prices(flagship, tmp_path)


def test_own_files_are_laid_over_the_recordings_symbol_by_symbol(flagship, tmp_path):
    """One file of one symbol is enough: the others, peers too, are those recorded, and it is told which are which."""
    whole = load_prices(flagship)
    text = "date,close\n2025-12-05,100\n2025-12-08,101\n2025-12-09,102\n"
    (tmp_path / "SPY.csv").write_text(text)
    said = []
    panel = load_prices(flagship, tmp_path, told=said.append)
    assert panel.symbols == whole.symbols
    assert (panel["SPY"].close.tolist(), panel["SPY"].provenance.source) == ([100, 101, 102], "folder")
    others = [symbol for symbol in panel if symbol != "SPY"]
    assert all(panel[symbol].provenance == whole[symbol].provenance for symbol in others)
    (sentence,) = said
    head, _, tail = sentence.partition("; from the recordings: ")
    assert head == f"from {tmp_path}: SPY"
    assert sorted(tail.split(", ")) == sorted(others)


def test_a_symbol_beside_the_recordings_needs_no_file_of_the_others(flagship, tmp_path):
    one = flagship.securities["NVDA"]
    spec = flagship.model_copy(update={"securities": {**flagship.securities, "OWN": one}})
    (tmp_path / "own.csv").write_text("date;close\n2025-12-05;100\n2025-12-08;101\n")
    table = PriceFile(file="own.csv", layout="single", of="OWN", delimiter=";", adjustment="as traded")
    spec = spec.model_copy(update={"prices": spec.prices.model_copy(update={"files": (table,)})})
    said = []
    panel = load_prices(spec, tmp_path, told=said.append)
    assert panel["OWN"].close.tolist() == [100, 101]
    assert {symbol for symbol in panel if panel[symbol].provenance.source == "folder"} == {"OWN"}
    assert len(panel) == len(load_prices(flagship)) + 1
    assert said[0].startswith(f"from {tmp_path}: OWN; from the recordings: NVDA, ")
    (tmp_path / "own.csv").unlink()
    with pytest.raises(PriceError, match=r"has no own\.csv"):
        load_prices(spec, tmp_path)


def test_a_study_needs_the_traded_close(flagship, tmp_path):
    for symbol in (*flagship.securities, "SPY", "SOXX", "sh000300", "sh000688"):
        shutil.copy(RECORDINGS / f"{symbol}.csv", tmp_path)
    for symbol in ("SPY", "688041"):
        (tmp_path / f"{symbol}.csv").write_text("date,adj_close\n2025-12-05,1\n")
    with pytest.raises(PriceError) as caught:
        load_prices(flagship, tmp_path)
    assert str(caught.value) == (
        "only an adjusted close is given for 688041, SPY; a study needs the traded close as well "
        "(dividends and price limits are reckoned on it): supply files with a column close"
    )


def test_importing_the_sources_loads_no_heavy_library():
    code = (
        "import sys, eventstudy.sources, eventstudy.sources.recorded; "
        "print(sorted({'pandas', 'yfinance', 'akshare', 'pydantic', 'yaml', 'requests'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"
