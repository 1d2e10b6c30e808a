"""What a reader calls the things that a study file names by ids and symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from eventstudy.facts import Value, say
from eventstudy.texts import Lang, Texts, load_texts
from eventstudy.texts.flags import code_of, values_of

if TYPE_CHECKING:
    from eventstudy.results import ExclusionRecord
    from eventstudy.spec import Choice, Event, Instrument, StudySpec

DECLARED = {kind: f"{kind}s" for kind in ("contrast", "headline", "regime", "event_group", "sample")}
"""Kinds of ids to the list of the study that gives each a title."""


@dataclass(frozen=True, eq=False)
class Names:
    """Names, in one language, of everything in a study; English stands in where the study gives no Chinese.

    Attributes
    ----------
    spec : StudySpec
        The study.
    texts : Texts
        The language's catalog.
    """

    spec: StudySpec
    texts: Texts

    def own(self, record: object, field: str) -> str | None:
        """A text of the study file itself: its ``*_zh`` field in Chinese where there is one."""
        text: str | None = getattr(record, field)
        local: str | None = getattr(record, f"{field}_zh", None) if self.texts.lang == "zh" else None
        return local or text

    def must(self, record: object, field: str) -> str:
        """The same for a field that every such record has."""
        return self.own(record, field) or ""

    def security(self, symbol: str) -> str:
        """Name of a security, benchmark or peer."""
        return self.must(self._named[symbol], "name")

    def ticker(self, symbol: str) -> str:
        """Name of a security with its symbol."""
        return self.texts("name.ticker", name=self.security(symbol), symbol=symbol)

    def securities(self, symbols: Sequence[str]) -> str:
        """Names of several securities in a sentence."""
        return self.texts.listing([self.security(symbol) for symbol in symbols])

    def benchmark(self, symbol: str | None) -> str:
        """Name of a benchmark; a dash for a model without one."""
        return self.texts("name.no_benchmark") if symbol is None else self.security(symbol)

    def model(self, model: str) -> str:
        return self._registered("model", model, self.spec.models)

    def test(self, test: str) -> str:
        if self.texts.knows(f"test.{test}"):
            return self.texts(f"test.{test}")
        name, _, variant = test.partition(" ")  # a variant stands behind its test in brackets
        return " ".join(filter(None, (self._registered("test", name, self.spec.tests), variant)))

    def _registered(self, kind: str, name: str, choices: Sequence[Choice]) -> str:
        """What the catalog calls a model or test; for one of the caller's own, what that says of itself."""
        own = next((choice for choice in choices if choice.name == name and choice.title), None)
        return self.texts(f"{kind}.{name}") if own is None else self.must(own, "title")

    def sample(self, sample_id: str) -> str:
        return self.naming("sample", sample_id)

    def cross_section(self, identifier: str) -> str:
        """Name of a group or of a sample of events."""
        return self.group(identifier) if identifier in self.spec.groups else self.sample(identifier)

    def rung(self, rung: str) -> str:
        return self.texts(f"history.name.{rung}")

    def estimand(self, estimand: str) -> str:
        return self.texts(f"estimand.{estimand}")

    def against(self, model: str, benchmark: str | None) -> str:
        """A model with its benchmark: ``market model, CSI 300``."""
        if benchmark is None:
            return self.model(model)
        return self.texts("name.against", model=self.model(model), benchmark=self.benchmark(benchmark))

    def exchange(self, code: str) -> str:
        """Name of an exchange; its code where the catalog holds none."""
        key = f"exchange.{code}"
        return self.texts(key) if self.texts.knows(key) else code

    def board(self, board: str | None) -> str | None:
        """Name of a board; what the study calls it where the catalog holds none."""
        key = f"board.{board}"
        return self.texts(key) if self.texts.knows(key) else board

    def group(self, group: str) -> str:
        return self.must(self.spec.groups[group], "title")

    def subject(self, subject: str, kind: str) -> str:
        """Name of a headline's subject, a security or a group."""
        return self.group(subject) if kind == "group" else self.security(subject)

    def event(self, event_id: str) -> str:
        return self.must(self._events[event_id], "title")

    def event_quoted(self, event_id: str) -> str:
        return self.texts.quoted(self.event(event_id))

    def event_set(self, set_id: str) -> str:
        return self.must({item.id: item for item in self.spec.event_sets}[set_id], "title")

    def headline(self, headline_id: str) -> str:
        return self.must({item.id: item for item in self.spec.headlines}[headline_id], "title")

    def day_label(self, set_id: str, session: date) -> str:
        """What an event set calls one of its sessions; empty where it gives no label."""
        event_set = {item.id: item for item in self.spec.event_sets}[set_id]
        local = event_set.labels_zh if self.texts.lang == "zh" else {}
        return local.get(session) or event_set.labels.get(session) or ""

    def source(self, source_id: str) -> str:
        """A publication: publisher, title, date."""
        source = self.spec.sources[source_id]
        return self.texts("name.source", publisher=source.publisher, title=source.title, date=source.date)

    def publishers(self, source_ids: Sequence[str]) -> str:
        """The publishers of several sources, each once."""
        return "; ".join(dict.fromkeys(self.spec.sources[name].publisher for name in source_ids))

    def flag(self, flag: str, words: str = "flag") -> str:
        """A flag as a sentence, from the entry ``<words>.<code>``; with ``short_flag`` in a few words."""
        return say(f"{words}.{code_of(flag)}", values_of(flag), self.texts.entries, self.naming)

    def number(self, event_id: str) -> int:
        """The event's place on the timeline, from 1."""
        return self._numbers[event_id]

    @cached_property
    def in_order(self) -> tuple[Event, ...]:
        """All events by time; those of the same moment in the order of the study file."""
        return tuple(sorted(self.spec.events, key=lambda event: event.when.first))

    def fact(self, code: str, values: Mapping[str, Value]) -> str:
        """The sentence of a fact, with names for ids."""
        return self.texts.fact(code, values, self.naming)

    def about(self, record: ExclusionRecord) -> str:
        """What an exclusion is of, with names for ids."""
        return say(f"about.{record.about}", record.values, self.texts.entries, self.naming)

    def naming(self, kind: str, identifier: str) -> str:
        """What a reader calls an id of a kind that `eventstudy.facts.ID_KINDS` names."""
        if kind == "event":
            return self.event_quoted(identifier)
        if kind == "subject":
            return self.group(identifier) if identifier in self.spec.groups else self.security(identifier)
        if kind == "other":
            kind = "security" if identifier in self._named else "regime"
        if kind in DECLARED:
            return self.must(next(one for one in getattr(self.spec, DECLARED[kind]) if one.id == identifier), "title")
        named: str = getattr(self, kind)(identifier)
        return named

    @cached_property
    def _events(self) -> dict[str, Event]:
        return {event.id: event for event in self.spec.events}

    @cached_property
    def _named(self) -> Mapping[str, Instrument]:
        return {**self.spec.benchmarks, **self.spec.instruments}

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {event.id: place for place, event in enumerate(self.in_order, start=1)}


def names_of(spec: StudySpec, lang: Lang) -> Names:
    """The names of a study in a language."""
    return Names(spec, load_texts(lang, spec.level))
