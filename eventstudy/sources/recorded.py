"""Recordings: price files with a manifest of where they are from, verified by checksum at every reading.

The package has its own, on which the flagship study runs without a network; ``eventstudy record`` makes others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from eventstudy.distribution import DISTRIBUTION
from eventstudy.errors import PriceError
from eventstudy.facts import Fact, fact, facts_in, words
from eventstudy.prices import PricePanel, PriceSeries
from eventstudy.sources.own.folder import Origin, parse_prices

MANIFEST = "manifest.json"
_OPTIONAL = ("asked_first", "asked_last", "facts")


@dataclass(frozen=True, slots=True)
class Recording:
    """What the manifest says of one file; `first` to `sha256` are measured, the rest is stated.

    Attributes
    ----------
    symbol, file : str
        The symbol, and the name of its file within the recordings.
    what, prices, note : str
        What the figures are, what they are adjusted for, and what else a reader must know.
    vendor, read_from : str
        Who published the figures, and the public data set that they were read from (repository : path).
    first, last : str
        First and last session, as ISO dates.
    rows : int
        Number of sessions.
    sha256 : str
        Checksum of the file's bytes.
    asked_first, asked_last : str
        Days that the download covers, as ISO dates; empty where the figures were not downloaded.
    facts : mapping of str to sequence of mapping
        What `what`, `vendor`, `read_from`, `prices` and `note` say as codes with values, from which each language has
        its words; a text without facts stands for itself in all of them.
    """

    symbol: str
    file: str
    what: str
    vendor: str
    read_from: str
    prices: str
    note: str
    first: str
    last: str
    rows: int
    sha256: str
    asked_first: str = ""
    asked_last: str = ""
    facts: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Its entry in the manifest."""
        return {name: value for name, value in asdict(self).items() if value or name not in _OPTIONAL}

    def said(self, name: str) -> tuple[Fact, ...]:
        """What a field says, as facts."""
        return facts_in(self.facts[name]) if name in self.facts else (words(getattr(self, name)),)


def recorded_symbols(folder: Path | None = None) -> tuple[str, ...]:
    """Return the symbols recorded in a folder, by default the package's, in the order of the manifest."""
    return tuple(recordings(folder or _root()))


def read_recorded(symbols: Iterable[str], folder: Path | None = None) -> PricePanel:
    """Read recordings, verified against the checksums of their manifest.

    Parameters
    ----------
    symbols : iterable of str
        The symbols.
    folder : Path, optional
        A study's own recordings, which are looked into before the package's.

    Raises
    ------
    PriceError
        If a symbol is not recorded, or a recording is missing or differs from its manifest.
    """
    symbols = tuple(dict.fromkeys(symbols))
    places = [_root(), *([folder] if folder is not None and folder.joinpath(MANIFEST).is_file() else [])]
    known = {symbol: (place, one) for place in places for symbol, one in recordings(place).items()}
    missing = [symbol for symbol in symbols if symbol not in known]
    if missing:
        files = ", ".join(f"{symbol}.csv" for symbol in missing)
        raise PriceError(
            f"not recorded: {', '.join(missing)}; recorded are {', '.join(known)}; record others with "
            f"eventstudy record, or put {files} and the study's other files into a folder and name it as the source"
        )
    return PricePanel({symbol: _read(*known[symbol]) for symbol in symbols})


def recordings(place: Traversable) -> dict[str, Recording]:
    """What the manifest of a folder says of each symbol; empty where there is no manifest."""
    return {entry["symbol"]: Recording(**entry) for entry in read_manifest(place)["recordings"]}


def read_manifest(place: Traversable) -> dict[str, Any]:
    """The manifest of a folder, an empty one where there is none.

    Raises
    ------
    PriceError
        If it is not a manifest.
    """
    path = place.joinpath(MANIFEST)
    if not path.is_file():
        return {"version": 1, "recordings": [], "suspensions": []}
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for entry in content["recordings"]:
            _origin(Recording(**entry))
    except (ValueError, LookupError, TypeError) as error:
        raise PriceError(
            f"{path} is not a manifest of recordings ({error!r}); record anew into another folder"
        ) from None
    return content


def _read(place: Traversable, recording: Recording) -> PriceSeries:
    own = place != _root()
    mend = "record it anew with: eventstudy record --refresh" if own else f"reinstall {DISTRIBUTION}"
    try:
        data = place.joinpath(recording.file).read_bytes()
    except OSError as error:
        raise PriceError(f"the recording {recording.file} cannot be read ({error.strerror}); {mend}") from None
    found = hashlib.sha256(data).hexdigest()
    if found != recording.sha256:
        raise PriceError(
            f"the recording {recording.file} has the checksum {found}, its manifest says {recording.sha256}; "
            f"{mend}, or name a folder of your own files as the source"
        )
    return parse_prices(data, f"recorded/{recording.file}", _origin(recording))


def _origin(recording: Recording) -> Origin:
    read_from = [fact("read_from", place=place) for place in recording.said("read_from")]
    return Origin(
        symbol=recording.symbol,
        source="recorded",
        publisher=recording.said("vendor")[0],
        file=recording.file,
        adjustment=recording.said("prices")[0],
        notes=(*recording.said("what"), *read_from, *recording.said("note")),
    )


def _root() -> Traversable:
    return resources.files("eventstudy").joinpath("data").joinpath("recorded")
