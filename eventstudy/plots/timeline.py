"""All events of a study, a line per month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from eventstudy.plots.style import (
    Figure,
    Frame,
    axis,
    frame_of,
    new_figure,
    role_traces,
)
from eventstudy.results import Results
from eventstudy.texts import Lang
from eventstudy.texts.names import Names, names_of

Period = tuple[int, ...]

MOST_PERIODS = 14
PER_LINE = 12  # markers side by side on a phone


def overview_frame(result: Results, *, lang: Lang = "en") -> Frame:
    """Every event with the month it falls in (quarter or year where there are too many months).

    Returns
    -------
    DataFrame
        A row per event: number, event_id, title, role, role_name, when, label (its period), line and place in the
        figure, line_start (whether it is the first of its period).
    """
    names = names_of(result.spec, lang)
    keys, label = _periods(names)
    rows: list[dict[str, object]] = []
    line, place, last = -1, 0, None
    for event in names.in_order:
        key = keys[event.id]
        starts = key != last
        place = 1 if starts or place == PER_LINE else place + 1
        line += place == 1
        last = key
        rows.append(
            {
                "number": names.number(event.id),
                "event_id": event.id,
                "title": names.event(event.id),
                "role": event.role,
                "role_name": names.texts(f"role.{event.role}"),
                "when": names.texts.moment(event.when),
                "label": label(key),
                "line": line,
                "place": place,
                "line_start": starts,
            }
        )
    return frame_of(rows)


def _periods(names: Names) -> tuple[dict[str, Period], Callable[[Period], str]]:
    """Each event's period and how a period is written: months, or the finest unit with few enough of them."""
    days = {event.id: event.when.first for event in names.spec.events}
    texts = names.texts
    units: tuple[tuple[Callable[[datetime], Period], Callable[[Period], str]], ...] = (
        (lambda at: (at.year, at.month), lambda key: texts.short_month(key[0], key[1])),
        (lambda at: (at.year, (at.month + 2) // 3), lambda key: texts("date.quarter", y=key[0], q=key[1])),
        (lambda at: (at.year,), lambda key: str(key[0])),
    )
    found = [({name: unit(at) for name, at in days.items()}, label) for unit, label in units]
    return next((one for one in found if len(set(one[0].values())) <= MOST_PERIODS), found[-1])


def overview_figure(frame: Frame) -> Figure:
    """The events of `overview_frame`, a line per month; months without an event are left out."""
    lines = frame["label"].where(frame["line_start"], None).tolist()
    last = int(frame["line"].max())
    figure = new_figure(height=60 + 29 * (last + 1))
    role_traces(figure, frame, x="place", y="line", size=21, number=11, textposition="middle center")
    shown = [(int(line), label) for line, label in zip(frame["line"], lines, strict=True) if label is not None]
    figure.update_layout(
        xaxis=axis(visible=False, range=[0.4, PER_LINE + 0.6]),
        yaxis=axis(
            tickvals=[line for line, _ in shown],
            ticktext=[label for _, label in shown],
            range=[last + 0.6, -0.6],
            showgrid=False,
            zeroline=False,
            showline=True,
        ),
    )
    return figure
