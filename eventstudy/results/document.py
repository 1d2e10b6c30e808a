"""The whole result of a study: its lists of records, as an object, as frames and as results.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

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
    ParamsRecord,
    PortfolioRecord,
    ProvenanceRecord,
    Record,
    SessionRecord,
)
from eventstudy.spec import StudySpec

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = "1.1"


class Lists(Record):
    """The lists of results.json, a record per number."""

    sessions: tuple[SessionRecord, ...]
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
    diagnostics: tuple[DiagnosticRecord, ...]
    claims: tuple[ClaimRecord, ...]
    exclusions: tuple[ExclusionRecord, ...]
    provenance: tuple[ProvenanceRecord, ...]


LISTS = tuple(Lists.model_fields)


class StudyResult(Lists):
    """Everything a study found; reading it computes nothing.

    Attributes
    ----------
    spec : StudySpec
        The specification that was run.
    sessions, params, ar, car, ..., provenance
        Tuples of flat records, as in results.json.
    """

    spec: StudySpec

    def to_dict(self) -> dict[str, Any]:
        """The content of results.json: plain lists of flat records, absent numbers left out."""
        lists = {
            name: [record.model_dump(mode="json", exclude_none=True) for record in getattr(self, name)]
            for name in LISTS
        }
        head = {"id": self.spec.study.id, "title": self.spec.study.title, "returns": self.spec.returns}
        return {"schema_version": SCHEMA_VERSION, "study": head, **lists}

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

        from eventstudy.errors import OptionError

        if name not in LISTS:
            raise OptionError(f"there is no list {name!r} in the results; allowed: {', '.join(LISTS)}")
        records = getattr(self, name)
        columns = list(_record_class(name).model_fields)
        return pd.DataFrame([record.model_dump() for record in records], columns=columns)

    def summary(self, lang: Literal["en", "zh"] = "en") -> str:
        """The findings as Markdown text: headlines, tables, exclusions."""
        from eventstudy.summary import summary_text

        return summary_text(self, lang=lang)


def _record_class(name: str) -> type[BaseModel]:
    from typing import get_args

    record: type[BaseModel] = get_args(StudyResult.model_fields[name].annotation)[0]
    return record


class ResultsDocument(Lists):
    """The layout of results.json, from which its JSON Schema is made."""

    schema_version: str
    study: dict[str, str]
