"""A download: one symbol from one vendor through the vendor's library, every fault named, every choice noted."""

from __future__ import annotations

import logging
import re
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from hashlib import sha256
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from eventstudy.calendars import ExchangeSessions, load_sessions
from eventstudy.clock import last_closed_session
from eventstudy.errors import ChangedFormatError, SourceError
from eventstudy.facts import Fact, fact, words
from eventstudy.prices import PricePanel, PriceSeries, Provenance, SessionArray
from eventstudy.sources.vendors.bars import Bars, Came, series_csv, tidy
from eventstudy.sources.vendors.manners import Pace, retrying
from eventstudy.sources.vendors.symbols import Kind
from eventstudy.sources.vendors.watch import Watch
from eventstudy.sources.vendors.wire import Asked, Reply, through

PROVEN = {"akshare": "1.19.5", "yfinance": "1.7.0"}
"""Versions of the vendors' libraries with which the replayed exchanges of the tests were read."""
SETTLING = timedelta(minutes=30)
"""How long after the close a session's bar is taken as final; vendors' daily bars lag by up to a quarter of an hour."""
YEAR = 250
"""Sessions whose closes say when a calendar's days are over, past its end."""
LATE = timedelta(days=4)
"""How long a bar that has not come may still come; a download without it does not stand for its session."""

Told: TypeAlias = Callable[[str], None]
Table: TypeAlias = Callable[[str, date, date], Bars]


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor: everything that is particular to it.

    Attributes
    ----------
    name, title : str
        Short name, which is that of its file, and name for readers.
    library : str
        Distribution that speaks to it.
    adjustment : Fact
        What its prices are adjusted for.
    table : callable
        (symbol, first, last) to `Bars`, by the vendor's library.
    check : callable
        (asked, reply, symbol): raises a `SourceError` for a reply that the library must not be given; what it says of
        the instrument, where it does.
    describe : callable
        Symbol to its exchange and kind; `OptionError` for one that the vendor cannot have.
    errors : callable
        Kinds of exception of the library's own that mean that it cannot read a reply.
    every_session : bool
        Whether a row comes for every session.
    renews : bool
        Whether the library, refused with HTTP 401, gets another cookie by itself and asks again.
    """

    name: str
    title: str
    library: str
    adjustment: Fact
    table: Table
    check: Callable[[Asked, Reply, str], Came | None]
    describe: Callable[[str], tuple[str, Kind]]
    errors: Callable[[], tuple[type[Exception], ...]] = lambda: ()
    every_session: bool = True
    renews: bool = False

    def fetch(self, symbols: Iterable[str], start: date, end: date, manner: Manner | None = None) -> PricePanel:
        """Download daily bars of several symbols.

        Parameters
        ----------
        symbols : iterable of str
            In the vendor's own spelling.
        start, end : date
            First and last day wanted, both included.
        manner : Manner, optional
            Pace, waits, reports.

        Returns
        -------
        PricePanel
            By the vendor's symbols, in the order given.

        Raises
        ------
        SourceError
            At the first symbol that cannot be had; `kept` holds those before it.
        OptionError
            For a symbol that the vendor cannot have.
        """
        had: dict[str, PriceSeries] = {}
        symbols = tuple(dict.fromkeys(symbols))
        for symbol in symbols:
            self.describe(symbol)
        for symbol in symbols:
            try:
                had[symbol] = download(self, symbol, start, end, manner or Manner()).series
            except SourceError as error:
                error.kept = PricePanel(had)
                raise
        return PricePanel(had)


@dataclass(frozen=True, slots=True)
class Manner:
    """How downloads are made.

    Attributes
    ----------
    pace : Pace
        Keeps requests apart.
    sleep : callable
        Waits between attempts.
    told : callable
        Is told, in a sentence, what goes on.
    now : callable
        The present, with a time zone.
    """

    pace: Pace = field(default_factory=lambda: Pace(None))
    sleep: Callable[[float], None] = time.sleep
    told: Told = lambda sentence: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Download:
    """Bars of one symbol from one vendor, and how they were had.

    Attributes
    ----------
    series : PriceSeries
        The bars, under the vendor's symbol.
    first, last : date
        The days that they cover: those asked for, as far as their sessions were over and bars of them may have come.
    at : datetime
        When, in UTC.
    library : str
        The library with its version.
    requests : tuple of str
        Addresses asked, in order, without secrets.
    notes : tuple of Fact
        What was dropped, sorted or converted.
    """

    series: PriceSeries
    vendor: str
    first: date
    last: date
    at: datetime
    library: str
    requests: tuple[str, ...]
    notes: tuple[Fact, ...]

    @property
    def symbol(self) -> str:
        """The vendor's symbol."""
        return self.series.symbol


