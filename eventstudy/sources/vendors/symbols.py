"""What vendors call a security: codes of the Chinese exchanges told apart, Yahoo's endings, a study's own names.

A bare code may be two things: 000688 is a share in Shenzhen and the STAR 50 index in Shanghai. Such a code is refused
until its exchange is named (``sz000688``, ``sh000688``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeAlias

from eventstudy.errors import OptionError
from eventstudy.exchanges import EXCHANGES, ChinaPrefix, Exchange, exchange
from eventstudy.spec import Benchmark, Instrument
from eventstudy.spec.fields import VENDORS

Kind: TypeAlias = Literal["share", "fund", "index"]
Place: TypeAlias = ChinaPrefix | Literal["csi"]

_CHINA = {row.prefix: row for row in EXCHANGES.values() if row.prefix is not None}
_YAHOO = {ending: row.code for row in EXCHANGES.values() for ending in row.yahoo}
"""Exchange of a Yahoo symbol, by the symbol itself or its ending."""

_RANGES: tuple[tuple[Place, Kind, str], ...] = (
    ("sh", "share", r"60[0135]\d{3}|68[89]\d{3}|900\d{3}"),
    ("sh", "fund", r"5(?!2[1-4]|8[0-7])\d{5}"),
    ("sh", "index", r"000\d{3}"),
    ("sz", "share", r"00[0-4]\d{3}|30\d{4}|20\d{4}"),
    ("sz", "fund", r"15[0189]\d{3}|1[67]\d{4}|18[04]\d{3}"),
    ("sz", "index", r"399\d{3}|9[78]\d{4}"),
    ("bj", "share", r"920\d{3}|8[37]\d{4}|88[0-8]\d{3}|43\d{4}"),
    ("bj", "index", r"899\d{3}"),
)
"""Codes of what has daily bars.

Shanghai: the exchange's guide no. 4 on the allotment of code ranges (second revision of 2024, 2 July 2024). Of its fund
numbers 521 to 524 stand for subscriptions, transfers and payouts, and 580 to 587 for warrants. Shenzhen: A shares 000
to 004 and, on ChiNext, 300 to 309; B shares 200 to 209; exchange-traded funds 158 and 159, other funds 150, 151, 160 to
179 and 184, REITs 180; indices 399, 97 and 98. Beijing: 920 for all shares since 9 October 2025, before that 43, 83, 87
and 88 (cctv.com of that day), of which 889 are subscriptions; indices 899.
"""
_WRITTEN = re.compile(r"(?:(sh|sz|bj|csi)(\d{6})|(\d{6})(?:\.(SS|SH|SZ|BJ))?)", re.IGNORECASE | re.ASCII)
_US = re.compile(r"\^?[A-Z][A-Z0-9.\-]*")
_ANYWHERE = re.compile(r"\^?[A-Z0-9][A-Z0-9.&\-]*(=F)?")
_PARTED = re.compile(r"\^?[A-Z0-9][^.=]*?(\.[^.=]+|=[A-Z]+|-[A-Z]{3,})?")
"""A Yahoo symbol and its ending; a share's class (``BRK-B``) has one or two letters and is none."""
_SUFFIXES: Mapping[str, Place] = {
    ending.strip("."): prefix for prefix, row in _CHINA.items() for ending in (prefix.upper(), *row.yahoo)
}


@dataclass(frozen=True, slots=True)
class ChinaSymbol:
    """A code of a Chinese exchange: six digits, where it trades, and what it is."""

    code: str
    place: Place
    kind: Kind

    @property
    def exchange(self) -> str:
        """Code of the exchange whose sessions it follows, e.g. ``XSHG``; CSI's own indices follow Shanghai's."""
        return _CHINA["sh" if self.place == "csi" else self.place].code

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
        What a bare code means where it could be two things, and what any code must be, if the study says so. The
        indices of CSI follow the sessions of Shanghai and go with ``sh``.

    Raises
    ------
    OptionError
        For anything else, for a code outside the ranges of its exchange, for a bare code that is two things, and for
        one that is not what the study says.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise OptionError(f"{text!r} is not a code of a Chinese exchange; write e.g. sh688795, sz000001 or 688795")
    prefix, code, bare, suffix = written.groups()
    code = code or bare
    stated: Place | None = _place(prefix) if prefix else _SUFFIXES[suffix.upper()] if suffix else None
    if stated == "csi":
        fitting = [ChinaSymbol(code, "csi", "index")]
    else:
        fitting = [
            ChinaSymbol(code, where, kind)
            for where, kind, codes in _RANGES
            if re.fullmatch(codes, code, re.ASCII) and stated in (None, where)
        ]
    chosen = [one for one in fitting if prefer in (None, one.kind) and _is_at(one, place)]
    if len(chosen) == 1:
        return chosen[0]
    if not fitting:
        raise OptionError(f"{text!r} is no share, fund or index of the Chinese exchanges; check the code")
    meanings = " or ".join(f"{one.prefixed} ({one.kind})" for one in fitting)
    if not chosen:
        wanted = f"a {prefer or 'code'}" + (f" of {ChinaSymbol(code, place, 'share').exchange}" if place else "")
        raise OptionError(f"{text!r} is {meanings}, not {wanted}; check the code and its exchange")
    raise OptionError(f"{text!r} may be {meanings}; write which")


