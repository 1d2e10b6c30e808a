"""Intervals of one security's effect: the model's, and those of tests that assume no distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isfinite, isnan, nan
from typing import Any

from eventstudy.plots.rows import HEAD, NARROW, place_of, titled_rows
from eventstudy.plots.style import (
    BLUE,
    GREEN,
    GREY,
    VERMILLION,
    Figure,
    Frame,
    frame_of,
    new_figure,
    plain_text,
    records,
    wrap,
)
from eventstudy.results import HeadlineRecord, Results, SingleFirmRecord
from eventstudy.texts import Lang, Texts, load_texts
from eventstudy.texts.names import names_of

FIELDS = ["id", "line", "title", "way", "kind", "estimate", "low", "high"]
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "model": {"color": BLUE, "symbol": "circle", "dash": "solid"},
    "iid": {"color": VERMILLION, "symbol": "square", "dash": "solid"},
    "moving_block": {"color": GREEN, "symbol": "triangle-up", "dash": "longdash"},
}
"""Look of the model's interval and of each conformal scheme."""
SPREAD = 0.42  # of a row's height that its intervals share
BEYOND = 0.18  # share of the drawn extent that an endless interval reaches beyond the last finite end
EMPTY_EXTENT = (-0.01, 0.01)


def conformal_sets(result: Results) -> list[tuple[HeadlineRecord, SingleFirmRecord]]:
    """Every headline with a conformal interval, as often as it has one."""
    heads = {head.id: head for head in result.headlines}
    return [(heads[item.id], item) for item in result.single_firm if item.test == "conformal" and item.id in heads]


def cumulated_pieces(head: HeadlineRecord, record: SingleFirmRecord) -> list[tuple[float, float]]:
    """The accepted effects over the whole window: those per session times the number of sessions; inf where endless."""
    size = head.window.size
    return [(-inf if low is None else size * low, inf if high is None else size * high) for low, high in record.pieces]


def single_frame(result: Results, *, lang: Lang = "en") -> Frame:
    """The intervals of every headline that has a conformal one.

    Returns
    -------
    DataFrame
        A row per interval: id, line (its row in the figure), title, way (``model`` or the conformal scheme), kind
        (``interval``, ``pieces``, ``half line``, ``whole line``, ``empty``), estimate (of the model), low, high
        (decimal, over the whole window; infinite where there is no end, missing where every effect is rejected).
    """
    names = names_of(result.spec, lang)
    lines = {head.id: line for line, head in enumerate({h.id: h for h, _ in conformal_sets(result)}.values())}
    rows: list[dict[str, Any]] = []
    for head, record in conformal_sets(result):
        shared = {"id": head.id, "line": lines[head.id], "title": names.headline(head.id)}
        if not any(row["id"] == head.id for row in rows):
            own = {"way": "model", "kind": "interval", "estimate": head.estimate}
            rows.append(shared | own | {"low": head.ci_low, "high": head.ci_high})
        pieces = cumulated_pieces(head, record) or [(nan, nan)]
        rows += [
            shared | {"way": record.scheme, "kind": record.kind, "estimate": nan, "low": low, "high": high}
            for low, high in pieces
        ]
    return frame_of(rows, FIELDS)


def single_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The intervals of `single_frame`, one below the other for each headline; arrows have no end."""
    texts = load_texts(lang)
    lines = int(frame["line"].max()) + 1
    titles = [str(frame.loc[frame["line"] == line, "title"].iloc[0]) for line in range(lines)]
    ends = _drawn_ends(frame)
    figure = new_figure(height=HEAD)
    said: list[dict[str, Any]] = []
    for row in records(frame):
        own = list(dict.fromkeys(frame.loc[frame["line"] == row["line"], "way"]))
        shift = SPREAD * (0.5 - (own.index(row["way"]) + 0.5) / len(own)) - 0.1
        place = place_of(int(row["line"]), lines) + shift
        shown = any(trace.name == _name(texts, row["way"]) for trace in figure.data)
        if isnan(row["low"]):
            said.append(_words(place, texts("chance.single.drawn_empty", way=_name(texts, row["way"]))))
        else:
            _segment(figure, row, place=place, ends=ends, texts=texts, legend=not shown)
    titled_rows(figure, titles, axis_title=texts("figure.abnormal_return"), pitch=104, marks=said)
    return figure


def _name(texts: Texts, way: str) -> str:
    return texts(f"chance.single.way.{way}")


def _drawn_ends(frame: Frame) -> tuple[float, float]:
    """How far an interval without an end is drawn, decimal."""
    values = [float(value) for name in ("estimate", "low", "high") for value in frame[name]]
    known = [0.0, *(value for value in values if isfinite(value))]
    low, high = (min(known), max(known)) if max(known) > min(known) else EMPTY_EXTENT
    more = BEYOND * (high - low)
    return low - more, high + more


def _segment(
    figure: Figure,
    row: Mapping[str, Any],
    *,
    place: float,
    ends: tuple[float, float],
    texts: Texts,
    legend: bool,
) -> None:
    """One interval as a line between its ends; an arrow where it has none, the estimate where there is one."""
    look = LOOKS[row["way"]]
    drawn = [row["low"] if isfinite(row["low"]) else ends[0], row["high"] if isfinite(row["high"]) else ends[1]]
    symbols = [
        look["symbol"] if isfinite(row["low"]) else "arrow-left",
        look["symbol"] if isfinite(row["high"]) else "arrow-right",
    ]
    sizes = [7 if isfinite(row[end]) else 12 for end in ("low", "high")]
    if not isnan(row["estimate"]):
        drawn, symbols, sizes = (
            [drawn[0], row["estimate"], drawn[1]],
            ["line-ns-open", look["symbol"], "line-ns-open"],
            [8, 9, 8],
        )
    figure.add_scatter(
        x=[100 * value for value in drawn],
        y=[place] * len(drawn),
        mode="lines+markers",
        line={"color": look["color"], "width": 2, "dash": look["dash"]},
        marker={
            "symbol": symbols,
            "size": sizes,
            "color": look["color"],
            "opacity": 1.0,
            "line": {"width": 2, "color": look["color"]},
        },
        name=_name(texts, row["way"]),
        legendgroup=row["way"],
        showlegend=legend,
        hovertext=[_hover(row, texts)] * len(drawn),
        hoverinfo="text",
    )


def _hover(row: Mapping[str, Any], texts: Texts) -> str:
    head = [wrap(plain_text(str(row["title"])), NARROW), plain_text(_name(texts, row["way"]))]
    return "<br>".join([*head, piece_words(texts, row["low"], row["high"])])


def piece_words(texts: Texts, low: float, high: float) -> str:
    """One piece of accepted effects in percent: an interval, a half line, or everything."""
    if isfinite(low) and isfinite(high):
        return texts("format.interval", low=texts.percent(low), high=texts.percent(high))
    if isfinite(low):
        return texts("chance.single.or_more", value=texts.percent(low))
    if isfinite(high):
        return texts("chance.single.or_less", value=texts.percent(high))
    return texts("chance.single.everything")


def set_words(texts: Texts, pieces: Sequence[tuple[float, float]]) -> str:
    """All accepted effects in words."""
    if not pieces:
        return texts("chance.single.nothing")
    return texts("chance.single.or").join(piece_words(texts, low, high) for low, high in pieces)


def _words(place: float, text: str) -> dict[str, Any]:
    return {
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": place,
        "yanchor": "middle",
        "showarrow": False,
        "text": plain_text(text),
        "font": {"size": 11, "color": GREY},
        "bgcolor": "#ffffff",
    }
