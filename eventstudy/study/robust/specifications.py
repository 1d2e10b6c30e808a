"""The specification curve: a headline under every declared set of choices, on its own date and on placebo dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal import Estimates, cumulative
from eventstudy.facts import fact
from eventstudy.inference.ranks import rank_test
from eventstudy.kernel.cases import Case, moved
from eventstudy.results import ExclusionRecord, SpecificationRecord, SpecificationSummaryRecord
from eventstudy.results.robustness import Adjustment
from eventstudy.spec import LimitDays, ReturnKind
from eventstudy.study.cases import benchmarks_of, build_case
from eventstudy.study.robust.figures import Figure, Positions, admissible, latest
from eventstudy.study.series import study_series
from eventstudy.study.setting import Setting
from eventstudy.study.ways import Floats
from eventstudy.windows import Window

LIMITS: Mapping[Adjustment, LimitDays] = {"as_traded": "keep", "limit_days_dropped": "drop"}
ENOUGH = 0.75
"""Share of an estimation window that must be observed, where that is less than the study's own minimum."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One set of choices."""

    model: str
    benchmark: str | None
    estimation: int
    gap: int
    window: Window
    returns: ReturnKind
    adjustment: Adjustment

    @property
    def span(self) -> Window:
        """The estimation window."""
        return Window(-self.gap - self.estimation, -self.gap - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A headline under m choices: on its own date, and on n placebo dates, (n, m) each; and choices without figure."""

    figure: Figure
    refused: tuple[Choice, ...]
    choices: tuple[Choice, ...]
    own: Estimates
    value: Floats
    statistic: Floats
    significant: NDArray[np.bool_]


def choices_of(setting: Setting, figure: Figure) -> tuple[Choice, ...]:
    """Every declared set of choices that applies to a headline, the study's own always among them."""
    spec, given = setting.spec, setting.spec.robustness
    members = figure.design.members
    limits: Sequence[Adjustment] = ("as_traded", "limit_days_dropped")
    if not _at_limit(setting, figure):
        limits = ("as_traded",)
    windows = [Window(figure.window.first - earlier, figure.window.last + later) for earlier, later in given.widen]
    pairs = [
        (model, benchmark)
        for model in dict.fromkeys((figure.design.model, *given.models))
        for benchmark in benchmarks_of(spec, members[0], setting.models[model].row)
        if all(benchmark in benchmarks_of(spec, name, setting.models[model].row) for name in members)
    ]
    own = spec.windows.estimation
    lengths = sorted({own.size, *given.estimation_lengths})
    gaps = sorted({-own.last - 1, *given.gaps})
    kinds = dict.fromkeys((spec.returns, *given.returns))
    every = (
        Choice(model, benchmark, length, gap, window, kind, adjustment)
        for (model, benchmark), length, gap, window, kind, adjustment in product(
            pairs, lengths, gaps, dict.fromkeys((figure.window, *windows)), kinds, limits
        )
    )
    return tuple(dict.fromkeys(every))


def _at_limit(setting: Setting, figure: Figure) -> bool:
    """Whether a member ever closed at a price limit; if none did, all treatments of such days are one."""
    return any(bool(setting.series[name].at_limit.any()) for name in figure.design.members)


def curve_of(setting: Setting, figure: Figure, most: int) -> Curve:
    """The headline under all its choices, on its own date and on the last `most` placebo dates."""
    choices = choices_of(setting, figure)
    positions = latest(_positions(setting, figure, choices), most)
    columns = _estimates(setting, figure, choices, np.concatenate([positions, [figure.case.day0]]))
    value, std_error, statistic, df, pvalue = (
        np.column_stack([getattr(columns[choice], name) for choice in choices])
        for name in ("value", "std_error", "statistic", "df", "pvalue")
    )
    known = np.isfinite(statistic[-1])
    value, std_error, statistic, df, pvalue = (part[:, known] for part in (value, std_error, statistic, df, pvalue))
    whole = np.isfinite(statistic[:-1]).all(axis=1)
    return Curve(
        figure=figure,
        refused=tuple(choice for choice, there in zip(choices, known, strict=True) if not there),
        choices=tuple(choice for choice, there in zip(choices, known, strict=True) if there),
        own=Estimates(value[-1], std_error[-1], statistic[-1], df[-1], pvalue[-1]),
        value=value[:-1][whole],
        statistic=statistic[:-1][whole],
        significant=pvalue[:-1][whole] < setting.spec.level,
    )


def _estimates(
    setting: Setting, figure: Figure, choices: Sequence[Choice], positions: Positions
) -> dict[Choice, Estimates]:
    """The figure under every choice with its day 0 at each position; choices that differ in window only share a fit."""
    series = {
        kind: study_series(
            setting.spec.model_copy(update={"returns": kind}),
            setting.levels,
            {name: one.at_limit for name, one in setting.series.items()},
            setting.models.values(),
        )
        for kind in {choice.returns for choice in choices}
    }
    alike: dict[Choice, list[Choice]] = {}
    for choice in choices:
        alike.setdefault(replace(choice, window=figure.window), []).append(choice)
    cases: dict[tuple[str, str | None, str, str], Case] = {}
    columns: dict[Choice, Estimates] = {}
    for choice, others in alike.items():
        place = (choice.model, choice.benchmark, choice.returns, choice.adjustment)
        if place not in cases:
            design = replace(figure.design, chosen=setting.models[choice.model], benchmark=choice.benchmark)
            cases[place] = build_case(design, series[choice.returns], LIMITS[choice.adjustment])
        columns |= _columns(setting, cases[place], others, positions)
    return columns


def _columns(
    setting: Setting, case: Case, alike: Sequence[Choice], positions: Positions
) -> Iterator[tuple[Choice, Estimates]]:
    """Estimates under choices that differ in their window only, from one fit."""
    first = alike[0]
    panel = moved(case, positions, estimation=first.span, event=_widest(alike))
    fit = setting.models[first.model].fit(panel)
    few = fit.nobs < min(setting.spec.windows.min_estimation, int(ENOUGH * first.estimation))
    for choice in alike:
        cars = cumulative(panel, fit, choice.window)
        value, statistic = (np.where(few, np.nan, part) for part in (cars.value, cars.statistic))
        yield choice, replace(cars, value=value, statistic=statistic)


def _widest(choices: Sequence[Choice]) -> Window:
    """The window that holds those of all choices."""
    return Window(min(choice.window.first for choice in choices), max(choice.window.last for choice in choices))


def _positions(setting: Setting, figure: Figure, choices: Sequence[Choice]) -> Positions:
    """Placebo dates for the longest estimation window, the largest gap and the widest window of all choices."""
    if not choices:
        return np.zeros(0, dtype=np.intp)
    estimation = Window(min(choice.span.first for choice in choices), min(choice.span.last for choice in choices))
    return admissible(setting, figure, estimation=estimation, window=_widest(choices))


def specification_records(setting: Setting, curve: Curve) -> Iterator[SpecificationRecord | ExclusionRecord]:
    """The `specification_curve` list of a headline; how many of its choices have no estimate."""
    if curve.refused:
        every = len(curve.refused) + len(curve.choices)
        yield ExclusionRecord.of(
            fact("specification_curve", headline=curve.figure.id),
            fact("not_estimated.specifications", n=len(curve.refused), total=every),
            event_id=curve.figure.design.event.id,
            security=curve.figure.design.subject,
        )
    spec, design = setting.spec, curve.figure.design
    own = (design.model, design.benchmark, spec.windows.estimation, curve.figure.window)
    as_chosen = {spec.limit_days} if _at_limit(setting, curve.figure) else set(LIMITS.values())
    for number, choice in enumerate(curve.choices):
        main = (choice.model, choice.benchmark, choice.span, choice.window) == own and (
            choice.returns == spec.returns and LIMITS[choice.adjustment] in as_chosen
        )
        placebo = rank_test(
            float(curve.own.statistic[number]),
            curve.statistic[:, number],
            name="placebo_dates",
            null="the date is like earlier ones",
        )
        yield SpecificationRecord(
            id=curve.figure.id,
            number=number,
            model=choice.model,
            benchmark=choice.benchmark,
            estimation=choice.estimation,
            gap=choice.gap,
            window=choice.window,
            returns=choice.returns,
            adjustment=choice.adjustment,
            main=main,
            estimate=float(curve.own.value[number]),
            std_error=float(curve.own.std_error[number]),
            statistic=float(curve.own.statistic[number]),
            df=float(curve.own.df[number]),
            pvalue=float(curve.own.pvalue[number]),
            placebo_pvalue=placebo.pvalue,
        )


def summary_record(curve: Curve, level: float) -> SpecificationSummaryRecord | None:
    """All specifications of a headline together; None where there is none."""
    values = curve.own.value
    if not values.size:
        return None
    n, median = len(curve.value), float(np.median(values))
    share = float((curve.own.pvalue < level).mean())
    smallest = 1.0 / (n + 1) if n else None
    medians, shares = np.median(curve.value, axis=1), curve.significant.mean(axis=1)
    return SpecificationSummaryRecord(
        id=curve.figure.id,
        n_specifications=values.size,
        median=median,
        lowest=float(values.min()),
        highest=float(values.max()),
        share_significant=share,
        share_same_sign=float((np.sign(values) == np.sign(median)).mean()),
        n_placebo=n,
        smallest_pvalue=smallest,
        median_pvalue=float((1 + (np.abs(medians) >= abs(median)).sum()) / (n + 1)) if n else None,
        share_pvalue=float((1 + (shares >= share).sum()) / (n + 1)) if n else None,
    )
