"""Whether records can be told with the names of their study and the words of the page, and belong together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from eventstudy.facts import Fact, fact
from eventstudy.results.records import ExclusionRecord, FactRecord, LedgerRecord, Record
from eventstudy.spec import StudySpec
from eventstudy.texts.names import Names, names_of

Place = tuple[str | int, ...]
Records = Mapping[str, tuple[Record, ...]]
"""Records by the name of their list in results.json."""

NAMED: Mapping[str, str] = {
    **dict.fromkeys(("event_id", "steps", "events", "others_in_event_window", "others_in_estimation_window"), "event"),
    **dict.fromkeys(("security", "asset", "related", "securities", "comparators", "donors"), "security"),
    "benchmark": "security",
    **{kind: kind for kind in ("event_set", "event_group", "group", "regime", "model")},
    **{"flags": "flag", "sources": "source", "other": "other"},
}
"""Fields that hold names, one or several, and their kind for `Names.naming`; keys of mappings are names."""
OF_HEADLINES = (
    *("placebo", "placebo_dates", "single_firm", "counterfactuals", "specification_curve", "specification_summary"),
    *("sensitivity", "recommendations", "calibration"),
)
OF_LIST: Mapping[tuple[str, str], str] = {
    **{("headlines", "id"): "headline", ("contrasts", "id"): "contrast", ("exclusions", "security"): "subject"},
    ("sessions", "reason"): "reason.",
    **{("joint", "distribution"): "distribution.", ("diagnostics", "diagnostic"): "column."},
    **{("recommendations", "recommended"): "test", ("recommendations", "used"): "test"},
    **{(name, "test"): "test" for name in ("portfolio", "single_firm", "calibration", "tests")},
    **{("means", "id"): "sample", ("tests", "id"): "cross_section"},
}
"""The same in one list alone; what ends with a dot is where the catalogs have the word."""


class Rest(NamedTuple):
    """Records of a list, of one kind or all, that need one of another list with the same values in some fields."""

    name: str
    fields: tuple[str, ...]
    other: str
    there: tuple[str, ...] | None = None
    kind: str | None = None


_ON_SECURITY, _FITTED = ("event_id", "security"), ("event_id", "security", "model", "benchmark")
_OF_GROUP = ("model", "benchmark", "window")
RESTS = (
    Rest("sessions", ("exchange", "session"), "calendar"),
    Rest("params", _ON_SECURITY, "sessions"),
    Rest("ar", _ON_SECURITY, "sessions"),
    Rest("diagnostics", _FITTED, "params"),
    Rest("headlines", ("event_id", "subject"), "sessions", _ON_SECURITY, kind="security"),
    Rest("headlines", ("event_id", "subject", *_OF_GROUP), "portfolio", ("event_id", "group", *_OF_GROUP), "group"),
    *(Rest(name, ("id",), "headlines") for name in OF_HEADLINES),
)
MOST = 60
_CANNOT = (LookupError, TypeError, ValueError, AttributeError, StopIteration)


def inconsistencies(spec: StudySpec, records: Records) -> Iterator[tuple[Place, Fact]]:
    """The places of what cannot be told, and of what lacks a record that it rests on, each with a fact."""
    names = names_of(spec, "zh")
    for name, own in records.items():
        for at, record in enumerate(own):
            for place, given in _untold(names, name, record):
                yield (name, at, *place), fact("results.untold", given=one_line(given))
    for rest in RESTS:
        there = set(map(attrgetter(*(rest.there or rest.fields)), records[rest.other]))
        key = attrgetter(*rest.fields)
        for at, record in enumerate(records[rest.name]):
            if rest.kind in (None, getattr(record, "kind", None)) and key(record) not in there:
                yield (rest.name, at), fact("results.alone", other=rest.other)


def _untold(names: Names, name: str, record: Record) -> Iterator[tuple[Place, str]]:
    yield from _sentences(names, record)
    for field in type(record).model_fields:
        kind = OF_LIST.get((name, field), NAMED.get(field))
        for place, part in _parts(getattr(record, field)):
            if isinstance(part, Record):
                yield from (((field, *place, *inner), given) for inner, given in _untold(names, name, part))
            elif kind and isinstance(part, str) and not _told(names, kind, part):
                yield (field, *place), part


def _told(names: Names, kind: str, given: str) -> bool:
    return names.texts.knows(kind + given) if kind.endswith(".") else _tells(names.naming, kind, given)


def _sentences(names: Names, record: Record) -> Iterator[tuple[Place, str]]:
    """The code of a record whose values do not make its sentence."""
    match record:
        case FactRecord(code=code, values=values) | ExclusionRecord(code=code, values=values):
            about = not isinstance(record, ExclusionRecord) or _tells(names.about, record)
            if not about or not _tells(names.fact, code, values):
                yield ("code",), code
        case LedgerRecord(why=why, values=values):
            if not _tells(names.fact, why, values):
                yield ("why",), why


def _parts(value: Any) -> Iterator[tuple[Place, Any]]:
    """What a field holds, one by one: itself, the entries of a list, the keys or the records of a mapping."""
    if isinstance(value, tuple):
        yield from (((at,), part) for at, part in enumerate(value))
    elif isinstance(value, Mapping):
        yield from (((key,), part if isinstance(part, Record) else key) for key, part in value.items())
    else:
        yield (), value


def _tells(tell: Any, *given: Any) -> bool:
    try:
        tell(*given)
    except _CANNOT:
        return False
    return True


def one_line(value: Any) -> str:
    """A value of a file on one line, cut where it is long."""
    shown = repr(value) if isinstance(value, str) and value.isprintable() else ascii(value)
    return shown if len(shown) <= MOST else f"{shown[:MOST]}…"
