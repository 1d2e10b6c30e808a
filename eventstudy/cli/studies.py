"""The commands that make a study and read it: init, check, run, report, schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from eventstudy.cli.terminal import (
    DEFAULT_STUDY,
    LangOption,
    NoCacheOption,
    QuietOption,
    StudyArgument,
    downloading,
    progress,
    session_table,
    show,
    table,
)

if TYPE_CHECKING:
    from eventstudy.study_result import StudyResult

SourceOption = Annotated[
    str,
    typer.Option(
        "--source", metavar="recorded|live|FOLDER", help="Prices: the recordings, the vendors, or a folder of files."
    ),
]
OutOption = Annotated[
    Path, typer.Option("--out", metavar="FOLDER", help="Folder that the study's folder is written into.")
]
RobustnessOption = Annotated[
    Literal["full", "fast", "none"],
    typer.Option(
        "--robustness",
        help="Placebo dates, specification curve and the like: all, without curve and simulated sizes, or nothing.",
    ),
]


def init(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Folder to make, or to put the study into.")],
    study_id: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="Id of the study; by default it is made of the folder's name."),
    ] = None,
) -> None:
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


def check(study: StudyArgument = DEFAULT_STUDY, quiet: QuietOption = False) -> None:
    """Find every fault of a study file and show the first session of each event; fetches nothing."""
    from eventstudy.config import load_study, timed_study

    with progress("checking", quiet=quiet):
        spec = load_study(study)
        timed = timed_study(study, spec)
    if quiet:
        return
    show(session_table(timed))
    events = "1 event" if len(spec.events) == 1 else f"{len(spec.events)} events"
    securities = "1 security" if len(spec.securities) == 1 else f"{len(spec.securities)} securities"
    typer.echo(f"{study}: no faults; {events} ({len(spec.tested)} tested), {securities}")


def run(  # noqa: PLR0913 - one parameter an option
    study: StudyArgument = DEFAULT_STUDY,
    source: SourceOption = "recorded",
    out: OutOption = Path("reports"),
    lang: LangOption = "en",
    robustness: RobustnessOption = "full",
    no_cache: NoCacheOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print results.json instead of the table.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Run a study: write the report folder and print the summary table."""
    from eventstudy.config import load_study, timed_study
    from eventstudy.report import write_report
    from eventstudy.sources import load_prices
    from eventstudy.study import run_study

    silent = quiet or json
    with progress("reading the study", quiet=silent):
        spec = load_study(study)
        timed_study(study, spec)
    live = source == "live"
    with downloading(quiet=silent or not live, keeps=live and not no_cache) as (told, done):
        say = told if live or silent else _aside
        prices = load_prices(spec, source=source, cache=not no_cache, told=say, progress=done)
    what = "estimating" if robustness == "none" else "estimating, and again on earlier dates and under other choices"
    with progress(what, quiet=silent):
        result = run_study(spec, prices, robustness=robustness)
    with progress("writing the report", quiet=silent):
        folder = write_report(result, out, lang=lang)
    if json:
        typer.echo(result.to_json(), nl=False)
    elif not quiet:
        _show_headlines(result, lang)
        typer.echo(f"report: {folder / 'report.html'}")
        _remark(result, source)
    if not quiet:
        _doubt(result, lang)


def report(
    results: Annotated[Path, typer.Argument(metavar="RESULTS.JSON", help="What `eventstudy run` wrote.")],
    out: OutOption = Path("reports"),
    lang: LangOption = "en",
    quiet: QuietOption = False,
) -> None:
    """Write the report folder from a results.json alone; nothing is computed or fetched."""
    from eventstudy.report import write_report
    from eventstudy.study_result import StudyResult

    with progress("writing the report", quiet=quiet):
        folder = write_report(StudyResult.from_json(results), out, lang=lang)
    if not quiet:
        typer.echo(f"report: {folder / 'report.html'}")


def schema(
    results: Annotated[bool, typer.Option("--results", help="The schema of results.json instead.")] = False,
) -> None:
    """Print the JSON Schema of events.yaml, for editors and other programs."""
    from eventstudy.schemas import results_schema, schema_text, study_schema

    typer.echo(schema_text(results_schema() if results else study_schema()), nl=False)


def _show_headlines(result: StudyResult, lang: Literal["en", "zh"]) -> None:
    from eventstudy.summary import HEADLINE_COLUMNS, headline_rows

    if result.headlines:
        show(table(HEADLINE_COLUMNS[lang], headline_rows(result, lang=lang)))


def _aside(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _doubt(result: StudyResult, lang: Literal["en", "zh"]) -> None:
    """Tell on standard error what makes the prices behind a headline doubtful."""
    from eventstudy.summary import doubt_lines

    for line in doubt_lines(result, lang=lang):
        typer.echo(line, err=True)


def _remark(result: StudyResult, source: str) -> None:
    """Tell on standard error what the table cannot show: figures that were not had, tables that were not read."""
    had = {head.id for head in result.headlines}
    for headline in result.spec.headlines:
        if headline.id not in had:
            typer.echo(f"no figure for {headline.title!r}; the report says why under what was left out", err=True)
    if result.spec.prices.files and source in ("recorded", "live"):
        files = ", ".join(dict.fromkeys(one.file for one in result.spec.prices.files))
        typer.echo(f"{files} of prices.files not read: tables of your own are read with --source FOLDER", err=True)
