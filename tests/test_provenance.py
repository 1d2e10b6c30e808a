"""Where prices, sessions and rules come from: codes with values, in full in English, without English in Chinese."""

from __future__ import annotations

import json
import re
from datetime import date
from importlib.resources import files

import pytest
import yaml

from eventstudy import errors
from eventstudy.errors import BlockedError, PriceError, SourceError
from eventstudy.facts import Fact, entries_of, fact, facts_in, say, told, words
from eventstudy.report.sections.provenance import build
from eventstudy.results import ProvenanceRecord
from eventstudy.sources.live import _why
from eventstudy.sources.recorded import MANIFEST, Recording, read_recorded, recorded_symbols
from eventstudy.study.provenance import provenance_records
from eventstudy.study.timing import open_exchanges
from tests.conftest import ROOT
from tests.report_words import study_of

DAYS = fact("days", days_run="many", count=3, first=date(2025, 12, 8), last=date(2025, 12, 10))
ABOUT = {"who": "yahoo", "symbol": "NVDA", "since": "2026-01-05"}
REFUSED = _why(BlockedError("eastmoney", "688041", "refused (HTTP 403); this address may be blocked"))
DOWNLOADED = fact("downloaded", at="2026-01-05 03:00", library="yfinance 1.7.0")
SPLITS = [{"times": 0.549451, "until": "2025-12-10"}, {"times": 0.769231, "until": "2025-12-20"}]

