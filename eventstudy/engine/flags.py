"""What a reader must know of events that are in the results."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eventstudy.arrays import Ints
from eventstudy.engine.inputs import Placed
from eventstudy.facts import Fact, fact
from eventstudy.gate.days import day_text
from eventstudy.gate.suspicions import Suspicion, suspicions
from eventstudy.kernel.estimate import Abnormal
from eventstudy.kernel.sample import Sample

Flag = tuple[str, Fact]


def flags_of(sample: Sample, abnormal: Abnormal, placed: Placed, accepted: frozenset[str]) -> Iterator[Flag]:
    """Event id and what is to be known of it.

    In order: how day 0 was moved, news inside day 0, other events of the asset in either window, estimation windows
    with fewer observations than asked for, missing returns, closes at a limit, returns over a gap, returns on days on
    which the exchange was closed, what is suspicious in either window, and units that the caller vouched for.
    """
    ids = [str(event) for event in abnormal.event_ids]
    yield from _days_moved(ids, placed)
    rows = np.flatnonzero(sample.partial)
    for place, column in zip(rows, sample.position[rows], strict=True):
        yield ids[place], fact("partial_session", session=_day(sample, column))
    yield from _company(ids, placed)
    yield from _shortages(sample, abnormal, ids)
    yield from _days(sample, abnormal, ids)
    yield from _closed(sample, placed, ids)
    if not accepted:
        yield from _suspicious(sample, ids)
    if "scale" in accepted:
        yield from ((event, fact("accepted_scale")) for event in ids)


def _company(ids: list[str], placed: Placed) -> Iterator[Flag]:
    """Other events of the asset in either window."""
    near = placed.neighbours()
    for event in ids:
        for other in near["event"].get(event, ()):
            yield event, fact("overlapping_event", event=other)
        if others := near["estimation"].get(event, ()):
            yield event, fact("event_in_estimation", n=len(others), events=others)


def _days(sample: Sample, abnormal: Abnormal, ids: list[str]) -> Iterator[Flag]:
    """Missing returns, closes at a limit, and returns over a gap inside event windows."""
    days = np.arange(abnormal.event_window.first, abnormal.event_window.last + 1)
    own = (days >= sample.event[:, :1]) & (days <= sample.event[:, 1:])
    for row, column in zip(*np.nonzero(own & ~np.isfinite(abnormal.ar)), strict=True):
        yield ids[row], fact("missing_return", day=days[column])
    if sample.at_limit is not None:
        side = np.where(own, sample.at_limit[sample.asset[:, None], sample.columns(abnormal.event_window)], 0)
        for row, column in zip(*np.nonzero(side), strict=True):
            yield ids[row], fact("limit_up" if side[row, column] > 0 else "limit_down", day=days[column])
    for row, column in zip(*np.nonzero(abnormal.span > 1), strict=True):
        yield ids[row], fact("return_over_gap", day=days[column], span=abnormal.span[row, column])


def _days_moved(ids: list[str], placed: Placed) -> Iterator[Flag]:
    reasons = dict(zip(placed.event_ids.astype(str), placed.why.tolist(), strict=True))
    yield from ((event, reasons[event]) for event in ids if reasons[event].kind == "moved")


def _shortages(sample: Sample, abnormal: Abnormal, ids: list[str]) -> Iterator[Flag]:
    """Estimation windows with fewer observations than asked for: outside the sessions, or without a usable return."""
    asked = sample.estimation[:, 1] - sample.estimation[:, 0] + 1
    first, last = (sample.anchor + sample.estimation[:, side] for side in (0, 1))
    before = np.clip(-first, 0, asked) + np.clip(last - sample.calendars.sizes(sample.asset) + 1, 0, asked)
    for row in np.flatnonzero(abnormal.nobs < asked):
        told = {"asked": asked[row], "nobs": abnormal.nobs[row], "outside": before[row]}
        yield ids[row], fact("short_estimation", unusable=asked[row] - abnormal.nobs[row] - before[row], **told)


def _suspicious(sample: Sample, ids: list[str]) -> Iterator[Flag]:
    """What is suspicious in the returns of events' assets and of the benchmark, beside the events that it touches."""
    assets = np.unique(sample.asset)
    market = sample.factors[0] if len(sample.names) == 1 else None
    spans = list(sample.bounds().values())
    for one in suspicions(sample.values[assets], market=market):
        for row in _touched(one, spans) & set(np.flatnonzero(sample.asset == assets[one.row]).tolist()):
            yield ids[row], _dated(sample, one)
    for one in suspicions(sample.factors) if sample.names else ():
        for row in sorted(_touched(one, spans)):
            yield ids[row], fact("in_benchmark", benchmark=sample.names[one.row], why=_dated(sample, one))


def _touched(one: Suspicion, spans: list[tuple[Ints, Ints]]) -> set[int]:
    """Rows of events one of whose windows holds a suspicion."""
    met = [np.flatnonzero((first <= one.last) & (last >= one.first)).tolist() for first, last in spans]
    return set().union(*met)


def _closed(sample: Sample, placed: Placed, ids: list[str]) -> Iterator[Flag]:
    """Returns on days on which the exchange of an asset was closed."""
    if not placed.shut:
        return
    spans = sample.bounds().values()
    first, last = np.minimum(*(ends[0] for ends in spans)), np.maximum(*(ends[1] for ends in spans))
    for row, asset in enumerate(sample.asset.tolist()):
        odd = placed.shut.get(asset, first[:0])
        inside = odd[(odd >= first[row]) & (odd <= last[row])]
        if inside.size:
            yield ids[row], fact("exchange_closed", n=inside.size, session=_day(sample, inside[0]))


def _dated(sample: Sample, one: Suspicion) -> Fact:
    """A suspicion with its days."""
    return fact(one.why.code, **{**one.why.values, "session": _day(sample, one.first), "to": _day(sample, one.last)})


def _day(sample: Sample, column: int) -> str:
    return day_text(sample.sessions[column])
