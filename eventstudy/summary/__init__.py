"""The findings of a study in words: one Markdown text, and the rows of the headline table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from eventstudy.summary.exclusions import exclusion_groups, shifted
from eventstudy.summary.findings import answer, doubts, findings, not_said
from eventstudy.summary.rows import (
    claims_table,
    event_day_table,
    headline_table,
    interval,
    joint_table,
    ledger_table,
    portfolio_table,
)
from eventstudy.summary.tables import Table, markdown, plain
from eventstudy.texts import LANGS, Lang, load_texts
from eventstudy.texts.names import Names, names_of

if TYPE_CHECKING:
    from eventstudy.results import Results

__all__ = ["HEADLINE_COLUMNS", "doubt_lines", "headline_rows", "summary_text"]

_HEADLINE_KEYS = ("figure", "sessions", "benchmark", "estimate", "interval_plain", "p", "detectable")

HEADLINE_COLUMNS: Mapping[Lang, tuple[str, ...]] = {
    lang: tuple(load_texts(lang)(f"column.{key}") for key in _HEADLINE_KEYS) for lang in LANGS
}
"""Titles of the columns of `headline_rows`, by language; figures are in percent."""


def headline_rows(result: Results, *, lang: Lang = "en") -> list[tuple[str, ...]]:
    """The headline figures as display texts, a row each, under `HEADLINE_COLUMNS`.

    Parameters
    ----------
    result : Results
        From `run_study`.
    lang : str
        ``"en"`` or ``"zh"``.
    """
    names = names_of(result.spec, lang)
    texts = names.texts
    return [
        (
            names.headline(head.id),
            texts.span(head.first_session, head.last_session),
            names.benchmark(head.benchmark),
            texts.points(head.estimate),
            interval(names, head.ci_low, head.ci_high),
            texts.pvalue(head.decisive),
            texts.size(head.detectable),
        )
        for head in result.headlines
    ]


def doubt_lines(result: Results, *, lang: Lang = "en") -> list[str]:
    """What makes the prices behind a headline doubtful: a line for each headline and thing, after its title."""
    names = names_of(result.spec, lang)
    colon = names.texts("list.colon")
    return [f"{names.headline(head.id)}{colon}{told}" for head in result.headlines for told in doubts(names, head)]


def summary_text(result: Results, *, lang: Lang = "en") -> str:
    """The findings as Markdown: sentences first, then the tables, then what was left out.

    Parameters
    ----------
    result : Results
        From `run_study`.
    lang : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str
        Ends with a newline; the same result gives the same text.
    """
    names = names_of(result.spec, lang)
    parts = [
        f"# {plain(names.must(result.spec.study, 'title'))}",
        plain(names.must(result.spec.study, "question")),
        *_said(result, names),
        *_days(result, names),
        _heading(names, "joint"),
        _table_or(names, joint_table(result, names), "joint.none"),
        _table_or(names, portfolio_table(result, names, windows=result.spec.windows.car[:1]), "portfolio.none"),
        _heading(names, "claims"),
        _table_or(names, claims_table(result, names), "claims.none"),
        *_left_out(result, names),
        _heading(names, "event_ledger"),
        _table_or(names, ledger_table(result, names), "ledger.no_events"),
    ]
    return "\n\n".join(parts) + "\n"


def _heading(names: Names, key: str) -> str:
    return f"## {names.texts(f'heading.{key}')}"


def _bullets(lines: tuple[str, ...]) -> str:
    return "\n".join(f"- {plain(line)}" for line in lines)


def _said(result: Results, names: Names) -> Iterator[str]:
    yield _heading(names, "answer")
    yield plain(answer(result, names))
    space = names.texts("list.space")
    for finding in findings(result, names):
        told = plain(space.join((finding.main, *finding.more)))
        yield f"- **{plain(finding.title)}**{names.texts('list.colon')}{told}"
    if result.headlines:
        yield _heading(names, "headlines")
        yield markdown(headline_table(result, names))
    yield f"{_heading(names, 'not_said')}\n\n{_bullets(not_said(result, names))}"


def _days(result: Results, names: Names) -> Iterator[str]:
    yield _heading(names, "event_days")
    if not result.event_days:
        yield names.texts("event_days.none")
        return
    yield names.texts("event_days.legend")
    for event_set in result.spec.event_sets:
        yield f"### {plain(names.event_set(event_set.id))}"
        yield markdown(event_day_table(result, names, event_set.id))


def _left_out(result: Results, names: Names) -> Iterator[str]:
    yield _heading(names, "exclusions")
    groups = exclusion_groups(result, names)
    if not groups:
        yield names.texts("exclusions.none")
    for group in groups:
        yield f"**{plain(group.title)}**\n\n{_bullets(group.cases)}"
    if moved := shifted(result, names):
        yield f"**{names.texts('heading.shifted')}**\n\n{_bullets(moved)}"


def _table_or(names: Names, table: Table, otherwise: str) -> str:
    return markdown(table) if table.rows else names.texts(otherwise)
