"""The tests of several securities at once."""

from __future__ import annotations

from typing import Any

from eventstudy.report.views import Study
from eventstudy.summary.rows import joint_table, portfolio_table


def build(study: Study) -> dict[str, Any]:
    """The context of ``joint.html``."""
    result, names = study.result, study.names
    return {
        "joint": joint_table(result, names) if result.joint else None,
        "portfolio": portfolio_table(result, names) if result.portfolio else None,
    }
