"""Tables of means over events and of tests across them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstudy.summary.rows import interval
from eventstudy.summary.tables import Table, columns
from eventstudy.texts.names import Names

if TYPE_CHECKING:
    from eventstudy.results import CrossSectionRecord, Results, TestRecord

OF_GROUPS = ("portfolio_t", "mvrm_f")
"""Tests of a group that have tables of their own."""


def means_table(result: Results, names: Names) -> Table:
    """The mean CAR of every sample under the study's first model, over each of its windows."""
    texts = names.texts
    rows = tuple(
        (
            names.sample(record.id),
            texts.window(*record.window),
            names.against(record.model, record.benchmark),
            texts.points(record.mean),
            texts.known(record.std_error, texts.size),
            texts.known(record.statistic, texts.number),
            texts.known(record.pvalue, texts.pvalue),
            interval(names, record.ci_low, record.ci_high),
            texts.number(record.events, 0),
        )
        for record in result.means
        if record.model == result.spec.model_names[0]
    )
    keys = ("sample", "window", "against", "mean>", "std_error>", "t>", "p>", "interval>", "events>")
    return Table(columns(names, keys, level=texts.level(result.spec.confidence)), rows)


def tests_table(result: Results, names: Names) -> Table:
    """Every test across events under the study's first model; of a test that cannot be run, why."""
    texts = names.texts
    rows = tuple(
        (
            _of_what(names, record),
            texts.window(*record.window),
            names.against(record.model, record.benchmark),
            names.test(record.test),
            *_answer(names, record),
            texts.number(record.events, 0),
        )
        for record in result.tests
        if record.model == result.spec.model_names[0] and not (record.kind == "group" and record.test in OF_GROUPS)
    )
    return Table(columns(names, ("of_what", "window", "against", "test", "statistic>", "p>", "events>")), rows)


def _of_what(names: Names, record: CrossSectionRecord) -> str:
    if record.kind == "sample" or record.event_id is None:
        return names.sample(record.id)
    return names.texts("tests.group", group=names.group(record.id), event=names.event(record.event_id))


def _answer(names: Names, record: TestRecord) -> tuple[str, str]:
    """Statistic with its distribution, and p; where there is none, why."""
    texts = names.texts
    if record.refusal is not None:
        return names.fact(record.refusal.code, record.refusal.values), texts("table.nothing")
    value, key = texts.known(record.statistic, texts.number), f"tests.{record.distribution}"
    if texts.knows(key):
        value = texts(key, df=texts.freedom(*record.df), value=value)
    return value, texts.known(record.pvalue, texts.pvalue)
