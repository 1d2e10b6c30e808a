"""Daily prices as they were supplied: one series a symbol, a panel of several, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from eventstudy.display import Shown
from eventstudy.errors import PriceError
from eventstudy.facts import Fact, told

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 8

SessionArray: TypeAlias = npt.NDArray[np.datetime64]
FloatArray: TypeAlias = npt.NDArray[np.float64]
Column: TypeAlias = Literal["open", "high", "low", "close", "adj_close", "volume"]
COLUMNS: tuple[Column, ...] = get_args(Column)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a price series comes from, and which bytes it was read from.

    Attributes
    ----------
    symbol, source : str
        The symbol in the study; the kind of source (``recorded``, ``live``, ``folder`` or ``frame``).
    publisher : Fact
        Who published the figures; `eventstudy.facts.words` makes a fact of a name.
    file : str
        Name of the file within its source, never an absolute path.
    first, last : date
        First and last session of the file.
    rows : int
        Number of sessions in the file.
    sha256 : str
        Checksum of the file's bytes, in hexadecimal.
    adjustment : Fact
        What the prices are adjusted for.
    notes : tuple of Fact
        Anything else that a reader must know.
    """

    symbol: str
    source: str
    publisher: Fact
    file: str
    first: date
    last: date
    rows: int
    sha256: str
    adjustment: Fact
    notes: tuple[Fact, ...] = ()

    @property
    def vendor(self) -> str:
        """Who published the figures, in English."""
        return str(self.publisher)

    @property
    def note(self) -> str:
        """The notes in English, joined by semicolons."""
        return told(self.notes)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class PriceSeries(Shown):
    """Daily bars of one symbol; a session without a row is a session without a price.

    Attributes
    ----------
    symbol : str
        The symbol in the study.
    sessions : ndarray of datetime64[D], shape (n,)
        The exchange's sessions, ascending.
    close : ndarray of float64, shape (n,), or None
        Closing prices as `provenance.adjustment` says, in the symbol's currency. None where the source
        publishes no close but only an adjusted one: an adjusted close never stands in for a traded one.
    open, high, low : ndarray of float64, shape (n,), or None
        The other prices of the bar, on the same footing as `close`.
    adj_close : ndarray of float64, shape (n,), or None
        Closing prices adjusted for dividends too.
    volume : ndarray of float64, shape (n,), or None
        Shares traded.
    provenance : Provenance
        Where the figures come from.

    Notes
    -----
    Arrays are copied and set read-only. Nothing is verified here; `check_prices` does that.
    """

    symbol: str
    sessions: SessionArray
    close: FloatArray | None
    open: FloatArray | None = None
    high: FloatArray | None = None
    low: FloatArray | None = None
    adj_close: FloatArray | None = None
    volume: FloatArray | None = None
    provenance: Provenance

    def __post_init__(self) -> None:
        object.__setattr__(self, "sessions", _held(self.sessions, "datetime64[D]"))
        for name, values in self.columns.items():
            object.__setattr__(self, name, _held(values, "float64"))

    def __len__(self) -> int:
        return len(self.sessions)

    def about(self) -> str:
        span = f"{self.sessions[0]} to {self.sessions[-1]}" if len(self.sessions) else "no session"
        return f"PriceSeries: {self.symbol}, {len(self.sessions)} sessions, {span}, {', '.join(self.columns)}"

    @property
    def of_returns(self) -> bool:
        """Whether the source gives returns only: `adj_close` is chained from them, and there is no price."""
        return self.close is None and any(note.code == "returns.chained" for note in self.provenance.notes)

    @property
    def columns(self) -> dict[Column, FloatArray]:
        """The columns that the source gives, in the order open, high, low, close, adj_close, volume."""
        return {name: values for name in COLUMNS if (values := getattr(self, name)) is not None}

    def column(self, name: Column) -> FloatArray:
        """Return a column that must be there.

        Raises
        ------
        PriceError
            If the source of this series does not give the column.
        """
        values: FloatArray | None = getattr(self, name)
        if values is None:
            raise PriceError(
                f"{self.symbol}: {self.provenance.file} has no {name}, only {', '.join(self.columns)}; "
                f"supply a file that has a column {name}"
            )
        return values

    def position(self, session: date | np.datetime64) -> int | None:
        """Row of a session, or None where the series has no row on that day."""
        day = np.datetime64(session, "D") if isinstance(session, date) else session.astype("datetime64[D]")
        row = int(np.searchsorted(self.sessions, day))
        return row if row < len(self.sessions) and self.sessions[row] == day else None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PricePanel(Shown):
    """Price series by symbol, in the order given; read-only.

    Attributes
    ----------
    series : Mapping[str, PriceSeries]
        The series by the study's symbols; the mapping is copied.
    """

    series: Mapping[str, PriceSeries]

    def __post_init__(self) -> None:
        object.__setattr__(self, "series", MappingProxyType(dict(self.series)))

    def __reduce__(self) -> tuple[type[PricePanel], tuple[dict[str, PriceSeries]]]:
        return PricePanel, (dict(self.series),)

    def about(self) -> str:
        shown = [f"  {series.about().removeprefix('PriceSeries: ')}" for series in list(self.series.values())[:_SHOWN]]
        more = [f"  and {len(self.series) - _SHOWN} more"] if len(self.series) > _SHOWN else []
        return "\n".join([f"PricePanel: {len(self.series)} series", *shown, *more])

    def __getitem__(self, symbol: str) -> PriceSeries:
        """Return the series of a symbol; `PriceError` where there is none."""
        if symbol not in self.series:
            raise PriceError(
                f"no prices for {symbol!r}; there are prices for {', '.join(self.series) or 'no symbol'}; "
                f"add {symbol}.csv to a folder of price files and name the folder as the source"
            )
        return self.series[symbol]

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.series

    def __iter__(self) -> Iterator[str]:
        return iter(self.series)

    def __len__(self) -> int:
        return len(self.series)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols, in the order given."""
        return tuple(self.series)

    def to_frame(self, column: Column = "close") -> pd.DataFrame:
        """One column of every series that has it as a fresh frame, sessions x symbols; NaN where a symbol has no row.

        Raises
        ------
        PriceError
            If no series has the column.
        """
        import pandas as pd

        having = {symbol: one for symbol, one in self.series.items() if column in one.columns}
        if not having:
            raise PriceError(f"none of {', '.join(self.series) or 'no symbol'} has a column {column}")
        frame = pd.DataFrame(
            {
                symbol: pd.Series(one.column(column), index=pd.DatetimeIndex(one.sessions.astype("datetime64[ns]")))
                for symbol, one in having.items()
            }
        )
        return frame.sort_index().rename_axis(index="session", columns="symbol")


def _held(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array
