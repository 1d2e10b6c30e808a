"""The sessions that a reader of the study sees, with their hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

import numpy as np

from eventstudy.calendars import ExchangeSessions
from eventstudy.results import SESSIONS_AROUND, CalendarRecord, SessionRecord
from eventstudy.results.reach import ends_of, reaching
from eventstudy.spec import StudySpec

Span = tuple[date, date]


def calendar_records(
    spec: StudySpec, sessions: Sequence[SessionRecord], exchanges: Mapping[str, ExchangeSessions]
) -> Iterator[CalendarRecord]:
    """The `calendar` list of results.json: sessions of the securities' exchanges, in order.

    Of each exchange those inside event windows, the first session of every event, and the days of event sets, news in
    steps and tested events with `SESSIONS_AROUND` sessions before and after.
    """
    spans = list(_spans(spec, sessions))
    for code in dict.fromkeys(security.exchange for security in spec.securities.values()):
        known = exchanges[code]
        inside = np.zeros(len(known), dtype=bool)
        for first, last in spans:
            low = int(np.searchsorted(known.sessions, np.datetime64(first))) - SESSIONS_AROUND
            high = int(np.searchsorted(known.sessions, np.datetime64(last), side="right")) + SESSIONS_AROUND
            inside[max(low, 0) : high] = True
        for record in sessions:
            if record.exchange == code:
                at = known.index(record.session)
                window = spec.windows.event if record.role == "tested" else (0, 0)
                inside[max(at + window[0], 0) : at + window[1] + 1] = True
        yield from (_record(known, int(at)) for at in np.flatnonzero(inside))


def _spans(spec: StudySpec, sessions: Sequence[SessionRecord]) -> Iterator[Span]:
    for event_set in spec.event_sets:
        reached = [record.session for record in reaching(sessions, event_set)]
        yield event_set.first_session, max([event_set.last_session, *reached])
    shown = [group.steps for group in spec.event_groups] + [(event.id,) for event in spec.tested]
    yield from (ends for events in shown if (ends := ends_of(sessions, events)))


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
