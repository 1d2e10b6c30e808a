"""A headline's figure after one change, and the drift before the news beside what would have been seen of one."""

from __future__ import annotations

from datetime import date
from typing import Any

from eventstudy.abnormal import limits
from eventstudy.plots.rows import HEAD, interval_points, place_of, titled_rows
from eventstudy.plots.style import BLUE, INK, VERMILLION, Figure, Frame, frame_of, new_figure, texts_for
from eventstudy.results import HeadlineRecord, SensitivityRecord, StudyResult
from eventstudy.texts import Lang, Texts
from eventstudy.texts.names import Names, names_of

FIELDS = ["change", "title", "what", "estimate", "std_error", "ci_low", "ci_high", "pvalue", "detectable", "differs"]
DRIFT_FIELDS = ["headline", "title", "window", *FIELDS[3:]]
AS_IS = "as_is"
ZONE = "#e4e8ec"


def sensitivity_frame(result: StudyResult, headline: str, *, lang: Lang = "en") -> Frame:
    """A headline's figure as it is, with day 0 one session off, and without each security and each session.

    Returns
    -------
    DataFrame
        A row per change: change (``as_is``, ``earlier``, ``later``, ``drop_firm``, ``drop_session``), title, what (the
        security or day, in words), estimate, std_error, ci_low, ci_high, detectable (decimal), pvalue, differs (pvalue
        below the study's level), level.
    """
    names = names_of(result.spec, lang)
    head = next(head for head in result.headlines if head.id == headline)
    own = [record for record in result.sensitivity if record.id == headline and record.change != "drift"]
    rows = [_as_is(names, head)] if own else []
    rows += [_row(names, record) | _change(result, names, head, record) for record in own]
    return frame_of(rows, FIELDS, level=result.spec.level)


def drift_frame(result: StudyResult, *, lang: Lang = "en") -> Frame:
    """The abnormal return of every headline's subject cumulated over the sessions before its news.

    Returns
    -------
    DataFrame
        A row per headline: headline, title, window (in words), estimate, std_error, ci_low, ci_high, detectable
        (decimal), pvalue, differs (pvalue below the study's level), level.
    """
    names = names_of(result.spec, lang)
    rows = [
        _row(names, record)
        | {"headline": record.id, "title": names.headline(record.id), "window": names.texts.window(*record.window)}
        for record in result.sensitivity
        if record.change == "drift"
    ]
    return frame_of(rows, DRIFT_FIELDS, level=result.spec.level)


def _as_is(names: Names, head: HeadlineRecord) -> dict[str, Any]:
    return {
        "change": AS_IS,
        "title": names.texts("choices.change.as_is"),
        "what": "",
        "estimate": head.estimate,
        "std_error": head.std_error,
        "ci_low": head.ci_low,
        "ci_high": head.ci_high,
        "pvalue": head.pvalue,
        "detectable": head.detectable,
        "differs": head.pvalue < names.spec.level,
    }


def _row(names: Names, record: SensitivityRecord) -> dict[str, Any]:
    low, high = limits(record.estimate, record.std_error, record.df, names.spec.confidence)
    return {
        "estimate": record.estimate,
        "std_error": record.std_error,
        "ci_low": low,
        "ci_high": high,
        "pvalue": record.pvalue,
        "detectable": record.detectable,
        "differs": record.pvalue < names.spec.level,
    }


def _change(result: StudyResult, names: Names, head: HeadlineRecord, record: SensitivityRecord) -> dict[str, str]:
    """A change as its kind, its title in words, and what is changed in words."""
    kind: str = record.change
    if kind == "drop_firm":
        what = names.security(record.what)
    else:
        day = date.fromisoformat(record.what)
        what = names.texts.short(day)
        if kind == "moment":
            kind = "earlier" if day < day_zero(result, head) else "later"
    return {"change": kind, "title": names.texts(f"choices.change.{kind}", what=what), "what": what}


def day_zero(result: StudyResult, head: HeadlineRecord) -> date:
    """Day 0 of a headline's figure."""
    members = result.spec.groups[head.subject].securities if head.kind == "group" else ()
    subjects = {head.subject, *members}
    return min(
        record.session
        for record in result.sessions
        if record.event_id == head.event_id and record.security in subjects and record.role == "tested"
    )


def sensitivity_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The rows of `sensitivity_frame`, hollow where p is the level or more."""
    texts = texts_for(frame, lang)
    figure = new_figure(height=HEAD)
    _estimates(figure, frame, texts)
    titled_rows(figure, list(frame["title"]), axis_title=texts("figure.abnormal_return"), pitch=50)
    return figure


def drift_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The rows of `drift_frame` over the zone of drifts that the design would mostly miss (grey)."""
    texts = texts_for(frame, lang)
    figure = new_figure(height=HEAD)
    lines = len(frame)
    zone = {"type": "data", "array": [100 * float(value) for value in frame["detectable"]]}
    figure.add_scatter(
        x=[0.0] * lines,
        y=[place_of(at, lines) for at in range(lines)],
        mode="markers",
        marker={"symbol": "square", "size": 13, "color": ZONE},
        error_x=zone | {"thickness": 13, "width": 0, "color": ZONE},
        name=texts("choices.legend.missed"),
        hoverinfo="skip",
    )
    _estimates(figure, frame, texts)
    titled_rows(figure, list(frame["title"]), axis_title=texts("figure.car"), pitch=56)
    return figure


def _estimates(figure: Figure, frame: Frame, texts: Texts) -> None:
    lines = len(frame)
    for differs, fill, color in ((False, "#ffffff", BLUE), (True, VERMILLION, VERMILLION)):
        own = frame[frame["differs"] == differs]
        if len(own):
            figure.add_scatter(
                **interval_points(own, [place_of(int(at), lines) for at in own.index], texts, color=color),
                name=texts("choices.legend.differs" if differs else "choices.legend.zero"),
                marker={
                    "symbol": "square" if differs else "circle",
                    "size": 10,
                    "color": fill,
                    "line": {"width": 2, "color": color if differs else INK},
                },
                showlegend=True,
            )
