"""The command line: parse arguments, call one function, print, choose the exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from eventstudy.cli.events import app as events_app
from eventstudy.cli.recording import record
from eventstudy.cli.studies import check, init, report, run, schema
from eventstudy.errors import EventStudyError

__all__ = ["app", "main"]

app = typer.Typer(
    name="eventstudy",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Event studies from dated events: sessions, prices, abnormal returns, exact tests, one report.",
)


def main() -> None:
    """Entry point: run the command line; an expected fault is printed as one line per fault, no traceback."""
    try:
        app()
    except EventStudyError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        from eventstudy.distribution import DISTRIBUTION

        typer.echo(f"{DISTRIBUTION} {version(DISTRIBUTION)}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Event studies from dated events: sessions, prices, abnormal returns, exact tests, one report."""


for command in (init, check, run, report, record, schema):
    app.command()(command)
app.add_typer(events_app, name="events")
