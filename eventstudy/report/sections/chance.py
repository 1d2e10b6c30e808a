"""Is it more than chance? Placebo dates, one firm without a distribution, the choice of a test and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from eventstudy.plots import (
    calibrated,
    placebo_figure,
    placebo_frame,
    single_figure,
    single_frame,
)
from eventstudy.plots.single import conformal_sets, cumulated_pieces, set_words
from eventstudy.report.sections.advice import calibration, choice, headline_of, quoted_title
from eventstudy.report.views import Study, figure_view
from eventstudy.results import HeadlineRecord, PlaceboRecord, SingleFirmRecord
from eventstudy.summary.tables import Table, columns


def build(study: Study) -> dict[str, Any]:
    """The context of ``chance.html``."""
    result = study.result
    return {
        "absent": _absent(study),
        "placebo": _placebo(study) if result.placebos else None,
        "single": _single(study) if conformal_sets(result) else None,
        "choice": choice(study) if result.recommendations else None,
        "calibrations": [calibration(study, name) for name in calibrated(result)],
        "groups": any(head.kind == "group" for head in result.headlines),
    }


def _absent(study: Study) -> str:
    """Why there is nothing at all to show; empty where there is something."""
    result = study.result
    if result.placebos or result.single_firm or result.recommendations or result.calibration:
        return ""
    return study.texts("chance.none" if result.headlines else "chance.no_headlines")


# --- (a) placebo dates ---------------------------------------------------------------------------------


def _placebo(study: Study) -> dict[str, Any]:
    texts = study.texts
    frame = placebo_frame(study.result, lang=texts.lang)
    return {
        "figure": figure_view(
            "placebo",
            placebo_figure(frame, lang=texts.lang),
            title=texts("chance.placebo.figure"),
            finding=_placebo_finding(study),
            description=texts.count("chance.placebo.about", len(study.result.placebos)),
            table=_placebo_dates(study),
        ),
        "table": _placebo_table(study),
        "bounds": _bounds(study),
    }


def _placebo_finding(study: Study) -> str:
    """How many headlines stand out, and all there is to say of the one that stands out most."""
    texts, found = study.texts, study.result.placebos
    rare = [record for record in found if record.pvalue < texts.cutoff]
    least = min(found, key=lambda record: record.pvalue)
    parts = [_placebo_detail(study, least, named=[record.id for record in rare] != [least.id] or len(found) == 1)]
    if len(found) > 1:
        which = texts.listing([quoted_title(study, record.id) for record in rare])
        lead = texts.count("chance.placebo.some", len(rare), total=len(found), which=which)
        parts.insert(0, lead if rare else texts("chance.placebo.none", total=len(found)))
        if least.maxt_pvalue is not None:
            key = "chance.placebo.adjusted"
            parts.append(texts(key, total=len(found), n=least.n_family, p=texts.p_equals(least.maxt_pvalue)))
    return texts("list.space").join(parts)


def _placebo_detail(study: Study, record: PlaceboRecord, *, named: bool) -> str:
    """Rank and p of one headline; `named` where the sentence before does not end with its title."""
    texts = study.texts
    return texts(
        "chance.placebo.detail",
        title=quoted_title(study, record.id) if named else texts("chance.placebo.it"),
        rank=record.rank,
        total=record.n_placebo + 1,
        n=record.n_placebo,
        p=texts.p_equals(record.pvalue),
        least=texts.pvalue(record.smallest_pvalue),
    )


def _placebo_table(study: Study) -> Table:
    texts = study.texts
    rows = tuple(
        (
            study.names.headline(record.id),
            texts("chance.placebo.rank", rank=record.rank, total=record.n_placebo + 1),
            texts.pvalue(record.pvalue),
            texts.pvalue(record.smallest_pvalue),
            texts.known(record.maxt_pvalue, texts.pvalue),
            texts.pvalue(headline_of(study, record.id).pvalue),
        )
        for record in study.result.placebos
    )
    keys = ("figure", "chance_rank>", "p_placebo>", "chance_least>", "p_family>", "p_model>")
    return Table(columns(study.names, keys), rows)


def _placebo_dates(study: Study) -> Table:
    texts = study.texts
    rows = tuple(
        (
            study.names.headline(record.id),
            texts.number(record.statistic),
            texts.number(record.critical),
            texts.number(record.n_placebo, 0),
            texts.span(record.first_session, record.last_session),
            texts.number(record.n_family, 0),
        )
        for record in study.result.placebos
    )
    keys = ("figure", "t>", "chance_critical>", "chance_dates>", "chance_span", "chance_family>")
    return Table(columns(study.names, keys), rows)


def _bounds(study: Study) -> list[str]:
    """Headlines whose own sessions closed at a price limit."""
    cut = [
        record.id
        for record in study.result.placebos
        if any(flag.startswith("limit_") for flag in headline_of(study, record.id).flags)
    ]
    return [study.texts("chance.placebo.bound", title=quoted_title(study, name)) for name in cut]


# --- (b) one firm without a distribution ---------------------------------------------------------------


def _single(study: Study) -> dict[str, Any]:
    texts = study.texts
    found = conformal_sets(study.result)
    several = any(head.window.size > 1 for head, _ in found)
    return {
        "figure": figure_view(
            "single",
            single_figure(single_frame(study.result, lang=texts.lang), lang=texts.lang),
            title=texts("chance.single.figure", level=study.level()),
            finding=_single_finding(study, found),
            description=texts("chance.single.about", level=study.level()),
            table=_single_intervals(study, found),
        ),
        "table": _single_table(study),
        "note": texts("chance.single.note", alpha=texts.level(round(1.0 - study.result.spec.confidence, 10))),
        "several": texts("chance.single.several") if several else "",
    }


def _single_finding(study: Study, found: Sequence[tuple[HeadlineRecord, SingleFirmRecord]]) -> str:
    """Whether the model and the tests without a distribution say the same of zero, and where an interval is none."""
    texts = study.texts
    other = [
        quoted_title(study, head.id)
        for head, record in found
        if _holds_zero([(head.ci_low, head.ci_high)]) != _holds_zero(cumulated_pieces(head, record))
    ]
    odd = dict.fromkeys(record.kind.replace(" ", "_") for _, record in found if record.kind not in (None, "interval"))
    total = len({head.id for head, _ in found})
    if other:
        which = texts.listing(list(dict.fromkeys(other)))
        lead = texts.count("chance.single.differ", total, which=which)
    else:
        lead = texts.count("chance.single.agree", total)
    return texts("list.space").join([lead, *(texts(f"chance.single.kind.{kind}") for kind in odd)])


def _holds_zero(pieces: Sequence[tuple[float | None, float | None]]) -> bool:
    return any((-inf if low is None else low) <= 0.0 <= (inf if high is None else high) for low, high in pieces)


def _single_table(study: Study) -> Table:
    texts = study.texts
    heads = {head.id: head for head in study.result.headlines}
    rows = tuple(
        (
            study.names.headline(record.id),
            _single_test(study, record),
            texts.pvalue(record.pvalue),
            texts.pvalue(record.smallest_pvalue),
            texts.known(record.attainable, texts.size),
            _single_said(study, heads[record.id], record),
        )
        for record in study.result.single_firm
        if record.id in heads
    )
    return Table(
        columns(study.names, ("figure", "chance_test", "p>", "chance_least>", "chance_attainable>", "chance_said")),
        rows,
    )


def _single_test(study: Study, record: SingleFirmRecord) -> str:
    if record.test == "conformal":
        return study.texts(f"chance.single.way.{record.scheme}")
    return study.texts(f"test.{record.test}")


def _single_said(study: Study, head: HeadlineRecord, record: SingleFirmRecord) -> str:
    texts = study.texts
    if record.test == "conformal":
        return set_words(texts, cumulated_pieces(head, record))
    if record.test == "sq" and record.statistic is not None:
        return texts("chance.single.rank", rank=texts.number(record.statistic, 0), total=record.nobs + 1)
    return texts("chance.single.arranged", n=record.nobs)


def _single_intervals(study: Study, found: Sequence[tuple[HeadlineRecord, SingleFirmRecord]]) -> Table:
    texts, names = study.texts, study.names
    rows = []
    for head in {head.id: head for head, _ in found}.values():
        model = texts("format.interval", low=texts.percent(head.ci_low), high=texts.percent(head.ci_high))
        rows.append((names.headline(head.id), texts("chance.single.way.model"), model))
        rows += [
            (names.headline(head.id), _single_test(study, record), set_words(texts, cumulated_pieces(head, record)))
            for own, record in found
            if own.id == head.id
        ]
    return Table(columns(names, ("figure", "chance_test", "chance_set"), level=study.level()), tuple(rows))
