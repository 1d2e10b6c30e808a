"""The design of a study: which event meets which security or group, under which model and benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.censoring import days_after
from eventstudy.kernel.cases import Case
from eventstudy.models import MARKET_MODEL, ChosenModel, Model
from eventstudy.results import Estimand
from eventstudy.spec import Event, LimitDays, StudySpec
from eventstudy.study.series import SecuritySeries
from eventstudy.study.timing import Timed

BENCHMARK = "benchmark"
"""What a case calls the benchmark among its regressors, whichever it is."""


@dataclass(frozen=True, slots=True)
class Design:
    """One estimation: an event on a subject (a security, or a group's equal-weighted portfolio)."""

    event: Event
    subject: str
    members: tuple[str, ...]
    chosen: ChosenModel
    benchmark: str | None
    estimand: Estimand
    day0: date
    anchor: date
    partial: bool

    @property
    def model(self) -> str:
        return self.chosen.name

    @property
    def kind(self) -> Literal["security", "group"]:
        return "security" if self.members == (self.subject,) else "group"

    @property
    def key(self) -> str:
        return "|".join((self.event.id, self.subject, self.model, self.benchmark or "-"))


def designs(spec: StudySpec, timed: Sequence[Timed], models: Sequence[ChosenModel]) -> tuple[Design, ...]:
    """Every tested event on every security it touches, under every model and benchmark of the study."""
    return tuple(
        Design(
            event=item.event,
            subject=item.security,
            members=(item.security,),
            chosen=model,
            benchmark=benchmark,
            estimand=estimand_of(spec, benchmark),
            day0=item.day0,
            anchor=anchor_of(spec, item.event, item.day0),
            partial=item.first.partial,
        )
        for item in timed
        if item.event.role == "tested"
        for model in models
        for benchmark in benchmarks_of(spec, item.security, model.row)
    )


def market_designs(spec: StudySpec, timed: Sequence[Timed]) -> tuple[Design, ...]:
    """The designs of the market model, whether or not it is among the study's models."""
    return designs(spec, timed, (MARKET_MODEL,))


def group_designs(
    spec: StudySpec, timed: Sequence[Timed], models: Sequence[ChosenModel], fitted: frozenset[str]
) -> tuple[Design, ...]:
    """Every tested event on every group of which it touches two or more securities that share day 0.

    `fitted` holds the keys of the securities' own designs that have enough observations; a member
    without one under the same model and benchmark does not enter the portfolio.
    """
    return tuple(_group_designs(spec, timed, models, fitted))


def _group_designs(
    spec: StudySpec, timed: Sequence[Timed], models: Sequence[ChosenModel], fitted: frozenset[str]
) -> Iterator[Design]:
    for event in spec.tested:
        touched = {item.security: item for item in timed if item.event.id == event.id}
        for name, group in spec.groups.items():
            present = [touched[symbol] for symbol in group.securities if symbol in touched]
            if len(present) < 2 or len({(item.exchange, item.day0) for item in present}) > 1:
                continue
            day0, partial = present[0].day0, present[0].first.partial
            anchor = anchor_of(spec, event, day0)
            for model in models:
                for benchmark in _shared_benchmarks(spec, [item.security for item in present], model.row):
                    whole = Design(
                        event, name, (), model, benchmark, estimand_of(spec, benchmark), day0, anchor, partial
                    )
                    members = tuple(
                        item.security for item in present if replace(whole, subject=item.security).key in fitted
                    )
                    if len(members) >= 2:
                        yield replace(whole, members=members)


def _shared_benchmarks(spec: StudySpec, symbols: Sequence[str], model: Model) -> list[str | None]:
    lists = [benchmarks_of(spec, symbol, model) for symbol in symbols]
    return [benchmark for benchmark in lists[0] if all(benchmark in other for other in lists)]


def benchmarks_of(spec: StudySpec, symbol: str, model: Model) -> tuple[str | None, ...]:
    """The benchmarks that a model of the security is run against, in order of preference.

    One None for models without a benchmark; none where the security names no factors or untouched peers to run it on.
    """
    if model.needs == "benchmark":
        return spec.securities[symbol].benchmarks
    given = {"factors": spec.securities[symbol].factors, "peers": spec.untouched_peers(symbol)}
    return () if model.needs is not None and not given[model.needs] else (None,)


def estimand_of(spec: StudySpec, benchmark: str | None) -> Estimand:
    """What an abnormal return against the benchmark measures."""
    if benchmark is None:
        return "none"
    return "total" if spec.benchmarks[benchmark].estimand == "total" else "relative"


def anchor_of(spec: StudySpec, event: Event, day0: date) -> date:
    """The session that the estimation window counts from: that of the event's set, or its own day 0."""
    event_set = spec.set_of(event.id)
    return day0 if event_set is None else event_set.first_session


def build_case(design: Design, series: Mapping[str, SecuritySeries], limit_days: LimitDays = "keep") -> Case:
    """The series behind a design; a group is the equal-weighted mean of its members' returns.

    `limit_days` says what becomes of closes at a price limit in the estimation window: ``drop`` leaves them and the
    first trade after each out, ``censor`` marks them as cut off and leaves the first trade after each out, because that
    return holds the rest of the move. A group with a member at its limit has no one-sided limit of its own, so there
    ``censor`` drops too.
    """
    members = [series[symbol] for symbol in design.members]
    sessions = members[0].sessions
    single = np.all([member.trade.span == 1 for member in members], axis=0)
    span = members[0].trade.span if len(members) == 1 else single.astype(np.int64)
    values = np.mean([member.trade.values for member in members], axis=0)
    case = Case(
        key=design.key,
        day0=members[0].position(design.day0),
        anchor=members[0].position(design.anchor),
        sessions=sessions,
        values=np.where(span > 0, values, np.nan),
        factors=_regressors(design, members),
        span=span,
    )
    return with_limit_days(case, members, limit_days)


def _regressors(design: Design, members: Sequence[SecuritySeries]) -> dict[str, Floats]:
    """What the model regresses the design's returns on; of a group what all members share."""
    first, name = members[0], design.benchmark
    if design.chosen.row.needs == "benchmark" and name is not None:
        lags, leads = design.chosen.shifts
        shifts = [f"[{shift:+d}]" for shift in (*range(-1, -lags - 1, -1), *range(1, leads + 1))]
        return {BENCHMARK: first.benchmarks[name], **{BENCHMARK + one: first.shifted[name + one] for one in shifts}}
    every = [getattr(member, design.chosen.row.needs) if design.chosen.row.needs else {} for member in members]
    return {name: values for name, values in every[0].items() if all(name in other for other in every)}


def with_limit_days(case: Case, members: Sequence[SecuritySeries], limit_days: LimitDays) -> Case:
    """The case with closes at a price limit kept, dropped or censored in its estimation window."""
    if limit_days == "keep":
        return case
    hit = np.any([member.at_limit != 0 for member in members], axis=0)
    after = np.any([days_after(member.at_limit != 0, member.traded) for member in members], axis=0)
    if limit_days == "drop" or len(members) > 1:
        return replace(case, left_out=hit | after)
    return replace(case, left_out=after, censored=np.where(after, 0, members[0].at_limit))
