"""Files of any program as a grid of cells that know their place: CSV, Excel, Parquet, and frames in memory."""

from __future__ import annotations

import difflib
import gzip
import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventstudy.csvtext import MAX_TABLE_BYTES, Dialect, TextTable, read_table
from eventstudy.errors import Fault, OptionError
from eventstudy.prices import PriceSeries
from eventstudy.sources.own.cells import ErrorCell, FormulaCell, PercentCell

if TYPE_CHECKING:
    import pandas as pd
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

    from eventstudy.spec import PriceFile

_NEAR = 0.6
_TELLING = 3
_ALIKE: tuple[Callable[[str, str], bool], ...] = (
    lambda other, own: other == own,
    lambda other, own: own.isdigit() and other.lstrip("0") == own.lstrip("0"),
    lambda other, own: own in other.split(),
    lambda other, own: len(own) >= _TELLING and own in other,
    lambda other, own: len(other) >= _TELLING and other in own,
)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A table whose columns may be called anything.

    Attributes
    ----------
    file : str
        The name that faults are told under.
    header : tuple of str
        The columns' names as they stand there; empty where one has none.
    lines : sequence of int
        Line or row number of each row, as the user counts.
    unit : str
        What such a number counts: ``line`` or ``row``.
    top : int
        Line of the header.
    cells : function of a column
        The column's cells, one a row: texts, numbers, dates; an empty text where there is nothing.
    column : function of a row (None for the header) and a column
        Column from 1, as the user counts.
    named : function of a row (None for the header) and a column
        Words before a fault that name the place where numbers do not.
    """

    file: str
    header: tuple[str, ...]
    lines: Sequence[int]
    unit: str
    top: int
    cells: Callable[[int], Sequence[object]]
    column: Callable[[int | None, int], int]
    named: Callable[[int | None, int], str]

    def fault(self, row: int | None, column: int, message: str) -> Fault:
        """Return a fault at a cell; ``row=None`` for the header."""
        line = self.top if row is None else self.lines[row]
        return Fault(self.file, line, self.column(row, column), self.named(row, column) + message)

    def beyond(self, message: str) -> Fault:
        """Return a fault of the header as a whole."""
        return Fault(self.file, self.top, 1, message)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What tables hold of a study's symbols.

    Attributes
    ----------
    series : mapping of str to PriceSeries
        The series without a fault, by symbol.
    files : mapping of str to str
        The file that a symbol stands in, with its sheet.
    tables : tuple of str
        The tables that were read.
    paths : frozenset of Path
        Their files.
    names : tuple of str
        What the tables call their symbols.
    faults : tuple of Fault
        Everything that is wrong.
    """

    series: Mapping[str, PriceSeries]
    files: Mapping[str, str]
    tables: tuple[str, ...]
    paths: frozenset[Path]
    names: tuple[str, ...]
    faults: tuple[Fault, ...]


NOTHING = Found({}, {}, (), frozenset(), (), ())


def closest(name: str, names: Sequence[str]) -> str | None:
    """The name that a mistaken one probably means: the same in another case, one that holds it, one spelt alike.

    Numbers are alike where only zeros in front differ, as in a spreadsheet that took 000001 for 1.
    """
    folded = name.casefold()
    for same in _ALIKE:
        if near := [other for other in names if other and same(other.casefold(), folded)]:
            return near[0]
    if name.isdigit():
        return None
    return next(iter(difflib.get_close_matches(name, names, n=1, cutoff=_NEAR)), None)


