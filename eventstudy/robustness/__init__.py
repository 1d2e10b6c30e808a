"""How far a result can be trusted: what the offered tests do in simulated worlds like the user's own."""

from __future__ import annotations

from eventstudy.robustness.cache import calibrate_cached
from eventstudy.robustness.calibration import Calibration, TestCalibration, calibrate
from eventstudy.robustness.simulation import Counts, Executor, Simulated, World, count_rejections, sections, simulate

__all__ = [
    "Calibration",
    "Counts",
    "Executor",
    "Simulated",
    "TestCalibration",
    "World",
    "calibrate",
    "calibrate_cached",
    "count_rejections",
    "sections",
    "simulate",
]
