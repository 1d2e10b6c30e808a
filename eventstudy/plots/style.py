"""What every figure shares: colours that colour-blind readers tell apart, markers, axes, widths.

The palette is that of Okabe and Ito (Color Universal Design, 2008). A colour never stands alone: line
dash, marker shape or fill says the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from eventstudy.texts import Lang, Texts, load_texts

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from eventstudy.spec import StudySpec

Figure: TypeAlias = "go.Figure"
Frame: TypeAlias = "pd.DataFrame"

BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
ORANGE = "#E69F00"
SKY = "#56B4E9"
PURPLE = "#CC79A7"
INK = "#1f2328"
GREY = "#59636e"
PALE = "#d8dee4"
NARROW = 560
FONT = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'PingFang SC', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'Noto Sans', Arial, sans-serif"
)

LOOKS: Mapping[str, Sequence[Mapping[str, str]]] = {
    "total": (
        {"color": BLUE, "fill": "rgba(0,114,178,0.16)", "dash": "solid", "symbol": "circle"},
        {"color": GREEN, "fill": "rgba(0,158,115,0.14)", "dash": "longdash", "symbol": "triangle-up"},
    ),
    "relative": (
        {"color": VERMILLION, "fill": "rgba(213,94,0,0.14)", "dash": "dash", "symbol": "square"},
        {"color": PURPLE, "fill": "rgba(204,121,167,0.16)", "dash": "dashdot", "symbol": "triangle-down"},
    ),
    "none": ({"color": GREY, "fill": "rgba(89,99,110,0.14)", "dash": "dot", "symbol": "diamond"},),
}
"""Colour, band, dash and marker of what an abnormal return measures: total effect, relative effect, neither.

A second benchmark of the same kind has its own; a third one looks like the first again.
"""

ROLE_LOOKS: Mapping[str, Mapping[str, str]] = {
    "tested": {"symbol": "circle", "color": BLUE, "text": "#ffffff"},
    "confounder": {"symbol": "diamond", "color": VERMILLION, "text": "#ffffff"},
    "context": {"symbol": "square", "color": "#ffffff", "text": INK},
}
"""Marker of an event's role on the timeline."""

MARKER: Mapping[str, Any] = {"size": 21, "line": {"width": 1.2, "color": INK}}
"""Marker of an event, large enough for its number."""


def new_figure(*, height: int, **layout: Any) -> Figure:
    """An empty figure in the house's style; `height` in pixels, width as wide as its place."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=height,
        autosize=True,
        font={"family": FONT, "size": 13, "color": INK},
        paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff",
        margin={"l": 8, "r": 12, "t": 8, "b": 8, "pad": 2},
        dragmode=False,
        hovermode="closest",
        hoverlabel={"font": {"family": FONT, "size": 12}, "align": "left"},
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.0,
            "yanchor": "bottom",
            "font": {"size": 12},
        },
        **layout,
    )
    return figure


def axis(**values: Any) -> dict[str, Any]:
    """An axis: light grid, room for its labels, no zooming by accident."""
    shared = {
        "fixedrange": True,
        "automargin": True,
        "gridcolor": "#eaeef2",
        "linecolor": PALE,
        "zerolinecolor": GREY,
        "zerolinewidth": 1,
        "tickfont": {"size": 12},
        "ticklabelstandoff": 4,
        "tickangle": 0,
        "title": {"font": {"size": 12}, "standoff": 8},
    }
    return shared | values


def percent_axis(title: str, **values: Any) -> dict[str, Any]:
    """An axis of returns in percent."""
    return axis(title={"text": title, "font": {"size": 12}, "standoff": 8}, ticksuffix="%", nticks=7, **values)


def role_traces(figure: Figure, frame: Frame, *, x: str, y: str, size: int, number: int, **more: Any) -> None:
    """Events as markers of a size with their numbers, in letters of size `number`; a trace and a shape each role."""
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
            textfont={"color": look["text"], "size": number},
            marker={**MARKER, "size": size, "symbol": look["symbol"], "color": look["color"]},
            hovertext=[
                "<br>".join([f"{row['number']}. {plain_text(row['title'])}", *filter(None, [row.get("when")])])
                for row in records(own)
            ],
            hoverinfo="text",
            cliponaxis=False,
            **more,
        )


def error_bars(
    own: Frame, color: str, *, of: str = "estimate", low: str = "ci_low", high: str = "ci_high"
) -> dict[str, Any]:
    """Bars in percent from the values of a column to the columns of their limits (decimal)."""
    values = 100 * own[of]
    return {
        "type": "data",
        "array": list(100 * own[high] - values),
        "arrayminus": list(values - 100 * own[low]),
        "thickness": 1.5,
        "width": 3,
        "color": color,
    }


def estimate_words(row: Mapping[str, Any], texts: Texts) -> list[str]:
    """An estimate with its interval and its p, as far as it has them, for a pointer."""
    words = [texts.percent(row["estimate"])]
    if row["ci_low"] is not None and row["ci_low"] == row["ci_low"]:
        words.append(texts("format.interval", low=texts.percent(row["ci_low"]), high=texts.percent(row["ci_high"])))
    if row["pvalue"] is not None and row["pvalue"] == row["pvalue"]:
        words.append(texts.p_equals(row["pvalue"]))
    return words


def look_of(estimand: str, rank: int) -> Mapping[str, str]:
    """How an estimate looks: by what it measures, and its rank among a security's benchmarks of that kind."""
    looks = LOOKS[estimand]
    return looks[rank % len(looks)]


