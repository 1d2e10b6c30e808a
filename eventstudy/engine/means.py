"""Means across events."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Floats


def weighted_mean(values: Floats, weight: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Weighted mean of each column over its finite rows, and how many there are.

    Parameters
    ----------
    values : (E, L) float
        One row an event.
    weight : (E,) float
        Above zero.
    """
    known = np.isfinite(values)
    weights = np.where(known, weight[:, None], 0.0)
    total = weights.sum(axis=0)
    mean = (np.where(known, values, 0.0) * weights).sum(axis=0) / np.where(total > 0, total, np.nan)
    return mean, known.sum(axis=0)
