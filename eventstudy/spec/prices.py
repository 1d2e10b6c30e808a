"""Where a study's prices come from and how the user's own tables are to be read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    FiniteFloat,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from eventstudy.csvtext import AS_WRITTEN
from eventstudy.gate.days import whole_date
from eventstudy.spec.fields import InstrumentRef, IsoDate, Record, Text
from eventstudy.spec.instruments import in_order

TableLayout = Literal["long", "wide", "single"]
RowOrder = Literal["oldest_first", "newest_first"]
WideValues = Literal["close", "adj_close", "return"]
TableColumn = Literal["date", "symbol", "open", "high", "low", "close", "adj_close", "volume", "return"]

TEXT_ENDINGS = (".csv", ".tsv", ".txt")
EXCEL_ENDINGS = (".xlsx", ".xlsm")
PARQUET_ENDINGS = (".parquet",)
_ENDINGS = (*TEXT_ENDINGS, *(f"{one}.gz" for one in TEXT_ENDINGS), *PARQUET_ENDINGS, *EXCEL_ENDINGS)
MAX_HEADERS = 4
MAX_LINE = 1000
_BAR = ("open", "high", "low")

Conflict = tuple[tuple[str | int, ...], str]


def _zone(name: str) -> str:
    if name != AS_WRITTEN:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(
                f"unknown time zone {name!r}; write UTC, a name such as Asia/Shanghai, or {AS_WRITTEN!r} "
                "where the date as it stands is the session"
            ) from None
    return name


def _encoding(name: str) -> str:
    try:
        b"a".decode(name, "replace")
    except LookupError:
        raise ValueError(f"unknown encoding {name!r}; write e.g. utf-8, gb18030, big5, utf-16 or cp1252") from None
    return codecs.lookup(name).name


def _date_format(form: str) -> str:
    if not whole_date(form):
        raise ValueError(
            f"{form!r} is not a format of whole dates; write e.g. %d/%m/%Y for 08/12/2025 or %Y%m%d for 20251208"
        )
    return form


def _relative(path: str) -> str:
    parts = re.split(r"[/\\]", path)
    if ".." in parts or path.startswith(("/", "\\", "~")) or ":" in path:
        raise ValueError(f"{path!r} must be the name of a file inside the folder that --source names")
    if path.lower().endswith(".xls"):
        raise ValueError(f"{path!r} is in Excel's old format, which is not read; save the workbook as .xlsx")
    if not path.lower().endswith(_ENDINGS):
        raise ValueError(f"{path!r} has an ending that is not known; allowed: {', '.join(_ENDINGS)}")
    return path


def _lines(value: object) -> tuple[int, ...]:
    """Heading lines: one, or several in ascending order."""
    given = value if isinstance(value, (list, tuple)) else [value]
    lines = tuple(one for one in map(_whole, given) if one is not None and 1 <= one <= MAX_LINE)
    if not 1 <= len(given) <= MAX_HEADERS or len(lines) != len(given) or sorted(set(lines)) != list(lines):
        raise ValueError(
            f"{_shown(value)} is not allowed; write the line of the columns' names from 1, or up to {MAX_HEADERS} "
            "lines in ascending order: [4, 6]"
        )
    return lines


def _skip(value: object) -> int | tuple[str, ...]:
    """Rows that are not of the table: how many, or what they begin with."""
    if (count := _whole(value)) is not None and 0 <= count <= MAX_LINE:
        return count
    texts = [value] if isinstance(value, str) else value
    if count is None and isinstance(texts, (list, tuple)) and texts:
        words = [one.strip() for one in texts if isinstance(one, str)]
        if len(words) == len(texts) and all(words):
            return tuple(words)
    raise ValueError(f"{_shown(value)} is not allowed; write how many rows, or the text with which they begin")


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch("-?[0-9]{1,6}", value.strip()):
        return int(value)
    return value if isinstance(value, int) else None


def _shown(value: object) -> str:
    return repr(list(value)) if isinstance(value, tuple) else repr(value)


def _sign(text: str) -> str:
    if re.search(r"[0-9.,+\-'%]", text):
        raise ValueError(f"{text!r} is no currency sign; write what stands beside the numbers, e.g. $, HK$, £, € or 元")
    return text


Written = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    WithJsonSchema({"type": ["string", "integer"], "description": "as the file writes it"}),
]
Header = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=200),
    WithJsonSchema({"type": ["string", "integer"], "description": "as the file writes it; empty for no name"}),
]
HeaderLines = Annotated[
    tuple[int, ...],
    BeforeValidator(_lines),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MAX_LINE},
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 1, "maximum": MAX_LINE},
                    "minItems": 1,
                    "maxItems": MAX_HEADERS,
                },
            ]
        }
    ),
]
SkippedRows = Annotated[
    int | tuple[str, ...],
    BeforeValidator(_skip),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": MAX_LINE},
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            ]
        }
    ),
]
Sign = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=6), AfterValidator(_sign)]
Missing = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=40), WithJsonSchema({"type": ["string", "number"]})
]
DateFormat = Annotated[str, StringConstraints(min_length=2, max_length=60), AfterValidator(_date_format)]
Zone = Annotated[str, AfterValidator(_zone)]


class PriceTable(Record):
    """How a table of prices is to be read: its shape, what its columns are called, how its cells are written.

    `columns` maps the names used here to the headers of the table; without it the headers are these names. `values`
    are the cells of a wide table, `of` is the symbol of a single one. `symbols` maps symbols of the study to what the
    table calls them. Cells listed in `missing` mean that there was no trade. `negative` says what a negative close
    is: in CRSP files the average of bid and ask of a day without a trade. `skip_after_header` and `skip_at_end` are
    rows that are not of the table: how many, or what they begin with. `currency` is the sign that stands beside
    prices, `short_volumes` says that volumes are written as 1.2M. A wide table has a column for each symbol, whose
    cells are `values`, or, under several headings, one for each symbol and each of `columns`.
    """

    layout: TableLayout
    of: InstrumentRef | None = None
    values: WideValues | None = None
    columns: dict[TableColumn, Header] = {}
    symbols: dict[InstrumentRef, Written] = {}
    dates: DateFormat | None = None
    timezone: Zone | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", "'", " "] | None = None
    percent: bool = False
    currency: Sign | None = None
    short_volumes: bool = False
    missing: tuple[Missing, ...] = ()
    negative: Literal["bid_ask_average"] | None = None
    order: RowOrder = "oldest_first"
    skip_after_header: SkippedRows = 0
    skip_at_end: SkippedRows = 0
    adjustment: Text | None = None
    vendor: Text | None = None

    @property
    def crossed(self) -> bool:
        """Whether a wide table has a column for each symbol and field."""
        return self.layout == "wide" and self.values is None and bool(set(self.columns) - {"date", "symbol"})

    @property
    def read(self) -> set[str]:
        """House names of what is said to be read; empty where the headers say it."""
        return {*((self.values,) if self.values is not None else self.columns)} - {"date"}


class PriceFile(PriceTable):
    """A file of the user's own, in the folder that ``--source`` names; `adjustment` says what its prices are."""

    file: Annotated[Text, AfterValidator(_relative)]
    adjustment: Text
    adjustment_zh: Text | None = None
    sheet: Annotated[str, StringConstraints(min_length=1, max_length=31)] | None = None
    header: HeaderLines = (1,)
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None

    def is_a(self, endings: tuple[str, ...]) -> bool:
        """Whether the file's name has one of these endings; ``.gz`` does not count."""
        return self.file.lower().removesuffix(".gz").endswith(endings)


