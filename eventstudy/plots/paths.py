"""The cumulated abnormal return, session by session, with its band: of a study's security, or of `event_study`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from eventstudy.errors import OptionError
from eventstudy.intervals import CONFIDENCE, limits
from eventstudy.plots.around import path_event, path_model
from eventstudy.plots.style import (
    GREY,
    Figure,
    Frame,
    axis,
    frame_of,
    look_of,
    new_figure,
    percent_axis,
    plain_text,
    rank_of,
    records,
)
from eventstudy.results import Results
from eventstudy.texts import Lang, Texts, load_texts
from eventstudy.texts.names import names_of

if TYPE_CHECKING:
    from eventstudy.engine.result import EventStudy

EstimandName = Literal["total", "relative"]
FIELDS = [
    "event_id",
    "model",
    "benchmark",
    "name",
    "estimand",
    "rank",
    "relative_day",
    "session",
    "label",
    "car",
    "ci_low",
    "ci_high",
]


def car_path_frame(result: Results, security: str, *, lang: Lang = "en") -> Frame:
    """The CAR paths of a security around its leading event, against each of its benchmarks.

    Returns
    -------
    DataFrame
        A row per benchmark and session: event_id, model, benchmark, name, estimand, rank (among the benchmarks of
        that kind), relative_day, session, label, car, ci_low, ci_high (decimal; the limits are missing where no
        standard error can be had). Empty where no tested event touches the security.
    """
    names = names_of(result.spec, lang)
    event = path_event(result, security)
    model = path_model(result, security, event.id) if event else None
    rows = [
        {
            "event_id": path.event_id,
            "model": path.model,
            "benchmark": path.benchmark,
            "name": names.benchmark(path.benchmark),
            "estimand": path.estimand,
            "rank": rank_of(result.spec, security, path.benchmark),
            "relative_day": path.relative_day,
            "session": path.session,
            "label": names.texts.short(path.session),
            "car": path.car,
            "ci_low": path.ci_low,
            "ci_high": path.ci_high,
        }
        for path in result.car_paths
        if event and (path.security, path.event_id, path.model) == (security, event.id, model)
    ]
    return frame_of(rows, FIELDS)


def event_path_frame(study: EventStudy, event_id: str, *, estimand: EstimandName = "total") -> Frame:
    """CAR of one event from the first day of the event window to each later day, with its exact interval.

    Parameters
    ----------
    study : EventStudy
        From `event_study`.
    event_id : str
        One of its events.
    estimand : {"total", "relative"}
        What an abnormal return against the benchmark measures; it chooses the line's look and name.

    Returns
    -------
    DataFrame
        As `car_path_frame`, for `car_path_figure`.
    """
    if event_id not in study.params.index:
        raise OptionError(f"there is no event {event_id!r} in the results; exclusions may say why")
    rows = []
    for day in study.event_window.days:
        found = study.car((study.event_window.first, day)).loc[[event_id], ["car", "ci_low", "ci_high"]]
        car, low, high = found.to_numpy(dtype=float)[0].tolist()
        if np.isfinite(car):
            rows.append((day, f"day {day:+d}", car, low, high))
    return _path_frame(study, event_id, estimand, rows)


def mean_path_frame(study: EventStudy, *, estimand: EstimandName = "total") -> Frame:
    """CAAR from the first day of the event window to each later day, with its cross-sectional interval.

    The interval is ``mean -/+ t(N - 1) sd / sqrt(N)``: it takes the events as independent, which events on
    shared dates are not.
    """
    rows = []
    for day in study.event_window.days:
        cars = study.car((study.event_window.first, day))["car"].dropna().to_numpy()
        if cars.size < 2:
            continue
        error = cars.std(ddof=1) / np.sqrt(cars.size)
        low, high = limits(cars.mean(), error, cars.size - 1, CONFIDENCE)
        rows.append((day, f"day {day:+d}", float(cars.mean()), low, high))
    return _path_frame(study, f"mean of {len(study.params)} events", estimand, rows)


def _path_frame(
    study: EventStudy, name: str, estimand: EstimandName, rows: list[tuple[int, str, float, float | None, float | None]]
) -> Frame:
    benchmark = ", ".join(study.sample.names) or None
    values = [
        {
            "event_id": name,
            "model": study.model.name,
            "benchmark": benchmark,
            "name": f"{name}, {benchmark}" if benchmark else name,
            "estimand": estimand,
            "rank": 0,
            "relative_day": day,
            "session": None,
            "label": label,
            "car": car,
            "ci_low": low,
            "ci_high": high,
        }
        for day, label, car, low, high in rows
    ]
    return frame_of(values, FIELDS)


def car_path_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The paths of `car_path_frame`: total effect solid with circles, relative effect dashed with squares."""
    texts = load_texts(lang)
    figure = new_figure(height=340)
    for name in dict.fromkeys(frame["name"]):
        _draw_path(figure, frame[frame["name"] == name], texts)
    figure.add_hline(y=0, line={"color": GREY, "width": 1})
    figure.add_vline(x=0, line={"color": GREY, "width": 1, "dash": "dot"}, layer="below")
    day0 = frame.loc[frame["relative_day"] == 0, "label"]
    title = texts("figure.relative_day", day=day0.iloc[0] if len(day0) else "")
    first, last = int(frame["relative_day"].min()), int(frame["relative_day"].max())
    figure.update_layout(
        xaxis=axis(
            title={"text": title, "font": {"size": 12}, "standoff": 6},
            range=[first - 0.7, last + 0.7],
            dtick=5,
            tick0=0,
            zeroline=False,
        ),
        yaxis=percent_axis(texts("figure.car")),
        legend={"traceorder": "normal"},
    )
    return figure


def _draw_path(figure: Figure, own: Frame, texts: Texts) -> None:
    look = look_of(str(own["estimand"].iloc[0]), int(own["rank"].iloc[0]))
    days = list(own["relative_day"])
    name = texts(f"figure.path_{own['estimand'].iloc[0]}", benchmark=plain_text(str(own["name"].iloc[0])))
    if own["ci_low"].notna().all():
        edge = {"color": look["color"], "width": 0.8, "dash": look["dash"]}
        shared = {"x": days, "mode": "lines", "line": edge, "showlegend": False, "hoverinfo": "skip"}
        figure.add_scatter(y=[100 * value for value in own["ci_low"]], **shared)
        figure.add_scatter(
            y=[100 * value for value in own["ci_high"]], fill="tonexty", fillcolor=look["fill"], **shared
        )
    figure.add_scatter(
        x=days,
        y=[100 * value for value in own["car"]],
        mode="lines+markers",
        name=name,
        line={"color": look["color"], "width": 2, "dash": look["dash"]},
        marker={"symbol": look["symbol"], "size": 6, "color": look["color"]},
        hovertext=[f"{row['label']}<br>{texts.percent(row['car'])}" for row in records(own)],
        hoverinfo="text",
    )
