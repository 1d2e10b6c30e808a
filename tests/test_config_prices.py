"""The section prices of events.yaml: what is read, and one line per fault with its place."""

from __future__ import annotations

from datetime import date

import jsonschema
import pytest

from eventstudy.config import parse_study
from eventstudy.errors import StudyFileError
from eventstudy.schemas import study_schema
from eventstudy.spec import Prices
from tests.test_config import SMALL

LINE = SMALL.count("\n") + 4
"""Line of the first key below the first entry of files."""


def study(*lines, head=""):
    """The small study with one file, its keys a line each."""
    first, *rest = lines
    entry = f"    - {first}\n" + "".join(f"      {line}\n" for line in rest)
    return f"{SMALL}prices:\n{head}  files:\n{entry}"


def faults(text):
    with pytest.raises(StudyFileError) as caught:
        parse_study(text)
    return [line.removeprefix("events.yaml:") for line in str(caught.value).split("\n")]


def test_a_study_without_the_section_has_its_defaults():
    prices = parse_study(SMALL).prices
    assert (prices.first, prices.last, prices.tolerance, prices.files) == (None, None, 0.005, ())


def test_the_last_day_may_be_stated_alone():
    assert parse_study(f"{SMALL}prices:\n  last: 2026-01-16\n").prices.last == date(2026, 1, 16)


def test_every_key_is_read():
    text = study(
        "file: bloomberg.xlsx",
        "sheet: Daily",
        "header: 5",
        "layout: long",
        "columns: {date: Trade Date, symbol: Ticker, close: Px Last, return: Day To Day Tot Return}",
        'symbols: {NVDA: "NVDA US Equity", SPY: 600000}',
        'dates: "%d/%m/%Y"',
        "timezone: America/New_York",
        'decimal: ","',
        'thousands: "."',
        "percent: true",
        'missing: ["", N/A, "--", -99]',
        "negative: bid_ask_average",
        "adjustment: as traded",
        "vendor: Bloomberg",
        head="  first: 2024-03-15\n  last: 2026-01-16\n  tolerance: 0.01\n",
    )
    prices = parse_study(text).prices
    assert (prices.first, prices.last, prices.tolerance) == (date(2024, 3, 15), date(2026, 1, 16), 0.01)
    (table,) = prices.files
    assert table.symbols == {"NVDA": "NVDA US Equity", "SPY": "600000"}
    assert table.missing == ("", "N/A", "--", "-99")
    assert (table.header, table.percent, table.thousands, table.columns["return"]) == (
        (5,),
        True,
        ".",
        "Day To Day Tot Return",
    )
    with pytest.raises(ValueError, match="frozen"):
        table.layout = "wide"


def test_a_tab_and_an_encoding_are_read():
    text = study(
        "file: a.txt", "layout: wide", "values: close", 'delimiter: "\\t"', "encoding: GB18030", "adjustment: a"
    )
    (table,) = parse_study(text).prices.files
    assert (table.delimiter, table.encoding) == ("\t", "gb18030")


LONG = ("file: a.csv", "layout: long", "adjustment: as traded")
WIDE = ("file: a.csv", "layout: wide", "values: close", "adjustment: as traded")
SINGLE = ("file: a.csv", "layout: single", "of: NVDA", "adjustment: as traded")
ENDINGS = ".csv, .tsv, .txt, .csv.gz, .tsv.gz, .txt.gz, .parquet, .xlsx, .xlsm"
COLUMNS = "'date', 'symbol', 'open', 'high', 'low', 'close', 'adj_close', 'volume' or 'return'"
KEYS = (
    "layout, of, values, columns, symbols, dates, timezone, decimal, thousands, percent, currency, "
    "short_volumes, missing, negative, order, skip_after_header, skip_at_end, adjustment, vendor, file, "
    "adjustment_zh, sheet, header, delimiter, encoding"
)

LINES = "is not allowed; write the line of the columns' names from 1, or up to 4 lines in ascending order: [4, 6]"
ROWS = "is not allowed; write how many rows, or the text with which they begin"
CROSSED = (
    "a wide table has the column date and one for each symbol, of which values says what they are; "
    "if it has one for each symbol and field, state both lines of names: header: [4, 6]"
)

