"""The events: the days of each event set hour by hour, all events by month, and the list with their sessions."""

from __future__ import annotations

from typing import Any

from eventstudy.plots import days_figure, days_frame, overview_figure, overview_frame
from eventstudy.report.views import FigureView, Study, figure_view, frame_table
from eventstudy.results import SessionRecord
from eventstudy.spec import Event
from eventstudy.summary.rows import ledger_table
from eventstudy.summary.tables import Column, Table


def build(study: Study) -> dict[str, Any]:
    """The context of ``timeline.html``."""
    dated = {record.event_id for record in study.result.sessions}
    return {
        "figures": [_days(study, item.id) for item in study.result.spec.event_sets if dated.intersection(item.events)],
        "overview": _overview(study),
        "events": [_event(study, event) for event in study.names.in_order],
        "ledger": ledger_table(study.result, study.names),
    }


def _days(study: Study, set_id: str) -> FigureView:
    texts, names = study.texts, study.names
    frame = days_frame(study.result, set_id, lang=texts.lang)
    links = frame[frame["kind"] == "link"]
    partial = list(dict.fromkeys(links.loc[links["partial"].astype(bool), "title"]))
    key = "caption.days_partial" if partial else "caption.days_whole"
    return figure_view(
        f"days-{set_id}",
        days_figure(frame, lang=texts.lang),
        title=texts("figure.title.days", title=names.event_set(set_id)),
        finding=texts(key, n=links["event_id"].nunique(), partial=texts.listing([texts.quoted(t) for t in partial])),
        description=texts("figure.about.days", title=names.event_set(set_id)),
        table=_links_table(study, set_id, list(dict.fromkeys(links["event_id"]))),
    )


def _links_table(study: Study, set_id: str, events: list[str]) -> Table:
    """Each piece of news with its moment in both time zones and its session on each exchange."""
    texts, names = study.texts, study.names
    rows = []
    for event_id in events:
        when = names.spec.event(event_id).when
        places: dict[str, SessionRecord] = {}
        for record in study.result.sessions:
            if record.event_id == event_id:
                places.setdefault(record.exchange, record)
        for exchange, record in places.items():
            zone = record.time_zone
            last = getattr(when, "last", when.first)
            local = texts.clock(when.first, zone)
            if last != when.first:
                local = texts("date.interval_local", first=local, last=texts.clock(last, zone))
            rows.append(
                (
                    texts("name.numbered", number=names.number(event_id), event=names.event(event_id)),
                    names.exchange(exchange),
                    local,
                    texts.weekday(record.session),
                    texts(f"reason.{record.reason}"),
                )
            )
    keys = ("event", "exchange", "local_time", "first_session", "why")
    return Table(tuple(Column(texts(f"column.{key}")) for key in keys), tuple(rows))


def _overview(study: Study) -> FigureView:
    texts = study.texts
    frame = overview_frame(study.result, lang=texts.lang)
    roles = frame["role"].value_counts()
    shown = [role for role in ("tested", "confounder", "context") if role in roles]
    parts = [texts.count(f"caption.role_{role}", int(roles[role])) for role in shown]
    return figure_view(
        "overview",
        overview_figure(frame),
        title=texts("figure.title.overview"),
        finding=texts("caption.overview", parts=texts.listing(parts)),
        description=texts("figure.about.overview"),
        table=frame_table(study, frame, {"number": "whole", "when": "text", "title": "text", "role_name": "text"}),
    )


def _event(study: Study, event: Event) -> dict[str, Any]:
    texts, names = study.texts, study.names
    told = [names.own(event, field) for field in ("summary", "why", "note")]
    return {
        "number": names.number(event.id),
        "title": names.event(event.id),
        "when": texts.moment(event.when),
        "role": event.role,
        "role_name": texts(f"role.{event.role}"),
        "sessions": _sessions(study, event),
        "told": [text for text in told if text],
        "sources": [names.source(source) for source in event.sources],
    }


def _sessions(study: Study, event: Event) -> list[str]:
    """First session per group of securities that share it: who, when, why, and the sign expected there."""
    texts, names = study.texts, study.names
    shared: dict[tuple[object, ...], list[str]] = {}
    for record in study.result.sessions:
        if record.event_id == event.id:
            key = (record.session, record.session_last, record.reason, record.expected)
            shared.setdefault(key, []).append(record.security)
    lines = []
    for (session, last, reason, expected), symbols in shared.items():
        line = texts(
            "timeline.session",
            securities=names.securities(symbols),
            day=texts.span(session, last),  # type: ignore[arg-type]
            why=texts(f"reason.{reason}"),
        )
        lines.append(line + (texts(f"timeline.expected_{expected}") if expected else ""))
    return lines
