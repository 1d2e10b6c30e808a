"""The whole result of a study: its lists of records, as an object, as frames and as results.json."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Unpack

from pydantic import BaseModel, ConfigDict, Field

from eventstudy.display import Shown
from eventstudy.results.hard_cases import (
    AlternativeRecord,
    BreakRecord,
    DayPartRecord,
    EventGroupRecord,
    FirmDayRecord,
    IdentificationRecord,
    LadderRecord,
    LimitRecord,
)
from eventstudy.results.records import (
    ArRecord,
    BarRecord,
    CarPathRecord,
    CarRecord,
    ClaimRecord,
    DiagnosticRecord,
    EventDayRecord,
    ExclusionRecord,
    HeadlineRecord,
    JointRecord,
    LedgerRecord,
    ParamsRecord,
    PortfolioRecord,
    ProvenanceRecord,
    Record,
    SessionRecord,
)
from eventstudy.results.robustness import (
    CalibrationRecord,
    ContrastRecord,
    CounterfactualRecord,
    PlaceboDateRecord,
    PlaceboRecord,
    RecommendationRecord,
    SensitivityRecord,
    SingleFirmRecord,
    SpecificationRecord,
    SpecificationSummaryRecord,
)
from eventstudy.results.tables import table_of
from eventstudy.spec import ReturnKind, StudySpec
from eventstudy.tables import TableOptions
from eventstudy.windows import Window

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = "1.4"


class Lists(Record):
    """The lists of results.json, a record per number."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    sessions: tuple[SessionRecord, ...]
    ledger: tuple[LedgerRecord, ...]
    params: tuple[ParamsRecord, ...]
    ar: tuple[ArRecord, ...]
    car: tuple[CarRecord, ...]
    car_paths: tuple[CarPathRecord, ...]
    bars: tuple[BarRecord, ...]
    portfolio: tuple[PortfolioRecord, ...]
    joint: tuple[JointRecord, ...]
    event_days: tuple[EventDayRecord, ...]
    event_groups: tuple[EventGroupRecord, ...]
    headlines: tuple[HeadlineRecord, ...]
    limits: tuple[LimitRecord, ...]
    ladder: tuple[LadderRecord, ...]
    alternatives: tuple[AlternativeRecord, ...]
    breaks: tuple[BreakRecord, ...]
    day_parts: tuple[DayPartRecord, ...]
    firm_days: tuple[FirmDayRecord, ...]
    identification: tuple[IdentificationRecord, ...]
    placebos: Annotated[tuple[PlaceboRecord, ...], Field(alias="placebo")]
    placebo_dates: tuple[PlaceboDateRecord, ...]
    single_firm: tuple[SingleFirmRecord, ...]
    counterfactuals: tuple[CounterfactualRecord, ...]
    contrasts: tuple[ContrastRecord, ...]
    specifications: Annotated[tuple[SpecificationRecord, ...], Field(alias="specification_curve")]
    specification_summary: tuple[SpecificationSummaryRecord, ...]
    sensitivity: tuple[SensitivityRecord, ...]
    recommendations: tuple[RecommendationRecord, ...]
    calibration: tuple[CalibrationRecord, ...]
    diagnostics: tuple[DiagnosticRecord, ...]
    claims: tuple[ClaimRecord, ...]
    exclusions: tuple[ExclusionRecord, ...]
    provenance: tuple[ProvenanceRecord, ...]


FIELDS = {field.alias or name: name for name, field in Lists.model_fields.items()}
"""Name of each list in results.json to the attribute that holds it."""

LISTS = tuple(FIELDS)


_SHOWN = 5


class StudyResult(Shown, Lists):
    """Everything a study found; reading it computes nothing.

    Attributes
    ----------
    spec : StudySpec
        The specification that was run.
    sessions, params, ar, car, ..., provenance
        Tuples of flat records, as in results.json.
    """

    spec: StudySpec

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

    def to_dict(self) -> dict[str, Any]:
        """The content of results.json: plain lists of flat records, absent numbers left out."""
        lists = {
            name: [record.model_dump(mode="json", exclude_none=True) for record in self.records(name)] for name in LISTS
        }
        spec = self.spec
        head = StudyHeadRecord(
            id=spec.study.id,
            title=spec.study.title,
            returns=spec.returns,
            level=spec.level,
            confidence=spec.confidence,
        )
        return {"schema_version": SCHEMA_VERSION, "study": head.model_dump(), **lists}

    def to_json(self) -> str:
        """results.json as text; the same study gives the same bytes."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    def to_frame(self, name: str) -> pd.DataFrame:
        """One list of results.json as a fresh DataFrame, one row per record.

        Parameters
        ----------
        name : str
            One of `LISTS`, e.g. ``"car"``.

        Raises
        ------
        OptionError
            For any other name.
        """
        import pandas as pd

        records = self.records(name)
        columns = list(_record_class(name).model_fields)
        return pd.DataFrame([record.model_dump() for record in records], columns=columns)

    def records(self, name: str) -> tuple[Record, ...]:
        """One list of results.json as records; `OptionError` for a name that is not in `LISTS`."""
        from eventstudy.errors import OptionError

        if name not in LISTS:
            raise OptionError(f"there is no list {name!r} in the results; allowed: {', '.join(LISTS)}")
        found: tuple[Record, ...] = getattr(self, FIELDS[name])
        return found

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

        from eventstudy.errors import OptionError
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
            For an option or value that there is not, or without the extra ``tables``.
        """
        return table_of(self, what, "to_latex", options).latex()

    def to_html(self, what: str = "headlines", **options: Unpack[TableOptions]) -> str:
        """The table of `to_latex` in HTML, for a page."""
        return table_of(self, what, "to_html", options).html()

    def to_word(self, path: str | Path, what: str = "headlines", **options: Unpack[TableOptions]) -> Path:
        """Write the table of `to_latex` as a Word document, ``.docx``; gives its path."""
        return table_of(self, what, "to_word", options).word(path)

    def _of_headline(self, name: str, headline: str) -> pd.DataFrame:
        from eventstudy.errors import OptionError

        known = [one.id for one in self.spec.headlines]
        if headline not in known:
            raise OptionError(f"there is no headline {headline!r}; allowed: {', '.join(known)}")
        frame = self.to_frame(name)
        return frame[frame["id"] == headline].reset_index(drop=True)

    def summary(self, lang: Literal["en", "zh"] = "en") -> str:
        """The findings as Markdown text: headlines, tables, exclusions."""
        from eventstudy.summary import summary_text

        return summary_text(self, lang=lang)


def _record_class(name: str) -> type[BaseModel]:
    from typing import get_args

    record: type[BaseModel] = get_args(StudyResult.model_fields[FIELDS[name]].annotation)[0]
    return record


class StudyHeadRecord(Record):
    """Which study the results are of, what its returns are, and the shares that verdicts and intervals go by."""

    id: str
    title: str
    returns: ReturnKind
    level: float
    confidence: float


class ResultsDocument(Lists):
    """The layout of results.json, from which its JSON Schema is made."""

    schema_version: str
    study: StudyHeadRecord
