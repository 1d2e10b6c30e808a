"""Each session's return in two parts: overnight, and during the session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventstudy.plots.around import NARROW_DAYS, Span, stacked_days
from eventstudy.plots.style import (
    BLUE,
    INK,
    ORANGE,
    PALE,
    Figure,
    Frame,
    axis,
    by_width,
    frame_of,
    new_figure,
    percent_axis,
    records,
)
from eventstudy.results import Results
from eventstudy.texts import Lang, Texts, load_texts

PARTS = ("overnight", "intraday")
ASIDE, BAR, BOX = 0.21, 0.26, 0.38
FIELDS = [
    "session",
    "label",
    "inside",
    *PARTS,
    "whole",
    "overnight_typical",
    "intraday_typical",
    "sessions_spanned",
    "flags",
    "limit",
]


def parts_frame(result: Results, security: str, span: Span, *, lang: Lang = "en") -> Frame:
    """The parts of a security's log return on the sessions of a span.

    Returns
    -------
    DataFrame
        A row per session: session, label, inside (whether it belongs to the set itself), overnight, intraday, whole
        (log returns, decimal), overnight_typical and intraday_typical (standard deviations, missing without an
        estimation window), sessions_spanned, flags, limit (whether the session closed at a price limit).
    """
    texts = load_texts(lang)
    rows = [
        {
            **record.model_dump(include={*PARTS, "whole", "overnight_typical", "intraday_typical", "sessions_spanned"}),
            "session": record.session,
            "label": texts.short(record.session),
            "inside": span.first <= record.session <= span.last,
            "flags": record.flags,
            "limit": any(flag.startswith("limit_") for flag in record.flags),
        }
        for record in result.day_parts
        if record.security == security and record.session in span.days
    ]
    return frame_of(rows, FIELDS)


def parts_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The sessions of `parts_frame`: two bars each over the box of an ordinary day, the whole as a diamond."""
    texts = load_texts(lang)
    figure = new_figure(height=330)
    places = list(range(len(frame)))
    for place, inside in zip(places, frame["inside"], strict=True):
        if inside:
            shade = {"fillcolor": "rgba(230,159,0,0.10)", "line": {"width": 0}, "layer": "below"}
            figure.add_shape(x0=place - 0.5, x1=place + 0.5, y0=0, y1=1, yref="paper", **shade)
    _boxes(figure, frame, places, texts)
    for part, shift, fill in zip(PARTS, (-ASIDE, ASIDE), _fills(), strict=True):
        figure.add_bar(
            x=[place + shift for place in places],
            y=[100 * value for value in frame[part]],
            width=BAR,
            marker={**fill, "line": {"width": 1, "color": INK}},
            name=texts(f"parts.{part}"),
            hovertext=[_hover(row, part, texts) for row in records(frame)],
            hoverinfo="text",
        )
    _wholes(figure, frame, places, texts)
    figure.add_hline(y=0, line={"color": INK, "width": 1})
    few = stacked_days(list(frame["label"]), most=NARROW_DAYS)
    figure.update_layout(
        xaxis=axis(
            tickvals=places,
            ticktext=list(frame["label"]),
            range=[-0.6, len(places) - 0.4],
            showgrid=False,
            zeroline=False,
        ),
        yaxis=percent_axis(texts("parts.axis")) | {"zeroline": False},
        barmode="overlay",
    )
    by_width(figure, narrow={"xaxis.ticktext": few}, wide={"xaxis.ticktext": list(frame["label"])})
    return figure


def _fills() -> tuple[dict[str, Any], ...]:
    hatch = {"shape": "/", "size": 5, "solidity": 0.25, "fgcolor": INK, "fillmode": "overlay"}
    return {"color": BLUE}, {"color": ORANGE, "pattern": hatch}


def _boxes(figure: Figure, frame: Frame, places: list[int], texts: Texts) -> None:
    """One standard deviation up and down of each part on ordinary days, behind its bar."""
    if frame["overnight_typical"].isna().any():
        return
    sizes = [100 * row[f"{part}_typical"] for part in PARTS for row in records(frame)]
    figure.add_bar(
        x=[place + shift for shift in (-ASIDE, ASIDE) for place in places],
        y=[2 * size for size in sizes],
        base=[-size for size in sizes],
        width=BOX,
        marker={"color": PALE, "line": {"width": 0}},
        name=texts("parts.typical"),
        hoverinfo="skip",
    )


def _wholes(figure: Figure, frame: Frame, places: list[int], texts: Texts) -> None:
    figure.add_scatter(
        x=places,
        y=[100 * value for value in frame["whole"]],
        mode="markers",
        marker={"symbol": "diamond", "size": 9, "color": "#ffffff", "line": {"width": 1.8, "color": INK}},
        name=texts("parts.whole"),
        hovertext=[_hover(row, "whole", texts) for row in records(frame)],
        hoverinfo="text",
    )
    limits = [place for place, limit in zip(places, frame["limit"], strict=True) if limit]
    if limits:
        figure.add_scatter(
            x=limits,
            y=[100 * frame["whole"].iloc[place] for place in limits],
            mode="markers",
            marker={"symbol": "circle-open", "size": 19, "color": INK, "line": {"width": 1.5}},
            name=texts("figure.at_limit"),
            hoverinfo="skip",
        )


def _hover(row: Mapping[str, Any], part: str, texts: Texts) -> str:
    return f"{row['label']}<br>{texts(f'parts.{part}')}: {texts.percent(row[part])}"