def rank_of(spec: StudySpec, security: str, benchmark: str | None) -> int:
    """Rank of a benchmark among those of a security that measure the same effect, from 0."""
    if benchmark is None:
        return 0
    own = spec.benchmarks[benchmark].estimand
    same = [name for name in spec.securities[security].benchmarks if spec.benchmarks[name].estimand == own]
    return same.index(benchmark)


def by_width(figure: Figure, *, narrow: Mapping[str, Any], wide: Mapping[str, Any], below: int = NARROW) -> None:
    """Note what a page may change where the figure is narrower than `below` pixels, and how to change it back.

    Both are updates of the layout by dotted path; the figure as such shows the wide form.
    """
    figure.update_layout(meta={"narrow": dict(narrow), "wide": dict(wide), "below": below})


@lru_cache(maxsize=4096)
def wrap(text: str, width: int) -> str:
    """Text broken into lines of at most `width` half-width characters (a Chinese sign counts as two)."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and display_width(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return "<br>".join([*lines, line.rstrip()])


def texts_for(frame: Frame, lang: Lang) -> Texts:
    """The words of a figure, at the significance level of the study that its frame was made from, if it has rows."""
    return load_texts(lang, *map(float, frame["level"][:1]))


def frame_of(rows: Sequence[Mapping[str, Any]], columns: list[str] | None = None, **same: Any) -> Frame:
    """Rows as a frame with these columns, there without any row too; `same` are columns of one value."""
    import pandas as pd

    return pd.DataFrame(rows, columns=columns).assign(**same)


def records(frame: Frame) -> list[dict[str, Any]]:
    """The rows of a frame, each by column name."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def display_width(text: str) -> int:
    """Width in half-width characters."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _pieces(text: str) -> list[str]:
    """Units that may stand at the start of a line: words with their space, single Chinese signs."""
    pieces: list[str] = []
    for sign in text:
        if pieces and not _may_break(pieces[-1][-1], sign):
            pieces[-1] += sign
        else:
            pieces.append(sign)
    return pieces


def _may_break(one: str, other: str) -> bool:
    """Whether a line may end between two signs: after a space, or beside a Chinese sign that nothing ties."""
    wide = 2 in (display_width(one), display_width(other))
    opening, closing = unicodedata.category(one) in ("Ps", "Pi"), unicodedata.category(other) in ("Pe", "Pf", "Po")
    return one == " " or (wide and not opening and not closing and not one.isdecimal())


def plain_text(text: str) -> str:
    """Text that plotly shows as it is: it reads a few HTML tags, so what looks like one is escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
