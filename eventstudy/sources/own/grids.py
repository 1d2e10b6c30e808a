"""Files of any program as a grid of cells that know their place: CSV, Excel, Parquet, and frames in memory."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventstudy.errors import Fault
from eventstudy.gate.tables import label
from eventstudy.prices import PriceSeries
from eventstudy.sources.own.delimited import cut

if TYPE_CHECKING:
    import pandas as pd

    from eventstudy.spec import PriceTable

_NEAR = 0.6
_NAMELESS = re.compile(r"(Unnamed: [0-9]+(_level_[0-9]+)?)?")
"""A header that is empty, or what pandas calls one that is."""
_WHOLE = re.compile(r"[0-9]+\.0")
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
    names : tuple of tuple of str
        The names of each column as they stand there, one a heading line; empty where it has none. A name of an upper
        line holds for the columns to its right that have none there.
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
    left : sequence of (line, cells)
        Rows that were said not to be of the table.
    """

    file: str
    names: tuple[tuple[str, ...], ...]
    lines: Sequence[int]
    unit: str
    top: int
    cells: Callable[[int], Sequence[object]]
    column: Callable[[int | None, int], int]
    named: Callable[[int | None, int], str]
    left: Sequence[tuple[int, Sequence[object]]] = ()

    @property
    def header(self) -> tuple[str, ...]:
        """The columns' names as a sentence shows them."""
        return tuple(" / ".join(dict.fromkeys(filter(None, names))) for names in self.names)

    @property
    def levels(self) -> int:
        """How many names a column has at most."""
        return max(map(len, self.names), default=0)

    def called(self, name: str) -> list[int]:
        """The columns of which a name is one; for the empty name those without any."""
        if name:
            return [index for index, names in enumerate(self.names) if name in names]
        return [index for index, names in enumerate(self.names) if all(map(_NAMELESS.fullmatch, names))]

    def fault(self, row: int | None, column: int, message: str, kind: str = "") -> Fault:
        """Return a fault at a cell, of a kind; ``row=None`` for the header."""
        line = self.top if row is None else self.lines[row]
        return Fault(self.file, line, self.column(row, column), self.named(row, column) + message, kind or message)

    def top_rows(self, more: int) -> list[int]:
        """The heading lines with some rows below them; none where the columns' names stand in no line."""
        return list(range(self.top, self.top + more + 1)) if self.lines and self.lines[0] == self.top + 1 else []

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


def spread(headings: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """The names of each column, those of upper lines carried to the right over cells without one."""
    *upper, last = headings
    carried = []
    for line in upper:
        name, names = "", []
        for cell in line:
            name = plain_name(cell) or name
            names.append(name)
        carried.append(names)
    return tuple(zip(*carried, map(plain_name, last), strict=True))


def unnamed(row: int | None, column: int) -> str:
    """No words before a fault: numbers name the place."""
    return ""


def first_filled(cells: Sequence[object]) -> str:
    """The first cell of a row that is not empty, as text."""
    return next((str(cell).strip() for cell in cells if cell != ""), "")


def frame_grid(frame: pd.DataFrame) -> Grid:
    """A frame as a grid, its index as columns before the others unless it only counts; faults name label and column.

    The levels of its columns are headings, each of which names a column.
    """
    import pandas as pd

    labels, levels = frame.index, frame.columns.nlevels
    columns: list[tuple[Any, ...]] = [name if levels > 1 else (name,) for name in frame.columns]  # type: ignore[misc]
    if not (isinstance(frame.index, pd.RangeIndex) and frame.index.name is None):
        depth = frame.index.nlevels
        index = [frame.index.get_level_values(level) for level in range(depth)]
        names = ["date" if name is None and depth == 1 else name for name in frame.index.names]
        columns = [*((name, *[None] * (levels - 1)) for name in names), *columns]
        parts = [pd.Series(level) for level in index]
        frame = pd.concat([*parts, frame.reset_index(drop=True)], axis=1)
    called = tuple(tuple(map(plain_name, name)) for name in columns)
    header = tuple(" / ".join(filter(None, names)) for names in called)

    def cells(column: int) -> Sequence[object]:
        values = frame.iloc[:, column]
        return [plain(cell) for cell in values.astype(object).where(values.notna(), None)]

    return Grid(
        file="frame",
        names=called,
        lines=range(1, len(frame) + 1),
        unit="row",
        top=1,
        cells=cells,
        column=lambda row, index: index + 1,
        named=lambda row, index: (
            "" if row is None else f"row label {str(labels[row]).removesuffix(' 00:00:00')}, column {header[index]!r}: "
        ),
    )


def without_ends(grid: Grid, table: PriceTable) -> Grid:
    """A table of typed cells without the rows that are said not to be of it.

    Raises
    ------
    ValueError
        With one sentence, where there are no such rows.
    """
    if not table.skip_after_header and not table.skip_at_end:
        return grid
    every = list(zip(*(grid.cells(index) for index in range(len(grid.names))), strict=True))
    start, end = cut([first_filled(cells) for cells in every], table.skip_after_header, table.skip_at_end)
    numbers = grid.lines
    return replace(
        grid,
        lines=numbers[start:end],
        cells=lambda index: grid.cells(index)[start:end],
        column=lambda row, index: grid.column(None if row is None else row + start, index),
        named=lambda row, index: grid.named(None if row is None else row + start, index),
        left=[(numbers[row], every[row]) for row in (*range(start), *range(end, len(every)))],
    )


def plain(cell: Any) -> object:
    """A typed cell; nothing and not-a-number as an empty text, texts trimmed, numpy's scalars as Python's."""
    if cell is None or (isinstance(cell, float) and cell != cell):
        return ""
    if isinstance(cell, str):
        return cell.strip()
    return cell.item() if type(cell).__module__ == "numpy" else cell


def plain_name(value: Any) -> str:
    """A header or symbol as text: 600000.0 of a spreadsheet is 600000, also where it came as a text."""
    if value is None:
        return ""
    text = label(value)
    return text.removesuffix(".0") if _WHOLE.fullmatch(text) else text
