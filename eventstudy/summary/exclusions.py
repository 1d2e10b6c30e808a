"""What was left out, shifted or flagged, grouped by reason and told with names instead of ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eventstudy.summary.findings import inseparable
from eventstudy.texts.names import Names

if TYPE_CHECKING:
    from eventstudy.results import ExclusionRecord, Results

SHIFTS = ("after_close", "not_a_session", "day_moved_to_next", "interval_spans_sessions", "during_suspension")


@dataclass(frozen=True, slots=True)
class Group:
    """One reason: what it means, and a sentence for each case."""

    title: str
    cases: tuple[str, ...]


def exclusion_groups(result: Results, names: Names) -> tuple[Group, ...]:
    """What is missing from the results, by reason; reasons with one title stand together."""
    by_reason: dict[str, list[ExclusionRecord]] = {}
    for record in result.exclusions:
        by_reason.setdefault(record.reason, []).append(record)
    told: dict[str, list[str]] = {}
    for reason, records in by_reason.items():
        told.setdefault(_title(names, reason), []).extend(TELL.get(reason, _verbatim)(result, names, records))
    return tuple(Group(title, tuple(dict.fromkeys(cases))) for title, cases in told.items())


def shifted(result: Results, names: Names) -> tuple[str, ...]:
    """Events whose first session is not the session of their own day, or not a single one."""
    texts = names.texts
    found = []
    for record in result.sessions:
        if record.reason in SHIFTS:
            found.append(
                texts(
                    f"shift.{record.reason}",
                    event=names.event_quoted(record.event_id),
                    exchange=names.exchange(record.exchange),
                    security=names.security(record.security),
                    day=texts.short(record.session),
                    last=texts.short(record.session_last),
                )
            )
    return tuple(dict.fromkeys(found))


def flagged_sessions(result: Results, names: Names) -> list[tuple[str, str, str]]:
    """Every flagged session of the event windows: security, session, what has to be known of it."""
    texts = names.texts
    return [
        (
            names.security(bar.security),
            texts.day(bar.session),
            texts("list.space").join(names.flag(flag) for flag in bar.flags),
        )
        for bar in result.bars
        if bar.flags
    ]


LADDER = frozenset(
    {
        "no_peers",
        "peers_missing",
        "too_few_peers",
        "no_earlier_listings",
        "no_prices_of_earlier_listings",
        "some_earlier_listings_missing",
        "post_event_too_short",
    }
)
"""Reasons why a rung of the ladder for a security without history is not there."""


def _title(names: Names, reason: str) -> str:
    key = "exclusion.title.ladder" if reason in LADDER else f"exclusion.title.{reason}"
    return names.texts(key if names.texts.knows(key) else "exclusion.title.other")


def _events(names: Names, records: Sequence[ExclusionRecord]) -> str:
    ids = sorted({record.event_id for record in records if record.event_id is not None}, key=names.number)
    return names.texts.listing([names.event_quoted(event) for event in ids])


def _by_subject(names: Names, records: Sequence[ExclusionRecord]) -> Iterator[tuple[str, list[ExclusionRecord]]]:
    subjects: dict[str, list[ExclusionRecord]] = {}
    for record in records:
        subjects.setdefault(record.security or "", []).append(record)
    yield from subjects.items()


def _subject(names: Names, subject: str) -> str:
    return names.group(subject) if subject in names.spec.groups else names.security(subject)


def _per_subject(key: str) -> Callable[[Results, Names, Sequence[ExclusionRecord]], Iterator[str]]:
    """One sentence per security, from the entry ``exclusion.<key>``."""

    def tell(result: Results, names: Names, records: Sequence[ExclusionRecord]) -> Iterator[str]:
        for subject, own in _by_subject(names, records):
            security = result.spec.securities.get(subject)
            yield names.texts(
                f"exclusion.{key}",
                security=_subject(names, subject),
                listed=names.texts.day(security.listed) if security and security.listed else "",
                least=result.spec.windows.min_estimation,
                events=_events(names, own),
            )

    return tell


def _suspensions(result: Results, names: Names, records: Sequence[ExclusionRecord]) -> Iterator[str]:
    for subject, own in _by_subject(names, records):
        halts = names.spec.instruments[subject].suspensions if subject in names.spec.instruments else ()
        for halt in halts:
            yield names.texts(
                "exclusion.suspension",
                security=names.security(subject),
                span=names.texts.span(halt.first, halt.last),
                source=names.must(halt, "source"),
            )
        if not halts:
            yield from _verbatim(result, names, own)


def _in_words(result: Results, names: Names, records: Sequence[ExclusionRecord]) -> Iterator[str]:
    """The record's own sentence, after the name of what it is about: the security, and the event."""
    for record in records:
        about = names.security(record.security) if record.security else ""
        if record.event_id:
            about = names.texts("name.of_event", subject=about, event=names.event_quoted(record.event_id))
        yield names.texts("exclusion.verbatim", what=about, detail=names.fact(record.code, record.values))


def _headlines(result: Results, names: Names, records: Sequence[ExclusionRecord]) -> Iterator[str]:
    told = {head.id for head in result.headlines}
    for headline in result.spec.headlines:
        if headline.id not in told and any(record.values.get("headline") == headline.id for record in records):
            yield names.texts("exclusion.not_estimated", headline=names.must(headline, "title"))


def _touched(result: Results, names: Names, records: Sequence[ExclusionRecord]) -> Iterator[str]:
    """Peers that are no donors, because the news may move them."""
    for subject, _ in _by_subject(names, records):
        security = result.spec.securities.get(subject)
        peers = [name for name in security.peers if result.spec.touched(name)] if security else []
        yield names.texts("exclusion.touched_donors", security=_subject(names, subject), peers=names.securities(peers))


def _contrasts_and_headlines(result: Results, names: Names, records: Sequence[ExclusionRecord]) -> Iterator[str]:
    yield from _headlines(result, names, records)
    for contrast in result.spec.contrasts:
        if any(record.values.get("contrast") == contrast.id for record in records):
            yield names.texts("exclusion.not_estimated", headline=names.must(contrast, "title"))


def _verbatim(result: Results, names: Names, records: Sequence[ExclusionRecord]) -> Iterator[str]:
    """The record's own sentences, with names for ids."""
    for record in records:
        yield names.texts("exclusion.verbatim", what=names.about(record), detail=names.fact(record.code, record.values))


TELL: Mapping[str, Callable[[Results, Names, Sequence[ExclusionRecord]], Iterator[str]]] = {
    "short_history": _per_subject("short_history"),
    "too_few_observations": _per_subject("too_few_observations"),
    "not_listed_yet": _per_subject("not_listed_yet"),
    "suspended": _per_subject("suspended"),
    "after_last_price": _per_subject("after_last_price"),
    "no_price": _per_subject("no_price"),
    "suspension": _suspensions,
    "not_separately_identified": lambda result, names, _: inseparable(result, names),
    "not_estimated": _contrasts_and_headlines,
    "touched_donors": _touched,
    **dict.fromkeys(LADDER, _in_words),
}
"""Reason to the function that tells its cases; a reason without one is told in the words of its code."""
