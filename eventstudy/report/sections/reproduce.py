"""How to get the same bytes again."""

from __future__ import annotations

from typing import Any

from eventstudy.report.views import Study
from eventstudy.results import LISTS, Results


def build(study: Study) -> dict[str, Any]:
    """The context of ``reproduce.html``."""
    texts, study_id = study.texts, study.result.spec.study.id
    sources = {record.source for record in study.result.provenance if record.kind == "prices"}
    source = "live" if "live" in sources else "recorded" if sources <= {"recorded"} else "folder"
    named = "FOLDER" if source == "folder" else source
    effort = _effort(study.result)
    option = "" if source == "recorded" else f" --source {named}"
    option += "" if effort == "full" else f" --robustness {effort}"
    option += "" if texts.lang == "en" else f" --lang {texts.lang}"
    argument = "" if texts.lang == "en" else f', lang="{texts.lang}"'
    asked = "" if effort == "full" else f', robustness="{effort}"'
    code = (
        "import eventstudy as es\n\n"
        'spec = es.load_study("events.yaml")\n'
        f'prices = es.load_prices(spec, source="{named}")\n'
        f"result = es.run_study(spec, prices{asked})\n"
        f'es.write_report(result, "reports"{argument})'
    )
    return {
        "lead": texts(f"reproduce.lead_{source}"),
        "command": f"eventstudy run events.yaml{option}",
        "code": code,
        "folder": f"reports/{study_id}/",
        "files": [
            {"name": "summary.md", "what": texts("reproduce.summary")},
            {"name": "results.json", "what": texts("reproduce.results")},
            {"name": "tables/*.csv", "what": texts("reproduce.tables", n=len(LISTS))},
        ],
    }


def _effort(result: Results) -> str:
    """How much of robustness was computed, by what there is of it."""
    if not result.recommendations:
        return "none" if result.headlines else "full"
    return "full" if result.specifications or result.calibration else "fast"
