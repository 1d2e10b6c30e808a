"""A download: one symbol from one vendor through the vendor's library, every fault named, every choice noted."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TypeAlias
from urllib.parse import urlsplit

import numpy as np

from eventstudy.calendars import ExchangeSessions, load_sessions
from eventstudy.clock import last_closed_session
from eventstudy.errors import (
    BlockedError,
    BrokenReplyError,
    ChangedFormatError,
    NoDataError,
    NotDataError,
    ProxyError,
    RateLimitedError,
    SourceError,
    TimedOutError,
    UnreachableError,
    VendorFaultError,
)
from eventstudy.prices import PricePanel, PriceSeries, Provenance
from eventstudy.sources.vendors.bars import Bars, series_csv, tidy
from eventstudy.sources.vendors.manners import Pace, retrying
from eventstudy.sources.vendors.symbols import Kind
from eventstudy.sources.vendors.wire import WAYS_IN, Asked, Reply, Send, through, vendor_of

SETTLING = timedelta(minutes=30)
"""How long after the close a session's bar is taken as final; vendors' daily bars lag by up to a quarter of an hour."""

VENDOR_LIBRARIES: Mapping[str, str] = {
    "yahoo": "yfinance",
    "eastmoney": "akshare",
    "tencent": "akshare",
    "sina": "akshare",
}
"""Distribution that speaks to a vendor."""

Told: TypeAlias = Callable[[str], None]
Table: TypeAlias = Callable[[str, date, date], Bars]


@dataclass(frozen=True, slots=True)
class Vendor:
    """What is particular to a vendor.

    Attributes
    ----------
    name, title : str
        Short name, name for readers.
    adjustment : str
        What its prices are adjusted for.
    table : callable
        (symbol, first, last) to `Bars`, by the vendor's library.
    check : callable
        (asked, reply, symbol): raises a `SourceError` for a reply that the library must not be given.
    describe : callable
        Symbol to its exchange and kind; `OptionError` for one that the vendor cannot have.
    errors : callable
        Kinds of exception of the library's own that mean that it cannot read a reply.
    """

    name: str
    title: str
    adjustment: str
    table: Table
    check: Callable[[Asked, Reply, str], None]
    describe: Callable[[str], tuple[str, Kind]]
    errors: Callable[[], tuple[type[Exception], ...]] = lambda: ()

    @property
    def library(self) -> str:
        """Distribution that speaks to the vendor."""
        return VENDOR_LIBRARIES[self.name.partition("-")[0]]


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
        The days that they cover: those asked for, as far as their sessions were over.
    at : datetime
        When, in UTC.
    library : str
        The library with its version.
    requests : tuple of str
        Addresses asked, in order, without secrets.
    notes : tuple of str
        What was dropped, sorted or converted, a sentence each.
    """

    series: PriceSeries
    vendor: str
    first: date
    last: date
    at: datetime
    library: str
    requests: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def symbol(self) -> str:
        """The vendor's symbol."""
        return self.series.symbol


def fetch(vendor: Vendor, symbols: Iterable[str], start: date, end: date, manner: Manner | None = None) -> PricePanel:
    """Download daily bars of several symbols.

    Parameters
    ----------
    vendor : Vendor
        Whom to ask.
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
        vendor.describe(symbol)
    for symbol in symbols:
        try:
            had[symbol] = download(vendor, symbol, start, end, manner or Manner()).series
        except SourceError as error:
            error.kept = PricePanel(had)
            raise
    return PricePanel(had)


def download(vendor: Vendor, symbol: str, first: date, last: date, manner: Manner) -> Download:
    """Download the bars of one symbol, the day of a session that is not over left out.

    Raises
    ------
    SourceError
        If they cannot be had.
    """
    exchange, kind = vendor.describe(symbol)
    at = manner.now().replace(microsecond=0)
    bars, requests = ask(vendor, symbol, first, last, manner)
    closed = last_over(exchange, last, at)
    sessions, columns, notes = tidy(bars, vendor.name, symbol, kind, first, closed)
    late = bars.sessions[(bars.sessions > np.datetime64(closed)) & (bars.sessions <= np.datetime64(last))]
    if late.size:
        notes = (*notes, f"the session of {late[0]} was not over, so its bar was left out")
    library = f"{vendor.library} {_version(vendor.library)}"
    blank = Provenance(symbol, "live", vendor.title, "", first, last, 0, "", vendor.adjustment)
    series = PriceSeries(symbol=symbol, sessions=sessions, provenance=blank, **{"close": None, **columns})
    origin = replace(
        blank,
        file=f"{vendor.name}/{symbol}",
        first=sessions[0].item(),
        last=sessions[-1].item(),
        rows=len(sessions),
        sha256=sha256(series_csv(series)).hexdigest(),
        note="; ".join((f"downloaded {at:%Y-%m-%d %H:%M} UTC with {library}", *notes)),
    )
    series = replace(series, provenance=origin)
    return Download(series, vendor.name, first, min(last, closed), at, library, requests, notes)


def ask(
    vendor: Vendor, symbol: str, first: date, last: date, manner: Manner, table: Table | None = None
) -> tuple[Bars, tuple[str, ...]]:
    """A table of a vendor's library as it came, and the addresses asked; again after faults that pass.

    Raises
    ------
    SourceError
        If it cannot be had.
    """
    watch = _Watch(vendor, symbol)

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
            raise ChangedFormatError(
                vendor.name,
                symbol,
                f"{library} cannot read the reply ({type(error).__name__}: {error}); "
                f"update {vendor.library}, or use another source",
            ) from error

    def told(fault: SourceError, wait: float) -> None:
        manner.told(f"{fault}; trying again in {wait:.0f} s")

    return retrying(manner.sleep, told)(attempt), tuple(watch.requests)


UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, NameError, NotImplementedError, SyntaxError)
"""What a library raises that meets other data than it was written for."""


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of other people's libraries."""
    # Recorded, because yfinance adds a filter of its own that shows them.
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("ignore")
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


