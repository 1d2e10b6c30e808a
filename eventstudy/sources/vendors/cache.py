"""Downloads kept on disk, append-only: every one is a file of its own that nothing later changes.

A study's series is always one download, never a splice of two: a dividend or split between them would become a return.
A file that is damaged is left aside and told; so is one that has lost the other of its pair.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from eventstudy.errors import PriceFileError, StoreError
from eventstudy.facts import Fact, facts_in, words
from eventstudy.files import write_files
from eventstudy.sources.own.folder import Origin, parse_prices
from eventstudy.sources.vendors.bars import series_csv
from eventstudy.sources.vendors.download import Download, Told
from eventstudy.sources.vendors.drift import compare

VARIABLE = "EVENTSTUDY_CACHE"
"""Environment variable that names another folder."""
SETTLED = 60.0
"""Seconds after which a file whose pair is not there is no longer one that another process is writing."""
DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))}
)
"""Names that no folder has on Windows, whatever follows a dot."""


def cache_folder() -> Path:
    """Where downloads are kept: the folder in `VARIABLE`, else the user's cache folder of this platform."""
    from platformdirs import user_cache_path

    stated = os.environ.get(VARIABLE)
    return Path(stated) if stated else user_cache_path("eventstudy-toolkit", appauthor=False)


@dataclass(frozen=True, slots=True)
class PriceCache:
    """Downloads below a folder: ``prices/<vendor>/<symbol>/<time>-<checksum>.csv``, each with a JSON file beside it.

    The JSON file says vendor, library and version, addresses asked, days covered, time, checksum of the CSV file and
    notes; the checksum in the names is its own. So two downloads share a name only if they share every byte, and two
    processes may write at once: neither changes what the other wrote.

    Attributes
    ----------
    folder : Path
        Root of the cache.
    told : callable
        Is told, in a sentence, of damaged files and of a cache that cannot be written.
    since : datetime or None
        Downloads before it are kept for comparison but not found.
    """

    folder: Path
    told: Told = lambda sentence: None
    since: datetime | None = None
    _left_aside: set[Path] = field(default_factory=set, init=False, repr=False, compare=False)

    def find(self, vendor: str, symbol: str, first: date, last: date) -> Download | None:
        """The newest undamaged download that covers the days, or None."""
        young = (one for one in self._newest(vendor, symbol) if self.since is None or one.at >= self.since)
        return next((one for one in young if one.first <= first and last <= one.last), None)

    def add(self, download: Download) -> Download:
        """Keep a download.

        Returns
        -------
        Download
            With a note of what the vendor changed since the last one that shares days with it. Where the cache cannot
            be written, that is told and the download is used all the same.
        """
        kept = self._newest(download.vendor, download.symbol)
        before = next((one for one in kept if one.first <= download.last and download.first <= one.last), None)
        if before is not None and (changed := compare(before, download)):
            download = replace(download, notes=(*download.notes, *changed))
            for change in changed:
                self.told(str(change))
        data = series_csv(download.series)
        document = _document(download, data)
        name = f"{download.at:%Y%m%dT%H%M%SZ}-{_checksum(document)}"
        place = self._place(download.vendor, download.symbol)
        try:
            write_files(place, {f"{name}.csv": data, f"{name}.json": document})
        except OSError as error:
            self.told(
                f"the download of {download.symbol} from {download.vendor} could not be kept in {place} "
                f"({error.strerror or error}); it is used for this run only"
            )
        return download

    def _newest(self, vendor: str, symbol: str) -> Iterator[Download]:
        place = self._place(vendor, symbol)
        try:
            names = {name for name in os.listdir(place) if not name.startswith(".")}
        except OSError:
            return
        for name in sorted(names, reverse=True):
            path = place / name
            if path.suffix == ".json":
                try:
                    yield _read(path)
                except (StoreError, PriceFileError) as error:
                    self._tell_damage(path, error)
            elif path.suffix == ".csv" and not path.with_suffix(".json").exists() and _is_settled(path):
                self._tell_damage(path, f"{path} has no {path.with_suffix('.json').name} beside it")

    def _tell_damage(self, path: Path, what: object) -> None:
        """Tell, once a file, that a download is left aside."""
        if path not in self._left_aside:
            self._left_aside.add(path)
            self.told(f"a kept download is damaged and was left aside: {what}; delete it")

    def _place(self, vendor: str, symbol: str) -> Path:
        """The folder of a symbol, whatever its characters: none leads out of the cache."""
        name = quote(symbol, safe="^=.-") or "%"
        if name.startswith(".") or name.partition(".")[0].upper() in DEVICES:
            name = f"%{ord(name[0]):02X}{name[1:]}"
        return self.folder / "prices" / vendor / name


def _checksum(data: bytes) -> str:
    return sha256(data).hexdigest()[:8]


def _is_settled(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > SETTLED
    except OSError:
        return False


def _document(download: Download, data: bytes) -> bytes:
    origin = download.series.provenance
    facts = {"adjustment": (origin.adjustment,), "note": origin.notes, "notes": download.notes}
    content = {
        "vendor": download.vendor,
        "title": origin.vendor,
        "symbol": download.symbol,
        "first": download.first.isoformat(),
        "last": download.last.isoformat(),
        "at": download.at.isoformat(),
        "library": download.library,
        "adjustment": str(origin.adjustment),
        "note": origin.note,
        "rows": len(download.series),
        "sha256": sha256(data).hexdigest(),
        "requests": list(download.requests),
        "notes": list(map(str, download.notes)),
        "facts": {name: [one.document() for one in said] for name, said in facts.items()},
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _read(path: Path) -> Download:
    """One download; `StoreError` where its files are not what they were."""
    try:
        document = path.read_bytes()
        if _checksum(document) != path.stem.rpartition("-")[2]:
            raise StoreError(f"{path} has not the checksum in its name")
        content: dict[str, Any] = json.loads(document)
        data = path.with_suffix(".csv").read_bytes()
        if sha256(data).hexdigest() != content["sha256"]:
            raise StoreError(f"{path.with_suffix('.csv')} has not the checksum in {path.name}")
        origin = Origin(
            symbol=content["symbol"],
            source="live",
            publisher=words(content["title"]),
            file=f"{content['vendor']}/{content['symbol']}",
            adjustment=_said(content, "adjustment")[0],
            notes=_said(content, "note"),
        )
        return Download(
            series=parse_prices(data, str(path.with_suffix(".csv")), origin),
            vendor=content["vendor"],
            first=date.fromisoformat(content["first"]),
            last=date.fromisoformat(content["last"]),
            at=datetime.fromisoformat(content["at"]).astimezone(UTC),
            library=content["library"],
            requests=tuple(content["requests"]),
            notes=_said(content, "notes"),
        )
    except OSError as error:
        raise StoreError(f"{error.filename or path} cannot be read ({error.strerror or error})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} is not the record of a download ({error!r})") from None


def _said(content: Mapping[str, Any], name: str) -> tuple[Fact, ...]:
    """The facts of an entry; its text, where an earlier version wrote no facts."""
    if "facts" in content:
        return facts_in(content["facts"][name])
    texts = content[name]
    return tuple(map(words, [texts] if isinstance(texts, str) else texts))
