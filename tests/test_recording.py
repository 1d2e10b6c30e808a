"""`eventstudy record`, replayed: what it writes, what it shows first, and that nothing is lost."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest

import eventstudy as es
from eventstudy.errors import BlockedError, OptionError, PriceError, StoreError
from eventstudy.sources.live import LiveSource
from eventstudy.sources.recorded import MANIFEST, read_recorded
from eventstudy.sources.recording import plan_recording, write_recording
from eventstudy.sources.vendors.cache import PriceCache
from eventstudy.sources.vendors.download import Manner
from eventstudy.sources.vendors.exchanges import Recorder, Replayer, read
from eventstudy.sources.vendors.manners import Pace
from eventstudy.sources.vendors.wire import Reply, through
from tests.conftest import EXCHANGES

NOW = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)


@pytest.fixture
def spec(flagship_spec):
    """The flagship without its peers, whose exchanges are not among the made ones."""
    return flagship_spec.model_copy(update={"peers": {}})


def source(told=None, cache=None):
    told = [] if told is None else told
    return LiveSource(cache, Manner(pace=Pace(None), sleep=lambda _: None, told=told.append, now=lambda: NOW))


def plan(spec, folder, *faults, refresh=False, **options):
    with through(*faults, Replayer(EXCHANGES)):
        return plan_recording(spec, folder, source(**options), refresh=refresh)


def recorded(spec, folder):
    planned = plan(spec, folder)
    write_recording(spec, folder, planned)
    return planned


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def dearer(day, old, new):
    """Eastmoney's replies with one close, on one day, written otherwise."""

    def handler(asked, send):
        found = send()
        if asked.vendor != "eastmoney":
            return found
        content = json.loads(found.text)
        rows = content["data"]["klines"]
        for number, row in enumerate(rows):
            cells = row.split(",")
            if cells[0] == day and cells[2] == old:
                cells[2] = new
                rows[number] = ",".join(cells)
        return Reply(found.status, json.dumps(content).encode(), found.content_type)

    return handler


def test_a_first_recording_is_new_and_reads_back(spec, tmp_path, flagship_prices):
    folder = tmp_path / "recorded"
    planned = plan(spec, folder)
    assert {one.state for one in planned} == {"new"} and not folder.exists()
    write_recording(spec, folder, planned)
    back = read_recorded([one.symbol for one in planned], folder)
    for symbol in back:
        assert np.array_equal(back[symbol].column("close"), flagship_prices[symbol].column("close"))
        assert back[symbol].provenance.source == "recorded"
    assert sorted(tree(folder)) == sorted([*(f"{symbol}.csv" for symbol in back), MANIFEST])
    entry = json.loads((folder / MANIFEST).read_text())["recordings"][0]
    assert entry["symbol"] == "NVDA" and entry["what"] == "NVIDIA" and entry["vendor"] == "Yahoo Finance"
    assert entry["read_from"].startswith("yahoo/NVDA, downloaded 2026-11-22 03:00 UTC with yfinance ")
    assert (entry["asked_first"], entry["asked_last"]) == ("2024-03-15", "2026-01-16")


def test_the_study_s_recordings_come_before_the_package_s(spec, tmp_path):
    folder = tmp_path / "recorded"
    recorded(spec, folder)
    own = spec.model_copy(update={"prices": spec.prices.model_copy(update={"recorded": str(folder)})})
    prices = es.load_prices(own)
    assert prices["NVDA"].provenance.vendor == "Yahoo Finance"
    (folder / "NVDA.csv").write_text("date,close\n2025-12-08,1\n")
    with pytest.raises(PriceError, match="record it anew with: eventstudy record --refresh"):
        es.load_prices(own)


def test_a_recording_does_not_stand_for_a_session_that_was_not_over(spec, tmp_path):
    """Made at noon of the range's last day, it is without that day's bar, which the next run asks for."""
    noon = dt.datetime(2026, 1, 16, 4, 0, tzinfo=dt.UTC)
    only = spec.model_copy(update={"securities": {"603019": spec.securities["603019"]}, "benchmarks": {}, "peers": {}})

    def planned_at(now):
        manner = Manner(pace=Pace(None), sleep=lambda _: None, now=lambda: now)
        with through(Replayer(EXCHANGES)):
            planned = plan_recording(only, tmp_path, LiveSource(None, manner))
        write_recording(only, tmp_path, planned)
        return planned

    [early] = planned_at(noon)
    assert (early.recording.last, early.recording.asked_last) == ("2026-01-15", "2026-01-15")
    [again] = planned_at(noon)
    assert again.state == "kept"
    [later] = planned_at(noon + dt.timedelta(days=1))
    assert (later.state, later.recording.last, later.recording.asked_last) == ("longer", "2026-01-16", "2026-01-16")


def test_what_is_recorded_for_the_range_is_kept_and_nobody_asked(spec, tmp_path):
    recorded(spec, tmp_path)
    before = tree(tmp_path)

    def nobody(asked, send):
        pytest.fail(f"{asked} was asked")

    planned = plan(spec, tmp_path, nobody)
    assert {one.state for one in planned} == {"kept"}
    write_recording(spec, tmp_path, planned)
    assert tree(tmp_path) == before


def test_refresh_finds_the_same_again(spec, tmp_path):
    recorded(spec, tmp_path)
    before = tree(tmp_path)
    planned = plan(spec, tmp_path, refresh=True)
    assert {one.state for one in planned} == {"same"}
    write_recording(spec, tmp_path, planned)
    assert tree(tmp_path) == before


