"""What else happened: news in steps, everything known of each day, and what a day's return can be attributed to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from eventstudy.plots import ledger_entries, ledger_figure, ledger_frame, spans, steps_figure, steps_frame
from eventstudy.plots.around import Span, closed_at_limit
from eventstudy.plots.steps import days_of_sum, told_sums
from eventstudy.report.views import FigureView, Study, figure_view
from eventstudy.results import EventGroupRecord, IdentificationRecord
from eventstudy.spec import EventGroup
from eventstudy.summary.rows import effect, interval
from eventstudy.summary.tables import NoteBook, Table, columns

NEWS = ("tested", "confounder", "related", "market")


def build(study: Study) -> dict[str, Any]:
    """The context of ``news.html``."""
    result = study.result
    groups = [group for group in result.spec.event_groups if told_sums(result, group.id)]
    known = {record.session for record in result.firm_days}
    shown = [span for span in spans(result, study.names) if known.intersection(span.days)] if known else []
    return {
        "steps": [_steps(study, group) for group in groups],
        "ledgers": [_ledger(study, span) for span in shown],
        "ledger": _ledger_table(study),
        "pairs": _pairs(study),
        "identified": _identified(study),
    }


# --- news in steps -------------------------------------------------------------------------------------


def _steps(study: Study, group: EventGroup) -> FigureView:
    texts = study.texts
    frame = steps_frame(study.result, group.id, lang=texts.lang)
    title = study.names.must(group, "title")
    records = told_sums(study.result, group.id)
    return figure_view(
        f"steps-{group.id}",
        steps_figure(frame, lang=texts.lang),
        title=texts("steps.title", title=title, level=study.level()),
        finding=_sums(study, records),
        description=texts("steps.about", title=title, level=study.level()),
        table=_steps_table(study, records),
    )


def _sums(study: Study, records: Sequence[EventGroupRecord]) -> str:
    """How the days add up for each security, and which securities one session says it all for."""
    texts, names = study.texts, study.names
    sentences, single = [], []
    for record in records:
        days = days_of_sum(study.result, record)
        estimate, security = texts.percent(record.car), names.security(record.security)
        if len(days) == 1:
            day = texts.short(record.first_session)
            single.append(texts("steps.single_part", security=security, estimate=estimate, day=day))
            continue
        parts = [texts("name.dated", event=texts.percent(ar.ar), day=texts.short(ar.session)) for ar in days]
        sentence = texts("steps.adds_up", security=security, parts=texts.listing(parts), estimate=estimate)
        if record.ci_low is not None and record.ci_high is not None and record.pvalue is not None:
            limits = {"low": texts.percent(record.ci_low), "high": texts.percent(record.ci_high)}
            known = texts("steps.interval", level=study.level(), p=texts.p_equals(record.pvalue), **limits)
            sentence += texts("list.space") + known
        sentences.append(sentence)
    bounds = [
        texts.short(record.last_session)
        for record in records
        if closed_at_limit(study.result, record.event_id, record.security, record.last_session)
    ]
    if single:
        sentences.append(texts("steps.single", parts=texts.listing(single)))
    if bounds:
        sentences.append(texts("bound.at_limit", days=texts.listing(list(dict.fromkeys(bounds)))))
    return texts("list.space").join(sentences)


def _steps_table(study: Study, records: Sequence[EventGroupRecord]) -> Table:
    texts, names, book = study.texts, study.names, NoteBook(study.names)
    rows = tuple(
        (
            names.security(record.security),
            texts.short_span(record.first_session, record.last_session),
            texts("list.semicolon").join(
                texts("name.dated", event=texts.points(ar.ar), day=texts.short(ar.session))
                for ar in days_of_sum(study.result, record)
            ),
            texts.points(record.car),
            interval(names, record.ci_low, record.ci_high),
            texts.known(record.pvalue, texts.pvalue),
            names.model(record.model),
            effect(names, record.benchmark, record.estimand),
            book.marks(record.flags),
        )
        for record in records
    )
    keys = ("security", "sessions", "each_day", "steps_sum>", "interval>", "p>", "model", "against", "notes")
    return Table(columns(names, keys, level=study.level()), rows, book.notes)


# --- the ledger ----------------------------------------------------------------------------------------


def _ledger(study: Study, span: Span) -> FigureView:
    texts = study.texts
    frame = ledger_frame(study.result, span, lang=texts.lang)
    days = texts.span(span.days[0], span.days[-1])
    return figure_view(
        f"ledger-{span.id}",
        ledger_figure(frame, lang=texts.lang),
        title=texts("ledger.title", days=days),
        finding=_shared_days(study, span),
        description=texts("ledger.about", days=days),
        table=_ledger_table(study, span),
    )


def _shared_days(study: Study, span: Span) -> str:
    """How many of the firm-days with a tested event hold more than one piece of news, and which."""
    texts, names = study.texts, study.names
    cells: dict[tuple[str, date], list[str]] = {}
    for entry in ledger_entries(study.result, names):
        if entry.session in span.days and entry.kind in NEWS:
            cells.setdefault((entry.security, entry.session), []).append(entry.kind)
    tested = {cell: kinds for cell, kinds in cells.items() if "tested" in kinds}
    shared: dict[str, list[date]] = {}
    for (security, session), kinds in tested.items():
        if len(kinds) > 1:
            shared.setdefault(security, []).append(session)
    if not tested:
        return texts("ledger.untested")
    if not shared:
        return texts("ledger.alone", total=len(tested))
    alike: dict[tuple[date, ...], list[str]] = {}
    for security, days in shared.items():
        alike.setdefault(tuple(sorted(days)), []).append(security)
    which = [
        texts("name.dated", event=names.securities(own), day=texts.listing([texts.short(day) for day in days]))
        for days, own in alike.items()
    ]
    number = sum(len(days) for days in shared.values())
    return texts.count("ledger.shared", number, total=len(tested), which=texts("list.semicolon").join(which))


def _ledger_table(study: Study, span: Span | None = None) -> Table:
    """Everything known of each firm-day, of a span or of all event windows."""
    texts, names = study.texts, study.names
    entries = [entry for entry in ledger_entries(study.result, names) if span is None or entry.session in span.days]
    rows = tuple(
        (names.security(entry.security), str(entry.session), texts(f"ledger.kind.{entry.kind}"), entry.text)
        for entry in entries
    )
    return Table(columns(names, ("security", "session", "ledger_kind", "ledger_what")), rows)


# --- identification ------------------------------------------------------------------------------------


def _identified(study: Study) -> Table:
    """What the abnormal return of each session with a tested event measures."""
    texts, names = study.texts, study.names
    nothing = texts("table.nothing")
    rows = tuple(
        (
            names.security(record.security),
            texts.short(record.session),
            _numbered(study, record.events),
            _numbered(study, record.confounders) or nothing,
            texts(f"identified.{record.identified}"),
            texts.known(record.estimate, texts.points),
            texts.known(record.pvalue, texts.pvalue),
            names.against(record.model, record.benchmark) if record.estimate is not None else nothing,
        )
        for record in study.result.identification
    )
    keys = ("security", "session", "tested_events", "other_news", "identified", "estimate>", "p>", "spec")
    return Table(columns(names, keys), rows)


def _numbered(study: Study, events: Sequence[str]) -> str:
    names, texts = study.names, study.texts
    shown = [texts("name.numbered", number=names.number(one), event=names.event(one)) for one in events]
    return texts("list.semicolon").join(shown)


def _pairs(study: Study) -> list[str]:
    """Which tested events cannot be told apart, and how many firm-days hold other news beside the tested event."""
    texts, records = study.texts, study.result.identification
    if not records:
        return []
    shared: dict[tuple[tuple[str, ...], date], list[IdentificationRecord]] = {}
    for record in records:
        if record.identified == "sum_only":
            shared.setdefault((record.events, record.session), []).append(record)
    lines = [
        texts(
            "identified.inseparable",
            events=texts.listing([study.names.event_quoted(one) for one in events]),
            day=texts.short(session),
            securities=study.names.securities([record.security for record in own]),
        )
        for (events, session), own in shared.items()
    ]
    mixed = sum(record.identified == "confounded" for record in records)
    if mixed:
        lines.append(texts.count("identified.mixed", mixed, total=len(records)))
    return lines or [texts("identified.all_separate", total=len(records))]
