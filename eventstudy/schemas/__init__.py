"""JSON Schemas of events.yaml and results.json, made from the records themselves."""

from __future__ import annotations

import json
from typing import Any

from eventstudy.spec.fields import NAMES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def study_schema() -> dict[str, Any]:
    """JSON Schema of events.yaml."""
    from eventstudy.spec import StudySpec

    return _titled("events.yaml", StudySpec.model_json_schema())


def results_schema() -> dict[str, Any]:
    """JSON Schema of results.json."""
    from eventstudy.results import ResultsDocument

    return _titled("results.json", ResultsDocument.model_json_schema(mode="serialization"))


def _titled(file: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with its dialect and title, and the names of models and tests where they belong."""
    from eventstudy.inference import STUDY_TESTS
    from eventstudy.models import STUDY_MODELS

    text = json.dumps(schema)
    for kind, names in {"models": STUDY_MODELS, "tests": STUDY_TESTS}.items():
        text = text.replace(json.dumps({NAMES: kind}), json.dumps({"enum": names, "type": "string"}))
    return {"$schema": DIALECT, "title": f"{file} of eventstudy-toolkit", **json.loads(text)}


def schema_text(schema: dict[str, Any]) -> str:
    """A schema as the text that stands in the package."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
