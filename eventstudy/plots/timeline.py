"""All events of a study, piled up by month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eventstudy.plots.style import MARKER, ROLE_LOOKS, axis, new_figure, plain_text
from eventstudy.results import StudyResult
from eventstudy.texts import Lang
from eventstudy.texts.names import Names, names_of

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

MOST_PERIODS = 12


def overview_frame(result: StudyResult, *, lang: Lang = "en") -> pd.DataFrame:
    """Every event with the month it falls in (quarters or years where there are more than twelve months).

    Returns
    -------
    DataFrame
        A row per event: number, event_id, title, role, role_name, when, period (position), label, level (place in
        the pile of its period, from 1).
    """
    import pandas as pd

    names = names_of(result.spec, lang)
    keys, label = _periods(names)
    order = sorted(set(keys.values()))
    piled: dict[tuple[int, ...], int] = {}
    rows = []
    for event in names.in_order:
        key = keys[event.id]
        piled[key] = piled.get(key, 0) + 1
        rows.append(
            {
                "number": names.number(event.id),
                "event_id": event.id,
                "title": names.event(event.id),
                "role": event.role,
                "role_name": names.texts(f"role.{event.role}"),
                "when": names.texts.moment(event.when),
                "period": order.index(key),
                "label": label(key),
                "level": piled[key],
            }
        )
    return pd.DataFrame(rows)


def _periods(names: Names) -> tuple[dict[str, tuple[int, ...]], Any]:
    """Each event's period and how a period is written: months, or the finest unit with few enough of them."""
    days = {event.id: event.when.first for event in names.spec.events}
    texts = names.texts
    units = (
        ({name: (at.year, at.month) for name, at in days.items()}, lambda key: texts.short_month(*key)),
        (
            {name: (at.year, (at.month + 2) // 3) for name, at in days.items()},
            lambda key: texts("date.quarter", y=key[0], q=key[1]),
        ),
        ({name: (at.year,) for name, at in days.items()}, lambda key: str(key[0])),
    )
    return next((unit for unit in units if len(set(unit[0].values())) <= MOST_PERIODS), units[-1])


def overview_figure(frame: pd.DataFrame) -> go.Figure:
    """The events of `overview_frame`, piled up over their months; months without an event are left out."""
    tallest = int(frame["level"].max())
    figure = new_figure(height=110 + 25 * tallest)
    role_traces(figure, frame, x="period", y="level")
    labels = frame.drop_duplicates("period").set_index("period")["label"].sort_index()
    figure.update_layout(
        xaxis=axis(
            tickvals=list(labels.index),
            ticktext=[label.replace(" ", "<br>") for label in labels],
            range=[-0.6, labels.index.max() + 0.6],
            showgrid=False,
            zeroline=False,
            showline=True,
        ),
        yaxis=axis(visible=False, range=[0.3, tallest + 0.7]),
    )
    return figure


def role_traces(figure: go.Figure, frame: pd.DataFrame, *, x: str, y: str) -> None:
    """Numbered markers, one trace and shape per role."""
    for role, look in ROLE_LOOKS.items():
        own = frame[frame["role"] == role]
        if own.empty:
            continue
        figure.add_scatter(
            x=list(own[x]),
            y=list(own[y]),
            mode="markers+text",
            name=str(own["role_name"].iloc[0]),
            text=[str(number) for number in own["number"]],
            textfont={"color": look["text"], "size": 11},
            textposition="middle center",
            marker=MARKER | {"symbol": look["symbol"], "color": look["color"]},
            hovertext=[f"{row.number}. {plain_text(row.title)}<br>{row.when}" for row in own.itertuples()],
            hoverinfo="text",
            cliponaxis=False,
        )
