"""Downloads kept on disk, append-only: every one is a file of its own that nothing later changes.

A study's series is always one download, never a splice of two: a dividend or split between them would become a return.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from eventstudy.errors import PriceFileError, StoreError
from eventstudy.files import write_files
from eventstudy.sources.bars import series_csv
from eventstudy.sources.drift import compare
from eventstudy.sources.folder import Origin, parse_prices
from eventstudy.sources.vendors import Download, Told

VARIABLE = "EVENTSTUDY_CACHE"
"""Environment variable that names another folder."""


def cache_folder() -> Path:
    """Where downloads are kept: the folder in `VARIABLE`, else the user's cache folder of this platform."""
    from platformdirs import user_cache_path

    stated = os.environ.get(VARIABLE)
    return Path(stated) if stated else user_cache_path("eventstudy-toolkit", appauthor=False)


@dataclass(frozen=True, slots=True)
class PriceCache:
    """Downloads below a folder: ``prices/<vendor>/<symbol>/<time>-<checksum>.csv``, each with a JSON file beside it.

    The JSON file says vendor, library and version, addresses asked, days covered, time, checksum and notes. Two
    processes may write at once: neither touches what the other wrote.

    Attributes
    ----------
    folder : Path
        Root of the cache.
    told : callable
        Is told, in a sentence, of damaged files and of a cache that cannot be written.
    """

    folder: Path
    told: Told = lambda sentence: None

    def find(self, vendor: str, symbol: str, first: date, last: date) -> Download | None:
        """The newest undamaged download that covers the days, or None."""
        return next((one for one in self._newest(vendor, symbol) if one.first <= first and last <= one.last), None)

    def add(self, download: Download) -> Download:
        """Keep a download.

        Returns
        -------
        Download
            With a note of what the vendor changed since the one before. Where the cache cannot be written, that is
            told and the download is used all the same.
        """
        before = next(self._newest(download.vendor, download.symbol), None)
        if before is not None and (changed := compare(before, download)):
            download = replace(download, notes=(*download.notes, *changed))
            for sentence in changed:
                self.told(sentence)
        data = series_csv(download.series)
        name = f"{download.at:%Y%m%dT%H%M%SZ}-{sha256(data).hexdigest()[:8]}"
        place = self._place(download.vendor, download.symbol)
        try:
            write_files(place, {f"{name}.csv": data, f"{name}.json": _document(download, data)})
        except OSError as error:
            self.told(
                f"the download of {download.symbol} from {download.vendor} could not be kept in {place} "
                f"({error.strerror}); it is used for this run only"
            )
        return download

    def _newest(self, vendor: str, symbol: str) -> Iterator[Download]:
        place = self._place(vendor, symbol)
        for path in sorted(place.glob("*.json"), reverse=True) if place.is_dir() else ():
            try:
                yield _read(path)
            except (StoreError, PriceFileError) as error:
                self.told(f"a kept download is damaged and was left aside: {error}")

    def _place(self, vendor: str, symbol: str) -> Path:
        return self.folder / "prices" / vendor / quote(symbol, safe="^=.-")


def _document(download: Download, data: bytes) -> bytes:
    content = {
        "vendor": download.vendor,
        "title": download.series.provenance.vendor,
        "symbol": download.symbol,
        "first": download.first.isoformat(),
        "last": download.last.isoformat(),
        "at": download.at.isoformat(),
        "library": download.library,
        "adjustment": download.series.provenance.adjustment,
        "rows": len(download.series),
        "sha256": sha256(data).hexdigest(),
        "requests": list(download.requests),
        "notes": list(download.notes),
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _read(path: Path) -> Download:
    """One download; `StoreError` where its files are not what they were."""
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        data = path.with_suffix(".csv").read_bytes()
        if sha256(data).hexdigest() != content["sha256"]:
            raise StoreError(f"{path.with_suffix('.csv')} has not the checksum in {path.name}")
        origin = Origin(
            symbol=content["symbol"],
            source="live",
            vendor=content["title"],
            file=f"{content['vendor']}/{content['symbol']}",
            adjustment=content["adjustment"],
        )
        return Download(
            series=parse_prices(data, str(path.with_suffix(".csv")), origin),
            vendor=content["vendor"],
            first=date.fromisoformat(content["first"]),
            last=date.fromisoformat(content["last"]),
            at=datetime.fromisoformat(content["at"]).astimezone(UTC),
            library=content["library"],
            requests=tuple(content["requests"]),
            notes=tuple(content["notes"]),
        )
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} is not the record of a download ({error!r})") from None
