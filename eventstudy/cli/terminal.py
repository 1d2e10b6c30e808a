"""What commands share: arguments and options, tables, a spinner, and whether somebody sits in front of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    from eventstudy.study.timing import Timed

DEFAULT_STUDY = "events.yaml"

StudyArgument = Annotated[
    str, typer.Argument(metavar="[EVENTS.YAML]", help="Study file; the word flagship names the packaged study.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
LangOption = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of report and summary.")]
NoCacheOption = Annotated[
    bool,
    typer.Option("--no-cache", help="Live prices: download everything anew and keep no downloads in the cache folder."),
]

PIPE_WIDTH = 200
INTERRUPTED = 130
"""Exit code of a program that the user stopped (128 + the number of the signal)."""


def console(*, stderr: bool = False) -> Console:
    """A console; a pipe has no width of its own, so rows are kept whole there, for grep and the like."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, width=PIPE_WIDTH)


def table(columns: tuple[str, ...], rows: Iterable[Sequence[str]]) -> Table:
    """A plain table, its head underlined; cells are text, not markup."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    made = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        made.add_row(*map(escape, row))
    return made


def show(made: Table) -> None:
    """Print a table to standard output."""
    console().print(made)


def session_table(timed: Iterable[Timed]) -> Table:
    """The first session of each event on each security."""
    rows = (
        (
            item.event.id,
            item.security,
            item.exchange,
            _span(item.first.session.isoformat(), item.first.session_last.isoformat()),
            item.first.reason.replace("_", " ") + (", partial" if item.first.partial else ""),
            item.event.role,
        )
        for item in timed
    )
    return table(("event", "security", "exchange", "first session", "why", "role"), rows)


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


@contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[None]:
    """A spinner on a terminal, silence elsewhere."""
    errors = console(stderr=True)
    if quiet or not errors.is_terminal:
        yield
        return
    with errors.status(f"{what} …"):
        yield


@contextmanager
def downloading(*, quiet: bool, keeps: bool) -> Iterator[tuple[Callable[[str], None], Callable[[int, int, str], None]]]:
    """What a download tells and how far it is: sentences on standard error, and a bar there on a terminal.

    Stopped by the user it says how to go on, if downloads are kept (`keeps`), and the program ends with `INTERRUPTED`.
    """
    errors = console(stderr=True)
    try:
        if quiet:
            yield (lambda sentence: None), (lambda done, of, symbol: None)
        elif not errors.is_terminal:
            yield (lambda sentence: typer.echo(sentence, err=True)), (lambda done, of, symbol: None)
        else:
            with _bar(errors) as bar:
                task = bar.add_task("", total=None)
                yield (
                    lambda sentence: bar.console.print(sentence, markup=False),
                    lambda done, of, symbol: bar.update(task, completed=done, total=of, description=symbol),
                )
    except KeyboardInterrupt:
        kept = "; downloads made so far are kept, and the same command goes on from there" if keeps else ""
        typer.echo(f"stopped{kept}", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _bar(errors: Console) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        TextColumn("downloading {task.description}"), BarColumn(), MofNCompleteColumn(), console=errors, transient=True
    )


def somebody_is_there() -> bool:
    """Whether questions can be asked: both input and output are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()