def open_grid(data: bytes, table: PriceFile, label: str) -> tuple[Grid | None, tuple[Fault, ...]]:
    """Read a file as a grid.

    Parameters
    ----------
    data : bytes
        The file's content.
    table : PriceFile
        Its name, whose ending says what it is, its sheet, line of the header, delimiter and encoding.
    label : str
        The name that faults are told under.

    Returns
    -------
    grid : Grid or None
        None where there is nothing to read.
    faults : tuple of Fault
        What is wrong with the file as a whole.

    Raises
    ------
    OptionError
        If a library that the file needs is not installed.
    """
    from eventstudy.spec.prices import EXCEL_ENDINGS, PARQUET_ENDINGS

    if len(data) > MAX_TABLE_BYTES:
        return None, (Fault(label, 1, 1, f"the file has {len(data):,} bytes; at most {MAX_TABLE_BYTES:,} are read"),)
    if table.is_a(EXCEL_ENDINGS):
        need("openpyxl", "excel", table.file)
        return _excel(data, table, label)
    if table.is_a(PARQUET_ENDINGS):
        need("pyarrow", "parquet", table.file)
        return _parquet(data, label)
    return _text(data, table, label)


def _text(data: bytes, table: PriceFile, label: str) -> tuple[Grid | None, tuple[Fault, ...]]:
    if table.file.lower().endswith(".gz"):
        try:
            data = gzip.GzipFile(fileobj=BytesIO(data)).read(MAX_TABLE_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            return None, (Fault(label, 1, 1, f"the file cannot be unpacked ({error}); pack it again with gzip"),)
        if len(data) > MAX_TABLE_BYTES:
            message = f"the file unpacks to more than {MAX_TABLE_BYTES:,} bytes, which is the most that are read"
            return None, (Fault(label, 1, 1, message),)
    delimiter = table.delimiter or ("\t" if table.is_a((".tsv",)) else ",")
    dialect = Dialect(delimiter, table.encoding or "utf-8", table.header)
    found, faults = read_table(data, file=label, dialect=dialect)
    return (None if found is None else _text_grid(found, label)), faults


def _text_grid(table: TextTable, label: str) -> Grid:
    rows = table.rows

    def column(row: int | None, index: int) -> int:
        return table.column(table.header if row is None else rows[row], index)

    return Grid(
        file=label,
        header=table.header.cells,
        lines=[row.number for row in rows],
        unit="line",
        top=table.header.number,
        cells=lambda index: [row.cells[index] for row in rows],
        column=column,
        named=_unnamed,
    )


def _unnamed(row: int | None, column: int) -> str:
    return ""


def _excel(data: bytes, table: PriceFile, label: str) -> tuple[Grid | None, tuple[Fault, ...]]:
    sheet = _sheet(data, table, label, results=True)
    if isinstance(sheet, Fault):
        return None, (sheet,)
    top, last = table.header, sheet.max_row
    while last > top and not any(cell.value is not None for cell in sheet[last]):
        last -= 1
    merged = [one for one in sheet.merged_cells.ranges if one.max_row >= top and one.min_row <= last]
    if merged:
        message = "{} are merged cells; give each cell its own value"
        return None, tuple(Fault(label, one.min_row, one.min_col, message.format(one.coord)) for one in merged)
    header = tuple(plain_name(cell.value) for cell in sheet[top])
    if not any(header):
        return None, (
            Fault(label, top, 1, f"row {top} is empty; state header: the row that the columns' names are in"),
        )
    every = {number: [_excel_cell(cell) for cell in sheet[number]] for number in range(top + 1, last + 1)}
    if not every:
        return None, (Fault(label, top + 1, 1, "there are no rows under the header; write one row a session"),)
    _put_formulas(every, lambda: _sheet(data, table, label, results=False))
    rows = {number: cells for number, cells in every.items() if any(cell != "" for cell in cells)}
    grid = Grid(
        file=label,
        header=header,
        lines=tuple(rows),
        unit="row",
        top=top,
        cells=lambda index: [cells[index] for cells in rows.values()],
        column=lambda row, index: index + 1,
        named=_unnamed,
    )
    return grid, tuple(Fault(label, number, 1, "the row is empty; remove it") for number in every if number not in rows)


def _sheet(data: bytes, table: PriceFile, label: str, *, results: bool) -> Worksheet | Fault:
    """The sheet that a table names, with the stored results of formulas or the formulas themselves."""
    from zipfile import BadZipFile

    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations, which are not read
            book = openpyxl.load_workbook(BytesIO(data), data_only=results)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        message = f"this is no workbook that can be read ({error}); save it as .xlsx, without a password"
        return Fault(label, 1, 1, message)
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if table.sheet is None and len(sheets) == 1:
        return next(iter(sheets.values()))
    if table.sheet in sheets:
        return sheets[table.sheet]
    wrong = "several sheets" if table.sheet is None else f"no sheet {table.sheet!r}"
    near = closest(table.sheet or "", list(sheets)) if table.sheet else None
    hint = f" (did you mean {near!r}?)" if near else ""
    return Fault(label, 1, 1, f"the workbook has {wrong}; state sheet as one of {', '.join(map(repr, sheets))}{hint}")


def _excel_cell(cell: Cell | MergedCell) -> object:
    value: Any = cell.value
    if value is None:
        return ""
    if cell.data_type == "e":
        return ErrorCell(value)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (int, float)) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
        return PercentCell(value)
    return value


