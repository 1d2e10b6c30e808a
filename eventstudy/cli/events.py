"""The commands on the events of a study: list, add."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from eventstudy.cli.terminal import (
    DEFAULT_STUDY,
    StudyArgument,
    progress,
    session_table,
    show,
    somebody_is_there,
    table,
)
from eventstudy.errors import OptionError

if TYPE_CHECKING:
    from eventstudy.config import AddedEvent

Texts = dict[str, str | None]
Lists = dict[str, list[str]]
Value = str | Sequence[str] | Mapping[str, str]
SOURCE_PARTS = ("publisher", "title", "date")

app = typer.Typer(no_args_is_help=True, help="Show the events of a study, or add one.")

RoleOption = Annotated[
    Literal["tested", "confounder", "context"],
    typer.Option("--role", help="Tested; a confounder of other events; or context, which is drawn and never tested."),
]
SecuritiesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--security",
        metavar="SYMBOL[=positive|negative|unsigned]",
        help="A security that it touches and the sign expected there, unsigned if none is given; repeatable.",
    ),
]
ExchangesOption = Annotated[
    list[str] | None,
    typer.Option("--exchange", metavar="CODE", help="A confounder of a whole exchange, e.g. XNAS; repeatable."),
]
SourcesOption = Annotated[
    list[str] | None, typer.Option("--source", metavar="ID", help="A source of the file, by its id; repeatable.")
]
NewSourcesOption = Annotated[
    list[str] | None,
    typer.Option("--new-source", metavar="ID|PUBLISHER|TITLE|DATE", help="A source to add as well; repeatable."),
]


@app.command("list")
def events_list(
    study: StudyArgument = DEFAULT_STUDY,
    lang: Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of the titles.")] = "en",
) -> None:
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
    show(table(("when", "id", "event", "role", "touches"), rows))


@app.command("add")
def events_add(  # noqa: PLR0913 - an option for each key of an event
    study: StudyArgument = DEFAULT_STUDY,
    id: Annotated[str | None, typer.Option("--id", help="Id: lower-case letters, digits, hyphens.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="What happened, in a few words.")] = None,
    title_zh: Annotated[str | None, typer.Option("--title-zh", help="The same in Chinese.")] = None,
    when: Annotated[
        str | None,
        typer.Option("--when", metavar="MOMENT", help="2025-12-08T17:56Z, two of these joined by /, a day, a month."),
    ] = None,
    role: RoleOption = "tested",
    securities: SecuritiesOption = None,
    exchanges: ExchangesOption = None,
    why: Annotated[str | None, typer.Option("--why", help="Why that sign is expected.")] = None,
    why_zh: Annotated[str | None, typer.Option("--why-zh", help="The same in Chinese.")] = None,
    summary: Annotated[str | None, typer.Option("--summary", help="What the sources say.")] = None,
    summary_zh: Annotated[str | None, typer.Option("--summary-zh", help="The same in Chinese.")] = None,
    note: Annotated[str | None, typer.Option("--note", help="What a reader must know, e.g. of the hour.")] = None,
    note_zh: Annotated[str | None, typer.Option("--note-zh", help="The same in Chinese.")] = None,
    sources: SourcesOption = None,
    new_sources: NewSourcesOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the lines, write nothing.")] = False,
) -> None:
    """Add an event to a study file; its comments and everything else in it stay as they are."""
    texts = {"id": id, "title": title, "title_zh": title_zh, "when": when, "role": None if role == "tested" else role}
    texts |= {"why": why, "why_zh": why_zh, "summary": summary, "summary_zh": summary_zh}
    texts |= {"note": note, "note_zh": note_zh}
    lists = {"security": securities or [], "exchange": exchanges or [], "source": sources or []}
    _add(study, texts, lists | {"new-source": new_sources or []}, dry_run=dry_run)


def _add(study: str, texts: Texts, lists: Lists, *, dry_run: bool) -> None:
    from eventstudy.config import add_event

    missing = _missing(texts, lists)
    if missing and not somebody_is_there():
        *others, last = (f"--{name}" for name in missing)
        names = f"{', '.join(others)} and {last} are" if others else f"{last} is"
        raise OptionError(f"{names} missing; without a terminal to ask on, an event needs them as options")
    if missing:
        _ask(study, missing, texts, lists)
    new = _new_sources(lists["new-source"])
    event: dict[str, Value] = {key: text for key, text in texts.items() if text is not None}
    event |= {"securities": _signs(lists["security"])} if lists["security"] else {}
    event |= {"exchanges": lists["exchange"]} if lists["exchange"] else {}
    event |= {"sources": list(dict.fromkeys([*lists["source"], *new]))}
    with progress("checking the study with its new event"):
        added = add_event(study, event, sources=new, dry_run=dry_run)
    _tell(study, added)


def _tell(study: str, added: AddedEvent) -> None:
    if not added.written:
        typer.echo(added.diff, nl=False)
        return
    if added.timed:
        show(session_table(added.timed))
    typer.echo(f"{study}:{added.line}: event {added.event.id} added")


def _missing(texts: Texts, lists: Lists) -> list[str]:
    """The options without which there is no event, as far as they are not given."""
    missing = [name for name in ("id", "title", "when") if texts[name] is None]
    either = lists["exchange"] if texts["role"] == "confounder" else []
    if texts["role"] != "context" and not lists["security"] and not either:
        missing.append("security")
    return missing if lists["source"] or lists["new-source"] else [*missing, "source"]


def _ask(study: str, missing: Sequence[str], texts: Texts, lists: Lists) -> None:
    """Ask for what is missing; the study is read first, so that the answers can be chosen from what it has."""
    from eventstudy.config import load_study

    spec = load_study(study)
    for name in missing:
        if name == "id":
            texts[name] = typer.prompt("id (lower-case letters, digits, hyphens)")
        elif name == "title":
            texts[name] = typer.prompt("title (what happened)")
        elif name == "when":
            question = "when (2025-12-08T17:56Z, two of these joined by /, a day, a month)"
            texts[name] = typer.prompt(question, value_proc=_moment)
        elif name == "security":
            known = ", ".join(spec.securities)
            lists[name] = _parts(typer.prompt(f"securities, with =positive, =negative or =unsigned (known: {known})"))
        else:
            known = ", ".join(spec.sources)
            answer = typer.prompt(f"source (known: {known}; a new one as ID|PUBLISHER|TITLE|DATE)")
            lists["new-source" if "|" in answer else name] = [answer] if "|" in answer else _parts(answer)


def _parts(answer: str) -> list[str]:
    return re.sub(r"\s*=\s*", "=", answer.replace(",", " ")).split()


def _moment(answer: str) -> str:
    """The answer, if it is a moment; else the question is put again."""
    from eventstudy.events import parse_moment

    try:
        parse_moment(answer)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return answer


def _signs(given: Sequence[str]) -> dict[str, str]:
    signs: dict[str, str] = {}
    for text in given:
        symbol, _, sign = (part.strip() for part in text.partition("="))
        if symbol in signs:
            raise OptionError(f"--security {symbol} is given twice; a security has one expected sign")
        signs[symbol] = sign or "unsigned"
    return signs


def _new_sources(given: Sequence[str]) -> dict[str, dict[str, str]]:
    sources: dict[str, dict[str, str]] = {}
    for text in given:
        key, *parts = (part.strip() for part in text.split("|"))
        if len(parts) != len(SOURCE_PARTS):
            raise OptionError(f"--new-source {text!r} is not of the form id|publisher|title|date")
        if key in sources:
            raise OptionError(f"--new-source {key} is given twice; an id names one source")
        sources[key] = dict(zip(SOURCE_PARTS, parts, strict=True))
    return sources
