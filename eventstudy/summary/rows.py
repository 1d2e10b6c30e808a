"""The tables that summary and report share, as display texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from eventstudy.summary.tables import Column, NoteBook, Table, columns
from eventstudy.texts.names import Names

if TYPE_CHECKING:
    from eventstudy.results import (
        ClaimCheckRecord,
        ClaimRecord,
        EventDayRecord,
        HeadlineRecord,
        JointRecord,
        LedgerRecord,
        PortfolioRecord,
        Results,
    )
    from eventstudy.spec import Check, Claim
    from eventstudy.windows import Window

EXACT_UP_TO = 2  # Rao's F is exact for at most two variables or at most two days


def headline_table(result: Results, names: Names) -> Table:
    """The headline figures with their intervals and the smallest detectable effect."""
    texts, book = names.texts, NoteBook(names)
    rows = tuple(
        (
            names.headline(head.id),
            texts.points(head.estimate),
            interval(names, head.ci_low, head.ci_high),
            *pvalues(names, head),
            texts.size(head.detectable),
            effect(names, head.benchmark, head.estimand),
            texts.short_span(head.first_session, head.last_session),
            book.marks(head.flags),
        )
        for head in result.headlines
    )
    keys = ("figure", "estimate>", "interval>", "p_placebo>", "p_family>", "p_model>", "detectable>")
    return Table(columns(names, (*keys, "against", "sessions", "notes"), level=_level(result, names)), rows, book.notes)


def pvalues(names: Names, head: HeadlineRecord) -> tuple[str, str, str]:
    """P among placebo dates, adjusted for all headlines, and of the model; a dash where one was not computed."""
    texts = names.texts
    placebo, family = (texts.known(p, texts.pvalue) for p in (head.placebo_pvalue, head.maxt_pvalue))
    return placebo, family, texts.pvalue(head.pvalue)


def event_day_table(result: Results, names: Names, set_id: str) -> Table:
    """The abnormal return of every session of an event set: a row per security and benchmark."""
    book = NoteBook(names)
    records = [record for record in result.event_days if record.event_set == set_id]
    sessions = sorted({record.session for record in records})
    cells = {(record.security, record.benchmark, record.session): record for record in records}
    rows = tuple(
        (
            names.security(security),
            effect(names, benchmark, estimand),
            *(_day_cell(names, book, cells.get((security, benchmark, session))) for session in sessions),
        )
        for security, benchmark, estimand in dict.fromkeys((r.security, r.benchmark, r.estimand) for r in records)
    )
    days = tuple(Column(_day_title(names, set_id, session), "right") for session in sessions)
    return Table((*columns(names, ("security", "against")), *days), rows, book.notes)


def portfolio_table(
    result: Results, names: Names, *, event_id: str | None = None, windows: Sequence[Window] | None = None
) -> Table:
    """The groups' mean abnormal returns under the study's first model, of all events and windows or of some."""
    texts, book = names.texts, NoteBook(names)
    rows = tuple(
        (
            *([texts.short(_day0(result, record))] if event_id is None else []),
            names.securities(record.securities),
            texts.window(*record.window),
            effect(names, record.benchmark, record.estimand),
            texts.points(record.aar_or_caar),
            texts.size(record.std_error),
            texts.number(record.statistic),
            texts.freedom(record.df),
            texts.pvalue(record.pvalue),
            interval(names, record.ci_low, record.ci_high),
            book.marks(record.flags),
        )
        for record in result.portfolio
        if record.model == result.spec.model_names[0]
        and event_id in (None, record.event_id)
        and (windows is None or record.window in windows)
    )
    lead = ("day0",) if event_id is None else ()
    keys = ("members", "window", "against", "mean>", "std_error>", "t>", "df>", "p>", "interval>", "notes")
    return Table(columns(names, (*lead, *keys), level=_level(result, names)), rows, book.notes)


def _day0(result: Results, record: PortfolioRecord) -> date:
    wanted = (record.event_id, record.securities[0])
    return next(found.session for found in result.sessions if (found.event_id, found.security) == wanted)


def ledger_table(result: Results, names: Names) -> Table:
    """Every event on every security: its date, session and why, its estimation window, and its neighbours by number."""
    texts = names.texts
    rows = tuple(
        (
            texts.number(names.number(record.event_id), 0),
            names.event(record.event_id),
            names.security(record.asset),
            record.date,
            str(record.session),
            texts.number(record.sessions_moved, 0),
            names.fact(record.why, record.values),
            _observations(names, record),
            _numbers(names, record.others_in_event_window),
            _numbers(names, record.others_in_estimation_window),
        )
        for record in result.ledger
    )
    where = ("number>", "event", "security", "given", "session", "moved>", "why")
    return Table(columns(names, (*where, "observations>", "in_event_window", "in_estimation")), rows)


def _observations(names: Names, record: LedgerRecord) -> str:
    """Observations of the estimation window, of how many sessions; a dash for what is not estimated."""
    if record.estimation_asked is None or record.estimation_had is None:
        return names.texts("table.nothing")
    return names.texts("table.observations", had=record.estimation_had, asked=record.estimation_asked)


def _numbers(names: Names, events: Sequence[str]) -> str:
    """Events by their numbers on the timeline; a dash for none."""
    return ", ".join(str(number) for number in sorted(map(names.number, events))) or names.texts("table.nothing")


def joint_table(result: Results, names: Names) -> Table:
    """The tests of several securities at once: a row for each set of days and benchmark, a column for each test."""
    cases: dict[tuple[object, ...], list[JointRecord]] = {}
    for record in result.joint:
        place = (record.event_id, record.event_set, record.group, record.securities, record.benchmark)
        cases.setdefault(place, []).append(record)
    rows = tuple(
        (
            _joint_subject(names, own[0]),
            names.benchmark(own[0].benchmark),
            *_joint_cells(names, own, "mvrm_f", "all_zero"),
            _bootstrap(names, own),
            *_joint_cells(names, own, "mvrm_f", "all_equal"),
            *_joint_cells(names, own, "wald", "all_zero"),
        )
        for own in cases.values()
    )
    keys = ("days", "benchmark", "all_zero>", "p>", "bootstrap_p>", "all_equal>", "p>", "wald>", "p>")
    return Table(columns(names, keys), rows)


def _joint_cells(names: Names, own: Sequence[JointRecord], test: str, hypothesis: str) -> tuple[str, str]:
    """Statistic with its distribution, and p, of one of a case's tests."""
    texts = names.texts
    for record in own:
        if (record.test, record.hypothesis) == (test, hypothesis):
            text = texts(
                f"distribution.{record.distribution}",
                df=texts.freedom(*record.df),
                value=texts.number(record.statistic),
                about="" if exact(record) else texts("distribution.about"),
            )
            return text, texts.pvalue(record.pvalue)
    return (texts("table.nothing"),) * 2


