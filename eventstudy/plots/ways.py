"""The same event, security and window estimated in other ways, one line for each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from eventstudy.plots.around import closed_at_limit, line_places, line_tops, lines_axis, lines_height
from eventstudy.plots.style import (
    GREY,
    INK,
    PALE,
    Figure,
    Frame,
    by_width,
    error_bars,
    estimate_words,
    frame_of,
    look_of,
    new_figure,
    percent_axis,
    plain_text,
    records,
    texts_for,
    wrap,
)
from eventstudy.results import AlternativeRecord, Results
from eventstudy.texts import Lang, Texts
from eventstudy.texts.names import Names, names_of

AS_DESIGNED = "as_designed"
OVER_CONTROL = "over_control"
LABEL_WIDTH = 26
FIELDS = [
    "head",
    "event_id",
    "days",
    "variant",
    "label",
    "estimand",
    "estimate",
    "ci_low",
    "ci_high",
    "pvalue",
    "over_control",
    "bound",
]


def way_words(names: Names, record: AlternativeRecord) -> str:
    """What a way of estimating does, in words."""
    other = names.securities(record.other)
    return names.texts(f"ways.{record.variant}", other=other)


def ends_of_way(result: Results, record: AlternativeRecord) -> tuple[date, date]:
    """First and last session of an alternative's window."""
    days = {
        ar.relative_day: ar.session
        for ar in result.ar
        if (ar.event_id, ar.security) == (record.event_id, record.security)
    }
    return days[record.window.first], days[record.window.last]


def ways_of(result: Results, security: str, topics: Sequence[str], events: Collection[str]) -> list[AlternativeRecord]:
    """A security's alternatives on some topics and events; each as-designed estimate once, ahead of the rest."""
    found: dict[tuple[object, ...], AlternativeRecord] = {}
    for topic in topics:
        for record in result.alternatives:
            if (record.security, record.topic) == (security, topic) and record.event_id in events:
                found.setdefault((record.event_id, record.window, record.variant, record.other), record)
    cases = list(dict.fromkeys((record.event_id, record.window) for record in found.values()))
    return [record for case in cases for record in found.values() if (record.event_id, record.window) == case]


def ways_frame(
    result: Results, security: str, topics: Sequence[str], events: Collection[str], *, lang: Lang = "en"
) -> Frame:
    """A security's estimates in other ways, by event and window.

    Parameters
    ----------
    result : Results
        With the list `alternatives`.
    security : str
        Whose estimates.
    topics, events : collections of str
        Which of them.
    lang : str
        Language of the labels.

    Returns
    -------
    DataFrame
        A row per way: head (the sessions, with the event's number where two events share them), event_id, days,
        variant, label, estimand, estimate, ci_low, ci_high, pvalue (decimal), over_control (whether what it rests on
        may already contain the news), bound (the last session where it closed at a price limit,
        else empty).
    """
    names = names_of(result.spec, lang)
    rows = []
    shown = ways_of(result, security, topics, events)
    ends = {(record.event_id, record.window): ends_of_way(result, record) for record in shown}
    days = {case: names.texts.short_span(*own) for case, own in ends.items()}
    for record in shown:
        last = ends[record.event_id, record.window][1]
        own = days[record.event_id, record.window]
        twice = list(days.values()).count(own) > 1
        number = names.number(record.event_id)
        rows.append(
            {
                "head": names.texts("ways.numbered", days=own, number=number) if twice else own,
                "event_id": record.event_id,
                "days": own,
                "variant": record.variant,
                "label": way_words(names, record),
                "estimand": record.estimand,
                "estimate": record.estimate,
                "ci_low": record.ci_low,
                "ci_high": record.ci_high,
                "pvalue": record.pvalue,
                "over_control": OVER_CONTROL in record.flags,
                "bound": names.texts.short(last) if closed_at_limit(result, record.event_id, security, last) else "",
            }
        )
    return frame_of(rows, FIELDS, level=result.spec.level)


def ways_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The lines of `ways_frame`: hollow where a regressor may contain the news, dotted at the as-designed estimate."""
    texts = texts_for(frame, lang)
    labels, rows = _lines(frame)
    places, tops = line_places(labels), line_tops(labels)
    frame = frame.assign(place=[places[row] for row in rows])
    figure = new_figure(height=90 + lines_height(labels))
    _references(figure, frame, texts)
    for hollow in (False, True):
        for estimand in ("total", "relative", "none"):
            own = frame[(frame["estimand"] == estimand) & (frame["over_control"] == hollow)]
            if len(own):
                _points(figure, own, texts, hollow=hollow)
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    for row in set(range(1, len(labels))) - set(rows):
        figure.add_hline(y=tops[row], line={"color": PALE, "width": 1}, layer="below")
    figure.update_layout(
        xaxis=percent_axis(texts("figure.abnormal_return")) | {"zeroline": False},
        yaxis=lines_axis(labels),
        legend={"itemclick": False, "itemdoubleclick": False},
    )
    by_width(figure, narrow={"xaxis.nticks": 4}, wide={"xaxis.nticks": 6})
    return figure


def _lines(frame: Frame) -> tuple[list[str], list[int]]:
    """All labels with the heads between them, and the line of each row of the frame."""
    labels: list[str] = []
    rows: list[int] = []
    case = None
    for row in records(frame):
        if (row["event_id"], row["head"]) != case:
            case = (row["event_id"], row["head"])
            labels.append(f"<b>{wrap(plain_text(row['head']), LABEL_WIDTH)}</b>")
        rows.append(len(labels))
        labels.append(wrap(plain_text(row["label"]), LABEL_WIDTH))
    return labels, rows


def _references(figure: Figure, frame: Frame, texts: Texts) -> None:
    """The estimate of the study's own design, down through the lines of its event."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for _, own in frame.groupby(["event_id", "head"], sort=False):
        design = own[own["variant"] == AS_DESIGNED]
        if len(design):
            estimate = 100 * float(design["estimate"].iloc[0])
            xs += [estimate, estimate, None]
            ys += [float(own["place"].min()), float(own["place"].max()), None]
    if xs:
        line = {"color": GREY, "width": 1.2, "dash": "dot"}
        figure.add_scatter(x=xs, y=ys, mode="lines", line=line, name=texts("ways.as_designed"), hoverinfo="skip")


def _points(figure: Figure, own: Frame, texts: Texts, *, hollow: bool) -> None:
    look = look_of(str(own["estimand"].iloc[0]), 0)
    figure.add_scatter(
        x=list(100 * own["estimate"]),
        y=list(own["place"]),
        mode="markers",
        error_x=error_bars(own, look["color"]),
        marker={
            "symbol": look["symbol"],
            "size": 10,
            "color": "#ffffff" if hollow else look["color"],
            "line": {"width": 2, "color": look["color"]},
        },
        name=texts("ways.over_control" if hollow else f"estimand.{own['estimand'].iloc[0]}"),
        hovertext=[_hover(row, texts) for row in records(own)],
        hoverinfo="text",
    )


def _hover(row: Mapping[str, Any], texts: Texts) -> str:
    parts = [f"{row['head']}: {wrap(plain_text(row['label']), 40)}", *estimate_words(row, texts)]
    return "<br>".join([*parts, texts("ways.over_control")] if row["over_control"] else parts)
