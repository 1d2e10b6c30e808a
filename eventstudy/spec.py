"""The specification of a study: every name that events.yaml may use, as frozen records.

The records say what a study is; reading a file and naming the place of a fault is `config`'s duty.
The JSON Schema that editors use is made from these same classes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from eventstudy.events import Moment, Month, parse_moment
from eventstudy.windows import Window

ModelName = Literal["market", "market_adjusted", "mean"]
TestName = Literal["portfolio_t", "mvrm_f"]
ReturnKind = Literal["simple", "log"]
Exchange = Literal["XNAS", "XNYS", "XSHG", "XSHE"]
Board = Literal["nasdaq", "nyse", "sse_main", "sse_star", "szse_main", "szse_chinext"]
Scope = Literal["broad", "sector", "board"]
Sign = Literal["positive", "negative", "unsigned"]
Role = Literal["tested", "confounder", "context"]
Significance = Literal["positive", "negative", "none"]
Measure = Literal[
    "open_price",
    "high_price",
    "low_price",
    "close_price",
    "open_return",
    "high_return",
    "low_return",
    "close_return",
    "close_over_issue",
    "opened_at_limit_down",
    "one_price",
    "abnormal_return",
]

EXCHANGE_BOARDS: Mapping[str, tuple[str, ...]] = {
    "XNAS": ("nasdaq",),
    "XNYS": ("nyse",),
    "XSHG": ("sse_main", "sse_star"),
    "XSHE": ("szse_main", "szse_chinext"),
}
ESTIMANDS: Mapping[str, str] = {"broad": "total", "sector": "relative", "board": "relative"}

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _iso_date(value: Any) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"{value!r} is not a date of the calendar ({error})") from None
    raise ValueError(f"{value!r} is not a date; write it as 2025-12-08")


def _moment(value: Any) -> Moment:
    if isinstance(value, str):
        return parse_moment(value)
    if isinstance(value, Moment):
        return value
    raise ValueError(f"{value!r} is not a moment; write it as text, e.g. 2025-12-08T17:56Z")


def _version(version: int) -> int:
    if version != 1:
        raise ValueError(f"version {version} is not known; this package reads version 1")
    return version


def _two_numbers(value: Any) -> Any:
    if isinstance(value, Window):
        return value
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError(f"a window is two whole numbers, first and last relative day, e.g. [-1, 1], not {value!r}")
    return tuple(value)


def _window(window: Window) -> Window:
    if window.first > window.last:
        raise ValueError(f"the window {window} ends before it begins; write [{window.last}, {window.first}]")
    return window


def _known(kind: str, *sections: str) -> Callable[[str, ValidationInfo], str]:
    """A check that a name is declared in one of the study's sections (given as validation context)."""

    def check(name: str, info: ValidationInfo) -> str:
        declared: Mapping[str, frozenset[str]] = info.context or {}
        allowed = frozenset[str]().union(*(declared.get(section, frozenset()) for section in sections))
        if info.context is not None and name not in allowed:
            raise ValueError(f"unknown {kind} {name!r}; allowed: {', '.join(sorted(allowed)) or 'none declared'}")
        return name

    return check


_SYMBOL_SCHEMA = {"type": ["string", "integer"], "description": "a symbol of this file"}
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
IsoDate = Annotated[date, BeforeValidator(_iso_date)]
WindowField = Annotated[
    Window,
    BeforeValidator(_two_numbers),
    AfterValidator(_window),
    WithJsonSchema({"type": "array", "prefixItems": [{"type": "integer"}] * 2, "minItems": 2, "maxItems": 2}),
]
MomentField = Annotated[
    Moment,
    PlainValidator(_moment),
    PlainSerializer(lambda moment: moment.text, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "description": "an instant, an interval (two instants joined by /), a day or a month",
            "examples": ["2025-12-08T17:56Z", "2025-12-08T21:00Z / 2025-12-09T00:30Z", "2025-12-08", "2025-12"],
        }
    ),
]
SecurityRef = Annotated[str, AfterValidator(_known("security", "securities")), WithJsonSchema(_SYMBOL_SCHEMA)]
BenchmarkRef = Annotated[str, AfterValidator(_known("benchmark", "benchmarks")), WithJsonSchema(_SYMBOL_SCHEMA)]
InstrumentRef = Annotated[
    str, AfterValidator(_known("security or benchmark", "securities", "benchmarks")), WithJsonSchema(_SYMBOL_SCHEMA)
]
SourceRef = Annotated[str, AfterValidator(_known("source", "sources"))]
EventRef = Annotated[str, AfterValidator(_known("event", "events"))]
GroupRef = Annotated[str, AfterValidator(_known("group", "groups"))]


