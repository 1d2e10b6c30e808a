"""Means across events with their cross-sectional t tests, as frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal import weighted_mean
from eventstudy.arrays import Floats
from eventstudy.engine.rows import tested_columns
from eventstudy.options import one_of
from eventstudy.windows import Window

if TYPE_CHECKING:
    import pandas as pd


def mean_of_days(
    ar: Floats, weight: Floats, group: NDArray[np.object_], window: Window, by: str | None
) -> pd.DataFrame:
    """Mean abnormal return of each relative day, (E, L) in; see `EventStudy.aar`."""
    import pandas as pd

    days = pd.Index(list(window.days), name="relative_day")
    parts = {label: _tested("aar", ar[rows], weight[rows], days) for label, rows in _groups(group, by)}
    return parts[None] if by is None else pd.concat(parts, names=["group"])


def mean_of_windows(car: Floats, weight: Floats, group: NDArray[np.object_], by: str | None) -> pd.DataFrame:
    """Mean CAR, (E,) in; see `EventStudy.caar`."""
    import pandas as pd

    rows = [_tested("caar", car[rows, None], weight[rows], [label]) for label, rows in _groups(group, by)]
    frame = pd.concat(rows)
    return frame.reset_index(drop=True) if by is None else frame.rename_axis("group")


def _tested(name: str, values: Floats, weight: Floats, index: Any) -> pd.DataFrame:
    """A row for each column of values: its mean over the events that have it, tested with their own spread."""
    import pandas as pd

    mean, error, count = weighted_mean(values, weight)
    df = np.where(count > 1, count - 1.0, np.nan)
    return pd.DataFrame({**tested_columns(name, mean, error, df), "n": count}, index=index)


def _groups(group: NDArray[np.object_], by: str | None) -> Iterator[tuple[str | None, NDArray[np.intp]]]:
    one_of("by", by, (None, "group"))
    if by is None:
        yield None, np.arange(group.size)
        return
    labels = group.astype(str)
    if not labels.size:
        yield "None", np.arange(0)
    for label in np.unique(labels):
        yield str(label), np.flatnonzero(labels == label)
