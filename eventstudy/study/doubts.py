"""Flags of figures whose sessions or estimation window hold what the gate finds suspicious."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from eventstudy.calendars import to_date
from eventstudy.gate.suspicions import suspicions
from eventstudy.prices import Finding
from eventstudy.spec import StudySpec
from eventstudy.study.series import SecuritySeries
from eventstudy.texts.flags import flag

Floats = NDArray[np.float64]
WHOLE = "adjusted"
"""Code of a doubt of all sessions: a figure has its flag once, not once more for the estimation window."""
Place = tuple[str, str | None]
"""A security, and the benchmark over its spans; None for the security's own returns."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A suspicion on the sessions of a security: whose prices, what, from when to when, and the flag that says so."""

    symbol: str
    code: str
    first: date
    last: date
    flag: str

    def on(self, session: date) -> bool:
        """Whether the session is one of those that it concerns."""
        return self.first <= session <= self.last


def misfits_of(findings: Sequence[Finding]) -> dict[str, str]:
    """Symbols whose adjusted close is none, with the flag that says so; their returns are in doubt on every session."""
    kinds = {"adjusted.changes": "adjusted", "adjusted.falls": "adjusted_falls"}
    return {
        found.symbol: flag(kinds[found.fact.code], **found.fact.values)
        for found in findings
        if found.fact.code in kinds
    }


def doubts_of(
    spec: StudySpec, series: Mapping[str, SecuritySeries], misfits: Mapping[str, str]
) -> dict[Place, tuple[Doubt, ...]]:
    """What is suspicious in each security's returns and in each of its benchmarks' returns over the same spans.

    `misfits` of `misfits_of` concern every session, of a mean of peers those of its members.
    """
    found: dict[Place, tuple[Doubt, ...]] = {}
    for symbol, one in series.items():
        market = next((one.benchmarks[name] for name in spec.securities[symbol].benchmarks), None)
        own = _doubts(symbol, one, one.trade.values, market, spec.returns)
        found[symbol, None] = (*_whole([symbol], one, misfits), *own)
        for name, values in one.benchmarks.items():
            of = [name, *spec.benchmarks[name].members]
            found[symbol, name] = (*_whole(of, one, misfits), *_doubts(name, one, values, None, spec.returns))
    return found


def _whole(symbols: Sequence[str], one: SecuritySeries, misfits: Mapping[str, str]) -> Iterator[Doubt]:
    first, last = to_date(one.sessions[0]), to_date(one.sessions[-1])
    yield from (Doubt(symbol, WHOLE, first, last, misfits[symbol]) for symbol in symbols if symbol in misfits)


def _doubts(symbol: str, one: SecuritySeries, values: Floats, market: Floats | None, kind: str) -> Iterator[Doubt]:
    simple = np.expm1(values) if kind == "log" else values
    for suspicion in suspicions(simple[None], market=market):
        first, last = (to_date(one.sessions[place]) for place in (suspicion.first, suspicion.last))
        code, shown = suspicion.why.code, suspicion.why.values
        yield Doubt(symbol, code, first, last, flag(code, security=symbol, **{"session": first, "last": last, **shown}))


def doubtful(doubts: Sequence[Doubt], sessions: Sequence[date], estimation: Sequence[date]) -> Iterator[str]:
    """Flags of a figure over some sessions, and of its estimation window by kind, from its first and last session."""
    inside: dict[str, list[Doubt]] = {}
    for doubt in doubts:
        if any(doubt.on(session) for session in sessions):
            yield doubt.flag
        if doubt.code != WHOLE and estimation and doubt.first <= estimation[-1] and doubt.last >= estimation[0]:
            inside.setdefault(doubt.code, []).append(doubt)
    for code, found in inside.items():
        where = {"session": found[0].first, "last": found[-1].last, "security": found[0].symbol}
        yield flag(f"{code}_in_estimation", n=len(found), **where)
