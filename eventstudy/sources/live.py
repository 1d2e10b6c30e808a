"""A study's prices from the vendors: in a fixed order, kept on disk, held against a second vendor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from eventstudy.calendars import load_sessions
from eventstudy.errors import DisagreementError, NotRecordedError, SourceError
from eventstudy.events import Interval
from eventstudy.prices import PricePanel, PriceSeries, SessionArray
from eventstudy.sources.vendors.download import Download, Manner, Vendor, download, last_over
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
                had[symbol] = self.series(symbol, spec.instruments[symbol], first, last, spec.prices.tolerance)
            except SourceError as error:
                if symbol in needed:
                    error.kept = PricePanel(had)
                    raise
                self.manner.told(f"left out, because it is a comparison only: {error}")
        self.progress(len(symbols), len(symbols), "")
        return PricePanel(had)

    def series(self, symbol: str, instrument: Instrument, first: date, last: date, tolerance: float) -> PriceSeries:
        """One symbol from the first vendor that gives it whole, under the study's name.

        Raises
        ------
        DisagreementError
            If two vendors' closes differ beyond the tolerance; no vendor is preferred then.
        SourceError
            If no vendor gives it.
        """
        names = vendor_symbols(symbol, instrument)
        faults: list[SourceError] = []
        for vendor, name in names.items():
            try:
                found = self.download(vendor, name, first, last)
                notes = [*self._passed_over(faults, vendor), *self._second(found, instrument, names, tolerance)]
            except (DisagreementError, NotRecordedError):
                raise
            except SourceError as fault:
                faults.append(fault)
                continue
            return self._named(symbol, *self._with_factors(found, instrument, notes))
        if len(faults) == 1:
            raise faults[0]
        what = "; ".join(f"{fault.vendor}: {fault.what}" for fault in faults)
        raise SourceError(", ".join(names), symbol, f"no vendor gave prices ({what})")

    def download(self, vendor: str, symbol: str, first: date, last: date) -> Download:
        """A vendor's bars: those kept, if they cover the days, else anew; `SourceError` where they cannot be had."""
        who = self._vendors[vendor]
        if self.cache is not None:
            over = last_over(who.describe(symbol)[0], last, self.manner.now())
            if kept := self.cache.find(vendor, symbol, first, over):
                return kept
        found = download(who, symbol, first, last, self.manner)
        return found if self.cache is None else self.cache.add(found)

    @cached_property
    def _vendors(self) -> Mapping[str, Vendor]:
        from eventstudy.sources.vendors.eastmoney import EASTMONEY
        from eventstudy.sources.vendors.sina import SINA, SINA_FACTORS
        from eventstudy.sources.vendors.tencent import TENCENT
        from eventstudy.sources.vendors.yahoo import YAHOO

        return {vendor.name: vendor for vendor in (EASTMONEY, TENCENT, SINA, YAHOO, SINA_FACTORS)}

    def _passed_over(self, faults: Iterable[SourceError], vendor: str) -> Iterator[str]:
        for fault in faults:
            sentence = f"{fault}; taken from {vendor}"
            self.manner.told(sentence)
            yield sentence

    def _second(
        self, found: Download, instrument: Instrument, names: Mapping[str, str], tolerance: float
    ) -> tuple[str, ...]:
        """What a second vendor says of the closes; a note where it cannot be asked."""
        if found.vendor == SECOND_OPINION or SECOND_OPINION not in names:
            return ()
        try:
            other = self.download(SECOND_OPINION, names[SECOND_OPINION], found.first, found.last)
        except NotRecordedError:
            raise
        except SourceError as fault:
            sentence = f"closes were not held against a second vendor ({fault})"
            self.manner.told(sentence)
            return (sentence,)
        halts = [(halt.first, halt.last) for halt in instrument.suspensions]
        return cross_check(
            found.series,
            found.vendor,
            other.series,
            other.vendor,
            tolerance=tolerance,
            suspensions=halts,
            covered=(max(found.first, other.first), min(found.last, other.last)),
        )

    def _with_factors(
        self, found: Download, instrument: Instrument, notes: list[str]
    ) -> tuple[Download, PriceSeries, list[str]]:
        """The series with an adjusted close by Sina's factors, where it is a Chinese share's as traded."""
        series = found.series
        if found.vendor == "yahoo" or self._vendors[found.vendor].describe(found.symbol)[1] != "share":
            return found, series, notes
        try:
            factors = self.download("sina-factors", china_symbol(found.symbol).prefixed, SINCE_LISTING, found.last)
        except NotRecordedError:
            raise
        except SourceError as fault:
            sentence = f"no factors for returns ({fault}); dividends are those that the study file states"
            self.manner.told(sentence)
            return found, series, [*notes, sentence]
        days, values = factors.series.sessions, factors.series.column("close")
        position = np.searchsorted(days, series.sessions, side="right") - 1
        adjusted = series.column("close") * values[np.maximum(position, 0)]
        known = bool(len(days)) and bool((position >= 0).all())
        sentence = "adj_close: close times Sina's multiplicative factor" if known else "Sina's factors begin too late"
        return found, replace(series, adj_close=adjusted) if known else series, [*notes, sentence]

    def _named(self, symbol: str, found: Download, series: PriceSeries, notes: list[str]) -> PriceSeries:
        """The series under the study's symbol, with everything that was noted."""
        note = "; ".join((f"downloaded {found.at:%Y-%m-%d %H:%M} UTC with {found.library}", *found.notes, *notes))
        return replace(series, symbol=symbol, provenance=replace(series.provenance, symbol=symbol, note=note))


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
    calendars = [
        load_sessions(exchange).sessions
        for exchange in sorted({instrument.exchange for instrument in spec.instruments.values()})
    ]
    starts = [sessions[max(_at(sessions, first) - back, 0)].item() for sessions in calendars]
    ends = [sessions[min(_at(sessions, last) + ahead, len(sessions) - 1)].item() for sessions in calendars]
    return stated.first or min(starts), stated.last or min(max(ends), now.astimezone(UTC).date())


def _at(sessions: SessionArray, day: date) -> int:
    """Position of the first session on or after a day."""
    return int(np.searchsorted(sessions, np.datetime64(day)))
