"""The days of an event set, hour by hour in both time zones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

from eventstudy.events import Day, Interval
from eventstudy.plots.around import calendars
from eventstudy.plots.style import (
    GREY,
    INK,
    MARKER,
    ORANGE,
    PALE,
    ROLE_LOOKS,
    SKY,
    Figure,
    Frame,
    axis,
    by_width,
    frame_of,
    new_figure,
    plain_text,
    records,
    wrap,
)
from eventstudy.results import CalendarRecord, Results, SessionRecord
from eventstudy.results.reach import reaching
from eventstudy.spec import Event
from eventstudy.texts import Lang, Texts, load_texts
from eventstudy.texts.names import Names, names_of

HOUR_HEIGHT = 8.0
LANE = 0.1
ROOM_FOR_TITLES = 820
BAR, EDGE, GAP = 0.24, 0.01, 0.015


def days_frame(result: Results, set_id: str, *, lang: Lang = "en") -> Frame:
    """The sessions of an event set's days and the news that reached them.

    Returns
    -------
    DataFrame
        Rows of three kinds. ``session``: place (a time zone), session, start, end; ``break``: the same for a lunch
        break; ``news``: number, event_id, role, title, start, end (equal for an instant) and a row ``link`` per
        place with the session that the news maps to, start (when the news came), end (when that session could
        react) and whether only a part of it could (``partial``). Instants are UTC.
    """
    names = names_of(result.spec, lang)
    event_set = next(item for item in result.spec.event_sets if item.id == set_id)
    reached = reaching(result.sessions, event_set)
    exchanges = calendars(result)
    rows: list[dict[str, object]] = []
    for place, own in _by_place(reached).items():
        last = max(event_set.last_session, *(record.session for record in own))
        rows.extend(_session_rows(exchanges[own[0].exchange], place, event_set.first_session, last, names.texts))
    for event in names.in_order:
        links = [record for record in reached if record.event_id == event.id]
        if links:
            rows.extend(_news_rows(event, links, exchanges, names))
    return frame_of(rows)


def _by_place(records: Sequence[SessionRecord]) -> dict[str, list[SessionRecord]]:
    places: dict[str, list[SessionRecord]] = {}
    for record in records:
        places.setdefault(record.time_zone, []).append(record)
    return dict(sorted(places.items()))


def _session_rows(
    sessions: Mapping[date, CalendarRecord], place: str, first: date, last: date, texts: Texts
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for session, own in sessions.items():
        if not first <= session <= last:
            continue
        shared = {"place": place, "session": session, "title": texts.short(session)}
        rows.append({"kind": "session", **shared, "start": own.opens, "end": own.closes})
        if own.break_starts is not None:
            rows.append({"kind": "break", **shared, "start": own.break_starts, "end": own.break_ends})
    return rows


def _news_rows(
    event: Event, links: Sequence[SessionRecord], exchanges: Mapping[str, Mapping[date, CalendarRecord]], names: Names
) -> list[dict[str, object]]:
    when = event.when
    start = when.first
    end = when.last if isinstance(when, Interval) else start + timedelta(days=1) if isinstance(when, Day) else start
    shared = {
        "number": names.number(event.id),
        "event_id": event.id,
        "role": event.role,
        "role_name": names.texts(f"role.{event.role}"),
        "title": names.event(event.id),
    }
    rows: list[dict[str, object]] = [{"kind": "news", **shared, "start": start, "end": end}]
    for place, own in _by_place(links).items():
        record = own[0]
        opens = exchanges[record.exchange][record.session].opens
        reacts = max(opens, end) if record.partial else opens
        partial = record.partial
        rows.append(
            {"kind": "link", **shared, "place": place, "session": record.session, "start": start + (end - start) / 2}
            | {"end": reacts, "partial": partial}
        )
    return rows


def days_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The frame of `days_frame`: time runs downwards, a market at each side, the news between them."""
    texts = load_texts(lang)
    first = frame["start"].min() - timedelta(hours=7)
    last = max(frame["end"].max(), frame["start"].max()) + timedelta(hours=2)
    hours = (last - first) / timedelta(hours=1)
    figure = new_figure(height=round(110 + HOUR_HEIGHT * hours))
    sides = _sides(frame)
    news = _placed(frame[frame["kind"] == "news"], first)
    _draw_sessions(figure, frame, sides, first, texts)
    _draw_links(figure, frame, sides, first, news, texts)
    _draw_news(figure, news, texts)
    heads = [_head(texts("figure.clock_of", place=texts.place(place)), x) for place, x in sides.items()]
    figure.update_layout(
        xaxis=axis(visible=False, range=[0, 1]),
        yaxis=_clock_axis(next(iter(sides), "UTC"), first, last, texts),
        annotations=[*_titles(news), *heads],
        legend={"y": 0, "yanchor": "top"},
        margin={"t": 30},
        barmode="overlay",
        bargap=0,
    )
    if len(sides) > 1:
        right = list(sides)[1]
        figure.update_layout(
            yaxis2=_clock_axis(right, first, last, texts) | {"overlaying": "y", "side": "right", "showgrid": False}
        )
    shown = {f"annotations[{place}].visible": True for place in range(len(news))}
    by_width(figure, narrow=dict.fromkeys(shown, False), wide=shown, below=ROOM_FOR_TITLES)
    return figure


