"""The errors a user can meet, each one sentence: what is wrong, where, and what to do.

::

    EventStudyError
    ├── InputError            exit code 2: a file or an option is wrong
    │   ├── StudyFileError    events.yaml, all faults at once, each file:line:col
    │   ├── OptionError       a command-line option or an argument of the API
    │   └── SessionRangeError a date outside the known sessions of an exchange
    └── DataError             exit code 3: prices could not be had or cannot be used
        ├── PriceFileError    a price file, all faults at once, each file:line:col
        ├── PriceError        prices that are readable but not usable
        ├── StoreError        a cache or a folder of recordings cannot be written
        └── SourceError       a vendor gave no usable prices; each names vendor and symbol
            ├── UnknownSymbolError   no such symbol there, or delisted
            ├── NoDataError          no bars in the range that was asked for
            ├── RateLimitedError *   asked too often
            ├── BlockedError         refused, or sent elsewhere
            ├── TimedOutError *      no answer in time
            ├── ProxyError           the proxy on the way refused
            ├── UnreachableError *   no connection, or one that broke off
            ├── VendorFaultError *   the vendor's own server failed
            ├── NotDataError         a web page instead of data
            ├── BrokenReplyError *   data that stop half way
            ├── ChangedFormatError   other columns or values than the library expects
            ├── HoleError            sessions missing that another vendor has
            ├── DisagreementError    two vendors' closes differ beyond the tolerance
            └── NotRecordedError     a replay without a recording of the request

Errors with a * pass by themselves: the request is made again before another vendor is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from eventstudy.facts import Fact

if TYPE_CHECKING:
    from eventstudy.prices import PricePanel

MAX_SHOWN = 60
MAX_ALIKE = 3
"""Faults of a kind that are told one by one."""
MAX_PLACES = 3


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault at one place of a file; lines and columns count from 1.

    `kind` is the message without what only this place says; where there is none, the message is its own kind.
    """

    file: str
    line: int
    column: int
    message: str
    kind: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


def kind_of(message: str, cells: Iterable[object]) -> str:
    """A message without the cells of its row, so that faults of a kind are told together."""
    own = {str(cell) for cell in cells}
    for cell in own:
        message = message.replace(cell, "#") if " " in cell else message
    return " ".join("#" if word.strip("'\",;:()") in (own | {"#"}) else word for word in message.split(" "))


def shortened(faults: Iterable[Fault]) -> list[Fault]:
    """Distinct faults in file order; many of a kind are one with a count and the first places.

    More than `MAX_ALIKE` of a kind in a file are told as the first; beyond `MAX_SHOWN` kinds one line says how many
    more faults there are.
    """
    kinds: dict[tuple[str, str], list[Fault]] = {}
    for fault in sorted(set(faults)):
        kinds.setdefault((fault.file, fault.kind or fault.message), []).append(fault)
    told = sorted(one for alike in kinds.values() for one in (alike if len(alike) <= MAX_ALIKE else [_counted(alike)]))
    if len(told) <= MAX_SHOWN:
        return told
    rest = told[MAX_SHOWN:]
    return [*told[:MAX_SHOWN], replace(rest[0], message=f"from here on {len(rest)} more faults")]


def _counted(alike: Sequence[Fault]) -> Fault:
    """Faults of a kind as one."""
    first, *others = alike
    places = " and ".join(f"{one.line}:{one.column}" for one in others[: MAX_PLACES - 1])
    return replace(first, message=f"{first.message} ({len(alike)} such places, the next at {places})")


class EventStudyError(Exception):
    """Base of every expected fault; the command line prints it and exits with `exit_code`."""

    exit_code = 1

    @property
    def fact(self) -> Fact | None:
        """Code and values, where the error was raised with a `Fact`."""
        return next((one for one in self.args if isinstance(one, Fact)), None)


class InputError(EventStudyError):
    """What the user gave is wrong."""

    exit_code = 2


class DataError(EventStudyError):
    """Data could not be had or are unusable."""

    exit_code = 3


class _Faults(EventStudyError):
    """An error that lists every fault of a file, a line each, in file order."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class StudyFileError(_Faults, InputError):
    """The faults of an events.yaml."""


class OptionError(InputError):
    """An option or argument has a value that is not allowed."""


class SessionRangeError(InputError):
    """A date lies outside the years for which an exchange's sessions are known."""


class PriceFileError(_Faults, DataError):
    """The faults of a price file."""


class PriceError(DataError):
    """Prices that can be read but not used."""


class StoreError(DataError):
    """A cache or a folder of recordings cannot be written."""


class SourceError(DataError):
    """A vendor gave no usable prices.

    Attributes
    ----------
    vendor, symbol : str
        Who was asked, for what.
    what : str
        What happened, without vendor and symbol.
    kept : PricePanel or None
        Series that had been had before the fault.
    passing : bool
        Whether asking again may help.
    wait : float or None
        Seconds that the vendor asks to wait.
    """

    passing: ClassVar[bool] = False

    def __init__(self, vendor: str, symbol: str, what: str, *, wait: float | None = None) -> None:
        self.vendor, self.symbol, self.what, self.wait = vendor, symbol, what, wait
        self.kept: PricePanel | None = None
        super().__init__(f"{vendor}: {symbol}: {what}")


class UnknownSymbolError(SourceError):
    """The vendor has no such symbol, or no longer."""


class NoDataError(SourceError):
    """The vendor has no bars in the range that was asked for."""


class RateLimitedError(SourceError):
    """The vendor was asked too often."""

    passing = True


class BlockedError(SourceError):
    """The vendor refuses this client or sends it elsewhere."""


class TimedOutError(SourceError):
    """No answer came in time."""

    passing = True


class ProxyError(SourceError):
    """The proxy on the way refused."""


class UnreachableError(SourceError):
    """No connection could be made, or it broke off."""

    passing = True


class VendorFaultError(SourceError):
    """The vendor's own server failed."""

    passing = True


class NotDataError(SourceError):
    """A web page came instead of data."""


class BrokenReplyError(SourceError):
    """The data stop half way."""

    passing = True


class ChangedFormatError(SourceError):
    """The data have other columns or values than the library expects."""


class HoleError(SourceError):
    """Sessions are missing that another vendor has."""


class DisagreementError(SourceError):
    """Two vendors' closes differ by more than the study tolerates."""


class NotRecordedError(SourceError):
    """A request was replayed that has no recording."""