def _put_formulas(rows: Mapping[int, list[object]], sheet: Callable[[], Worksheet | Fault]) -> None:
    """Put the formula where a cell is empty because its result is not stored."""
    empty = [(number, column) for number, cells in rows.items() for column, cell in enumerate(cells) if cell == ""]
    formulas = sheet() if empty else None
    if formulas is None or isinstance(formulas, Fault):
        return
    for number, column in empty:
        cell = formulas.cell(number, column + 1)
        if cell.data_type == "f":
            rows[number][column] = FormulaCell(cell.value)


def _parquet(data: bytes, label: str) -> tuple[Grid | None, tuple[Fault, ...]]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(pyarrow.BufferReader(data))
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        return None, (Fault(label, 1, 1, f"this is no Parquet file that can be read ({reason}); write it anew"),)
    if not table.num_rows:
        return None, (Fault(label, 1, 1, "there are no rows; write one row a session"),)
    header = tuple(table.column_names)
    grid = Grid(
        file=label,
        header=header,
        lines=range(1, table.num_rows + 1),
        unit="row",
        top=1,
        cells=lambda index: [_plain(cell) for cell in table.column(index).to_pylist()],
        column=lambda row, index: index + 1,
        named=lambda row, index: "" if row is None else f"column {header[index]!r}: ",
    )
    return grid, ()


def frame_grid(frame: pd.DataFrame) -> Grid:
    """A frame as a grid, its index as columns before the others unless it only counts; faults name label and column."""
    import pandas as pd

    labels = frame.index
    if not (isinstance(frame.index, pd.RangeIndex) and frame.index.name is None):
        levels = range(frame.index.nlevels)
        names = ["date" if name is None and len(levels) == 1 else name for name in frame.index.names]
        index = pd.concat([pd.Series(frame.index.get_level_values(level)) for level in levels], axis=1)
        index.columns = pd.Index(names)
        frame = pd.concat([index, frame.reset_index(drop=True)], axis=1)
    header = tuple(plain_name(name) for name in frame.columns)

    def cells(column: int) -> Sequence[object]:
        values = frame.iloc[:, column]
        return [_plain(cell) for cell in values.astype(object).where(values.notna(), None)]

    return Grid(
        file="frame",
        header=header,
        lines=range(1, len(frame) + 1),
        unit="row",
        top=1,
        cells=cells,
        column=lambda row, index: index + 1,
        named=lambda row, index: (
            "" if row is None else f"row label {str(labels[row]).removesuffix(' 00:00:00')}, column {header[index]!r}: "
        ),
    )


def _plain(cell: Any) -> object:
    """A typed cell; nothing and not-a-number as an empty text, texts trimmed, numpy's scalars as Python's."""
    if cell is None or (isinstance(cell, float) and cell != cell):
        return ""
    if isinstance(cell, str):
        return cell.strip()
    return cell.item() if type(cell).__module__ == "numpy" else cell


def plain_name(value: Any) -> str:
    """A header or symbol as text: 600000.0 of a spreadsheet is 600000."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def need(module: str, extra: str, file: str) -> None:
    """Refuse a file whose library is not installed, and name the extra that brings it."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise OptionError(f'{file} needs {module}; install it with: pip install "eventstudy-toolkit[{extra}]"')
