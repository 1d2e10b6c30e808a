"""A study's prices from the vendors: in a fixed order, kept on disk, held against a second vendor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eventstudy.calendars import load_sessions
from eventstudy.errors import (
    BlockedError,
    DisagreementError,
    NotDataError,
    NotRecordedError,
    OptionError,
    ProxyError,
    RateLimitedError,
    SourceError,
    TimedOutError,
    UnreachableError,
    VendorFaultError,
)
from eventstudy.events import Interval
from eventstudy.facts import Fact, fact
from eventstudy.prices import PricePanel, PriceSeries, SessionArray
from eventstudy.sources.vendors import vendors
from eventstudy.sources.vendors.download import Download, Manner, Vendor, download, downloaded, last_over, were_sessions
from eventstudy.sources.vendors.drift import cross_check
from eventstudy.sources.vendors.symbols import china_symbol, vendor_symbols

if TYPE_CHECKING:
    from eventstudy.sources.vendors.cache import PriceCache
    from eventstudy.spec import Instrument, StudySpec

SECOND_OPINION = "yahoo"
"""The vendor that others are held against where a study names it too."""
AFTERWARDS = 60
"""Sessions after the last event window that a study may want (a window after the event for young shares)."""
SINCE_LISTING = date(1900, 1, 1)
"""First day asked of factors: all of them, because a factor holds from its day on."""
OUT_OF_REACH: Mapping[type[SourceError], int] = {
    UnreachableError: 1,
    TimedOutError: 1,
    ProxyError: 1,
    BlockedError: 1,
    NotDataError: 1,
    RateLimitedError: 1,
    VendorFaultError: 2,
}
"""Faults of a vendor and not of a symbol, and after how many symbols in a row it is passed over for the rest of a run.

