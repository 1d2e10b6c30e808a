"""Which test the design of a headline allows, and what each is worth: the third part of the section on chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventstudy.facts import say
from eventstudy.plots import calibration_figure, calibration_frame
from eventstudy.plots.calibration import standing
from eventstudy.report.views import FigureView, Study, figure_view
from eventstudy.results import CalibrationRecord, FactRecord, HeadlineRecord, RecommendationRecord
from eventstudy.summary.tables import Table, columns

MODEL_T = "portfolio_t"


def headline_of(study: Study, headline: str) -> HeadlineRecord:
    """The record of a headline."""
    return next(head for head in study.result.headlines if head.id == headline)


def quoted_title(study: Study, headline: str) -> str:
    """A headline's title in quotation marks."""
    return study.texts.quoted(study.names.headline(headline))


def test_name(study: Study, headline: str, test: str) -> str:
    """What a test is called; the t of one security's own model is no portfolio's."""
    own = test == MODEL_T and headline_of(study, headline).kind == "security"
    return study.texts("chance.model_t" if own else f"test.{test}")


def choice(study: Study) -> dict[str, Any]:
    """Recommended, used and refused tests."""
    found = study.result.recommendations
    return {
        "table": _choice_table(study, found),
        "used": _used(study, found),
        "overruled": [line for record in found for line in _overruled(study, record)],
        "others": _others(study, found),
    }


def _choice_table(study: Study, found: Sequence[RecommendationRecord]) -> Table:
    texts = study.texts
    rows = tuple(
        (
            study.names.headline(record.id),
            test_name(study, record.id, record.recommended),
            reason_words(study, record.why, rho=texts.known(record.correlation, texts.number)),
            test_name(study, record.id, record.used),
            texts.known(record.used_pvalue, texts.pvalue),
        )
        for record in found
    )
    return Table(columns(study.names, ("figure", "chance_recommended", "chance_because", "chance_used", "p>")), rows)


def reason_words(study: Study, why: FactRecord, **more: str) -> str:
    """A fact in the page's own, shorter words where there are some; `more` are values as the page writes them."""
    if study.texts.knows(key := f"chance.{why.code}"):
        return say(key, {**why.values, **more}, study.texts.entries, study.names.naming)
    return study.names.fact(why.code, why.values)


def _used(study: Study, found: Sequence[RecommendationRecord]) -> list[str]:
    """What the headline sentences rest on where the study names no test and it is not what is recommended."""
    used = {record.used for record in found if record.overruling is None and record.used != record.recommended}
    known = {"placebo_dates": "chance.used_placebo", MODEL_T: "chance.used_model"}
    return [study.texts(key) for test, key in known.items() if test in used]


def _overruled(study: Study, record: RecommendationRecord) -> list[str]:
    if record.overruling is None:
        return []
    texts = study.texts
    ran = (
        texts("chance.used_result", p=texts.known(record.used_pvalue, texts.pvalue))
        if record.not_run is None
        else texts("chance.not_run", why=reason_words(study, record.not_run))
    )
    values = {
        "title": quoted_title(study, record.id),
        "used": test_name(study, record.id, record.used),
        "recommended": test_name(study, record.id, record.recommended),
    }
    if record.used in record.refusals:
        why = reason_words(study, record.refusals[record.used])
        told = texts("chance.overruled_refused", why=why, **values)
    else:
        told = texts("chance.overruled", **values)
    return [texts("list.space").join([told, ran])]


def _others(study: Study, found: Sequence[RecommendationRecord]) -> Table:
    """Tests that hold too and tests that mislead, those of one reason in a row, headlines of the same row together."""
    texts, held = study.texts, study.texts("chance.standing.holds")
    rows: dict[tuple[str, str, str], list[str]] = {}
    for record in found:
        cells: dict[tuple[str, str], list[str]] = {}
        for test in record.others:
            cells.setdefault((held, texts("chance.also")), []).append(test)
        for test, why in record.refusals.items():
            cells.setdefault((texts("chance.standing.refused"), reason_words(study, why)), []).append(test)
        for cell, tests in cells.items():
            named = texts("list.semicolon").join(test_name(study, record.id, test) for test in tests)
            rows.setdefault((named, *cell), []).append(study.names.headline(record.id))
    body = tuple((*cells, texts("list.semicolon").join(heads)) for cells, heads in rows.items())
    keys = ("chance_tests", "chance_standing", "chance_because", "chance_figures")
    return Table(columns(study.names, keys), tuple(sorted(body, key=lambda row: row[1] != held)))


