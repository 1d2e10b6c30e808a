"""Headline figures among the same figures on earlier dates: how large each is in its own standard errors."""

from __future__ import annotations

import numpy as np

from eventstudy.plots.rows import HEAD, place_of, titled_rows
from eventstudy.plots.style import (
    GREY,
    INK,
    PALE,
    VERMILLION,
    Figure,
    Frame,
    frame_of,
    new_figure,
    plain_text,
    texts_for,
)
from eventstudy.results import Results
from eventstudy.texts import Lang, Texts
from eventstudy.texts.names import names_of

FIELDS = ["id", "line", "title", "kind", "session", "estimate", "statistic", "size", "critical"]
FOOT, TALLEST = 0.36, 0.52
"""Below its line a row's bars begin, and the height of the tallest of them; in lines."""
BINS = 48
STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0)


def placebo_frame(result: Results, *, lang: Lang = "en") -> Frame:
    """Every headline with placebo dates, and the headline itself.

    Returns
    -------
    DataFrame
        A row per headline and date: id, line (its row in the figure), title, kind (``earlier`` or ``event``), session
        (in the place of day 0; missing for the event), estimate (decimal; missing for the event), statistic (t), size
        (|t|), critical (what |t| has to pass for a p below the study's level), level.
    """
    names = names_of(result.spec, lang)
    rows: list[dict[str, object]] = []
    for line, record in enumerate(result.placebos):
        shared = {"id": record.id, "line": line, "title": names.headline(record.id), "critical": record.critical}
        dates = [item for item in result.placebo_dates if item.id == record.id]
        rows += [
            shared
            | {
                "kind": "earlier",
                "session": item.session,
                "estimate": item.estimate,
                "statistic": item.statistic,
                "size": abs(item.statistic),
            }
            for item in dates
        ]
        rows.append(shared | {"kind": "event", "statistic": record.statistic, "size": abs(record.statistic)})
    return frame_of(rows, FIELDS, level=result.spec.level)


def placebo_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """A row of bars per headline of `placebo_frame`: how many earlier dates have which |t|, limit and event in it."""
    texts = texts_for(frame, lang)
    events = frame[frame["kind"] == "event"].sort_values("line")
    places = [place_of(line, len(events)) for line in events["line"]]
    step = bin_width(float(frame["size"].max()))
    figure = new_figure(height=HEAD)
    for place, (_, event) in zip(places, events.iterrows(), strict=True):
        own = frame[(frame["id"] == event["id"]) & (frame["kind"] == "earlier")]["size"].to_numpy(dtype=float)
        _bars(figure, own, place=place, step=step, texts=texts)
    middle = [place - FOOT + TALLEST / 2 for place in places]
    figure.add_scatter(
        x=list(events["critical"]),
        y=middle,
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 34, "color": INK, "line": {"width": 2, "color": INK}},
        name=texts("chance.placebo.legend_limit"),
        hovertext=[texts("chance.placebo.hover_limit", t=texts.number(value)) for value in events["critical"]],
        hoverinfo="text",
    )
    figure.add_scatter(
        x=list(events["size"]),
        y=middle,
        mode="markers",
        marker={"symbol": "diamond", "size": 13, "color": VERMILLION, "line": {"width": 1.2, "color": INK}},
        name=texts("chance.placebo.legend_event"),
        hovertext=[
            f"{plain_text(title)}<br>|t| = {texts.number(size)}"
            for title, size in zip(events["title"], events["size"], strict=True)
        ],
        hoverinfo="text",
    )
    titled_rows(figure, list(events["title"]), axis_title=texts("chance.placebo.axis"), percent=False, pitch=104)
    figure.update_layout(barmode="overlay", bargap=0, legend={"itemsizing": "constant"})
    return figure


def bin_width(largest: float) -> float:
    """A round width that cuts the sizes up to the largest one into no more than some fifty bins."""
    wanted = largest / BINS
    return next((step for step in STEPS if step >= wanted), wanted)


def _bars(figure: Figure, sizes: np.ndarray, *, place: int, step: float, texts: Texts) -> None:
    """The sizes counted by bin, as bars that stand on the foot of their row."""
    counts = np.bincount(np.floor(sizes / step).astype(int))
    used = np.flatnonzero(counts)
    figure.add_bar(
        x=[(at + 0.5) * step for at in used.tolist()],
        y=[TALLEST * float(counts[at]) / float(counts.max()) for at in used],
        base=[place - FOOT] * used.size,
        width=step,
        marker={"color": PALE, "line": {"width": 0.8, "color": GREY}},
        name=texts("chance.placebo.legend_earlier"),
        showlegend=bool(len(figure.data) == 0),
        hovertext=[
            texts.count(
                "chance.placebo.hover", int(counts[at]), low=texts.number(at * step), high=texts.number((at + 1) * step)
            )
            for at in used
        ],
        hoverinfo="text",
    )
