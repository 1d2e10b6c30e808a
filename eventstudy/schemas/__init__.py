"""JSON Schemas of events.yaml and results.json, made from the records themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from eventstudy.spec.fields import NAMES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def study_schema() -> dict[str, Any]:
    """JSON Schema of events.yaml."""
    from eventstudy.inference import TESTS
    from eventstudy.models import MODELS
    from eventstudy.spec import StudySpec

    names = {"models": {"enum": list(MODELS), "type": "string"}, "tests": {"enum": list(TESTS), "type": "string"}}
    return _titled("events.yaml", StudySpec.model_json_schema(), names)


def results_schema() -> dict[str, Any]:
    """JSON Schema of results.json."""
    from eventstudy.results import ResultsDocument

    names = {"models": {"type": "string"}, "tests": {"type": "string"}}  # those of the caller's own too
    return _titled("results.json", ResultsDocument.model_json_schema(mode="serialization"), names)


def _titled(file: str, schema: dict[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """A schema with its dialect and title, and the names of models and tests where they belong."""
    text = json.dumps(schema)
    for kind, allowed in names.items():
        text = text.replace(json.dumps({NAMES: kind}), json.dumps(allowed))
    return {"$schema": DIALECT, "title": f"{file} of eventstudy-toolkit", **json.loads(text)}


def schema_text(schema: dict[str, Any]) -> str:
    """A schema as the text that stands in the package."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
