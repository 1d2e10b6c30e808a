"""The tests of several securities at once."""

from __future__ import annotations

from typing import Any

from eventstudy.report.views import Study
from eventstudy.summary.cross_sections import means_table, tests_table
from eventstudy.summary.rows import joint_table, portfolio_table


def build(study: Study) -> dict[str, Any]:
    """The context of ``joint.html``."""
    result, names = study.result, study.names
    first = {record.event_id: record.group for record in result.portfolio if record.model == result.spec.model_names[0]}
    return {
        "joint": joint_table(result, names) if result.joint else None,
        "samples": means_table(result, names) if result.means else None,
        "tests": tests if (tests := tests_table(result, names)).rows else None,
        "means": portfolio_table(result, names, windows=result.spec.windows.car[:1]),
        "portfolios": [
            {
                "title": study.texts("heading.portfolio_of", group=names.group(group), event=names.event(event_id)),
                "table": portfolio_table(result, names, event_id=event_id),
            }
            for event_id, group in first.items()
        ],
    }
