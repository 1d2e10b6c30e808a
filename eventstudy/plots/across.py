"""Paths of `event_study` in the frame of the report's own figure: one event, or the mean across events."""

from __future__ import annotations

from typing import Literal

import numpy as np

from eventstudy.abnormal import CONFIDENCE, interval
from eventstudy.engine.result import EventStudy
from eventstudy.errors import OptionError
from eventstudy.plots.paths import FIELDS
from eventstudy.plots.style import Frame, frame_of

EstimandName = Literal["total", "relative"]


def event_path_frame(study: EventStudy, event_id: str, *, estimand: EstimandName = "total") -> Frame:
    """CAR of one event from the first day of the event window to each later day, with its exact interval.

    Parameters
    ----------
    study : EventStudy
        From `event_study`.
    event_id : str
        One of its events.
    estimand : {"total", "relative"}
        What an abnormal return against the benchmark measures; it chooses the line's look and name.

    Returns
    -------
    DataFrame
        As `car_path_frame`, for `car_path_figure`.
    """
    if event_id not in study.params.index:
        raise OptionError(f"there is no event {event_id!r} in the results; exclusions may say why")
    rows = []
    for day in study.event_window.days:
        found = study.car((study.event_window.first, day)).loc[[event_id], ["car", "ci_low", "ci_high"]]
        car, low, high = found.to_numpy(dtype=float)[0].tolist()
        if np.isfinite(car):
            rows.append((day, f"day {day:+d}", car, low, high))
    return _frame(study, event_id, estimand, rows)


def mean_path_frame(study: EventStudy, *, estimand: EstimandName = "total") -> Frame:
    """CAAR from the first day of the event window to each later day, with its cross-sectional interval.

    The interval is ``mean -/+ t(N - 1) sd / sqrt(N)``: it takes the events as independent, which events on
    shared dates are not.
    """
    rows = []
    for day in study.event_window.days:
        cars = study.car((study.event_window.first, day))["car"].dropna().to_numpy()
        if cars.size < 2:
            continue
        error = cars.std(ddof=1) / np.sqrt(cars.size)
        low, high = interval(cars.mean(), error, np.array(cars.size - 1.0), CONFIDENCE)
        rows.append((day, f"day {day:+d}", float(cars.mean()), float(low), float(high)))
    return _frame(study, f"mean of {len(study.params)} events", estimand, rows)


def _frame(
    study: EventStudy, name: str, estimand: EstimandName, rows: list[tuple[int, str, float, float, float]]
) -> Frame:
    benchmark = ", ".join(study.sample.names) or None
    values = [
        {
            "event_id": name,
            "model": study.model.name,
            "benchmark": benchmark,
            "name": f"{name}, {benchmark}" if benchmark else name,
            "estimand": estimand,
            "rank": 0,
            "relative_day": day,
            "session": None,
            "label": label,
            "car": car,
            "ci_low": low,
            "ci_high": high,
        }
        for day, label, car, low, high in rows
    ]
    return frame_of(values, FIELDS)
