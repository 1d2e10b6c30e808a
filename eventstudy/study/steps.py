"""News in steps: one CAR from the first step's session to the last step's, for each security."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from eventstudy.abnormal import cumulative
from eventstudy.facts import fact
from eventstudy.results import EventGroupRecord, ExclusionRecord
from eventstudy.spec import EventGroup
from eventstudy.study.estimate import Estimated, flags_of, reported, sessions_of, subject_of, test_of, with_limits
from eventstudy.study.setting import Setting
from eventstudy.study.timing import Timed
from eventstudy.windows import Window


def step_window(setting: Setting, group: EventGroup, security: str) -> tuple[Timed, Window] | None:
    """First step that touches the security, and the window from its day 0 to the last session of the last step."""
    steps = [item for item in setting.timed if item.security == security and item.event.id in group.steps]
    if not steps:
        return None
    series = setting.series[security]
    first = min(steps, key=lambda item: item.day0)
    last = max(item.first.session_last for item in steps)
    return first, Window(0, series.position(last) - series.position(first.day0))


def event_group_records(
    setting: Setting, estimated: Sequence[Estimated]
) -> Iterator[EventGroupRecord | ExclusionRecord]:
    """The `event_groups` list: every piece of news in steps, on every security, model and benchmark."""
    for group in setting.spec.event_groups:
        for security in setting.spec.securities:
            found = step_window(setting, group, security)
            if found is not None:
                for part in estimated:
                    yield from _records(setting, group, *found, part)


def _records(
    setting: Setting, group: EventGroup, first: Timed, window: Window, part: Estimated
) -> Iterator[EventGroupRecord | ExclusionRecord]:
    inside = part.panel.event_window.covers(window)
    cars = cumulative(part.panel, part.fit, window) if inside else None
    for row, design in reported(part):
        if (design.event.id, design.subject) != (first.event.id, first.security):
            continue
        if cars is None or not np.isfinite(cars.value[row]):
            why = (
                fact("steps_not_covered.missing", first=first.day0)
                if inside
                else fact("steps_not_covered.outside", window=window, event_window=part.panel.event_window)
            )
            about = fact("event_group", event_group=group.id)
            yield ExclusionRecord.of(about, why, event_id=first.event.id, security=first.security)
            continue
        sessions = sessions_of(part, row, window)
        own = {f"confounded:{step}" for step in group.steps}
        test = test_of(part, row, cars, (row,))
        yield EventGroupRecord(
            **subject_of(design),
            event_group=group.id,
            steps=group.steps,
            window=window,
            first_session=sessions[0],
            last_session=sessions[-1],
            car=float(cars.value[row]),
            **test,
            **with_limits(setting.spec, cars, row, known=test["std_error"] is not None),
            flags=tuple(flag for flag in flags_of(part, row, setting.ledger, sessions) if flag not in own),
        )
