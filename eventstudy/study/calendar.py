"""The sessions that a reader of the study sees, with their hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

import numpy as np

from eventstudy.calendars import ExchangeSessions
from eventstudy.results import SESSIONS_AROUND, CalendarRecord
from eventstudy.spec import EventSet, StudySpec
from eventstudy.study.timing import Timed

Span = tuple[date, date]


def calendar_records(
    spec: StudySpec, timed: Sequence[Timed], exchanges: Mapping[str, ExchangeSessions]
) -> Iterator[CalendarRecord]:
    """The `calendar` list of results.json: sessions of the securities' exchanges, in order.

    Of each exchange those inside event windows, the first session of every event, and the days of event sets, news in
    steps and tested events with `SESSIONS_AROUND` sessions before and after.
    """
    spans = list(_spans(spec, timed))
    for code in dict.fromkeys(security.exchange for security in spec.securities.values()):
        known = exchanges[code]
        inside = np.zeros(len(known), dtype=bool)
        for first, last in spans:
            low = int(np.searchsorted(known.sessions, np.datetime64(first))) - SESSIONS_AROUND
            high = int(np.searchsorted(known.sessions, np.datetime64(last), side="right")) + SESSIONS_AROUND
            inside[max(low, 0) : high] = True
        for item in timed:
            if item.exchange == code:
                at = known.index(item.day0)
                window = spec.windows.event if item.event.role == "tested" else (0, 0)
                inside[max(at + window[0], 0) : at + window[1] + 1] = True
        yield from (_record(known, int(at)) for at in np.flatnonzero(inside))


def _spans(spec: StudySpec, timed: Sequence[Timed]) -> Iterator[Span]:
    for event_set in spec.event_sets:
        own = _reaching(event_set, timed)
        yield event_set.first_session, max([event_set.last_session, *(item.day0 for item in own)])
    shown = [group.steps for group in spec.event_groups] + [(event.id,) for event in spec.tested]
    for events in shown:
        if found := [item.first for item in timed if item.event.id in events]:
            yield min(first.session for first in found), max(first.session_last for first in found)


def _reaching(event_set: EventSet, timed: Sequence[Timed]) -> list[Timed]:
    """The set's events, and every other one but context whose moment reaches a session of the set."""
    first, last = event_set.first_session, event_set.last_session
    ids = {
        item.event.id
        for item in timed
        if item.event.role != "context" and first <= item.day0 <= last and item.first.precision != "day"
    }
    return [item for item in timed if item.event.id in ids | set(event_set.events)]


def _record(known: ExchangeSessions, at: int) -> CalendarRecord:
    return CalendarRecord(
        exchange=known.exchange,
        session=known.sessions[at].item(),
        opens=_utc(known.opens[at]),
        closes=_utc(known.closes[at]),
        break_starts=_utc(known.break_starts[at]),
        break_ends=_utc(known.break_ends[at]),
    )


def _utc(instant: np.datetime64) -> datetime | None:
    return None if np.isnat(instant) else instant.astype("datetime64[us]").item().replace(tzinfo=UTC)
