"""What a reader must know of events that are in the results."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from eventstudy.engine.estimate import Abnormal
from eventstudy.engine.sample import Sample, overlapping

Flag = tuple[str, str, str]


def flags_of(sample: Sample, abnormal: Abnormal) -> Iterator[Flag]:
    """Event id, flag and detail: days moved, windows of one asset that overlap, missing returns, returns over a gap."""
    ids = [str(event) for event in abnormal.event_ids]
    for event, detail in zip(ids, () if sample.moved is None else sample.moved, strict=False):
        if detail:
            yield event, "moved", detail
    for one, two in overlapping(sample.asset, sample.position, sample.event):
        yield ids[one], "overlapping_event", f"its event window shares sessions with that of {ids[two]}"
        yield ids[two], "overlapping_event", f"its event window shares sessions with that of {ids[one]}"
    days = np.arange(abnormal.event_window.first, abnormal.event_window.last + 1)
    own = (days >= sample.event[:, :1]) & (days <= sample.event[:, 1:])
    for row, column in zip(*np.nonzero(own & ~np.isfinite(abnormal.ar)), strict=True):
        yield ids[row], "missing_return", f"no return on relative day {days[column]}"
    yield from _limits(sample, ids, days, own)
    for row, column in zip(*np.nonzero(abnormal.span > 1), strict=True):
        span = abnormal.span[row, column]
        yield ids[row], "return_over_gap", f"the return of relative day {days[column]} covers {span} sessions"


def _limits(sample: Sample, ids: list[str], days: NDArray[np.int64], own: NDArray[np.bool_]) -> Iterator[Flag]:
    """Closes at a price limit inside event windows."""
    if sample.at_limit is None:
        return
    session = np.clip(sample.position[:, None] + days, 0, sample.sessions.size - 1)
    side = np.where(own, sample.at_limit[sample.asset[:, None], session], 0)
    for row, column in zip(*np.nonzero(side), strict=True):
        upper = side[row, column] > 0
        detail = f"the close of relative day {days[column]} is the {'upper' if upper else 'lower'} price limit"
        yield ids[row], "limit_up" if upper else "limit_down", detail