CASES = {
    "lines out of order": ((*LONG, "header: [6, 4]"), [f"header: ['6', '4'] {LINES}"]),
    "five lines": ((*LONG, "header: [1, 2, 3, 4, 5]"), [f"header: ['1', '2', '3', '4', '5'] {LINES}"]),
    "a line that is none": ((*LONG, "header: first"), [f"header: 'first' {LINES}"]),
    "rows to skip": (
        (*LONG, "skip_after_header: -1", "skip_at_end: [Copyright, 3]"),
        [f"skip_after_header: '-1' {ROWS}"],
    ),
    "no text to skip at": ((*LONG, 'skip_at_end: [""]'), [f"skip_at_end: [''] {ROWS}"]),
    "an order that is none": (
        (*LONG, "order: newest"),
        ["order: 'newest' is not allowed here; allowed: 'oldest_first' or 'newest_first'"],
    ),
    "a currency that is no sign": (
        (*LONG, 'currency: "1$"'),
        ["currency: '1$' is no currency sign; write what stands beside the numbers, e.g. $, HK$, £, € or 元"],
    ),
    "a currency beside no price": (
        (*SINGLE, "columns: {date: D, return: R}", 'currency: "$"'),
        ["currency: currency says what stands beside prices, and none are read; remove it"],
    ),
    "short volumes without a volume": (
        (*WIDE, "short_volumes: true"),
        ["short_volumes: short_volumes says how volumes are written, and none are read; remove it"],
    ),
    "a close without a name": (
        (*SINGLE, 'columns: {date: D, close: ""}'),
        ["columns.close: only the column of the dates may be without a name; write the column's name"],
    ),
    "a field under one line of names": (
        ("file: a.csv", "layout: wide", "adjustment: a", "columns: {date: D, close: C}"),
        [f"columns: {CROSSED}"],
    ),
    "a symbol column under two": (
        ("file: a.csv", "layout: wide", "adjustment: a", "columns: {symbol: S, close: C}", "header: [1, 2]"),
        [
            "columns: columns lacks date; only the columns named here are read",
            "columns.symbol: a wide table has the column date and one for each symbol; see symbols",
        ],
    ),
    "unknown layout": (
        ("file: a.csv", "layout: tall", "adjustment: a"),
        ["layout: 'tall' is not allowed here; allowed: 'long', 'wide' or 'single'"],
    ),
    "no adjustment": (("file: a.csv", "layout: long"), ["adjustment: the required key 'adjustment' is missing"]),
    "unknown key": ((*LONG, "colums: {}"), [f"colums: unknown key 'colums'; allowed here: {KEYS}"]),
    "unknown column": (
        (*LONG, "columns: {datum: Day}"),
        [f"columns.datum: 'datum' is not allowed here; allowed: {COLUMNS}"],
    ),
    "columns without date": (
        (*LONG, "columns: {symbol: S, volume: V}"),
        ["columns: columns lacks date, close; only the columns named here are read"],
    ),
    "half a bar": (
        (*SINGLE, "columns: {date: D, high: H, close: C}"),
        ["columns: columns lacks open, low; only the columns named here are read"],
    ),
    "a header with two meanings": (
        (*SINGLE, "columns: {date: D, close: C, volume: C}"),
        ["columns.volume: 'C' is given as close already; a column has one meaning"],
    ),
    "return and adj_close": (
        (*SINGLE, "columns: {date: D, adj_close: C, return: R}"),
        ["columns.return: return and adj_close say the same; name one of the two"],
    ),
    "symbol in a single table": (
        (*SINGLE, "columns: {date: D, close: C, symbol: S}"),
        ["columns.symbol: a single table has one symbol, which of names; remove this column or take long"],
    ),
    "close in a wide table": (
        (*WIDE, "columns: {date: D, close: C}"),
        ["columns.close: a wide table has the column date and one for each symbol; see symbols"],
    ),
    "wide without values": (
        ("file: a.csv", "layout: wide", "adjustment: a"),
        ["layout wide needs values: what its cells are, one of close, adj_close, return"],
    ),
    "values of a long table": (
        (*LONG, "values: close"),
        ["values: values belongs to layout wide; a long table has a column for each value"],
    ),
    "single without of": (
        ("file: a.csv", "layout: single", "adjustment: a"),
        ["layout single needs of: the symbol whose prices the table holds"],
    ),
    "of in a long table": (
        (*LONG, "of: NVDA"),
        ["of: of belongs to layout single; a long table names its symbols itself"],
    ),
    "symbols of a single table": (
        (*SINGLE, "symbols: {SPY: X}"),
        ["symbols: layout single has one symbol, which of names; remove symbols"],
    ),
    "unknown symbol": (
        (*LONG, "symbols: {AMD: X}"),
        ["symbols.AMD: unknown security, benchmark or peer 'AMD'; allowed: NVDA, SPY"],
    ),
    "one name for two symbols": (
        (*LONG, "symbols: {NVDA: X, SPY: X}"),
        ["symbols.SPY: 'X' is given as NVDA already; a series is one symbol's"],
    ),
    "sheet of a csv": (
        (*LONG, "sheet: Daily"),
        ["sheet: a.csv has no sheets; sheet belongs to .xlsx and .xlsm"],
    ),
    "delimiter of a workbook": (
        ("file: a.xlsx", *LONG[1:], 'delimiter: ";"', "encoding: utf-8"),
        [
            "delimiter: a.xlsx is no text file; delimiter belongs to .csv, .tsv, .txt",
            "encoding: a.xlsx is no text file; encoding belongs to .csv, .tsv, .txt",
        ],
    ),
    "header of a Parquet file": (
        ("file: a.parquet", *LONG[1:], "header: 2"),
        ["header: a.parquet has named columns and no line of headers; remove header"],
    ),
    "a text file without a delimiter": (
        ("file: a.txt", *LONG[1:]),
        ['a.txt needs delimiter: what stands between two cells, e.g. "\\t" for a tab'],
    ),
    "unknown delimiter": (
        (*LONG, "delimiter: tab"),
        ["delimiter: 'tab' is not allowed here; allowed: ',', ';', '\\t' or '|'"],
    ),
    "unknown encoding": (
        (*LONG, "encoding: chinese-gb"),
        ["encoding: unknown encoding 'chinese-gb'; write e.g. utf-8, gb18030, big5, utf-16 or cp1252"],
    ),
    "a transformation of bytes": (
        (*LONG, "encoding: hex"),
        ["encoding: unknown encoding 'hex'; write e.g. utf-8, gb18030, big5, utf-16 or cp1252"],
    ),
    "unknown time zone": (
        (*LONG, "timezone: Mars/Olympus"),
        [
            "timezone: unknown time zone 'Mars/Olympus'; write UTC, a name such as Asia/Shanghai, or 'as written' "
            "where the date as it stands is the session"
        ],
    ),
    "a folder of time zones": (
        (*LONG, "timezone: America"),
        [
            "timezone: unknown time zone 'America'; write UTC, a name such as Asia/Shanghai, or 'as written' "
            "where the date as it stands is the session"
        ],
    ),
    "thousands as decimal": (
        (*LONG, 'thousands: "."'),
        ["thousands: thousands and decimal are both '.'; state which is which"],
    ),
    "percent of prices": (
        (*WIDE, "percent: true"),
        ["percent: percent says how returns are written, and none are read; remove it"],
    ),
    "an absolute path": (
        ("file: /tmp/a.csv", *LONG[1:]),
        ["file: '/tmp/a.csv' must be the name of a file inside the folder that --source names"],
    ),
    "a path outside": (
        ("file: prices/../../a.csv", *LONG[1:]),
        ["file: 'prices/../../a.csv' must be the name of a file inside the folder that --source names"],
    ),
    "the old format of Excel": (
        ("file: a.XLS", *LONG[1:]),
        ["file: 'a.XLS' is in Excel's old format, which is not read; save the workbook as .xlsx"],
    ),
    "another ending": (
        ("file: a.json", *LONG[1:]),
        [f"file: 'a.json' has an ending that is not known; allowed: {ENDINGS}"],
    ),
    "header 0": ((*LONG, "header: 0"), [f"header: '0' {LINES}"]),
    "a missing that is nothing": ((*LONG, "missing: [~]"), ["missing[0]: a text is expected here, not nothing"]),
}


