"""``eventstudy record``: a live download into a folder of recordings, what changed told before anything is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from eventstudy.errors import StoreError
from eventstudy.facts import Fact, fact, told, words
from eventstudy.files import write_files
from eventstudy.sources.live import LiveSource, price_range
from eventstudy.sources.recorded import MANIFEST, Recording, read_manifest, read_recorded, recordings
from eventstudy.sources.vendors.bars import series_csv
from eventstudy.sources.vendors.download import last_over, still_due
from eventstudy.sources.vendors.drift import changes

if TYPE_CHECKING:
    from eventstudy.prices import PriceSeries, Provenance, Span
    from eventstudy.spec import StudySpec


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """What recording would do with a symbol.

    Attributes
    ----------
    symbol : str
        The study's symbol.
    state : {"new", "longer", "changed", "same", "kept"}
        Not recorded before; recorded and now with more sessions; with other prices in the overlap; with the same; or
        not downloaded because what is recorded covers the range.
    changes : tuple of str
        What the vendor says otherwise in the overlap, an English sentence each.
    recording : Recording
        Its entry in the manifest.
    data : bytes or None
        Its file; None where the one there is kept.
    """

    symbol: str
    state: Literal["new", "longer", "changed", "same", "kept"]
    changes: tuple[str, ...]
    recording: Recording
    data: bytes | None


def plan_recording(spec: StudySpec, folder: Path, source: LiveSource, *, refresh: bool = False) -> tuple[Planned, ...]:
    """Download what a study needs and hold it against what is recorded; nothing is written.

    Parameters
    ----------
    spec : StudySpec
        The study; its peers are left out, with a report, where no vendor has them.
    folder : Path
        The recordings.
    source : LiveSource
        The vendors.
    refresh : bool
        Whether to download also what is recorded for the whole range.

    Raises
    ------
    SourceError
        If a security or benchmark cannot be had; downloads made until then are in the cache.
    PriceError, PriceFileError
        If the recordings there are damaged.
    """
    now = source.manner.now()
    first, last = price_range(spec, now)
    last = min(last, now.astimezone(UTC).date())
    known = recordings(folder)
    planned = []
    for done, (symbol, instrument) in enumerate(spec.instruments.items()):
        source.progress(done, len(spec.instruments), symbol)
        before = known.get(symbol)
        over = last_over(instrument.exchange, last, now)
        if before is not None and not refresh and _covers(before, first, over):
            planned.append(Planned(symbol, "kept", (), before, None))
            continue
        series = source.series_if_had(spec, symbol, first, last, required=symbol not in spec.peers)
        if series is None:
            continue
        file = before.file if before is not None else f"peers/{symbol}.csv" if symbol in spec.peers else f"{symbol}.csv"
        late = still_due(instrument.exchange, series.sessions[-1], over, now) is not None
        asked = (first, series.provenance.last if late else over)
        planned.append(_compared(folder, before, series, words(instrument.name, instrument.name_zh), file, asked))
    source.progress(len(spec.instruments), len(spec.instruments), "")
    return tuple(planned)


def write_recording(spec: StudySpec, folder: Path, planned: Sequence[Planned]) -> None:
    """Write the files of a plan and the manifest, all of them or none; recordings of other symbols stay.

    Raises
    ------
    StoreError
        If the folder cannot be written; what was recorded before is unchanged.
    """
    manifest = read_manifest(folder)
    entries: dict[str, Mapping[str, object]] = {entry["symbol"]: entry for entry in manifest["recordings"]}
    entries |= {one.symbol: one.recording.document() for one in planned}
    halts = [entry for entry in manifest["suspensions"] if entry["symbol"] not in spec.instruments]
    halts += [
        {"symbol": symbol, "first": str(halt.first), "last": str(halt.last), "source": halt.source}
        for symbol, instrument in spec.instruments.items()
        for halt in instrument.suspensions
    ]
    manifest = {**manifest, "recordings": list(entries.values()), "suspensions": halts}
    files = {one.recording.file: one.data for one in planned if one.data is not None}
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    try:
        write_files(folder, {**files, MANIFEST: text.encode()})
    except OSError as error:
        raise StoreError(
            f"the recordings cannot be written to {folder} ({error.strerror}); what was recorded before is unchanged"
        ) from None


def _covers(before: Recording, first: date, last: date) -> bool:
    """Whether a recording was made for a range; a share's first session may lie after the first day asked for."""
    return (before.asked_first or before.first) <= str(first) and (before.asked_last or before.last) >= str(last)


def _compared(
    folder: Path, before: Recording | None, series: PriceSeries, what: Fact, file: str, asked: Span
) -> Planned:
    """A downloaded series beside what is recorded of it."""
    data, origin = series_csv(series), series.provenance
    recording = _entry(data, origin, what, file, asked)
    if before is None:
        return Planned(series.symbol, "new", (), recording, data)
    old = read_recorded([series.symbol], folder)[series.symbol]
    span = (max(old.provenance.first, origin.first), min(old.provenance.last, origin.last))
    asked_of = origin.file.partition("/")[0]
    who = asked_of if before.vendor == origin.vendor else fact("instead_of", vendor=asked_of, before=before.vendor)
    said = tuple(map(str, changes(old, series, span, who, fact("recording_to", last=before.last))))
    if recording.sha256 == before.sha256:
        same = replace(before, asked_first=recording.asked_first, asked_last=recording.asked_last)
        return Planned(series.symbol, "same", (), same, None)
    longer = origin.first < old.provenance.first or origin.last > old.provenance.last
    return Planned(series.symbol, "changed" if said else "longer" if longer else "same", said, recording, data)


def _entry(data: bytes, origin: Provenance, what: Fact, file: str, asked: Span) -> Recording:
    how, *notes = origin.notes
    read_from = fact("download", file=origin.file, how=how)
    facts = {"what": (what,), "read_from": (read_from,), "prices": (origin.adjustment,), "note": notes}
    return Recording(
        symbol=origin.symbol,
        file=file,
        what=str(what),
        vendor=origin.vendor,
        read_from=str(read_from),
        prices=str(origin.adjustment),
        note=told(notes),
        first=str(origin.first),
        last=str(origin.last),
        rows=origin.rows,
        sha256=sha256(data).hexdigest(),
        asked_first=str(asked[0]),
        asked_last=str(asked[1]),
        facts={name: [one.document() for one in said] for name, said in facts.items()},
    )
