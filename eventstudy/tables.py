"""Tables for LaTeX, HTML and Word: estimate, standard error, statistic, p, interval and n, by window."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

from eventstudy.errors import OptionError
from eventstudy.facts import Fact, entries_of, fact, say
from eventstudy.files import UNWRITABLE, writing
from eventstudy.options import keywords, one_of, path_of, shown

Kind = Literal["tests", "estimates", "means", "headlines"]
STARS = ((0.01, "***"), (0.05, "**"), (0.10, "*"))
"""Significance marks: the p below which each stands, smallest first."""

_COLUMNS = ("estimate", "std_error", "statistic", "df", "pvalue", "placebo_pvalue", "maxt_pvalue", "interval", "n")
_SMALLEST = 0.0001
_MINUS = "\N{MINUS SIGN}"
_ID = "eventstudy-table"
_LATEX = {
    **{mark: "\\" + mark for mark in "{}&%$#_"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    _MINUS: "$-$",
}


class TableOptions(TypedDict, total=False):
    """How a table is written.

    `lang` ("en", "zh") of headings and notes; `digits` (4) after the decimal mark of returns, up to 12; `decimal`
    mark (".", ","); `marks` ("none", "stars") of significance (`STARS`) beside the estimate, or the statistic where
    there is none; `title`, a text.
    """

    lang: Literal["en", "zh"]
    digits: int
    decimal: Literal[".", ","]
    marks: Literal["none", "stars"]
    title: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its group (a window), its label and its numbers by name, of which any may be missing.

    Names are estimate, std_error, statistic, df, pvalue, placebo_pvalue, maxt_pvalue, ci_low, ci_high, n; a `refusal`
    stands under the table.
    """

    group: str
    label: str
    numbers: Mapping[str, Any]
    refusal: Fact | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """What stands in a table, whatever it is written as; `kind` says whose p it holds, `level` that of intervals."""

    lines: tuple[Line, ...]
    kind: Kind
    level: float
    options: TableOptions

    @classmethod
    def of(cls, method: str, lines: Iterable[Line], kind: Kind, level: float, options: TableOptions) -> Table:
        """A table with options that are known and a row at least; else an `OptionError`."""
        keywords(f"{method}()", options, tuple(TableOptions.__annotations__))
        full: TableOptions = {"lang": "en", "digits": 4, "decimal": ".", "marks": "none", "title": None, **options}
        one_of("lang", full["lang"], ("en", "zh"))
        one_of("decimal", full["decimal"], (".", ","))
        one_of("marks", full["marks"], ("none", "stars"))
        one_of("digits", full["digits"], range(13))
        if not isinstance(full["title"], str | None):
            raise OptionError(fact("option.title", given=shown(full["title"])))
        rows = tuple(lines)
        if not rows:
            raise OptionError(fact("option.no_rows", what=f"{method}()"))
        return cls(rows, kind, level, full)

    def latex(self) -> str:
        """A ``tabular`` with the packages booktabs, makecell and threeparttable; a float where there is a title."""
        plain = {"tab_width": None, "first_row_addlinespace": None, "data_addlinespace": None, "data_align": "r"}
        return str(self._made(_latex).make("tex", tex_style=plain)) + "\n"

    def html(self) -> str:
        """A ``div`` with the table and its style."""
        made = str(self._made(str).make("gt", gt_style={"align": "right"}).as_raw_html())
        drawn = re.match(r'<div id="(\w+)"', made)
        return made.replace(drawn[1], _ID) if drawn else made

    def word(self, path: object) -> Path:
        """Write a document with the table; gives the path."""
        place = path_of("path", path)
        if place.suffix.lower() != ".docx":
            raise OptionError(fact("option.document", given=str(place)))
        document = self._made(str).make("docx")
        document.core_properties.author = document.core_properties.comments = ""
        with writing(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            document.save(str(place))
        return place

    def _made(self, escaped: Callable[[str], str]) -> Any:
        """The maketables table, every text of it escaped."""
        import pandas as pd
        from maketables import MTable

        columns, rows = self._cells()
        stub = [(_text(one.group, escaped), _text(one.label, escaped)) for one in self.lines]
        frame = pd.DataFrame(
            [[escaped(cell) for cell in row] for row in rows],
            index=pd.MultiIndex.from_tuples(stub, names=(None, None)),
            columns=[_text(self._say(name, level=100.0 * self.level), escaped) for name in columns],
        )
        title = self.options["title"]
        return MTable(
            frame,
            notes=_text(("" if self.options["lang"] == "zh" else " ").join(self._notes()), escaped),
            caption=None if title is None else _text(title, escaped),
        )

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        """The columns that some row fills, and the rows."""
        rows = [{name: self._cell(name, one.numbers) for name in _COLUMNS} for one in self.lines]
        columns = [name for name in _COLUMNS if any(row[name] for row in rows)]
        return columns, [[row[name] for name in columns] for row in rows]

    def _cell(self, name: str, numbers: Mapping[str, Any]) -> str:
        digits = self.options["digits"]
        if name == "interval":
            ends = [self._number(numbers.get(end), digits) for end in ("ci_low", "ci_high")]
            return f"[{ends[0]}{'; ' if self.options['decimal'] == ',' else ', '}{ends[1]}]" if all(ends) else ""
        value = numbers.get(name)
        if name == "df":
            parts = value if isinstance(value, tuple) else (value,)
            return ", ".join(filter(None, (self._number(part, None) for part in parts)))
        places = {"statistic": 3, "n": 0}.get(name, 4 if name.endswith("pvalue") else digits)
        if name.endswith("pvalue") and value is not None and value < _SMALLEST / 2:
            return "<" + self._number(_SMALLEST, places)
        marked = "statistic" if numbers.get("estimate") is None else "estimate"
        return self._number(value, places) + (self._mark(numbers) if name == marked else "")

    def _number(self, value: Any, places: int | None) -> str:
        if value is None or not math.isfinite(value):
            return ""
        text = f"{value:g}" if places is None else f"{value:.{places}f}"
        return text.replace("-", _MINUS).replace(".", self.options["decimal"])

    def _mark(self, numbers: Mapping[str, Any]) -> str:
        placebo = numbers.get("placebo_pvalue")
        decisive = numbers.get("pvalue") if placebo is None else placebo
        if self.options["marks"] == "none" or decisive is None:
            return ""
        return next((mark for below, mark in STARS if decisive < below), "")

    def _notes(self) -> Iterable[str]:
        yield self._say("units_of_tests" if self.kind == "tests" else "units")
        yield self._say(f"p_of_{self.kind}")
        if self.options["marks"] == "stars":
            yield self._say("stars")
            if self.kind == "headlines":
                yield self._say("stars_of_placebo")
        for one in self.lines:
            if one.refusal is not None:
                entries = entries_of(self.options["lang"])
                why = say(f"fact.{one.refusal.code}", one.refusal.values, entries).rstrip(".。")
                yield self._say("unavailable", name=f"{one.label} {one.group}", why=why)

    def _say(self, key: str, **values: Any) -> str:
        return say(f"table.{key}", values, entries_of(self.options["lang"]))


def numbers_of(found: Mapping[str, Any], estimate: str, n: str = "n") -> dict[str, Any]:
    """The numbers of a `Line` from a record whose estimate and n have names of their own."""
    return {**found, "estimate": found.get(estimate), "n": found.get(n)}


def _text(text: str, escaped: Callable[[str], str]) -> str:
    """One line that every format can hold."""
    return escaped(UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split())))


def _latex(text: str) -> str:
    """Text whose marks LaTeX prints; what would be an argument of the command before it stands in braces."""
    told = "".join(_LATEX.get(mark, mark) for mark in text)
    return f"{{{told[0]}}}{told[1:]}" if told.startswith(("[", "*")) else told