class _Watch:
    """The handler next to the library: names what goes wrong, and keeps it, should the library swallow it."""

    def __init__(self, vendor: Vendor, symbol: str) -> None:
        self._vendor, self._symbol = vendor, symbol
        self.requests: list[str] = []
        self.fault: SourceError | None = None

    def begin(self) -> None:
        """Forget the last attempt."""
        self.requests.clear()
        self.fault = None

    def __call__(self, asked: Asked, send: Send) -> Reply:
        """Pass an exchange on; a `SourceError` where its reply is of no use."""
        if asked.is_way_in:
            return send()
        self.requests.append(str(asked))
        try:
            reply = self._send(send)
            led_to = urlsplit(reply.url).hostname or asked.host
            if led_to in WAYS_IN:
                # The library may give its consent and ask again; should it not, this is why.
                self.fault = self._sent_on(led_to)
                return reply
            self._check(asked, reply)
            self._explain(asked, reply)
        except SourceError as fault:
            self.fault = fault
            raise
        return reply

    def _send(self, send: Send) -> Reply:
        """Send; an error of either HTTP client gets its name here, theirs being the same for both."""
        try:
            return send()
        except OSError as error:
            names = {kind.__name__ for kind in type(error).__mro__}
            for name, (kind, what) in TRANSPORT.items():
                if name in names:
                    raise kind(self._vendor.name, self._symbol, what) from error
            raise

    def _check(self, asked: Asked, reply: Reply) -> None:
        """What any reply with data must be."""
        name, symbol, status = self._vendor.name, self._symbol, reply.status
        if status == 429:
            raise RateLimitedError(
                name, symbol, "asked too often (HTTP 429); wait some minutes and run again", wait=reply.retry_after
            )
        if status == 407:
            raise ProxyError(name, symbol, "the proxy on the way wants a login (HTTP 407); set it in HTTPS_PROXY")
        if status in (401, 403, 418, 451, 456):
            raise BlockedError(name, symbol, f"refused (HTTP {status}); this address may be blocked for some hours")
        if status >= 500:
            raise VendorFaultError(name, symbol, f"the vendor's server failed (HTTP {status}); run again later")
        host = urlsplit(reply.url).hostname or asked.host
        if vendor_of(host) != asked.vendor:
            raise self._sent_on(host)
        page = reply.text.lstrip("\ufeff \r\n\t")[:15].lower().startswith(("<!doctype", "<html", "<?xml", "<head"))
        if page and status < 400:
            raise NotDataError(name, symbol, "a web page came instead of data; the vendor may block this address")

    def _sent_on(self, host: str) -> BlockedError:
        what = f"sent on to {host} instead of data; this address may be blocked"
        return BlockedError(self._vendor.name, self._symbol, what)

    def _explain(self, asked: Asked, reply: Reply) -> None:
        """What the vendor itself says in a reply; a refused request is one without data at the least."""
        if reply.status < 400:
            return self._vendor.check(asked, reply, self._symbol)
        with suppress(BrokenReplyError):
            self._vendor.check(asked, reply, self._symbol)
        what = f"the request was refused (HTTP {reply.status}); check the symbol and the dates"
        raise NoDataError(self._vendor.name, self._symbol, what)


TRANSPORT: Mapping[str, tuple[type[SourceError], str]] = {
    "ProxyError": (ProxyError, "the proxy on the way refused; check HTTPS_PROXY"),
    "InvalidProxyURL": (ProxyError, "the address of the proxy is not valid; check HTTPS_PROXY"),
    "Timeout": (TimedOutError, "no answer in time; run again later"),
    "TooManyRedirects": (BlockedError, "sent round in circles; this address may be blocked"),
    "ChunkedEncodingError": (BrokenReplyError, "the reply broke off half way; run again"),
    "IncompleteRead": (BrokenReplyError, "the reply broke off half way; run again"),
    "ContentDecodingError": (BrokenReplyError, "the reply cannot be unpacked; run again"),
    "SSLError": (UnreachableError, "no secure connection; check the clock and the certificates of this machine"),
    "DNSError": (UnreachableError, "the host's name cannot be found; check the network"),
    "ConnectionError": (UnreachableError, "no connection, or it was closed without an answer; check the network"),
    "RequestException": (UnreachableError, "the request failed; check the network"),
}
"""Errors of requests and of curl_cffi by the name that both use; the first that an error is a kind of is taken."""


def last_over(exchange: str, last: date, at: datetime) -> date:
    """`last`, or the last session of an exchange that was over some time before `at`, if that is earlier."""
    # The day after tomorrow anywhere on earth: no session of `last` can still be open.
    if at - datetime(last.year, last.month, last.day, tzinfo=UTC) > timedelta(days=2) + SETTLING:
        return last
    return min(last, last_closed_session(at - SETTLING, _sessions(exchange)))


@lru_cache(maxsize=8)
def _sessions(exchange: str) -> ExchangeSessions:
    return load_sessions(exchange)


def _version(library: str) -> str:
    from importlib.metadata import version

    return version(library)