Each comes after all attempts, which take minutes where nothing answers. A server may fail at one symbol only."""


@dataclass(frozen=True)
class LiveSource:
    """Where live prices come from.

    Attributes
    ----------
    cache : PriceCache or None
        Downloads kept on disk; None downloads everything and keeps nothing.
    manner : Manner
        Pace, waits, reports, the present.
    progress : callable
        Is told before each symbol: how many are done, of how many, and which comes.
    """

    cache: PriceCache | None
    manner: Manner = field(default_factory=Manner)
    progress: Callable[[int, int, str], None] = lambda done, of, symbol: None
    _faults: dict[str, list[SourceError]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _passed_over: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    _raised_again: set[SourceError] = field(default_factory=set, init=False, repr=False, compare=False)

    def read(self, spec: StudySpec, required: Iterable[str], optional: Iterable[str] = ()) -> PricePanel:
        """Get the prices of a study's symbols.

        Parameters
        ----------
        spec : StudySpec
            The study; it says what vendors call its symbols, the range and the tolerance.
        required, optional : iterable of str
            Symbols without which there is no study, and symbols that are left out, with a report, where no vendor
            has them.

        Raises
        ------
        SourceError
            At the first required symbol that no vendor gives; `kept` holds those before it.
        OptionError
            Where no vendor's symbol is known.
        """
        first, last = price_range(spec, self.manner.now())
        needed = set(required)
        symbols = [symbol for symbol in spec.instruments if symbol in needed | set(optional)]
        had: dict[str, PriceSeries] = {}
        for done, symbol in enumerate(symbols):
            self.progress(done, len(symbols), symbol)
            try:
                found = self.series_if_had(spec, symbol, first, last, required=symbol in needed)
            except SourceError as error:
                error.kept = PricePanel(had)
                raise
            if found is not None:
                had[symbol] = found
        self.progress(len(symbols), len(symbols), "")
        return PricePanel(had)

    def series_if_had(
        self, spec: StudySpec, symbol: str, first: date, last: date, *, required: bool
    ) -> PriceSeries | None:
        """A study's symbol, or None with a report where no vendor has it and it is a comparison only.

        Raises
        ------
        SourceError
            If it is required and no vendor gives it.
        """
        try:
            return self.series(symbol, spec.instruments[symbol], first, last, spec.prices.tolerance)
        except SourceError as error:
            if required:
                raise
            self.manner.told(f"left out, because it is a comparison only: {error}")
            return None

    def series(self, symbol: str, instrument: Instrument, first: date, last: date, tolerance: float) -> PriceSeries:
        """One symbol from the first vendor that gives it whole, under the study's name.

        Raises
        ------
        DisagreementError
            If two vendors' closes differ beyond the tolerance; no vendor is preferred then.
        SourceError
            If no vendor gives it.
        """
        names, at = vendor_symbols(symbol, instrument), instrument.exchange
        faults: list[SourceError] = []
        kept = self._kept_of(names, first, last, at)
        for vendor in (*kept, *(vendor for vendor in names if vendor not in kept)):
            try:
                reasons = [_taken(vendor, fault) for fault in faults]
                found = kept.get(vendor) or self.download(
                    vendor, names[vendor], first, last, at, reasons, currency=instrument.currency
                )
                notes = [reason for reason in reasons if reason not in found.notes]
                notes += self._second(found, instrument, names, tolerance, last)
            except (DisagreementError, NotRecordedError):
                raise
            except SourceError as fault:
                faults.append(fault)
                continue
            self._tell_passed_over(faults, vendor)
            return self._named(symbol, *self._with_factors(found, instrument, notes))
        if len(faults) == 1:
            raise faults[0]
        what = "; ".join(f"{fault.vendor}: {fault.what}" for fault in faults)
        raise SourceError(", ".join(names), symbol, f"no vendor gave prices ({what})")

    def download(
        self,
        vendor: str,
        symbol: str,
        first: date,
        last: date,
        exchange: str,
        instead_of: Sequence[Fact] = (),
        *,
        currency: str | None = None,
    ) -> Download:
        """A vendor's bars: those kept, if they cover the days, else anew; `SourceError` where they cannot be had.

        A vendor that is out of reach is asked no more in this run. `exchange` says whose sessions they follow,
        `currency` in which they must be.
        `instead_of` says why others were not taken; it is noted with what is downloaded, so that a later run on what
        is kept says the same.
        """
        if kept := self._kept(vendor, symbol, first, last, exchange):
            return kept
        owner = vendor.partition("-")[0]
        self._require_in_reach(owner, vendor, symbol)
        try:
            found = download(self._vendors[vendor], symbol, first, last, self.manner, exchange, currency=currency)
        except SourceError as fault:
            before = self._faults.setdefault(owner, [])
            self._faults[owner] = [*before, fault] if type(fault) in OUT_OF_REACH else []
            raise
        self._faults[owner] = []
        found = replace(found, notes=(*found.notes, *instead_of))
        return found if self.cache is None else self.cache.add(found)

    def _kept(self, vendor: str, symbol: str, first: date, last: date, exchange: str) -> Download | None:
        self._vendors[vendor].describe(symbol)
        if self.cache is None:
            return None
        over = last_over(exchange, last, self.manner.now())
        return self.cache.find(vendor, symbol, first, over)

    def _require_in_reach(self, owner: str, vendor: str, symbol: str) -> None:
        """Raise the fault for which a vendor is passed over, told once."""
        before = self._faults.get(owner)
        if not before or len(before) < OUT_OF_REACH[type(before[-1])]:
            return
        fault = before[-1]
        if owner not in self._passed_over:
            self._passed_over.add(owner)
            self.manner.told(f"{owner} is passed over for the rest of this run ({fault.what})")
        again = type(fault)(vendor, symbol, f"not asked again in this run ({fault.what})")
        self._raised_again.add(again)
        raise again

    def _kept_of(self, names: Mapping[str, str], first: date, last: date, exchange: str) -> dict[str, Download]:
        """Downloads that are kept, by vendor: they come first, so that a run repeats the one before it.

        What is kept of the second vendor may be there for comparison only.
        """
        found: dict[str, Download] = {}
        for vendor, name in names.items():
            # A symbol that a vendor cannot have is told where it is asked, if it comes to that.
            with suppress(OptionError):
                if vendor != SECOND_OPINION and (kept := self._kept(vendor, name, first, last, exchange)):
                    found[vendor] = kept
        return found

    @cached_property
    def _vendors(self) -> Mapping[str, Vendor]:
        from eventstudy.sources.vendors.sina import SINA_FACTORS

        return {vendor.name: vendor for vendor in (*vendors(), SINA_FACTORS)}

    def _tell_passed_over(self, faults: Iterable[SourceError], vendor: str) -> None:
        for fault in faults:
            self._tell(fault, _taken(vendor, fault))

    def _tell(self, fault: SourceError, led_to: Fact) -> None:
        """Tell what a fault led to, unless it is that of a vendor of which it has been told."""
        if fault not in self._raised_again:
            self.manner.told(str(led_to))

    def _second(
        self, found: Download, instrument: Instrument, names: Mapping[str, str], tolerance: float, last: date
    ) -> tuple[Fact, ...]:
        """What a second vendor says of the closes; a note where it cannot be asked."""
        if found.vendor == SECOND_OPINION or SECOND_OPINION not in names:
            return ()
        try:
            other = self.download(
                SECOND_OPINION,
                names[SECOND_OPINION],
                found.first,
                last,
                instrument.exchange,
                currency=instrument.currency,
            )
        except NotRecordedError:
            raise
        except SourceError as fault:
            note = fact("second.not_asked", why=_why(fault))
            self._tell(fault, note)
            return (note,)
        halts = [(halt.first, halt.last) for halt in instrument.suspensions]
        return cross_check(
            found.series,
            found.vendor,
            _on_sessions(other.series, instrument.exchange),
            other.vendor,
            tolerance=tolerance,
            suspensions=halts,
            covered=(max(found.first, other.first), min(last, other.last)),
        )

    def _with_factors(
        self, found: Download, instrument: Instrument, notes: list[Fact]
    ) -> tuple[Download, PriceSeries, list[Fact]]:
        """The series with an adjusted close by Sina's factors, where it is a Chinese share's as traded."""
        series = found.series
        if series.adj_close is not None or self._vendors[found.vendor].describe(found.symbol)[1] != "share":
            return found, series, notes
        try:
            named, at = china_symbol(found.symbol).prefixed, instrument.exchange
            factors = self.download("sina-factors", named, SINCE_LISTING, found.last, at)
        except NotRecordedError:
            raise
        except SourceError as fault:
            note = fact("factors.none", why=_why(fault))
            self._tell(fault, note)
            return found, series, [*notes, note]
        days, values = factors.series.sessions, factors.series.column("close")
        position = np.searchsorted(days, series.sessions, side="right") - 1
        adjusted = series.column("close") * values[np.maximum(position, 0)]
        known = bool(len(days)) and bool((position >= 0).all())
        note = fact("factors.applied") if known else fact("factors.too_late")
        return found, replace(series, adj_close=adjusted) if known else series, [*notes, note]

    def _named(self, symbol: str, found: Download, series: PriceSeries, notes: list[Fact]) -> PriceSeries:
        """The series under the study's symbol, with everything that was noted."""
        said = (downloaded(found.at, found.library), *found.notes, *notes)
        return replace(series, symbol=symbol, provenance=replace(series.provenance, symbol=symbol, notes=said))


