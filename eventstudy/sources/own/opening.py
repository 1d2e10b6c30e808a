"""Files to grids: text, Excel and Parquet, each by its ending."""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

from eventstudy.distribution import lacks
from eventstudy.errors import Fault, OptionError
from eventstudy.sources.own.delimited import MAX_TABLE_BYTES, Dialect, TextTable, read_table
from eventstudy.sources.own.grids import Grid, plain, spread, unnamed, without_ends
from eventstudy.sources.own.workbooks import open_workbook

if TYPE_CHECKING:
    from eventstudy.spec import PriceFile


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
        return open_workbook(data, table, label)
    if table.is_a(PARQUET_ENDINGS):
        need("pyarrow", "parquet", table.file)
        grid, faults = _parquet(data, label)
        try:
            return (None if grid is None else without_ends(grid, table)), faults
        except ValueError as error:
            return None, (Fault(label, 1, 1, str(error)),)
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
    encoding = table.encoding or "utf-8"
    dialect = Dialect(delimiter, encoding, table.header, table.skip_after_header, table.skip_at_end)
    found, faults = read_table(data, file=label, dialect=dialect)
    return (None if found is None else _text_grid(found, label)), faults


def _text_grid(table: TextTable, label: str) -> Grid:
    rows = table.rows

    def column(row: int | None, index: int) -> int:
        return table.column(table.headers[-1] if row is None else rows[row], index)

    return Grid(
        file=label,
        names=spread([line.cells for line in table.headers]),
        lines=[row.number for row in rows],
        unit="line",
        top=table.headers[-1].number,
        cells=lambda index: [row.cells[index] for row in rows],
        column=column,
        named=unnamed,
        left=[(row.number, row.cells) for row in table.left],
    )


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
        names=tuple((name,) for name in header),
        lines=range(1, table.num_rows + 1),
        unit="row",
        top=1,
        cells=lambda index: [plain(cell) for cell in table.column(index).to_pylist()],
        column=lambda row, index: index + 1,
        named=lambda row, index: "" if row is None else f"column {header[index]!r}: ",
    )
    return grid, ()


def need(module: str, extra: str, file: str) -> None:
    """Refuse a file whose library is not installed, and name the extra that brings it."""
    if lacking := lacks(module, extra):
        raise OptionError(f"{file} needs {lacking}")