class Record(BaseModel):
    """A frozen record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class StudyHead(Record):
    """What the study asks, in both languages."""

    id: Slug
    title: Text
    title_zh: Text | None = None
    question: Text
    question_zh: Text | None = None


class Source(Record):
    """A publication that a fact is taken from."""

    publisher: Text
    title: Text
    date: Text
    note: Text | None = None


class Dividend(Record):
    """A cash dividend in the security's own currency per share, by its ex-date."""

    ex_date: IsoDate
    amount: Annotated[FiniteFloat, Field(gt=0)]


class Suspension(Record):
    """A halt in trading known from a source, first and last day included."""

    first: IsoDate
    last: IsoDate
    source: Text

    @field_validator("last")
    @classmethod
    def _in_order(cls, last: date, info: ValidationInfo) -> date:
        first = info.data.get("first")
        if first is not None and last < first:
            raise ValueError(f"the suspension ends on {last}, before it begins on {first}")
        return last


class Instrument(Record):
    """Anything with a price: where it trades and what vendors call it."""

    name: Text
    name_zh: Text | None = None
    exchange: Exchange
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    symbols: dict[str, Annotated[str, WithJsonSchema(_SYMBOL_SCHEMA)]] = {}
    dividends: tuple[Dividend, ...] = ()
    suspensions: tuple[Suspension, ...] = ()


class Security(Instrument):
    """A share under study, its board, its listing and the benchmarks that it is held against.

    `benchmarks` are in order of preference: the first one gives the headline figures.
    """

    board: Board
    listed: IsoDate
    issue_price: Annotated[FiniteFloat, Field(gt=0)] | None = None
    benchmarks: Annotated[tuple[BenchmarkRef, ...], Field(min_length=1)]
    note: Text | None = None
    note_zh: Text | None = None

    @model_validator(mode="after")
    def _board_of_exchange(self) -> Security:
        allowed = EXCHANGE_BOARDS[self.exchange]
        if self.board not in allowed:
            raise ValueError(f"board {self.board!r} is not one of {self.exchange}; allowed: {', '.join(allowed)}")
        return self


class Benchmark(Instrument):
    """An index or fund; its scope says which effect an abnormal return against it measures."""

    scope: Scope

    @property
    def estimand(self) -> str:
        """``total`` for a broad market, ``relative`` for a sector or board that the news may move itself."""
        return ESTIMANDS[self.scope]


class Windows(Record):
    """Windows in sessions relative to day 0."""

    estimation: WindowField
    event: WindowField
    car: Annotated[tuple[WindowField, ...], Field(min_length=1)]
    min_estimation: Annotated[int, Field(ge=3)]

    @field_validator("event")
    @classmethod
    def _event_after_estimation(cls, event: Window, info: ValidationInfo) -> Window:
        estimation = info.data.get("estimation")
        if estimation is not None and estimation.last >= event.first:
            raise ValueError(
                f"the event window {event} overlaps or precedes the estimation window {estimation}; "
                f"let it begin after day {estimation.last}"
            )
        return event

    @field_validator("car")
    @classmethod
    def _car_inside_event(cls, car: tuple[Window, ...], info: ValidationInfo) -> tuple[Window, ...]:
        event = info.data.get("event")
        for index, window in enumerate(car):
            if event is not None and not event.covers(window):
                raise ValueError(f"the CAR window {window} is not inside the event window {event}")
            if window in car[:index]:
                raise ValueError(f"the CAR window {window} stands there twice")
        return car

    @field_validator("min_estimation")
    @classmethod
    def _enough_estimation(cls, least: int, info: ValidationInfo) -> int:
        estimation = info.data.get("estimation")
        if estimation is not None and least > estimation.size:
            raise ValueError(f"{least} observations cannot come from an estimation window of {estimation.size}")
        return least


class Group(Record):
    """Securities tested together; the members must share an exchange's sessions."""

    title: Text
    title_zh: Text | None = None
    securities: Annotated[tuple[SecurityRef, ...], Field(min_length=2)]


