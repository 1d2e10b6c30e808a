"""Securities without an estimation window: the ladder of what is left, and the rungs that are not to be had."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from eventstudy.facts import say
from eventstudy.plots import ladder_cases, ladder_figure, ladder_frame
from eventstudy.plots.ladder import refused_rungs
from eventstudy.plots.style import Frame
from eventstudy.report.views import FigureView, Study, figure_view
from eventstudy.results import ExclusionRecord, LadderRecord
from eventstudy.summary.rows import interval
from eventstudy.summary.tables import Column, NoteBook, Table, columns

RANKED = ("age_matched_placebo", "same_day_rank")


def build(study: Study) -> dict[str, Any]:
    """The context of ``history.html``."""
    return {"cases": [_case(study, event_id, security) for event_id, security in ladder_cases(study.result)]}


def _case(study: Study, event_id: str, security: str) -> dict[str, Any]:
    found = [item for item in study.result.ladder if (item.event_id, item.security) == (event_id, security)]
    refused = refused_rungs(study.result, event_id, security)
    names = study.names
    return {
        "title": study.texts("history.case", security=names.security(security), event=names.event(event_id)),
        "figure": _figure(study, event_id, security, found) if found else None,
        "notes": [*_notes(study, found), *(_why(study, rung, item) for rung, item in refused)],
        "needed": next((table for _, item in refused if (table := _needed(study, item)) is not None), None),
    }


# --- the figure and its numbers ------------------------------------------------------------------------


def _figure(study: Study, event_id: str, security: str, found: Sequence[LadderRecord]) -> FigureView:
    texts, names = study.texts, study.names
    frame = ladder_frame(study.result, event_id, security, lang=texts.lang)
    shared = {"security": names.security(security), "day": texts.day(found[0].session)}
    return figure_view(
        f"ladder-{event_id}-{security}",
        ladder_figure(frame, lang=texts.lang),
        title=texts("history.figure", **shared),
        finding=_finding(study, frame),
        description=texts("history.about", event=names.event_quoted(event_id), level=study.level(), **shared),
        table=_table(study, frame, found),
    )


def _finding(study: Study, frame: Frame) -> str:
    """The span of the answers, what intervals say, and how many rungs are missing."""
    texts = study.texts
    there = frame[frame["missing"] == ""]
    low, high = texts.percent(there["estimate"].min()), texts.percent(there["estimate"].max())
    parts = [texts.count("history.finding", len(there), low=low, high=high)]
    with_interval = there[there["ci_low"].notna()]
    if len(with_interval):
        outside = int(((with_interval["ci_low"] > 0) | (with_interval["ci_high"] < 0)).sum())
        key = "other" if len(with_interval) > 1 else "outside" if outside else "inside"
        parts.append(texts(f"history.intervals.{key}", n=len(with_interval), outside=outside))
    else:
        parts.append(texts("history.no_interval"))
    if len(frame) > len(there):
        parts.append(texts.count("history.missing", len(frame) - len(there)))
    return texts("list.space").join(parts)


def _table(study: Study, frame: Frame, found: Sequence[LadderRecord]) -> Table:
    """A row per rung; those that are not to be had with their reason."""
    texts, names, book = study.texts, study.names, NoteBook(study.names)
    left, rows = {rung: [item for item in found if item.rung == rung] for rung in frame["rung"]}, []
    for row in frame.to_dict("records"):
        if row["missing"]:
            nothing = [texts("table.nothing")] * 6
            rows.append((row["title"], *nothing, texts("history.absent", why=row["missing"])))
            continue
        item = left[row["rung"]].pop(0)
        rows.append((row["title"], *_cells(study, item), book.marks(item.flags)))
    keys = (
        "history_rung",
        "history_return>",
        "history_expected>",
        "history_rest>",
        "interval>",
        "p>",
        "history_least>",
    )
    return Table(columns(names, (*keys, "notes"), level=study.level()), tuple(rows), book.notes)


def _cells(study: Study, item: LadderRecord) -> tuple[str, ...]:
    texts = study.texts
    whole = None if item.expected is None else item.estimate + item.expected
    return (
        texts.known(whole, texts.points),
        texts.known(item.expected, texts.points),
        texts.points(item.estimate),
        interval(study.names, item.ci_low, item.ci_high),
        texts.known(item.pvalue, texts.pvalue),
        texts.known(item.smallest_pvalue, texts.pvalue),
    )


# --- how to read the rungs -----------------------------------------------------------------------------


def _notes(study: Study, found: Sequence[LadderRecord]) -> list[str]:
    """What limits each rung that is there, a sentence or two a rung."""
    texts, lines = study.texts, []
    if any(item.std_error is None and item.pvalue is None for item in found):
        lines.append(texts("history.note.bare"))
    for item in found:
        who = study.names.securities(item.comparators)
        if "touched_peers" in item.flags:
            lines.append(texts("history.note.touched", peers=who))
        elif item.rung == "peer_adjusted":
            lines.append(texts("history.note.untouched", peers=who))
        elif item.rung == "peer_prior":
            lines.append(_prior(study, item))
        elif item.rung in RANKED:
            lines.append(_rank(study, item))
        elif "look_ahead" in item.flags:
            lines.append(texts("history.note.look_ahead"))
    return lines


def _prior(study: Study, item: LadderRecord) -> str:
    texts, prior = study.texts, item.prior
    return texts(
        "history.note.prior",
        peers=texts.number(prior["peers"], 0),
        beta=texts.number(prior["beta"]),
        spread=texts.number(prior["beta_sd"]),
        sigma=texts.percent(prior["sigma_median"], signed=False),
        own=texts.count("history.own", int(prior["own_returns"])),
    )


def _rank(study: Study, item: LadderRecord) -> str:
    texts = study.texts
    return texts(
        f"history.note.{item.rung}",
        rank=texts("table.nothing") if item.rank is None else item.rank,
        total=len(item.comparators) + 1,
        p=texts.known(item.pvalue, texts.p_equals),
        least=texts.known(item.smallest_pvalue, texts.pvalue),
    )


# --- rungs that are not to be had ----------------------------------------------------------------------


def _why(study: Study, rung: str, item: ExclusionRecord) -> str:
    """Why a rung is missing, or stands on less than was asked for, in a reader's words."""
    texts, key = study.texts, f"history.why.{item.reason}"
    detail = say(key, item.values, texts.entries, study.names.naming)
    return texts("exclusion.verbatim", what=texts(f"history.name.{rung}"), detail=detail)


def _needed(study: Study, item: ExclusionRecord) -> Table | None:
    """Which closes of earlier listings a missing rung needs; None where the record names none."""
    texts, names = study.texts, study.names
    rows = tuple(
        (names.ticker(one["security"]), *(texts.day(date.fromisoformat(one[at])) for at in ("before", "session")))
        for one in item.values.get("missing", ())
    )
    titles = (texts("history.column.share"), texts("history.column.before"), texts("history.column.same_age"))
    return Table(tuple(Column(title) for title in titles), rows) if rows else None
