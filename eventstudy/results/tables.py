"""The rows of a study's tables for LaTeX, HTML and Word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstudy.options import one_of
from eventstudy.results.records import Record
from eventstudy.tables import Kind, Line, Table, TableOptions, numbers_of
from eventstudy.windows import Window

if TYPE_CHECKING:
    from eventstudy.results.document import Results

_ESTIMATES = {
    "headlines": ("estimate", ("subject", "event_id")),
    "car": ("car", ("event_id", "security", "model", "benchmark")),
    "ar": ("ar", ("event_id", "security", "model", "benchmark")),
    "portfolio": ("aar_or_caar", ("event_id", "group", "model", "benchmark")),
    "event_groups": ("car", ("event_group", "security", "model", "benchmark")),
}
"""By list: the field of its estimate and those that name a row."""


def table_of(result: Results, what: str, method: str, options: TableOptions) -> Table:
    """A list of records as a table, by window or relative day; `OptionError` for a list without estimates."""
    one_of("what", what, _ESTIMATES)
    lines = sorted((_line(what, record) for record in result.records(what)), key=lambda pair: pair[0])
    told: TableOptions = {"title": result.spec.study.title, **options}
    kind: Kind = "headlines" if what == "headlines" else "estimates"
    return Table.of(method, [line for _, line in lines], kind, result.spec.confidence, told)


def _line(what: str, record: Record) -> tuple[Window, Line]:
    """A row and the window that it stands under."""
    found, (estimate, names) = record.model_dump(), _ESTIMATES[what]
    window = Window(*found["window"]) if "window" in found else Window(found["relative_day"], found["relative_day"])
    label = ", ".join(found[name] for name in names if found[name])
    return window, Line(str(window), label, numbers_of(found, estimate, "n_securities"))
