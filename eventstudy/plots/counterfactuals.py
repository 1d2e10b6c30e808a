"""A headline's figure against several counterfactuals, each with how well it fitted and how it stands among others."""

from __future__ import annotations

from typing import Any

from eventstudy.plots.rows import HEAD, interval_points, place_of, titled_rows
from eventstudy.plots.style import Figure, Frame, frame_of, look_of, new_figure
from eventstudy.results import CounterfactualRecord, StudyResult
from eventstudy.texts import Lang, load_texts
from eventstudy.texts.names import Names, names_of

FIELDS = [
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
REACH = 2.0
"""Standard errors that a bar reaches each way: a matched portfolio has no exact distribution to take a quantile of."""


def counterfactual_frame(result: StudyResult, headline: str, *, lang: Lang = "en") -> Frame:
    """A headline's figure against each counterfactual, in the order of the results.

    Returns
    -------
    DataFrame
        A row per counterfactual: rung, name (in words), title (name, fit and p-values), estimand, estimate, std_error,
        ci_low and ci_high (two standard errors away), sigma (decimal), pvalue (from t), placebo_pvalue,
        smallest_pvalue, conformal_pvalue (missing where there is none), n_placebo, nobs.
    """
    names = names_of(result.spec, lang)
    rows = [_row(result, names, record) for record in result.counterfactuals if record.id == headline]
    return frame_of(rows, FIELDS)


def _row(result: StudyResult, names: Names, record: CounterfactualRecord) -> dict[str, Any]:
    reach = None if record.std_error is None else REACH * record.std_error
    name = names.texts(f"choices.rung.{record.rung}", benchmark=_benchmark(result, names, record.id))
    judged = _judged(names, record)
    return {
        "rung": record.rung,
        "name": name,
        "title": names.texts("list.colon").join([name, names.texts("list.comma").join(judged)] if judged else [name]),
        "estimand": record.estimand,
        "estimate": record.estimate,
        "std_error": record.std_error,
        "ci_low": None if reach is None else record.estimate - reach,
        "ci_high": None if reach is None else record.estimate + reach,
        "pvalue": record.pvalue,
        "placebo_pvalue": record.placebo_pvalue,
        "smallest_pvalue": record.smallest_pvalue,
        "conformal_pvalue": record.conformal_pvalue,
        "n_placebo": record.n_placebo,
        "sigma": record.sigma,
        "nobs": record.nobs,
    }


def _benchmark(result: StudyResult, names: Names, headline: str) -> str:
    return next((names.benchmark(head.benchmark) for head in result.headlines if head.id == headline), "")


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
    lines = len(frame)
    for estimand in dict.fromkeys(frame["estimand"]):
        own = frame[frame["estimand"] == estimand]
        look = look_of(str(estimand), 0)
        figure.add_scatter(
            **interval_points(own, [place_of(int(at), lines) for at in own.index], texts, color=look["color"]),
            name=texts("choices.legend.counterfactual", estimand=texts(f"estimand.{estimand}")),
            marker={"symbol": look["symbol"], "size": 9, "color": look["color"]},
            showlegend=True,
        )
    titled_rows(figure, list(frame["title"]), axis_title=texts("figure.abnormal_return"), pitch=56)
    return figure
