"""A day that closed at its price limit: the bound, the CAR to the first close off a limit, what was cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from eventstudy.intervals import limits
from eventstudy.plots.rows import HEAD, interval_points, place_of, titled_rows
from eventstudy.plots.style import (
    GREY,
    INK,
    Figure,
    Frame,
    frame_of,
    look_of,
    new_figure,
    plain_text,
    rank_of,
    texts_for,
)
from eventstudy.results import AlternativeRecord, LimitRecord, Results
from eventstudy.texts import Lang, Texts
from eventstudy.texts.names import Names, names_of

FIELDS = [
    "kind",
    "line",
    "title",
    "benchmark",
    "estimand",
    "rank",
    "label",
    "side",
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "pvalue",
    "judged",
]
KINDS = ("day", "to_open", "one_more", "imputed")
OUT = 30  # pixels that the arrow of a bound reaches beyond its bar
SPREAD = "sigma_x"


def limit_cases(result: Results) -> Sequence[tuple[str, str]]:
    """Event and security of every day 0 that closed at a price limit, in the order of the records."""
    return list(dict.fromkeys((record.event_id, record.security) for record in result.limits))


def limits_frame(result: Results, event_id: str, security: str, *, lang: Lang = "en") -> Frame:
    """What is known of one day 0 that closed at a price limit.

    Returns
    -------
    DataFrame
        A row per quantity and benchmark: kind (``day``, ``to_open``, ``one_more``, ``imputed``), line (its row in the
        figure), title, benchmark, estimand, rank (among the benchmarks of that kind), label (assumed spread of an
        imputed value), side (-1 lower, 1 upper limit), estimate, std_error, ci_low, ci_high, pvalue (decimal; missing
        where there is none), judged (what the p-value is). The interval of ``to_open`` is that of a window fixed
        beforehand.
    """
    names = names_of(result.spec, lang)
    own = [item for item in result.limits if (item.event_id, item.security) == (event_id, security)]
    rows = [row for record in own for row in _rows(names, record, result.spec.confidence)]
    rows += [_imputed(names, item, own[0]) for item in imputed_of(result, event_id, security) if own]
    shown = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    rows = sorted((row | {"line": shown.index(row["kind"])} for row in rows), key=lambda row: row["line"])
    return frame_of(rows, FIELDS, level=result.spec.level)


def imputed_of(result: Results, event_id: str, security: str) -> list[AlternativeRecord]:
    """What the limit may have cut off, by assumed spread."""
    return [
        item
        for item in result.alternatives
        if (item.topic, item.event_id, item.security) == ("imputation", event_id, security)
    ]


def spread_of(texts: Texts, record: AlternativeRecord) -> str:
    """The assumed spread of an imputed value, as a multiple: ``1.5 x``."""
    return texts("limits.times", multiple=record.variant.removeprefix(SPREAD))


def _rows(names: Names, record: LimitRecord, confidence: float) -> Iterator[dict[str, Any]]:
    texts, side = names.texts, -1 if record.limit == "limit_down" else 1
    shared = {
        "benchmark": names.benchmark(record.benchmark),
        "estimand": record.estimand,
        "rank": rank_of(names.spec, record.security, record.benchmark),
        "side": side,
    }
    yield shared | {
        "kind": "day",
        "title": texts("limits.row.day", day=texts.short(record.session)),
        "estimate": record.ar,
        "std_error": record.std_error,
        "pvalue": record.bound_pvalue,
        "judged": texts(f"limits.judged.{record.limit}"),
    }
    if record.car_to_open is None or record.open_session is None:
        return
    low, high = limits(record.car_to_open, record.car_std_error, record.df, confidence)
    yield shared | {
        "kind": "to_open",
        "title": texts("limits.row.to_open", day=texts.short(record.open_session)),
        "estimate": record.car_to_open,
        "std_error": record.car_std_error,
        "ci_low": low,
        "ci_high": high,
        "pvalue": record.placebo_pvalue,
        "judged": _placebo(texts, record),
    }
    if record.car_one_more is not None:
        yield shared | {"kind": "one_more", "title": texts("limits.row.one_more"), "estimate": record.car_one_more}


def _placebo(texts: Texts, record: LimitRecord) -> str:
    if record.n_placebo is None or record.placebo_rank is None:
        return texts("limits.judged.no_placebo")
    return texts("limits.judged.placebo", rank=record.placebo_rank, total=record.n_placebo + 1)


def _imputed(names: Names, item: AlternativeRecord, of: LimitRecord) -> dict[str, Any]:
    texts = names.texts
    return {
        "kind": "imputed",
        "title": texts("limits.row.imputed"),
        "benchmark": names.benchmark(item.benchmark),
        "estimand": item.estimand,
        "rank": rank_of(names.spec, item.security, item.benchmark),
        "label": spread_of(texts, item),
        "side": -1 if of.limit == "limit_down" else 1,
        "estimate": item.estimate,
        "std_error": item.std_error,
        "judged": texts("limits.judged.imputed", spread=spread_of(texts, item)),
    }


def limits_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The quantities of `limits_frame`: a bar ending in an arrow is a bound, hollow marks rest on an assumption."""
    texts = texts_for(frame, lang)
    titles = list(dict.fromkeys(frame["title"]))
    figure = new_figure(height=HEAD)
    arrows: list[dict[str, Any]] = []
    names = list(dict.fromkeys(frame["benchmark"]))
    for at, name in enumerate(names):
        own = frame[(frame["benchmark"] == name) & (frame["kind"] != "imputed")]
        shift = 0.34 * (0.5 - (at + 0.5) / len(names))
        places = [place_of(line, len(titles)) + shift for line in own["line"]]
        arrows += _draw(figure, own.reset_index(drop=True), places, texts)
    imputed = frame[frame["kind"] == "imputed"].reset_index(drop=True)
    if len(imputed):
        _draw_imputed(figure, imputed, len(titles), texts)
    titled_rows(figure, titles, axis_title=texts("figure.abnormal_return"), pitch=68, marks=arrows)
    figure.update_layout(barmode="overlay")
    return figure


