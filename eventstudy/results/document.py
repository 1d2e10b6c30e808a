"""The whole result of a study: its lists of records, as an object, as frames and as results.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self, get_args

from pydantic import ConfigDict, Field

from eventstudy.errors import OptionError
from eventstudy.results.cross_sections import MeanRecord, TestRecord
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
from eventstudy.results.reading import read_document
from eventstudy.results.records import (
    ArRecord,
    BarRecord,
    CalendarRecord,
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
from eventstudy.spec import ReturnKind, StudySpec

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = "1.5"


class Lists(Record):
    """The lists of results.json, a record per number."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    sessions: tuple[SessionRecord, ...]
    calendar: tuple[CalendarRecord, ...]
    ledger: tuple[LedgerRecord, ...]
    params: tuple[ParamsRecord, ...]
    ar: tuple[ArRecord, ...]
    car: tuple[CarRecord, ...]
    car_paths: tuple[CarPathRecord, ...]
    bars: tuple[BarRecord, ...]
    portfolio: tuple[PortfolioRecord, ...]
    joint: tuple[JointRecord, ...]
    means: tuple[MeanRecord, ...]
    tests: tuple[TestRecord, ...]
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


class StudyHeadRecord(Record):
    """Which study the results are of, what its returns are, and the shares that verdicts and intervals go by."""

    id: str
    title: str
    returns: ReturnKind
    level: float
    confidence: float

    @classmethod
    def of(cls, spec: StudySpec) -> StudyHeadRecord:
        """The head of a study."""
        head = spec.study
        return cls(id=head.id, title=head.title, returns=spec.returns, level=spec.level, confidence=spec.confidence)


class Results(Lists):
    """The records of a study with the specification that was run: all that its page is made of."""

    spec: StudySpec

    def to_dict(self) -> dict[str, Any]:
        """The content of results.json: the study, and plain lists of flat records, absent numbers left out."""
        lists = {
            name: [record.model_dump(mode="json", exclude_none=True) for record in self.records(name)] for name in LISTS
        }
        return {
            "schema_version": SCHEMA_VERSION,
            "study": StudyHeadRecord.of(self.spec).model_dump(),
            "spec": self.spec.model_dump(mode="json", exclude_none=True),
            **lists,
        }

    def to_json(self) -> str:
        """results.json as text; the same study gives the same bytes."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Read a results.json that this version wrote; the result equals the one that wrote it.

        Parameters
        ----------
        source : str or Path
            The file; or its content, a text that begins with ``{`` or ``[``.

        Raises
        ------
        InputError
            In one sentence with the place of the first fault: no file, no JSON, another schema version, a list or a
            field that is missing, unknown or of another type, a name that the study does not hold.
        """
        spec, lists = read_document(source, Lists, SCHEMA_VERSION, lambda spec: StudyHeadRecord.of(spec).model_dump())
        return cls(spec=spec, **{name: getattr(lists, name) for name in FIELDS.values()})

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
        record: type[Record] = get_args(Lists.model_fields[FIELDS[name]].annotation)[0]
        return pd.DataFrame([one.model_dump() for one in records], columns=list(record.model_fields))

    def records(self, name: str) -> tuple[Record, ...]:
        """One list of results.json as records; `OptionError` for a name that is not in `LISTS`."""
        if name not in LISTS:
            raise OptionError(f"there is no list {name!r} in the results; allowed: {', '.join(LISTS)}")
        found: tuple[Record, ...] = getattr(self, FIELDS[name])
        return found


class ResultsDocument(Lists):
    """The layout of results.json, from which its JSON Schema is made."""

    schema_version: str
    study: StudyHeadRecord
    spec: StudySpec
