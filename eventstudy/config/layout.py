"""Where the entries of a list or mapping stand in the text of a study file, comments and blank lines included."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_COMMENT = re.compile("( *)#")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text: positions of its first character, of its line break, and after the break."""

    start: int
    stop: int
    end: int


@dataclass(frozen=True, slots=True)
class Section:
    """A block list or block mapping.

    Attributes
    ----------
    column, inner : int
        Columns, from 0, of its dashes or keys, and of what stands inside an entry.
    starts : tuple of int
        For each entry the position where its first line begins; comment lines directly above an entry, indented no
        deeper than it, are its first lines.
    end : int
        Position after the last entry's last line; comment lines that follow it, indented deeper than the entry's dash
        or key, belong to it.
    spaced : bool or None
        Whether blank lines stand between most entries; None where there is one entry.
    flow : bool
        Whether the last entry's value is written in braces.
    """

    column: int
    inner: int
    starts: tuple[int, ...]
    end: int
    spaced: bool | None
    flow: bool


def line_break(text: str) -> str:
    """The line break that the text uses first; a line feed where it has none."""
    found = _BREAK.search(text)
    return found[0] if found else "\n"


def find_sections(text: str, names: Iterable[str]) -> dict[str, Section | None]:
    """Find top-level block lists and mappings of a study file that is known to be right.

    Parameters
    ----------
    text : str
        The file's text, without a byte order mark.
    names : iterable of str
        Keys of the top level that are there.

    Returns
    -------
    dict
        For each name its section; None where it, or the whole file, is written in brackets, or begins on the line of
        its key, so that no line can be put into it.
    """
    page = _Page(text, _lines(text), list(yaml.scan(text, Loader=yaml.SafeLoader)))
    values = top_level(text)
    return {name: page.section(values[name]) for name in names}


def top_level(text: str) -> dict[str, Any]:
    """The nodes of a study file's sections, by key."""
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    return {key.value: value for key, value in root.value}


def _lines(text: str) -> list[Line]:
    lines, start = [], 0
    for found in _BREAK.finditer(text):
        lines.append(Line(start, found.start(), found.end()))
        start = found.end()
    return [*lines, Line(start, len(text), len(text))]


@dataclass(frozen=True, slots=True)
class _Page:
    """A text with its lines and its YAML tokens."""

    text: str
    lines: Sequence[Line]
    tokens: Sequence[yaml.Token]

    def section(self, node: yaml.CollectionNode) -> Section | None:
        if node.flow_style:
            return None
        column = node.start_mark.column
        listed = isinstance(node, yaml.SequenceNode)
        entries = self._dashes(node) if listed else [key.start_mark.index for key, _ in node.value]
        if any(self.text[self.lines[self._number(entry)].start : entry].strip(" ") for entry in entries):
            return None
        values = node.value if listed else [value for _, value in node.value]
        floors = [self._content_end(0, entry) for entry in entries]
        starts = [self._first_line(entry, column, floor) for entry, floor in zip(entries, floors, strict=True)]
        gaps = [self._blank(*pair) for pair in zip(floors[1:], starts[1:], strict=True)]
        return Section(
            column=column,
            inner=_inner(column, values),
            starts=tuple(starts),
            end=self._last_line(self._content_end(entries[0], node.end_mark.index), column),
            spaced=2 * sum(gaps) >= len(gaps) if gaps else None,
            flow=bool(values[-1].flow_style),
        )

    def _dashes(self, node: yaml.CollectionNode) -> list[int]:
        inside = range(node.start_mark.index, node.end_mark.index)
        marks = [token.start_mark for token in self.tokens if isinstance(token, yaml.BlockEntryToken)]
        return [mark.index for mark in marks if mark.column == node.start_mark.column and mark.index in inside]

    def _number(self, index: int) -> int:
        return bisect_right(self.lines, index, key=lambda line: line.start) - 1

    def _content_end(self, first: int, last: int) -> int:
        """Position after the last character between two positions that is neither space nor comment."""
        ends = [
            token.end_mark.index
            for token in self.tokens
            if first <= token.start_mark.index < last and token.end_mark.index > token.start_mark.index
        ]
        return len(self.text[: max(ends, default=first)].rstrip())

    def _comment(self, line: Line) -> int | None:
        """The indentation of a line that is a comment and nothing else."""
        found = _COMMENT.match(self.text, line.start, line.stop)
        return len(found[1]) if found else None

    def _first_line(self, entry: int, column: int, floor: int) -> int:
        number = self._number(entry)
        while number and self.lines[number - 1].start >= floor:
            indent = self._comment(self.lines[number - 1])
            if indent is None or indent > column:
                break
            number -= 1
        return self.lines[number].start

    def _last_line(self, content_end: int, column: int) -> int:
        last = self._number(content_end - 1)
        for number in range(last + 1, len(self.lines)):
            line = self.lines[number]
            indent = self._comment(line)
            if indent is not None and indent > column:
                last = number
            elif self.text[line.start : line.stop].strip():
                break
        return self.lines[last].end

    def _blank(self, floor: int, start: int) -> bool:
        """Whether a blank line stands between the end of some content and the line that begins at `start`."""
        between = range(self._number(floor) + 1, self._number(start))
        return any(not self.text[self.lines[one].start : self.lines[one].stop].strip() for one in between)


def _inner(column: int, values: Sequence[yaml.CollectionNode]) -> int:
    """The column inside an entry: as the first entry that has lines of its own shows it, otherwise two further in."""
    blocks = (value.start_mark.column for value in values if not value.flow_style)
    return next(blocks, column + 2)