class Event(Record):
    """A dated fact: what happened, when, whom it touches, and which sign is expected there."""

    id: Slug
    title: Text
    title_zh: Text | None = None
    when: MomentField
    role: Role = "tested"
    securities: dict[SecurityRef, Sign] = {}
    exchanges: tuple[Exchange, ...] = ()
    why: Text | None = None
    why_zh: Text | None = None
    summary: Text | None = None
    summary_zh: Text | None = None
    note: Text | None = None
    note_zh: Text | None = None
    sources: Annotated[tuple[SourceRef, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _testable(self) -> Event:
        if self.role == "tested" and isinstance(self.when, Month):
            raise ValueError(f"event {self.id!r} is dated to a month and cannot be tested; give it role: context")
        if self.role == "tested" and not self.securities:
            raise ValueError(f"event {self.id!r} is tested but names no securities")
        if self.role == "confounder" and not (self.securities or self.exchanges):
            raise ValueError(f"confounder {self.id!r} names neither securities nor exchanges")
        return self


class EventSet(Record):
    """Steps of one piece of news that follow so closely that they are estimated jointly.

    All members share one estimation window, counted from `first_session`, and every session from
    `first_session` to `last_session` has its own dummy in one regression per security.
    """

    id: Slug
    title: Text
    title_zh: Text | None = None
    events: Annotated[tuple[EventRef, ...], Field(min_length=1)]
    first_session: IsoDate
    last_session: IsoDate
    labels: dict[IsoDate, Text] = {}
    labels_zh: dict[IsoDate, Text] = {}

    @field_validator("last_session")
    @classmethod
    def _in_order(cls, last: date, info: ValidationInfo) -> date:
        first = info.data.get("first_session")
        if first is not None and last < first:
            raise ValueError(f"last_session {last} is before first_session {first}")
        return last


class Headline(Record):
    """A figure that the report leads with: one CAR of a security or of a group."""

    id: Slug
    title: Text
    title_zh: Text | None = None
    event: EventRef
    security: SecurityRef | None = None
    group: GroupRef | None = None
    window: WindowField

    @model_validator(mode="after")
    def _one_subject(self) -> Headline:
        if (self.security is None) == (self.group is None):
            raise ValueError(f"headline {self.id!r} needs either a security or a group")
        return self


class Check(Record):
    """One comparison of a claim with the recorded figures.

    Returns are decimal, against the previous close (0.01 = 1 %).
    """

    security: InstrumentRef
    session: IsoDate
    measure: Measure
    at_least: FiniteFloat | None = None
    at_most: FiniteFloat | None = None
    equals: bool | None = None
    significant: Significance | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Check:
        bounds = self.at_least is not None or self.at_most is not None
        wanted = {
            "opened_at_limit_down": self.equals is not None,
            "one_price": self.equals is not None,
            "abnormal_return": self.significant is not None,
        }.get(self.measure, bounds)
        given = sum((bounds, self.equals is not None, self.significant is not None))
        if not wanted or given != 1:
            raise ValueError(
                f"measure {self.measure!r} needs exactly one of: at_least/at_most (prices, returns), "
                "equals (opened_at_limit_down, one_price), significant (abnormal_return)"
            )
        return self


class Claim(Record):
    """Something a source asserts about prices, and the checks that hold it against the record."""

    id: Slug
    claim: Text
    claim_zh: Text | None = None
    sources: Annotated[tuple[SourceRef, ...], Field(min_length=1)]
    checks: tuple[Check, ...] = ()
    untestable: Text | None = None
    untestable_zh: Text | None = None

    @model_validator(mode="after")
    def _checked_or_not(self) -> Claim:
        if bool(self.checks) == (self.untestable is not None):
            raise ValueError(f"claim {self.id!r} needs either checks or the reason why it is untestable")
        return self


class StudySpec(Record):
    """A whole study, as events.yaml states it."""

    version: Annotated[int, AfterValidator(_version), WithJsonSchema({"const": 1})]
    study: StudyHead
    returns: ReturnKind
    seed: Annotated[int, Field(ge=0)]
    confidence: Annotated[FiniteFloat, Field(gt=0.5, lt=1)] = 0.95
    overlays: dict[Exchange, Text] = {}
    windows: Windows
    models: Annotated[tuple[ModelName, ...], Field(min_length=1)]
    tests: tuple[TestName, ...] = ()
    sources: dict[str, Source]
    benchmarks: dict[str, Benchmark]
    securities: Annotated[dict[str, Security], Field(min_length=1)]
    groups: dict[str, Group] = {}
    events: Annotated[tuple[Event, ...], Field(min_length=1)]
    event_sets: tuple[EventSet, ...] = ()
    headlines: tuple[Headline, ...] = ()
    claims: tuple[Claim, ...] = ()

    @property
    def tested(self) -> tuple[Event, ...]:
        """The events whose abnormal returns are estimated."""
        return tuple(event for event in self.events if event.role == "tested")

    @property
    def instruments(self) -> dict[str, Instrument]:
        """Securities and benchmarks by symbol."""
        return {**self.securities, **self.benchmarks}

    def event(self, event_id: str) -> Event:
        """The event of that id; `KeyError` where there is none."""
        return {event.id: event for event in self.events}[event_id]

    def set_of(self, event_id: str) -> EventSet | None:
        """The event set that the event belongs to, or None where it stands alone."""
        return next((group for group in self.event_sets if event_id in group.events), None)
