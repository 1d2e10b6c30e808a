"""How much the headlines owe to chance, to other dates, and to the study's own choices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from eventstudy.results import ExclusionRecord, HeadlineRecord, PortfolioRecord, Record
from eventstudy.study.robust.advice import calibration_records, recommendation, residuals_of
from eventstudy.study.robust.contrasts import contrast_records
from eventstudy.study.robust.counterfactuals import counterfactual_records
from eventstudy.study.robust.figures import headline_figures
from eventstudy.study.robust.placebos import placebo_date_records, placebo_records, placebos_of
from eventstudy.study.robust.sensitivity import sensitivity_records
from eventstudy.study.robust.single import single_firm_records
from eventstudy.study.robust.specifications import curve_of, specification_records, summary_record
from eventstudy.study.setting import Setting

Effort = Literal["full", "fast", "none"]

LISTS = (
    "placebo",
    "placebo_dates",
    "single_firm",
    "counterfactuals",
    "contrasts",
    "specification_curve",
    "specification_summary",
    "sensitivity",
    "recommendations",
    "calibration",
)


def robustness(
    setting: Setting, heads: Sequence[HeadlineRecord], portfolios: Sequence[PortfolioRecord], effort: Effort
) -> tuple[dict[str, tuple[Any, ...]], list[ExclusionRecord]]:
    """The lists of `LISTS`, and what could not be had.

    ``fast`` leaves out the specification curve and the simulated sizes, ``none`` everything.
    """
    lists: dict[str, list[Record]] = {name: [] for name in LISTS}
    left_out: list[ExclusionRecord] = []

    def put(name: str, records: Iterable[Record]) -> None:
        for record in records:
            (left_out if isinstance(record, ExclusionRecord) else lists[name]).append(record)  # type: ignore[arg-type]

    if effort != "none":
        given = setting.spec.robustness
        figures = headline_figures(setting, heads, portfolios)
        placebos = [placebos_of(setting, figure, given.placebo_dates) for figure in figures if given.placebo_dates]
        ranked = {record.id: record for record in placebo_records(placebos, setting.spec.level)}
        put("placebo", ranked.values())
        put("placebo_dates", placebo_date_records(placebos))
        put("contrasts", contrast_records(setting, given.placebo_dates))
        for figure in figures:
            resid = residuals_of(setting, figure)
            single = tuple(single_firm_records(setting, figure))
            put("single_firm", single)
            put("counterfactuals", counterfactual_records(setting, figure, given.curve_dates))
            put("sensitivity", sensitivity_records(setting, figure))
            advised = recommendation(setting, figure, resid, placebo=ranked.get(figure.id), single=single)
            put("recommendations", [advised])
            if effort == "full":
                curve = curve_of(setting, figure, given.curve_dates)
                put("specification_curve", specification_records(setting, curve))
                put(
                    "specification_summary",
                    [one for one in [summary_record(curve, setting.spec.level)] if one is not None],
                )
                put("calibration", calibration_records(setting, figure, resid))
    return {name: tuple(records) for name, records in lists.items()}, left_out