def _bootstrap(names: Names, own: Sequence[JointRecord]) -> str:
    found = [record.bootstrap_pvalue for record in own if record.bootstrap_pvalue is not None]
    return names.texts.pvalue(found[0]) if found else names.texts("table.nothing")


def exact(record: JointRecord) -> bool:
    """Whether a test's distribution is exact for normal residuals, not Rao's approximation."""
    width = record.n_securities - (record.hypothesis == "all_equal")
    return record.test != "mvrm_f" or min(width, len(record.sessions)) <= EXACT_UP_TO


def effect(names: Names, benchmark: str | None, estimand: str) -> str:
    """A benchmark with what an abnormal return against it measures."""
    if benchmark is None:
        return names.estimand(estimand)
    return names.texts("name.effect", benchmark=names.benchmark(benchmark), estimand=names.estimand(estimand))


def claims_table(result: Results, names: Names) -> Table:
    """What the sources say about prices, the verdict, and what the record shows."""
    claims = {claim.id: claim for claim in result.spec.claims}
    rows = tuple(
        (
            names.must(claims[record.claim_id], "claim"),
            names.texts(f"verdict.{record.verdict.replace(' ', '_')}"),
            names.texts("list.space").join(claim_evidence(names, claims[record.claim_id], record)),
            names.publishers(record.sources),
        )
        for record in result.claims
    )
    return Table(columns(names, ("claim", "verdict", "evidence", "sources")), rows)


