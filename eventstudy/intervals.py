"""Confidence intervals from an estimate, its standard error and its degrees of freedom."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import Floats

CONFIDENCE = 0.95
"""Level of the intervals on a researcher's own returns; a study file states its own."""


def interval(value: Floats, std_error: Floats, df: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Confidence limits value -/+ t quantile x std_error."""
    from scipy import stats

    half = stats.t.isf((1.0 - confidence) / 2.0, df) * std_error
    return value - half, value + half


def limits(
    estimate: float, std_error: float | None, df: float | None, confidence: float
) -> tuple[float | None, float | None]:
    """Confidence limits of one estimate; None where it has no standard error."""
    if std_error is None or df is None:
        return None, None
    low, high = interval(np.array(estimate), np.array(std_error), np.array(float(df)), confidence)
    return float(low), float(high)
