"""Estimation windows inside a regime: before, inside and across it beside the study's own, and tests for a break."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventstudy.plots import beta_figure, beta_frame, regime_figure, regime_frame
from eventstudy.plots.regimes import case_title, regime_records
from eventstudy.plots.style import Frame
from eventstudy.report.views import FigureView, Study, figure_view
from eventstudy.results import AlternativeRecord, BreakRecord
from eventstudy.spec import Regime
from eventstudy.summary.rows import interval
from eventstudy.summary.tables import Column, NoteBook, Table, columns

CRITICAL_AT = 0.05
"""Level of the published critical values of sup-F, whatever the study's."""


def build(study: Study) -> dict[str, Any]:
    """The context of ``regimes.html``."""
    regimes = [_regime(study, regime) for regime in study.result.spec.regimes]
    return {"regimes": [item for item in regimes if item["figures"] or item["breaks"] or item["missing"]]}


def _regime(study: Study, regime: Regime) -> dict[str, Any]:
    texts, names = study.texts, study.names
    found = regime_records(study.result, regime.id)
    breaks = [item for item in study.result.breaks if item.regime == regime.id]
    return {
        "title": names.must(regime, "title"),
        "facts": texts(
            "regimes.facts",
            span=texts.span(regime.first, regime.last),
            securities=names.securities(list(regime.securities)),
            sources=names.publishers(regime.sources),
        ),
        "note": names.own(regime, "note"),
        "figures": [_estimates(study, regime, found), _betas(study, regime, found)] if found else [],
        "breaks": {"findings": _break_findings(study, breaks), "table": _break_table(study, breaks)}
        if breaks
        else None,
        "missing": _missing(study, regime),
    }


def day_name(study: Study, item: AlternativeRecord, among: Sequence[AlternativeRecord]) -> str:
    """Security and first session of an estimate; its event's title where another event shares that session."""
    days = {(record.event_id, record.security): record.session for record in study.result.sessions}
    day = days[item.event_id, item.security]
    shared = {
        other.event_id
        for other in among
        if other.security == item.security and days[other.event_id, other.security] == day
    }
    if len(shared) > 1:
        return case_title(study.names, item)
    title = study.texts("figure.security_day", security=study.names.security(item.security), day=study.texts.short(day))
    return (
        title
        if item.window.size == 1
        else study.texts("regimes.windowed", title=title, window=study.texts.window(*item.window))
    )


# --- the estimates side by side ------------------------------------------------------------------------


def _estimates(study: Study, regime: Regime, found: Sequence[AlternativeRecord]) -> FigureView:
    texts, title = study.texts, study.names.must(regime, "title")
    frame = regime_frame(study.result, regime.id, lang=texts.lang)
    return figure_view(
        f"regime-{regime.id}",
        regime_figure(frame, lang=texts.lang),
        title=texts("regimes.figure", level=study.level()),
        finding=_finding(study, frame, found),
        description=texts("regimes.about", title=title, level=study.level()),
        table=_table(study, found),
    )


def _finding(study: Study, frame: Frame, found: Sequence[AlternativeRecord]) -> str:
    """Whether all windows agree at the level, and what they do to the standard error of each security."""
    texts = study.texts
    tested = frame[frame["pvalue"].notna()]
    verdicts = [len({value < texts.cutoff for value in own["pvalue"]}) == 1 for _, own in tested.groupby("line")]
    key = "regimes.agree_all" if all(verdicts) else "regimes.agree"
    benchmarks = [study.names.benchmark(name) for name in dict.fromkeys(item.benchmark for item in found)]
    parts = [
        texts("regimes.against", benchmarks=texts.listing(benchmarks)),
        texts(key, n=sum(verdicts), total=len(verdicts)),
    ]
    for security in dict.fromkeys(item.security for item in found):
        if not any(len(item.other) > 1 for item in found if item.security == security):
            continue
        errors = {
            item.variant: item.std_error
            for item in reversed(found)
            if item.security == security and item.std_error is not None
        }
        if {"as_designed", "inside"} <= errors.keys():
            parts.append(
                texts(
                    "regimes.errors",
                    security=study.names.security(security),
                    designed=texts.percent(errors["as_designed"], signed=False),
                    inside=texts.percent(errors["inside"], signed=False),
                )
            )
    return texts("list.space").join(parts)


def _table(study: Study, found: Sequence[AlternativeRecord]) -> Table:
    texts, names, book = study.texts, study.names, NoteBook(study.names)
    rows = tuple(
        (
            day_name(study, item, found),
            texts(f"regimes.way.{item.variant}"),
            names.estimand(item.estimand),
            texts.points(item.estimate),
            texts.known(item.std_error, texts.size),
            interval(names, item.ci_low, item.ci_high),
            texts.known(item.pvalue, texts.pvalue),
            texts.span(item.first_session, item.last_session),
            book.marks(item.flags),
        )
        for item in found
    )
    keys = ("security", "regimes_way", "effect", "estimate>", "std_error>", "interval>", "p>", "regimes_span")
    return Table(columns(names, (*keys, "notes"), level=study.level()), rows, book.notes)


