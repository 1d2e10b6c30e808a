"""Tables of any kind to one: pandas, polars and Arrow, wide or long, under any labels, as numbers of assets by day."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from eventstudy.arrays import Days, Floats
from eventstudy.errors import InputError
from eventstudy.facts import fact
from eventstudy.gate.days import SHOWN, day_text, read_stamps

if TYPE_CHECKING:
    import pandas as pd

DATES = ("date", "session", "day", "datetime", "time", "timestamp", "caldt", "dlycaldt", "datadate")
ASSETS = ("asset", "symbol", "ticker", "security", "permno", "gvkey", "firm", "isin", "cusip", "code")
RETURNS = ("return", "returns", "ret", "dlyret", "daily_return")
"""Headings, in any case, by which columns of a table without an index of dates are known."""


MIDNIGHT = np.timedelta64(0, "ns")


@dataclass(frozen=True, slots=True)
class Labels:
    """What the labels of sessions were before they became days: their time zone, and the time of day they all have."""

    zone: str | None = None
    clock: np.timedelta64 = MIDNIGHT


@dataclass(frozen=True, slots=True, eq=False)
class Wide:
    """Numbers by column and session.

    Attributes
    ----------
    names : tuple of A str
        The columns, each once.
    sessions : (S,) datetime64[ns]
        Strictly increasing days.
    values : (A, S) float
        The numbers, NaN where a cell is empty.
    labels : Labels
        What the labels of the sessions were.
    """

    names: tuple[str, ...]
    sessions: Days
    values: Floats
    labels: Labels = Labels()

    def on(self, sessions: Days) -> Floats:
        """(A, S') the numbers on other sessions, NaN on those that are not there."""
        if sessions is self.sessions:
            return self.values
        at = np.minimum(np.searchsorted(self.sessions, sessions), self.sessions.size - 1)
        return np.where(self.sessions[at] == sessions, self.values[:, at], np.nan)


def as_pandas(given: Any, what: str) -> pd.DataFrame:
    """A pandas frame of any table that is in memory.

    Parameters
    ----------
    given : DataFrame or Series of pandas or polars, or Arrow table
        The table; a series is a table of one column.
    what : str
        What a refusal calls it.

    Raises
    ------
    InputError
        Code ``gate.kind`` for anything else, ``gate.lazy`` for a query that was not run, ``gate.levels`` for headings
        of several levels, ``gate.empty`` for a table without rows or columns.
    """
    import pandas as pd

    if isinstance(given, pd.Series):
        given = given.to_frame(what if given.name is None else given.name)
    frame = given if isinstance(given, pd.DataFrame) else _foreign(given, what)
    if frame.columns.nlevels > 1:
        raise InputError(fact("gate.levels", what=what, n=frame.columns.nlevels, first=str(frame.columns[0])))
    if frame.empty:
        raise InputError(fact("gate.empty", what=what))
    return frame


def _foreign(given: Any, what: str) -> pd.DataFrame:
    import pandas as pd

    kind = f"{type(given).__module__.partition('.')[0]}.{type(given).__qualname__}"
    if given is None or isinstance(given, (str, bytes, int, float, list, tuple, dict, np.ndarray)):
        raise InputError(fact("gate.kind", what=what, kind=kind.removeprefix("builtins.")))
    import narwhals as nw

    table: Any = nw.from_native(given, eager_only=False, pass_through=True, allow_series=True)
    if isinstance(table, nw.LazyFrame):
        raise InputError(fact("gate.lazy", what=what, kind=kind))
    if isinstance(table, nw.Series):
        table = table.alias(table.name or what).to_frame()
    if not isinstance(table, nw.DataFrame):
        raise InputError(fact("gate.kind", what=what, kind=kind))
    try:
        return pd.DataFrame({name: _column(table[name]) for name in table.columns})
    except (nw.exceptions.NarwhalsError, ValueError, TypeError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise InputError(fact("gate.unread", what=what, reason=reason)) from None


def _column(series: Any) -> Any:
    import pandas as pd

    zone = getattr(series.dtype, "time_zone", None)
    values = series.to_numpy()
    if zone is None or values.dtype == object:
        return values
    return pd.Series(values.astype("datetime64[ns]")).dt.tz_localize("UTC").dt.tz_convert(zone)


def label(name: Any) -> str:
    """An asset or heading as text: 10107.0 of a spreadsheet is 10107."""
    if isinstance(name, (float, np.floating)) and float(name).is_integer():
        return str(int(name))
    return str(name).strip()


def labelled(cells: pd.Series[Any]) -> tuple[Any, tuple[str, ...]]:
    """(n,) which label each cell has, and the labels; cells that are written alike have one label."""
    import pandas as pd

    plain = [one if isinstance(one, Hashable) else repr(one) for one in cells]
    codes, distinct = pd.factorize(np.array([*plain, None], dtype=object)[:-1])
    again, names = pd.factorize(np.array([label(one) for one in distinct], dtype=object))
    return again[codes], tuple(map(str, names))


def read_wide(given: Any, what: str, *, date_format: str | None = None, zone: str | None = None) -> Wide:
    """A table of numbers, wide or long.

    Parameters
    ----------
    given : table
        As `as_pandas` takes it. *Wide*: a row a session, a column an asset; the sessions are the index, or the column
        that is called like one of `DATES`. *Long*: a row an asset and session, with columns called like one of `DATES`,
        of `ASSETS` and of `RETURNS`.
    what : str
        What a refusal calls it.
    date_format : str, optional
        Format of sessions that are texts.
    zone : str, optional
        Time zone of the exchange, in which labels with a clock in UTC are dated.

    Raises
    ------
    InputError
        For anything that leaves open which number belongs to which asset and session; the code says what.
    """
    stamps, frame = _dated(as_pandas(given, what), what)
    if (headings := _long(frame, stamps, what)) is not None:
        days, _ = _days(stamps, what, date_format, zone, clocks=False)
        return _pivoted(frame, days, headings, what)
    days, labels = _days(stamps, what, date_format, zone)
    _increasing(days, what)
    names = _labels(frame.columns, what)
    return Wide(names, days, _numbers(frame, names, days, what), labels)


def _dated(frame: pd.DataFrame, what: str) -> tuple[pd.Series[Any], pd.DataFrame]:
    """The sessions of the rows, and the other columns."""
    import pandas as pd

    if frame.index.nlevels > 1 or _called(frame.index.names, ASSETS):
        frame = frame.reset_index()
    index = frame.index
    columns = _called(list(frame.columns), DATES)
    counts = isinstance(index, pd.RangeIndex) or (pd.api.types.is_integer_dtype(index.dtype) and columns)
    if not counts:
        return pd.Series(index, name="index"), frame
    if not columns:
        columns = [name for name in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[name].dtype)]
    if len(columns) != 1:
        told = {"kind": str(index.dtype), "columns": [str(one) for one in frame.columns]}
        raise InputError(fact("gate.no_dates", what=what, **told))
    rest = frame.drop(columns=columns)
    if rest.empty:
        raise InputError(fact("gate.empty", what=what))
    return frame[columns[0]], rest


def _called(names: Iterable[Any], wanted: Sequence[str]) -> list[Any]:
    """Which headings are among some words, in any case."""
    return [name for name in names if isinstance(name, str) and name.strip().lower() in wanted]


def _long(frame: pd.DataFrame, stamps: pd.Series[Any], what: str) -> tuple[Any, Any] | None:
    """The headings of assets and returns of a long table; None for a wide one."""
    assets, values = _called(list(frame.columns), ASSETS), _called(list(frame.columns), RETURNS)
    if len(assets) == 1 and len(values) == 1:
        return assets[0], values[0]
    repeated = stamps.duplicated()
    if not assets and 2 * int(repeated.sum()) > len(stamps):
        columns = [str(one) for one in frame.columns]
        raise InputError(fact("gate.long.headings", what=what, assets=ASSETS, returns=RETURNS, columns=columns))
    if assets and repeated.any():
        code = "gate.long.assets" if len(assets) > 1 else "gate.long.returns"
        raise InputError(fact(code, what=what, assets=list(assets), columns=[str(one) for one in frame.columns]))
    return None


def _pivoted(frame: pd.DataFrame, days: Days, headings: tuple[Any, Any], what: str) -> Wide:
    """A long table turned wide; a session that an asset lacks is missing."""
    asset, value = headings
    if (bad := frame[asset].isna().to_numpy()).any():
        raise InputError(fact("gate.no_asset", what=what, row=int(np.flatnonzero(bad)[0])))
    column, names = labelled(frame[asset])
    cells = _numbers(frame[[value]], [names[one] for one in column], days, what, long=True)[0]
    sessions, row = np.unique(days, return_inverse=True)
    place = column * sessions.size + row
    unique, counts = np.unique(place, return_counts=True)
    if (counts > 1).any():
        twice = [divmod(int(one), sessions.size) for one in unique[counts > 1]]
        shown = tuple({"asset": names[one], "session": day_text(sessions[day])} for one, day in twice[:SHOWN])
        raise InputError(fact("gate.twice.of_asset", what=what, n=len(twice), own_cells=shown))
    wide = np.full((len(names), sessions.size), np.nan)
    wide[column, row] = cells
    return Wide(names, sessions, wide)


def _days(
    stamps: pd.Series[Any], what: str, date_format: str | None, zone: str | None, *, clocks: bool = True
) -> tuple[Days, Labels]:
    """The day of each row, and what the labels were."""
    import pandas as pd

    if not (pd.api.types.is_datetime64_any_dtype(stamps.dtype) or isinstance(stamps.dtype, pd.PeriodDtype)) and (
        pd.api.types.is_float_dtype(stamps.dtype) or pd.api.types.is_bool_dtype(stamps.dtype)
    ):
        raise InputError(fact("gate.index_kind", what=what, kind=str(stamps.dtype)))
    read = read_stamps(stamps, what, date_format)
    if (none := np.isnat(read.written)).any():
        raise InputError(fact("gate.no_session", what=what, row=int(np.flatnonzero(none)[0])))
    known = str(stamps.dt.tz) if getattr(stamps.dtype, "tz", None) is not None else None
    written, timed = read.written, read.timed
    if timed.any() and not np.isnat(read.instants).any():
        written, timed = _dated_at(read.instants, written, known, zone, what)
    days = written.astype("datetime64[D]")
    if clocks and timed.any() and (np.diff(days) == np.timedelta64(0, "D")).any():
        busiest = int(np.unique(days, return_counts=True)[1].max())
        raise InputError(fact("gate.intraday", what=what, n=busiest, session=day_text(days[0])))
    days = days.astype("datetime64[ns]")
    clock = np.unique(written - days)
    return days, Labels(known, clock[0] if clock.size == 1 else MIDNIGHT)


def _dated_at(instants: Days, written: Days, known: str | None, zone: str | None, what: str) -> tuple[Days, Any]:
    """Labels with a clock: dated in their own zone, or, in UTC, in that of the exchange."""
    import pandas as pd

    if known not in ("UTC", "+00:00", "UTC+00:00", "Etc/UTC", "GMT"):
        return written, written != written.astype("datetime64[D]")
    if zone is None:
        raise InputError(fact("gate.utc_labels", what=what, label=str(written[0].astype("datetime64[m]")) + "Z"))
    local = pd.DatetimeIndex(instants, tz="UTC").tz_convert(zone).tz_localize(None).to_numpy(dtype="datetime64[ns]")
    return local, local != local.astype("datetime64[D]")


def _increasing(days: Days, what: str) -> None:
    """Refuse sessions that stand twice or do not increase."""
    steps = np.diff(days)
    if (steps > np.timedelta64(0, "ns")).all():
        return
    unique, counts = np.unique(days, return_counts=True)
    if (counts > 1).any():
        twice = [day_text(one) for one in unique[counts > 1]]
        raise InputError(fact("gate.twice.session", what=what, n=len(twice), sessions=twice))
    at = int(np.flatnonzero(steps <= np.timedelta64(0, "ns"))[0]) + 1
    code = "gate.order.newest_first" if (steps < np.timedelta64(0, "ns")).all() else "gate.order.mixed"
    raise InputError(fact(code, what=what, row=at, session=day_text(days[at]), before=day_text(days[at - 1])))


def _labels(columns: pd.Index[Any], what: str) -> tuple[str, ...]:
    """Headings as texts, each once."""
    labels = tuple(label(name) for name in columns)
    if (none := np.flatnonzero(columns.isna() | np.array([not name for name in labels]))).size:
        raise InputError(fact("gate.no_heading", what=what, column=int(none[0]) + 1))
    if len(set(labels)) < len(labels):
        twice = next(name for place, name in enumerate(labels) if name in labels[:place])
        raise InputError(fact("gate.twice.asset", what=what, asset=twice))
    return labels


def _numbers(frame: pd.DataFrame, names: Sequence[str], days: Days, what: str, *, long: bool = False) -> Floats:
    """(A, S) numbers of a frame; a cell that is none is refused with its asset and session."""
    if all(isinstance(kind, np.dtype) and kind.kind == "f" for kind in set(frame.dtypes)):
        return np.ascontiguousarray(frame.to_numpy(dtype=float).T)
    numbers, wrong = [], []
    for place in range(frame.shape[1]):
        found, bad = _parsed(frame.iloc[:, place])
        numbers.append(found)
        for row in map(int, np.flatnonzero(bad)):
            wrong.append((row, names[row if long else place], str(frame.iloc[row, place])))
    if wrong:
        wrong.sort(key=lambda one: one[0])
        shown = tuple(
            {"value": text, "asset": name, "session": day_text(days[row])} for row, name, text in wrong[:SHOWN]
        )
        raise InputError(fact("gate.text", what=what, n=len(wrong), cells=shown))
    return np.array(numbers)


def _parsed(cells: pd.Series[Any]) -> tuple[Any, Any]:
    """Numbers of cells of any kind, and which of them are none."""
    import pandas as pd

    if pd.api.types.is_any_real_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype):
        return cells.to_numpy(dtype=float, na_value=np.nan), np.zeros(len(cells), dtype=bool)
    empty = cells.isna().to_numpy() | np.array([isinstance(one, str) and not one.strip() for one in cells])
    plain = np.array([isinstance(one, (bool, np.bool_, complex, pd.Timestamp, pd.Timedelta)) for one in cells])
    texts = cells.astype(object).where(~(empty | plain), None)
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return numbers, ~empty & (plain | np.isnan(numbers))
