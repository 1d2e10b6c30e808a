"""Every model, test, flag, status and code walks through to a page in both languages: a missing word fails here.

Each stands once, not in every combination; exchanges do so in tests/test_exchange_rows.py, which has their sessions.
Figures are sketched (their words are looked up, plotly draws nothing), since other tests draw them.
"""

from __future__ import annotations

import re
from itertools import cycle
from typing import get_args

import pytest

import eventstudy as es
from eventstudy.clock import Reason
from eventstudy.facts import fact
from eventstudy.inference import ROWS
from eventstudy.models import MODELS
from eventstudy.results import ExclusionRecord, FactRecord, Identified, Verdict
from eventstudy.results.hard_cases import FirmDayKind, Rung, Topic
from eventstudy.texts import LANGS
from tests.freeze import frozen_result
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
    """Records that hold every value of a field at least once: the first ones changed, or copies of them."""
    source = cycle(records)
    changed = [next(source).model_copy(update={field: value}) for value in values]
    return (*changed, *records[len(changed) :])


def facts_of():
    """An example of every code that refuses or explains a test."""
    return {code: FactRecord(code=code, values=values) for code, (values, _) in INFERENCE.items()}


@pytest.fixture(scope="module")
def kept():
    return frozen_result()


def test_every_name_that_a_result_can_hold(kept, tmp_path, sketched):
    rows = [row.name for row in ROWS]
    told, advice = facts_of(), kept.recommendations[0]
    group = next(record for record in kept.recommendations if record.events > 1)
    refusals = dict(zip(rows, cycle([one for code, one in told.items() if code.startswith("refused.")]), strict=False))
    exclusions = [
        ExclusionRecord.of(fact("donors"), why, event_id=advice.id and kept.headlines[0].event_id, security="NVDA")
        for why, _ in SENTENCES
        if "NVDA" in kept.spec.securities
    ]
    result = kept.model_copy(
        update={
            "ar": spread(kept.ar, "flags", [(flag,) for flag in FLAGS]),
            "bars": spread(kept.bars, "flags", [(flag,) for flag in FLAGS]),
            "car": spread(kept.car, "model", MODELS),
            "params": spread(kept.params, "model", MODELS),
            "sessions": spread(kept.sessions, "reason", get_args(Reason)),
            "ladder": spread(kept.ladder, "rung", get_args(Rung)),
            "firm_days": kept.firm_days,
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
    assert get_args(FirmDayKind) and get_args(Topic)
    assert all(len(text) > 100_000 for text in page.values())
    assert not re.search(r"\{\w+\}", page["zh"])
