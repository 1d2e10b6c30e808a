"""Names for the kinds of arrays that the numeric rooms pass on, and how a frozen record holds its own."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Days = NDArray[np.datetime64]


def hold(record: Any) -> None:
    """Copy the arrays of a frozen record and make them read-only."""
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, np.ndarray):
            held = value.copy()
            held.flags.writeable = False
            object.__setattr__(record, field.name, held)
