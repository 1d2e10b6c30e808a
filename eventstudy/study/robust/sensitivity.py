"""Headlines after one change: day 0 moved, a firm or a session left out; and the drift before the event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from eventstudy.abnormal import Estimates, cumulative, detectable_effect, summed, t_test
from eventstudy.calendars import to_date
from eventstudy.kernel.cases import Case, align
from eventstudy.results import SensitivityRecord
from eventstudy.study.cases import build_case
from eventstudy.study.robust.figures import Figure
from eventstudy.study.setting import Setting
from eventstudy.windows import Window

DRIFT = Window(-10, -2)
"""Sessions before the event whose abnormal returns should be nothing if nothing leaked."""


def sensitivity_records(setting: Setting, figure: Figure) -> Iterator[SensitivityRecord]:
    """The `sensitivity` list of a headline."""
    for shift in (-1, 1):
        case = replace(figure.case, day0=figure.case.day0 + shift)
        session = to_date(figure.sessions[case.day0])
        yield from _told(
            setting, figure, "moment", session.isoformat(), figure.window, _car(setting, figure, case, figure.window)
        )
    for member in figure.design.members if len(figure.design.members) > 1 else ():
        left = tuple(name for name in figure.design.members if name != member)
        subject = left[0] if len(left) == 1 else figure.design.subject
        design = replace(figure.design, subject=subject, members=left)
        case = build_case(design, setting.series, setting.spec.limit_days)
        yield from _told(
            setting, figure, "drop_firm", member, figure.window, _car(setting, figure, case, figure.window)
        )
    yield from _without_a_session(setting, figure)
    event = setting.spec.windows.event
    drift = Window(max(DRIFT.first, event.first), DRIFT.last)
    if drift.first <= drift.last:
        yield from _told(setting, figure, "drift", str(drift), drift, _car(setting, figure, figure.case, drift))


def _car(setting: Setting, figure: Figure, case: Case, window: Window) -> Estimates:
    panel = align([case], estimation=setting.spec.windows.estimation, event=window)
    return cumulative(panel, figure.design.chosen.fit(panel), window)


def _without_a_session(setting: Setting, figure: Figure) -> Iterator[SensitivityRecord]:
    if figure.window.size < 2:
        return
    panel = align([figure.case], estimation=setting.spec.windows.estimation, event=figure.window)
    fit = figure.design.chosen.fit(panel)
    ar, own = panel.event_returns - fit.expected, np.asarray(fit.own_variance(panel.event_span), dtype=np.float64)
    for place in range(figure.window.size):
        kept = [column for column in range(figure.window.size) if column != place]
        value, std_error = summed(ar[:, kept], fit.sigma, own[:, kept], fit.leverage_root[:, kept])
        session = to_date(panel.event_sessions[0, place])
        found = t_test(value, std_error, fit.df_resid)
        yield from _told(setting, figure, "drop_session", session.isoformat(), figure.window, found)


def _told(
    setting: Setting, figure: Figure, change: Any, what: str, window: Window, found: Estimates
) -> Iterator[SensitivityRecord]:
    if np.isfinite(found.std_error[0]):
        yield SensitivityRecord(
            id=figure.id,
            change=change,
            what=what,
            window=window,
            estimate=float(found.value[0]),
            std_error=float(found.std_error[0]),
            df=float(found.df[0]),
            pvalue=float(found.pvalue[0]),
            detectable=float(detectable_effect(found.std_error, found.df, level=setting.spec.level)[0]),
        )