@pytest.mark.parametrize("case", CASES)
def test_every_fault_is_told_with_its_key(case):
    lines, expected = CASES[case]
    found = faults(study(*lines))
    assert [line.split(": ", 1)[1].removeprefix("prices.files[0]").lstrip(".: ") for line in found] == expected


@pytest.mark.parametrize(
    "form", ["%d/%m", "%m/%Y", "%H:%M", "dd/mm/yyyy", "%Q%Y%m%d", "%Y-%m-%d %", "%Y%j%d%Q", "%s%%", "20%y"]
)
def test_formats_that_are_no_whole_dates(form):
    assert faults(study(*LONG, f'dates: "{form}"')) == [
        f"{LINE + 2}:14: prices.files[0].dates: {form!r} is not a format of whole dates; "
        "write e.g. %d/%m/%Y for 08/12/2025 or %Y%m%d for 20251208"
    ]


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%Y%m%d", "%d %b %y", "%Y-%m-%d %H:%M:%S", "%Y-%j", "%Y-%m-%dT%H:%M%z"])
def test_formats_that_are(form):
    assert parse_study(study(*LONG, f'dates: "{form}"')).prices.files[0].dates == form


def test_places_of_faults():
    text = study("file: a.csv", "layout: wide", "columns: {date: D, symbol: C}", "adjustment: as traded", "sheet: S")
    assert [line.split(": ")[0] for line in faults(text)] == [
        f"{LINE - 1}:7",
        f"{LINE + 1}:34",
        f"{LINE + 3}:14",
    ]


