"""What is true of each exchange, one row an exchange; other calendars of exchange_calendars need no row.

An exchange is called by the name of its calendar in exchange_calendars, which is its market identifier code; exchanges
that keep another's sessions have a code of their own and follow that calendar.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal

from eventstudy.errors import OptionError
from eventstudy.facts import Fact, fact

ChinaPrefix = Literal["sh", "sz", "bj"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What is known of an exchange.

    Attributes
    ----------
    code : str
        What a study calls it, e.g. ``XSHG``.
    zone : str
        Time zone in which its sessions are dated.
    follows : str or None
        Exchange whose days and hours it keeps; None where it has a calendar of its own.
    boards : tuple of str
        Its boards, each with rules in ``markets/rules.csv``; empty where no price-limit rules are recorded.
    has_limits : bool
        Whether those rules limit prices, with rules of their own for the first sessions after a listing.
    opened : date or None
        First session, where the calendar that it follows begins earlier.
    published_to : date or None
        Last day for which the calendar follows what the exchange has published; None where it is rules alone.
    yahoo : tuple of str
        How Yahoo's symbols of it end (``.HK``, ``-USD``, ``=F``), or whole symbols (``KC=F``); empty text: no ending.
    prefix : str or None
        What Chinese vendors write before its codes.
    """

    code: str
    zone: str
    follows: str | None = None
    boards: tuple[str, ...] = ()
    has_limits: bool = False
    opened: date | None = None
    published_to: date | None = None
    yahoo: tuple[str, ...] = ()
    prefix: ChinaPrefix | None = None

    @property
    def calendar(self) -> str:
        """Name of its calendar in exchange_calendars."""
        return self.follows or self.code


def _row(code: str, zone: str, *yahoo: str) -> Exchange:
    return Exchange(code=code, zone=zone, yahoo=yahoo)


_NEW_YORK, _CHICAGO, _SHANGHAI, _BERLIN = "America/New_York", "America/Chicago", "Asia/Shanghai", "Europe/Berlin"
_ALWAYS = date(2099, 12, 31)
"""Open every day, or every weekday: there is nothing that an exchange could publish."""
_LISTED = date.max
"""The calendar lists its holidays year by year after the exchange's notices, and says itself where they end."""
_COINS = ("-USD", "-EUR", "-GBP", "-JPY", "-KRW", "-CAD", "-AUD", "-CNY", "-INR")