def listed_symbol(text: str, vendor: str) -> ChinaSymbol:
    """Read a code for a vendor that has what the exchanges list; `OptionError` for indices of CSI's own too."""
    found = china_symbol(text)
    if found.place == "csi":
        raise OptionError(f"{vendor}: {text}: indices of CSI are not there; use eastmoney")
    return found


def yahoo_exchange(symbol: str) -> str:
    """Exchange whose sessions a Yahoo symbol follows: ``XSHG`` for ``688795.SS``, ``24/7`` for ``BTC-USD``.

    An index (``^GSPC``) has no ending and is taken for one of New York; a study says what it is.

    Raises
    ------
    OptionError
        For an ending of an exchange whose sessions are not known here, as those of currencies are not.
    """
    parted = _PARTED.fullmatch(symbol.upper())
    code = parted and (_YAHOO.get(symbol.upper()) or _YAHOO.get(parted.group(1) or ""))
    if not code:
        raise OptionError(
            f"the Yahoo symbol {symbol!r} is of an exchange whose sessions are not known here; known are US symbols "
            "(BRK-B), US futures (GC=F), coins (BTC-USD) and exchanges by their endings (0981.HK, 7203.T, HSBA.L)"
        )
    return code


def vendor_symbols(symbol: str, instrument: Instrument) -> dict[str, str]:
    """What each vendor calls an instrument of a study, in the order in which they are asked.

    What the study states (``symbols: {yahoo: …}``) is taken, and only those vendors are asked. Otherwise the names are
    derived: a code of a Chinese exchange for the vendors that have it, any other symbol for Yahoo.

    Raises
    ------
    OptionError
        If a vendor is stated that there is not, if nothing is stated and nothing can be derived, if the code is not one
        of the instrument's exchange, or if it is an index and the instrument no benchmark.
    """
    if instrument.symbols:
        unknown = sorted(set(instrument.symbols) - set(VENDORS))
        if unknown:
            raise OptionError(f"{symbol}: there is no vendor {', '.join(unknown)}; vendors are {', '.join(VENDORS)}")
        return {vendor: instrument.symbols[vendor] for vendor in VENDORS if vendor in instrument.symbols}
    row = exchange(instrument.exchange)
    if row.prefix is not None:
        found = china_symbol(symbol, place=row.prefix)
        if found.kind == "index" and not isinstance(instrument, Benchmark):
            raise OptionError(
                f"{symbol}: {found.prefixed} is an index and no benchmark of the study; "
                "check the code and its exchange, or state its symbols if the index is meant"
            )
        return _derived(found)
    if (name := _yahoo_name(symbol, exchange(row.calendar))) is not None:
        return {"yahoo": name}
    raise OptionError(f"{symbol}: no vendor's symbol is stated and none can be derived; add symbols: {{yahoo: …}}")


def _yahoo_name(symbol: str, row: Exchange) -> str | None:
    """A symbol as Yahoo writes it, with its exchange's ending where it has none; None where that cannot be said."""
    american, endings = "" in row.yahoo, [ending for ending in row.yahoo if ending.startswith(".")]
    name = symbol.replace(".", "-") if american else symbol
    if len(endings) == 1 and not set(symbol) & set("^.="):
        name += endings[0]
    if not (_US if american else _ANYWHERE).fullmatch(name):
        return None
    with suppress(OptionError):
        return name if name.startswith("^") or exchange(yahoo_exchange(name)).calendar == row.calendar else None
    return None


def _derived(found: ChinaSymbol) -> dict[str, str]:
    """What the vendors that have a Chinese code call it."""
    vendors = ["eastmoney"] if found.place == "csi" else ["eastmoney", "tencent", "sina"]
    if found.place == "sh" and found.code.startswith("900"):
        # akshare looks for Shanghai's B shares in Shenzhen when it asks Eastmoney, and rounds Sina's prices of them.
        vendors = ["tencent"]
    names = dict.fromkeys(vendors, found.prefixed)
    endings = () if found.place == "csi" else _CHINA[found.place].yahoo
    return {**names, "yahoo": f"{found.code}{endings[0]}"} if endings else names


def _is_at(found: ChinaSymbol, place: Place | None) -> bool:
    return place in (None, found.place) or (found.place == "csi" and place == "sh")


def _place(prefix: str) -> Place:
    places: dict[str, Place] = {"sh": "sh", "sz": "sz", "bj": "bj", "csi": "csi"}
    return places[prefix.lower()]
