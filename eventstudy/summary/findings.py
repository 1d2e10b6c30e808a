"""What the data say and do not say, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING

from eventstudy.events import Instant
from eventstudy.texts.flags import CONFOUNDED, DOUBTS, code_of
from eventstudy.texts.names import Names

if TYPE_CHECKING:
    from eventstudy.results import HeadlineRecord, Results, SessionRecord

LIMITS = ("limit_down", "limit_up")


@dataclass(frozen=True, slots=True)
class Finding:
    """One headline figure in words: its title, the sentence with the numbers, and what has to be said with it."""

    title: str
    main: str
    more: tuple[str, ...]
    differs: bool


def findings(result: Results, names: Names) -> tuple[Finding, ...]:
    """Every headline figure in words."""
    return tuple(_finding(result, names, head) for head in result.headlines)


def answer(result: Results, names: Names) -> str:
    """The headline figures in one paragraph: how many differ from zero, and which."""
    texts, heads = names.texts, result.headlines
    if not heads:
        return texts("answer.no_headlines")
    found = [names.headline(head.id) for head in heads if head.decisive < result.spec.level]
    if not found:
        return texts.count("answer.none", len(heads))
    lead = texts.count("answer.some", len(found), total=len(heads), which=texts("list.semicolon").join(found))
    if (adjusted := _adjusted(names, heads)) is not None:
        lead += texts("list.space") + adjusted
    rest = len(heads) - len(found)
    if rest == 0:
        return lead
    moved = {head.event_id for head in heads if head.decisive < result.spec.level}
    still = sorted({head.event_id for head in heads} - moved, key=names.number)
    events = texts.listing([names.event_quoted(event) for event in still])
    tail = texts.count("answer.rest_of", rest, events=events) if still else texts.count("answer.rest", rest)
    return lead + texts("list.space") + tail


def _adjusted(names: Names, heads: Sequence[HeadlineRecord]) -> str | None:
    """How many figures still differ from zero once all are looked at together; None where that was not computed."""
    if len(heads) < 2 or any(head.maxt_pvalue is None for head in heads):
        return None
    held = [
        names.headline(head.id)
        for head in heads
        if head.maxt_pvalue is not None and head.maxt_pvalue < names.spec.level
    ]
    if not held:
        return names.texts("answer.adjusted_none", n=len(heads))
    which = names.texts("list.semicolon").join(held)
    return names.texts.count("answer.adjusted", len(held), total=len(heads), which=which)


def not_said(result: Results, names: Names) -> tuple[str, ...]:
    """What must not be read out of the figures."""
    texts = names.texts
    said = [texts("not_said.null")] if any(head.decisive >= result.spec.level for head in result.headlines) else []
    said.append(texts("not_said.cause"))
    said.extend(inseparable(result, names))
    said.extend(_without_history(result, names))
    if {record.estimand for record in result.ar} >= {"total", "relative"}:
        said.append(texts("not_said.estimands"))
    if len(result.headlines) > 1:
        adjusted = all(head.maxt_pvalue is not None for head in result.headlines)
        said.append(texts("not_said.adjusted" if adjusted else "not_said.multiplicity", n=len(result.headlines)))
    return tuple(said)


def inseparable_pairs(result: Results) -> dict[tuple[str, str, date], list[str]]:
    """Pairs of tested events that share their first session on a security: (event, event, session) to securities."""
    pairs: dict[tuple[str, str, date], list[str]] = {}
    for one, other in combinations(result.sessions, 2):
        tested = one.role == other.role == "tested"
        if tested and one.security == other.security and one.session == other.session:
            pairs.setdefault((one.event_id, other.event_id, one.session), []).append(one.security)
    return pairs


def session_of(result: Results, event_id: str, security: str) -> SessionRecord | None:
    """Where an event falls for a security; None where it does not touch it."""
    wanted = (event_id, security)
    return next((record for record in result.sessions if (record.event_id, record.security) == wanted), None)


def members_of(result: Results, head: HeadlineRecord) -> tuple[str, ...]:
    """The securities behind a headline figure."""
    if head.kind == "security":
        return (head.subject,)
    wanted = (head.event_id, head.subject, head.model, head.benchmark, head.window)
    return next(
        record.securities
        for record in result.portfolio
        if (record.event_id, record.group, record.model, record.benchmark, record.window) == wanted
    )


def bound_of(result: Results, members: Sequence[str], last_session: date) -> tuple[str, str] | None:
    """The member that a window's last session left at a price limit, and which; None where there is none."""
    for bar in result.bars:
        if bar.security in members and bar.session == last_session:
            for limit in LIMITS:
                if limit in bar.flags:
                    return bar.security, limit
    return None