EXCHANGES: Mapping[str, Exchange] = {
    row.code: row
    for row in (
        Exchange(code="XNAS", zone=_NEW_YORK, follows="XNYS", boards=("nasdaq",)),
        # NYSE Group, "NYSE Group Announces 2026, 2027 and 2028 Holiday and Early Closings Calendar", 23 December 2025.
        Exchange(code="XNYS", zone=_NEW_YORK, boards=("nyse",), published_to=date(2028, 12, 31), yahoo=("",)),
        Exchange(
            code="XSHG",
            zone=_SHANGHAI,
            boards=("sse_main", "sse_star"),
            has_limits=True,
            published_to=_LISTED,
            yahoo=(".SS",),
            prefix="sh",
        ),
        Exchange(
            code="XSHE",
            zone=_SHANGHAI,
            follows="XSHG",
            boards=("szse_main", "szse_chinext"),
            has_limits=True,
            yahoo=(".SZ",),
            prefix="sz",
        ),
        # The three mainland exchanges announce the same closings ("Chinese Stock Exchanges Plan May Day Closures",
        # mktdata.com, April 2025), which follow one yearly notice of the China Securities Regulatory Commission.
        # Beijing trades from 09:30 to 11:30 and from 13:00, with a closing call auction from 14:57 to 15:00, as
        # Shanghai does (Beijing Stock Exchange Trading Rules (Trial) of 2 November 2021, as told at wodefinance.com
        # and breakinglatest.news, 13 November 2021). It opened on 15 November 2021 (China News Service, 12 November).
        Exchange(
            code="BJSE",
            zone=_SHANGHAI,
            follows="XSHG",
            boards=("bse",),
            has_limits=True,
            opened=date(2021, 11, 15),
            prefix="bj",
        ),
        Exchange(code="24/7", zone="UTC", published_to=_ALWAYS, yahoo=_COINS),
        Exchange(code="24/5", zone="UTC", published_to=_ALWAYS),
        _row("us_futures", _NEW_YORK),
        _row("CMES", _CHICAGO, "=F", ".CME", ".CBT", ".NYM", ".CMX"),
        _row("IEPA", _NEW_YORK, ".NYB", "CC=F", "CT=F", "KC=F", "OJ=F", "SB=F"),
        _row("XCBF", _CHICAGO),
        _row("AIXK", "Asia/Almaty"),
        _row("ASEX", "Europe/Athens", ".AT"),
        _row("BVMF", "America/Sao_Paulo", ".SA"),
        _row("XAMS", "Europe/Amsterdam", ".AS"),
        _row("XASX", "Australia/Sydney", ".AX"),
        _row("XBDA", "Atlantic/Bermuda"),
        _row("XBEL", "Europe/Belgrade"),
        _row("XBKK", "Asia/Bangkok", ".BK"),
        _row("XBOG", "America/New_York", ".CL"),
        Exchange(code="XBOM", zone="Asia/Kolkata", published_to=_LISTED, yahoo=(".BO", ".NS")),
        _row("XBRA", "Europe/Bratislava"),
        _row("XBRU", "Europe/Brussels", ".BR"),
        _row("XBSE", "Europe/Bucharest", ".RO"),
        _row("XBUD", "Europe/Budapest", ".BD"),
        _row("XBUE", "America/Argentina/Buenos_Aires", ".BA"),
        _row("XCSE", "Europe/Copenhagen", ".CO"),
        _row("XCYS", "Asia/Nicosia"),
        _row("XDUB", "Europe/Dublin", ".IR"),
        _row("XDUS", "Europe/Brussels", ".DU"),
        _row("XEEE", _BERLIN),
        _row("XETR", _BERLIN, ".DE"),
        _row("XEUR", _BERLIN),
        _row("XFRA", _BERLIN, ".F"),
        _row("XHAM", "Europe/Brussels", ".HM"),
        _row("XHEL", "Europe/Helsinki", ".HE"),
        _row("XHKG", "Asia/Hong_Kong", ".HK"),
        _row("XICE", "Atlantic/Reykjavik", ".IC"),
        _row("XIDX", "Asia/Jakarta", ".JK"),
        _row("XIST", "Europe/Istanbul", ".IS"),
        _row("XJSE", "Africa/Johannesburg", ".JO"),
        _row("XKAR", "Asia/Karachi"),
        _row("XKLS", "Asia/Kuala_Lumpur", ".KL"),
        _row("XKRX", "Asia/Seoul", ".KS", ".KQ"),
        _row("XLIM", "America/Lima"),
        _row("XLIS", "Europe/Lisbon", ".LS"),
        _row("XLIT", "Europe/Vilnius", ".VS"),
        _row("XLJU", "Europe/Ljubljana"),
        _row("XLON", "Europe/London", ".L"),
        _row("XLUX", "Europe/Luxembourg"),
        _row("XMAD", "Europe/Madrid", ".MC"),
        _row("XMEX", "America/Mexico_City", ".MX"),
        _row("XMIL", "Europe/Rome", ".MI"),
        _row("XMOS", "Europe/Moscow"),
        _row("XNZE", "Pacific/Auckland", ".NZ"),
        _row("XOSL", "Europe/Oslo", ".OL"),
        _row("XPAR", "Europe/Paris", ".PA"),
        _row("XPHS", "Asia/Manila", ".PS"),
        _row("XPRA", "Europe/Prague", ".PR"),
        _row("XRIS", "Europe/Riga", ".RG"),
        _row("XSAU", "Asia/Riyadh", ".SR"),
        Exchange(code="XSES", zone="Asia/Singapore", published_to=_LISTED, yahoo=(".SI",)),
        _row("XSGO", "America/Santiago", ".SN"),
        _row("XSTO", "Europe/Stockholm", ".ST"),
        _row("XSTU", _BERLIN, ".SG"),
        _row("XSWX", "Europe/Zurich", ".SW"),
        _row("XTAE", "Asia/Tel_Aviv", ".TA"),
        _row("XTAI", "Asia/Taipei", ".TW", ".TWO"),
        _row("XTAL", "Europe/Tallinn", ".TL"),
        _row("XTKS", "Asia/Tokyo", ".T"),
        _row("XTSE", "America/Toronto", ".TO", ".V"),
        _row("XWAR", "Europe/Warsaw", ".WA"),
        _row("XWBO", "Europe/Vienna", ".VI"),
        _row("XZAG", "Europe/Zagreb"),
    )
}
"""Exchanges of which more is known than their calendar, and what their calendars' zones are.

Endings of Yahoo's symbols: yfinance 1.7, ``const.py`` (after Yahoo's help page SLN2310 and ISO 10383), and the table
"Yahoo Codes for Exchanges and Markets" of the GnuCash manual. India's National Stock Exchange keeps Bombay's sessions,
KOSDAQ Korea's, the Taipei Exchange Taiwan's, TSX Venture Toronto's. Yahoo calls continuous futures of all US exchanges
``=F``: the five softs are ICE's, all others are taken for those of CME Group.
"""