SENTENCES = {
    fact("words", text="as my desk has them", text_zh="交易台所用"): "as my desk has them",
    fact("publisher.own_file"): "the user's own file",
    fact("publisher.own_frame"): "the caller's own frame",
    fact("publisher.in_turn", first="A", until="2025-12-26", then="B"): "A to 2025-12-26, B after",
    fact("adjustment.unadjusted"): "unadjusted",
    fact("adjustment.as_traded"): "unadjusted, as traded",
    fact("adjustment.splits"): "split-adjusted; adj_close also dividend-adjusted",
    fact("adjustment.bar_for_splits"): ("close and the other prices adjusted for splits; adj_close also for dividends"),
    fact("adjustment.close_for_splits"): "close adjusted for splits; adj_close also for dividends",
    fact("adjustment.price_only"): "price only, not adjusted for dividends",
    fact("adjustment.price_index"): "price index, without dividends",
    fact("adjustment.forward"): (
        "only adj_close: adjusted forward by subtracting later dividends, equal to the traded close after the last one"
    ),
    fact("adjustment.factor"): "factor by which a price as traded is multiplied",
    fact("adjustment.as_supplied"): "as supplied",
    fact("adjustment.close_alone"): (
        "as yfinance gives Close without Adj Close: for splits, and for dividends unless auto_adjust=False"
    ),
    fact("adjustment.not_said"): "as supplied; the file does not say",
    fact("read_from", place="a/b : c.csv"): "read from a/b : c.csv",
    fact("place_in_turn", first="A", until="2025-12-26", then="B"): "A to 2025-12-26; B after",
    fact("download", file="x/Y", how=DOWNLOADED): "x/Y, downloaded 2026-01-05 03:00 UTC with yfinance 1.7.0",
    DOWNLOADED: "downloaded 2026-01-05 03:00 UTC with yfinance 1.7.0",
    fact("called", name="A US"): "called 'A US' there",
    fact("returns.chained"): "returns chained to an adjusted close",
    fact("returns.first_unused", day=date(2025, 12, 8)): (
        "the return of 2025-12-08 has no row before it and is not used"
    ),
    fact("dividends.not_in_adjusted", days=DAYS): (
        "Yahoo's adjusted closes do not fall by its own dividends, so that returns lack them: "
        "3 sessions from 2025-12-08 to 2025-12-10"
    ),
    fact("closes_averaged", closes=2): "closes given as negative, averages of bid and ask: 2",
    DAYS: "3 sessions from 2025-12-08 to 2025-12-10",
    fact("rows.sorted"): "the rows came out of order and were sorted by date",
    fact("rows.twice", days=DAYS): "rows that came twice were dropped: 3 sessions from 2025-12-08 to 2025-12-10",
    fact("rows.no_close", days=DAYS): "no close came for 3 sessions from 2025-12-08 to 2025-12-10",
    fact("rows.no_session", days=DAYS): "no session, so no bar taken: 3 sessions from 2025-12-08 to 2025-12-10",
    fact("rows.no_trade", days=DAYS): (
        "volume 0, so no trade, and no bar taken: 3 sessions from 2025-12-08 to 2025-12-10"
    ),
    fact("volume.none"): "no volume above 0 came: the vendor gives none, or nothing was traded",
    fact("volume.unit_differs", days=DAYS): (
        "the unit of the volume is not that of the other sessions for 3 sessions from 2025-12-08 to 2025-12-10, "
        "so it was left out"
    ),
    fact("volume.no_unit"): "the unit of the volume cannot be told, so it was left out",
    fact("volume.lots", lot=100): (
        "volume came in lots of 100 (by turnover / (volume x close)) and is given in shares"
    ),
    fact("column_left_out", column="open", days=DAYS): (
        "no open came for 3 sessions from 2025-12-08 to 2025-12-10, so it was left out"
    ),
    fact("rounded_to_bar", column="high", days=DAYS): (
        "high missed another price of its bar by rounding and was set to it: 3 sessions from 2025-12-08 to 2025-12-10"
    ),
    fact("bar.not_over", session=date(2025, 12, 8)): (
        "the session of 2025-12-08 was not over, so its bar was left out"
    ),
    fact("bar.due", session=date(2025, 12, 8)): "no bar of 2025-12-08 came yet",
    fact("changed.sessions", **ABOUT, what="gone", days=DAYS): (
        "yahoo changed NVDA since 2026-01-05: no longer has 3 sessions from 2025-12-08 to 2025-12-10"
    ),
    fact("changed.split", **ABOUT, until="2025-12-10", times=0.1): (
        "yahoo changed NVDA since 2026-01-05: closes up to 2025-12-10 are now 0.1 times what they were (a split)"
    ),
    fact("changed.closes", **ABOUT, closes=1, day="2025-12-02", was=101.0, now=102.25): (
        "yahoo changed 1 close of NVDA since 2026-01-05, the largest on 2025-12-02 from 101 to 102.25"
    ),
    fact("changed.column", **ABOUT, column="low", days=DAYS): (
        "yahoo changed the low of NVDA since 2026-01-05: 3 sessions from 2025-12-08 to 2025-12-10"
    ),
    fact("changed.adjusted_returns", **ABOUT, days=DAYS): (
        "yahoo changed the adjusted returns of NVDA since 2026-01-05: 3 sessions from 2025-12-08 to 2025-12-10"
    ),
    fact("instead_of", vendor="tencent", before="Eastmoney"): "tencent, asked instead of Eastmoney,",
    fact("recording_to", last="2026-01-16"): "the recording to 2026-01-16",
    fact("second.agrees", second="yahoo", sessions=1, largest=0.0999): (
        "closes agree with yahoo's on 1 session (largest difference 9.99%)"
    ),
    fact("second.split", second="yahoo", until="2025-12-06", times=0.5): (
        "yahoo's closes up to 2025-12-06 are 0.5 times these throughout: adjusted for a split"
    ),
    fact("second.splits", second="yahoo", spans=SPLITS): (
        "yahoo's closes are 0.549451 times these up to 2025-12-10, 0.769231 times these up to 2025-12-20: "
        "adjusted for splits"
    ),
    fact("second.no_bar", second="yahoo", days=DAYS): ("yahoo has no bar on 3 sessions from 2025-12-08 to 2025-12-10"),
    fact("second.no_session", second="yahoo"): "yahoo has none of these sessions, so closes were not compared",
    fact("second.not_asked", why=REFUSED): (
        "closes were not held against a second vendor (eastmoney: 688041: refused (HTTP 403); this address may be "
        "blocked)"
    ),
    REFUSED: "eastmoney: 688041: refused (HTTP 403); this address may be blocked",
    fact("taken_from", vendor="tencent", why=REFUSED): (
        "eastmoney: 688041: refused (HTTP 403); this address may be blocked; taken from tencent"
    ),
    fact("factors.applied"): "adj_close: close times Sina's multiplicative factor",
    fact("factors.too_late"): "Sina's factors begin too late",
    fact("factors.none", why=REFUSED): (
        "no factors for returns (eastmoney: 688041: refused (HTTP 403); this address may be blocked); dividends are "
        "those that the study file states"
    ),
    fact("study_file.source"): "specification as read",
    fact("study_file.detail", version=1, seed=20251208): "version 1; seed 20251208",
    fact("sessions_known.published", first=date(1993, 1, 1), last=date(2028, 12, 31)): (
        "known from 1993-01-01 to 2028-12-31"
    ),
    fact("sessions_known.by_rules", first=date(1993, 1, 1), last=date(2027, 12, 31), why=fact("sessions_by_rules")): (
        "known from 1993-01-01 to 2027-12-31 by the calendar library's rules, not by published notices: closings that "
        "no rule foresees are missing of days to come"
    ),
    fact("overlay", file="o.csv", sha256="0a1b", opened=2, closed=1): (
        "o.csv (sha256 0a1b): 2 days listed as session, 1 as closed"
    ),
    fact("rules.packaged.source"): "packaged rule table",
    fact("rules.packaged.detail"): (
        "price limits and first sessions after listing, each row with its source and certainty"
    ),
    fact("rules.own.source"): "the study's own rule table",
    fact("rules.own.detail"): "laid over the packaged table: it wins for the sessions that it covers",
    fact("not_installed"): "not installed as a distribution",
}
NAMES = re.compile("yahoo|[Ee]astmoney|tencent|yfinance|csv|sha256")


