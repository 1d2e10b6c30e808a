"""Estimates with their intervals: the headline figures, the forest of one security, the days of an event set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from eventstudy.intervals import limits
from eventstudy.plots.around import MARKET, path_event
from eventstudy.plots.rows import line_title
from eventstudy.plots.style import (
    GREY,
    INK,
    VERMILLION,
    Figure,
    Frame,
    axis,
    by_width,
    error_bars,
    estimate_words,
    frame_of,
    look_of,
    new_figure,
    percent_axis,
    plain_text,
    rank_of,
    records,
    texts_for,
    wrap,
)
from eventstudy.results import ArRecord, CarRecord, EventDayRecord, Results
from eventstudy.summary.findings import bound_of, members_of
from eventstudy.texts import Lang, Texts
from eventstudy.texts.names import Names, names_of

FEW_TICKS: Mapping[str, Any] = {"xaxis.nticks": 5}
MANY_TICKS: Mapping[str, Any] = {"xaxis.nticks": 7}
FIELDS = [
    "quantity",
    "position",
    "model",
    "benchmark",
    "estimand",
    "rank",
    "spec",
    "estimate",
    "ci_low",
    "ci_high",
    "pvalue",
    "flags",
]


# --- the headline figures ------------------------------------------------------------------------------


def headlines_frame(result: Results, *, lang: Lang = "en") -> Frame:
    """The headline figures: title, estimate, ci_low, ci_high, pvalue, detectable (decimal), differs, bound.

    `bound` is ``limit_down`` or ``limit_up`` where the window ends at a price limit, else empty.
    """
    names = names_of(result.spec, lang)
    rows = []
    for head in result.headlines:
        bound = bound_of(result, members_of(result, head), head.last_session)
        rows.append(
            {
                "title": names.headline(head.id),
                "estimate": head.estimate,
                "ci_low": head.ci_low,
                "ci_high": head.ci_high,
                "pvalue": head.decisive,
                "detectable": head.detectable,
                "differs": head.decisive < result.spec.level,
                "bound": bound[1] if bound else "",
            }
        )
    return frame_of(rows, level=result.spec.level)


def headlines_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """Estimates with intervals, over the zone of effects that each design would mostly miss (grey)."""
    texts = texts_for(frame, lang)
    rows = len(frame)
    figure = new_figure(height=80 + 78 * rows)
    places = [rows - 1 - at for at in range(rows)]
    figure.add_bar(
        x=[200 * value for value in frame["detectable"]],
        base=[-100 * value for value in frame["detectable"]],
        y=places,
        orientation="h",
        width=0.3,
        marker={"color": "#e4e8ec", "line": {"width": 0}},
        name=texts("figure.undetectable"),
        hoverinfo="skip",
    )
    for differs, fill, color in ((False, "#ffffff", INK), (True, VERMILLION, VERMILLION)):
        own = frame[frame["differs"] == differs]
        if len(own):
            figure.add_scatter(
                **_points(own, [places[at] for at in own.index], texts, color=color),
                name=texts("figure.differs" if differs else "figure.zero"),
                marker={"symbol": "circle", "size": 11, "color": fill, "line": {"width": 2, "color": color}},
            )
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    titles = [plain_text(title) for title in frame["title"]]
    heads = [line_title(place + 0.22, wrap(title, 100)) for place, title in zip(places, titles, strict=True)]
    figure.update_layout(
        xaxis=percent_axis(texts("figure.abnormal_return")) | {"zeroline": False},
        yaxis=axis(visible=False, range=[-0.4, rows - 0.2]),
        annotations=[*heads, *_bounds(figure, frame, places, texts)],
        barmode="overlay",
    )
    short = {f"annotations[{at}].text": wrap(title, 38) for at, title in enumerate(titles)}
    long = {f"annotations[{at}].text": head["text"] for at, head in enumerate(heads)}
    by_width(
        figure,
        narrow={**short, **FEW_TICKS, "height": 100 + 98 * rows},
        wide={**long, **MANY_TICKS, "height": figure.layout.height},
    )
    return figure


def _bounds(figure: Figure, frame: Frame, places: list[int], texts: Texts) -> list[dict[str, Any]]:
    """An arrow outwards from every estimate that a price limit cut off."""
    arrows = []
    for bound, symbol, outward in (("limit_down", "arrow-left", -1), ("limit_up", "arrow-right", 1)):
        own = frame[frame["bound"] == bound]
        for at in own.index:
            x, y = 100 * float(own.loc[at, "estimate"]), places[at]
            shift = {"xshift": 46 * outward, "yshift": -13, "ax": -46 * outward, "ay": 0}
            arrows.append({"x": x, "y": y, "text": "", "showarrow": True, "arrowhead": 2, "arrowwidth": 2, **shift})
        if len(own):
            marker = {"symbol": symbol, "size": 11, "color": INK}
            name = texts(f"figure.bound_{bound}")
            figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=name, hoverinfo="skip")
    return arrows


# --- the forest of one security ------------------------------------------------------------------------


def forest_frame(result: Results, security: str, *, lang: Lang = "en") -> Frame:
    """AR on day 0 and 1 and every longer CAR of a security's leading event, by model and benchmark.

    Returns
    -------
    DataFrame
        A row per estimate: quantity and position (its line in the figure), model, benchmark, estimand, rank (among
        the benchmarks of that kind), spec (model and benchmark in words), estimate, ci_low, ci_high, pvalue (decimal;
        missing without a standard error), flags.
    """
    names = names_of(result.spec, lang)
    event = path_event(result, security)
    rows = list(_forest_rows(result, security, event.id, names)) if event else []
    order = {quantity: place for place, quantity in enumerate(dict.fromkeys(row["quantity"] for row in rows))}
    return frame_of([row | {"position": order[row["quantity"]]} for row in rows], FIELDS, level=result.spec.level)


def _forest_rows(result: Results, security: str, event_id: str, names: Names) -> Iterator[dict[str, Any]]:
    texts = names.texts
    for day in (0, 1):
        for record in result.ar:
            if (record.event_id, record.security, record.relative_day) == (event_id, security, day):
                quantity = texts("figure.ar_of", day=texts.short(record.session))
                low, high = ar_interval(record, result.spec.confidence)
                yield _forest_row(names, record, quantity, record.ar) | {"ci_low": low, "ci_high": high}
    for window in result.spec.windows.car:
        for car in result.car:
            if (car.event_id, car.security, car.window) == (event_id, security, window) and window.size > 1:
                quantity = texts("figure.car_of", window=texts.window(*window))
                yield _forest_row(names, car, quantity, car.car) | {"ci_low": car.ci_low, "ci_high": car.ci_high}


def _forest_row(names: Names, record: ArRecord | CarRecord, quantity: str, estimate: float) -> dict[str, Any]:
    return {
        "quantity": quantity,
        "model": record.model,
        "benchmark": record.benchmark,
        "estimand": record.estimand,
        "rank": rank_of(names.spec, record.security, record.benchmark),
        "spec": names.against(record.model, record.benchmark),
        "estimate": estimate,
        "pvalue": record.pvalue,
        "flags": record.flags,
    }


def ar_interval(record: ArRecord | EventDayRecord, confidence: float) -> tuple[float | None, float | None]:
    """Confidence limits of one abnormal return; None where it has no standard error."""
    return limits(record.ar, record.std_error, record.df, confidence)


def forest_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The estimates of `forest_frame`: filled markers are the market model, open ones the simpler models."""
    texts = texts_for(frame, lang)
    quantities = list(dict.fromkeys(frame["quantity"]))
    specs = list(dict.fromkeys(frame["spec"]))
    figure = new_figure(height=80 + 34 * len(specs) + (14 * len(specs) + 16) * len(quantities))
    for place, spec in enumerate(specs):
        own = frame[frame["spec"] == spec].reset_index(drop=True)
        look = look_of(str(own["estimand"].iloc[0]), int(own["rank"].iloc[0]))
        open_marker = "" if own["model"].iloc[0] == MARKET else "-open"
        shift = 0.72 * ((place + 0.5) / len(specs) - 0.5)
        figure.add_scatter(
            **_points(own, [value + shift for value in own["position"]], texts, color=look["color"]),
            name=wrap(plain_text(spec), 30),
            marker={
                "symbol": look["symbol"] + open_marker,
                "size": 8,
                "color": look["color"],
                "line": {"width": 1.5, "color": look["color"]},
            },
        )
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    for place in range(1, len(quantities)):
        figure.add_hline(y=place - 0.5, line={"color": "#eaeef2", "width": 1}, layer="below")
    figure.update_layout(
        xaxis=percent_axis("") | {"zeroline": False},
        yaxis=axis(
            tickvals=list(range(len(quantities))),
            ticktext=quantities,
            range=[len(quantities) - 0.5, -0.5],
            showgrid=False,
            zeroline=False,
        ),
        legend={"orientation": "v"},
    )
    by_width(figure, narrow=FEW_TICKS, wide=MANY_TICKS)
    return figure


