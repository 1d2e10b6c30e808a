"""The records of a study's estimates, tests and sources.

A number that cannot be had is absent from its record (None), and its reason stands in `exclusions`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, FiniteFloat, WithJsonSchema

from eventstudy.facts import Fact, told
from eventstudy.spec import Role, Sign
from eventstudy.windows import Window

Number = FiniteFloat | None
WindowPair = Annotated[
    Window,
    WithJsonSchema({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}),
]
Estimand = Literal["total", "relative", "none"]
Verdict = Literal["supported", "not supported", "cannot be tested"]
SESSIONS_AROUND = 3
"""Sessions before and after the days of events that a reader is shown, and that `calendar` holds."""


def _plain(value: Any) -> Any:
    """A value as a fact has it: lists of a file are tuples again."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("a finite number is expected")
    return value


Values = Annotated[dict[str, Any], AfterValidator(_plain)]
Moment = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]


class Record(BaseModel):
    """A frozen record of results.json; unknown fields and numbers that are not finite are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FactRecord(Record):
    """A fact in results.json: the code of a sentence of the catalogs, ``fact.<code>``, and the values that it shows."""

    code: str
    values: Values

    @classmethod
    def of(cls, fact: Fact) -> FactRecord:
        """The record of a fact."""
        return cls(code=fact.code, values=dict(fact.values))


class SessionRecord(Record):
    """The first session in which an event could move a security: day 0; `time_zone` is the exchange's."""

    event_id: str
    security: str
    exchange: str
    time_zone: str
    session: date
    session_last: date
    partial: bool
    precision: Literal["instant", "interval", "day"]
    reason: str
    detail: str
    facts: tuple[FactRecord, ...]
    role: Role
    expected: Sign | None = None


class CalendarRecord(Record):
    """A session of an exchange, in UTC: every one inside an event window, around an event set or news in steps."""

    exchange: str
    session: date
    opens: Moment
    closes: Moment
    break_starts: Moment | None = None
    break_ends: Moment | None = None


class LedgerRecord(Record):
    """An event on a security, as in `EventStudy.events`: what was given, where it stands and why, and its neighbours.

    `used` says whether it has abnormal returns; `why` is the code of how its session was found, or of what left it
    without an estimate, `detail` that sentence and `values` what it shows. `sessions_moved` counts from the news' own
    day at the exchange to day 0. `estimation_asked` and `estimation_had` are sessions and observations of the
    estimation window under the first model; the others are ids of events of the same security that meet either window.
    """

    event_id: str
    asset: str
    role: Role
    session: date
    date: str
    used: bool
    why: str
    detail: str
    values: Values
    sessions_moved: int
    estimation_asked: int | None = None
    estimation_had: int | None = None
    others_in_event_window: tuple[str, ...] = ()
    others_in_estimation_window: tuple[str, ...] = ()


class ParamsRecord(Record):
    """A fitted normal-return model."""

    event_id: str
    security: str
    model: str
    benchmark: str | None = None
    alpha: Number = None
    betas: dict[str, float]
    sigma: Number = None
    df_resid: int
    nobs: int
    first_session: date
    last_session: date


class Estimate(Record):
    """What an estimate is of: an event on a security, under a model against a benchmark."""

    event_id: str
    security: str
    model: str
    benchmark: str | None = None
    estimand: Estimand


class ArRecord(Estimate):
    """One abnormal return; returns are decimal (0.01 = 1 %)."""

    relative_day: int
    session: date
    expected: float
    ar: float
    std_error: Number = None
    statistic: Number = None
    df: Number = None
    pvalue: Number = None
    flags: tuple[str, ...] = ()


class CarRecord(Estimate):
    """One cumulated abnormal return with its confidence interval."""

    window: WindowPair
    car: float
    std_error: Number = None
    statistic: Number = None
    df: Number = None
    pvalue: Number = None
    ci_low: Number = None
    ci_high: Number = None
    flags: tuple[str, ...] = ()


class CarPathRecord(Estimate):
    """The CAR from the first day of the event window to `relative_day`: one point of a path."""

    relative_day: int
    session: date
    car: float
    std_error: Number = None
    ci_low: Number = None
    ci_high: Number = None


class BarRecord(Record):
    """One recorded daily bar of a security inside an event window, unadjusted as its source gives it."""

    security: str
    session: date
    open: Number = None
    high: Number = None
    low: Number = None
    close: float
    change: Number = None
    flags: tuple[str, ...] = ()


class PortfolioRecord(Record):
    """The equal-weighted mean abnormal return of a group, summed over a window."""

    event_id: str
    group: str
    model: str
    benchmark: str | None = None
    estimand: Estimand
    window: WindowPair
    aar_or_caar: float
    std_error: float
    test: str
    statistic: float
    distribution: str
    df: float
    pvalue: float
    ci_low: float
    ci_high: float
    n_securities: int
    securities: tuple[str, ...]
    flags: tuple[str, ...] = ()


