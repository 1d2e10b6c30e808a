"""The headlines under every declared specification: a summary of all, and the curve of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventstudy.plots import specification_figure, specification_frame
from eventstudy.plots.specifications import choices_in_order
from eventstudy.plots.style import Frame
from eventstudy.report.views import FigureView, Study, figure_view
from eventstudy.results import SpecificationSummaryRecord
from eventstudy.summary.rows import interval
from eventstudy.summary.tables import Table, columns

LIMITS = ("limit_up", "limit_down")


def _share(study: Study, number: int, total: int) -> str:
    """A count with its share: ``25 (6.9 %)``."""
    texts = study.texts
    return texts("choices.share", n=number, share=texts("format.percent", number=texts.number(100 * number / total, 1)))


def bounds(study: Study, headline: str) -> list[str]:
    """That a headline's figures are bounds, in a sentence; none where no session of it closed at a price limit."""
    flags = next(head.flags for head in study.result.headlines if head.id == headline)
    return [study.texts("choices.bound")] if any(flag in LIMITS for flag in flags) else []


def curve_view(study: Study) -> dict[str, Any] | None:
    """The summary of all headlines and a figure for each; None where no curve was computed."""
    summaries = study.result.specification_summary
    if not summaries:
        return None
    return {
        "summary": _curve_table(study, summaries),
        "figures": [_curve_figure(study, summary) for summary in summaries],
    }


def _curve_table(study: Study, summaries: Sequence[SpecificationSummaryRecord]) -> Table:
    texts, names = study.texts, study.names
    rows = tuple(
        (
            names.headline(one.id),
            texts.number(one.n_specifications, 0),
            texts.points(one.median),
            interval(names, one.lowest, one.highest),
            _share(study, round(one.share_same_sign * one.n_specifications), one.n_specifications),
            _share(study, round(one.share_significant * one.n_specifications), one.n_specifications),
            texts.known(one.median_pvalue, texts.pvalue),
            texts.known(one.share_pvalue, texts.pvalue),
            texts.number(one.n_placebo, 0),
            texts.known(one.smallest_pvalue, texts.pvalue),
        )
        for one in summaries
    )
    keys = ("number>", "median>", "range>", "same>", "found>", "median_p>", "share_p>", "dates>", "least_p>")
    return Table(columns(names, ("figure", *(f"choices_{key}" for key in keys))), rows)


def _curve_figure(study: Study, summary: SpecificationSummaryRecord) -> FigureView:
    texts, headline = study.texts, study.names.headline(summary.id)
    frame = specification_frame(study.result, summary.id, lang=texts.lang)
    return figure_view(
        f"choices-{summary.id}",
        specification_figure(frame, lang=texts.lang),
        title=texts("choices.curve.title", headline=headline, n=summary.n_specifications),
        finding=_curve_finding(study, summary, frame),
        description=texts("choices.curve.about", headline=headline, n=summary.n_specifications, level=study.level()),
        table=_choices_table(study, frame),
    )


def _curve_finding(study: Study, summary: SpecificationSummaryRecord, frame: Frame) -> str:
    texts, total = study.texts, summary.n_specifications
    lines = [
        texts(
            "choices.curve.finding",
            median=texts.percent(summary.median),
            low=texts.percent(summary.lowest),
            high=texts.percent(summary.highest),
            same=_share(study, round(summary.share_same_sign * total), total),
            found=_share(study, round(summary.share_significant * total), total),
        )
    ]
    own = frame[frame["main"]]
    if len(own):
        place, estimate = int(own["place"].iloc[0]), texts.percent(float(own["estimate"].iloc[0]))
        lines.append(texts("choices.curve.own", estimate=estimate, place=place, total=total))
    else:
        lines.append(texts("choices.curve.own_absent"))
    if summary.median_pvalue is None or summary.share_pvalue is None or summary.smallest_pvalue is None:
        lines.append(texts("choices.curve.no_placebo"))
    else:
        judged = {
            "median": texts.p_equals(summary.median_pvalue),
            "share": texts.p_equals(summary.share_pvalue),
            "least": texts.pvalue(summary.smallest_pvalue),
        }
        lines.append(texts("choices.curve.placebo", n=summary.n_placebo, **judged))
    return texts("list.space").join([*lines, *bounds(study, summary.id)])


def _choices_table(study: Study, frame: Frame) -> Table:
    """What the estimates are under each single choice, all other choices taken together."""
    texts = study.texts
    rows = []
    for name, choices in choices_in_order(frame).items():
        for choice in choices:
            own = frame[frame[name] == choice]
            low, high = float(own["estimate"].min()), float(own["estimate"].max())
            rows.append(
                (
                    texts("choices.pair", dimension=texts(f"choices.dimension.{name}"), choice=choice),
                    texts.number(len(own), 0),
                    texts.points(float(own["estimate"].median())),
                    interval(study.names, low, high),
                    _share(study, int(own["significant"].sum()), len(own)),
                )
            )
    keys = ("choice", "number>", "median>", "range>", "found>")
    return Table(columns(study.names, tuple(f"choices_{key}" for key in keys)), tuple(rows))
