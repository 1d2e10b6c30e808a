"""The errors a user can meet, each one sentence: what is wrong, where, and what to do.

::

    EventStudyError
    ├── InputError            exit code 2: a file or an option is wrong
    │   ├── StudyFileError    events.yaml, all faults at once, each file:line:col
    │   ├── OptionError       a command-line option or an argument of the API
    │   └── SessionRangeError a date outside the known sessions of an exchange
    └── DataError             exit code 3: prices could not be had or cannot be used
        ├── PriceFileError    a price file, all faults at once, each file:line:col
        └── PriceError        prices that are readable but not usable
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

MAX_SHOWN = 60


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault at one place of a file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


def shortened(faults: Iterable[Fault]) -> list[Fault]:
    """Distinct faults in file order; beyond `MAX_SHOWN` one line says how many more there are."""
    ordered = sorted(set(faults))
    if len(ordered) <= MAX_SHOWN:
        return ordered
    shown, rest = ordered[:MAX_SHOWN], ordered[MAX_SHOWN:]
    return [*shown, replace(rest[0], message=f"from here on {len(rest)} more faults")]


class EventStudyError(Exception):
    """Base of every expected fault; the command line prints it and exits with `exit_code`."""

    exit_code = 1


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
