"""JSON Schemas of events.yaml and results.json, made from the records themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from eventstudy.spec.fields import NAMES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def study_schema() -> dict[str, Any]:
    """JSON Schema of events.yaml."""
    from eventstudy.inference import STUDY_TESTS
    from eventstudy.models import STUDY_MODELS
    from eventstudy.spec import StudySpec

    layout = _named(StudySpec.model_json_schema(), {"models": STUDY_MODELS, "tests": STUDY_TESTS})
    return {"$schema": DIALECT, "title": "events.yaml of eventstudy-toolkit", **layout}


def _named(part: Any, names: Mapping[str, Sequence[str]]) -> Any:
    """A part of a schema with the names of each kind of rows in their places."""
    if isinstance(part, list):
        return [_named(item, names) for item in part]
    if not isinstance(part, dict):
        return part
    if NAMES in part:
        return {"enum": list(names[part[NAMES]]), "type": "string"}
    return {key: _named(value, names) for key, value in part.items()}


def results_schema() -> dict[str, Any]:
    """JSON Schema of results.json."""
    from eventstudy.results import ResultsDocument

    document = ResultsDocument.model_json_schema(mode="serialization")
    return {"$schema": DIALECT, "title": "results.json of eventstudy-toolkit", **document}


def schema_text(schema: dict[str, Any]) -> str:
    """A schema as the text that stands in the package."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