class JointRecord(Record):
    """A test of several securities at once, on one event's day 0 or on all days of an event set.

    `null` is `hypothesis` in English.
    """

    event_id: str | None = None
    event_set: str | None = None
    group: str
    model: str
    benchmark: str
    test: str
    null: str
    hypothesis: Literal["all_zero", "all_equal"]
    statistic: float
    distribution: str
    df: tuple[float, ...]
    pvalue: float
    bootstrap_pvalue: Number = None
    sessions: tuple[date, ...]
    nobs: int
    n_securities: int
    securities: tuple[str, ...]


class EventDayRecord(Record):
    """One dummy coefficient of a security's joint regression over the days of an event set."""

    event_set: str
    security: str
    benchmark: str
    estimand: Estimand
    session: date
    label: str
    ar: float
    std_error: float
    statistic: float
    df: int
    pvalue: float
    prediction_error: float
    nobs: int
    flags: tuple[str, ...] = ()


class HeadlineRecord(Record):
    """A figure that the report leads with, and the smallest effect its design could have seen.

    `detectable` is the true effect that a two-sided test at the study's level finds with 80 % probability. With
    `event_group` the figure is that of news in steps, and `event_id` its first step. `placebo_pvalue` and `maxt_pvalue`
    are those of the `placebo` list, where placebo dates were computed.
    """

    id: str
    event_id: str
    event_group: str | None = None
    subject: str
    kind: Literal["security", "group"]
    model: str
    benchmark: str | None = None
    estimand: Estimand
    window: WindowPair
    first_session: date
    last_session: date
    estimate: float
    std_error: float
    df: float
    pvalue: float
    placebo_pvalue: Number = None
    maxt_pvalue: Number = None
    ci_low: float
    ci_high: float
    detectable: float
    flags: tuple[str, ...] = ()

    @property
    def decisive(self) -> float:
        """The p-value that the report decides by: among placebo dates where there are any, else the model's."""
        return self.pvalue if self.placebo_pvalue is None else self.placebo_pvalue


class DiagnosticRecord(Record):
    """One check of a fitted model's residuals."""

    event_id: str
    security: str
    model: str
    benchmark: str | None = None
    diagnostic: str
    statistic: float
    pvalue: Number = None


class ClaimCheckRecord(Record):
    """One comparison of a claim: what was asked of the record and what it holds."""

    security: str
    session: date
    measure: str
    asked: str
    found: Number = None
    pvalue: Number = None
    holds: bool


class ClaimRecord(Record):
    """A claim of the sources held against the recorded prices."""

    claim_id: str
    sources: tuple[str, ...]
    verdict: Verdict
    checks: tuple[ClaimCheckRecord, ...] = ()


class ExclusionRecord(Record):
    """What was left out, shifted or could not be had, and why: a code with its values, and both in English.

    `about` and `code` are keys of the catalogs (``about.<about>``, ``fact.<code>``), `values` what both sentences show.
    `what` is the first sentence in English, `detail` the second, `reason` the code up to its first dot.
    """

    event_id: str | None = None
    security: str | None = None
    what: str
    reason: str
    detail: str
    about: str
    code: str
    values: Values

    @classmethod
    def of(cls, about: Fact, why: Fact, *, event_id: str | None = None, security: str | None = None) -> ExclusionRecord:
        """The record of a reason; `about` is what is missing, a code of the catalogs' ``about`` with its values."""
        return cls(
            event_id=event_id,
            security=security,
            what=about.sentence("about"),
            reason=why.kind,
            detail=str(why),
            about=about.code,
            code=why.code,
            values={**about.values, **why.values},
        )

    def __hash__(self) -> int:
        return hash((self.event_id, self.security, self.what, self.detail))


SourceKind = Literal["prices", "sessions", "market rules", "software", "study file"]


class ProvenanceRecord(Record):
    """Where a figure, a rule or a session comes from.

    `facts` are a code and its values each, from which the report has its words in both languages: what `detail` says,
    after what `source` says where that is more than a key (of prices ``recorded``, ``live``, ``folder`` or ``frame``,
    of software ``installed``).
    """

    kind: SourceKind
    name: str
    source: str
    first: date | None = None
    last: date | None = None
    rows: int | None = None
    sha256: str | None = None
    detail: str
    facts: tuple[FactRecord, ...]

    @classmethod
    def of(
        cls, kind: SourceKind, name: str, source: Fact | str, said: Iterable[Fact], **measured: Any
    ) -> ProvenanceRecord:
        """The record of what is said; a source that is a key is a str."""
        said = [one for one in said if str(one)]
        facts = tuple(map(FactRecord.of, [source, *said] if isinstance(source, Fact) else said))
        return cls(kind=kind, name=name, source=str(source), detail=told(said), facts=facts, **measured)