class Prices(Record):
    """Where prices come from: the range and tolerance of downloads, the study's recordings, and the user's own files.

    `tolerance` is the largest relative difference of two vendors' closes (0.005 = 0.5 %). `recorded` is the folder of
    the study's own recordings, relative to the study file; they come before the package's. `accept` vouches for units
    that look wrong.
    """

    first: IsoDate | None = None
    last: IsoDate | None = None
    tolerance: Annotated[FiniteFloat, Field(gt=0, lt=1)] = 0.005
    recorded: Text | None = None
    files: tuple[PriceFile, ...] = ()
    accept: tuple[Literal["scale"], ...] = ()

    @field_validator("last")
    @classmethod
    def _in_order(cls, last: date | None, info: ValidationInfo) -> date | None:
        return None if last is None else in_order(last, info, "the range of prices")


def table_conflicts(table: PriceTable) -> Iterator[Conflict]:
    """What is wrong between the fields of a table, each as the path of its entry and a sentence."""
    yield from _by_layout(table)
    yield from _columns(table)
    if table.thousands == table.decimal:
        yield ("thousands",), f"thousands and decimal are both {table.decimal!r}; state which is which"
    read = table.read
    if table.percent and read and "return" not in read:
        yield ("percent",), "percent says how returns are written, and none are read; remove it"
    if table.short_volumes and read and "volume" not in read:
        yield ("short_volumes",), "short_volumes says how volumes are written, and none are read; remove it"
    if table.currency is not None and read and not read - {"volume", "return"}:
        yield ("currency",), "currency says what stands beside prices, and none are read; remove it"
    named: dict[str, str] = {}
    for symbol, written in table.symbols.items():
        if written in named:
            yield ("symbols", symbol), f"{written!r} is given as {named[written]} already; a series is one symbol's"
        named.setdefault(written, symbol)
    if isinstance(table, PriceFile):
        yield from _by_ending(table)


