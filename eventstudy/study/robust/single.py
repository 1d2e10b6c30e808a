"""Headlines of single securities under tests that assume no distribution."""

from __future__ import annotations

from collections.abc import Iterator
from math import comb

import numpy as np

from eventstudy.inference import TestResult
from eventstudy.inference.conformal import ConformalInterval, conformal_interval, conformal_pvalue
from eventstudy.inference.single import DRAWS, left_out_residuals, permutation_car, sq_test
from eventstudy.kernel.cases import align
from eventstudy.results import SingleFirmRecord
from eventstudy.results.robustness import SingleTest
from eventstudy.study.robust.figures import Figure
from eventstudy.study.setting import Setting
from eventstudy.study.ways import Floats


def single_firm_records(setting: Setting, figure: Figure) -> Iterator[SingleFirmRecord]:
    """The `single_firm` list of a headline: SQ on one session, permutation on several, conformal on both."""
    if len(figure.design.members) > 1 or not figure.design.chosen.row.least_squares:
        return
    y, x, event_y, event_x = _regression(setting, figure)
    if not np.isfinite(event_y).all() or not np.isfinite(event_x).all():
        return
    past = left_out_residuals(y, x)
    ar = event_y - event_x @ np.linalg.lstsq(x, y, rcond=None)[0]
    if ar.size == 1:
        yield _told(figure, "sq", "leave_one_out", sq_test(float(ar[0]), past), past.size + 1, setting.spec.level)
    else:
        test = permutation_car(ar, past, seed=setting.spec.seed)
        arrangements = min(comb(test.nobs + ar.size, ar.size), DRAWS + 1)
        yield _told(figure, "permutation", "days", test, arrangements, setting.spec.level)
    rows = y.size + np.arange(ar.size)
    whole_y, whole_x = np.concatenate([y, event_y]), np.vstack([x, event_x])
    for scheme in ("iid", "moving_block") if ar.size > 1 else ("iid",):
        level = setting.spec.confidence
        pvalue = conformal_pvalue(whole_y, whole_x, rows, scheme=scheme, seed=setting.spec.seed)
        found = conformal_interval(whole_y, whole_x, rows, level=level, scheme=scheme, seed=setting.spec.seed)
        yield _conformal(figure, scheme, pvalue, found, y.size)


def _regression(setting: Setting, figure: Figure) -> tuple[Floats, Floats, Floats, Floats]:
    """Returns and regressors, constant included, of the estimation and the event days."""
    panel = align([figure.case], estimation=setting.spec.windows.estimation, event=figure.window)
    bare = figure.design.chosen.row.needs is None
    used = np.isfinite(panel.returns[0]) if bare else panel.observed[0]
    factors = panel.factors[:0] if bare else panel.factors
    ahead = panel.event_factors[:0] if bare else panel.event_factors
    x = np.column_stack([np.ones(int(used.sum())), *(factor[0, used] for factor in factors)])
    span = panel.event_span[0].astype(float)
    event_x = np.column_stack([span, *(factor[0] for factor in ahead)])
    return panel.returns[0, used], x, panel.event_returns[0], event_x


def _told(
    figure: Figure, name: SingleTest, scheme: str, test: TestResult, arrangements: int, level: float
) -> SingleFirmRecord:
    smallest = 1.0 / arrangements
    return SingleFirmRecord(
        id=figure.id,
        test=name,
        scheme=scheme,
        statistic=test.statistic,
        pvalue=float(test.pvalue or 1.0),
        smallest_pvalue=smallest,
        attainable=np.floor(level / smallest) * smallest,
        nobs=test.nobs,
    )


def _conformal(figure: Figure, scheme: str, pvalue: float, found: ConformalInterval, nobs: int) -> SingleFirmRecord:
    pieces = tuple((_finite(low), _finite(high)) for low, high in found.pieces)
    return SingleFirmRecord(
        id=figure.id,
        test="conformal",
        scheme=scheme,
        pvalue=pvalue,
        smallest_pvalue=found.smallest_pvalue,
        attainable=1.0 - found.attained,
        nobs=nobs,
        kind=found.kind,
        pieces=pieces,
        low=pieces[0][0] if pieces else None,
        high=pieces[-1][1] if pieces else None,
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
