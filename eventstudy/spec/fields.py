"""The fields of a study file: allowed names, and how texts become dates, moments, windows and references."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticKnownError

from eventstudy.csvtext import iso_date
from eventstudy.errors import OptionError
from eventstudy.events import Moment, parse_moment
from eventstudy.exchanges import EXCHANGES, exchange
from eventstudy.windows import Window

ReturnKind = Literal["simple", "log"]
VENDORS: Mapping[str, tuple[str, ...]] = {
    "eastmoney": ("eastmoney.com",),
    "tencent": ("qq.com", "gtimg.cn"),
    "sina": ("sina.com.cn", "sina.cn"),
    "yahoo": ("yahoo.com",),
}
"""Vendors of live prices, in the order in which they are asked, with the domains whose hosts belong to them."""
StatusName = Literal["st", "delisting", "relisted"]
LimitDays = Literal["keep", "drop", "censor"]
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

ESTIMANDS: Mapping[str, str] = {"broad": "total", "sector": "relative", "board": "relative"}


def _date(value: Any) -> date:
    return value if isinstance(value, date) else iso_date(value)


def _moment(value: Any) -> Moment:
    if isinstance(value, str):
        return parse_moment(value)
    if isinstance(value, Moment):
        return value
    raise ValueError(f"{value!r} is not a moment; write it as text, e.g. 2025-12-08T17:56Z")


def _exchange(code: str) -> str:
    try:
        return exchange(code).code
    except OptionError as error:
        raise ValueError(str(error)) from None


def known_version(version: int) -> int:
    """The version of the file's layout, if this package reads it."""
    if version != 1:
        raise ValueError(f"version {version} is not known; this package reads version 1")
    return version


def with_level(given: Any) -> Any:
    """A study with both `confidence` and `level`: where one alone is stated, the other is what it leaves of 1."""
    if not isinstance(given, dict) or ("confidence" in given) == ("level" in given):
        return given
    stated, other = ("confidence", "level") if "confidence" in given else ("level", "confidence")
    try:
        rest = 1.0 - float(given[stated])
    except (TypeError, ValueError):
        return given
    # What is out of bounds is told once, of the one that is stated.
    fits = 0.5 < rest <= 0.9999 if other == "confidence" else 0.0001 <= round(rest, 12) < 0.5
    return {**given, other: round(rest, 12)} if fits else given


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


def declared_names(document: Mapping[str, Any]) -> dict[str, Collection[str]]:
    """The names that each section of a study declares: the validation context of `StudySpec`."""
    declared: dict[str, Collection[str]] = {}
    for section in ("sources", "benchmarks", "securities", "peers", "groups"):
        value = document.get(section)
        declared[section] = frozenset(value) if isinstance(value, dict) else frozenset()
    for section in ("events", "event_groups"):
        declared[section] = frozenset(identifier for _, identifier in ids_of(document.get(section)))
    rules = document.get("market_rules")
    declared["market_rules"] = frozenset({rules}) if isinstance(rules, str) else frozenset()
    return declared


def ids_of(entries: Any) -> Iterator[tuple[int, str]]:
    """The ids of a list's entries with their places."""
    if isinstance(entries, list):
        for index, entry in enumerate(entries):
            if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                yield index, entry["id"]


def _registered(kind: str) -> Callable[[str, ValidationInfo], str]:
    """A check that a name is among the rows of a kind that study files may name (given as validation context)."""

    def check(name: str, info: ValidationInfo) -> str:
        allowed: Collection[str] | None = (info.context or {}).get(kind)
        if allowed is not None and name not in allowed:
            *rest, last = map(repr, allowed)
            raise PydanticKnownError("literal_error", {"expected": " or ".join([", ".join(rest), last][not rest :])})
        return name

    return check


NAMES = "x-names"
"""Stands in a JSON Schema where the names of a kind of rows belong; `eventstudy.schemas` puts them in."""
SYMBOL_SCHEMA = {"type": ["string", "integer"], "description": "a symbol of this file"}
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
IsoDate = Annotated[date, BeforeValidator(_date)]
WindowField = Annotated[
    Window,
    BeforeValidator(_two_numbers),
    AfterValidator(_window),
    WithJsonSchema({"type": "array", "prefixItems": [{"type": "integer"}] * 2, "minItems": 2, "maxItems": 2}),
]


