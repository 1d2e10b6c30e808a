"""What an event study writes: a summary, files, tables for LaTeX, HTML and Word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack, cast

from eventstudy.display import Shown
from eventstudy.engine import exports
from eventstudy.engine.exports import Windows
from eventstudy.options import spelled
from eventstudy.tables import TableOptions

if TYPE_CHECKING:
    from eventstudy.engine.result import EventStudy

Listed = Literal["tests", "caar", "car"]


class Written(Shown):
    """The methods of `EventStudy` that write it down."""

    __slots__ = ()

    @property
    def _whole(self) -> EventStudy:
        return cast("EventStudy", self)

    @spelled
    def summary(self, window: tuple[int, int] = (0, 0)) -> str:
        """What was studied and found, as text."""
        return exports.summary(self._whole, window)

    def to_latex(self, window: Windows = (0, 0), *, what: Listed = "tests", **options: Unpack[TableOptions]) -> str:
        """A table in LaTeX, with the packages booktabs, makecell and threeparttable.

        Parameters
        ----------
        window : pair of int, or list of pairs
            First and last relative day.
        what : {"tests", "caar", "car"}
            A row for every test, for the mean of the events, or for each event.
        **options
            See `eventstudy.tables.TableOptions`.

        Raises
        ------
        OptionError
            For an option or value that there is not.
        """
        return exports.table_of(self._whole, what, window, "to_latex", options).latex()

    def to_html(self, window: Windows = (0, 0), *, what: Listed = "tests", **options: Unpack[TableOptions]) -> str:
        """The table of `to_latex` in HTML, for a page."""
        return exports.table_of(self._whole, what, window, "to_html", options).html()

    def to_word(
        self, path: str | Path, window: Windows = (0, 0), *, what: Listed = "tests", **options: Unpack[TableOptions]
    ) -> Path:
        """Write the table of `to_latex` as a Word document, ``.docx``; gives its path."""
        return exports.table_of(self._whole, what, window, "to_word", options).word(path)

    @spelled
    def to_csv(self, folder: str | Path, window: tuple[int, int] = (0, 0)) -> tuple[Path, ...]:
        """Write every table as CSV into a folder."""
        return exports.to_csv(self._whole, folder, window)

    @spelled
    def to_parquet(self, folder: str | Path, window: tuple[int, int] = (0, 0)) -> tuple[Path, ...]:
        """Write every table as Parquet into a folder."""
        return exports.to_parquet(self._whole, folder, window)

    @spelled
    def to_excel(self, path: str | Path, window: tuple[int, int] = (0, 0)) -> Path:
        """Write every table as a sheet of one workbook."""
        return exports.to_excel(self._whole, path, window)

    def about(self) -> str:
        return exports.about(self._whole)