def _draw(figure: Figure, own: Frame, places: list[float], texts: Texts) -> list[dict[str, Any]]:
    """One benchmark's marks; the arrows of its bounds are handed back."""
    look = look_of(str(own["estimand"].iloc[0]), int(own["rank"].iloc[0]))
    figure.add_scatter(
        **interval_points(own, places, texts, color=look["color"]),
        name=texts(f"figure.path_{own['estimand'].iloc[0]}", benchmark=plain_text(str(own["benchmark"].iloc[0]))),
        marker={"symbol": look["symbol"], "size": 9, "color": look["color"]},
    )
    arrows = []
    for at in own.index[own["kind"] == "day"]:
        x, outward = 100 * float(own.loc[at, "estimate"]), int(own.loc[at, "side"])
        figure.add_bar(
            x=[x],
            y=[places[at]],
            orientation="h",
            width=0.14,
            marker={"color": look["color"], "line": {"width": 0}},
            showlegend=False,
            hoverinfo="skip",
        )
        shift = {"xshift": OUT * outward, "ax": -OUT * outward, "ay": 0}
        head = {"text": "", "showarrow": True, "arrowhead": 2, "arrowwidth": 2, "arrowcolor": INK}
        arrows.append({"x": x, "y": places[at], **head, **shift})
    return arrows


def _draw_imputed(figure: Figure, own: Frame, lines: int, texts: Texts) -> None:
    """Hollow marks, one below the other, each with its assumed spread."""
    steps = [0.22 * (1 - 2 * at / max(len(own) - 1, 1)) for at in range(len(own))]
    points = interval_points(
        own, [place_of(int(own["line"].iloc[0]), lines) + step for step in steps], texts, color=GREY
    )
    figure.add_scatter(
        **points | {"mode": "markers+text"},
        text=list(own["label"]),
        textposition="middle right",
        textfont={"size": 11, "color": GREY},
        name=texts("limits.legend_imputed", benchmark=plain_text(str(own["benchmark"].iloc[0]))),
        marker={"symbol": "circle-open", "size": 9, "color": GREY, "line": {"width": 1.2, "color": GREY}},
    )
