"""Sheets of Excel as grids of cells: dates, percentages, error values and formulas without a stored result."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from eventstudy.errors import Fault
from eventstudy.sources.own.cells import ErrorCell, FormulaCell, PercentCell
from eventstudy.sources.own.delimited import cut
from eventstudy.sources.own.grids import Grid, closest, first_filled, plain_name, spread, unnamed

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

    from eventstudy.spec import PriceFile


def open_workbook(data: bytes, table: PriceFile, label: str) -> tuple[Grid | None, tuple[Fault, ...]]:
    """Read a sheet as a grid; as `open_grid`.

    Cells may be merged where a name stands once over several columns, above the last heading row, and in rows that are
    not of the table.
    """
    sheet = _sheet(data, table, label, results=True)
    if isinstance(sheet, Fault):
        return None, (sheet,)
    tops, last = table.header, sheet.max_row
    while last > tops[-1] and not any(cell.value is not None for cell in sheet[last]):
        last -= 1
    headings = [tuple(plain_name(cell.value) for cell in sheet[top]) for top in tops]
    if empty := [top for top, names in zip(tops, headings, strict=True) if not any(names)]:
        message = "row {} is empty; state header: the row that the columns' names are in"
        return None, tuple(Fault(label, top, 1, message.format(top)) for top in empty)
    every = {number: [_excel_cell(cell) for cell in sheet[number]] for number in range(tops[-1] + 1, last + 1)}
    try:
        start, end = cut([first_filled(cells) for cells in every.values()], table.skip_after_header, table.skip_at_end)
    except ValueError as error:
        return None, (Fault(label, tops[-1], 1, str(error)),)
    numbers = list(every)
    kept = {number: every[number] for number in numbers[start:end]}
    while kept and not any(cell != "" for cell in kept[next(reversed(kept))]):
        kept.popitem()
    read = {tops[-1], *kept}
    merged = [one for one in sheet.merged_cells.ranges if read & set(range(one.min_row, one.max_row + 1))]
    if merged:
        message = "{} are merged cells; give each cell its own value"
        return None, tuple(Fault(label, one.min_row, one.min_col, message.format(one.coord)) for one in merged)
    if not kept:
        return None, (Fault(label, tops[-1] + 1, 1, "there are no rows under the header; write one row a session"),)
    _put_formulas(kept, lambda: _sheet(data, table, label, results=False))
    rows = {number: cells for number, cells in kept.items() if any(cell != "" for cell in cells)}
    grid = Grid(
        file=label,
        names=spread(headings),
        lines=tuple(rows),
        unit="row",
        top=tops[-1],
        cells=lambda index: [cells[index] for cells in rows.values()],
        column=lambda row, index: index + 1,
        named=unnamed,
        left=[(number, every[number]) for number in (*numbers[:start], *numbers[end:])],
    )
    return grid, tuple(Fault(label, number, 1, "the row is empty; remove it") for number in kept if number not in rows)


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
