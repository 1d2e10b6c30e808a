"""The table of events: its columns, ids, own windows, groups and weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Floats, Ints
from eventstudy.errors import InputError
from eventstudy.facts import fact
from eventstudy.gate.tables import as_pandas, label
from eventstudy.options import FARTHEST
from eventstudy.windows import Window

if TYPE_CHECKING:
    import pandas as pd

WINDOW_COLUMNS = ("estimation_first", "estimation_last", "event_first", "event_last")
EVENT_COLUMNS = ("asset", "date", "event_id", "group", "weight", "exchange", "anchor", *WINDOW_COLUMNS)


def read_events(given: Any, characteristics: Sequence[str]) -> pd.DataFrame:
    """The events as a frame with known columns only."""
    events = as_pandas(given, "events")
    named = [str(name) for name in events.columns]
    for name in ("asset", "date"):
        if name not in named:
            raise InputError(fact("gate.events.lack", column=name, columns=named))
    if lacking := [name for name in characteristics if name not in named]:
        raise InputError(fact("gate.events.lack", column=lacking[0], columns=named))
    for name in named:
        if named.count(name) > 1:
            raise InputError(fact("gate.events.column_twice", column=name))
        if name not in EVENT_COLUMNS and name not in characteristics:
            raise InputError(fact("gate.events.unknown", column=name, near=_nearest(name), columns=EVENT_COLUMNS))
    return events.set_axis(named, axis=1)


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name.lower(), EVENT_COLUMNS, n=1, cutoff=0.0)))


def ids_of(events: pd.DataFrame) -> NDArray[np.object_]:
    """(E,) keys, each once; row numbers where none are given."""
    if "event_id" not in events.columns:
        return np.array([str(number) for number in range(len(events))], dtype=object)
    if (none := events["event_id"].isna().to_numpy()).any():
        raise InputError(fact("gate.events.no_id", row=int(np.flatnonzero(none)[0])))
    ids = np.array([label(one) for one in events["event_id"]], dtype=object)
    if odd := [row for row, one in enumerate(ids) if "\0" in one]:
        raise InputError(fact("gate.events.odd_id", row=odd[0], given=repr(ids[odd[0]])))
    unique, counts = np.unique(ids.astype(str), return_counts=True)
    if (counts > 1).any():
        raise InputError(fact("gate.events.id_twice", event=str(unique[counts > 1][0])))
    return ids


def windows_of(events: pd.DataFrame, estimation: Window, event: Window) -> Ints:
    """(E, 4): first and last day of the estimation and of the event window, own ones where given."""
    windows = np.tile(np.array([*estimation, *event], dtype=float), (len(events), 1))
    for place, name in enumerate(WINDOW_COLUMNS):
        if name in events.columns:
            own = _own_numbers(events[name], name)
            if (odd := ~np.isnan(own) & (own != np.round(own))).any():
                row = int(np.flatnonzero(odd)[0])
                raise InputError(fact("gate.events.no_day", row=row, column=name, value=str(events[name].iloc[row])))
            windows[:, place] = np.where(np.isnan(own), windows[:, place], own)
    if (far := np.abs(windows).max(axis=1) > FARTHEST).any():
        row = int(np.flatnonzero(far)[0])
        raise InputError(fact("gate.events.far", row=row, farthest=FARTHEST))
    wrong = (windows[:, 0] > windows[:, 1]) | (windows[:, 2] > windows[:, 3]) | (windows[:, 1] >= windows[:, 2])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        first, second = (Window(*map(int, windows[row, part])) for part in (slice(None, 2), slice(2, None)))
        raise InputError(fact("gate.events.windows", row=row, first=first, second=second))
    return windows.astype(np.int64)


def _own_numbers(cells: pd.Series[Any], name: str) -> Floats:
    """Numbers of a column of events; NaN where a cell is empty."""
    import pandas as pd

    numbers = pd.to_numeric(cells.astype(object), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = (np.isnan(numbers) & cells.notna().to_numpy()) | np.isinf(numbers)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(fact("gate.events.no_number", row=row, column=name, value=str(cells.iloc[row])))
    return numbers


def weights_of(events: pd.DataFrame) -> Floats:
    """(E,) weights above 0; ones where none are given."""
    if "weight" not in events.columns:
        return np.ones(len(events))
    weights = _own_numbers(events["weight"], "weight")
    if not (weights > 0).all():
        row = int(np.flatnonzero(~(weights > 0))[0])
        raise InputError(fact("gate.events.weight", row=row, value=str(events["weight"].iloc[row])))
    return weights


def groups_of(events: pd.DataFrame) -> NDArray[np.object_]:
    """(E,) labels of groups, None where there are none."""
    if "group" not in events.columns or events["group"].isna().all():
        return np.full(len(events), None, dtype=object)
    if (none := events["group"].isna().to_numpy()).any():
        raise InputError(fact("gate.events.no_group", row=int(np.flatnonzero(none)[0])))
    return np.array([label(one) for one in events["group"]], dtype=object)
