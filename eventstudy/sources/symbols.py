"""What vendors call a security: codes of the Chinese exchanges told apart, and a study's own names for them.

A bare code may be two things: 000688 is a share in Shenzhen and the STAR 50 index in Shanghai. Such a code is refused
until its exchange is named (``sz000688``, ``sh000688``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from eventstudy.errors import OptionError
from eventstudy.spec import Benchmark, Instrument

Kind: TypeAlias = Literal["share", "fund", "index"]
Place: TypeAlias = Literal["sh", "sz", "bj", "csi"]

EXCHANGE_OF: Mapping[str, str] = {"sh": "XSHG", "sz": "XSHE", "bj": "BJSE", "csi": "XSHG"}
"""Exchange whose sessions a code follows, by its prefix; CSI's own indices follow Shanghai's."""

YAHOO_EXCHANGES: Mapping[str, str] = {"SS": "XSHG", "SZ": "XSHE", "": "XNYS"}
"""Exchange of a Yahoo symbol, by its suffix."""

FALLBACK_ORDER = ("eastmoney", "tencent", "sina", "yahoo")
"""Vendors in the order in which they are asked."""

_RANGES: tuple[tuple[Place, Kind, str], ...] = (
    ("sh", "share", r"60[0135]\d{3}|68[89]\d{3}|900\d{3}"),
    ("sh", "fund", r"5\d{5}"),
    ("sh", "index", r"000\d{3}"),
    ("sz", "share", r"00[0-4]\d{3}|30[0-2]\d{3}|200\d{3}"),
    ("sz", "fund", r"1[568]\d{4}"),
    ("sz", "index", r"399\d{3}|98\d{4}"),
    ("bj", "share", r"920\d{3}|8[378]\d{4}|43\d{4}"),
    ("bj", "index", r"899\d{3}"),
)
_WRITTEN = re.compile(r"(?:(sh|sz|bj|csi)(\d{6})|(\d{6})(?:\.(SS|SH|SZ|BJ))?)", re.IGNORECASE)
_SUFFIXES: Mapping[str, Place] = {"SS": "sh", "SH": "sh", "SZ": "sz", "BJ": "bj"}


@dataclass(frozen=True, slots=True)
class ChinaSymbol:
    """A code of a Chinese exchange: six digits, where it trades, and what it is."""

    code: str
    place: Place
    kind: Kind

    @property
    def exchange(self) -> str:
        """Code of the exchange whose sessions it follows, e.g. ``XSHG``."""
        return EXCHANGE_OF[self.place]

    @property
    def prefixed(self) -> str:
        """The form ``sh688795``."""
        return f"{self.place}{self.code}"


def china_symbol(text: str, *, prefer: Kind | None = None, place: Place | None = None) -> ChinaSymbol:
    """Read a code of the Chinese exchanges: ``688795``, ``sh688795``, ``688795.SS``, ``csi931151``.

    Parameters
    ----------
    text : str
        The code, with its exchange or bare.
    prefer, place : str, optional
        What a bare code means where it could be two things, if the study says so.

    Raises
    ------
    OptionError
        For anything else, for a code outside the ranges of its exchange, and for a bare code that is two things.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise OptionError(f"{text!r} is not a code of a Chinese exchange; write e.g. sh688795, sz000001 or 688795")
    prefix, code, bare, suffix = written.groups()
    code = code or bare
    stated: Place | None = _place(prefix) if prefix else _SUFFIXES[suffix.upper()] if suffix else None
    if stated == "csi":
        return ChinaSymbol(code, "csi", "index")
    fitting = [
        ChinaSymbol(code, where, kind)
        for where, kind, codes in _RANGES
        if re.fullmatch(codes, code) and stated in (None, where)
    ]
    chosen = [one for one in fitting if prefer in (None, one.kind) and place in (None, one.place)]
    if len(chosen) == 1:
        return chosen[0]
    if not fitting:
        raise OptionError(f"{text!r} is no share, fund or index of the Chinese exchanges; check the code")
    meanings = " or ".join(f"{one.prefixed} ({one.kind})" for one in fitting)
    raise OptionError(f"{text!r} may be {meanings}; write which")


def yahoo_exchange(symbol: str) -> str:
    """Exchange whose sessions a Yahoo symbol follows, e.g. ``XSHG`` for ``688795.SS``.

    Raises
    ------
    OptionError
        For a suffix of an exchange whose sessions are not known here.
    """
    suffix = symbol.rpartition(".")[2].upper() if "." in symbol else ""
    if suffix not in YAHOO_EXCHANGES:
        raise OptionError(
            f"the Yahoo symbol {symbol!r} is of an exchange whose sessions are not known here; "
            "known are US symbols (BRK-B), Shanghai (.SS) and Shenzhen (.SZ)"
        )
    return YAHOO_EXCHANGES[suffix]


def vendor_symbols(symbol: str, instrument: Instrument) -> dict[str, str]:
    """What each vendor calls an instrument of a study, in the order in which they are asked.

    What the study states (``symbols: {yahoo: …}``) is taken, and only those vendors are asked. Otherwise the names are
    derived: a code of a Chinese exchange for all four vendors, a US symbol for Yahoo.

    Raises
    ------
    OptionError
        If nothing is stated and nothing can be derived.
    """
    if instrument.symbols:
        unknown = sorted(set(instrument.symbols) - set(FALLBACK_ORDER))
        if unknown:
            raise OptionError(
                f"{symbol}: there is no vendor {', '.join(unknown)}; vendors are {', '.join(FALLBACK_ORDER)}"
            )
        return {vendor: instrument.symbols[vendor] for vendor in FALLBACK_ORDER if vendor in instrument.symbols}
    places: dict[str, Place] = {"XSHG": "sh", "XSHE": "sz", "BJSE": "bj"}
    if instrument.exchange in places:
        is_index = isinstance(instrument, Benchmark)
        found = china_symbol(symbol, prefer=None if is_index else "share", place=places[instrument.exchange])
        derived = dict.fromkeys(("eastmoney", "tencent", "sina"), found.prefixed)
        suffix = {"sh": "SS", "sz": "SZ"}.get(found.place)
        return {**derived, "yahoo": f"{found.code}.{suffix}"} if suffix else derived
    if re.fullmatch(r"[A-Z][A-Z0-9.\-^=]*", symbol):
        return {"yahoo": symbol.replace(".", "-")}
    raise OptionError(f"{symbol}: no vendor's symbol is stated and none can be derived; add symbols: {{yahoo: …}}")


def _place(prefix: str) -> Place:
    places: dict[str, Place] = {"sh": "sh", "sz": "sz", "bj": "bj", "csi": "csi"}
    return places[prefix.lower()]
