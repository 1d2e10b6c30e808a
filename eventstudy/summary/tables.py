"""A table of display texts, before anybody decides whether it becomes Markdown, HTML or a terminal's lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Literal

from eventstudy.texts.names import Names

Align = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title and the side that its cells stand on."""

    title: str
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of display texts under their columns, with the notes that marks in the cells refer to."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class NoteBook:
    """Gives each flag of one table a letter, in order of appearance, and its sentence below the table."""

    names: Names
    _marks: dict[str, str] = field(default_factory=dict)

    def marks(self, flags: Sequence[str]) -> str:
        """The letters of some flags; empty where there are none."""
        for flag in flags:
            self._marks.setdefault(flag, _letters(len(self._marks)))
        return ", ".join(self._marks[flag] for flag in sorted(flags, key=list(self._marks).index))

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """Letter and sentence of every flag met so far."""
        return tuple((mark, self.names.flag(flag)) for flag, mark in self._marks.items())


def columns(names: Names, keys: Sequence[str], **values: object) -> tuple[Column, ...]:
    """Columns by their keys in the catalog (``column.<key>``); a key ending in ``>`` aligns right."""
    return tuple(
        Column(names.texts(f"column.{key.rstrip('>')}", **values), "right" if key.endswith(">") else "left")
        for key in keys
    )


def markdown(table: Table) -> str:
    """The table in Markdown, its notes in a line below."""
    rules = ["---:" if column.align == "right" else "---" for column in table.columns]
    cells = [[plain(cell) for cell in row] for row in ([column.title for column in table.columns], *table.rows)]
    cells.insert(1, rules)
    text = "\n".join(f"| {' | '.join(row)} |" for row in cells)
    notes = " ".join(f"({mark}) {plain(sentence)}" for mark, sentence in table.notes)
    return f"{text}\n\n{notes}" if notes else text


def plain(text: str) -> str:
    """Text that Markdown shows as it is: what would start a cell, a tag, a link, code or emphasis is escaped."""
    return re.sub(r"[\\`*|]|<(?=[A-Za-z/!?])|\](?=[(\[])", r"\\\g<0>", text).replace("\n", " ")


def _letters(place: int) -> str:
    head, tail = divmod(place, len(ascii_lowercase))
    return (_letters(head - 1) if head else "") + ascii_lowercase[tail]