# --- the days of an event set --------------------------------------------------------------------------


def event_days_frame(result: Results, set_id: str, *, lang: Lang = "en") -> Frame:
    """The dummy of every session of an event set.

    Returns
    -------
    DataFrame
        A row per security, session and benchmark: quantity and position (its line in the figure), place (the same,
        moved a little for each benchmark), security, session, benchmark, estimand, rank, estimate, ci_low, ci_high,
        pvalue (decimal), flags, limit (whether the session closed at a price limit).
    """
    names = names_of(result.spec, lang)
    rows: list[dict[str, Any]] = []
    for record in result.event_days:
        if record.event_set == set_id:
            low, high = ar_interval(record, result.spec.confidence)
            day = names.texts.short(record.session)
            rows.append(
                {
                    "quantity": names.texts("figure.security_day", security=names.security(record.security), day=day),
                    "security": names.security(record.security),
                    "session": record.session,
                    "benchmark": names.benchmark(record.benchmark),
                    "estimand": record.estimand,
                    "rank": rank_of(result.spec, record.security, record.benchmark),
                    "estimate": record.ar,
                    "ci_low": low,
                    "ci_high": high,
                    "pvalue": record.pvalue,
                    "flags": record.flags,
                    "limit": any(flag.startswith("limit_") for flag in record.flags),
                }
            )
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        lines.setdefault(row["quantity"], []).append(row)
    placed = [
        row | {"position": line, "place": line + 0.34 * (at - (len(own) - 1) / 2) / max(len(own) - 1, 1)}
        for line, own in enumerate(lines.values())
        for at, row in enumerate(own)
    ]
    return frame_of(placed, level=result.spec.level)


