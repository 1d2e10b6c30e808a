"""Overlay files: a user's own list of sessions and closed days, read from CSV.

An overlay says what an exchange published and the calendar library does not know (yet); `calendars`
lays it over the sessions on record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise

from eventstudy.csvtext import Layout, Row, iso_date, read_rows
from eventstudy.errors import Fault, shortened

TIME_COLUMNS = ("open", "close", "break_start", "break_end")
HEADER = "session,kind,open,close,break_start,break_end,source"
LAYOUT = Layout(
    required=("session", "kind", "source"),
    optional=TIME_COLUMNS,
    text=f"{HEADER}, in any order; the four times may be left out",
    row="day",
)
_TIME = re.compile(r"[0-9]{1,2}:[0-9]{2}")


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
        Every fault, shortened where there are very many; where there is one, `days` must not be used.
    """
    rows, broken = read_rows(data, file=file, layout=LAYOUT)
    faults = list(broken)
    days = tuple(day for row in rows if (day := _day(row, faults)) is not None)
    faults.extend(_repeated(days, file))
    return days, tuple(shortened(faults))


def _day(row: Row, faults: list[Fault]) -> OverlayDay | None:
    """Read one row; what is wrong with it goes to `faults`."""
    if not row["source"]:
        faults.append(row.fault("source", "a source is required: where the exchange published this day"))
    times: tuple[time | None, ...] = ()
    given = [name for name in TIME_COLUMNS if row.cells.get(name)]
    if row["kind"] == "session":
        times = _times(row, faults)
    elif row["kind"] != "closed":
        message = f"{row['kind']!r} is not a kind of day; allowed: session, closed"
        faults.append(row.fault("kind", message))
    elif given:
        faults.append(row.fault(given[0], "a closed day has no times; leave them empty"))
    try:
        return OverlayDay(iso_date(row["session"]), times, row.line, row.column("session"))
    except ValueError as error:
        faults.append(row.fault("session", str(error)))
        return None


def _times(row: Row, faults: list[Fault]) -> tuple[time | None, ...]:
    times: list[time | None] = []
    for name in TIME_COLUMNS:
        try:
            times.append(_time(text) if (text := row.cells.get(name)) else None)
        except ValueError as error:
            faults.append(row.fault(name, str(error)))
    if len(times) < len(TIME_COLUMNS):
        return ()
    begin, end, pause, resume = times
    if begin is None or end is None:
        faults.append(row.fault("kind", "a session needs both open and close"))
    elif (pause is None) != (resume is None):
        faults.append(row.fault("kind", "a lunch break needs both break_start and break_end"))
    elif not all(a < b for a, b in pairwise(at for at in (begin, pause, resume, end) if at is not None)):
        message = "the times of a session must increase: open, break_start, break_end, close"
        faults.append(row.fault("kind", message))
    return tuple(times)


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    if _TIME.fullmatch(text) and int(hour) < 24 and int(minute) < 60:
        return time(int(hour), int(minute))
    raise ValueError(f"{text!r} is not a time of day; write it as 09:30, in the exchange's local time")


def _repeated(days: Sequence[OverlayDay], file: str) -> list[Fault]:
    first: dict[date, int] = {}
    faults = []
    for row in days:
        if row.day in first:
            message = f"{row.day} is listed twice, first in line {first[row.day]}"
            faults.append(Fault(file, row.line, row.column, message))
        first.setdefault(row.day, row.line)
    return faults