def _taken(vendor: str, fault: SourceError) -> Fact:
    """For which fault of another a vendor was taken."""
    return fact("taken_from", vendor=vendor, why=_why(fault))


def _why(fault: SourceError) -> Fact:
    """A vendor's fault: what English says of it as it was raised, other languages by its kind."""
    return fact("source_fault", by=fault.vendor, symbol=fault.symbol, what=fault.what, fault=type(fault).__name__)


def _on_sessions(series: PriceSeries, exchange: str) -> PriceSeries:
    """The closes of sessions; a row of another day is no hole in what it is held against."""
    held = were_sessions(exchange, series.sessions)
    if held.all() or series.close is None:
        return series
    closes = series.close[held]
    return PriceSeries(symbol=series.symbol, sessions=series.sessions[held], close=closes, provenance=series.provenance)


def price_range(spec: StudySpec, now: datetime) -> tuple[date, date]:
    """First and last day of the prices that a study needs: what it states, else reckoned from its events and windows.

    Reckoned: from the earliest event back over the longest estimation window and all earlier dates that robustness
    compares with; to `AFTERWARDS` sessions past the last event window, but not past `now`.
    """
    stated = spec.prices
    moments = [event.when for event in spec.tested]
    days = [moment.first.date() for moment in moments]
    days += [moment.last.date() for moment in moments if isinstance(moment, Interval)]
    days += [check.session for claim in spec.claims for check in claim.checks]
    robustness = spec.robustness
    longest = max(-spec.windows.estimation.first, max(robustness.estimation_lengths) + max(robustness.gaps))
    back = longest + max(robustness.placebo_dates, robustness.curve_dates) + spec.windows.event.size
    ahead = max(spec.windows.event.last, 0) + AFTERWARDS
    first, last = min(days), max(days)
    overlays = {exchange: Path(overlay) for exchange, overlay in spec.overlays.items()}
    calendars = [
        load_sessions(exchange, overlay=overlays.get(exchange)).sessions
        for exchange in sorted({instrument.exchange for instrument in spec.instruments.values()})
    ]
    starts = [sessions[max(_at(sessions, first) - back, 0)].item() for sessions in calendars]
    ends = [sessions[min(_at(sessions, last) + ahead, len(sessions) - 1)].item() for sessions in calendars]
    return stated.first or min(starts), stated.last or min(max(ends), now.astimezone(UTC).date())


def _at(sessions: SessionArray, day: date) -> int:
    """Position of the first session on or after a day."""
    return int(np.searchsorted(sessions, np.datetime64(day)))
