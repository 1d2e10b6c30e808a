"""Figures of rows, each under a title of its own: readable on a narrow screen, where labels at the side are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eventstudy.plots.style import (
    GREY,
    INK,
    Figure,
    Frame,
    axis,
    by_width,
    estimate_words,
    percent_axis,
    plain_text,
    records,
    wrap,
)
from eventstudy.texts import Texts

TITLE_AT = 0.3
WIDE, NARROW = 96, 46
HEAD = 62  # pixels for the horizontal axis and the space around
ENTRY = 19  # pixels of an entry of the legend
LINE = 17  # pixels of a line of a title
ABOVE = 0.38  # share of a row that its title may take
MARGIN = 0.1  # share of the drawn extent left free on either side


def place_of(line: int, lines: int) -> int:
    """Height of a line on the vertical axis; the first one stands on top."""
    return lines - 1 - line


def titled_rows(
    figure: Figure,
    titles: Sequence[str],
    *,
    axis_title: str,
    percent: bool = True,
    pitch: int = 62,
    said: Mapping[int, str] | None = None,
    marks: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Give a figure its rows: titles, axes, height, and the form for narrow screens.

    Parameters
    ----------
    figure : Figure
        Drawn with line `at` at height ``place_of(at, len(titles))``.
    titles : sequence of str
        A title a line, from the top.
    axis_title : str
        Of the horizontal axis.
    percent : bool
        Whether the horizontal axis counts percent.
    pitch : int
        Pixels from one line to the next on a wide screen.
    said : mapping of int to str, optional
        Words that stand in a line in place of a marker.
    marks : sequence of mapping
        Further annotations, such as arrows.
    """
    lines, words, drawn = len(titles), dict(said or {}), _extent(figure)
    heads = [line_title(place_of(at, lines) + TITLE_AT, _wrapped(title, WIDE)) for at, title in enumerate(titles)]
    beside = {"yanchor": "middle", "font": {"size": 12, "color": GREY}, "bgcolor": "#ffffff"}
    empty = [line_title(place_of(at, lines), _wrapped(text, WIDE)) | beside for at, text in words.items()]
    across = percent_axis(axis_title) if percent else axis(title={"text": axis_title, "font": {"size": 12}}, nticks=7)
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    for at in range(1, lines):
        figure.add_hline(y=place_of(at, lines) + 0.69, line={"color": "#eaeef2", "width": 1}, layer="below")
    figure.update_layout(
        xaxis=across | {"zeroline": False, "range": drawn},
        yaxis=axis(visible=False, range=[-0.45, lines - 0.1]),
        annotations=[*heads, *empty, *marks],
    )
    shown = [*titles, *words.values()]
    texts = [
        {f"annotations[{at}].text": _wrapped(text, width) for at, text in enumerate(shown)} for width in (WIDE, NARROW)
    ]
    more = max(_wrapped(text, NARROW).count("<br>") for text in shown)
    head = HEAD + ENTRY * sum(trace.showlegend is not False for trace in figure.data)
    room = max(pitch + LINE * more, (more + 1) * LINE / ABOVE)
    short, tall = head + pitch * lines, head + round(room * lines)
    by_width(
        figure,
        narrow={**texts[1], "xaxis.nticks": 5, "height": tall},
        wide={**texts[0], "xaxis.nticks": 7, "height": short},
    )
    figure.update_layout(height=short, legend={"orientation": "v"})


def _extent(figure: Figure) -> list[float]:
    """Range of the horizontal axis: everything drawn and zero, with a margin."""
    ends = [0.0]
    for trace in figure.data:
        values = [float(value) for value in trace.x]
        bars = trace.error_x if trace.type == "scatter" else None
        up = list(bars.array) if bars is not None and bars.array is not None else [0.0] * len(values)
        down = list(bars.arrayminus) if bars is not None and bars.arrayminus is not None else [0.0] * len(values)
        ends += [value + more for value, more in zip(values, up, strict=True)]
        ends += [value - less for value, less in zip(values, down, strict=True)]
    margin = MARGIN * ((max(ends) - min(ends)) or 1.0)
    return [min(ends) - margin, max(ends) + margin]


def _wrapped(text: str, width: int) -> str:
    return wrap(plain_text(text), width)


def line_title(height: float, text: str) -> dict[str, Any]:
    """A title at the figure's left edge, standing on this height; `text` broken into lines."""
    return {
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": height,
        "yanchor": "bottom",
        "align": "left",
        "showarrow": False,
        "text": text,
        "font": {"size": 13},
        "bgcolor": "rgba(255,255,255,0.88)",
    }


def interval_points(own: Frame, places: Sequence[float], texts: Texts, *, color: str) -> dict[str, Any]:
    """Markers in percent with the limits of their intervals where they have some.

    Parameters
    ----------
    own : DataFrame
        With the columns title, estimate, ci_low, ci_high, pvalue (decimal; missing where there is none).
    places : sequence of float
        Their heights.
    texts : Texts
        For what a pointer shows.
    color : str
        Of the bars.
    """
    estimates = [100 * float(value) for value in own["estimate"]]
    up, down = _lengths(own, "ci_high", "estimate"), _lengths(own, "estimate", "ci_low")
    bars = {"type": "data", "array": up, "arrayminus": down, "thickness": 1.5, "width": 3, "color": color}
    return {
        "x": estimates,
        "y": list(places),
        "mode": "markers",
        "error_x": bars if any(up) else None,
        "hovertext": [
            "<br>".join([wrap(plain_text(str(row["title"])), NARROW), *estimate_words(row, texts)])
            for row in records(own)
        ],
        "hoverinfo": "text",
    }


def _lengths(own: Frame, end: str, start: str) -> list[float]:
    """Lengths of one side of error bars in percent; zero where an end is missing."""
    return [100 * float(value) for value in (own[end].astype(float) - own[start].astype(float)).fillna(0.0)]
