"""Dates as people write them: days, stamps and texts to calendar days and moments, or a refusal that names the row."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from eventstudy.arrays import Days, Mask
from eventstudy.errors import InputError, OptionError
from eventstudy.facts import fact

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 3
"""Places that a refusal names; it counts the others."""

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_EIGHT = re.compile(r"(?:19|20)\d{6}(?:\.0)?")
STAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?( ?(Z|[+-][0-9]{2}:?[0-9]{2}))?"
)
"""A day with a clock, and an offset from UTC where it has one."""
_MONTH = re.compile(r"\d{4}-\d{1,2}|\d{4}/\d{1,2}|(?:19|20)\d{4}")
_PARTS = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{2}|\d{4})")
_NOTHING = ("", "nan", "NaN", "NaT", "None", "<NA>")
_ANCHOR = date(2001, 2, 3)
EARLIEST, LATEST = np.datetime64("1700-01-01"), np.datetime64("2200-12-31")
"""Dates beyond these are outside any returns, and beyond what a clock of nanoseconds holds."""
_NAT = np.datetime64("NaT", "ns")


@dataclass(frozen=True, slots=True, eq=False)
class Stamps:
    """Dates that were read.

    Attributes
    ----------
    written : (n,) datetime64[ns]
        As written, without the time zone; NaT where there is none.
    instants : (n,) datetime64[ns]
        The same in UTC; NaT where no time zone is known.
    """

    written: Days
    instants: Days

    @property
    def timed(self) -> Mask:
        """(n,) whether there is a time of day."""
        timed: Mask = ~np.isnat(self.written) & (self.written != self.written.astype("datetime64[D]"))
        return timed


def read_stamps(cells: pd.Series[Any], what: str, form: str | None = None) -> Stamps:
    """Read dates.

    Parameters
    ----------
    cells : Series of n
        Stamps, dates, ISO texts with or without a clock and an offset, or eight digits.
    what : str
        What a refusal calls a row of them: ``events`` or ``returns``.
    form : str, optional
        Format of dates that are texts, as `datetime.strptime` knows it.

    Raises
    ------
    InputError
        Code ``gate.dates.<kind>`` for cells that are no dates (``none``, ``moment``, ``ambiguous``, ``month``,
        ``format``), with their number ``n`` and the first `places`.
    OptionError
        For a format that leaves day, month or year open.
    """
    import pandas as pd

    if form is not None:
        require_date_format(form)
    if isinstance(cells.dtype, pd.PeriodDtype):
        if str(cells.dtype) not in ("period[D]", "period[B]"):
            raise InputError(
                fact("gate.dates.month", n=len(cells), what=what, places=_places(cells, range(len(cells))))
            )
        cells = cells.dt.to_timestamp()
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return _of_stamps(cells)
    if form is None and (plain := _iso_days(cells)) is not None:
        return Stamps(plain, np.full(plain.size, np.datetime64("NaT", "ns")))
    return _of_cells(cells, what, form)


def require_date_format(form: str) -> None:
    """Refuse a format from which a day, month and year cannot be read again."""
    if not isinstance(form, str) or not whole_date(form):
        raise OptionError(fact("gate.date_format", form=str(form)))


def whole_date(form: str) -> bool:
    """Whether year, month and day can be read again from what a format writes."""
    try:
        return all(datetime.strptime(day.strftime(form), form).date() == day.date() for day in _neighbours())  # noqa: DTZ007
    except (ValueError, re.error):
        return False


def _neighbours() -> tuple[datetime, ...]:
    return tuple(
        datetime(_ANCHOR.year + year, _ANCHOR.month + month, _ANCHOR.day + day, tzinfo=UTC)
        for year, month, day in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
    )


def _of_stamps(cells: pd.Series[Any]) -> Stamps:
    if cells.dt.tz is None:
        written = np.clip(cells.to_numpy(), EARLIEST, LATEST).astype("datetime64[ns]")
        return Stamps(written, np.full(written.size, np.datetime64("NaT", "ns")))
    local = cells.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")
    return Stamps(local, cells.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[ns]"))


def _iso_days(cells: pd.Series[Any]) -> Days | None:
    """The days of texts that are all ISO dates without a clock; None where one is not."""
    import pandas as pd

    if pd.api.types.infer_dtype(cells, skipna=False) != "string":
        return None
    texts = np.asarray(cells, dtype=str)
    if not (np.char.str_len(texts) == len("2024-04-03")).all():
        return None
    try:
        days: Days = np.clip(texts.astype("datetime64[D]"), EARLIEST, LATEST).astype("datetime64[ns]")
    except ValueError:
        return None
    return days


def _of_cells(cells: pd.Series[Any], what: str, form: str | None) -> Stamps:
    """Cells of any kinds, one by one; each distinct one is read once."""
    import pandas as pd

    plain = [one if isinstance(one, Hashable) else repr(one) for one in cells]
    codes, distinct = pd.factorize(np.array([*plain, None], dtype=object)[:-1], use_na_sentinel=True)
    read = [_read(cell, form) for cell in distinct]
    wrong = np.array([*(isinstance(one, str) for one in read), False])
    if wrong[codes].any():
        kind = next(one for one in read if isinstance(one, str))
        rows = np.flatnonzero(np.array([*(one == kind for one in read), False])[codes])
        told = {"n": rows.size, "what": what, "places": _places(cells, rows)}
        raise InputError(fact(f"gate.dates.{kind}", **told, **({"form": form} if kind == "format" else {})))
    pairs = [(_NAT, _NAT) if isinstance(one, str) else one for one in (*read, (_NAT, _NAT))]
    written, instants = (np.array(column, dtype="datetime64[ns]") for column in zip(*pairs, strict=True))
    return Stamps(written[codes], instants[codes])


def _read(cell: Any, form: str | None) -> tuple[np.datetime64, np.datetime64] | str:
    """One cell as written and in UTC; or the kind of its fault."""
    if isinstance(cell, (np.datetime64, datetime, date)) or type(cell).__name__ == "Period":
        return _of_date(cell)
    if isinstance(cell, (bool, np.bool_)) or not isinstance(cell, (str, int, float, np.integer, np.floating)):
        return "none"
    text = str(cell).strip()
    if text in _NOTHING:
        return _NAT, _NAT
    try:
        found = _of_text(text, form)
    except ValueError:
        found = None
    return _fault(text, form) if found is None else found


def _of_date(cell: Any) -> tuple[np.datetime64, np.datetime64] | str:
    """A cell that is a date of any library; a month, year or week is none."""
    if isinstance(cell, np.datetime64):
        return "month" if np.datetime_data(cell)[0] in ("Y", "M", "W") else (_within(cell), _NAT)
    if isinstance(cell, datetime):
        return _of_moment(cell)
    if isinstance(cell, date):
        return _within(np.datetime64(cell)), _NAT
    return (_within(np.datetime64(cell.start_time)), _NAT) if cell.freqstr in ("D", "B") else "month"


def _of_text(text: str, form: str | None) -> tuple[np.datetime64, np.datetime64] | None:
    """A text in the format stated, an ISO date, eight digits, or a moment; None or `ValueError` for any other."""
    if form is not None:
        return _of_moment(datetime.strptime(text.removesuffix(".0"), form))  # noqa: DTZ007
    if _ISO.fullmatch(text):
        return _within(np.datetime64(date.fromisoformat(text))), _NAT
    if _EIGHT.fullmatch(text):
        return _within(np.datetime64(date(int(text[:4]), int(text[4:6]), int(text[6:8])))), _NAT
    if STAMP.fullmatch(text):
        return _of_moment(datetime.fromisoformat(re.sub(r" (?=[Z+-])", "", text)))
    return None


def _fault(text: str, form: str | None) -> str:
    """What a text is that is no date."""
    if form is not None:
        return "format"
    if ":" in text:
        return "moment"
    if _MONTH.fullmatch(text):
        return "month"
    return "ambiguous" if _PARTS.fullmatch(text) else "none"


def _of_moment(moment: datetime) -> tuple[np.datetime64, np.datetime64]:
    plain = _within(np.datetime64(moment.replace(tzinfo=None)))
    if moment.tzinfo is None:
        return plain, _NAT
    if not EARLIEST.astype(object).year < moment.year < LATEST.astype(object).year:
        return plain, plain
    return plain, np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "ns")


def _within(day: np.datetime64) -> np.datetime64:
    """A date in nanoseconds; one before `EARLIEST` or after `LATEST` is taken for that day."""
    if np.isnat(day):
        return _NAT
    known: np.datetime64 = min(max(day, EARLIEST), LATEST).astype("datetime64[ns]")
    return known


def _places(cells: pd.Series[Any], rows: Sequence[int] | np.ndarray[Any, Any]) -> tuple[dict[str, object], ...]:
    """Row and text of the first of some cells."""
    return places(rows, lambda row: {"row": int(row), "text": str(cells.iloc[row])})


def day_text(stamp: Any) -> str:
    """A stamp's day as text, ``2024-04-03``."""
    return str(np.datetime64(stamp, "D"))


def places(rows: Sequence[int] | np.ndarray[Any, Any], place: Callable[[int], dict[str, object]]) -> tuple[Any, ...]:
    """The first `SHOWN` places of a fault that stands in several."""
    return tuple(place(int(row)) for row in rows[:SHOWN])
