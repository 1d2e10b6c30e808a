"""The report folder of a study: one HTML page, a summary, the results as JSON and as CSV tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.errors import OptionError
from eventstudy.files import write_files
from eventstudy.texts import Lang, load_texts

if TYPE_CHECKING:
    from eventstudy.results import StudyResult

__all__ = ["write_report"]


def write_report(result: StudyResult, out: str | Path = "reports", *, lang: Lang = "en") -> Path:
    """Write ``report.html``, ``summary.md``, ``results.json`` and ``tables/*.csv`` of a study.

    Parameters
    ----------
    result : StudyResult
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
    from eventstudy.report.csvs import csv_files
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
