"""What public objects show at a prompt, in notebooks and in files."""

from __future__ import annotations

import pandas as pd
import pytest

import eventstudy as es
from tests.test_gate import EVENTS, RETURNS, study


@pytest.fixture(scope="module")
def found():
    events = pd.concat([EVENTS, EVENTS.assign(asset="ZZZ")], ignore_index=True)
    return study(events=events)


@pytest.fixture(scope="module")
def flagship():
    spec = es.load_study("flagship")
    return spec, es.load_prices(spec)


def test_an_event_study_shows_what_it_is(found):
    assert (
        repr(found)
        == str(found)
        == (
            "Event study, market model against MKT\n"
            "  2 events of 2 assets in, 2 out\n"
            "  estimation window [-120, -11], event window [-2, +2]\n"
            "  .summary(window) tells what was found, .events where every event stands, .flags what to know of them"
        )
    )


def test_every_public_object_shows_itself_in_ten_lines(found, flagship, kept):
    spec, prices = flagship
    shown = [found, spec, prices, prices["NVDA"], kept, found.test("bmp_t"), found.test("mvrm_f")]
    for one in shown:
        assert len(repr(one).splitlines()) <= 10
        assert len(repr(one)) < 1_500
        assert one._repr_html_().startswith("<pre>")
        assert repr(one).startswith((type(one).__name__, "Event study, ", getattr(one, "name", "StudySpec")))
        assert "Fact(" not in repr(one)


def test_a_test_result_says_its_numbers_or_why_there_are_none(found):
    result = found.test("cross_sectional_t")
    assert repr(result).splitlines()[0].startswith("cross_sectional_t: estimate ")
    assert f"t(1), p = {result.pvalue:.4g}, n = 2" in repr(result)
    assert repr(study(events=EVENTS.iloc[:1]).test("bmp_t")).startswith("bmp_t: not available: ")


def test_files_name_firm_date_and_window(found, tmp_path):
    found.to_csv(tmp_path, (-1, 1))
    car = pd.read_csv(tmp_path / "car.csv")
    assert car[["event_id", "asset", "session", "window"]].to_numpy().tolist() == [
        [0, "F0", "2023-10-09", "[-1, +1]"],
        [1, "F1", "2023-10-23", "[-1, +1]"],
    ]
    assert pd.read_csv(tmp_path / "params.csv")["asset"].tolist() == ["F0", "F1"]
    assert pd.read_csv(tmp_path / "events.csv")["why"].tolist() == [
        "as_dated",
        "as_dated",
        "unknown_asset",
        "unknown_asset",
    ]
    pytest.importorskip("openpyxl")
    book = pd.read_excel(found.to_excel(tmp_path / "study.xlsx", (-1, 1)), sheet_name="car")
    assert book["asset"].tolist() == ["F0", "F1"]


def test_the_summary_tells_flags_and_what_was_vouched_for():
    text = study(RETURNS * 100, accept=["scale"]).summary()
    assert "Flags, with the number of events: accepted_scale (2)" in text
    assert "The units of returns and benchmark were vouched for by the caller; no check of them was made." in text