CALLED = {"NASDAQ": "XNAS", "SSE": "XSHG", "SZSE": "XSHE", "XBEI": "BJSE", "HKEX": "XHKG"}
"""Names that people write for an exchange, where the library has another or none."""

SHOWN = ("XNYS", "XNAS", "XSHG", "XSHE", "BJSE", "XHKG", "XTKS", "XLON", "24/7")
"""Codes that a refusal shows as examples."""


@lru_cache
def exchange(code: str) -> Exchange:
    """What is known of an exchange: its row, else its calendar's zone.

    Raises
    ------
    OptionError
        For a code that is neither a row's nor a name of a calendar, also for an alias of one.
    """
    if code in EXCHANGES:
        return EXCHANGES[code]
    with calendar_library() as library:
        if code in library.get_calendar_names(include_aliases=False):
            return _row(code, str(library.get_calendar(code, start="2025-01-01", end="2025-12-31").tz))
        raise OptionError(_refusal(code, library.aliases_to_names()))


def _refusal(code: str, aliases: Mapping[str, str]) -> Fact:
    """Why a code is none, and which is meant."""
    from difflib import get_close_matches

    upper = code.upper()
    if meant := upper if upper in EXCHANGES else CALLED.get(upper, aliases.get(upper)):
        return fact("exchange.alias", given=code, meant=meant)
    if near := get_close_matches(upper, EXCHANGES):
        return fact("exchange.near", given=code, near=near, allowed=SHOWN)
    return fact("exchange.unknown", given=code, allowed=SHOWN)


@contextmanager
def calendar_library() -> Iterator[Any]:
    """exchange_calendars, without its warnings and mended for pandas 3.1; nothing else imports it."""
    with warnings.catch_warnings():
        # exchange_calendars 4.13 calls what pandas 3 deprecates, and nobody here can do anything about it
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        import exchange_calendars

        _mend()
        yield exchange_calendars


def _mend() -> None:
    """Let the library's own offsets of dates work alike with every pandas.

    pandas 3.1 calls ``_add_datetime`` where it called ``_apply``, and has fast ways of its own for the classes that
    these are made from. With exchange_calendars 4.13 Seoul, Bombay and Moscow lose their Saturdays in silence, Tel Aviv
    keeps the Western Easter, and the four exchanges that keep the Orthodox Easter cannot be opened.
    """
    for module, name, methods in _MENDED:
        kind = getattr(sys.modules.get(f"exchange_calendars.{module}"), name, None)
        if kind is not None and "_add_datetime" not in vars(kind):
            for method, value in methods.items():
                setattr(kind, method, value)


def _applied(offset: Any, day: Any) -> Any:
    return offset._apply(day)


def _one_by_one(offset: Any, days: Any) -> Any:
    raise NotImplementedError  # pandas then adds the offset to each day


def _next_day(offset: Any, day: Any) -> Any:
    later = day + timedelta(days=1)
    while not offset.is_on_offset(later):
        later += timedelta(days=1)
    return later


_YEARLY = {"_add_datetime": _applied, "_add_datetime_ndarray": _one_by_one}
_WEEKMASKS = {"_add_datetime": _next_day, "_apply": _next_day, "_supports_daily_offset_mask": False}
_MENDED = (
    ("pandas_extensions.offsets", "OrthodoxEaster", _YEARLY),
    ("tase_holidays", "_HolidayOffset", _YEARLY),
    ("pandas_extensions.offsets", "CompositeCustomBusinessDay", _WEEKMASKS),
)