def _sides(frame: Frame) -> dict[str, float]:
    """Each place's horizontal position: New York left, Shanghai right; more than two share the sides."""
    places = sorted(frame["place"].dropna().unique())
    inward = [EDGE + _width(places) * (at // 2 + 0.5) for at in range(len(places))]
    return {place: 1 - x if at % 2 else x for at, (place, x) in enumerate(zip(places, inward, strict=True))}


def _width(places: Collection[str]) -> float:
    """How wide the bars of a place are, where a side holds half of the places."""
    return BAR / max(1, -(-len(places) // 2))


def _hours(at: Any, first: datetime) -> float:
    return float((at - first) / timedelta(hours=1))


def _placed(news: Frame, first: datetime) -> list[dict[str, Any]]:
    """News with its hours and a lane of its own where the times of two overlap."""
    placed: list[dict[str, Any]] = []
    for row in records(news.sort_values("start")):
        start, end = _hours(row["start"], first), _hours(row["end"], first)
        middle = (start + end) / 2
        top, bottom = min(start, middle - 2), max(end, middle + 2)
        taken = {other["lane"] for other in placed if other["top"] <= bottom and top <= other["bottom"]}
        lane = next(lane for lane in range(len(placed) + 1) if lane not in taken)
        placed.append(row | {"from": start, "to": end, "middle": middle, "top": top, "bottom": bottom, "lane": lane})
    lanes = max((row["lane"] for row in placed), default=0)
    return [row | {"x": 0.5 + LANE * (row["lane"] - lanes / 2)} for row in placed]


def _draw_sessions(figure: Figure, frame: Frame, sides: Mapping[str, float], first: datetime, texts: Texts) -> None:
    """A bar per session, its lunch break left white; each side on its own clock."""
    width = _width(sides)
    for color, scale, (place, x) in zip(cycle((SKY, ORANGE)), cycle(("y", "y2")), sides.items()):
        own = frame[(frame["kind"] == "session") & (frame["place"] == place)]
        pauses = frame[(frame["kind"] == "break") & (frame["place"] == place)]
        figure.add_bar(
            **_bars(own, x, width, first),
            yaxis=scale,
            marker={"color": color, "line": {"width": 1, "color": INK}},
            name=texts("figure.sessions_of", place=texts.place(place)),
            hovertext=[f"{texts.clock(row['start'], place)}–{texts.clock(row['end'], place)}" for row in records(own)],
            hoverinfo="text",
        )
        if len(pauses):
            white = {"color": "#ffffff", "line": {"width": 0}}
            figure.add_bar(
                **_bars(pauses, x, width, first), yaxis=scale, marker=white, showlegend=False, hoverinfo="skip"
            )
        figure.add_scatter(
            x=[x] * len(own),
            y=[_hours(row["start"] + (row["end"] - row["start"]) / 2, first) for row in records(own)],
            yaxis=scale,
            mode="text",
            text=list(own["title"]),
            textfont={"color": INK, "size": 11},
            showlegend=False,
            hoverinfo="skip",
        )


def _bars(rows: Frame, x: float, width: float, first: datetime) -> dict[str, Any]:
    starts = [_hours(at, first) for at in rows["start"]]
    ends = [_hours(at, first) for at in rows["end"]]
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    return {"x": [x] * len(rows), "y": lengths, "base": starts, "width": width}


def _draw_links(
    figure: Figure,
    frame: Frame,
    sides: Mapping[str, float],
    first: datetime,
    news: Sequence[Mapping[str, Any]],
    texts: Texts,
) -> None:
    """A line from each piece of news to the first session that could react, dashed where only a part of it could."""
    where, head = {row["event_id"]: row for row in news}, _width(sides) / 2 + GAP
    links = frame[frame["kind"] == "link"]
    for partial, dash in ((False, "solid"), (True, "dash")):
        xs: list[float | None] = []
        ys: list[float | None] = []
        heads: list[str] = []
        for row in records(links[links["partial"].astype(bool) == partial]):
            left = sides[row["place"]] < 0.5
            source = where[row["event_id"]]
            xs += [source["x"], sides[row["place"]] + (head if left else -head), None]
            ys += [source["middle"], _hours(row["end"], first), None]
            heads += ["circle", "triangle-left" if left else "triangle-right", "circle"]
        if xs:
            figure.add_scatter(
                x=xs,
                y=ys,
                mode="lines+markers",
                line={"color": GREY, "width": 1.6, "dash": dash},
                marker={"symbol": heads, "size": [0, 11, 0] * (len(xs) // 3), "color": GREY, "opacity": 1},
                name=texts("figure.link_partial" if partial else "figure.link_whole"),
                hoverinfo="skip",
            )


def _draw_news(figure: Figure, news: Sequence[Mapping[str, Any]], texts: Texts) -> None:
    spans: list[float | None] = []
    at: list[float | None] = []
    for row in news:
        if row["to"] > row["from"]:
            spans += [row["from"], row["to"], None]
            at += [row["x"], row["x"], None]
    if spans:
        figure.add_scatter(
            x=at,
            y=spans,
            mode="lines+markers",
            line={"color": INK, "width": 3},
            marker={"symbol": "line-ew-open", "size": 12, "color": INK, "line": {"width": 3}},
            name=texts("figure.interval"),
            hoverinfo="skip",
        )
    for role, look in ROLE_LOOKS.items():
        own = [row for row in news if row["role"] == role]
        if own:
            figure.add_scatter(
                x=[row["x"] for row in own],
                y=[row["middle"] for row in own],
                mode="markers+text",
                name=str(own[0]["role_name"]),
                text=[str(int(row["number"])) for row in own],
                textfont={"color": look["text"], "size": 11},
                marker={**MARKER, "symbol": look["symbol"], "color": look["color"]},
                hovertext=[f"{int(row['number'])}. {plain_text(row['title'])}" for row in own],
                hoverinfo="text",
            )


def _titles(news: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The news by title, above its lines: to the right, or to the left where another's lane is on the right."""
    lanes = max((row["lane"] for row in news), default=0)
    found = []
    for row in news:
        crowded = row["lane"] < lanes and any(
            other["lane"] > row["lane"] and other["top"] <= row["bottom"] and row["top"] <= other["bottom"]
            for other in news
        )
        side = {"x": row["x"] + (-0.02 if crowded else 0.02), "xanchor": "right" if crowded else "left"}
        found.append(
            {
                **side,
                "y": row["middle"],
                "yanchor": "bottom",
                "text": wrap(plain_text(row["title"]), 26 if crowded else 42 if row["lane"] == 0 else 32),
                "align": side["xanchor"],
                "showarrow": False,
                "bgcolor": "rgba(255,255,255,0.88)",
                "font": {"size": 12},
            }
        )
    return found


def _head(text: str, x: float) -> dict[str, Any]:
    place = {"x": x, "y": 1.0, "yref": "paper", "yanchor": "bottom", "yshift": 4}
    return {**place, "text": f"<b>{text}</b>", "showarrow": False}


def _clock_axis(place: str, first: datetime, last: datetime, texts: Texts) -> dict[str, Any]:
    """An axis of hours that reads in one place's own time: dates at midnight, and noon."""
    zone = ZoneInfo(place)
    local = first.astimezone(zone).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    marks = []
    while local <= last:
        if local.hour % 12 == 0:
            marks.append(local)
        local = (local.astimezone(UTC) + timedelta(hours=1)).astimezone(zone)
    return axis(
        range=[_hours(last, first), 0],
        tickmode="array",
        tickvals=[_hours(mark, first) for mark in marks],
        ticktext=[f"<b>{texts.short(mark.date())}</b>" if mark.hour == 0 else f"{mark:%H:%M}" for mark in marks],
        zeroline=False,
        ticks="outside",
        ticklen=4,
        tickcolor=PALE,
    )
