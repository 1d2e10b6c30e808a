"""When something happened, with the precision that its source gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from eventstudy.csvtext import iso_date

Precision = Literal["instant", "interval", "day", "month"]


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment known to the minute or better, in UTC."""

    at: datetime
    text: str
    precision: Precision = "instant"

    @property
    def first(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True)
class Interval:
    """A moment known to lie between two instants, both in UTC and both possible."""

    first: datetime
    last: datetime
    text: str
    precision: Precision = "interval"


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day whose time of day is not known; each exchange reads it as its own date."""

    day: date
    text: str
    precision: Precision = "day"

    @property
    def first(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month; drawn on the timeline, never tested."""

    year: int
    month: int
    text: str
    precision: Precision = "month"

    @property
    def first(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)


Moment = Instant | Interval | Day | Month

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
ALLOWED = (
    "an instant (2025-12-08T17:56Z), an interval (2025-12-08T21:00Z / 2025-12-09T00:30Z), "
    "a day (2025-12-08) or a month (2025-12)"
)


def parse_moment(text: str) -> Moment:
    """Read a moment from its text in events.yaml.

    Parameters
    ----------
    text : str
        ``2025-12-08T17:56Z`` (instant, any UTC offset), two instants joined by ``/`` (interval),
        ``2025-12-08`` (day) or ``2025-12`` (month).

    Raises
    ------
    ValueError
        With one sentence that says what is wrong and what is allowed.
    """
    text = text.strip()
    if "/" in text:
        ends = [part.strip() for part in text.split("/")]
        if len(ends) != 2:
            raise ValueError(f"{text!r} is not a moment; allowed: {ALLOWED}")
        first, last = (_instant(part) for part in ends)
        if first >= last:
            raise ValueError(f"the interval {text!r} must end after it begins")
        return Interval(first, last, text)
    if _DAY.fullmatch(text):
        return Day(iso_date(text), text)
    if match := _MONTH.fullmatch(text):
        iso_date(f"{text}-01")
        return Month(int(match[1]), int(match[2]), text)
    return Instant(_instant(text), text)


def _instant(text: str) -> datetime:
    if _DAY.fullmatch(text) or _MONTH.fullmatch(text):
        raise ValueError(f"an interval needs a time on both ends, {text!r} has none; write 2025-12-08T21:00Z")
    try:
        moment = datetime.fromisoformat(text) if _INSTANT.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError(f"{text!r} is not a moment; allowed: {ALLOWED}")
    if moment.tzinfo is None:
        raise ValueError(
            f"the time {text!r} has no UTC offset, so its session is not known; "
            "add one: Z for UTC, -05:00 for New York in winter, +08:00 for Shanghai"
        )
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"the time {text!r} lies outside the years 1 to 9999 in UTC") from None
