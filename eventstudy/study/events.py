"""The ledger of events: each on each security, its date and session, its estimation window, and its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from eventstudy.calendars import ExchangeSessions
from eventstudy.events import Day
from eventstudy.kernel.sample import meeting
from eventstudy.results import ArRecord, ExclusionRecord, LedgerRecord
from eventstudy.spec import StudySpec
from eventstudy.study.cases import anchor_of
from eventstudy.study.series import SecuritySeries
from eventstudy.study.timing import Timed
from eventstudy.windows import Window

EventOn = tuple[str, str]
"""An event and a security."""
UNUSED = ("not_estimable", "short_history", "too_few_observations")
"""Reasons of exclusions that leave an event without an estimate."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Other events of the security, by id, that meet an event's own event window and its estimation window.

    In an event window a tested event counts with its own event window, in an estimation window, as other news in both,
    with the sessions that it falls on.
    """

    event: tuple[str, ...] = ()
    estimation: tuple[str, ...] = ()


def neighbours(
    spec: StudySpec, timed: Sequence[Timed], series: Mapping[str, SecuritySeries]
) -> dict[EventOn, Neighbours]:
    """The neighbours of every tested event on every security."""
    items = [item for item in timed if item.event.role != "context"]
    if not items:
        return {}
    symbols = {symbol: number for number, symbol in enumerate(spec.securities)}
    asset = np.array([symbols[item.security] for item in items])
    spans = np.array([_span(spec, item, series[item.security]) for item in items])
    found: dict[EventOn, dict[str, tuple[str, ...]]] = {}
    for name, own, other in (("event", spans[:, :2], spans[:, :2]), ("estimation", spans[:, 2:4], spans[:, 4:])):
        for row, others in meeting(asset, own[:, 0], own[:, 1], other[:, 0], other[:, 1]):
            if items[row].event.role == "tested":
                place = items[row].event.id, items[row].security
                found.setdefault(place, {})[name] = tuple(items[other].event.id for other in others)
    return {place: Neighbours(**windows) for place, windows in found.items()}


def _span(spec: StudySpec, item: Timed, series: SecuritySeries) -> tuple[int, ...]:
    """Positions of the first and last session of an event's window, its estimation window, and the event itself."""
    day0, last = series.position(item.first.session), series.position(item.first.session_last)
    window = spec.windows.event if item.event.role == "tested" else Window(0, last - day0)
    anchor, estimation = series.position(anchor_of(spec, item.event, item.day0)), spec.windows.estimation
    own = day0 + window.first, day0 + window.last
    return *own, anchor + estimation.first, anchor + estimation.last, day0, last


def ledger_records(
    spec: StudySpec,
    timed: Sequence[Timed],
    exchanges: Mapping[str, ExchangeSessions],
    near: Mapping[EventOn, Neighbours],
    had: Mapping[EventOn, int],
    lists: tuple[Sequence[ArRecord], Sequence[ExclusionRecord]],
) -> Iterator[LedgerRecord]:
    """The `ledger` list: a record for every event with a day or a moment, on every security that it touches.

    `had` holds the observations of the first model's estimation window, `lists` abnormal returns and exclusions.
    """
    ar, exclusions = lists
    used = {(record.event_id, record.security) for record in ar}
    refused: dict[tuple[str | None, str | None], ExclusionRecord] = {}
    for record in exclusions:
        if record.reason in UNUSED:
            refused.setdefault((record.event_id, record.security), record)
    for item in timed:
        place = item.event.id, item.security
        why, tested = item.first.why[-1], item.event.role == "tested"
        out = refused.get(place) if place not in used else None
        yield LedgerRecord(
            event_id=item.event.id,
            asset=item.security,
            role=item.event.role,
            date=item.event.when.text,
            session=item.day0,
            used=place in used,
            why=why.code if out is None else out.code,
            detail=str(why) if out is None else out.detail,
            values=dict(why.values) if out is None else out.values,
            sessions_moved=_moved(item, exchanges[item.exchange]),
            estimation_asked=spec.windows.estimation.size if tested else None,
            estimation_had=had.get(place) if tested else None,
            others_in_event_window=near.get(place, Neighbours()).event,
            others_in_estimation_window=near.get(place, Neighbours()).estimation,
        )


def _moved(item: Timed, exchange: ExchangeSessions) -> int:
    """Sessions from the news' own day, in the exchange's zone, to day 0."""
    when = item.event.when
    own = when.day if isinstance(when, Day) else when.first.astimezone(ZoneInfo(exchange.time_zone)).date()
    return int(np.searchsorted(exchange.sessions, _label(item.day0)) - np.searchsorted(exchange.sessions, _label(own)))


def _label(day: date) -> np.datetime64:
    return np.datetime64(day, "D")