@pytest.mark.parametrize(("one", "sentence"), SENTENCES.items(), ids=[one.code for one in SENTENCES])
def test_each_code_in_full(one, sentence):
    assert str(one) == sentence
    chinese = say(f"fact.{one.code}", one.values, entries_of("zh"))
    assert re.search("[一-鿿]", chinese)
    assert not re.search("[a-z]{3,}", NAMES.sub("", chinese))


def flat(tree, before=""):
    for key, value in tree.items():
        yield from flat(value, f"{before}{key}.") if isinstance(value, dict) else [f"{before}{key}"]


def test_every_sentence_of_the_catalog_is_told_here():
    text = files("eventstudy").joinpath("texts", "en", "provenance.yaml").read_text(encoding="utf-8")
    assert {one.code for one in SENTENCES} == set(flat(yaml.load(text, Loader=yaml.BaseLoader)["fact"]))


@pytest.mark.parametrize("one", SENTENCES, ids=lambda one: one.code)
def test_a_fact_comes_back_from_a_file(one):
    (back,) = facts_in(json.loads(json.dumps([one.document()])))
    assert back == one and hash(back) == hash(one)


def test_every_fault_of_a_vendor_has_words():
    kinds = [one.__name__ for one in vars(errors).values() if isinstance(one, type) and issubclass(one, SourceError)]
    assert len(kinds) == 15
    for kind in kinds:
        assert entries_of("en")[f"phrase.fault.{kind}"] and entries_of("zh")[f"phrase.fault.{kind}"]
    assert say("fact.source_fault", REFUSED.values, entries_of("zh")) == "eastmoney：688041：拒绝访问"


def test_words_are_shown_as_they_are():
    assert words("as traded") == fact("words", text="as traded", text_zh="as traded")
    both = words("as traded", "不复权")
    assert (str(both), say("fact.words", both.values, entries_of("zh"))) == ("as traded", "不复权")
    assert told([words("a"), words(""), words("b")]) == "a; b"


# --- the package's recordings ------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", json.loads((ROOT / "eventstudy/data/recorded" / MANIFEST).read_text())["recordings"])
def test_texts_and_facts_of_a_recording_say_the_same(entry):
    for name, facts in entry["facts"].items():
        assert told(facts_in(facts)) == entry[name], name
    zh = entries_of("zh")
    for one in (one for name in ("what", "prices", "note") for one in entry["facts"].get(name, ())):
        assert re.search("[一-鿿]", say(f"fact.{one['code']}", one["values"], zh))
    assert {"what", "prices"} <= set(entry["facts"]) and ("note" in entry["facts"]) == (entry["note"] != "")


def test_notes_of_recordings_are_what_they_were():
    note = read_recorded(["603019"])["603019"].provenance.note
    assert note == (
        "Sugon, SSE main board, CNY; read from GerryZhang0925/data-driven-stock-picker : data/daily/603019.csv to "
        "2025-12-26; shaishailiu/stockmonitor : newdata/603019.json after; the data set lowers prices before an "
        "ex-date by the dividend; the dividends were added back"
    )


