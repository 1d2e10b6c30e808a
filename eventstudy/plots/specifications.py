"""The specification curve: estimates under every declared set of choices by size, over the matrix of choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from eventstudy.intervals import limits
from eventstudy.plots.style import (
    BLUE,
    GREY,
    INK,
    VERMILLION,
    Figure,
    Frame,
    axis,
    by_width,
    frame_of,
    new_figure,
    percent_axis,
    plain_text,
    texts_for,
    wrap,
)
from eventstudy.results import Results, SpecificationRecord
from eventstudy.texts import Lang, Texts
from eventstudy.texts.names import Names, names_of

DIMENSIONS = ("model", "benchmark", "estimation", "gap", "window", "returns", "adjustment")
FIELDS = [
    "place",
    "number",
    *DIMENSIONS,
    "main",
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "pvalue",
    "placebo_pvalue",
    "significant",
]
PLACES = 3  # decimals of a percent that a figure draws
HOVER = ("model", "benchmark", "estimation", "window", "data")
HOVER_WIDTH = 38  # half-width characters, so that a narrow screen holds it
LABEL_WIDTH = 20  # half-width characters of a row's label
PITCH, LINE = 17, 13  # pixels of a row of the matrix, and of each further line of its label
CURVE, BETWEEN = 250, 14  # pixels of the upper panel, and from it to the matrix
AROUND, ENTRY = 64, 19  # pixels for the axes, and for an entry of the legend
FEW = 90  # specifications up to which the columns of the matrix stand apart
EMPTY, CHOSEN, FOUND = 0, 1, 2
COLOURS = ("#f6f8fa", "#9aa4ae", INK)


def specification_frame(result: Results, headline: str, *, lang: Lang = "en") -> Frame:
    """The estimates of a headline under all its specifications, by size.

    Returns
    -------
    DataFrame
        A row per specification: place (1 for the smallest estimate), number (as in the results), the choices in words
        (model, benchmark, estimation, gap, window, returns, adjustment), main (whether it is the study's own),
        estimate, std_error, ci_low, ci_high (decimal, at the study's level), pvalue, placebo_pvalue, significant
        (pvalue below the study's level), level.
    """
    names = names_of(result.spec, lang)
    own = sorted(
        (record for record in result.specifications if record.id == headline),
        key=lambda record: (record.estimate, record.number),
    )
    rows = [_row(names, record, place) for place, record in enumerate(own, start=1)]
    return frame_of(rows, FIELDS, level=result.spec.level)


def choices_in_order(frame: Frame) -> dict[str, list[str]]:
    """Every choice of each dimension in words, in the order in which the study declares them."""
    by_number = frame.sort_values("number")
    return {name: list(dict.fromkeys(by_number[name])) for name in DIMENSIONS}


def _row(names: Names, record: SpecificationRecord, place: int) -> dict[str, Any]:
    low, high = limits(record.estimate, record.std_error, record.df, names.spec.confidence)
    return {
        "place": place,
        "number": record.number,
        **words_of(names, record),
        "main": record.main,
        "estimate": record.estimate,
        "std_error": record.std_error,
        "ci_low": low,
        "ci_high": high,
        "pvalue": record.pvalue,
        "placebo_pvalue": record.placebo_pvalue,
        "significant": record.pvalue < names.spec.level,
    }


def words_of(names: Names, record: SpecificationRecord) -> dict[str, str]:
    """The choices of a specification in words, by dimension."""
    texts, benchmark = names.texts, record.benchmark
    estimand = "none" if benchmark is None else names.spec.benchmarks[benchmark].estimand
    return {
        "model": names.model(record.model),
        "benchmark": texts(f"choices.benchmark_{estimand}", benchmark=names.benchmark(benchmark)),
        "estimation": texts("choices.sessions", n=record.estimation),
        "gap": texts("choices.sessions", n=record.gap),
        "window": texts.window(*record.window),
        "returns": texts(f"choices.returns.{record.returns}"),
        "adjustment": texts(f"choices.adjustment.{record.adjustment}"),
    }


def specification_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The curve of `specification_frame` over its matrix of choices; a pointer in either names a point's choices."""
    texts = texts_for(frame, lang)
    lines = _lines(texts, frame)
    tops = [0]
    for label, _ in lines:
        tops.append(tops[-1] + PITCH + LINE * label.count("<br>"))
    figure = new_figure(height=CURVE)
    _intervals(figure, frame, texts)
    _points(figure, frame, texts)
    _matrix(figure, frame, lines, tops)
    entries = sum(trace.showlegend is not False for trace in figure.data)
    height = CURVE + BETWEEN + tops[-1]
    for place in frame.loc[frame["main"], "place"]:
        figure.add_vline(x=int(place), line={"color": VERMILLION, "width": 1, "dash": "dot"})
    hover = figure.layout.hoverlabel.to_plotly_json() | {"bgcolor": "#ffffff", "bordercolor": INK}
    figure.update_layout(
        hoverlabel=hover,
        height=height + AROUND + ENTRY * entries,
        hovermode="x",
        hoversubplots="axis",
        hoverdistance=-1,
        legend={"orientation": "v"},
        xaxis=axis(
            range=[0.5 - 0.005 * len(frame), len(frame) + 0.5 + 0.005 * len(frame)],
            anchor="y2",
            showgrid=False,
            zeroline=False,
            title={"text": texts("choices.axis_place"), "font": {"size": 12}, "standoff": 8},
            nticks=6,
        ),
        yaxis=percent_axis(texts("figure.abnormal_return"), domain=[1 - CURVE / height, 1]),
        yaxis2=axis(
            domain=[0, tops[-1] / height],
            range=[tops[-1], 0],
            tickvals=[(top + bottom) / 2 for top, bottom in pairwise(tops)],
            ticktext=[label for label, _ in lines],
            tickfont={"size": 11},
            ticks="",
            showgrid=False,
            zeroline=False,
        ),
    )
    by_width(figure, narrow={"xaxis.nticks": 4}, wide={"xaxis.nticks": 8})
    return figure


def _lines(texts: Texts, frame: Frame) -> list[tuple[str, tuple[str, str] | None]]:
    """Lines of the matrix: a label, and the choice that the line stands for; no choice for the name of a dimension.

    A dimension with a single choice distinguishes nothing and has no lines.
    """
    lines: list[tuple[str, tuple[str, str] | None]] = []
    for name, choices in choices_in_order(frame).items():
        if len(choices) < 2:
            continue
        lines.append((f"<b>{wrap(plain_text(texts(f'choices.dimension.{name}')), LABEL_WIDTH)}</b>", None))
        lines += [(wrap(plain_text(choice), LABEL_WIDTH), (name, choice)) for choice in choices]
    return lines or [(wrap(texts("choices.one_choice"), LABEL_WIDTH), None)]


def _percents(values: Iterable[Any]) -> list[float]:
    return [round(100 * float(value), PLACES) for value in values]


def _intervals(figure: Figure, frame: Frame, texts: Texts) -> None:
    """The intervals as a pale comb behind the points, which a pointer reads, and the median across."""
    half = _percents(frame["ci_high"] - frame["estimate"])
    level = texts.percent(float(frame["estimate"].median()))
    figure.add_scatter(
        x=[int(place) for place in frame["place"]],
        y=_percents(frame["estimate"]),
        mode="markers",
        marker={"symbol": "line-ns", "size": 5, "color": "#c3d3e0", "line": {"width": 2, "color": "#c3d3e0"}},
        error_y={"type": "data", "array": half, "thickness": 1, "width": 0, "color": "#c3d3e0"},
        name=texts("choices.legend.interval"),
        hovertext=[_hover(row, len(frame), texts) for row in frame.to_dict("records")],
        hoverinfo="text",
    )
    figure.add_scatter(
        x=[1, len(frame)],
        y=_percents([frame["estimate"].median()] * 2),
        mode="lines",
        line={"color": GREY, "width": 1.4, "dash": "dash"},
        name=texts("choices.legend.median", value=level),
        hoverinfo="skip",
    )


def _points(figure: Figure, frame: Frame, texts: Texts) -> None:
    """Hollow points where p is the level or more, filled ones below, a diamond for the study's own specification."""
    size = 7 if len(frame) <= FEW else 4
    plain, found, main = (
        frame[~frame["significant"] & ~frame["main"]],
        frame[frame["significant"] & ~frame["main"]],
        frame[frame["main"]],
    )
    looks: tuple[tuple[Frame, str, Mapping[str, Any]], ...] = (
        (plain, "other", {"symbol": "circle", "size": size, "color": "#ffffff", "line": {"width": 1, "color": BLUE}}),
        (found, "found", {"symbol": "circle", "size": size, "color": BLUE, "line": {"width": 1, "color": BLUE}}),
        (main, "main", {"symbol": "diamond", "size": 12, "color": VERMILLION, "line": {"width": 1, "color": INK}}),
    )
    for own, key, marker in looks:
        if len(own):
            figure.add_scatter(
                x=[int(place) for place in own["place"]],
                y=_percents(own["estimate"]),
                mode="markers",
                marker=dict(marker),
                name=texts(f"choices.legend.{key}"),
                hoverinfo="skip",
            )


def _matrix(
    figure: Figure, frame: Frame, lines: Sequence[tuple[str, tuple[str, str] | None]], tops: Sequence[int]
) -> None:
    """A mark in the line of every choice of every specification, dark where p is below the level."""
    marks = [FOUND if significant else CHOSEN for significant in frame["significant"]]
    columns: dict[str, list[str]] = {name: list(frame[name]) for name in DIMENSIONS}
    cells = [
        [None] * len(frame)
        if choice is None
        else [mark if own == choice[1] else EMPTY for own, mark in zip(columns[choice[0]], marks, strict=True)]
        for _, choice in lines
    ]
    scale = [[(at + step) / len(COLOURS), colour] for at, colour in enumerate(COLOURS) for step in (0, 1)]
    figure.add_heatmap(
        x=[int(place) for place in frame["place"]],
        y=list(tops),
        z=cells,
        zmin=EMPTY,
        zmax=FOUND,
        colorscale=scale,
        showscale=False,
        xgap=1 if len(frame) <= FEW else 0,
        ygap=3,
        hoverinfo="skip",
        yaxis="y2",
        showlegend=False,
    )


def _hover(row: Mapping[Any, Any], total: int, texts: Texts) -> str:
    """What a pointer shows: the estimate with its place, and the choices behind it; short lines for narrow screens."""
    low, high = texts.percent(row["ci_low"]), texts.percent(row["ci_high"])
    judged = texts.p_equals(row["pvalue"])
    if row["placebo_pvalue"] == row["placebo_pvalue"] and row["placebo_pvalue"] is not None:
        judged = texts("choices.hover.placebo", p=judged, placebo=texts.pvalue(row["placebo_pvalue"]))
    values = {name: plain_text(row[name]) for name in DIMENSIONS}
    return "<br>".join(
        [
            texts("choices.hover.place", place=row["place"], total=total, estimate=texts.percent(row["estimate"])),
            texts("format.interval", low=low, high=high),
            judged,
            *(wrap(texts(f"choices.hover.{line}", **values), HOVER_WIDTH) for line in HOVER),
        ]
    )
