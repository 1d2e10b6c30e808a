"""Which session each event falls on, for each security that it touches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from eventstudy.calendars import ExchangeSessions, load_sessions
from eventstudy.clock import FirstSession, first_session
from eventstudy.errors import InputError, SessionRangeError
from eventstudy.events import Month
from eventstudy.facts import fact, words
from eventstudy.results import FactRecord, SessionRecord
from eventstudy.spec import Event, Security, StudySpec, Suspension


@dataclass(frozen=True, slots=True)
class Timed:
    """An event on one security with its first session."""

    event: Event
    security: str
    exchange: str
    first: FirstSession

    @property
    def day0(self) -> date:
        return self.first.session

    def touches(self, session: date) -> bool:
        """Whether the news may have arrived in that session."""
        return self.first.session <= session <= self.first.session_last


def open_exchanges(spec: StudySpec) -> dict[str, ExchangeSessions]:
    """The sessions of every exchange of the study's instruments, overlays applied."""
    codes = sorted({instrument.exchange for instrument in spec.instruments.values()})
    overlays = {code: Path(overlay) for code, overlay in spec.overlays.items()}
    return {code: load_sessions(code, overlay=overlays.get(code)) for code in codes}


def time_events(spec: StudySpec, exchanges: Mapping[str, ExchangeSessions]) -> tuple[Timed, ...]:
    """Every event with a day or a moment, on every security that it touches.

    A confounder that names an exchange touches all of the study's securities there. An event inside a documented
    suspension of a security falls on the session of its resumption.
    """
    return tuple(_timed(spec, exchanges))


def _timed(spec: StudySpec, exchanges: Mapping[str, ExchangeSessions]) -> Iterator[Timed]:
    for event in spec.events:
        for symbol in _touched(spec, event):
            yield _timed_one(spec, exchanges, event, symbol)


def _touched(spec: StudySpec, event: Event) -> list[str]:
    """Securities that an event with a day or a moment touches."""
    if isinstance(event.when, Month):
        return []
    return [
        symbol
        for symbol, security in spec.securities.items()
        if symbol in event.securities or security.exchange in event.exchanges
    ]


def _timed_one(spec: StudySpec, exchanges: Mapping[str, ExchangeSessions], event: Event, symbol: str) -> Timed:
    security = spec.securities[symbol]
    exchange = exchanges[security.exchange]
    first = after_suspension(first_session(event.when, exchange), security, exchange)
    return Timed(event, symbol, security.exchange, first)


def range_faults(spec: StudySpec, exchanges: Mapping[str, ExchangeSessions]) -> Iterator[tuple[int, SessionRangeError]]:
    """Events, by their number, whose first session or windows leave the known sessions; each fault once an event.

    The event window counts from day 0, the estimation window from the first session of the event's set if it has one.
    """
    for number, event in enumerate(spec.events):
        told: set[str] = set()
        for symbol in _touched(spec, event):
            try:
                item = _timed_one(spec, exchanges, event, symbol)
                _inside(spec, item, exchanges[item.exchange])
            except SessionRangeError as error:
                if str(error) not in told:
                    yield number, error
                told.add(str(error))


def _inside(spec: StudySpec, item: Timed, exchange: ExchangeSessions) -> None:
    """Whether both ends of a tested event's windows are known sessions; `SessionRangeError` where one is not."""
    if item.event.role != "tested":
        return
    event_set = spec.set_of(item.event.id)
    anchor = item.day0 if event_set is None else exchange.session_on_or_after(event_set.first_session)
    for name, start in (("estimation", anchor), ("event", item.day0)):
        window = getattr(spec.windows, name)
        for end in window:
            try:
                exchange.offset(start, end)
            except SessionRangeError as error:
                raise SessionRangeError(f"the {name} window {window} leaves the known sessions: {error}") from None


def require_inside(spec: StudySpec, exchanges: Mapping[str, ExchangeSessions]) -> None:
    """Refuse a study with an event that `range_faults` finds.

    Raises
    ------
    SessionRangeError
        Of the first such event, after its id.
    """
    for number, error in range_faults(spec, exchanges):
        raise SessionRangeError(f"event {spec.events[number].id}: {error}")


def ex_date_faults(
    spec: StudySpec, exchanges: Mapping[str, ExchangeSessions]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Ex-dates of dividends and splits on known days without a session: the path of each and a sentence."""
    for section in ("securities", "benchmarks", "peers"):
        for symbol, instrument in getattr(spec, section).items():
            for key in ("dividends", "splits"):
                for number, stated in enumerate(getattr(instrument, key)):
                    day, known = stated.ex_date, exchanges[instrument.exchange]
                    if known.first <= day <= known.last and not known.is_session(day):
                        message = f"{day} is no session of {instrument.exchange}, so nothing can go ex on it"
                        yield (section, symbol, key, number, "ex_date"), f"{message}; correct the date"


def require_ex_dates(spec: StudySpec, exchanges: Mapping[str, ExchangeSessions]) -> None:
    """Refuse a study with an ex-date that `ex_date_faults` finds.

    Raises
    ------
    InputError
        Of the first such date, after its security.
    """
    for (_, symbol, key, *_), message in ex_date_faults(spec, exchanges):
        raise InputError(f"{key} of {symbol}: {message}")


def after_suspension(first: FirstSession, security: Security, exchange: ExchangeSessions) -> FirstSession:
    """Day 0, and an interval's last session, moved to the resumption where the security was suspended on it."""
    halt = _halt_on(first.session, security)
    late = _halt_on(first.session_last, security)
    found = halt or late
    if found is None:
        return first
    resumed = exchange.session_on_or_after(found.last + timedelta(days=1))
    why = fact(
        "first_session.during_suspension" if halt else "first_session.ends_in_suspension",
        first=found.first,
        last=found.last,
        source=words(found.source, found.source_zh),
        session=resumed,
    )
    moved = replace(first, session_last=max(resumed, first.session_last), why=(*first.why, why))
    if halt:
        moved = replace(moved, session=resumed, partial=False, reason="during_suspension")
    return after_suspension(moved, security, exchange)


def _halt_on(session: date, security: Security) -> Suspension | None:
    return next((halt for halt in security.suspensions if halt.first <= session <= halt.last), None)


def session_records(timed: tuple[Timed, ...], exchanges: Mapping[str, ExchangeSessions]) -> tuple[SessionRecord, ...]:
    """The `sessions` list of results.json."""
    return tuple(
        SessionRecord(
            event_id=item.event.id,
            security=item.security,
            exchange=item.exchange,
            time_zone=exchanges[item.exchange].time_zone,
            session=item.first.session,
            session_last=item.first.session_last,
            partial=item.first.partial,
            precision=item.first.precision,
            reason=item.first.reason,
            detail=item.first.detail,
            facts=tuple(map(FactRecord.of, item.first.why)),
            role=item.event.role,
            expected=item.event.securities.get(item.security),
        )
        for item in timed
    )