def test_two_files():
    text = study(*SINGLE) + (
        "    - {file: b.csv, layout: long, symbols: {NVDA: X}, adjustment: a}\n"
        "    - {file: a.csv, layout: single, of: SPY, adjustment: a}\n"
    )
    assert faults(text) == [
        f"{LINE + 3}:51: prices.files[1].symbols.NVDA: NVDA is read from files[0] already; "
        "a symbol comes from one file",
        f"{LINE + 4}:14: prices.files[2].file: a.csv is read by files[0] already; keep one",
    ]
    sheets = "    - {file: a.xlsx, sheet: %s, layout: single, of: %s, adjustment: a}\n"
    text = f"{SMALL}prices:\n  files:\n{sheets % ('N', 'NVDA')}{sheets % ('S', 'SPY')}"
    assert [table.sheet for table in parse_study(text).prices.files] == ["N", "S"]


def test_a_mean_of_peers_has_no_prices():
    text = study("file: a.csv", "layout: single", "of: MEAN", "adjustment: a").replace(
        "securities:\n",
        "  MEAN: {name: Mean, exchange: XNYS, currency: USD, scope: sector, members: [AMD]}\n"
        "peers:\n"
        "  AMD: {name: AMD, exchange: XNAS, board: nasdaq, currency: USD, touched: false}\n"
        "securities:\n",
        1,
    )
    assert faults(text) == [
        f"{LINE + 4}:11: prices.files[0].of: MEAN is a mean of peers and has no prices of its own; name its members"
    ]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (
            "first: 2026-01-16\n  last: 2024-03-15",
            "prices.last: the range of prices ends on 2024-03-15, before it begins on 2026-01-16",
        ),
        ("tolerance: 0", "prices.tolerance: '0' is not allowed: it must be greater than 0"),
        ("tolerance: 5", "prices.tolerance: '5' is not allowed: it must be less than 1"),
        ("first: 15.03.2024", "prices.first: '15.03.2024' is not a date; write it as 2025-12-08"),
        (
            "frist: 2024-03-15",
            "prices.frist: unknown key 'frist'; allowed here: first, last, tolerance, recorded, files, accept",
        ),
    ],
)
def test_the_range_and_the_tolerance(head, message):
    (fault,) = faults(f"{SMALL}prices:\n  {head}\n")
    assert fault.split(": ", 1)[1] == message


def test_files_are_not_opened(tmp_path):
    assert parse_study(study("file: nowhere.xlsx", *LONG[1:])).prices.files[0].file == "nowhere.xlsx"


def test_editors_know_the_section():
    schema = study_schema()
    prices = {"$ref": "#/$defs/Prices", "$defs": schema["$defs"]}
    validator = jsonschema.Draft202012Validator(prices)
    file = {"file": "a.csv", "layout": "long", "adjustment": "a", "symbols": {"NVDA": 1}, "missing": ["", -99]}
    assert list(validator.iter_errors({"first": "2024-03-15", "files": [file]})) == []
    for wrong in ({**file, "layout": "tall"}, {**file, "columns": {"datum": "D"}}, {"file": "a.csv"}):
        assert list(validator.iter_errors({"files": [wrong]}))
    assert Prices.model_fields.keys() == schema["$defs"]["Prices"]["properties"].keys()


def test_a_range_that_leaves_out_an_event_is_refused():
    event = parse_study(SMALL).tested[0]
    day = event.when.first.date()
    assert faults(f"{SMALL}prices:\n  first: 2099-01-01\n") == [
        f"{SMALL.count(chr(10)) + 2}:10: prices.first: prices begin on 2099-01-01, "
        f"after the event {event.id!r} of {day}; begin earlier"
    ]
    assert faults(f"{SMALL}prices:\n  last: 1999-01-01\n") == [
        f"{SMALL.count(chr(10)) + 2}:9: prices.last: prices end on 1999-01-01, before the event {event.id!r} of {day}; "
        "end later"
    ]


def test_a_vendor_that_is_none_is_told_with_its_place():
    text = SMALL.replace("    board: nasdaq\n", "    board: nasdaq\n    symbols: {Yahoo: X}\n", 1)
    (fault,) = faults(text)
    assert fault.endswith("symbols.Yahoo: there is no vendor 'Yahoo'; allowed: eastmoney, tencent, sina, yahoo")