def calibration(study: Study, headline: str) -> dict[str, Any]:
    """Simulated sizes and detectable effects in a design like that of a headline."""
    texts = study.texts
    own = [record for record in study.result.calibration if record.id == headline]
    done = [record for record in own if record.size is not None]
    left = [record for record in own if record.size is None]
    sound = [record for record in done if standing(record) == "holds" and record.detectable is not None]
    return {
        "design": _design(study, done[0]),
        "figure": _calibration_figure(study, headline, done),
        "lead": texts("chance.calibration.detectable"),
        "table": _sizes(study, sorted(sound, key=lambda record: record.detectable or 0.0)),
        "left": _left_out(study, left) if left else None,
        "left_title": texts.count("chance.calibration.left", len(left)),
    }


def _design(study: Study, record: CalibrationRecord) -> str:
    texts = study.texts
    tails = (
        texts("chance.calibration.normal")
        if record.tails is None
        else texts("chance.calibration.fat", df=texts.number(record.tails, 1))
    )
    return texts(
        "chance.calibration.design",
        title=quoted_title(study, record.id),
        draws=texts.number(record.draws, 0),
        n=record.events,
        days=record.estimation,
        correlation=texts.number(record.correlation),
        tails=tails,
    )


def _calibration_figure(study: Study, headline: str, done: Sequence[CalibrationRecord]) -> FigureView:
    texts = study.texts
    title = study.names.headline(headline)
    frame = calibration_frame(study.result, headline, lang=texts.lang)
    by_size = sorted(done, key=lambda record: -(record.size or 0.0))
    return figure_view(
        f"calibration-{headline}",
        calibration_figure(frame, lang=texts.lang),
        title=texts("chance.calibration.figure", title=title),
        finding=_calibration_finding(study, headline, done),
        description=texts("chance.calibration.about", title=title),
        table=_sizes(study, by_size),
    )


def _calibration_finding(study: Study, headline: str, done: Sequence[CalibrationRecord]) -> str:
    """How many tests mislead, how many cannot reject, and what the recommended one is worth."""
    texts = study.texts
    parts = []
    for name in ("misleads", "never"):
        tests = [texts(f"test.{record.test}") for record in done if standing(record) == name]
        if tests:
            which = texts("list.semicolon").join(tests)
            parts.append(texts.count(f"chance.calibration.{name}", len(tests), total=len(done), which=which))
    if not parts:
        parts.append(texts.count("chance.calibration.sound", len(done)))
    advised = {record.id: record.recommended for record in study.result.recommendations}
    for record in done:
        if record.test == advised.get(headline) and record.size is not None:
            size, name = texts.percent(record.size, signed=False), texts(f"test.{record.test}")
            parts.append(texts("chance.calibration.recommended", test=name, size=size))
            if record.detectable is not None:
                effect = texts.percent(record.detectable, signed=False)
                parts.append(texts("chance.calibration.power", effect=effect))
    return texts("list.space").join(parts)


def _sizes(study: Study, found: Sequence[CalibrationRecord]) -> Table:
    texts, nothing = study.texts, study.texts("table.nothing")
    rows = tuple(
        (
            texts(f"test.{record.test}"),
            texts.known(record.size, texts.size),
            texts.known(record.size_error, texts.size),
            texts(f"chance.standing.{standing(record)}"),
            nothing if record.detectable is None or record.misleads else texts.size(record.detectable),
        )
        for record in found
    )
    keys = ("chance_test", "chance_size>", "chance_error>", "chance_standing", "detectable>")
    return Table(columns(study.names, keys), rows)


def _left_out(study: Study, left: Sequence[CalibrationRecord]) -> Table:
    rows = tuple((study.names.test(one.test), reason_words(study, one.refusal)) for one in left if one.refusal)
    return Table(columns(study.names, ("chance_test", "chance_because")), rows)
