"""What choices do to a headline: other counterfactuals, one change at a time, the drift before; and contrasts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from eventstudy.intervals import limits
from eventstudy.plots.rows import HEAD, interval_points, place_of, titled_rows
from eventstudy.plots.style import BLUE, INK, VERMILLION, Figure, Frame, frame_of, look_of, new_figure, texts_for
from eventstudy.results import ContrastRecord, CounterfactualRecord, HeadlineRecord, Results, SensitivityRecord
from eventstudy.texts import Lang, Texts, load_texts
from eventstudy.texts.names import Names, names_of

COUNTERFACTUAL_FIELDS = [
    "rung",
    "name",
    "title",
    "estimand",
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "pvalue",
    "placebo_pvalue",
    "smallest_pvalue",
    "conformal_pvalue",
    "n_placebo",
    "sigma",
    "nobs",
]
CHANGE_FIELDS = [
    "change",
    "title",
    "what",
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "pvalue",
    "detectable",
    "differs",
]
DRIFT_FIELDS = ["headline", "title", "window", *CHANGE_FIELDS[3:]]
CONTRAST_FIELDS = ["part", "title", "security", "window", "weight", "car", "estimate", "ci_low", "ci_high", "pvalue"]
REACH = 2.0
"""Standard errors that the bar of a counterfactual reaches each way, as a matched portfolio has no exact distribution
to take a quantile of; and standard deviations of placebo dates that the bar of a contrast does."""
AS_IS = "as_is"
ZONE = "#e4e8ec"


def _reached(estimate: float, spread: float | None) -> dict[str, float | None]:
    reach = None if spread is None else REACH * spread
    return {
        "ci_low": None if reach is None else estimate - reach,
        "ci_high": None if reach is None else estimate + reach,
    }


def _points(frame: Frame, own: Frame, texts: Texts, *, color: str) -> Mapping[str, Any]:
    """Markers of some rows of a frame, each in its own line."""
    return interval_points(own, [place_of(int(at), len(frame)) for at in own.index], texts, color=color)


# --- counterfactuals -----------------------------------------------------------------------------------


def counterfactual_frame(result: Results, headline: str, *, lang: Lang = "en") -> Frame:
    """A headline's figure against each counterfactual, in the order of the results.

    Returns
    -------
    DataFrame
        A row per counterfactual: rung, name (in words), title (name, fit and p-values), estimand, estimate, std_error,
        ci_low and ci_high (two standard errors away), sigma (decimal), pvalue (from t), placebo_pvalue,
        smallest_pvalue, conformal_pvalue (missing where there is none), n_placebo, nobs.
    """
    names = names_of(result.spec, lang)
    rows = [_counterfactual(result, names, record) for record in result.counterfactuals if record.id == headline]
    return frame_of(rows, COUNTERFACTUAL_FIELDS)


def _counterfactual(result: Results, names: Names, record: CounterfactualRecord) -> dict[str, Any]:
    benchmark = next((names.benchmark(head.benchmark) for head in result.headlines if head.id == record.id), "")
    name = names.texts(f"choices.rung.{record.rung}", benchmark=benchmark)
    judged = _judged(names, record)
    return {
        "rung": record.rung,
        "name": name,
        "title": names.texts("list.colon").join([name, names.texts("list.comma").join(judged)] if judged else [name]),
        "estimand": record.estimand,
        "estimate": record.estimate,
        "std_error": record.std_error,
        **_reached(record.estimate, record.std_error),
        "pvalue": record.pvalue,
        "placebo_pvalue": record.placebo_pvalue,
        "smallest_pvalue": record.smallest_pvalue,
        "conformal_pvalue": record.conformal_pvalue,
        "n_placebo": record.n_placebo,
        "sigma": record.sigma,
        "nobs": record.nobs,
    }


def _judged(names: Names, record: CounterfactualRecord) -> list[str]:
    given = {"placebo": record.placebo_pvalue, "conformal": record.conformal_pvalue}
    return [
        names.texts(f"choices.judged.{kind}", p=names.texts.p_equals(value))
        for kind, value in given.items()
        if value is not None
    ]


def counterfactual_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The rows of `counterfactual_frame`, each with a bar of two standard errors each way."""
    texts = load_texts(lang)
    figure = new_figure(height=HEAD)
    for estimand in dict.fromkeys(frame["estimand"]):
        own = frame[frame["estimand"] == estimand]
        look = look_of(str(estimand), 0)
        figure.add_scatter(
            **_points(frame, own, texts, color=look["color"]),
            name=texts("choices.legend.counterfactual", estimand=texts(f"estimand.{estimand}")),
            marker={"symbol": look["symbol"], "size": 9, "color": look["color"]},
            showlegend=True,
        )
    titled_rows(figure, list(frame["title"]), axis_title=texts("figure.abnormal_return"), pitch=56)
    return figure


