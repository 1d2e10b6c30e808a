"""Overlay files: a user's own list of sessions and closed days, read from CSV.

An overlay says what an exchange published and the calendar library does not know (yet); `calendars`
lays it over the sessions on record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise

from eventstudy.csvtext import Cell, Row, read_rows
from eventstudy.errors import Fault

REQUIRED_COLUMNS = ("session", "kind", "source")
TIME_COLUMNS = ("open", "close", "break_start", "break_end")
HEADER = "session,kind,open,close,break_start,break_end,source"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{1,2}:\d{2}")

_Tell = Callable[[Cell, str], None]


@dataclass(frozen=True, slots=True)
class OverlayDay:
    """One row of an overlay.

    `times` are open, close, break start and break end in the exchange's local time, None for a break
    that there is not; empty for a closed day.
    """

    day: date
    times: tuple[time | None, ...]
    line: int
    column: int


def read_overlay(data: bytes, *, file: str) -> tuple[tuple[OverlayDay, ...], tuple[Fault, ...]]:
    """Read the days that an overlay file lists, and everything that is wrong with it.

    Parameters
    ----------
    data : bytes
        CSV with the columns ``session`` (2027-01-05), ``kind`` (``session`` or ``closed``), ``open``,
        ``close``, ``break_start``, ``break_end`` (09:30, the exchange's local time; empty for a closed
        day; breaks may be empty or left out) and ``source`` (where the exchange published the day).
    file : str
        The name that faults are told under.

    Returns
    -------
    days : tuple of OverlayDay
        The rows that could be read, in file order.
    faults : tuple of Fault
        Every fault; where there is one, `days` must not be used.
    """
    rows, broken = read_rows(data, file=file, required=REQUIRED_COLUMNS, optional=TIME_COLUMNS)
    faults = list(broken)

    def tell(cell: Cell, message: str) -> None:
        faults.append(Fault(file, cell.line, cell.column, message))

    days = tuple(day for row in rows if (day := _day(row, tell)) is not None)
    faults.extend(_repeated(days, file))
    return days, tuple(faults)


def _day(row: Row, tell: _Tell) -> OverlayDay | None:
    """Read one row; `tell` hears what is wrong with it."""
    kind = row["kind"]
    day = _date(row["session"], tell)
    if not row["source"].text:
        tell(row["source"], "a source is required: where the exchange published this day")
    times: tuple[time | None, ...] = ()
    given = [row[name] for name in TIME_COLUMNS if name in row and row[name].text]
    if kind.text == "session":
        times = _times(row, tell)
    elif kind.text != "closed":
        tell(kind, f"{kind.text!r} is not a kind of day; allowed: session, closed")
    elif given:
        tell(given[0], "a closed day has no times; leave them empty")
    return None if day is None else OverlayDay(day, times, row["session"].line, row["session"].column)


def _date(cell: Cell, tell: _Tell) -> date | None:
    if not _DATE.fullmatch(cell.text):
        tell(cell, f"{cell.text!r} is not a date; write it as 2027-01-05")
        return None
    try:
        return date.fromisoformat(cell.text)
    except ValueError as error:
        tell(cell, f"{cell.text!r} is not a date of the calendar ({error})")
        return None


def _times(row: Row, tell: _Tell) -> tuple[time | None, ...]:
    times = [_time(row[name], tell) if name in row and row[name].text else None for name in TIME_COLUMNS]
    unread = any(name in row and row[name].text and at is None for name, at in zip(TIME_COLUMNS, times, strict=True))
    begin, end, pause, resume = times
    if unread:
        return ()
    if begin is None or end is None:
        tell(row["kind"], "a session needs both open and close")
    elif (pause is None) != (resume is None):
        tell(row["kind"], "a lunch break needs both break_start and break_end")
    elif not all(a < b for a, b in pairwise(at for at in (begin, pause, resume, end) if at is not None)):
        tell(row["kind"], "the times of a session must increase: open, break_start, break_end, close")
    return tuple(times)


def _time(cell: Cell, tell: _Tell) -> time | None:
    hour, _, minute = cell.text.partition(":")
    if _TIME.fullmatch(cell.text) and int(hour) < 24 and int(minute) < 60:
        return time(int(hour), int(minute))
    tell(cell, f"{cell.text!r} is not a time of day; write it as 09:30, in the exchange's local time")
    return None


def _repeated(days: Sequence[OverlayDay], file: str) -> list[Fault]:
    first: dict[date, int] = {}
    faults = []
    for row in days:
        if row.day in first:
            message = f"{row.day} is listed twice, first in line {first[row.day]}"
            faults.append(Fault(file, row.line, row.column, message))
        first.setdefault(row.day, row.line)
    return faults
