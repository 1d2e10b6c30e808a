"""Contrasts: weighted sums of abnormal returns of securities, each in its own market and on its own sessions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from eventstudy.errors import InputError
from eventstudy.facts import Fact, fact
from eventstudy.inference import TestResult
from eventstudy.inference.ranks import rank_test
from eventstudy.inference.sur import Equation, fit_sur
from eventstudy.inference.sur import contrast as contrast_test
from eventstudy.kernel.cases import align
from eventstudy.models import MARKET
from eventstudy.results import ContrastRecord, ExclusionRecord
from eventstudy.spec import Contrast
from eventstudy.study.cases import build_case, market_designs
from eventstudy.study.robust.figures import Figure
from eventstudy.study.robust.placebos import Placebos, on_family_dates, placebos_of
from eventstudy.study.setting import Setting
from eventstudy.study.steps import step_window
from eventstudy.study.ways import Floats
from eventstudy.windows import Window

DRAWS = 999


def contrast_records(setting: Setting, most: int) -> Iterator[ContrastRecord | ExclusionRecord]:
    """The `contrasts` list."""
    for contrast in setting.spec.contrasts:
        figures = [figure for name in contrast.weights if (figure := _figure(setting, contrast, name))]
        if len(figures) == len(contrast.weights):
            yield from _record(setting, contrast, [placebos_of(setting, figure, most) for figure in figures])
            continue
        yield _refused(contrast, fact("not_estimated.contrast"))


def _refused(contrast: Contrast, why: Fact) -> ExclusionRecord:
    return ExclusionRecord.of(fact("contrast", contrast=contrast.id), why, event_id=contrast.event)


def _figure(setting: Setting, contrast: Contrast, security: str) -> Figure | None:
    """A security's part of a contrast: the market model against its preferred benchmark."""
    event, window = contrast.event, Window(0, 0)
    if contrast.event_group is not None:
        found = step_window(setting, setting.spec.event_group(contrast.event_group), security)
        if found is None:
            return None
        event, window = found[0].event.id, found[1]
    for design in market_designs(setting.spec, setting.timed):
        if (design.event.id, design.subject) == (event, security):
            case = build_case(design, setting.series, setting.spec.limit_days)
            panel = align([case], estimation=setting.spec.windows.estimation, event=window)
            enough = int(panel.observed.sum()) >= setting.spec.windows.min_estimation
            return Figure(f"{contrast.id}|{security}", design, case, window) if enough else None
    return None


def _record(setting: Setting, contrast: Contrast, parts: list[Placebos]) -> Iterator[ContrastRecord | ExclusionRecord]:
    weights = np.array(list(contrast.weights.values()))
    own = float(weights @ [part.own.value[0] for part in parts])
    if not np.isfinite(own):
        yield _refused(contrast, fact("not_estimated.missing_return"))
        return
    others = on_family_dates(parts, "value") @ weights
    test = rank_test(own, others, name="placebo_dates", null="the date is like earlier ones")
    spread = float(others.std(ddof=1)) if others.size > 1 else None
    try:
        jointly = _jointly(setting, parts, weights)
    except InputError:
        yield _refused(contrast, fact("not_estimable.contrast"))
        return
    yield ContrastRecord(
        id=contrast.id,
        event_id=parts[0].figure.design.event.id,
        model=MARKET,
        weights=dict(contrast.weights),
        parts={name: float(part.own.value[0]) for name, part in zip(contrast.weights, parts, strict=True)},
        windows={name: str(part.figure.window) for name, part in zip(contrast.weights, parts, strict=True)},
        event_windows={name: part.figure.window for name, part in zip(contrast.weights, parts, strict=True)},
        estimate=own,
        sur_estimate=jointly.estimate,
        std_error=jointly.std_error,
        df=jointly.df if isinstance(jointly.df, float) else None,
        pvalue=jointly.pvalue,
        bootstrap_pvalue=jointly.bootstrap_pvalue,
        placebo_sd=spread,
        n_placebo=others.size,
        placebo_pvalue=test.pvalue,
        smallest_pvalue=1.0 / (others.size + 1) if others.size else None,
    )


def _jointly(setting: Setting, parts: list[Placebos], weights: Floats) -> TestResult:
    """The contrast by seemingly unrelated regressions: own models, residuals correlated on common dates."""
    base = parts[0].figure
    estimation = setting.spec.windows.estimation
    rows = base.case.anchor + np.arange(estimation.first, estimation.last + 1)
    shift = base.sessions[rows] - base.sessions[base.case.day0]
    length = max(part.figure.window.size for part in parts)
    fit = fit_sur([_equation(part.figure, shift, length) for part in parts])
    days = np.array([np.arange(length) < part.figure.window.size for part in parts])
    return contrast_test(fit, weights[:, None] * days, draws=DRAWS, seed=setting.spec.seed)


def _equation(figure: Figure, shift: NDArray[np.timedelta64], length: int) -> Equation:
    """A security's returns on the dates of the first one, moved to its own day 0; a session serves once."""
    case, sessions = figure.case, figure.sessions
    places = np.searchsorted(sessions, sessions[case.day0] + shift)
    once = np.zeros(places.size, dtype=bool)
    once[np.unique(places, return_index=True)[1]] = True
    usable = once & (case.span[places] == 1)
    if case.left_out is not None:
        usable &= ~case.left_out[places]
    factor = case.factors["benchmark"]
    ahead = case.day0 + figure.window.first + np.arange(length)
    inside = np.arange(length) < figure.window.size
    return Equation(
        name=figure.design.subject,
        y=np.where(usable, case.values[places], np.nan),
        x=np.column_stack([np.ones(places.size), np.where(usable, factor[places], np.nan)]),
        event_y=np.where(inside, case.values[ahead], np.nan),
        event_x=np.column_stack([np.ones(length), np.where(inside, factor[ahead], np.nan)]),
    )