# --- one change at a time ------------------------------------------------------------------------------


def sensitivity_frame(result: Results, headline: str, *, lang: Lang = "en") -> Frame:
    """A headline's figure as it is, with day 0 one session off, and without each security and each session.

    Returns
    -------
    DataFrame
        A row per change: change (``as_is``, ``earlier``, ``later``, ``drop_firm``, ``drop_session``), title, what (the
        security or day, in words), estimate, std_error, ci_low, ci_high, detectable (decimal), pvalue, differs (pvalue
        below the study's level), level.
    """
    names = names_of(result.spec, lang)
    head = next(head for head in result.headlines if head.id == headline)
    own = [record for record in result.sensitivity if record.id == headline and record.change != "drift"]
    rows = [_as_is(names, head)] if own else []
    rows += [_changed(names, record) | _change(result, names, head, record) for record in own]
    return frame_of(rows, CHANGE_FIELDS, level=result.spec.level)


def drift_frame(result: Results, *, lang: Lang = "en") -> Frame:
    """The abnormal return of every headline's subject cumulated over the sessions before its news.

    Returns
    -------
    DataFrame
        A row per headline: headline, title, window (in words), estimate, std_error, ci_low, ci_high, detectable
        (decimal), pvalue, differs (pvalue below the study's level), level.
    """
    names = names_of(result.spec, lang)
    rows = [
        _changed(names, record)
        | {"headline": record.id, "title": names.headline(record.id), "window": names.texts.window(*record.window)}
        for record in result.sensitivity
        if record.change == "drift"
    ]
    return frame_of(rows, DRIFT_FIELDS, level=result.spec.level)


def _as_is(names: Names, head: HeadlineRecord) -> dict[str, Any]:
    return {
        "change": AS_IS,
        "title": names.texts("choices.change.as_is"),
        "what": "",
        "estimate": head.estimate,
        "std_error": head.std_error,
        "ci_low": head.ci_low,
        "ci_high": head.ci_high,
        "pvalue": head.pvalue,
        "detectable": head.detectable,
        "differs": head.pvalue < names.spec.level,
    }


def _changed(names: Names, record: SensitivityRecord) -> dict[str, Any]:
    low, high = limits(record.estimate, record.std_error, record.df, names.spec.confidence)
    return {
        "estimate": record.estimate,
        "std_error": record.std_error,
        "ci_low": low,
        "ci_high": high,
        "pvalue": record.pvalue,
        "detectable": record.detectable,
        "differs": record.pvalue < names.spec.level,
    }


def _change(result: Results, names: Names, head: HeadlineRecord, record: SensitivityRecord) -> dict[str, str]:
    """A change as its kind, its title in words, and what is changed in words."""
    kind: str = record.change
    if kind == "drop_firm":
        what = names.security(record.what)
    else:
        day = date.fromisoformat(record.what)
        what = names.texts.short(day)
        if kind == "moment":
            kind = "earlier" if day < day_zero(result, head) else "later"
    return {"change": kind, "title": names.texts(f"choices.change.{kind}", what=what), "what": what}


def day_zero(result: Results, head: HeadlineRecord) -> date:
    """Day 0 of a headline's figure."""
    members = result.spec.groups[head.subject].securities if head.kind == "group" else ()
    subjects = {head.subject, *members}
    return min(
        record.session
        for record in result.sessions
        if record.event_id == head.event_id and record.security in subjects and record.role == "tested"
    )


