"""What `run_study` gives: the records of a study, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from eventstudy.display import Shown
from eventstudy.errors import OptionError
from eventstudy.results import LISTS, Results
from eventstudy.results.tables import table_of
from eventstudy.tables import TableOptions
from eventstudy.windows import Window

if TYPE_CHECKING:
    import pandas as pd

    from eventstudy.texts import Lang

_SHOWN = 5


class StudyResult(Shown, Results):
    """Everything a study found; reading it computes nothing.

    Attributes
    ----------
    spec : StudySpec
        The specification that was run, its files by their names alone.
    sessions, params, ar, car, ..., provenance
        Tuples of flat records, as in results.json.
    """

    def about(self) -> str:
        heads = [f"  {one.subject} {Window(*one.window)}: {one.estimate:+.2%}" for one in self.headlines[:_SHOWN]]
        more = [f"  and {len(self.headlines) - _SHOWN} more"] if len(self.headlines) > _SHOWN else []
        lists = sum(bool(self.records(name)) for name in LISTS)
        return "\n".join(
            [
                f"StudyResult: {self.spec.study.title}",
                f"  {len(self.spec.securities)} securities, {len(self.spec.events)} events, {lists} lists of records",
                *heads,
                *more,
                '  .summary() tells the study, .to_frame("car") gives a list, es.write_report(result, FOLDER) the page',
            ]
        )

    def placebo(self, headline: str | None = None) -> pd.DataFrame:
        """Headlines among placebo dates: a row each; or, for one headline, its figure on every placebo date.

        Raises
        ------
        OptionError
            For a headline that the study has not.
        """
        if headline is None:
            return self.to_frame("placebo")
        return self._of_headline("placebo_dates", headline)

    def specification_curve(self, headline: str | None = None) -> pd.DataFrame:
        """Every specification, of all headlines or of one; errors as `placebo`."""
        name = "specification_curve"
        return self.to_frame(name) if headline is None else self._of_headline(name, headline)

    def calibrate(
        self,
        headline: str,
        *,
        draws: int = 2000,
        seed: int | None = None,
        tests: Collection[str] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> pd.DataFrame:
        """Size and detectable effect of tests, simulated for the design of a headline.

        Parameters
        ----------
        headline : str
            Its id. Its number of firms, days, residual correlation and tails are those in `recommendations`.
        draws : int
            Simulated panels, 100 or more.
        seed : int, optional
            Default that of the study.
        tests : collection of str, optional
            Names of `eventstudy.inference.TESTS`; all by default.
        progress : callable, optional
            Told the number of panels done after each chunk.

        Returns
        -------
        DataFrame
            A row per test: test, size, size_error, detectable (decimal return), misleads, draws, unavailable.

        Raises
        ------
        OptionError
            For a headline without a recommendation (``robustness="none"``), or an argument that is not allowed.
        """
        import pandas as pd

        from eventstudy.robustness import calibrate

        design = next((record for record in self.recommendations if record.id == headline), None)
        if design is None:
            known = ", ".join(record.id for record in self.recommendations)
            hint = f"allowed: {known}" if known else 'run the study with robustness="fast" or "full"'
            raise OptionError(f"there is no design of a headline {headline!r}; {hint}")
        found = calibrate(
            events=design.events,
            estimation=design.estimation,
            window=design.window_size,
            correlation=design.correlation or 0.0,
            tails=design.tails,
            draws=draws,
            seed=self.spec.seed if seed is None else seed,
            sigma=design.sigma,
            tests=tests,
            progress=progress,
        )
        columns = ("test", "size", "size_error", "detectable", "misleads", "draws", "unavailable")
        rows = [
            (row.test, row.size, row.size_error, row.detectable_return, row.misleads, row.draws, row.unavailable)
            for row in found.rows
        ]
        return pd.DataFrame(rows, columns=list(columns))

    def summary(self, lang: Lang = "en") -> str:
        """The findings as Markdown text: headlines, tables, exclusions."""
        from eventstudy.summary import summary_text

        return summary_text(self, lang=lang)

    def to_latex(self, what: str = "headlines", **options: Unpack[TableOptions]) -> str:
        """A table in LaTeX, with the packages booktabs, makecell and threeparttable.

        Parameters
        ----------
        what : {"headlines", "car", "ar", "portfolio", "event_groups"}
            The list that has a row each.
        **options
            See `eventstudy.tables.TableOptions`; the title is the study's where none is given.

        Raises
        ------
        OptionError
            For an option or value that there is not.
        """
        return table_of(self, what, "to_latex", options).latex()

    def to_html(self, what: str = "headlines", **options: Unpack[TableOptions]) -> str:
        """The table of `to_latex` in HTML, for a page."""
        return table_of(self, what, "to_html", options).html()

    def to_word(self, path: str | Path, what: str = "headlines", **options: Unpack[TableOptions]) -> Path:
        """Write the table of `to_latex` as a Word document, ``.docx``; gives its path."""
        return table_of(self, what, "to_word", options).word(path)

    def _of_headline(self, name: str, headline: str) -> pd.DataFrame:
        known = [one.id for one in self.spec.headlines]
        if headline not in known:
            raise OptionError(f"there is no headline {headline!r}; allowed: {', '.join(known)}")
        frame = self.to_frame(name)
        return frame[frame["id"] == headline].reset_index(drop=True)
