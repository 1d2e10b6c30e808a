"""Which of a study's many estimates a figure shows."""

from __future__ import annotations

from collections.abc import Sequence

from eventstudy.results import StudyResult
from eventstudy.spec import Event


def path_event(result: StudyResult, security: str) -> Event | None:
    """The tested event that a security's figures are drawn around; None where no tested event touches it.

    The first of an event set's events on the security, else that of a headline, else the last one.
    """
    estimated = {record.event_id for record in result.ar if record.security == security}
    own = [event for event in result.spec.tested if event.id in estimated]
    in_set = [event for event in own if result.spec.set_of(event.id) is not None]
    leading = {headline.event for headline in result.spec.headlines if headline.security == security}
    in_headline = [event for event in own if event.id in leading]
    if in_set:
        return min(in_set, key=lambda event: event.when.first)
    if in_headline:
        return in_headline[0]
    return max(own, key=lambda event: event.when.first) if own else None


def path_model(result: StudyResult, security: str, event_id: str) -> str | None:
    """The study's first model with standard errors for the event and security, else the one that needs none."""
    paths = [path for path in result.car_paths if (path.security, path.event_id) == (security, event_id)]
    for model in result.spec.models:
        if any(path.model == model and path.std_error is not None for path in paths):
            return model
    return paths[0].model if paths else None


def shown_securities(result: StudyResult) -> Sequence[str]:
    """The securities with at least one abnormal return, in the study's order."""
    estimated = {record.security for record in result.ar}
    return [symbol for symbol in result.spec.securities if symbol in estimated]
