"""The ladder for a security without history: a row a rung, those that are not to be had among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from eventstudy.plots.rows import HEAD, interval_points, place_of, titled_rows
from eventstudy.plots.style import Figure, Frame, frame_of, look_of, new_figure, records, texts_for
from eventstudy.results import ExclusionRecord, LadderRecord, Results, Rung
from eventstudy.texts import Lang
from eventstudy.texts.names import Names, names_of

FIELDS = [
    "rung",
    "line",
    "title",
    "kind",
    "estimate",
    "expected",
    "ci_low",
    "ci_high",
    "pvalue",
    "missing",
]
RUNGS: tuple[str, ...] = get_args(Rung)
PARTLY = "some_earlier_listings_missing"
"""Reason of a rung that stands, but on fewer comparators than were named."""


def ladder_cases(result: Results) -> Sequence[tuple[str, str]]:
    """Event and security of every ladder, in the order of the records."""
    found = [(record.event_id, record.security) for record in result.ladder]
    found += [
        (item.event_id, item.security)
        for item in result.exclusions
        if item.about == "rung" and item.event_id is not None and item.security is not None
    ]
    return list(dict.fromkeys(found))


def refused_rungs(result: Results, event_id: str, security: str) -> list[tuple[str, ExclusionRecord]]:
    """Rungs that are not to be had or stand on less than was asked for, each with its record, in the ladder's order."""
    found = [
        (item.values["rung"], item)
        for item in result.exclusions
        if item.about == "rung" and (item.event_id, item.security) == (event_id, security)
    ]
    return sorted(found, key=lambda pair: RUNGS.index(pair[0]))


def ladder_frame(result: Results, event_id: str, security: str, *, lang: Lang = "en") -> Frame:
    """The ladder of one event on one security.

    Returns
    -------
    DataFrame
        A row per rung and comparator: rung, line (its row in the figure), title, kind (``total``, ``relative``, or
        ``none`` for a rung that looks ahead), estimate, expected, ci_low, ci_high, pvalue (decimal; missing where there
        is none), missing (why the rung is not there, in a few words; empty where it is).
    """
    names = names_of(result.spec, lang)
    refused = refused_rungs(result, event_id, security)
    rows: list[dict[str, Any]] = []
    for rung in RUNGS:
        rows += [
            _row(names, record, result.spec.confidence)
            for record in result.ladder
            if (record.event_id, record.security, record.rung) == (event_id, security, rung)
        ]
        rows += list(_refused(names, [item for name, item in refused if name == rung], rung))
    return frame_of([row | {"line": line} for line, row in enumerate(rows)], FIELDS, level=result.spec.level)


def rung_title(names: Names, record: LadderRecord, confidence: float) -> str:
    """What a rung holds the security's return against."""
    texts = names.texts
    key = "touched" if "touched_peers" in record.flags else record.rung
    return texts(
        f"history.rung.{key}",
        benchmark=names.benchmark(record.benchmark),
        n=len(record.comparators),
        rank=texts("table.nothing") if record.rank is None else record.rank,
        total=len(record.comparators) + 1,
        level=texts.level(confidence),
    )


def _row(names: Names, record: LadderRecord, confidence: float) -> dict[str, Any]:
    return {
        "rung": record.rung,
        "title": rung_title(names, record, confidence),
        "kind": _kind(names, record),
        "estimate": record.estimate,
        "expected": record.expected,
        "ci_low": record.ci_low,
        "ci_high": record.ci_high,
        "pvalue": record.pvalue,
        "missing": "",
    }


def _kind(names: Names, record: LadderRecord) -> str:
    """What a rung measures: the total or the relative effect; neither where it looks ahead."""
    if "look_ahead" in record.flags:
        return "none"
    if record.benchmark is None:
        return "relative" if "touched_peers" in record.flags else "total"
    return names.spec.benchmarks[record.benchmark].estimand


def _refused(names: Names, refused: list[ExclusionRecord], rung: str) -> Iterator[dict[str, Any]]:
    for item in refused:
        if item.reason != PARTLY:
            yield {
                "rung": rung,
                "title": names.texts(f"history.name.{rung}"),
                "missing": names.texts(f"history.brief.{item.reason}"),
            }


def ladder_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The rungs of `ladder_frame`: filled marks have an interval, hollow ones have none, empty rows say why."""
    texts = texts_for(frame, lang)
    lines = len(frame)
    figure = new_figure(height=HEAD)
    there = frame[frame["missing"] == ""]
    for kind, bare in ((kind, bare) for kind in ("total", "relative", "none") for bare in (False, True)):
        own = there[(there["kind"] == kind) & (there["ci_low"].isna() == bare)]
        if len(own):
            look = look_of(kind, 0)
            figure.add_scatter(
                **interval_points(own, [place_of(line, lines) for line in own["line"]], texts, color=look["color"]),
                name=texts(f"history.legend.{kind}_{'bare' if bare else 'interval'}"),
                marker={
                    "symbol": look["symbol"] + ("-open" if bare else ""),
                    "size": 10,
                    "color": look["color"],
                    "line": {"width": 1.8, "color": look["color"]},
                },
            )
    said = {int(row["line"]): texts("history.absent", why=row["missing"]) for row in records(frame) if row["missing"]}
    titled_rows(figure, list(frame["title"]), axis_title=texts("figure.abnormal_return"), pitch=56, said=said)
    return figure
