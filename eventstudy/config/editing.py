"""Adding an event to a study file as text, so that everything else in the file stays as it was written."""

from __future__ import annotations

import difflib
import os
import stat
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from eventstudy.config.layout import Section, find_sections, line_break, top_level
from eventstudy.config.study_file import FLAGSHIP, parse_study
from eventstudy.config.wording import Value, item_lines, named_lines
from eventstudy.errors import Fault, InputError, OptionError, StudyFileError
from eventstudy.events import Day, Interval, Moment, Month, parse_moment
from eventstudy.files import write_new
from eventstudy.spec import Event, Source, StudySpec

if TYPE_CHECKING:
    from eventstudy.study.timing import Timed

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class AddedEvent:
    """What `add_event` did.

    Attributes
    ----------
    event : Event
        The event as it is read from the file now.
    line : int
        The line of the file, from 1, that it begins on.
    diff : str
        What was added, as a unified diff.
    timed : tuple of Timed
        Its first session on each security that it touches; empty for a month.
    written : bool
        False where `dry_run` was asked for.
    """

    event: Event
    line: int
    diff: str
    timed: tuple[Timed, ...]
    written: bool


@dataclass(frozen=True, slots=True)
class _Insertion:
    """Lines that go into a text at a position."""

    position: int
    lines: tuple[str, ...]


def add_event(
    path: str | Path,
    event: Event | Mapping[str, Value],
    *,
    sources: Mapping[str, Source | Mapping[str, str]] | None = None,
    dry_run: bool = False,
) -> AddedEvent:
    """Add an event to a study file; every byte of the file stays, comments, order and quotes included.

    Parameters
    ----------
    path : str or Path
        The study file; where it is a link, the file that it leads to is written.
    event : Event or mapping
        The event; a mapping has the keys and texts of an entry of ``events``, e.g. ``{"id": "rate-decision", "title":
        "Rate decision", "when": "2025-12-10T19:00Z", "securities": {"AMD": "unsigned"}, "sources": ["fomc"]}``.
    sources : mapping, optional
        Sources to add, by id, each with ``publisher``, ``title`` and ``date``.
    dry_run : bool
        Check everything, write nothing.

    Returns
    -------
    AddedEvent
        Where the event stands, its first sessions, and the lines added.

    Raises
    ------
    StudyFileError
        With the faults of the file, or of the text that it would be with the event in it.
    SessionRangeError
        If the first session of the event is not known.
    OptionError
        For the packaged study, which is not written to, and for an event that is not made of texts.
    InputError
        If the file's layout has no place for the lines, if the file was changed meanwhile, or if it cannot be written.

    Notes
    -----
    Where the events stand in order of time, the new one goes before the first that is later than it; otherwise to
    the end of the list. An event is later than another if it begins after the other's end, so a day is not later than
    an hour in it, nor a month than its days. New sources go to the end of theirs. The text is checked as
    `eventstudy check` does before anything is written; the file is put in place by one rename.
    """
    if str(path) == FLAGSHIP:
        raise OptionError(
            f"{FLAGSHIP!r} is the study that ships with the package and is not written to; "
            "name a file of your own, or make one with `eventstudy init FOLDER`"
        )
    name, target = str(path), Path(os.path.realpath(path))
    data = _read(target, name)
    before = parse_study(data, file=name)
    entry = _entry(event)
    new_sources = {key: _source(key, one) for key, one in (sources or {}).items()}
    text = data.removeprefix(_BOM).decode("utf-8")
    changed = _with_insertions(text, _insertions(text, name, before, entry, new_sources))
    added = _checked(target, name, before, changed, entry)
    diff = "".join(_diff(text, changed, name))
    if not dry_run:
        _put(target, name, data, data[: len(data) - len(data.removeprefix(_BOM))] + changed.encode("utf-8"))
    return replace(added, diff=diff, written=not dry_run)


def _read(target: Path, name: str) -> bytes:
    try:
        return target.read_bytes()
    except OSError as error:
        message = f"cannot be read ({error.strerror}); give the path of a study file"
        raise StudyFileError([Fault(name, 1, 1, message)]) from None


def _entry(event: Event | Mapping[str, Value]) -> dict[str, Value]:
    """The event's keys in the order in which study files have them; without those that only repeat a default."""
    given = event.model_dump(exclude_defaults=True) if isinstance(event, Event) else event
    ordered = [key for key in Event.model_fields if key in given]
    entry = {key: given[key] for key in [*ordered, *(key for key in given if key not in ordered)]}
    for key, value in entry.items():
        _require_texts(f"the event's {key}", value)
    return {key: value.strip() if isinstance(value, str) else value for key, value in entry.items()}


def _source(key: str, source: Source | Mapping[str, str]) -> dict[str, str]:
    entry = source.model_dump(exclude_defaults=True) if isinstance(source, Source) else dict(source)
    for name, value in entry.items():
        _require_texts(f"the {name} of source {key!r}", value)
    return {name: value.strip() for name, value in entry.items()}


def _require_texts(what: str, value: Value) -> None:
    parts: Sequence[object] = [value]
    if isinstance(value, Mapping):
        parts = [*value, *value.values()]
    elif isinstance(value, (list, tuple)):
        parts = value
    for part in parts:
        if not isinstance(part, str):
            raise OptionError(f"{what} must be text, or a list or mapping of texts, not {part!r}; write it in quotes")
        if any("\ud800" <= character <= "\udfff" for character in part):
            raise OptionError(f"{what} has bytes that are not UTF-8 text: {part!r}; write it in UTF-8")