def downloaded(at: datetime, library: str) -> Fact:
    """When figures were downloaded and with what."""
    return fact("downloaded", at=f"{at:%Y-%m-%d %H:%M}", library=library)


def download(
    vendor: Vendor,
    symbol: str,
    first: date,
    last: date,
    manner: Manner,
    exchange: str | None = None,
    *,
    currency: str | None = None,
) -> Download:
    """Download the bars of one symbol, the day of a session that is not over left out.

    `exchange` and `currency` are what a study states; without the first the symbol says whose sessions it follows,
    without the second any currency will do.

    Raises
    ------
    SourceError
        If they cannot be had, or are of something else than the study states.
    """
    try:
        return _download(vendor, symbol, first, last, manner, exchange or vendor.describe(symbol)[0], currency)
    except ChangedFormatError as error:
        raise _of_version(error, vendor.library) from error


def _of_version(error: ChangedFormatError, library: str) -> ChangedFormatError:
    """The fault with advice for a library newer than the one that was proven, which an update would not mend."""
    installed, proven = _version(library), PROVEN[library]
    if _parts(installed) <= _parts(proven):
        return error
    what = _UPDATE.split(error.what)[0]
    advice = f"{library} {installed} is newer than {proven}, with which this was proven"
    return ChangedFormatError(error.vendor, error.symbol, f"{what}; {advice}: install {library}=={proven}")


MINOR_UNITS = {"GBp": "GBP", "GBX": "GBP", "ZAc": "ZAR", "ILA": "ILS", "KWF": "KWD"}
"""Hundredths and thousandths in which some exchanges quote; returns are the same."""
COIN = "CRYPTOCURRENCY"


def _require_of_study(came: Came, vendor: str, symbol: str, exchange: str, currency: str | None) -> None:
    """Refuse bars in another currency than the study states, and those of a coin for a share or the reverse."""
    stated = currency if came.currency and came.kind != "INDEX" else None
    if stated and MINOR_UNITS.get(came.currency, came.currency) != stated:
        what = f"the bars are in {came.currency}, the study says {currency}"
        raise ChangedFormatError(vendor, symbol, f"{what}; correct the symbol or the currency")
    if came.kind == "CURRENCY" or (came.kind and (came.kind == COIN) != (exchange == "24/7")):
        what = f"it is of kind {came.kind} there, the study says {exchange}"
        raise ChangedFormatError(vendor, symbol, f"{what}; correct the symbol or the exchange")


def _parts(version: str) -> list[int]:
    return [int(part) for part in re.findall("[0-9]+", version)[:3]]


def _download(
    vendor: Vendor,
    symbol: str,
    first: date,
    last: date,
    manner: Manner,
    exchange: str,
    currency: str | None,
) -> Download:
    kind = vendor.describe(symbol)[1]
    at = manner.now().replace(microsecond=0)
    bars, requests = ask(vendor, symbol, first, last, manner)
    _require_of_study(bars.came, vendor.name, symbol, exchange, currency)
    closed = last_over(exchange, last, at)
    held_open = partial(were_sessions, exchange) if vendor.every_session else None
    sessions, columns, notes = tidy(bars, vendor.name, symbol, kind, first, closed, held_open)
    late = bars.sessions[(bars.sessions > np.datetime64(closed)) & (bars.sessions <= np.datetime64(last))]
    if late.size:
        notes = (*notes, fact("bar.not_over", session=late[0].item()))
    covered = min(last, closed)
    if vendor.every_session and (due := still_due(exchange, sessions[-1], covered, at)) is not None:
        covered, notes = sessions[-1].item(), (*notes, fact("bar.due", session=due))
    library = f"{vendor.library} {_version(vendor.library)}"
    blank = Provenance(symbol, "live", words(vendor.title), "", first, last, 0, "", vendor.adjustment)
    series = PriceSeries(symbol=symbol, sessions=sessions, provenance=blank, **{"close": None, **columns})
    origin = replace(
        blank,
        file=f"{vendor.name}/{symbol}",
        first=sessions[0].item(),
        last=sessions[-1].item(),
        rows=len(sessions),
        sha256=sha256(series_csv(series)).hexdigest(),
        notes=(downloaded(at, library), *notes),
    )
    series = replace(series, provenance=origin)
    return Download(series, vendor.name, first, covered, at, library, requests, notes)


