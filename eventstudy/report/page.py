"""The page: sections rendered from their templates, styles, scripts and plotly.js in one file."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from eventstudy.plots.style import display_width
from eventstudy.report.sections import SECTIONS
from eventstudy.report.views import Study
from eventstudy.results import Results
from eventstudy.texts import Lang
from eventstudy.texts.names import names_of

SHORT_CELL = 26


def render_page(result: Results, lang: Lang) -> str:
    """The whole report as HTML text; it asks for nothing outside itself, and its policy forbids it to."""
    from plotly.offline import get_plotlyjs

    study = Study(result, names_of(result.spec, lang))
    scripts = (get_plotlyjs(), _asset("page.js"))
    return (
        environment()
        .get_template("page.html")
        .render(
            study=study,
            t=study.texts,
            names=study.names,
            head=_head(study),
            sections=[(name, f"{name}.html", build(study)) for name, build in SECTIONS.items()],
            style=_asset("page.css"),
            scripts=scripts,
            policy=_policy(scripts),
        )
    )


@lru_cache
def environment() -> Environment:
    """The templates; everything put into them is escaped unless a template marks it as safe."""
    loader = PackageLoader("eventstudy.report", "templates")
    templates = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters["cell_width"] = _cell_width
    return templates


def _cell_width(text: str) -> str:
    """Class of a table cell: short texts keep to one line, long ones get room to wrap in."""
    return "short" if display_width(text) <= SHORT_CELL else "long"


def _asset(name: str) -> str:
    return files("eventstudy.report").joinpath("templates", name).read_text(encoding="utf-8")


def _policy(scripts: tuple[str, ...]) -> str:
    """A content security policy that runs exactly these scripts and lets no request leave."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:"


def _head(study: Study) -> dict[str, str]:
    """The data's own dates, which stand where other reports say when they were made."""
    texts, result = study.texts, study.result
    prices = [record for record in result.provenance if record.kind == "prices"]
    firsts = [record.first for record in prices if record.first is not None]
    lasts = [record.last for record in prices if record.last is not None]
    days = [record.session for record in result.sessions if record.role == "tested"]
    return {
        "prices": texts.span(min(firsts), max(lasts)) if firsts and lasts else "",
        "sessions": texts.span(min(days), max(days)) if days else "",
        "securities": texts.listing([study.names.ticker(symbol) for symbol in result.spec.securities]),
    }
