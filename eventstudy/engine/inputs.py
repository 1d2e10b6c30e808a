"""A researcher's frames to a `Sample`: every event is placed or refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy.engine.moments import Dates, event_dates
from eventstudy.engine.sample import Sample, inside_windows
from eventstudy.errors import InputError, OptionError
from eventstudy.facts import Fact, fact
from eventstudy.windows import Window

if TYPE_CHECKING:
    import pandas as pd

NonSession = Literal["raise", "next", "previous", "skip"]
Gap = Literal["one_session", "simple", "log"]
WINDOW_COLUMNS = ("estimation_first", "estimation_last", "event_first", "event_last")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that is not in the results, and why."""

    event_id: str
    why: Fact


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller chose; see `event_study` for their meaning."""

    estimation_window: Window
    event_window: Window
    non_session: NonSession = "raise"
    after_gap: Gap = "one_session"
    exclude_event_days: bool = False
    exchange: str | None = None


@dataclass(slots=True)
class _Placed:
    """Events as they are being placed; rows that stay and the refusals met on the way."""

    ids: NDArray[np.object_]
    keep: NDArray[np.bool_]
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, rows: NDArray[np.bool_], why: Callable[[int], Fact]) -> None:
        for row in np.flatnonzero(rows & self.keep):
            self.refusals.append(Refusal(str(self.ids[row]), why(int(row))))
        self.keep &= ~rows


def read_sample(
    returns: pd.DataFrame, events: pd.DataFrame, regressors: pd.DataFrame, options: Options
) -> tuple[Sample, tuple[Refusal, ...]]:
    """Place events on returns.

    Parameters
    ----------
    returns : DataFrame, sessions x assets
        Decimal returns, NaN where an asset did not trade.
    events : DataFrame
        Columns asset and date, optionally event_id, group, weight and own windows.
    regressors : DataFrame, sessions x K
        Benchmark or factors on the same sessions.
    options : Options
        The caller's choices.

    Raises
    ------
    InputError
        For frames that cannot be read: duplicate sessions, unknown columns, dates that are no dates, a
        date without a session under ``non_session="raise"``.
    """
    import pandas as pd

    sessions = sessions_of(returns.index if isinstance(returns, pd.DataFrame) else None)
    repeated = returns.columns[returns.columns.duplicated()]
    if len(repeated):
        raise InputError(f"the asset {repeated[0]!r} stands in returns twice; give each asset one column")
    values = np.ascontiguousarray(returns.to_numpy(dtype=float, na_value=np.nan).T)
    return place_events(sessions, tuple(map(str, returns.columns)), values, events, regressors, options)


def place_events(
    sessions: NDArray[np.datetime64],
    assets: tuple[str, ...],
    values: NDArray[np.float64],
    events: pd.DataFrame,
    regressors: pd.DataFrame,
    options: Options,
) -> tuple[Sample, tuple[Refusal, ...]]:
    """Place events on returns given as arrays: `values` is (A, S), and may be a memory-mapped file."""
    ids, windows = _ids(events), _windows(events, options)
    placed = _Placed(ids, np.ones(len(events), dtype=bool))
    asset = _assets(events, assets, placed)
    dates = event_dates(events, options.exchange)
    position = _positions(dates, sessions, options.non_session, placed)
    _within(position, windows, sessions, placed)
    keep = placed.keep
    sample = Sample(
        sessions=sessions,
        assets=assets,
        values=values,
        span=_spans(values, options.after_gap),
        names=tuple(str(name) for name in regressors.columns),
        factors=np.ascontiguousarray(regressors.to_numpy(dtype=float, na_value=np.nan).T),
        compounding="log" if options.after_gap == "log" else "simple",
        event_ids=ids[keep],
        asset=asset[keep],
        position=position[keep],
        estimation=windows[keep, :2],
        event=windows[keep, 2:],
        blocked=None,
        group=_column(events, "group", None)[keep],
        weight=_weights(events)[keep],
        moved=dates.moved[keep],
    )
    if options.exclude_event_days:
        first, last = sample.position + sample.event[:, 0], sample.position + sample.event[:, 1]
        sample = replace(sample, blocked=inside_windows(values.shape, sample.asset, first, last))
    return sample, tuple(placed.refusals)


def sessions_of(index: pd.Index[Any] | None) -> NDArray[np.datetime64]:
    """The sessions of an index of dates; `InputError` where they are not dates or do not increase."""
    import pandas as pd

    if index is None:
        raise OptionError("returns must be a DataFrame, sessions x assets")
    if not isinstance(index, pd.DatetimeIndex):
        raise InputError(f"the index of returns must be dates, not {index.dtype}; use pd.to_datetime")
    naive = index.tz_localize(None) if index.tz is not None else index
    sessions = naive.to_numpy(dtype="datetime64[ns]")
    wrong = np.flatnonzero(np.diff(sessions) <= np.timedelta64(0, "ns"))
    if wrong.size:
        at = wrong[0] + 1
        raise InputError(f"the sessions of returns must increase; row {at} ({sessions[at]}) does not")
    return sessions


def _ids(events: pd.DataFrame) -> NDArray[np.object_]:
    for name in ("asset", "date"):
        if name not in events.columns:
            raise InputError(f"events need a column {name!r}; there are {', '.join(map(str, events.columns))}")
    if "event_id" in events.columns:
        ids = events["event_id"].astype(str).to_numpy(dtype=object)
    else:
        ids = np.array([str(number) for number in range(len(events))], dtype=object)
    unique, counts = np.unique(ids.astype(str), return_counts=True)
    if (counts > 1).any():
        raise InputError(f"the event_id {str(unique[counts > 1][0])!r} stands there more than once; ids are unique")
    return ids


def _windows(events: pd.DataFrame, options: Options) -> NDArray[np.int64]:
    """(E, 4): first and last day of the estimation and of the event window, own ones where given."""
    windows = np.tile(np.array([*options.estimation_window, *options.event_window]), (len(events), 1))
    for place, name in enumerate(WINDOW_COLUMNS):
        if name in events.columns:
            own = events[name].to_numpy(dtype=float, na_value=np.nan)
            windows[:, place] = np.where(np.isnan(own), windows[:, place], own)
    wrong = (windows[:, 0] > windows[:, 1]) | (windows[:, 2] > windows[:, 3]) | (windows[:, 1] >= windows[:, 2])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        first, second = Window(*windows[row, :2].tolist()), Window(*windows[row, 2:].tolist())
        raise InputError(
            f"event row {row}: the estimation window {first} must lie before the event window {second}, each in order"
        )
    return windows.astype(np.int64)


def _assets(events: pd.DataFrame, assets: tuple[str, ...], placed: _Placed) -> NDArray[np.int64]:
    known = {name: row for row, name in enumerate(assets)}
    names = [str(name) for name in events["asset"]]
    asset = np.array([known.get(name, -1) for name in names], dtype=np.int64)
    placed.refuse(asset < 0, lambda row: fact("unknown_asset", asset=names[row]))
    return asset


def _positions(
    dates: Dates, sessions: NDArray[np.datetime64], non_session: NonSession, placed: _Placed
) -> NDArray[np.int64]:
    stamps = dates.stamps
    placed.refuse(np.isnat(stamps), lambda row: fact("no_date"))
    placed.refuse(np.array([why is not None for why in dates.unknown]), lambda row: dates.unknown[row])
    at = np.searchsorted(sessions, stamps)
    exact = sessions[np.minimum(at, sessions.size - 1)] == stamps
    off = ~exact & placed.keep & ~np.isnat(stamps)
    if (clocks := off & dates.timed).any():
        row = int(np.flatnonzero(clocks)[0])
        raise InputError(
            f"event row {row}: {stamps[row].astype('datetime64[m]')} has a time of day; give exchange=, whose sessions "
            "tell which could react first, or dates alone"
        )
    if off.any() and non_session == "raise":
        row = int(np.flatnonzero(off)[0])
        more = f" ({int(off.sum())} such events)" if off.sum() > 1 else ""
        raise InputError(
            f"event {placed.ids[row]!r}: {_day(stamps[row])} is not a session of returns{more}; "
            'choose non_session="next", "previous" or "skip"'
        )
    if non_session == "skip":
        placed.refuse(off, lambda row: fact("not_a_session.of_returns", day=_day(stamps[row])))
    if non_session == "previous":
        at = np.where(off, at - 1, at)
    beyond = placed.keep & ((at < 0) | (at >= sessions.size))
    placed.refuse(beyond, lambda row: fact("outside_returns", day=_day(stamps[row]), **_range(sessions)))
    return at.astype(np.int64)


def _within(
    position: NDArray[np.int64], windows: NDArray[np.int64], sessions: NDArray[np.datetime64], placed: _Placed
) -> None:
    """Refuse events whose event window is not wholly inside the sessions: it is never truncated."""
    short = (position + windows[:, 2] < 0) | (position + windows[:, 3] >= sessions.size)

    def why(row: int) -> Fact:
        window = Window(int(windows[row, 2]), int(windows[row, 3]))
        day = _day(sessions[position[row]])
        return fact("event_window_outside_returns", window=window, day=day, **_range(sessions))

    placed.refuse(short & placed.keep, why)


def _spans(values: NDArray[np.float64], after_gap: Gap) -> NDArray[np.int64] | None:
    """Sessions that each return covers: one (None), or all since the last trade, as the caller says."""
    if after_gap == "one_session":
        return None
    traded = np.isfinite(values)
    place = np.arange(values.shape[1])
    last = np.maximum.accumulate(np.where(traded, place, -1), axis=1)
    before = np.concatenate([np.full((values.shape[0], 1), -1), last[:, :-1]], axis=1)
    span = np.where(before >= 0, place - before, 1)
    return np.where(traded, span, 0).astype(np.int64)


def _weights(events: pd.DataFrame) -> NDArray[np.float64]:
    if "weight" not in events.columns:
        return np.ones(len(events))
    weights = events["weight"].to_numpy(dtype=float, na_value=np.nan)
    if not (np.isfinite(weights) & (weights > 0)).all():
        row = int(np.flatnonzero(~(np.isfinite(weights) & (weights > 0)))[0])
        raise InputError(f"event row {row}: the weight {weights[row]} must be a number above 0")
    return weights


def _column(events: pd.DataFrame, name: str, default: object) -> NDArray[np.object_]:
    if name in events.columns:
        return events[name].to_numpy(dtype=object)
    return np.full(len(events), default, dtype=object)


def _day(stamp: Any) -> str:
    return str(stamp.astype("datetime64[D]"))


def _range(sessions: NDArray[np.datetime64]) -> dict[str, str]:
    return {"known_first": _day(sessions[0]), "known_last": _day(sessions[-1])}