def _by_layout(table: PriceTable) -> Iterator[Conflict]:
    layout = table.layout
    if layout == "single" and table.of is None:
        yield (), "layout single needs of: the symbol whose prices the table holds"
    if layout != "single" and table.of is not None:
        yield ("of",), f"of belongs to layout single; a {layout} table names its symbols itself"
    if layout == "single" and table.symbols:
        yield ("symbols",), "layout single has one symbol, which of names; remove symbols"
    if layout == "wide" and table.values is None and not table.crossed:
        yield (), "layout wide needs values: what its cells are, one of close, adj_close, return"
    if layout != "wide" and table.values is not None:
        yield ("values",), f"values belongs to layout wide; a {layout} table has a column for each value"


def _columns(table: PriceTable) -> Iterator[Conflict]:
    names: set[str] = set(table.columns)
    yield from _headers(table)
    if names and (table.layout != "wide" or table.crossed):
        needed = ("date", "symbol") if table.layout == "long" else ("date",)
        if missing := lacking(names, needed):
            yield ("columns",), f"columns lacks {', '.join(missing)}; only the columns named here are read"
    if {"return", "adj_close"} <= names:
        yield ("columns", "return"), "return and adj_close say the same; name one of the two"


def _headers(table: PriceTable) -> Iterator[Conflict]:
    names: set[str] = set(table.columns)
    if table.layout == "wide":
        for name in sorted(names & {"symbol"} if table.crossed else names - {"date"}):
            yield ("columns", name), "a wide table has the column date and one for each symbol; see symbols"
        if table.crossed and isinstance(table, PriceFile) and len(table.header) == 1:
            yield (
                ("columns",),
                "a wide table has the column date and one for each symbol, of which values says what they are; "
                "if it has one for each symbol and field, state both lines of names: header: [4, 6]",
            )
    elif "symbol" in names and table.layout == "single":
        yield ("columns", "symbol"), "a single table has one symbol, which of names; remove this column or take long"
    headers: dict[str, str] = {}
    for name, header in table.columns.items():
        if not header and name != "date":
            yield ("columns", name), "only the column of the dates may be without a name; write the column's name"
        if header in headers:
            yield ("columns", name), f"{header!r} is given as {headers[header]} already; a column has one meaning"
        headers.setdefault(header, name)


def lacking(names: set[str], needed: tuple[str, ...]) -> list[str]:
    """House names of columns that a long or single table needs and that are not among `names`."""
    missing = [name for name in needed if name not in names]
    if names & set(_BAR):
        return [*missing, *(name for name in (*_BAR, "close") if name not in names)]
    return missing if names & {"close", "adj_close", "return"} else [*missing, "close"]


def _by_ending(table: PriceFile) -> Iterator[Conflict]:
    excel, text = table.is_a(EXCEL_ENDINGS), table.is_a(TEXT_ENDINGS)
    if table.sheet is not None and not excel:
        yield ("sheet",), f"{table.file} has no sheets; sheet belongs to .xlsx and .xlsm"
    for name in ("delimiter", "encoding"):
        if getattr(table, name) is not None and not text:
            yield (name,), f"{table.file} is no text file; {name} belongs to {', '.join(TEXT_ENDINGS)}"
    if table.header != (1,) and table.is_a(PARQUET_ENDINGS):
        yield ("header",), f"{table.file} has named columns and no line of headers; remove header"
    if table.is_a((".txt",)) and table.delimiter is None:
        yield (), f'{table.file} needs delimiter: what stands between two cells, e.g. "\\t" for a tab'
