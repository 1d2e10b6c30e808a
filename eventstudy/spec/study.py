"""The study itself: windows, events, event sets, headlines, claims, and all of it together."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
    FiniteFloat,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from eventstudy.display import Shown
from eventstudy.events import Month
from eventstudy.spec.claims import Claim
from eventstudy.spec.fields import (
    EstimationLength,
    EventGroupRef,
    EventRef,
    Exchange,
    Gap,
    GroupRef,
    IsoDate,
    LimitDays,
    ModelChoices,
    ModelName,
    MomentField,
    PeerRef,
    RecommendedTest,
    Record,
    ReturnKind,
    Role,
    SecurityRef,
    Sign,
    Slug,
    SourceRef,
    TestChoices,
    Text,
    WidenField,
    WindowField,
    known_version,
    with_level,
)
from eventstudy.spec.instruments import Benchmark, Instrument, Peer, Security, Source, in_order
from eventstudy.spec.prices import Prices
from eventstudy.windows import Window

_SHOWN = 8

FEWEST_DRAWS = 100


class Titled(Record):
    """What has an id, and a title in one language or both."""

    id: Slug
    title: Text
    title_zh: Text | None = None


class StudyHead(Titled):
    """What the study asks, in both languages."""

    question: Text
    question_zh: Text | None = None


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


class Event(Titled):
    """A dated fact: what happened, when, whom it touches, and which sign is expected there."""

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


class EventSample(Titled):
    """Events taken together: each on each security that it touches is one observation, and means and tests are of all.

    Without `events` every tested event is one of them, without `securities` every security.
    """

    events: tuple[EventRef, ...] = ()
    securities: tuple[SecurityRef, ...] = ()


class EventSet(Titled):
    """Steps of one piece of news that follow so closely that they are estimated jointly.

    All members share one estimation window, counted from `first_session`, and every session from
    `first_session` to `last_session` has its own dummy in one regression per security.
    """

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


class EventGroup(Titled):
    """One piece of news that came in steps (a report, then its confirmation), oldest first.

    Its window runs, for each security, from the first session of the first step to that of the last.
    """

    steps: Annotated[tuple[EventRef, ...], Field(min_length=2)]


class Regime(Titled):
    """A period in which a security followed rules of its own, such as the terms of a pending deal.

    `securities` maps each security that is in the regime to the securities whose returns drive it there,
    beside its benchmark.
    """

    securities: Annotated[dict[SecurityRef, tuple[PeerRef, ...]], Field(min_length=1)]
    first: IsoDate
    last: IsoDate
    note: Text | None = None
    note_zh: Text | None = None
    sources: Annotated[tuple[SourceRef, ...], Field(min_length=1)]

    @field_validator("last")
    @classmethod
    def _in_order(cls, last: date, info: ValidationInfo) -> date:
        return in_order(last, info, "the regime")

    @field_validator("securities")
    @classmethod
    def _not_itself(cls, securities: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for symbol, drivers in securities.items():
            if symbol in drivers:
                raise ValueError(f"{symbol} cannot drive itself; name other securities, or write []")
        return securities


class Headline(Titled):
    """A figure that the report leads with: one CAR of a security or of a group.

    Either `event` and `window`, or `event_group`, whose own window is taken.
    """

    event: EventRef | None = None
    event_group: EventGroupRef | None = None
    security: SecurityRef | None = None
    group: GroupRef | None = None
    window: WindowField | None = None

    @model_validator(mode="after")
    def _one_figure(self) -> Headline:
        if (self.security is None) == (self.group is None):
            raise ValueError(f"headline {self.id!r} needs either a security or a group")
        if (self.event is None) == (self.event_group is None):
            raise ValueError(f"headline {self.id!r} needs either an event or an event_group")
        if (self.window is None) != (self.event is None):
            need = "needs a window" if self.window is None else "has the window of its event_group and takes no other"
            raise ValueError(f"headline {self.id!r} {need}")
        if self.event_group is not None and self.group is not None:
            raise ValueError(f"headline {self.id!r}: an event_group is told for a security, not for a group")
        return self


class Contrast(Titled):
    """A weighted sum of abnormal returns, e.g. Chinese chip makers less NVIDIA, on a piece of news or an event.

    Each security enters with its own window: that of the `event_group`, or day 0 of the `event`.
    """

    event: EventRef | None = None
    event_group: EventGroupRef | None = None
    weights: Annotated[dict[SecurityRef, FiniteFloat], Field(min_length=2)]

    @model_validator(mode="after")
    def _one_occasion(self) -> Contrast:
        if (self.event is None) == (self.event_group is None):
            raise ValueError(f"contrast {self.id!r} needs either an event or an event_group")
        return self


class Robustness(Record):
    """How far the study's own choices are varied and compared with other dates.

    `widen` adds sessions to a headline's window: how many before it and after it. `test` overrules the recommended one.
    """

    placebo_dates: Annotated[int, Field(ge=0, le=2000)] = 400
    curve_dates: Annotated[int, Field(ge=0, le=1000)] = 200
    models: Annotated[tuple[ModelName, ...], Field(min_length=1)] = ("market", "market_adjusted", "mean")
    estimation_lengths: Annotated[tuple[EstimationLength, ...], Field(min_length=1)] = (60, 110, 180)
    gaps: Annotated[tuple[Gap, ...], Field(min_length=1)] = (10, 20)
    widen: Annotated[tuple[WidenField, ...], Field(min_length=1)] = ((0, 0), (0, 1), (1, 0))
    returns: Annotated[tuple[ReturnKind, ...], Field(min_length=1)] = ("simple", "log")
    calibration_draws: Annotated[int, Field(ge=0, le=20000)] = 1000
    test: RecommendedTest | None = None

    @field_validator("calibration_draws")
    @classmethod
    def _enough_draws(cls, draws: int) -> int:
        if 0 < draws < FEWEST_DRAWS:
            raise ValueError(f"{draws} draws are too few; give {FEWEST_DRAWS} or more, or 0 for no simulated sizes")
        return draws


class StudySpec(Shown, Record):
    """A whole study, as events.yaml states it."""

    version: Annotated[int, AfterValidator(known_version), WithJsonSchema({"const": 1})]
    study: StudyHead
    returns: ReturnKind
    seed: Annotated[int, Field(ge=0)]
    confidence: Annotated[FiniteFloat, Field(gt=0.5, le=0.9999)] = 0.95
    level: Annotated[FiniteFloat, Field(ge=0.0001, lt=0.5)] = 0.05
    overlays: dict[Exchange, Text] = {}
    market_rules: Text | None = None
    limit_days: LimitDays = "keep"
    windows: Windows
    prices: Prices = Prices()
    models: Annotated[ModelChoices, Field(min_length=1)]
    tests: TestChoices = ()
    sources: dict[str, Source]
    benchmarks: dict[str, Benchmark]
    securities: Annotated[dict[str, Security], Field(min_length=1)]
    peers: dict[str, Peer] = {}
    groups: dict[str, Group] = {}
    samples: tuple[EventSample, ...] = ()
    regimes: tuple[Regime, ...] = ()
    events: Annotated[tuple[Event, ...], Field(min_length=1)]
    event_sets: tuple[EventSet, ...] = ()
    event_groups: tuple[EventGroup, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    robustness: Robustness = Robustness()
    headlines: tuple[Headline, ...] = ()
    claims: tuple[Claim, ...] = ()

    _one_level = model_validator(mode="before")(with_level)

    def about(self) -> str:
        events, windows = [event.id for event in self.events], self.windows
        listed = {"securities": list(self.securities), "benchmarks": list(self.benchmarks), "events": events}
        lines = [f"  {what}: {', '.join(ids[:_SHOWN])}{', ...' * (len(ids) > _SHOWN)}" for what, ids in listed.items()]
        spans = f"  estimation window {windows.estimation}, event window {windows.event}"
        return "\n".join([f"StudySpec: {self.study.title}", *lines, spans])

    @property
    def tested(self) -> tuple[Event, ...]:
        """The events whose abnormal returns are estimated."""
        return tuple(event for event in self.events if event.role == "tested")

    @property
    def model_names(self) -> tuple[str, ...]:
        """Names of the models, in order; the first one gives the headlines."""
        return tuple(choice.name for choice in self.models)

    @property
    def instruments(self) -> dict[str, Instrument]:
        """Everything that has prices of its own, by symbol: securities, benchmarks, peers."""
        priced = {symbol: one for symbol, one in self.benchmarks.items() if not one.members}
        return {**self.securities, **priced, **self.peers}

    def touched(self, symbol: str) -> bool:
        """Whether the events of the study may move a security, benchmark or peer.

        Securities are touched, peers as they say, a mean of peers where any of its members is; an index or
        fund holds shares that are.
        """
        if symbol in self.peers:
            return self.peers[symbol].touched
        members = self.benchmarks[symbol].members if symbol in self.benchmarks else ()
        return not members or any(self.touched(member) for member in members)

    def untouched_peers(self, symbol: str) -> tuple[str, ...]:
        """Peers of a security that the events of the study do not move."""
        return tuple(name for name in self.securities[symbol].peers if not self.touched(name))

    def event(self, event_id: str) -> Event:
        """The event of that id; `KeyError` where there is none."""
        return {event.id: event for event in self.events}[event_id]

    def event_group(self, group_id: str) -> EventGroup:
        """The piece of news of that id; `KeyError` where there is none."""
        return {group.id: group for group in self.event_groups}[group_id]

    def group_of(self, event_id: str) -> EventGroup | None:
        """The piece of news that the event is a step of, or None."""
        return next((group for group in self.event_groups if event_id in group.steps), None)

    def set_of(self, event_id: str) -> EventSet | None:
        """The event set that the event belongs to, or None where it stands alone."""
        return next((group for group in self.event_sets if event_id in group.events), None)
