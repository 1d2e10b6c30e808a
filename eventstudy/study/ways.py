"""One way to estimate an event on a security."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventstudy.kernel.cases import Case
from eventstudy.results import Estimand, Topic
from eventstudy.windows import Window

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A case with its estimation window, and what is said of it.

    `estimation` counts from the case's anchor; `estimand` is that of the design unless named; `over_control` are the
    windows in which a regressor can hold the news itself.
    """

    topic: Topic
    variant: str
    case: Case
    estimation: Window
    other: tuple[str, ...] = ()
    over_control: frozenset[Window] = frozenset()
    estimand: Estimand | None = None
