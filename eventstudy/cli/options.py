"""Arguments and options that several commands take."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

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
