"""What a reader must know of events that are in the results."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from eventstudy.engine.estimate import Abnormal
from eventstudy.engine.sample import Sample, overlapping
from eventstudy.facts import Fact, fact

Flag = tuple[str, Fact]


def flags_of(sample: Sample, abnormal: Abnormal) -> Iterator[Flag]:
    """Event id and what is to be known of it: days moved, windows that overlap, missing returns, returns over a gap."""
    ids = [str(event) for event in abnormal.event_ids]
    for event, moved in zip(ids, () if sample.moved is None else sample.moved, strict=False):
        if moved is not None:
            yield event, moved
    for one, two in overlapping(sample.asset, sample.position, sample.event):
        yield ids[one], fact("overlapping_event", event=ids[two])
        yield ids[two], fact("overlapping_event", event=ids[one])
    days = np.arange(abnormal.event_window.first, abnormal.event_window.last + 1)
    own = (days >= sample.event[:, :1]) & (days <= sample.event[:, 1:])
    for row, column in zip(*np.nonzero(own & ~np.isfinite(abnormal.ar)), strict=True):
        yield ids[row], fact("missing_return", day=days[column])
    yield from _limits(sample, ids, days, own)
    for row, column in zip(*np.nonzero(abnormal.span > 1), strict=True):
        yield ids[row], fact("return_over_gap", day=days[column], span=abnormal.span[row, column])


def _limits(sample: Sample, ids: list[str], days: NDArray[np.int64], own: NDArray[np.bool_]) -> Iterator[Flag]:
    """Closes at a price limit inside event windows."""
    if sample.at_limit is None:
        return
    session = np.clip(sample.position[:, None] + days, 0, sample.sessions.size - 1)
    side = np.where(own, sample.at_limit[sample.asset[:, None], session], 0)
    for row, column in zip(*np.nonzero(side), strict=True):
        yield ids[row], fact("limit_up" if side[row, column] > 0 else "limit_down", day=days[column])
