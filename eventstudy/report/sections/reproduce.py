"""How to get the same bytes again."""

from __future__ import annotations

from typing import Any

from eventstudy.report.views import Study
from eventstudy.results import LISTS


def build(study: Study) -> dict[str, Any]:
    """The context of ``reproduce.html``."""
    texts, study_id = study.texts, study.result.spec.study.id
    recorded = all(record.source == "recorded" for record in study.result.provenance if record.kind == "prices")
    source = "recorded" if recorded else "FOLDER"
    option = ("" if recorded else " --source FOLDER") + ("" if texts.lang == "en" else f" --lang {texts.lang}")
    argument = "" if texts.lang == "en" else f', lang="{texts.lang}"'
    code = (
        "import eventstudy as es\n\n"
        'spec = es.load_study("events.yaml")\n'
        f'prices = es.load_prices(spec, source="{source}")\n'
        "result = es.run_study(spec, prices)\n"
        f'es.write_report(result, "reports"{argument})'
    )
    return {
        "lead": texts("reproduce.lead" if recorded else "reproduce.lead_folder"),
        "command": f"eventstudy run events.yaml{option}",
        "code": code,
        "folder": f"reports/{study_id}/",
        "files": [
            {"name": "summary.md", "what": texts("reproduce.summary")},
            {"name": "results.json", "what": texts("reproduce.results")},
            {"name": "tables/*.csv", "what": texts("reproduce.tables", n=len(LISTS))},
        ],
    }