def recordings_with(folder, change):
    """The package's recordings in another folder, with another manifest."""
    manifest = json.loads((ROOT / "eventstudy/data/recorded" / MANIFEST).read_text(encoding="utf-8"))
    manifest["recordings"] = [one for one in manifest["recordings"] if one["symbol"] == "SOXX"]
    change(manifest["recordings"][0])
    (folder / MANIFEST).write_text(json.dumps(manifest))
    (folder / "SOXX.csv").write_bytes((ROOT / "eventstudy/data/recorded/SOXX.csv").read_bytes())
    return folder


def test_a_manifest_of_before_is_read(tmp_path):
    """It has texts and no facts; each text stands for itself."""
    folder = recordings_with(tmp_path, lambda entry: entry.pop("facts"))
    found = read_recorded(["SOXX"], folder)["SOXX"].provenance
    assert found.adjustment == words("price only, not adjusted for dividends")
    assert found.notes == (
        words("iShares Semiconductor ETF, Nasdaq, USD"),
        fact("read_from", place=words("SANGMOLEE/soxl-data : data/prices/SOXX.csv")),
        words("returns on ex-days lack a dividend of 0.1 to 0.3 %; volume to the nearest 10,000"),
    )
    assert found.note == read_recorded(["SOXX"])["SOXX"].provenance.note


@pytest.mark.parametrize(
    "facts",
    [
        {"prices": [{"code": "of_a_later_version", "values": {}}]},
        {"prices": []},
        {"prices": "as traded"},
        {"note": [{"code": "bar.due", "values": {}}]},
        None,
    ],
)
def test_facts_that_this_version_cannot_tell_are_one_sentence(tmp_path, facts):
    folder = recordings_with(tmp_path, lambda entry: entry.update(facts=facts))
    with pytest.raises(PriceError, match=r"manifest\.json is not a manifest of recordings \(.*\); record anew into"):
        read_recorded(["SOXX"], folder)


def test_the_entry_of_a_recording_without_facts_is_as_before():
    entry = Recording("A", "A.csv", "A", "me", "here", "as traded", "", "2025-12-08", "2025-12-09", 2, "0a")
    assert "facts" not in entry.document() and entry.document()["note"] == ""


# --- results and page --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def records(flagship_spec, flagship_prices):
    return tuple(provenance_records(flagship_spec, flagship_prices, open_exchanges(flagship_spec)))


def test_source_and_detail_are_the_facts_in_english(records):
    assert len(records) == len(recorded_symbols()) + 13
    for record in records:
        said = told(Fact(one.code, one.values) for one in record.facts)
        if record.kind in ("prices", "software"):
            assert said == record.detail
        else:
            assert said == f"{record.source}; {record.detail}"


def test_a_key_of_a_source_is_no_fact():
    said = [words("Made"), words(""), fact("adjustment.unadjusted")]
    record = ProvenanceRecord.of("prices", "A", "folder", said, rows=3)
    assert (record.source, record.detail, record.rows) == ("folder", "Made; unadjusted", 3)
    assert [one.code for one in record.facts] == ["words", "adjustment.unadjusted"]


def test_the_page_words_the_facts_in_both_languages(flagship_spec, records):
    class Result:
        """As much of a result as the section reads."""

        spec = flagship_spec
        provenance = records

    english, chinese = (build(study_of(Result, lang)) for lang in ("en", "zh"))
    assert english["prices"].rows[0][-1].startswith("Yahoo; close and the other prices adjusted for splits; adj_close")
    assert (
        chinese["prices"]
        .rows[3][-1]
        .startswith("Eastmoney（至2025-12-26），此后为Sina；不复权，即实际成交价；中科曙光")
    )
    assert english["rules"][0]["detail"] == (
        "packaged rule table; price limits and first sessions after listing, each row with its source and certainty"
    )
    assert chinese["rules"][0]["detail"] == "内置规则表；涨跌停限制与上市后最初的交易日，每行注明出处与可靠程度"
    assert chinese["sessions"][-1]["detail"].endswith("XSHG；已知范围：1993-01-01至2026-12-31")
    assert english["software"] == chinese["software"]
