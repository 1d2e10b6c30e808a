"""Which test a headline's design allows, and what the offered tests do in simulated designs like it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from eventstudy.facts import fact
from eventstudy.inference import TESTS
from eventstudy.inference.chooser import advise
from eventstudy.inference.situation import Situation
from eventstudy.kernel.cases import align
from eventstudy.results import CalibrationRecord, FactRecord, PlaceboRecord, RecommendationRecord, SingleFirmRecord
from eventstudy.robustness import calibrate
from eventstudy.study.cases import build_case
from eventstudy.study.cross_sections import section_of_members
from eventstudy.study.robust.figures import Figure
from eventstudy.study.setting import Setting
from eventstudy.study.ways import Floats

REGRESSION = "portfolio_t"
LIGHT_TAILS = 0.1
"""Excess kurtosis below which errors are simulated as normal."""
FEWEST_DRAWS = 100


def residuals_of(setting: Setting, figure: Figure) -> Floats:
    """(N, T) estimation residuals of the members under the headline's model, on common sessions; NaN where left out."""
    from dataclasses import replace

    cases = [
        build_case(replace(figure.design, subject=name, members=(name,)), setting.series, setting.spec.limit_days)
        for name in figure.design.members
    ]
    estimation, fit = setting.spec.windows.estimation, figure.design.chosen.fit
    return np.concatenate([fit(align([case], estimation=estimation, event=figure.window)).resid for case in cases])


def situation(setting: Setting, figure: Figure, resid: Floats) -> Situation:
    """The design of a headline in the numbers that the choice of a test depends on."""
    count, window = len(resid), figure.window
    return Situation(
        events=count,
        dates=1,
        shared=count,
        estimation=int(np.isfinite(resid).sum(axis=1).min()),
        window=window.size,
        correlation=mean_correlation(resid),
        missing=float((~np.isfinite(resid)).mean()),
    )


def mean_correlation(resid: Floats) -> float | None:
    """Mean correlation of the members' residuals on common sessions; None for one member."""
    if len(resid) < 2:
        return None
    whole = resid[:, np.isfinite(resid).all(axis=0)]
    correlation = np.corrcoef(whole)
    return float(np.asarray(correlation)[np.triu_indices(len(resid), 1)].mean())


def tails_of(resid: Floats) -> float | None:
    """Degrees of freedom of a t with the residuals' pooled excess kurtosis, 4 + 6 / excess; None for light tails."""
    standard = (resid - np.nanmean(resid, axis=1, keepdims=True)) / np.nanstd(resid, axis=1, keepdims=True)
    excess = float(np.nanmean(standard**4)) - 3.0
    return None if excess < LIGHT_TAILS else 4.0 + 6.0 / excess


def recommendation(
    setting: Setting,
    figure: Figure,
    resid: Floats,
    *,
    placebo: PlaceboRecord | None,
    single: Sequence[SingleFirmRecord],
) -> RecommendationRecord:
    """The `recommendations` record of a headline, from its placebo dates and its tests by ranks."""
    design = situation(setting, figure, resid)
    advice = advise(design)
    wanted = setting.spec.robustness.test
    used = wanted or (REGRESSION if placebo is None else "placebo_dates")
    overruling = None if wanted is None else advice.overruling(wanted)
    return RecommendationRecord(
        id=figure.id,
        events=design.events,
        estimation=design.estimation,
        window_size=design.window,
        correlation=design.correlation,
        tails=tails_of(resid),
        sigma=float(np.sqrt(np.nanmean(resid**2))),
        recommended=advice.recommended,
        reason=advice.reason,
        why=FactRecord.of(advice.why),
        alternatives=dict(advice.alternatives),
        others={test: FactRecord.of(why) for test, why in advice.others},
        used=used,
        **_answer(setting, figure, used, placebo, single),
        overruled=None if overruling is None else str(overruling),
        overruling=None if overruling is None else FactRecord.of(overruling),
        refused=dict(advice.refused),
        refusals={test: FactRecord.of(why) for test, why in advice.refusals.items()},
    )


def _answer(
    setting: Setting, figure: Figure, used: str, placebo: PlaceboRecord | None, single: Sequence[SingleFirmRecord]
) -> dict[str, Any]:
    """Statistic and p of the test that a headline is judged by, or why it cannot be run."""
    if used == "placebo_dates":
        if placebo is None:
            return {"not_run": FactRecord.of(fact("not_run.no_placebo"))}
        return {"used_statistic": placebo.statistic, "used_pvalue": placebo.pvalue}
    if used in ("sq", "conformal"):
        own = next((one for one in single if one.test == used), None)
        if own is None:
            return {"not_run": FactRecord.of(fact("not_run.not_single"))}
        return {"used_statistic": own.statistic, "used_pvalue": own.pvalue}
    test = TESTS[used]
    found = test(section_of_members(setting, figure.design, figure.window, history=test.history))
    if found.refusal is not None:
        return {"not_run": FactRecord.of(found.refusal)}
    return {"used_statistic": found.statistic, "used_pvalue": found.pvalue}


def calibration_records(setting: Setting, figure: Figure, resid: Floats) -> Iterator[CalibrationRecord]:
    """The `calibration` list of a headline of a group: size and detectable effect of every offered test."""
    draws = setting.spec.robustness.calibration_draws
    if len(resid) < 2 or draws < FEWEST_DRAWS:
        return
    correlation, tails = mean_correlation(resid) or 0.0, tails_of(resid)
    estimation = int(np.isfinite(resid).sum(axis=1).min())
    sigma = float(np.sqrt(np.nanmean(resid**2)))
    found = calibrate(
        events=len(resid),
        estimation=estimation,
        window=figure.window.size,
        correlation=correlation,
        tails=tails,
        draws=draws,
        seed=setting.spec.seed,
        sigma=sigma,
    )
    for row in found.rows:
        yield CalibrationRecord(
            id=figure.id,
            test=row.test,
            events=len(resid),
            estimation=estimation,
            correlation=correlation,
            tails=tails,
            size=row.size,
            size_error=row.size_error,
            detectable=row.detectable_return,
            misleads=row.misleads,
            draws=row.draws,
            unavailable=row.unavailable,
            refusal=None if row.refusal is None else FactRecord.of(row.refusal),
        )
