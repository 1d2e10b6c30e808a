"""events.yaml to `StudySpec`, with every fault and its place; new study files, and events added to them."""

from __future__ import annotations

from eventstudy.config.editing import AddedEvent, add_event
from eventstudy.config.starter import NewStudy, make_study
from eventstudy.config.study_file import FLAGSHIP, load_study, parse_study, study_path, timed_study

__all__ = [
    "FLAGSHIP",
    "AddedEvent",
    "NewStudy",
    "add_event",
    "load_study",
    "make_study",
    "parse_study",
    "study_path",
    "timed_study",
]