def ask(
    vendor: Vendor, symbol: str, first: date, last: date, manner: Manner, table: Table | None = None
) -> tuple[Bars, tuple[str, ...]]:
    """A table of a vendor's library as it came, and the addresses asked; again after faults that pass.

    Raises
    ------
    SourceError
        If it cannot be had.
    """
    watch = Watch(vendor.name, symbol, vendor.check, renews=vendor.renews)

    unreadable: tuple[type[Exception], ...] = (*UNREADABLE, *vendor.errors())

    def attempt() -> Bars:
        watch.begin()
        try:
            with _quiet(), through(watch, behind=(manner.pace,)):
                return (table or vendor.table)(symbol, first, last)
        except unreadable as error:
            if watch.fault is not None:
                raise watch.fault from error
            library = f"{vendor.library} {_version(vendor.library)}"
            what = f"{library} cannot read the reply ({type(error).__name__}: {error})"
            what = f"{what}; update {vendor.library}, or use another source"
            raise ChangedFormatError(vendor.name, symbol, what) from error

    def told(fault: SourceError, wait: float) -> None:
        manner.told(f"{fault}; trying again in {wait:.0f} s")

    bars = retrying(manner.sleep, told)(attempt)
    return (bars if watch.came is None else replace(bars, came=watch.came)), tuple(watch.requests)


_UPDATE = re.compile(r"[;:,] (?:run again later, or )?update ")
"""Where advice to update a library begins."""
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, NameError, NotImplementedError, SyntaxError)
"""What a library raises that meets other data than it was written for."""


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of other people's libraries, and without yfinance's log lines: faults are told here."""
    # Recorded, because yfinance adds a filter of its own that shows them.
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("ignore")
        with replaced(logging.getLogger("yfinance"), disabled=True):
            yield


@contextmanager
def replaced(module: object, **names: object) -> Iterator[None]:
    """With other values for some names of a library's module, for what it has no option for."""
    before = {name: getattr(module, name) for name in names}
    try:
        for name, value in names.items():
            setattr(module, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


def last_over(exchange: str, last: date, at: datetime) -> date:
    """`last`, or the last session of an exchange that was over some time before `at`, if that is earlier."""
    # The day after tomorrow anywhere on earth: no session of `last` can still be open.
    if at - datetime(last.year, last.month, last.day, tzinfo=UTC) > timedelta(days=2) + SETTLING:
        return last
    known, settled = _sessions(exchange), at - SETTLING
    local = settled.astimezone(ZoneInfo(known.time_zone)).replace(tzinfo=None)
    if local.date() > known.last:
        # The calendar ends before today, and only the study knows an overlay: a day counts from its usual close.
        return min(last, (local - _latest_close(known)).date())
    return min(last, last_closed_session(settled, known))


def _latest_close(known: ExchangeSessions) -> timedelta:
    """How long after the midnight that a session's date begins with it closes, at the latest of its last year."""
    zone, longest = ZoneInfo(known.time_zone), timedelta()
    for close, day in zip(known.closes[-YEAR:].astype("datetime64[s]"), known.sessions[-YEAR:], strict=True):
        clock: datetime = close.item().replace(tzinfo=UTC).astimezone(zone)
        longest = max(longest, clock - datetime.combine(day.item(), datetime.min.time(), zone))
    return longest


@lru_cache(maxsize=8)
def _sessions(exchange: str) -> ExchangeSessions:
    return load_sessions(exchange)


def were_sessions(exchange: str, days: SessionArray) -> NDArray[np.bool_]:
    """Whether the exchange was open; True for days of which that is not known."""
    calendar = _sessions(exchange)
    known: NDArray[np.bool_] = (days >= np.datetime64(calendar.first)) & (days <= np.datetime64(calendar.last))
    return np.isin(days, calendar.sessions) | ~known


def still_due(exchange: str, last_bar: np.datetime64, covered: date, at: datetime) -> date | None:
    """The first recent session without a bar: the share may be suspended, or its bar not be there yet."""
    if last_bar >= np.datetime64(covered) or at - datetime(covered.year, covered.month, covered.day, tzinfo=UTC) > LATE:
        return None
    sessions = _sessions(exchange).sessions
    due = sessions[(sessions > last_bar) & (sessions <= np.datetime64(covered))]
    return due[0].item() if due.size else None


def _version(library: str) -> str:
    from importlib.metadata import version

    return version(library)