def test_refresh_shows_what_a_vendor_changed_before_it_writes(spec, tmp_path):
    recorded(spec, tmp_path)
    before = tree(tmp_path)
    planned = plan(spec, tmp_path, dearer("2025-12-09", "100.13", "100.14"), refresh=True)
    assert tree(tmp_path) == before
    changed = {one.symbol: one.changes for one in planned if one.state == "changed"}
    assert changed == {
        "603019": (
            "eastmoney changed 1 close of 603019 since the recording to 2026-01-16, "
            "the largest on 2025-12-09 from 100.13 to 100.14",
        )
    }
    write_recording(spec, tmp_path, planned)
    after = tree(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {"603019.csv", MANIFEST}


def test_another_vendor_than_before_is_named(spec, tmp_path):
    recorded(spec, tmp_path)

    def other(asked, send):
        if asked.vendor == "eastmoney":
            return Reply(403, b"")
        found = send()
        text = found.text.replace('"100.130"', '"100.140"') if asked.vendor == "tencent" else found.text
        return Reply(found.status, text.encode(), found.content_type)

    planned = {one.symbol: one for one in plan(spec, tmp_path, other, refresh=True)}
    assert planned["603019"].recording.vendor == "Tencent"
    assert planned["603019"].changes == (
        "tencent, asked instead of Eastmoney, changed 1 close of 603019 since the recording to 2026-01-16, "
        "the largest on 2025-12-09 from 100.13 to 100.14",
    )


def test_a_longer_range_is_told_as_longer(spec, tmp_path):
    short = spec.model_copy(update={"prices": spec.prices.model_copy(update={"last": dt.date(2026, 1, 15)})})
    planned = recorded(spec, tmp_path)
    kept = plan(short, tmp_path)
    assert {one.state for one in kept} == {"kept"}
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    for entry in manifest["recordings"]:
        lines = (tmp_path / entry["file"]).read_bytes().splitlines(keepends=True)[:-1]
        (tmp_path / entry["file"]).write_bytes(b"".join(lines))
        entry.update(asked_last="2026-01-15", last="2026-01-15", rows=entry["rows"] - 1, sha256=_sum(b"".join(lines)))
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    assert {one.state for one in plan(spec, tmp_path)} == {"longer"}
    assert len(planned) == 8


def _sum(data):
    from hashlib import sha256

    return sha256(data).hexdigest()


def test_recordings_of_other_symbols_stay(spec, tmp_path):
    recorded(spec, tmp_path)
    fewer = spec.model_copy(update={"securities": {"NVDA": spec.securities["NVDA"]}, "benchmarks": {}})
    write_recording(fewer, tmp_path, plan(fewer, tmp_path, refresh=True))
    assert {entry["symbol"] for entry in json.loads((tmp_path / MANIFEST).read_text())["recordings"]} == {
        one.symbol for one in plan(spec, tmp_path)
    }


def test_a_security_that_cannot_be_had_writes_nothing_and_what_came_is_in_the_cache(spec, tmp_path):
    folder, cache = tmp_path / "recorded", PriceCache(tmp_path / "cache")

    def refuse(asked, send):
        return Reply(403, b"") if "SPY" in asked.url else send()

    with pytest.raises(BlockedError, match="yahoo: SPY: refused"):
        plan(spec, folder, refuse, cache=cache)
    assert not folder.exists()
    assert cache.find("yahoo", "NVDA", spec.prices.first, spec.prices.last) is not None


def test_a_full_disk_leaves_the_recordings_as_they_were(spec, tmp_path, monkeypatch):
    recorded(spec, tmp_path)
    before = tree(tmp_path)
    planned = plan(spec, tmp_path, dearer("2025-12-09", "100.13", "100.14"), refresh=True)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError) as error:
        write_recording(spec, tmp_path, planned)
    assert str(error.value) == (
        f"the recordings cannot be written to {tmp_path} (No space left on device); "
        "what was recorded before is unchanged"
    )
    assert tree(tmp_path) == before


def test_a_damaged_manifest_is_one_sentence(spec, tmp_path):
    (tmp_path / MANIFEST).write_text('{"recordings": [{"symbol": "NVDA"}]}')
    with pytest.raises(PriceError, match=r"manifest\.json is not a manifest of recordings"):
        plan(spec, tmp_path)


def test_every_exchange_of_a_recording_is_kept_and_replays(spec, tmp_path, flagship_prices):
    """The whole circle: replay, record the exchanges, replay these."""
    kept = tmp_path / "exchanges"
    with through(Recorder(kept, library="akshare 1.19.5", at="2026-11-22"), Replayer(EXCHANGES)):
        plan_recording(spec, tmp_path / "recorded", source())
    files = sorted(kept.rglob("*.json"))
    assert files and {read(path).kind for path in files} == {"recorded"}
    assert not any("crumb" in path.read_text() or "cookie" in path.read_text().lower() for path in files)
    with through(Replayer(kept)):
        again = plan_recording(spec, tmp_path / "recorded", source())
    write_recording(spec, tmp_path / "recorded", again)
    back = read_recorded(["688041"], tmp_path / "recorded")["688041"]
    assert np.array_equal(back.column("close"), flagship_prices["688041"].column("close"))


@pytest.mark.parametrize("made", ["nothing", "folder", "file"])
def test_stated_recordings_that_are_not_there_are_not_passed_over_in_silence(spec, tmp_path, made):
    folder = tmp_path / "recorded"
    if made == "folder":
        folder.mkdir()
    elif made == "file":
        folder.write_text("mine")
    own = spec.model_copy(update={"prices": spec.prices.model_copy(update={"recorded": str(folder)})})
    with pytest.raises(OptionError) as error:
        es.load_prices(own)
    assert str(error.value) == (
        f"prices.recorded names {folder}, which has no manifest.json; make it with eventstudy record, or remove the key"
    )
