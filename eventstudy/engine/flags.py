"""What a reader must know of events that are in the results."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eventstudy.engine.estimate import Abnormal
from eventstudy.engine.sample import Sample, overlapping

Flag = tuple[str, str, str]


def flags_of(sample: Sample, abnormal: Abnormal) -> Iterator[Flag]:
    """Event id, flag and detail: windows of one asset that overlap, missing returns, returns over a gap."""
    ids = [str(event) for event in abnormal.event_ids]
    for one, two in overlapping(sample.asset, sample.position, sample.event):
        yield ids[one], "overlapping_event", f"its event window shares sessions with that of {ids[two]}"
        yield ids[two], "overlapping_event", f"its event window shares sessions with that of {ids[one]}"
    days = np.arange(abnormal.event_window.first, abnormal.event_window.last + 1)
    own = (days >= sample.event[:, :1]) & (days <= sample.event[:, 1:])
    for row, column in zip(*np.nonzero(own & ~np.isfinite(abnormal.ar)), strict=True):
        yield ids[row], "missing_return", f"no return on relative day {days[column]}"
    for row, column in zip(*np.nonzero(abnormal.span > 1), strict=True):
        span = abnormal.span[row, column]
        yield ids[row], "return_over_gap", f"the return of relative day {days[column]} covers {span} sessions"
