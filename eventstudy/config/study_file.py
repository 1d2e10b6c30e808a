"""A study file's text to `StudySpec`: the only place that knows YAML.

The file's node tree is walked by hand, so every scalar stays the text that was written (``000001``,
``ON``, ``9:30:00``), and every fault, of YAML, of types or of references, is told with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from eventstudy.config.conflicts import conflicts
from eventstudy.errors import Fault, StudyFileError, shortened
from eventstudy.options import keywords
from eventstudy.spec import StudySpec
from eventstudy.spec.fields import declared_names, ids_of

if TYPE_CHECKING:
    from eventstudy.study.timing import Timed

MAX_BYTES = 2_000_000
MAX_DEPTH = 12
MAX_NODES = 50_000

PathKey = tuple[str | int, ...]
Place = tuple[int, int]

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_MESSAGES = {
    "extra_forbidden": "unknown key {key!r}; allowed here: {allowed}",
    "missing": "the required key {key!r} is missing",
    "string_type": "a text is expected here, not {kind}",
    "dict_type": "a mapping (key: value) is expected here, not {kind}",
    "model_type": "a mapping (key: value) is expected here, not {kind}",
    "model_attributes_type": "a mapping (key: value) is expected here, not {kind}",
    "tuple_type": "a list is expected here, not {kind}",
    "too_short": "at least {min_length} entries are needed here, there are {actual_length}",
    "int_parsing": "a whole number is expected here, not {input!r}",
    "int_type": "a whole number is expected here, not {kind}",
    "float_parsing": "a number is expected here, not {input!r}",
    "float_type": "a number is expected here, not {kind}",
    "finite_number": "a finite number is expected here, not {input!r}",
    "bool_parsing": "true or false is expected here, not {input!r}",
    "greater_than": "{input!r} is not allowed: it must be greater than {gt:g}",
    "greater_than_equal": "{input!r} is not allowed: it must be at least {ge:g}",
    "less_than_equal": "{input!r} is not allowed: it must be at most {le:g}",
    "less_than": "{input!r} is not allowed: it must be less than {lt:g}",
    "string_too_short": "an empty text is not allowed here",
    "string_too_long": "this text is longer than {max_length} characters",
    "literal_error": "{input!r} is not allowed here; allowed: {expected}",
}


@dataclass
class _Tree:
    """The document as plain dicts, lists and texts, with the place of every node and key."""

    file: str
    places: dict[PathKey, Place] = field(default_factory=dict)
    keys: dict[PathKey, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    count: int = 0

    def fault(self, place: Place, message: str) -> None:
        self.faults.append(Fault(self.file, *place, message))

    def place(self, path: PathKey) -> Place:
        while path not in self.places and path:
            path = path[:-1]
        return self.places.get(path, (1, 1))


def load_study(path: str | Path) -> StudySpec:
    """Read and check a study file.

    Parameters
    ----------
    path : str or Path
        An events.yaml; ``flagship`` names the study that ships with the package.

    Returns
    -------
    StudySpec
        The checked, frozen specification.

    Raises
    ------
    StudyFileError
        With every fault of the file at once, each as ``file:line:col: what is wrong, what is allowed``.
    """
    file = study_path(path)
    name = str(path) if str(path) != FLAGSHIP else file.name
    try:
        data = file.read_bytes()
    except OSError as error:
        message = f"cannot be read ({error.strerror}); give the path of a study file, or the word {FLAGSHIP!r}"
        raise StudyFileError([Fault(name, 1, 1, message)]) from None
    spec = parse_study(data, file=name)
    overlays = {exchange: str(file.parent / overlay) for exchange, overlay in spec.overlays.items()}
    rules = None if spec.market_rules is None else str(file.parent / spec.market_rules)
    recorded = None if spec.prices.recorded is None else str(file.parent / spec.prices.recorded)
    prices = spec.prices.model_copy(update={"recorded": recorded})
    return spec.model_copy(update={"overlays": overlays, "market_rules": rules, "prices": prices})


def timed_study(path: str | Path, spec: StudySpec) -> tuple[Timed, ...]:
    """Every event of a study on every security that it touches, once no window leaves the known sessions.

    Parameters
    ----------
    path : str or Path
        The file that `load_study` read.
    spec : StudySpec
        What it gave.

    Raises
    ------
    StudyFileError
        With every event whose first session or windows leave the known sessions, at the place of its ``when``,
        and every ex-date that is no session.
    """
    from eventstudy.study.timing import ex_date_faults, open_exchanges, range_faults, time_events

    exchanges = open_exchanges(spec)
    found: list[tuple[PathKey, object]] = [
        *((("events", number, "when"), error) for number, error in range_faults(spec, exchanges)),
        *ex_date_faults(spec, exchanges),
    ]
    if found:
        file = study_path(path)
        name = str(path) if str(path) != FLAGSHIP else file.name
        _, tree = _read(file.read_bytes(), name)
        for place, error in found:
            tree.fault(tree.place(place), f"{_where(place)}{error}")
        raise StudyFileError(shortened(tree.faults))
    return time_events(spec, exchanges)


FLAGSHIP = "flagship"


def study_path(path: str | Path) -> Path:
    """The file of a study; the word ``flagship`` stands for the packaged one."""
    if str(path) != FLAGSHIP:
        return Path(path)
    package = Path(__file__).parents[1]
    packaged = package / "data" / "events.yaml"
    return packaged if packaged.exists() else package.parent / "events.yaml"


def parse_study(data: bytes | str, *, file: str = "events.yaml") -> StudySpec:
    """Read and check a study from its text; `file` is the name that faults are told under."""
    document, tree = _read(data, file)
    declared = _declared(document)
    try:
        spec = StudySpec.model_validate(document, context=declared)
    except ValidationError as error:
        tree.faults.extend(_fault(tree, detail) for detail in _telling(error.errors()))
    else:
        for path, message in conflicts(spec):
            tree.fault(tree.place(path), f"{_where(path)}{message}")
    tree.faults.extend(_repeated_ids(tree, document))
    if tree.faults:
        raise StudyFileError(shortened(tree.faults))
    return spec


def _telling(details: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Leave out "too few entries" where an entry of the same list is itself at fault."""
    places = [detail["loc"] for detail in details]
    for detail in details:
        inside = any(loc[: len(detail["loc"])] == detail["loc"] and loc != detail["loc"] for loc in places)
        if detail["type"] != "too_short" or not inside:
            yield detail


