"""Simulated sizes of tests in a design like that of a headline, against the level that they claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eventstudy.plots.around import line_places, lines_axis, lines_height
from eventstudy.plots.style import (
    BLUE,
    GREY,
    INK,
    VERMILLION,
    Figure,
    Frame,
    by_width,
    error_bars,
    frame_of,
    new_figure,
    percent_axis,
    plain_text,
    records,
    wrap,
)
from eventstudy.results import CalibrationRecord, Results
from eventstudy.texts import Lang, Texts, load_texts

FIELDS = ["test", "label", "standing", "size", "error", "low", "high", "detectable"]
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "misleads": {"symbol": "x", "color": VERMILLION, "size": 10},
    "holds": {"symbol": "circle", "color": BLUE, "size": 9},
    "never": {"symbol": "circle-open", "color": GREY, "size": 9},
}
"""Look of tests that reject too often, that keep their level, that never rejected."""
LEVEL = 0.05
ERRORS = 1.96
"""Monte Carlo standard errors to either side: 95 %."""
LABEL_WIDTH = 26


def calibrated(result: Results) -> Sequence[str]:
    """Headlines with at least one simulated size."""
    return list(dict.fromkeys(record.id for record in result.calibration if record.size is not None))


def standing(record: CalibrationRecord) -> str:
    """Whether a test misleads, holds, or never rejected."""
    if record.misleads:
        return "misleads"
    return "holds" if record.size else "never"


def calibration_frame(result: Results, headline: str, *, lang: Lang = "en") -> Frame:
    """The tests that could be simulated for a headline, the largest size first.

    Returns
    -------
    DataFrame
        A row per test: test, label (its name), standing (`LOOKS`), size (share of rejections where nothing happened),
        error (its Monte Carlo standard error), low, high (95 % limits of the size), detectable (effect found with
        80 % probability, decimal; missing where none is).
    """
    texts = load_texts(lang)
    found = [item for item in result.calibration if item.id == headline and item.size is not None]
    rows = []
    for record in sorted(found, key=lambda item: -(item.size or 0.0)):
        size, error = record.size or 0.0, record.size_error or 0.0
        rows.append(
            {
                "test": record.test,
                "label": texts(f"test.{record.test}"),
                "standing": standing(record),
                "size": size,
                "error": error,
                "low": max(size - ERRORS * error, 0.0),
                "high": min(size + ERRORS * error, 1.0),
                "detectable": None if record.misleads else record.detectable,
            }
        )
    return frame_of(rows, FIELDS)


def calibration_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The sizes of `calibration_frame` with their limits, a line at 5 %."""
    texts = load_texts(lang)
    labels = [wrap(plain_text(label), LABEL_WIDTH) for label in frame["label"]]
    frame = frame.assign(place=line_places(labels))
    figure = new_figure(height=110 + lines_height(labels))
    for name, look in LOOKS.items():
        own = frame[frame["standing"] == name]
        if len(own):
            _points(figure, own, name, look, texts)
    figure.add_scatter(
        x=[100 * LEVEL] * 2,
        y=[0, lines_height(labels)],
        mode="lines",
        line={"color": INK, "width": 1.5, "dash": "dash"},
        name=texts("chance.calibration.legend_level"),
        hoverinfo="skip",
    )
    figure.update_layout(
        xaxis=percent_axis(texts("chance.calibration.axis"))
        | {"zeroline": False, "range": [-1.0, 100 * float(frame["high"].max()) * 1.05 + 1.0]},
        yaxis=lines_axis(labels),
        legend={"itemclick": False, "itemdoubleclick": False},
    )
    height, axis_title = figure.layout.height, "xaxis.title.text"
    by_width(
        figure,
        narrow={"xaxis.nticks": 4, "height": height + 60, axis_title: texts("chance.calibration.axis_short")},
        wide={"xaxis.nticks": 7, "height": height, axis_title: texts("chance.calibration.axis")},
    )
    return figure


def _points(figure: Figure, own: Frame, name: str, look: Mapping[str, Any], texts: Texts) -> None:
    bars = error_bars(own, look["color"], of="size", low="low", high="high")
    figure.add_scatter(
        x=list(100 * own["size"]),
        y=list(own["place"]),
        mode="markers",
        error_x=bars | {"visible": name != "never"},
        marker={
            "symbol": look["symbol"],
            "size": look["size"],
            "color": look["color"],
            "line": {"width": 1.5, "color": look["color"]},
        },
        name=texts(f"chance.calibration.legend_{name}"),
        hovertext=[
            f"{plain_text(row['label'])}<br>"
            + texts("chance.calibration.hover", size=texts.percent(row["size"], signed=False))
            for row in records(own)
        ],
        hoverinfo="text",
    )
