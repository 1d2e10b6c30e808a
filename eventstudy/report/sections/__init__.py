"""The sections of the page, in order: each a function that builds the context of the template of the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eventstudy.report.sections import (
    answer,
    chance,
    choices,
    claims,
    diagnostics,
    estimates,
    exclusions,
    history,
    joint,
    limits,
    markets,
    news,
    provenance,
    regimes,
    reproduce,
    securities,
    timeline,
)
from eventstudy.report.views import Study

SECTIONS: Mapping[str, Callable[[Study], dict[str, Any]]] = {
    "answer": answer.build,
    "timeline": timeline.build,
    "news": news.build,
    "securities": securities.build,
    "estimates": estimates.build,
    "chance": chance.build,
    "limits": limits.build,
    "history": history.build,
    "regimes": regimes.build,
    "markets": markets.build,
    "choices": choices.build,
    "joint": joint.build,
    "diagnostics": diagnostics.build,
    "claims": claims.build,
    "exclusions": exclusions.build,
    "provenance": provenance.build,
    "reproduce": reproduce.build,
}