def _finding(result: Results, names: Names, head: HeadlineRecord) -> Finding:
    texts = names.texts
    differs = head.decisive < result.spec.level
    members = members_of(result, head)
    kind = "mean" if head.kind == "group" else "single"
    main = texts(
        "finding.differs" if differs else "finding.zero",
        quantity=texts.count(f"quantity.{kind}", head.window.size, members=names.securities(members)),
        estimate=texts.percent(head.estimate),
        confidence=texts.level(result.spec.confidence),
        low=texts.percent(head.ci_low),
        high=texts.percent(head.ci_high),
        p=chance(result, names, head),
    )
    more = (
        *doubts(names, head),
        *_other_pvalues(result, names, head),
        *_bound(result, names, head, members),
        *_sign(result, names, head, members, differs=differs),
        _measured(result, names, head),
        *_together(result, names, head, members),
        *_partial(result, names, head, members),
        *_left_out(result, names, head, members),
        *_note(names, head),
        *([] if differs else [texts("finding.detectable", effect=texts.percent(head.detectable, signed=False))]),
    )
    return Finding(names.headline(head.id), main, more, differs)


def doubts(names: Names, head: HeadlineRecord) -> tuple[str, ...]:
    """What makes the prices behind a headline figure doubtful, a sentence each."""
    return tuple(names.flag(flag) for flag in head.flags if code_of(flag) in DOUBTS)


def chance(result: Results, names: Names, head: HeadlineRecord) -> str:
    """The decisive p-value in words: among how many earlier dates, where it is that of placebo dates."""
    found = next((record for record in result.placebos if record.id == head.id), None)
    told = names.texts.p_equals(head.decisive)
    return told if found is None else names.texts("finding.p_placebo", p=told, n=found.n_placebo)


def _other_pvalues(result: Results, names: Names, head: HeadlineRecord) -> Iterator[str]:
    """The model's own p-value, and the one adjusted for all headlines, where placebo dates decide."""
    if head.placebo_pvalue is None:
        return
    texts, model = names.texts, names.texts.p_equals(head.pvalue)
    if head.maxt_pvalue is None or len(result.headlines) < 2:
        yield texts("finding.p_model", model=model)
    else:
        family = texts.p_equals(head.maxt_pvalue)
        yield texts("finding.p_family", model=model, family=family, n=len(result.headlines))


def _bound(result: Results, names: Names, head: HeadlineRecord, members: Sequence[str]) -> Iterator[str]:
    texts, found = names.texts, bound_of(result, members, head.last_session)
    if found is None:
        if any(flag in head.flags for flag in LIMITS):
            yield texts("finding.limit_inside")
        return
    security, limit = found
    outward = (head.estimate < 0) == (limit == "limit_down")
    yield texts(
        f"finding.{limit}" if outward else f"finding.{limit}_other",
        security=names.security(security),
        day=texts.short(head.last_session),
        size=texts.percent(abs(head.estimate), signed=False),
        estimate=texts.percent(head.estimate),
    )


def _sign(
    result: Results, names: Names, head: HeadlineRecord, members: Sequence[str], *, differs: bool
) -> Iterator[str]:
    """Whether a figure that differs from zero has the sign that the study expected."""
    expected = {result.spec.event(head.event_id).securities.get(member) for member in members}
    if differs and len(expected) == 1 and (sign := expected.pop()) in ("positive", "negative"):
        fits = (head.estimate > 0) == (sign == "positive")
        yield names.texts("finding.sign_expected" if fits else "finding.sign_opposite")


def _measured(result: Results, names: Names, head: HeadlineRecord) -> str:
    texts = names.texts
    lead = texts(
        "finding.measured",
        against=names.against(head.model, head.benchmark),
        estimand=names.estimand(head.estimand),
    )
    others = [
        texts(
            "finding.other_benchmark",
            benchmark=names.benchmark(benchmark),
            estimand=names.estimand(estimand),
            estimate=texts.percent(estimate),
            p=texts.p_equals(pvalue),
        )
        for benchmark, estimand, estimate, pvalue in _other_benchmarks(result, head)
    ]
    return texts("list.space").join([lead, *others])


