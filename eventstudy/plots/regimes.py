"""Estimates from windows before, inside and across a regime, beside the study's own; and what the models hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eventstudy.plots.rows import HEAD, interval_points, place_of, titled_rows
from eventstudy.plots.style import BLUE, GREEN, INK, VERMILLION, Figure, Frame, frame_of, new_figure, texts_for
from eventstudy.results import AlternativeRecord, Results
from eventstudy.texts import Lang, load_texts
from eventstudy.texts.names import Names, names_of

VARIANTS = ("as_designed", "before", "inside", "across")
LOOKS: Mapping[str, Mapping[str, str]] = {
    "as_designed": {"color": INK, "symbol": "circle"},
    "before": {"color": BLUE, "symbol": "triangle-left"},
    "inside": {"color": VERMILLION, "symbol": "diamond"},
    "across": {"color": GREEN, "symbol": "square"},
}
"""Colour and marker of each window."""

FIELDS = ["line", "title", "variant", "estimate", "ci_low", "ci_high", "pvalue", "limit"]
BETA_FIELDS = ["line", "title", "security", "name", "variant", "value"]
STEP_SLOPE = "benchmark_in_regime"


def regime_records(result: Results, regime_id: str) -> list[AlternativeRecord]:
    """The estimates from windows around a regime, in the study's order, each event's with the designed one first."""
    topic = [item for item in result.alternatives if item.topic == "regime"]
    own = [item for item in topic if item.other[:1] == (regime_id,)]
    cases = {_case(item) for item in own}
    kept = [item for item in topic if item in own or (item.variant == "as_designed" and _case(item) in cases)]
    order = {case: at for at, case in enumerate(dict.fromkeys(map(_case, kept)))}
    return sorted(kept, key=lambda item: (order[_case(item)], VARIANTS.index(item.variant)))


def _case(item: AlternativeRecord) -> tuple[object, ...]:
    return item.security, item.event_id, item.window


def regime_frame(result: Results, regime_id: str, *, lang: Lang = "en") -> Frame:
    """The same events estimated from four windows.

    Returns
    -------
    DataFrame
        A row per security, event and window of estimation: line (its row in the figure), title, variant
        (``as_designed``, ``before``, ``inside``, ``across``), estimate, ci_low, ci_high, pvalue (decimal), limit
        (whether the event's window holds a close at a price limit).
    """
    names, found = names_of(result.spec, lang), regime_records(result, regime_id)
    cases = list(dict.fromkeys(map(_case, found)))
    rows = [
        {
            "line": cases.index(_case(item)),
            "title": case_title(names, item),
            "variant": item.variant,
            "estimate": item.estimate,
            "ci_low": item.ci_low,
            "ci_high": item.ci_high,
            "pvalue": item.pvalue,
            "limit": any(flag.startswith("limit_") for flag in item.flags),
        }
        for item in found
    ]
    return frame_of(rows, FIELDS, level=result.spec.level)


def case_title(names: Names, item: AlternativeRecord) -> str:
    """Security, event and, where it is longer than a day, the window of an estimate."""
    title = names.texts("regimes.case", security=names.security(item.security), event=names.event(item.event_id))
    if item.window.size == 1:
        return title
    return names.texts("regimes.windowed", title=title, window=names.texts.window(*item.window))


def beta_frame(result: Results, regime_id: str, *, lang: Lang = "en") -> Frame:
    """What one per cent of a benchmark or a driver went with, by window of estimation.

    Returns
    -------
    DataFrame
        A row per security, regressor and window, around the first event that each security has: line (its row in the
        figure), title, security, name (of the regressor), variant, value (slope). Of ``across`` it is the slope inside
        the regime; the one outside equals that of ``before``.
    """
    names = names_of(result.spec, lang)
    firsts: dict[str, tuple[object, ...]] = {}
    rows: list[dict[str, Any]] = []
    for item in regime_records(result, regime_id):
        if firsts.setdefault(item.security, _case(item)) == _case(item):
            rows += [
                {
                    "title": names.texts(
                        "regimes.slope", security=names.security(item.security), name=names.security(name)
                    ),
                    "security": item.security,
                    "name": name,
                    "variant": item.variant,
                    "value": value,
                }
                for name, value in _slopes(item).items()
            ]
    titles = list(dict.fromkeys(row["title"] for row in rows))
    return frame_of([row | {"line": titles.index(row["title"])} for row in rows], BETA_FIELDS)


def _slopes(item: AlternativeRecord) -> dict[str, float]:
    drivers = item.other[1:] if item.variant == "inside" else ()
    shown = [str(item.benchmark), *drivers]
    step = item.params.get(STEP_SLOPE, 0.0)
    return {name: item.params[name] + (step if name == item.benchmark else 0.0) for name in shown}


def regime_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The estimates of `regime_frame`, one below the other for each event; rings mark closes at a price limit."""
    texts = texts_for(frame, lang)
    titles = list(dict.fromkeys(frame["title"]))
    figure = new_figure(height=HEAD)
    shown = [variant for variant in VARIANTS if variant in set(frame["variant"])]
    for variant in shown:
        own = frame[frame["variant"] == variant]
        places = [place_of(line, len(titles)) + _shift(shown, variant) for line in own["line"]]
        figure.add_scatter(
            **interval_points(own, places, texts, color=LOOKS[variant]["color"]),
            name=texts(f"regimes.way.{variant}"),
            marker={**LOOKS[variant], "size": 9},
        )
    cut = frame[frame["limit"]]
    if len(cut):
        figure.add_scatter(
            x=[100 * value for value in cut["estimate"]],
            y=[
                place_of(line, len(titles)) + _shift(shown, variant)
                for line, variant in zip(cut["line"], cut["variant"], strict=True)
            ],
            mode="markers",
            marker={"symbol": "circle-open", "size": 15, "color": INK, "line": {"width": 1.2}},
            name=texts("figure.at_limit"),
            hoverinfo="skip",
        )
    titled_rows(figure, titles, axis_title=texts("figure.abnormal_return"), pitch=92)
    return figure


def beta_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The slopes of `beta_frame`, each row one regressor of one security."""
    texts = load_texts(lang)
    titles = list(dict.fromkeys(frame["title"]))
    figure = new_figure(height=HEAD)
    for line in range(len(titles)):
        values = list(frame.loc[frame["line"] == line, "value"])
        ends = {"x": [min(values), max(values)], "y": [place_of(line, len(titles))] * 2}
        figure.add_scatter(
            **ends, mode="lines", line={"color": "#d8dee4", "width": 2}, showlegend=False, hoverinfo="skip"
        )
    for variant in VARIANTS:
        own = frame[frame["variant"] == variant]
        if len(own):
            figure.add_scatter(
                x=list(own["value"]),
                y=[place_of(line, len(titles)) + _shift(VARIANTS, variant) / 2 for line in own["line"]],
                mode="markers",
                marker={**LOOKS[variant], "size": 9},
                name=texts(f"regimes.way.{variant}"),
                hovertext=[texts.number(value) for value in own["value"]],
                hoverinfo="text",
            )
    titled_rows(figure, titles, axis_title=texts("regimes.slopes"), percent=False, pitch=62)
    return figure


def _shift(shown: Sequence[str], variant: str) -> float:
    """Height of a window's mark above the middle of its row."""
    return 0.56 * (0.5 - (shown.index(variant) + 0.5) / len(shown))