def _read(data: bytes | str, file: str) -> tuple[dict[str, Any], _Tree]:
    tree = _Tree(file)
    text = _decode(data, file)
    try:
        loader = yaml.SafeLoader(text)
        try:
            _refuse_aliases(text, tree)
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise StudyFileError([Fault(file, *place, _yaml_message(error))]) from None
    except yaml.reader.ReaderError as error:
        place = _position(text, error.position)
        message = "this character is not allowed in YAML; save the file as plain UTF-8 text"
        raise StudyFileError([Fault(file, *place, message)]) from None
    if node is None:
        raise StudyFileError([Fault(file, 1, 1, "the file is empty; `eventstudy schema` lists what belongs into it")])
    if not isinstance(node, yaml.MappingNode):
        raise StudyFileError([Fault(file, 1, 1, "a study is a mapping (key: value) at the top level")])
    return _walk(node, (), tree), tree


def _decode(data: bytes | str, file: str) -> str:
    if len(data) > MAX_BYTES:
        raise StudyFileError([Fault(file, 1, 1, f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are read")])
    if isinstance(data, str):
        return data
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = (before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1)
        message = "the file is not UTF-8 text (is it a binary file?); save it as UTF-8"
        raise StudyFileError([Fault(file, *place, message)]) from None


def _position(text: str, offset: int) -> Place:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _yaml_message(error: Any) -> str:
    problem = error.problem or "cannot be read"
    if "'\\t'" in problem:
        return "a tab stands where YAML wants spaces; indent with spaces"
    return f"this is not YAML: {problem}" + (f" ({error.context})" if error.context else "")


def _refuse_aliases(text: str, tree: _Tree) -> None:
    """Refuse anchors, aliases and tags before composing, which also defuses an alias bomb."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        tree.count += 1
        place = (event.start_mark.line + 1, event.start_mark.column + 1) if event.start_mark else (1, 1)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise StudyFileError([Fault(tree.file, *place, f"nested deeper than {MAX_DEPTH} levels")])
        if tree.count > MAX_NODES:
            raise StudyFileError([Fault(tree.file, *place, f"more than {MAX_NODES:,} entries")])
        if isinstance(event, yaml.AliasEvent):
            message = f"aliases are not allowed (*{event.anchor}); write the value out"
            raise StudyFileError([Fault(tree.file, *place, message)])
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            tree.fault(place, f"anchors are not allowed (&{anchor}); write the value out where it is needed")
        if isinstance(event, yaml.ScalarEvent) and _SURROGATE.search(event.value):
            raise StudyFileError([Fault(tree.file, *place, f"{event.value!a} has a character that no file can hold")])
        if tag is not None:
            tree.fault(place, f"tags are not allowed ({tag}); every value is read by the field it belongs to")


def _walk(node: Any, path: PathKey, tree: _Tree) -> Any:
    tree.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.ScalarNode):
        return None if node.style in (None, "") and node.value in _NULLS else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_walk(child, (*path, index), tree) for index, child in enumerate(node.value)]
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if not isinstance(key_node, yaml.ScalarNode):
            tree.fault(place, "a key must be a plain text, not a list or mapping")
            continue
        key = key_node.value
        if key in mapping:
            first = tree.keys[(*path, key)]
            tree.fault(place, f"the key {key!r} stands here twice (first on line {first[0]}); keep one")
            continue
        tree.keys[(*path, key)] = place
        mapping[key] = _walk(value_node, (*path, key), tree)
    return mapping


def _declared(document: Mapping[str, Any]) -> dict[str, Any]:
    """The names that each section declares, and those of models and tests, for the checks of `spec`."""
    from eventstudy.inference import TESTS
    from eventstudy.models import MODELS, try_options

    return {
        "models": tuple(MODELS),
        "tests": tuple(TESTS),
        "check models": try_options,
        "check tests": _try_test,
        **declared_names(document),
    }


def _try_test(name: str, options: Mapping[str, Any]) -> None:
    """Refuse options that a test has not got, or values that it does not take: it is run on a made cross-section."""
    if not options:
        return
    from numpy.random import default_rng

    from eventstudy.inference import TESTS
    from eventstudy.robustness.simulation import World, sections, simulate

    keywords(f"the test {name}", options, TESTS[name].options)
    world = World(events=8, estimation=40)
    TESTS[name](sections(world, simulate(world, default_rng(0), 1))[0], **options)


def _repeated_ids(tree: _Tree, document: Mapping[str, Any]) -> Iterator[Fault]:
    for section in ("events", "samples", "event_sets", "event_groups", "contrasts", "regimes", "headlines", "claims"):
        seen: dict[str, Place] = {}
        for index, identifier in ids_of(document.get(section)):
            place = tree.place((section, index, "id"))
            if identifier in seen:
                message = f"the id {identifier!r} is taken (line {seen[identifier][0]}); ids are unique in {section}"
                yield Fault(tree.file, *place, message)
            seen.setdefault(identifier, place)


def _fault(tree: _Tree, detail: ErrorDetails) -> Fault:
    path: PathKey = tuple(part for part in detail["loc"] if part != "[key]")
    kind = detail["type"]
    on_key = kind == "extra_forbidden" or "[key]" in detail["loc"]
    place = tree.keys.get(path, tree.place(path)) if on_key else tree.place(path[:-1] if kind == "missing" else path)
    return Fault(tree.file, *place, f"{_where(path)}{_message(path, detail)}")


def _where(path: PathKey) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return f"{text}: " if text else ""


def _message(path: PathKey, detail: ErrorDetails) -> str:
    kind = detail["type"]
    context: dict[str, Any] = {**detail.get("ctx", {})}
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        hint = {
            "^[A-Z]{3}$": "a currency is three capital letters, e.g. USD",
            "^[a-z0-9]+(_[a-z0-9]+)*$": "a board or test is lower-case letters, digits and underscores, e.g. sse_main",
        }.get(pattern, "an id is lower-case letters, digits and hyphens, e.g. h200-approval")
        return f"{detail['input']!r} is not allowed here; {hint}"
    template = _MESSAGES.get(kind)
    if template is None:
        return detail["msg"]
    value = detail["input"]
    context |= {"key": path[-1] if path else "", "input": value, "kind": _kind(value), "allowed": _allowed(path)}
    return template.format(**context)


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else repr(value)


def _allowed(path: PathKey) -> str:
    fields = _fields(StudySpec, [part for part in path[:-1] if isinstance(part, str)])
    return ", ".join(fields)


def _fields(model: Any, parts: Sequence[str]) -> tuple[str, ...]:
    def records(annotation: Any) -> Iterator[type[BaseModel]]:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        for argument in get_args(annotation):
            yield from records(argument)

    for part in parts:
        if part not in model.model_fields:
            continue
        model = next(records(model.model_fields[part].annotation), model)
    return tuple(model.model_fields)
