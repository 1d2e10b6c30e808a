"""The report folder of a study: one HTML page, a summary, the results as JSON and as CSV tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from eventstudy.errors import OptionError
from eventstudy.files import write_files
from eventstudy.results import LISTS, Results
from eventstudy.texts import Lang, load_texts

__all__ = ["write_report"]

JOIN = "; "


def write_report(result: Results, out: str | Path = "reports", *, lang: Lang = "en") -> Path:
    """Write ``report.html``, ``summary.md``, ``results.json`` and ``tables/*.csv`` of a study.

    Parameters
    ----------
    result : Results
        From `run_study`; nothing else is read, so the same result gives the same bytes.
    out : str or Path
        The folder that the study's own folder, named by its id, is put into.
    lang : str
        ``"en"`` or ``"zh"``: language of the page and the summary.

    Returns
    -------
    Path
        The study's folder.

    Raises
    ------
    OptionError
        For an unknown language, and where the folder cannot be written; then nothing new is left there.
    """
    from eventstudy.report.page import render_page
    from eventstudy.summary import summary_text

    load_texts(lang)
    folder = Path(out) / result.spec.study.id
    contents = {
        "report.html": render_page(result, lang).encode(),
        "summary.md": summary_text(result, lang=lang).encode(),
        "results.json": result.to_json().encode(),
        **csv_files(result),
    }
    try:
        write_files(folder, contents)
    except OSError as error:
        raise OptionError(
            f"the report cannot be written to {folder}: {error.filename or folder}: {error.strerror}; "
            "name another folder with --out"
        ) from None
    return folder


def csv_files(result: Results) -> dict[str, bytes]:
    """``tables/<list>.csv`` for every list of results: UTF-8, LF, one row per record."""
    return {f"tables/{name}.csv": _csv(result, name).encode() for name in LISTS}


def _csv(result: Results, name: str) -> str:
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