def _other_benchmarks(result: Results, head: HeadlineRecord) -> Iterator[tuple[str | None, str, float, float]]:
    """The same figure against the other benchmarks: benchmark, estimand, estimate, p."""
    wanted = (head.event_id, head.subject, head.model, head.window)
    for car in result.car if head.kind == "security" else ():
        same = (car.event_id, car.security, car.model, car.window) == wanted
        if same and car.benchmark != head.benchmark and car.pvalue is not None:
            yield car.benchmark, car.estimand, car.car, car.pvalue
    for mean in result.portfolio if head.kind == "group" else ():
        same = (mean.event_id, mean.group, mean.model, mean.window) == wanted
        if same and mean.benchmark != head.benchmark:
            yield mean.benchmark, mean.estimand, mean.aar_or_caar, mean.pvalue


def _together(result: Results, names: Names, head: HeadlineRecord, members: Sequence[str]) -> Iterator[str]:
    """What else falls into the window: other events of the same set first, then everything else."""
    texts = names.texts
    others = [flag.removeprefix(CONFOUNDED) for flag in head.flags if flag.startswith(CONFOUNDED)]
    told = () if head.event_group is None else result.spec.event_group(head.event_group).steps
    steps = [step for step in told if any(session_of(result, step, member) for member in members)]
    if len(steps) > 1:
        yield texts.count("finding.news_steps", len(steps), events=_dated(result, names, steps, members))
    event_set = result.spec.set_of(head.event_id)
    joint = [event for event in others if event_set is not None and event in event_set.events]
    if joint:
        events = sorted([head.event_id, *joint], key=names.number)
        yield texts.count("finding.steps", len(events), events=_dated(result, names, events, members))
    rest = sorted((event for event in others if event not in joint), key=names.number)
    if rest:
        yield texts.count("finding.confounded", len(rest), events=_dated(result, names, rest, members))
    elif not joint and len(steps) < 2:
        yield texts.count("finding.alone", head.window.size)


def _dated(result: Results, names: Names, events: Sequence[str], members: Sequence[str]) -> str:
    """Events by title with the session on which they fall for the first member that they touch."""
    parts = []
    for event in events:
        where = next(filter(None, (session_of(result, event, member) for member in members)))
        title = names.event_quoted(event)
        parts.append(names.texts("name.dated", event=title, day=names.texts.short(where.session)))
    return names.texts.listing(parts)


def _partial(result: Results, names: Names, head: HeadlineRecord, members: Sequence[str]) -> Iterator[str]:
    where = session_of(result, head.event_id, members[0])
    if "partial_session" not in head.flags or where is None:
        return
    texts, when = names.texts, result.spec.event(head.event_id).when
    day = texts.short(where.session)
    if isinstance(when, Instant):
        zone = where.time_zone
        yield texts("finding.partial_at", day=day, at=texts.clock(when.at, zone), place=texts.place(zone))
    else:
        yield texts("finding.partial", day=day)


def _left_out(result: Results, names: Names, head: HeadlineRecord, members: Sequence[str]) -> Iterator[str]:
    """Members of a group that the event touches but that its mean does not hold."""
    if head.kind == "security":
        return
    touched = result.spec.event(head.event_id).securities
    missing = [
        symbol for symbol in result.spec.groups[head.subject].securities if symbol in touched and symbol not in members
    ]
    if missing:
        yield names.texts.count("finding.left_out", len(missing), securities=names.securities(missing))


def _note(names: Names, head: HeadlineRecord) -> Iterator[str]:
    note = names.own(names.spec.securities[head.subject], "note") if head.kind == "security" else None
    if note is not None:
        yield note


def inseparable(result: Results, names: Names) -> Iterator[str]:
    """The pairs of `inseparable_pairs`, a sentence each."""
    texts = names.texts
    for (one, other, session), securities in inseparable_pairs(result).items():
        yield texts(
            "not_said.inseparable",
            one=names.event_quoted(one),
            other=names.event_quoted(other),
            day=texts.short(session),
            securities=names.securities(securities),
        )


def _without_history(result: Results, names: Names) -> Iterator[str]:
    short = {record.security for record in result.exclusions if record.reason == "short_history"}
    for symbol, security in result.spec.securities.items():
        if symbol in short and security.listed is not None:
            yield names.texts(
                "not_said.history", security=names.security(symbol), listed=names.texts.day(security.listed)
            )
