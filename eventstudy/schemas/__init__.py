"""JSON Schemas of events.yaml and results.json, made from the records themselves."""

from __future__ import annotations

import json
from typing import Any

from eventstudy.spec.fields import NAMES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def study_schema() -> dict[str, Any]:
    """JSON Schema of events.yaml."""
    from eventstudy.inference import TESTS
    from eventstudy.models import MODELS
    from eventstudy.spec import StudySpec

    text = json.dumps(StudySpec.model_json_schema())
    for kind, names in {"models": list(MODELS), "tests": list(TESTS)}.items():
        text = text.replace(json.dumps({NAMES: kind}), json.dumps({"enum": names, "type": "string"}))
    return {"$schema": DIALECT, "title": "events.yaml of eventstudy-toolkit", **json.loads(text)}


def results_schema() -> dict[str, Any]:
    """JSON Schema of results.json."""
    from eventstudy.results import ResultsDocument

    document = ResultsDocument.model_json_schema(mode="serialization")
    return {"$schema": DIALECT, "title": "results.json of eventstudy-toolkit", **document}


def schema_text(schema: dict[str, Any]) -> str:
    """A schema as the text that stands in the package."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