def sensitivity_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The rows of `sensitivity_frame`, hollow where p is the level or more."""
    texts = texts_for(frame, lang)
    figure = new_figure(height=HEAD)
    _estimates(figure, frame, texts)
    titled_rows(figure, list(frame["title"]), axis_title=texts("figure.abnormal_return"), pitch=50)
    return figure


def drift_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The rows of `drift_frame` over the zone of drifts that the design would mostly miss (grey)."""
    texts = texts_for(frame, lang)
    figure = new_figure(height=HEAD)
    lines = len(frame)
    zone = {"type": "data", "array": [100 * float(value) for value in frame["detectable"]]}
    figure.add_scatter(
        x=[0.0] * lines,
        y=[place_of(at, lines) for at in range(lines)],
        mode="markers",
        marker={"symbol": "square", "size": 13, "color": ZONE},
        error_x=zone | {"thickness": 13, "width": 0, "color": ZONE},
        name=texts("choices.legend.missed"),
        hoverinfo="skip",
    )
    _estimates(figure, frame, texts)
    titled_rows(figure, list(frame["title"]), axis_title=texts("figure.car"), pitch=56)
    return figure


def _estimates(figure: Figure, frame: Frame, texts: Texts) -> None:
    for differs, fill, color in ((False, "#ffffff", BLUE), (True, VERMILLION, VERMILLION)):
        own = frame[frame["differs"] == differs]
        if len(own):
            figure.add_scatter(
                **_points(frame, own, texts, color=color),
                name=texts("choices.legend.differs" if differs else "choices.legend.zero"),
                marker={
                    "symbol": "square" if differs else "circle",
                    "size": 10,
                    "color": fill,
                    "line": {"width": 2, "color": color if differs else INK},
                },
                showlegend=True,
            )


# --- contrasts -----------------------------------------------------------------------------------------


def contrast_frame(result: Results, contrast: str, *, lang: Lang = "en") -> Frame:
    """The parts of a contrast and their sum.

    Returns
    -------
    DataFrame
        A row per security and a last one for the sum: part (whether it is a part), title, security, window (in words),
        weight, car (decimal; its own CAR), estimate (decimal; weight times CAR, or the sum), ci_low and ci_high (of
        the sum, two standard deviations of placebo dates away), pvalue (of the sum, among placebo dates).
    """
    names = names_of(result.spec, lang)
    rows = [
        row
        for record in result.contrasts
        if record.id == contrast
        for row in [*(_part(names, record, symbol) for symbol in record.weights), _sum(names, record)]
    ]
    return frame_of(rows, CONTRAST_FIELDS)


def _part(names: Names, record: ContrastRecord, symbol: str) -> dict[str, Any]:
    texts, weight, car = names.texts, record.weights[symbol], record.parts[symbol]
    shown = {"security": names.security(symbol), "window": texts.window(*record.event_windows[symbol])}
    return {
        "part": True,
        "title": texts(
            "choices.contrast.part", weight=texts.number(weight, signed=True), car=texts.percent(car), **shown
        ),
        **shown,
        "weight": weight,
        "car": car,
        "estimate": weight * car,
    }


def _sum(names: Names, record: ContrastRecord) -> dict[str, Any]:
    return {
        "part": False,
        "title": names.texts("choices.contrast.sum"),
        "estimate": record.estimate,
        **_reached(record.estimate, record.placebo_sd),
        "pvalue": record.placebo_pvalue,
    }


def contrast_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The rows of `contrast_frame`: hollow parts, and their sum with a bar where placebo dates tell its spread."""
    texts = load_texts(lang)
    figure = new_figure(height=HEAD)
    looks = {
        True: {"symbol": "circle", "size": 10, "color": "#ffffff", "line": {"width": 2, "color": BLUE}},
        False: {"symbol": "diamond", "size": 12, "color": VERMILLION, "line": {"width": 1, "color": INK}},
    }
    for part, marker in looks.items():
        own = frame[frame["part"] == part]
        key = "part" if part else "sum" if own["ci_low"].notna().any() else "sum_bare"
        figure.add_scatter(
            **_points(frame, own, texts, color=VERMILLION),
            name=texts(f"choices.legend.{key}"),
            marker=marker,
        )
    titled_rows(figure, list(frame["title"]), axis_title=texts("figure.abnormal_return"), pitch=50)
    return figure