def claim_evidence(names: Names, claim: Claim, record: ClaimRecord) -> list[str]:
    """What was found for each check of a claim, or why it cannot be tested."""
    if claim.untestable is not None:
        return [names.must(claim, "untestable")]
    done = list(record.checks)
    found = []
    for check in claim.checks:
        wanted = (check.security, check.session, check.measure)
        if done and (done[0].security, done[0].session, done[0].measure) == wanted:
            found.append(_evidence(names, check, done.pop(0)))
    return found if len(found) == len(claim.checks) else [*found, names.texts("claim.no_figures")]


def interval(names: Names, low: float | None, high: float | None) -> str:
    """A confidence interval in percent without the unit; a dash where there is none."""
    if low is None or high is None or low != low:
        return names.texts("table.nothing")
    return names.texts("format.interval", low=names.texts.points(low), high=names.texts.points(high))


def _level(result: Results, names: Names) -> str:
    return names.texts.level(result.spec.confidence)


def _day_title(names: Names, set_id: str, session: date) -> str:
    texts, label = names.texts, names.day_label(set_id, session)
    day = texts.short(session)
    return texts("column.day_labelled", day=day, label=label) if label else day


def _day_cell(names: Names, book: NoteBook, record: EventDayRecord | None) -> str:
    texts = names.texts
    if record is None:
        return texts("table.nothing")
    marks = book.marks(record.flags)
    key = "table.day_marked" if marks else "table.day"
    return texts(key, ar=texts.points(record.ar), p=texts.pvalue(record.pvalue), marks=marks)


def _joint_subject(names: Names, record: JointRecord) -> str:
    texts = names.texts
    days = texts.span(record.sessions[0], record.sessions[-1])
    members = names.securities(record.securities)
    if record.event_id is None:
        return texts("table.joint_set", days=days, members=members)
    return texts("table.joint_event", days=days, event=names.event(record.event_id), members=members)


def _evidence(names: Names, check: Check, done: ClaimCheckRecord) -> str:
    texts, day = names.texts, names.texts.short(done.session)
    found = {"security": names.security(done.security), "day": day}
    if check.equals is not None:
        values = {"found": _yes(names, bool(done.found)), "asked": _yes(names, check.equals)}
    elif check.significant is not None:
        p = texts.p_equals(done.pvalue) if done.pvalue is not None else ""
        estimate = texts.percent(done.found) if done.found is not None else ""
        values = {"found": texts("claim.estimate", estimate=estimate, p=p)}
        values["asked"] = texts(f"claim.significant_{check.significant}")
    else:
        show = texts.number if check.measure.endswith("_price") else texts.percent
        values = {"found": show(done.found) if done.found is not None else "", "asked": _bounds(names, check)}
    return texts(f"measure.{check.measure}", **found, **values)


def _yes(names: Names, value: bool) -> str:
    return names.texts("claim.yes" if value else "claim.no")


def _bounds(names: Names, check: Check) -> str:
    texts = names.texts
    price = check.measure.endswith("_price")

    def show(value: float) -> str:
        return texts.number(value) if price else texts.round_percent(value)

    low, high = check.at_least, check.at_most
    if low is not None and high is not None:
        return show(low) if low == high else texts("claim.between", low=show(low), high=show(high))
    if low is not None:
        return texts("claim.at_least", low=show(low))
    return texts("claim.at_most", high=show(high if high is not None else 0.0))