def event_days_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The dummies of `event_days_frame`: a line per security and session, total and relative effect."""
    texts = texts_for(frame, lang)
    quantities = list(dict.fromkeys(frame["quantity"]))
    figure = new_figure(height=90 + 36 * len(quantities))
    for estimand, rank in frame[["estimand", "rank"]].drop_duplicates().itertuples(index=False):
        own = frame[(frame["estimand"] == estimand) & (frame["rank"] == rank)]
        look = look_of(estimand, rank)
        figure.add_scatter(
            **_points(own, list(own["place"]), texts, color=look["color"]),
            name=texts(f"estimand.{estimand}"),
            marker={"symbol": look["symbol"], "size": 9, "color": look["color"]},
        )
    _mark_limits(figure, frame, texts)
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    securities = list(frame.drop_duplicates("quantity")["security"])
    for place in range(1, len(quantities)):
        if securities[place] != securities[place - 1]:
            figure.add_hline(y=place - 0.5, line={"color": GREY, "width": 1}, layer="below")
    figure.update_layout(
        xaxis=percent_axis(texts("figure.abnormal_return")) | {"zeroline": False},
        yaxis=axis(
            tickvals=list(range(len(quantities))),
            ticktext=[plain_text(quantity) for quantity in quantities],
            range=[len(quantities) - 0.5, -0.5],
            showgrid=False,
            zeroline=False,
        ),
    )
    by_width(figure, narrow=FEW_TICKS, wide=MANY_TICKS)
    return figure


def _mark_limits(figure: Figure, frame: Frame, texts: Texts) -> None:
    own = frame[frame["limit"]]
    if len(own):
        figure.add_scatter(
            x=[100 * value for value in own["estimate"]],
            y=list(own["place"]),
            mode="markers",
            marker={"symbol": "circle-open", "size": 17, "color": INK, "line": {"width": 1.5}},
            name=texts("figure.at_limit"),
            hoverinfo="skip",
        )


def _points(own: Frame, places: list[float], texts: Texts, *, color: str) -> Mapping[str, Any]:
    """Markers with asymmetric error bars, in percent."""
    return {
        "x": list(100 * own["estimate"]),
        "y": places,
        "mode": "markers",
        "error_x": error_bars(own, color) if own["ci_low"].notna().all() else None,
        "hovertext": [
            "<br>".join([plain_text(str(row.get("quantity") or row.get("title"))), *estimate_words(row, texts)])
            for row in records(own)
        ],
        "hoverinfo": "text",
    }
