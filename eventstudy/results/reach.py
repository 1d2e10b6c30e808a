"""Which sessions belong to an event set or to news in steps: for the calendar of a result and for its pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from eventstudy.results.records import SessionRecord
from eventstudy.spec import EventSet


def reaching(sessions: Sequence[SessionRecord], event_set: EventSet) -> list[SessionRecord]:
    """The sessions of the set's events and of every other dated event that reaches a session of the set."""
    first, last = event_set.first_session, event_set.last_session
    ids = {
        record.event_id
        for record in sessions
        if record.role != "context" and first <= record.session <= last and record.precision != "day"
    }
    return [record for record in sessions if record.event_id in ids | set(event_set.events)]


def ends_of(sessions: Sequence[SessionRecord], events: Collection[str]) -> tuple[date, date] | None:
    """First and last session of some events; None where none of them has one."""
    own = [record for record in sessions if record.event_id in events]
    return (min(record.session for record in own), max(record.session_last for record in own)) if own else None
