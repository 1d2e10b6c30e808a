"""The command that makes a new study: init."""

from __future__ import annotations

from typing import Annotated

import typer

from eventstudy.cli.terminal import progress

FolderArgument = Annotated[str, typer.Argument(metavar="FOLDER", help="Folder to make, or to put the study into.")]
IdOption = Annotated[
    str | None, typer.Option("--id", metavar="ID", help="Id of the study; by default it is made of the folder's name.")
]


def init(folder: FolderArgument, study_id: IdOption = None) -> None:
    """Make a new study that runs at once on recorded prices; nothing is written over."""
    from eventstudy.config import make_study

    with progress("making the study"):
        made = make_study(folder, study_id=study_id)
    typer.echo(f"made the study {made.id}:")
    for name in sorted(made.files):
        typer.echo(f"  {made.folder / name}")
    typer.echo(f"next, in {made.folder}:" if made.folder.name else "next:")
    typer.echo("  eventstudy check")
    typer.echo("  eventstudy run")
