"""Which days, events and estimates of a study stand in a picture, and how labelled lines are spaced."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from eventstudy.plots.style import axis, wrap
from eventstudy.results import SESSIONS_AROUND, CalendarRecord, Results
from eventstudy.results.reach import ends_of
from eventstudy.spec import Event
from eventstudy.texts.names import Names

MARKET = "market"
"""The model whose fit is told, and whose estimates have filled marks."""
MOST_DAYS = 12
NARROW_DAYS = 9
LINE_GAP, LINE_HEIGHT = 12, 15


@dataclass(frozen=True, slots=True)
class Span:
    """A run of days that a picture shows.

    Attributes
    ----------
    id, title : str
        Of the event set, the news in steps or the event that the days are shown for.
    first, last : date
        The days of the set itself.
    days : tuple of date
        The sessions of any of the study's exchanges from three before the first day to three after the last one.
    """

    id: str
    title: str
    first: date
    last: date
    days: tuple[date, ...]


def spans(result: Results, names: Names) -> tuple[Span, ...]:
    """The days around each event set; without sets those around news in steps, else around the last tested event.

    A run of more than twelve days is told in several.
    """
    found = _runs(result, names)
    if not found:
        return ()
    exchanges = calendars(result)
    cut: list[Span] = []
    for name, title, first, last in found:
        days = sorted({day for own in exchanges.values() for day in _around(list(own), first, last)})
        for at in range(0, len(days), MOST_DAYS):
            part = name if at == 0 else f"{name}-{at // MOST_DAYS + 1}"
            cut.append(Span(part, title, first, last, tuple(days[at : at + MOST_DAYS])))
    return tuple(cut)


def _runs(result: Results, names: Names) -> list[tuple[str, str, date, date]]:
    dated = {record.event_id for record in result.sessions if record.role == "tested"}
    sets = [item for item in result.spec.event_sets if dated.intersection(item.events)]
    if sets:
        return [(item.id, names.event_set(item.id), item.first_session, item.last_session) for item in sets]
    groups = [item for item in result.spec.event_groups if dated.intersection(item.steps)]
    if groups:
        told = [(item.id, names.must(item, "title"), item.steps) for item in groups]
    elif dated:
        tested = [record for record in result.sessions if record.role == "tested"]
        last = max(tested, key=lambda record: record.session).event_id
        told = [(last, names.event(last), (last,))]
    else:
        told = []
    return [(name, title, *ends) for name, title, own in told if (ends := ends_of(result.sessions, own))]


def _around(sessions: Sequence[date], first: date, last: date) -> Sequence[date]:
    low, high = bisect_left(sessions, first) - SESSIONS_AROUND, bisect_right(sessions, last) + SESSIONS_AROUND
    return sessions[max(low, 0) : high]


def calendars(result: Results) -> Mapping[str, Mapping[date, CalendarRecord]]:
    """The `calendar` list by exchange and session, in order."""
    found: dict[str, dict[date, CalendarRecord]] = {}
    for record in result.calendar:
        found.setdefault(record.exchange, {})[record.session] = record
    return found


def pictured_events(result: Results) -> frozenset[str]:
    """The tested events of event sets, news in steps and headlines; where there are none, the last tested one."""
    spec = result.spec
    told = {event for item in spec.event_sets for event in item.events}
    told |= {event for item in spec.event_groups for event in item.steps}
    told |= {headline.event for headline in spec.headlines if headline.event is not None}
    tested = [record for record in result.sessions if record.role == "tested"]
    found = frozenset(record.event_id for record in tested if record.event_id in told)
    if found or not tested:
        return found
    return frozenset({max(tested, key=lambda record: record.session).event_id})


def closed_at_limit(result: Results, event_id: str, security: str, session: date) -> bool:
    """Whether a session inside an event's window closed at a price limit, so that what ends there is a bound."""
    return any(
        flag.startswith("limit_")
        for ar in result.ar
        if (ar.event_id, ar.security, ar.session) == (event_id, security, session)
        for flag in ar.flags
    )


def stacked_days(labels: Sequence[str], *, most: int = MOST_DAYS) -> list[str]:
    """Days for narrow columns: day and month on two lines, at most that many of them written out."""
    step = -(-len(labels) // most)
    lines = [wrap(label.replace("\N{NO-BREAK SPACE}", " "), 4) for label in labels]
    return [line if at % step == 0 else "" for at, line in enumerate(lines)]


def path_event(result: Results, security: str) -> Event | None:
    """The tested event that a security's figures are drawn around; None where no tested event touches it.

    The first of an event set's events on the security, else that of a headline, else the last one.
    """
    estimated = {record.event_id for record in result.ar if record.security == security}
    own = [event for event in result.spec.tested if event.id in estimated]
    in_set = [event for event in own if result.spec.set_of(event.id) is not None]
    leading = {headline.event for headline in result.spec.headlines if headline.security == security}
    in_headline = [event for event in own if event.id in leading]
    if in_set:
        return min(in_set, key=lambda event: event.when.first)
    if in_headline:
        return in_headline[0]
    return max(own, key=lambda event: event.when.first) if own else None


def path_model(result: Results, security: str, event_id: str) -> str | None:
    """The study's first model with standard errors for the event and security, else the one that needs none."""
    paths = [path for path in result.car_paths if (path.security, path.event_id) == (security, event_id)]
    for model in result.spec.model_names:
        if any(path.model == model and path.std_error is not None for path in paths):
            return model
    return paths[0].model if paths else None


def shown_securities(result: Results) -> Sequence[str]:
    """The securities with at least one abnormal return, in the study's order."""
    estimated = {record.security for record in result.ar}
    return [symbol for symbol in result.spec.securities if symbol in estimated]


# --- labelled lines ------------------------------------------------------------------------------------


def line_tops(labels: Sequence[str]) -> list[float]:
    """Where each labelled line begins in pixels from the top, and where the last one ends."""
    heights = [LINE_GAP + LINE_HEIGHT * (label.count("<br>") + 1) for label in labels]
    return [float(value) for value in np.cumsum([0, *heights])]


def line_places(labels: Sequence[str]) -> list[float]:
    """The middle of each labelled line; a label of several lines has more room."""
    tops = line_tops(labels)
    return [(top + bottom) / 2 for top, bottom in pairwise(tops)]


def lines_height(labels: Sequence[str]) -> int:
    """The height of labelled lines together, in pixels."""
    return int(line_tops(labels)[-1])


def lines_axis(labels: Sequence[str]) -> dict[str, Any]:
    """The axis of labelled lines, read from the top."""
    return axis(
        tickvals=line_places(labels),
        ticktext=list(labels),
        range=[lines_height(labels), 0],
        showgrid=False,
        zeroline=False,
    )
