"""The command line: parse arguments, call one function, print, choose the exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from eventstudy.errors import EventStudyError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from eventstudy.results import StudyResult

app = typer.Typer(
    name="eventstudy",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Event studies from dated events: sessions, prices, abnormal returns, exact tests, one report.",
)
events_app = typer.Typer(no_args_is_help=True, help="Show the events of a study.")
app.add_typer(events_app, name="events")

StudyArgument = Annotated[
    str, typer.Argument(metavar="[EVENTS.YAML]", help="Study file; the word flagship names the packaged study.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print results.json instead of the table.")]
SourceOption = Annotated[
    str, typer.Option("--source", metavar="recorded|FOLDER", help="Prices: the recordings, or a folder of CSV files.")
]
OutOption = Annotated[
    Path, typer.Option("--out", metavar="FOLDER", help="Folder that the study's folder is written into.")
]
LangOption = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of report and summary.")]
RobustnessOption = Annotated[
    Literal["full", "fast", "none"],
    typer.Option(
        "--robustness",
        help="Placebo dates, specification curve and the like: all, without curve and simulated sizes, or nothing.",
    ),
]
DEFAULT_STUDY = "events.yaml"


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

        typer.echo(f"eventstudy-toolkit {version('eventstudy-toolkit')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Event studies from dated events: sessions, prices, abnormal returns, exact tests, one report."""


@app.command()
def check(study: StudyArgument = DEFAULT_STUDY, quiet: QuietOption = False) -> None:
    """Find every fault of a study file and show the first session of each event; fetches nothing."""
    from eventstudy.config import load_study
    from eventstudy.study.timing import open_exchanges, time_events

    with _progress("checking", quiet=quiet):
        spec = load_study(study)
        timed = time_events(spec, open_exchanges(spec))
    if quiet:
        return
    rows = [
        (
            item.event.id,
            item.security,
            item.exchange,
            _span(item.first.session.isoformat(), item.first.session_last.isoformat()),
            item.first.reason.replace("_", " ") + (", partial" if item.first.partial else ""),
            item.event.role,
        )
        for item in timed
    ]
    _print(_table(("event", "security", "exchange", "first session", "why", "role"), rows))
    counts = f"{len(spec.events)} events ({len(spec.tested)} tested), {len(spec.securities)} securities"
    typer.echo(f"{study}: no faults; {counts}")


@app.command()
def run(
    study: StudyArgument = DEFAULT_STUDY,
    source: SourceOption = "recorded",
    out: OutOption = Path("reports"),
    lang: LangOption = "en",
    robustness: RobustnessOption = "full",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run a study: write the report folder and print the summary table."""
    from eventstudy.config import load_study
    from eventstudy.report import write_report
    from eventstudy.sources import load_prices
    from eventstudy.study import run_study

    silent = quiet or json
    with _progress("reading the study and its prices", quiet=silent):
        spec = load_study(study)
        prices = load_prices(spec, source=source)
    what = "estimating" if robustness == "none" else "estimating, and again on earlier dates and under other choices"
    with _progress(what, quiet=silent):
        result = run_study(spec, prices, robustness=robustness)
    with _progress("writing the report", quiet=silent):
        folder = write_report(result, out, lang=lang)
    if json:
        typer.echo(result.to_json(), nl=False)
    elif not quiet:
        _print(_headline_table(result, lang))
        typer.echo(f"report: {folder / 'report.html'}")


@app.command()
def schema(
    results: Annotated[bool, typer.Option("--results", help="The schema of results.json instead.")] = False,
) -> None:
    """Print the JSON Schema of events.yaml, for editors and other programs."""
    from eventstudy.schemas import results_schema, schema_text, study_schema

    typer.echo(schema_text(results_schema() if results else study_schema()), nl=False)


@events_app.command("list")
def events_list(study: StudyArgument = DEFAULT_STUDY, lang: LangOption = "en") -> None:
    """Show the timeline: every event with its moment, role and securities."""
    from eventstudy.config import load_study

    spec = load_study(study)
    rows = [
        (
            event.when.text,
            event.id,
            (event.title_zh if lang == "zh" else None) or event.title,
            event.role,
            ", ".join((*event.securities, *event.exchanges)) or "-",
        )
        for event in sorted(spec.events, key=lambda event: event.when.first)
    ]
    _print(_table(("when", "id", "event", "role", "touches"), rows))


def _headline_table(result: StudyResult, lang: Literal["en", "zh"]) -> Table:
    from eventstudy.summary import HEADLINE_COLUMNS, headline_rows

    return _table(HEADLINE_COLUMNS[lang], headline_rows(result, lang=lang))


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    return table


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False)
    # A pipe has no width of its own: rows are kept whole there, for grep and the like.
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=200)


def _print(table: Table) -> None:
    _console().print(table)


@contextmanager
def _progress(what: str, *, quiet: bool) -> Iterator[None]:
    """A spinner on a terminal, silence elsewhere."""
    console = _console(stderr=True)
    if quiet or not console.is_terminal:
        yield
        return
    with console.status(f"{what} …"):
        yield
