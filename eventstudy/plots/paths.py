"""The cumulated abnormal return of a security, session by session, with its band."""

from __future__ import annotations

from eventstudy.plots.select import path_event, path_model
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
from eventstudy.results import StudyResult
from eventstudy.texts import Lang, Texts, load_texts
from eventstudy.texts.names import names_of

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


def car_path_frame(result: StudyResult, security: str, *, lang: Lang = "en") -> Frame:
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
