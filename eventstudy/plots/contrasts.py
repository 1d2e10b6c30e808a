"""Contrasts: what each security adds to a weighted sum, and the sum beside how much it strays on other dates."""

from __future__ import annotations

from typing import Any

from eventstudy.plots.rows import HEAD, interval_points, place_of, titled_rows
from eventstudy.plots.style import BLUE, INK, VERMILLION, Figure, Frame, frame_of, new_figure
from eventstudy.results import ContrastRecord, StudyResult
from eventstudy.texts import Lang, load_texts
from eventstudy.texts.names import Names, names_of

FIELDS = ["part", "title", "security", "window", "weight", "car", "estimate", "ci_low", "ci_high", "pvalue"]
REACH = 2.0
"""Standard deviations of placebo dates that the bar of a sum reaches each way."""


def contrast_frame(result: StudyResult, contrast: str, *, lang: Lang = "en") -> Frame:
    """The parts of a contrast and their sum.

    Returns
    -------
    DataFrame
        A row per security and a last one for the sum: part (whether it is a part), title, security, window (in words),
        weight, car (decimal; its own CAR), estimate (decimal; weight times CAR, or the sum), ci_low and ci_high (of
        the sum, two standard deviations of placebo dates away), pvalue (of the sum, among placebo dates).
    """
    names = names_of(result.spec, lang)
    rows = [
        row
        for record in result.contrasts
        if record.id == contrast
        for row in [*(_part(names, record, symbol) for symbol in record.weights), _sum(names, record)]
    ]
    return frame_of(rows, FIELDS)


def _part(names: Names, record: ContrastRecord, symbol: str) -> dict[str, Any]:
    texts, weight, car = names.texts, record.weights[symbol], record.parts[symbol]
    shown = {"security": names.security(symbol), "window": texts.window(*record.event_windows[symbol])}
    return {
        "part": True,
        "title": texts(
            "choices.contrast.part", weight=texts.number(weight, signed=True), car=texts.percent(car), **shown
        ),
        **shown,
        "weight": weight,
        "car": car,
        "estimate": weight * car,
    }


def _sum(names: Names, record: ContrastRecord) -> dict[str, Any]:
    reach = None if record.placebo_sd is None else REACH * record.placebo_sd
    return {
        "part": False,
        "title": names.texts("choices.contrast.sum"),
        "estimate": record.estimate,
        "ci_low": None if reach is None else record.estimate - reach,
        "ci_high": None if reach is None else record.estimate + reach,
        "pvalue": record.placebo_pvalue,
    }


def contrast_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The rows of `contrast_frame`: hollow parts, and their sum with a bar where placebo dates tell its spread."""
    texts = load_texts(lang)
    figure = new_figure(height=HEAD)
    lines = len(frame)
    looks = {
        True: {"symbol": "circle", "size": 10, "color": "#ffffff", "line": {"width": 2, "color": BLUE}},
        False: {"symbol": "diamond", "size": 12, "color": VERMILLION, "line": {"width": 1, "color": INK}},
    }
    for part, marker in looks.items():
        own = frame[frame["part"] == part]
        key = "part" if part else "sum" if own["ci_low"].notna().any() else "sum_bare"
        figure.add_scatter(
            **interval_points(own, [place_of(int(at), lines) for at in own.index], texts, color=VERMILLION),
            name=texts(f"choices.legend.{key}"),
            marker=marker,
        )
    titled_rows(figure, list(frame["title"]), axis_title=texts("figure.abnormal_return"), pitch=50)
    return figure