def _widen(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return tuple(value)
    raise ValueError(f"two whole numbers are expected, sessions before and after, e.g. [0, 1], not {value!r}")


EstimationLength = Annotated[int, Field(ge=20, le=1000)]
Gap = Annotated[int, Field(ge=0, le=250)]
WidenField = Annotated[
    tuple[Annotated[int, Field(ge=0, le=20)], Annotated[int, Field(ge=0, le=20)]],
    BeforeValidator(_widen),
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
SecurityRef = Annotated[str, AfterValidator(_known("security", "securities")), WithJsonSchema(SYMBOL_SCHEMA)]
BenchmarkRef = Annotated[str, AfterValidator(_known("benchmark", "benchmarks")), WithJsonSchema(SYMBOL_SCHEMA)]
InstrumentRef = Annotated[
    str,
    AfterValidator(_known("security, benchmark or peer", "securities", "benchmarks", "peers")),
    WithJsonSchema(SYMBOL_SCHEMA),
]
PeerRef = Annotated[
    str, AfterValidator(_known("security or peer", "securities", "peers")), WithJsonSchema(SYMBOL_SCHEMA)
]
Exchange = Annotated[
    str,
    AfterValidator(_exchange),
    WithJsonSchema(
        {
            "type": "string",
            "description": "code of an exchange, or the name of any other calendar that exchange_calendars knows",
            "anyOf": [{"enum": list(EXCHANGES)}, {"pattern": "^[A-Za-z0-9_/]+$"}],
        }
    ),
]
NAME_PATTERN = r"^[a-z0-9]+(_[a-z0-9]+)*$"
Board = Annotated[
    str,
    StringConstraints(min_length=1, max_length=40),
    WithJsonSchema(
        {
            "type": "string",
            "description": "needed where price-limit rules are on record; elsewhere any text, or left out",
            "examples": [board for row in EXCHANGES.values() for board in row.boards],
        }
    ),
]
ModelName = Annotated[str, AfterValidator(_registered("models")), WithJsonSchema({NAMES: "models"})]
RecommendedTest = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=40)]


def _as_choice(given: Any) -> Any:
    """A name, or one name with its options, as the fields of a `Choice`."""
    if isinstance(given, str):
        return {"name": given}
    if not isinstance(given, dict) or not (len(given) == 1 or "name" in given):
        raise ValueError(f"a name is expected, or one name with its options, not {given!r}")
    (name, stated), *_ = given.items()
    whole = given if "name" in given else {"name": name, "options": stated}
    options = {} if whole.get("options") is None else whole["options"]
    if not isinstance(options, dict):
        raise ValueError(f"options of {whole['name']} are names with values, e.g. {{lags: 2}}, not {options!r}")
    return {**whole, "options": {key: _plain(value) for key, value in options.items()}}


def _plain(value: Any) -> Any:
    """A scalar of a study file as the number or truth value that it writes."""
    if not isinstance(value, str):
        return value
    if value in ("true", "false"):
        return value == "true"
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


SourceRef = Annotated[str, AfterValidator(_known("source", "sources"))]
EventRef = Annotated[str, AfterValidator(_known("event", "events"))]
EventGroupRef = Annotated[str, AfterValidator(_known("event group", "event_groups"))]
GroupRef = Annotated[str, AfterValidator(_known("group", "groups"))]


class Record(BaseModel):
    """A frozen record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Choice(Record):
    """A registered model or test with its options; written as its name, or as ``{name: {option: value}}``.

    `title` and `title_zh` are what readers call one that is not of this package.
    """

    name: str
    options: dict[str, Any] = {}
    title: Text | None = None
    title_zh: Text | None = None

    _short = model_validator(mode="before")(_as_choice)

    @model_serializer
    def _written(self) -> Any:
        if self.title is not None:
            return {name: getattr(self, name) for name in type(self).model_fields}
        return {self.name: dict(self.options)} if self.options else self.name


def _choice(kind: str) -> Callable[[Choice, ValidationInfo], Choice]:
    """A check that a choice is registered, and that its options are its own (given as validation context)."""

    def check(choice: Choice, info: ValidationInfo) -> Choice:
        _registered(kind)(choice.name, info)
        if verify := (info.context or {}).get(f"check {kind}"):
            try:
                verify(choice.name, choice.options)
            except OptionError as error:
                raise ValueError(str(error)) from None
        return choice

    return check


def _once(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    names = [choice.name for choice in choices]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"{twice} stands there twice; keep one")
    return choices


def _choice_schema(kind: str) -> WithJsonSchema:
    named = {"type": "object", "propertyNames": {NAMES: kind}, "minProperties": 1, "maxProperties": 1}
    options = {"additionalProperties": {"type": ["object", "null"]}}
    texts = {name: {"type": ["string", "null"]} for name in ("title", "title_zh")}
    whole = {"name": {NAMES: kind}, "options": {"type": "object"}, **texts}
    closed = {"type": "object", "properties": whole, "required": ["name"], "additionalProperties": False}
    return WithJsonSchema({"anyOf": [{NAMES: kind}, {**named, **options}, closed]})


ModelChoices = Annotated[
    tuple[Annotated[Choice, AfterValidator(_choice("models")), _choice_schema("models")], ...], AfterValidator(_once)
]
TestChoices = Annotated[
    tuple[Annotated[Choice, AfterValidator(_choice("tests")), _choice_schema("tests")], ...], AfterValidator(_once)
]
