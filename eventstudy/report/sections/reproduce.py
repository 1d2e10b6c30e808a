"""How to get the same bytes again."""

from __future__ import annotations

from typing import Any

from eventstudy.report.views import Study
from eventstudy.results import LISTS


def build(study: Study) -> dict[str, Any]:
    """The context of ``reproduce.html``."""
    texts, study_id = study.texts, study.result.spec.study.id
    option = "" if texts.lang == "en" else f" --lang {texts.lang}"
    argument = "" if texts.lang == "en" else f', lang="{texts.lang}"'
    code = (
        "import eventstudy as es\n\n"
        'spec = es.load_study("events.yaml")\n'
        'prices = es.load_prices(spec, source="recorded")\n'
        "result = es.run_study(spec, prices)\n"
        f'es.write_report(result, "reports"{argument})'
    )
    return {
        "command": f"eventstudy run events.yaml{option}",
        "code": code,
        "folder": f"reports/{study_id}/",
        "files": [
            {"name": "summary.md", "what": texts("reproduce.summary")},
            {"name": "results.json", "what": texts("reproduce.results")},
            {"name": "tables/*.csv", "what": texts("reproduce.tables", n=len(LISTS))},
        ],
    }
