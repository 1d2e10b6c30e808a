"""Every model, test, flag, status and code walks through to a page in both languages: a missing word fails here.

Each stands once, not in every combination; exchanges do so in tests/test_exchange_rows.py, which has their sessions.
Figures are sketched (their words are looked up, plotly draws nothing), since other tests draw them.
"""

from __future__ import annotations

from html import escape
from itertools import cycle
from typing import get_args

import eventstudy as es
from eventstudy.clock import Reason
from eventstudy.facts import fact
from eventstudy.inference import ROWS
from eventstudy.models import MODELS
from eventstudy.results import ExclusionRecord, FactRecord, Identified, Verdict
from eventstudy.results.hard_cases import Rung
from eventstudy.summary.exclusions import TELL
from eventstudy.texts import LANGS
from eventstudy.texts.flags import FLAG_VALUES
from eventstudy.texts.names import names_of
from tests.test_facts import SENTENCES
from tests.test_inference_facts import SENTENCES as INFERENCE
from tests.test_summary import FLAGS


def pages(result, folder):
    found = {}
    for lang in LANGS:
        page = es.write_report(result, folder / lang, lang=lang) / "report.html"
        found[lang] = page.read_text(encoding="utf-8")
    return found


def spread(records, field, values):
    """The records and, for every value of a field, a copy of one that has it."""
    source = cycle(records)
    return (*records, *(next(source).model_copy(update={field: value}) for value in values))


def whole_flag(code, kept):
    """A flag with values of the flagship."""
    event, days = kept.headlines[0].event_id, ("session", "last", "since")
    values = {"event": event, "other_events": event, "security": "NVDA", **dict.fromkeys(days, "2025-12-08")}
    return ":".join((code, *(values.get(name, "2") for name in FLAG_VALUES.get(code, ()))))


def at_home(value, ids):
    """A value of an example with ids of the flagship in place of letters."""
    if isinstance(value, dict):
        return {name: at_home(item, ids) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [at_home(item, ids) for item in value]
    return ids.get(value, value)


def facts_of():
    """An example of every code that refuses or explains a test."""
    return {code: FactRecord(code=code, values=values) for code, (values, _) in INFERENCE.items()}


def test_every_name_that_a_result_can_hold(kept, tmp_path, sketched):
    rows = [row.name for row in ROWS]
    told = facts_of()
    group = next(record for record in kept.recommendations if record.events > 1)
    refusals = dict(zip(rows, cycle([one for code, one in told.items() if code.startswith("refused.")]), strict=False))
    ids = {
        "A": "NVDA",
        "B": "688041",
        "C": "AMD",
        "M": "sh000300",
        "deal": kept.spec.regimes[0].id,
        "e": kept.headlines[0].event_id,
    }
    exclusions = [
        ExclusionRecord.of(
            fact("day_parts"),
            fact(why.code, **at_home(dict(why.values), ids)),
            event_id=kept.headlines[0].event_id,
            security="NVDA",
        )
        for why, _ in SENTENCES
    ]
    result = kept.model_copy(
        update={
            "ar": spread(kept.ar, "flags", [(whole_flag(code, kept),) for code in FLAGS]),
            "bars": spread(kept.bars, "flags", [(whole_flag(code, kept),) for code in FLAGS]),
            "headlines": (*kept.headlines, *spread(kept.headlines[:1], "model", MODELS)),
            "params": spread(kept.params, "model", MODELS),
            "sessions": spread(kept.sessions, "reason", get_args(Reason)),
            "ladder": spread(kept.ladder, "rung", get_args(Rung)),
            "identification": spread(kept.identification, "identified", get_args(Identified)),
            "claims": spread(kept.claims, "verdict", get_args(Verdict)),
            "recommendations": (
                *(group.model_copy(update={"recommended": name, "used": name, "refusals": refusals}) for name in rows),
                *kept.recommendations,
            ),
            "calibration": spread(
                kept.calibration, "refusal", [one for code, one in told.items() if code.startswith("unavailable.")]
            ),
            "exclusions": (*exclusions, *kept.exclusions),
        }
    )
    page = pages(result, tmp_path)
    for lang in LANGS:
        names = names_of(kept.spec, lang)
        wanted = [
            *map(names.test, rows),
            *map(names.model, MODELS),
            *(names.flag(whole_flag(code, kept)) for code in FLAGS),
        ]
        wanted += [names.fact(record.code, record.values) for record in exclusions if record.reason not in TELL]
        assert [words for words in wanted if escape(words, quote=False) not in unescaped(page[lang])] == []


def unescaped(page):
    """A page as text, quotation marks as they are."""
    return page.replace("&#34;", '"').replace("&#39;", "'")
