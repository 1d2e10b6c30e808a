"""The command ``record``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eventstudy.cli.terminal import DEFAULT_STUDY, NoCacheOption, QuietOption, StudyArgument, downloading, show, table
from eventstudy.errors import OptionError

if TYPE_CHECKING:
    from eventstudy.sources.recording import Planned


def record(
    study: StudyArgument = DEFAULT_STUDY,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Download also what is recorded, and show what the vendors changed.")
    ] = False,
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="FOLDER", help="Folder of recordings; by default recorded/ beside the study."),
    ] = None,
    exchanges: Annotated[
        Path | None, typer.Option("--exchanges", metavar="FOLDER", help="Keep every HTTP exchange there as well.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be recorded and write nothing.")] = False,
    no_cache: NoCacheOption = False,
    quiet: QuietOption = False,
) -> None:
    """Download a study's prices into recordings; what a vendor changed is shown before anything is written."""
    from eventstudy.config import load_study
    from eventstudy.sources import live_source
    from eventstudy.sources.recording import plan_recording, write_recording

    spec = load_study(study)
    folder = into or _recordings_of(study, spec.prices.recorded)
    for given in (folder, *(() if exchanges is None else (exchanges,))):
        _refuse_file(given)
    # Only a request that is made has an exchange to keep.
    keeps = not no_cache and exchanges is None
    with downloading(quiet=quiet, keeps=keeps) as (told, progress), _keeping(exchanges):
        source = live_source(keeps, told, progress, anew=refresh)
        planned = plan_recording(spec, folder, source, refresh=refresh)
    if not quiet:
        _show(planned)
    if dry_run:
        if not quiet:
            typer.echo(f"nothing was written; without --dry-run this goes to {folder}")
        return
    write_recording(spec, folder, planned)
    if not quiet:
        typer.echo(f"recorded in {folder}")
        if spec.prices.recorded is None and into is None:
            typer.echo("to run on these, write in the study: prices: {recorded: recorded}")


def _recordings_of(study: str, stated: str | None) -> Path:
    """The folder of recordings that a study states, else ``recorded`` beside it."""
    from eventstudy.config.study_file import FLAGSHIP, study_path

    if stated is not None:
        return Path(stated)
    if study == FLAGSHIP:
        raise OptionError("the packaged study has no folder of its own to record into; name one with --into")
    return study_path(study).parent / "recorded"


def _refuse_file(folder: Path) -> None:
    """Refuse a place that is no folder before anything is downloaded for it."""
    if folder.exists() and not folder.is_dir():
        raise OptionError(f"{folder} is a file; name a folder, which need not exist")


def _keeping(exchanges: Path | None) -> AbstractContextManager[None]:
    """Keep every exchange of this context in a folder, if one is named."""
    if exchanges is None:
        return nullcontext()
    from datetime import UTC, datetime
    from importlib.metadata import version

    from eventstudy.sources.vendors import vendors
    from eventstudy.sources.vendors.exchanges import Recorder
    from eventstudy.sources.vendors.wire import through

    today = datetime.now(UTC).date().isoformat()
    recorders = {
        vendor.name: Recorder(exchanges, library=f"{vendor.library} {version(vendor.library)}", at=today)
        for vendor in vendors()
    }
    return through(lambda asked, send: recorders[asked.vendor](asked, send) if asked.vendor in recorders else send())


def _show(planned: Sequence[Planned]) -> None:
    show(
        table(
            ("symbol", "vendor", "from", "to", "sessions", "recording"),
            [
                (
                    one.symbol,
                    one.recording.vendor,
                    one.recording.first,
                    one.recording.last,
                    str(one.recording.rows),
                    STATES[one.state],
                )
                for one in planned
            ],
        )
    )
    for one in planned:
        for sentence in one.changes:
            typer.echo(sentence)


STATES = {
    "new": "new",
    "longer": "longer, the same in the overlap",
    "changed": "CHANGED in the overlap, see below",
    "same": "the same again",
    "kept": "kept, not downloaded",
}