def _insertions(
    text: str, name: str, before: StudySpec, entry: Mapping[str, Value], sources: Mapping[str, Mapping[str, str]]
) -> Iterator[_Insertion]:
    wanted = ("events", "sources") if sources else ("events",)
    sections = find_sections(text, wanted)
    events = _editable(sections["events"], name, "events")
    lines = item_lines(entry, column=events.column, inner=events.inner)
    yield _placed(events, _position(before, entry), lines, spaced=events.spaced is not False)
    if sources:
        found = _editable(sections["sources"], name, "sources")
        style = {"column": found.column, "inner": found.inner}
        blocks = [named_lines(key, one, **style, flow=found.flow) for key, one in sources.items()]
        between = [""] if found.spaced else []
        lines = [line for block in blocks for line in (*between, *block)][len(between) :]
        yield _placed(found, len(before.sources), lines, spaced=bool(found.spaced))


def _editable(section: Section | None, name: str, key: str) -> Section:
    if section is None:
        raise InputError(
            f"{name}: the {key} are not written one below the other, so no line can be put among them; "
            f"write `{key}:` and each of its entries on lines of their own"
        )
    return section


def _placed(section: Section, index: int, lines: Sequence[str], *, spaced: bool) -> _Insertion:
    blank = [""] if spaced else []
    if index < len(section.starts):
        return _Insertion(section.starts[index], (*lines, *blank))
    return _Insertion(section.end, (*blank, *lines))


def _position(before: StudySpec, entry: Mapping[str, Value]) -> int:
    moments = [event.when for event in before.events]
    begun = moments[0].first
    for moment in moments:
        if begun > _end(moment):
            return len(moments)
        begun = max(begun, moment.first)
    try:
        end = _end(parse_moment(str(entry.get("when", ""))))
    except ValueError:  # the check of the whole text tells what is wrong with it, and where
        return len(moments)
    return next((index for index, moment in enumerate(moments) if moment.first > end), len(moments))


def _end(moment: Moment) -> datetime:
    """The last moment that the event may have happened at."""
    match moment:
        case Interval():
            return moment.last
        case Day() | Month():
            days = monthrange(moment.year, moment.month)[1] if isinstance(moment, Month) else 1
            return moment.first + timedelta(days=days, microseconds=-1)
        case _:
            return moment.first


def _with_insertions(text: str, insertions: Iterator[_Insertion]) -> str:
    end = line_break(text)
    for one in sorted(insertions, key=lambda insertion: insertion.position, reverse=True):
        block = "".join(f"{line}{end}" for line in one.lines)
        head = text[: one.position]
        if head and not head.endswith(("\n", "\r", "\x85", "\u2028", "\u2029")):
            block = end + block.removesuffix(end)
        text = head + block + text[one.position :]
    return text


def _checked(target: Path, name: str, before: StudySpec, changed: str, entry: Mapping[str, Value]) -> AddedEvent:
    """The event as it is read from the changed text, which must say what it said before and the event beside it."""
    from eventstudy.study.timing import open_exchanges, time_events

    try:
        after = parse_study(changed, file=name)
    except StudyFileError as error:
        note = "(in the text as it would be; the file is unchanged)"
        raise StudyFileError([replace(one, message=f"{one.message} {note}") for one in error.faults]) from None
    added = next(event for event in after.events if event.id == entry["id"])
    others = tuple(event for event in after.events if event is not added)
    update = {"events": others, "sources": {key: after.sources[key] for key in before.sources}}
    if after.model_copy(update=update) != before or added != type(added).model_validate(dict(entry)):
        raise InputError(
            f"{name}: with event {added.id!r} in its place the file would be read otherwise than it was; "
            "nothing was written, add the event by hand"
        )
    overlays = {exchange: str(target.parent / overlay) for exchange, overlay in after.overlays.items()}
    timed = time_events(after, open_exchanges(after.model_copy(update={"overlays": overlays})))
    own = tuple(item for item in timed if item.event is added)
    node = top_level(changed)["events"].value[after.events.index(added)]
    return AddedEvent(event=added, line=int(node.start_mark.line) + 1, diff="", timed=own, written=False)


def _diff(text: str, changed: str, name: str) -> Iterator[str]:
    old, new = (StringIO(one, newline="\n").readlines() for one in (text, changed))
    for line in difflib.unified_diff(old, new, fromfile=name, tofile=name):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _put(target: Path, name: str, read: bytes, data: bytes) -> None:
    """Replace a file by one rename, unless it is no longer what was read."""
    part = target.with_name(f".{target.name}.{token_hex(4)}.part")
    try:
        mode = stat.S_IMODE(target.stat().st_mode)
        if not os.access(target, os.W_OK):
            raise PermissionError(None, "the file is read-only")
        write_new(part, data)
        part.chmod(mode)
        if target.read_bytes() != read:
            raise InputError(f"{name}: the file was changed while the event was being added; run the command again")
        part.replace(target)
    except OSError as error:
        raise InputError(f"{name}: cannot be written ({error.strerror}); nothing was changed") from None
    finally:
        part.unlink(missing_ok=True)
