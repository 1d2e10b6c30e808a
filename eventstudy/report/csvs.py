"""Each list of results as a CSV file."""

from __future__ import annotations

import csv
import io
from typing import Any

from eventstudy.results import LISTS, StudyResult

JOIN = "; "


def csv_files(result: StudyResult) -> dict[str, bytes]:
    """``tables/<list>.csv`` for every list of results: UTF-8, LF, one row per record."""
    return {f"tables/{name}.csv": _csv(result, name).encode() for name in LISTS}


def _csv(result: StudyResult, name: str) -> str:
    frame = result.to_frame(name)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    for record in result.records(name):
        writer.writerow([cell(value) for value in record.model_dump().values()])
    return out.getvalue()


def cell(value: Any) -> str:
    """A value as it stands in a CSV file: floats with ten significant digits, lists joined by ``; ``, absence empty."""
    if isinstance(value, dict):
        return ", ".join(f"{key}={cell(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return JOIN.join(cell(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.10g}"
    return "" if value is None else str(value)
