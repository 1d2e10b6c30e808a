"""News in steps: the abnormal return of each session, and their sum with its interval."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eventstudy.plots.around import line_places, lines_axis, lines_height
from eventstudy.plots.style import (
    INK,
    Figure,
    Frame,
    by_width,
    error_bars,
    estimate_words,
    frame_of,
    look_of,
    new_figure,
    percent_axis,
    plain_text,
    rank_of,
    records,
    texts_for,
    wrap,
)
from eventstudy.results import ArRecord, EventGroupRecord, Results
from eventstudy.texts import Lang, Texts
from eventstudy.texts.names import Names, names_of

FIELDS = [
    "kind",
    "security",
    "session",
    "last_session",
    "label",
    "estimand",
    "rank",
    "start",
    "estimate",
    "ci_low",
    "ci_high",
    "pvalue",
]


def told_sums(result: Results, group_id: str) -> tuple[EventGroupRecord, ...]:
    """One record per security: against its preferred benchmark, under the first of the study's models that has one."""
    chosen: dict[str, EventGroupRecord] = {}
    for model in result.spec.model_names:
        for record in result.event_groups:
            preferred = result.spec.securities[record.security].benchmarks[0]
            if (record.event_group, record.model) == (group_id, model) and record.benchmark in (preferred, None):
                chosen.setdefault(record.security, record)
    return tuple(chosen[symbol] for symbol in result.spec.securities if symbol in chosen)


def days_of_sum(result: Results, record: EventGroupRecord) -> tuple[ArRecord, ...]:
    """The abnormal returns that a sum is made of, in order."""
    subject = (record.event_id, record.security, record.model, record.benchmark)
    return tuple(
        ar
        for ar in result.ar
        if (ar.event_id, ar.security, ar.model, ar.benchmark) == subject
        and record.first_session <= ar.session <= record.last_session
    )


def steps_frame(result: Results, group_id: str, *, lang: Lang = "en") -> Frame:
    """The sessions of news in steps and their sum, security by security.

    Returns
    -------
    DataFrame
        Rows of three kinds. ``head``: a security; ``day``: one session of several, with start (the sum up to the
        session before) and estimate (its abnormal return); ``sum``: the estimate over all sessions with ci_low,
        ci_high and pvalue (missing without a standard error), first and last session. Returns are decimal. Estimand
        and rank say how a line is drawn; label is what stands beside it.
    """
    names = names_of(result.spec, lang)
    rows = [row for record in told_sums(result, group_id) for row in _rows(result, record, names)]
    return frame_of(rows, FIELDS, level=result.spec.level)


def _rows(result: Results, record: EventGroupRecord, names: Names) -> Iterator[dict[str, Any]]:
    texts, days = names.texts, days_of_sum(result, record)
    look = {"estimand": record.estimand, "rank": rank_of(names.spec, record.security, record.benchmark)}
    shared = {"security": names.security(record.security), **look}
    yield {"kind": "head", **shared, "label": wrap(plain_text(names.security(record.security)), 18)}
    start = 0.0
    for ar in days if len(days) > 1 else ():
        label = texts("steps.line", what=texts.short(ar.session), value=texts.percent(ar.ar))
        yield {
            "kind": "day",
            **shared,
            "session": ar.session,
            "last_session": ar.session,
            "label": label,
            "start": start,
            "estimate": ar.ar,
            "pvalue": ar.pvalue,
        }
        start += ar.ar
    what = texts("steps.sum") if len(days) > 1 else texts.short(record.first_session)
    yield {
        "kind": "sum",
        **shared,
        "session": record.first_session,
        "last_session": record.last_session,
        "label": texts("steps.line", what=what, value=texts.percent(record.car)),
        "estimate": record.car,
        "ci_low": record.ci_low,
        "ci_high": record.ci_high,
        "pvalue": record.pvalue,
    }


def steps_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The lines of `steps_frame`: a bar for each session that starts where the one before it ended, then the sum."""
    texts = texts_for(frame, lang)
    labels = [f"<b>{row['label']}</b>" if row["kind"] == "head" else row["label"] for row in records(frame)]
    frame = frame.assign(place=line_places(labels))
    figure = new_figure(height=90 + lines_height(labels))
    _bars(figure, frame[frame["kind"] == "day"], texts)
    for known in (True, False):
        sums = frame[(frame["kind"] == "sum") & (frame["ci_low"].notna() == known)]
        for estimand, rank in sums[["estimand", "rank"]].drop_duplicates().itertuples(index=False):
            _sums(figure, sums[(sums["estimand"] == estimand) & (sums["rank"] == rank)], texts, known=known)
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    figure.update_layout(
        xaxis=percent_axis(texts("figure.abnormal_return")) | {"zeroline": False},
        yaxis=lines_axis(labels),
        barmode="overlay",
    )
    by_width(figure, narrow={"xaxis.nticks": 5}, wide={"xaxis.nticks": 7})
    return figure


def _bars(figure: Figure, days: Frame, texts: Texts) -> None:
    if days.empty:
        return
    figure.add_bar(
        x=[100 * value for value in days["estimate"]],
        base=[100 * value for value in days["start"]],
        y=list(days["place"]),
        orientation="h",
        width=14,
        marker={
            "color": [look_of(row["estimand"], int(row["rank"]))["fill"] for row in records(days)],
            "line": {"width": 1.2, "color": INK},
        },
        name=texts("steps.day"),
        hovertext=[f"{plain_text(row['security'])}<br>{row['label']}" for row in records(days)],
        hoverinfo="text",
    )


def _sums(figure: Figure, sums: Frame, texts: Texts, *, known: bool) -> None:
    look = look_of(str(sums["estimand"].iloc[0]), int(sums["rank"].iloc[0]))
    estimand = texts(f"estimand.{sums['estimand'].iloc[0]}")
    figure.add_scatter(
        x=list(100 * sums["estimate"]),
        y=list(sums["place"]),
        mode="markers",
        error_x=error_bars(sums, look["color"]) if known else None,
        marker={
            "symbol": look["symbol"] if known else f"{look['symbol']}-open",
            "size": 10,
            "color": look["color"],
            "line": {"width": 2, "color": look["color"]},
        },
        name=texts("steps.known" if known else "steps.bare", estimand=estimand),
        hovertext=[
            "<br>".join([plain_text(row["security"]), row["label"], *estimate_words(row, texts)[1:]])
            for row in records(sums)
        ],
        hoverinfo="text",
    )
