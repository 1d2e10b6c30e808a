"""Whether the headlines survive the study's own choices: specifications, counterfactuals, changes, contrasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventstudy.plots import (
    contrast_figure,
    contrast_frame,
    counterfactual_figure,
    counterfactual_frame,
    drift_figure,
    drift_frame,
    sensitivity_figure,
    sensitivity_frame,
)
from eventstudy.plots.choices import AS_IS
from eventstudy.plots.style import Frame
from eventstudy.report.sections.curve import bounds, curve_view
from eventstudy.report.views import FigureView, Study, figure_view
from eventstudy.results import ContrastRecord, CounterfactualRecord, HeadlineRecord
from eventstudy.summary.rows import interval
from eventstudy.summary.tables import Table, columns

MARKET = "market_model"
MOVED = ("earlier", "later")
WEIGHTED = ("synthetic_control", "ridge_augmented")
TOUCHED = "touched_donors"


def build(study: Study) -> dict[str, Any]:
    """The context of ``choices.html``."""
    result = study.result
    changed = {record.id for record in result.sensitivity if record.change != "drift"}
    return {
        "headlines": bool(result.headlines),
        "curve": curve_view(study),
        "ladder": _ladder(study),
        "changes": [_changes(study, head) for head in result.headlines if head.id in changed],
        "drift": _drift(study),
        "contrasts": [_contrast(study, record) for record in result.contrasts],
        "not_had": _contrasts_not_had(study),
        "asked": bool(result.spec.contrasts),
    }


# --- counterfactuals -----------------------------------------------------------------------------------


def _ladder(study: Study) -> dict[str, Any] | None:
    """A figure with weights for each headline, and the headlines without; None where nothing was computed."""
    result = study.result
    with_records = {record.id for record in result.counterfactuals}
    if not result.recommendations and not with_records:
        return None
    others = [head for head in result.headlines if head.id not in with_records]
    return {
        "cases": [_ladder_case(study, head) for head in result.headlines if head.id in with_records],
        "missing": [
            study.texts(
                f"choices.ladder.missing_{head.kind}",
                headline=study.names.headline(head.id),
                refused=_refused(study, head),
            )
            for head in others
        ],
    }


def _ladder_case(study: Study, head: HeadlineRecord) -> dict[str, Any]:
    texts, headline = study.texts, study.names.headline(head.id)
    frame = counterfactual_frame(study.result, head.id, lang=texts.lang)
    records = [record for record in study.result.counterfactuals if record.id == head.id]
    figure = figure_view(
        f"counterfactual-{head.id}",
        counterfactual_figure(frame, lang=texts.lang),
        title=texts("choices.ladder.title", headline=headline),
        finding=texts("list.space").join([*_ladder_finding(study, frame), *bounds(study, head.id)]),
        description=texts("choices.ladder.about", headline=headline),
        table=_ladder_table(study, frame),
    )
    return {"figure": figure, "refused": _refused(study, head), "weights": _weights(study, records)}


def _ladder_finding(study: Study, frame: Frame) -> list[str]:
    """The span of the estimates, the smallest placebo p, and how well each counterfactual fitted."""
    texts = study.texts
    low, high = texts.percent(float(frame["estimate"].min())), texts.percent(float(frame["estimate"].max()))
    lines = [texts("choices.ladder.range", n=len(frame), low=low, high=high)]
    judged = frame[frame["placebo_pvalue"].notna()]
    if len(judged):
        ps = judged["placebo_pvalue"].astype(float)
        lines.append(
            texts("choices.ladder.judged", low=texts.pvalue(float(ps.min())), high=texts.pvalue(float(ps.max())))
        )
    fit = frame.set_index("rung")["sigma"]
    rest = fit.drop(MARKET, errors="ignore")
    if MARKET in fit and len(rest):
        values = [texts.percent(float(value), signed=False) for value in (fit[MARKET], rest.min(), rest.max())]
        closer = "closer" if rest.min() < fit[MARKET] else "looser"
        sigmas = dict(zip(("market", "low", "high"), values, strict=True))
        lines.append(texts(f"choices.ladder.{closer}", **sigmas))
    return lines


def _ladder_table(study: Study, frame: Frame) -> Table:
    texts = study.texts
    rows = tuple(
        (
            row["name"],
            texts.points(row["estimate"]),
            texts.known(row["placebo_pvalue"], texts.pvalue),
            texts.known(row["conformal_pvalue"], texts.pvalue),
            texts.size(row["sigma"]),
            texts.known(row["std_error"], texts.size),
            texts.known(row["pvalue"], texts.pvalue),
            texts.number(row["n_placebo"], 0),
            texts.known(row["smallest_pvalue"], texts.pvalue),
            texts.number(row["nobs"], 0),
            study.names.estimand(row["estimand"]),
        )
        for row in frame.to_dict("records")
    )
    judged = ("choices_placebo_p>", "choices_conformal_p>", "sigma>", "std_error>", "p>")
    keys = ("choices_rung", "estimate>", *judged, "choices_dates>", "choices_least_p>", "nobs>", "effect")
    return Table(columns(study.names, keys), rows)


def _refused(study: Study, head: HeadlineRecord) -> str:
    """The peers that are no donors because the news may move them, in a sentence; empty where there are none."""
    peers = study.result.spec.securities[head.subject].peers if head.kind == "security" else ()
    said = {
        symbol
        for record in study.result.exclusions
        if (record.reason, record.event_id, record.security) == (TOUCHED, head.event_id, head.subject)
        for symbol in record.values["donors"]
    }
    refused = [symbol for symbol in peers if symbol in said]
    return study.texts("choices.ladder.refused", peers=study.names.securities(refused)) if refused else ""


def _weights(study: Study, records: Sequence[CounterfactualRecord]) -> Table | None:
    """The weight of every donor in the weighted counterfactuals; None where none is weighted."""
    texts, names = study.texts, study.names
    shown = [record for record in records if record.rung in WEIGHTED]
    if not shown:
        return None
    heaviest = sorted(shown[0].donors, key=lambda name: -shown[0].weights.get(name, 0.0))
    rows = tuple(
        (names.security(name), *(texts.size(record.weights.get(name, 0.0)) for record in shown)) for name in heaviest
    )
    keys = tuple(f"choices_weight_{record.rung}>" for record in shown)
    return Table(columns(names, ("choices_donor", *keys)), rows)


# --- one change at a time ------------------------------------------------------------------------------


def _changes(study: Study, head: HeadlineRecord) -> FigureView:
    texts, headline = study.texts, study.names.headline(head.id)
    frame = sensitivity_frame(study.result, head.id, lang=texts.lang)
    return figure_view(
        f"sensitivity-{head.id}",
        sensitivity_figure(frame, lang=texts.lang),
        title=texts("choices.sensitivity.title", headline=headline, level=study.level()),
        finding=_changes_finding(study, frame),
        description=texts("choices.sensitivity.about", headline=headline, level=study.level()),
        table=_changes_table(study, frame, "choices_change"),
    )


def _changes_finding(study: Study, frame: Frame) -> str:
    """What the figure becomes with day 0 moved, and whether leaving anything out changes what is said of it."""
    texts = study.texts
    lines = []
    moved = [
        texts(f"choices.sensitivity.{row['change']}", day=row["what"], estimate=texts.percent(row["estimate"]))
        for row in frame.to_dict("records")
        if row["change"] in MOVED
    ]
    if moved:
        lines.append(texts("choices.sensitivity.moved", parts=texts.listing(moved)))
    own, left = frame[frame["change"] == AS_IS].iloc[0], frame[~frame["change"].isin((AS_IS, *MOVED))]
    if left.empty:
        return texts("list.space").join([*lines, texts("choices.sensitivity.nothing_left_out")])
    other = left[left["differs"] != own["differs"]]
    low, high = texts.percent(float(left["estimate"].min())), texts.percent(float(left["estimate"].max()))
    lines.append(texts("choices.sensitivity.left_out", low=low, high=high, estimate=texts.percent(own["estimate"])))
    if other.empty:
        lines.append(texts("choices.sensitivity.unchanged"))
    else:
        lines.append(texts("choices.sensitivity.changed", which=texts.listing(list(other["title"]))))
    return texts("list.space").join(lines)


def _changes_table(study: Study, frame: Frame, lead: str) -> Table:
    texts = study.texts
    middle = ("window",) if "window" in frame else ()
    rows = tuple(
        (
            row["title"],
            *(row[name] for name in middle),
            texts.points(row["estimate"]),
            texts.size(row["std_error"]),
            interval(study.names, row["ci_low"], row["ci_high"]),
            texts.pvalue(row["pvalue"]),
            texts.size(row["detectable"]),
        )
        for row in frame.to_dict("records")
    )
    keys = (lead, *middle, "estimate>", "std_error>", "interval>", "p>", "detectable>")
    return Table(columns(study.names, keys, level=study.level()), rows)


def _drift(study: Study) -> FigureView | None:
    """The drift before the news of every headline; None where none was computed."""
    texts, frame = study.texts, drift_frame(study.result, lang=study.texts.lang)
    if frame.empty:
        return None
    differs = frame[frame["differs"]]
    which = texts.listing([texts.quoted(title) for title in differs["title"]])
    finding = (
        texts("choices.drift.some", n=len(differs), total=len(frame), which=which)
        if len(differs)
        else texts("choices.drift.none_found", total=len(frame))
    )
    low, high = (
        texts.percent(float(value), signed=False) for value in (frame["detectable"].min(), frame["detectable"].max())
    )
    span = low if low == high else texts("format.interval", low=low, high=high)
    return figure_view(
        "drift",
        drift_figure(frame, lang=texts.lang),
        title=texts("choices.drift.title", windows=texts.listing(list(dict.fromkeys(frame["window"])))),
        finding=texts("list.space").join([finding, texts("choices.drift.missed", size=span)]),
        description=texts("choices.drift.about", level=study.level()),
        table=_changes_table(study, frame, "figure"),
    )


# --- contrasts -----------------------------------------------------------------------------------------


def _contrast(study: Study, record: ContrastRecord) -> FigureView:
    texts = study.texts
    frame = contrast_frame(study.result, record.id, lang=texts.lang)
    title = study.names.must(next(one for one in study.result.spec.contrasts if one.id == record.id), "title")
    return figure_view(
        f"contrast-{record.id}",
        contrast_figure(frame, lang=texts.lang),
        title=title,
        finding=_contrast_finding(study, record),
        description=texts("choices.contrast.about", title=title),
        table=_contrast_table(study, frame, record),
    )


def _contrast_finding(study: Study, record: ContrastRecord) -> str:
    texts = study.texts
    lines = [texts("choices.contrast.finding", estimate=texts.percent(record.estimate))]
    if record.placebo_sd is None or record.placebo_pvalue is None or record.smallest_pvalue is None:
        lines.append(texts("choices.contrast.no_placebo"))
    else:
        judged = {"p": texts.p_equals(record.placebo_pvalue), "least": texts.pvalue(record.smallest_pvalue)}
        spread = texts.percent(record.placebo_sd, signed=False)
        lines.append(texts("choices.contrast.placebo", n=record.n_placebo, spread=spread, **judged))
    if record.std_error is not None and record.pvalue is not None:
        error = texts.percent(record.std_error, signed=False)
        lines.append(texts("choices.contrast.jointly", error=error, p=texts.p_equals(record.pvalue)))
    if record.bootstrap_pvalue is not None:
        lines.append(texts("choices.contrast.bootstrap", p=texts.p_equals(record.bootstrap_pvalue)))
    return texts("list.space").join(lines)


def _contrast_table(study: Study, frame: Frame, record: ContrastRecord) -> Table:
    texts, nothing = study.texts, study.texts("table.nothing")
    parts = tuple(
        (
            row["security"],
            row["window"],
            texts.number(row["weight"], signed=True),
            texts.points(row["car"]),
            texts.points(row["estimate"]),
            nothing,
        )
        for row in frame[frame["part"]].to_dict("records")
    )
    judged = texts.known(record.placebo_pvalue, texts.pvalue)
    total = (texts("choices.contrast.sum"), *(nothing,) * 3, texts.points(record.estimate), judged)
    keys = ("security", "window", "choices_weight>", "car>", "choices_adds>", "choices_placebo_p>")
    return Table(columns(study.names, keys), (*parts, total))


def _contrasts_not_had(study: Study) -> list[str]:
    asked = {
        record.what.removeprefix("contrast ")
        for record in study.result.exclusions
        if record.what.startswith("contrast ")
    }
    return [
        study.texts("choices.contrast.absent", title=study.names.must(one, "title"))
        for one in study.result.spec.contrasts
        if one.id in asked
    ]
