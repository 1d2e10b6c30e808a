"""The package's own recordings: the figures that the flagship study runs on without a network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from eventstudy.errors import PriceError
from eventstudy.prices import PricePanel, PriceSeries, Span
from eventstudy.sources.folder import Origin, parse_prices

MANIFEST = "manifest.json"


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


def recorded_symbols() -> tuple[str, ...]:
    """Return the symbols that are recorded, in the order of the manifest."""
    return tuple(_recordings())


def recorded_suspensions(symbol: str) -> tuple[Span, ...]:
    """Return the documented suspensions of a symbol within the recordings, each as its first and last day."""
    listed = _manifest()["suspensions"]
    return tuple(
        (date.fromisoformat(one["first"]), date.fromisoformat(one["last"])) for one in listed if one["symbol"] == symbol
    )


def read_recorded(symbols: Iterable[str]) -> PricePanel:
    """Read recordings of the package, verified against the checksums of their manifest.

    Raises
    ------
    PriceError
        If a symbol is not recorded, or a recording is missing or differs from its manifest.
    """
    symbols = tuple(dict.fromkeys(symbols))
    recordings = _recordings()
    missing = [symbol for symbol in symbols if symbol not in recordings]
    if missing:
        files = ", ".join(f"{symbol}.csv" for symbol in missing)
        raise PriceError(
            f"not recorded: {', '.join(missing)}; recorded are {', '.join(recordings)}; "
            f"for others put {files} and the study's other files into a folder and name it as the source"
        )
    return PricePanel({symbol: _read(recordings[symbol]) for symbol in symbols})


def build_manifest(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Measure the files of a folder of recordings again and bring its manifest up to date.

    Parameters
    ----------
    folder : Path
        The recordings.
    manifest : mapping
        The manifest with what is stated of each file; its measured entries are replaced.

    Returns
    -------
    dict
        The manifest with first and last session, number of rows and checksum of each file as it is now.

    Raises
    ------
    PriceError
        If a file is not described in the manifest or described but missing.
    PriceFileError
        With the faults of a file.
    """
    described = {entry["file"] for entry in manifest["recordings"]}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*.csv")}
    if described != present:
        names = ", ".join(sorted(described ^ present))
        raise PriceError(f"{folder}: {names} must both be there and be described in {MANIFEST}")
    recordings = []
    for entry in manifest["recordings"]:
        origin = Origin(symbol=entry["symbol"], source="recorded", vendor="", file=entry["file"], adjustment="")
        found = parse_prices((folder / entry["file"]).read_bytes(), entry["file"], origin).provenance
        measured = {"first": str(found.first), "last": str(found.last), "rows": found.rows, "sha256": found.sha256}
        recordings.append(asdict(Recording(**{**entry, **measured})))
    return {**manifest, "recordings": recordings}


def _read(recording: Recording) -> PriceSeries:
    try:
        data = _root().joinpath(recording.file).read_bytes()
    except OSError as error:
        raise PriceError(
            f"the recording {recording.file} cannot be read ({error.strerror}); reinstall eventstudy-toolkit"
        ) from None
    found = hashlib.sha256(data).hexdigest()
    if found != recording.sha256:
        raise PriceError(
            f"the recording {recording.file} has the checksum {found}, its manifest says {recording.sha256}; "
            "reinstall eventstudy-toolkit, or name a folder of your own files as the source"
        )
    origin = Origin(
        symbol=recording.symbol,
        source="recorded",
        vendor=recording.vendor,
        file=recording.file,
        adjustment=recording.prices,
        note="; ".join(filter(None, (recording.what, f"read from {recording.read_from}", recording.note))),
    )
    return parse_prices(data, f"recorded/{recording.file}", origin)


def _root() -> Traversable:
    return resources.files("eventstudy").joinpath("data").joinpath("recorded")


def _recordings() -> dict[str, Recording]:
    return {entry["symbol"]: Recording(**entry) for entry in _manifest()["recordings"]}


def _manifest() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_root().joinpath(MANIFEST).read_text(encoding="utf-8"))
    return content
