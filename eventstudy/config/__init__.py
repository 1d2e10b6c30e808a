"""events.yaml to `StudySpec`, with every fault and its place."""

from __future__ import annotations

from eventstudy.config.study_file import FLAGSHIP, load_study, parse_study, study_path

__all__ = ["FLAGSHIP", "load_study", "parse_study", "study_path"]