def _betas(study: Study, regime: Regime, found: Sequence[AlternativeRecord]) -> FigureView:
    texts, names = study.texts, study.names
    frame = beta_frame(study.result, regime.id, lang=texts.lang)
    return figure_view(
        f"regime-betas-{regime.id}",
        beta_figure(frame, lang=texts.lang),
        title=texts("regimes.beta_figure"),
        finding=_beta_finding(study, frame),
        description=texts("regimes.beta_about", title=names.must(regime, "title")),
        table=_beta_table(study, frame),
    )


def _beta_finding(study: Study, frame: Frame) -> str:
    """Each security's slopes before and inside the regime."""
    texts, names = study.texts, study.names
    parts = []
    for title in dict.fromkeys(frame["title"]):
        own = frame[frame["title"] == title].set_index("variant")
        values = {str(variant): texts.number(value) for variant, value in own["value"].items()}
        who = {"security": names.security(own["security"].iloc[0]), "name": names.security(own["name"].iloc[0])}
        if "before" in values and "across" in values:
            parts.append(texts("regimes.slope_moved", before=values["before"], inside=values["across"], **who))
            if values.get("inside", values["across"]) != values["across"]:
                parts.append(texts("regimes.slope_shared", inside=values["inside"], **who))
        elif "inside" in values:
            parts.append(texts("regimes.slope_driver", inside=values["inside"], **who))
    return texts("list.space").join(parts) or texts("regimes.slope_note")


def _beta_table(study: Study, frame: Frame) -> Table:
    texts, nothing = study.texts, study.texts("table.nothing")
    shown = list(dict.fromkeys(frame["variant"]))
    cells = {(row["title"], row["variant"]): texts.number(row["value"]) for row in frame.to_dict("records")}
    rows = tuple(
        (title, *(cells.get((title, variant), nothing) for variant in shown)) for title in dict.fromkeys(frame["title"])
    )
    titles = (Column(texts(f"regimes.way.{variant}"), "right") for variant in shown)
    return Table((Column(texts("regimes.slopes")), *titles), rows)


# --- tests for a break ---------------------------------------------------------------------------------


def _break_findings(study: Study, breaks: Sequence[BreakRecord]) -> list[str]:
    """One sentence a test: how many of its p-values are small, and where the largest breaks lie."""
    texts, lines = study.texts, []
    for test in ("chow", "sup_f"):
        own = [item for item in breaks if item.test == test]
        if not own:
            continue
        days = [item.session for item in own]
        small = [item for item in own if item.pvalue < texts.cutoff]
        which = texts.listing(
            [
                texts(
                    "regimes.break_of",
                    security=study.names.security(item.security),
                    benchmark=study.names.benchmark(item.benchmark),
                    p=texts.p_equals(item.pvalue),
                )
                for item in small
            ]
        )
        span = texts.span(min(days), max(days))
        key = f"regimes.{test}.some" if small else f"regimes.{test}.none"
        lines.append(texts(key, n=len(small), total=len(own), which=which, span=span))
    if any(
        item.critical_value and (item.statistic > item.critical_value) != (item.pvalue < CRITICAL_AT) for item in breaks
    ):
        lines.append(texts("regimes.disagree"))
    return lines


def _break_table(study: Study, breaks: Sequence[BreakRecord]) -> Table:
    texts, names = study.texts, study.names
    rows = tuple(
        (
            names.security(item.security),
            names.benchmark(item.benchmark),
            texts(f"regimes.test.{item.test}"),
            texts.day(item.session),
            texts.number(item.statistic),
            texts.known(item.critical_value, texts.number),
            texts.pvalue(item.pvalue),
            texts.number(item.nobs, 0),
        )
        for item in breaks
    )
    keys = (
        "security",
        "benchmark",
        "regimes_test",
        "regimes_break",
        "regimes_stat>",
        "regimes_critical>",
        "p>",
        "nobs>",
    )
    return Table(columns(names, keys), rows)


# --- what could not be had -----------------------------------------------------------------------------


def _missing(study: Study, regime: Regime) -> list[str]:
    texts, names = study.texts, study.names
    return [
        texts(
            "regimes.missing",
            case=texts(
                "regimes.case",
                security=names.security(item.security or ""),
                event=names.event_quoted(item.event_id or ""),
            ),
            way=texts(f"regimes.way.{item.values['variant']}"),
            why=names.fact(item.code, item.values),
        )
        for item in study.result.exclusions
        if item.values.get("topic") == "regime" and regime.id in item.values["other"]
    ]
