"""What was left out, shifted and flagged, and why."""

from __future__ import annotations

from typing import Any

from eventstudy.report.views import Study
from eventstudy.summary.exclusions import exclusion_groups, flagged_sessions, shifted
from eventstudy.summary.tables import Table, columns


def build(study: Study) -> dict[str, Any]:
    """The context of ``exclusions.html``."""
    result, names = study.result, study.names
    flagged = tuple(flagged_sessions(result, names))
    return {
        "groups": exclusion_groups(result, names),
        "shifted": shifted(result, names),
        "flagged": Table(columns(names, ("security", "session", "known")), flagged) if flagged else None,
    }
