"""results.json read back: what a file says is checked as if a stranger had written it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from eventstudy.errors import InputError
from eventstudy.facts import Fact, fact
from eventstudy.results.consistency import inconsistencies, one_line
from eventstudy.spec import StudySpec
from eventstudy.spec.fields import declared_names

HEAD = ("schema_version", "study", "spec")
TEXT = "results.json"
"""What faults call a text that is no file."""

_BOM = b"\xef\xbb\xbf"
_LONGEST = 500
_NAME = re.compile(r"[A-Za-z0-9_.+-]{1,60}")
_SHAPE = re.compile(
    "(string|float|finite|int|bool|tuple|named|dict|model|date|datetime|timezone)_(.*_)?(type|parsing|number|aware)"
)

AnyLists = TypeVar("AnyLists", bound=BaseModel)
Loc = Sequence[str | int]


def read_document(
    source: str | Path, lists: type[AnyLists], version: str, head: Callable[[StudySpec], dict[str, Any]]
) -> tuple[StudySpec, AnyLists]:
    """The specification and the lists of a results.json.

    Parameters
    ----------
    source : str or Path
        A file, or a text that begins with ``{`` or ``[``.
    lists : type
        The model of the lists.
    version : str
        The schema version that is read; no other is.
    head : callable
        What stands under ``study`` for a specification.

    Raises
    ------
    InputError
        With a fact under ``results``: the first fault, its place, and how many there are.
    """
    file, data = _content(source)
    document = _parsed(file, data)
    found = document.get("schema_version")
    if found != version:
        raise InputError(fact("results.version", file=file, found=one_line(found), known=version))
    if missing := [name for name in HEAD if name not in document]:
        raise _fault(file, missing, fact("results.missing"))
    given = document.pop("spec")
    context = declared_names(given) if isinstance(given, dict) else None
    try:
        spec = StudySpec.model_validate(given, context=context)
    except ValidationError as error:
        raise _first(file, error, ("spec",)) from None
    if document.pop("study") != head(spec):
        raise _fault(file, ["study"], fact("results.head"))
    del document["schema_version"]
    try:
        found = lists.model_validate_json(to_json(document), strict=True)
    except ValidationError as error:
        raise _first(file, error) from None
    records = {field.alias or name: getattr(found, name) for name, field in lists.model_fields.items()}
    if faults := list(inconsistencies(spec, records)):
        raise _fault(file, *faults[0], len(faults))
    return spec, found


def _content(source: str | Path) -> tuple[str, bytes]:
    """The name and the bytes of a file or a text."""
    if isinstance(source, str) and source.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        return TEXT, source.encode("utf-8", "surrogatepass")
    try:
        return str(source), Path(source).read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(fact("results.unreadable", file=_line(str(source)), why=why)) from None


def _parsed(file: str, data: bytes) -> dict[str, Any]:
    try:
        document = from_json(data.removeprefix(_BOM), allow_inf_nan=False)
    except ValueError as error:
        raise InputError(fact("results.not_json", file=file, why=str(error))) from None
    if not isinstance(document, dict):
        raise InputError(fact("results.not_an_object", file=file, found=one_line(document)))
    return document


def _first(file: str, error: ValidationError, root: Loc = ()) -> InputError:
    """The first fault in the order of the file's places, and how many there are."""
    details = error.errors(include_url=False)
    return _fault(file, [*root, *details[0]["loc"]], _why(details[0]), len(details))


def _why(detail: ErrorDetails) -> Fact:
    kind = detail["type"]
    if kind in ("missing", "extra_forbidden"):
        return fact("results.missing" if kind == "missing" else "results.unknown")
    if kind == "literal_error":
        return fact("results.one_of", found=one_line(detail["input"]), allowed=detail["ctx"]["expected"])
    if wrong := _SHAPE.fullmatch(kind):
        return fact("results.type", shape=wrong[1], found=one_line(detail["input"]))
    return fact("results.refused", why=_line(str(detail.get("ctx", {}).get("error") or detail["msg"])))


def _fault(file: str, loc: Loc, why: Fact, n: int = 1) -> InputError:
    return InputError(fact("results.fault", file=file, place=place_of(loc), why=why, n=n))


def place_of(loc: Loc) -> str:
    """A place inside the file, e.g. ``car[3].std_error``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in loc if part != "[key]")
    return "".join(parts).removeprefix(".")


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else one_line(name)


def _line(text: str) -> str:
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
