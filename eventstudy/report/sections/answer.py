"""What the data say, what they do not say, and the headline figures."""

from __future__ import annotations

from typing import Any

from eventstudy.plots import headlines_figure, headlines_frame
from eventstudy.report.views import FigureView, Study, figure_view, frame_table
from eventstudy.summary.findings import answer, chance, findings, not_said
from eventstudy.summary.rows import headline_table, interval


def build(study: Study) -> dict[str, Any]:
    """The context of ``answer.html``."""
    result, names, texts = study.result, study.names, study.texts
    cards = [
        {
            "finding": finding,
            "estimate": texts.percent(head.estimate),
            "interval": interval(names, head.ci_low, head.ci_high),
            "p": chance(result, names, head),
        }
        for head, finding in zip(result.headlines, findings(result, names), strict=True)
    ]
    return {
        "lead": answer(result, names),
        "cards": cards,
        "figure": _figure(study) if result.headlines else None,
        "table": headline_table(result, names),
        "not_said": not_said(result, names),
        "confidence": study.level(),
    }


def _figure(study: Study) -> FigureView:
    texts = study.texts
    frame = headlines_frame(study.result, lang=texts.lang)
    found = sum(not head.ci_low <= 0.0 <= head.ci_high for head in study.result.headlines)
    key = "caption.headlines"
    shown = {"title": "text", "estimate": "points", "ci_low": "points", "ci_high": "points", "pvalue": "p"}
    return figure_view(
        "headlines",
        headlines_figure(frame, lang=texts.lang),
        title=texts("figure.title.headlines", level=study.level()),
        finding=texts.count(key, found, total=len(frame)) if found else texts(f"{key}.none"),
        description=texts("figure.about.headlines", level=study.level()),
        table=frame_table(study, frame, {**shown, "detectable": "size"}),
    )
