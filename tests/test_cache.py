"""Downloads kept on disk: nothing stored is lost, changed or half written, whatever interrupts the writing."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.facts import fact, words
from eventstudy.prices import PriceSeries, Provenance
from eventstudy.sources.vendors.bars import series_csv
from eventstudy.sources.vendors.cache import SETTLED, VARIABLE, PriceCache, cache_folder
from eventstudy.sources.vendors.download import Download
from tests.command import PATIENCE
from tests.conftest import ROOT

FIRST, LAST = dt.date(2025, 12, 1), dt.date(2025, 12, 12)
AT = dt.datetime(2026, 1, 5, 3, 0, tzinfo=dt.UTC)
CLOSES = [182.41, 0.1 + 0.2, 1e-5, 1e20, 105.0]


def download(
    closes=CLOSES,
    *,
    symbol="NVDA",
    vendor="yahoo",
    first=FIRST,
    last=LAST,
    minute=0,
    notes=(),
    start=None,
    adjusted=None,
):
    closes = np.array(closes, dtype=float)
    sessions = np.datetime64(start or first) + np.arange(len(closes))
    blank = Provenance(
        symbol=symbol,
        source="live",
        publisher=words("Yahoo Finance"),
        file=f"{vendor}/{symbol}",
        first=sessions[0].item(),
        last=sessions[-1].item(),
        rows=len(closes),
        sha256="",
        adjustment=fact("adjustment.splits"),
        notes=(fact("downloaded", at="2026-01-05 03:00", library="yfinance 1.7.0"), words("名")),
    )
    bars = {
        "close": closes,
        "adj_close": closes * 0.9 if adjusted is None else np.array(adjusted),
        "volume": np.full(closes.size, 1e9),
    }
    one = PriceSeries(symbol=symbol, sessions=sessions, provenance=blank, **bars)
    origin = replace(blank, sha256=sha256(series_csv(one)).hexdigest())
    return Download(
        series=replace(one, provenance=origin),
        vendor=vendor,
        first=first,
        last=last,
        at=AT + dt.timedelta(minutes=minute),
        library="yfinance 1.7.0",
        requests=("https://query2.finance.yahoo.com/v8/finance/chart/NVDA?interval=1d", "https://例.cn/?a=b&c=d"),
        notes=tuple(map(words, notes)),
    )


def same(one, other):
    """Two downloads in every field, their figures to the last bit."""
    assert one is not None and other is not None
    for name in (field.name for field in fields(Download) if field.name != "series"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.series.symbol == other.series.symbol
    assert one.series.provenance == other.series.provenance
    assert one.series.sessions.tobytes() == other.series.sessions.tobytes()
    assert list(one.series.columns) == list(other.series.columns)
    for name, values in one.series.columns.items():
        assert values.tobytes() == other.series.columns[name].tobytes(), name
    return True


class Told(list):
    """A cache in a folder and what it told."""

    def __init__(self, folder, since=None):
        super().__init__()
        self.cache = PriceCache(folder, self.append, since)

    def find(self, first=FIRST, last=LAST, symbol="NVDA", vendor="yahoo"):
        return self.cache.find(vendor, symbol, first, last)


@pytest.fixture
def told(tmp_path):
    return Told(tmp_path)


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pair(folder, minute):
    """The CSV and the JSON file of the download of a minute."""
    (record,) = folder.rglob(f"20260105T03{minute:02}00Z-*.json")
    return record.with_suffix(".csv"), record


# --- What is kept ----------------------------------------------------------------------------------------------------


def test_a_download_comes_back_in_every_field(told, tmp_path):
    kept = told.cache.add(download(notes=("the rows came out of order", "数")))
    assert same(kept, download(notes=("the rows came out of order", "数")))
    assert same(told.find(), kept)
    assert same(Told(tmp_path).find(), kept)
    assert told == []


def test_a_download_is_a_csv_file_with_its_record_beside_it(told, tmp_path):
    told.cache.add(download([100.0, 101.5]))
    data, record = pair(tmp_path, 0)
    assert data.parent == tmp_path / "prices" / "yahoo" / "NVDA"
    assert data.read_bytes() == b"date,close,adj_close,volume\n2025-12-01,100,90,1000000000\n" + (
        b"2025-12-02,101.5,91.35000000000001,1000000000\n"
    )
    assert json.loads(record.read_bytes()) == {
        "vendor": "yahoo",
        "title": "Yahoo Finance",
        "symbol": "NVDA",
        "first": "2025-12-01",
        "last": "2025-12-12",
        "at": "2026-01-05T03:00:00+00:00",
        "library": "yfinance 1.7.0",
        "adjustment": "split-adjusted; adj_close also dividend-adjusted",
        "note": "downloaded 2026-01-05 03:00 UTC with yfinance 1.7.0; 名",
        "rows": 2,
        "sha256": sha256(data.read_bytes()).hexdigest(),
        "requests": ["https://query2.finance.yahoo.com/v8/finance/chart/NVDA?interval=1d", "https://例.cn/?a=b&c=d"],
        "notes": [],
        "facts": {
            "adjustment": [{"code": "adjustment.splits", "values": {}}],
            "note": [
                {"code": "downloaded", "values": {"at": "2026-01-05 03:00", "library": "yfinance 1.7.0"}},
                {"code": "words", "values": {"text": "名", "text_zh": "名"}},
            ],
            "notes": [],
        },
    }
    assert record.stem == f"20260105T030000Z-{sha256(record.read_bytes()).hexdigest()[:8]}"


def test_nothing_is_found_where_nothing_was_kept(told, tmp_path):
    assert told.find() is None
    told.cache.add(download())
    assert told.find(vendor="sina") is told.find(symbol="AMD") is None
    assert told == []
    assert list(tmp_path.iterdir()) == [tmp_path / "prices"]


@pytest.mark.parametrize(
    ("first", "last", "covered"),
    [
        (FIRST, LAST, True),
        (dt.date(2025, 12, 3), dt.date(2025, 12, 4), True),
        (dt.date(2025, 11, 30), LAST, False),
        (FIRST, dt.date(2025, 12, 13), False),
        (dt.date(2026, 1, 1), dt.date(2026, 1, 2), False),
    ],
)
def test_a_download_is_found_for_days_that_it_covers(told, first, last, covered):
    """The days asked for count, not those of the bars: a share's listing may lie after the first of them."""
    told.cache.add(download(start=dt.date(2025, 12, 5)))
    assert (told.find(first, last) is not None) == covered


def test_the_newest_download_that_covers_the_days_is_found(told):
    wide = told.cache.add(download(minute=0))
    newer = told.cache.add(download(minute=10))
    narrow = told.cache.add(download(last=dt.date(2025, 12, 10), minute=20))
    assert same(told.find(), newer)
    assert same(told.find(last=dt.date(2025, 12, 10)), narrow)
    assert wide.at < newer.at


def test_a_download_before_a_stated_time_is_compared_with_but_not_found(told, tmp_path):
    told.cache.add(download([100.0, 101.0]))
    later = Told(tmp_path, since=AT + dt.timedelta(minutes=5))
    assert later.find() is None
    kept = later.cache.add(download([100.0, 102.0], minute=10))
    assert later == list(map(str, kept.notes)) != []
    assert same(later.find(), kept)


def test_what_was_kept_is_never_changed(told, tmp_path):
    before = {}
    for minute in range(6):
        told.cache.add(download([100.0 + minute, 101.0], minute=minute))
        now = files(tmp_path)
        assert len(now) == len(before) + 2
        assert {name: now[name] for name in before} == before
        before = now


def test_two_downloads_of_one_second_are_both_kept(told, tmp_path):
    """The same bars asked for over other days: the shorter one must not take the place of the longer."""
    long = told.cache.add(download())
    before = files(tmp_path)
    short = told.cache.add(download(last=dt.date(2025, 12, 10)))
    assert len(files(tmp_path)) == 4
    assert {name: files(tmp_path)[name] for name in before} == before
    assert same(told.find(), long)
    assert told.find(last=short.last) is not None


# --- What a vendor changed -------------------------------------------------------------------------------------------

DRIFT = "yahoo changed 1 close of NVDA since 2026-01-05, the largest on 2025-12-02 from 101 to 102"
CHANGED = fact(
    "changed.closes", who="yahoo", symbol="NVDA", since="2026-01-05", closes=1, day="2025-12-02", was=101.0, now=102.0
)


def test_what_a_vendor_changed_is_told_stored_and_read_back(told, tmp_path):
    told.cache.add(download([100.0, 101.0, 102.0]))
    new, adjusted = [100.0, 102.0, 102.0], [90.0, 90.9, 91.8]
    kept = told.cache.add(download(new, adjusted=adjusted, minute=1, notes=("sorted",)))
    assert kept.notes == (words("sorted"), CHANGED) and str(CHANGED) == DRIFT
    assert told == [DRIFT]
    assert same(Told(tmp_path).find(), kept)
    again = told.cache.add(download(new, adjusted=adjusted, minute=2, notes=("sorted",)))
    assert again.notes == (words("sorted"),)


def test_a_download_is_compared_with_the_last_one_that_shares_days_with_it(told):
    """The newest one is of another year, and must not hide what was changed since the one before."""
    told.cache.add(download([100.0, 101.0]))
    told.cache.add(download([50.0], first=dt.date(2020, 1, 1), last=dt.date(2020, 1, 10), minute=1))
    kept = told.cache.add(download([100.0, 102.0], minute=2))
    assert kept.notes[0] == CHANGED


# --- Downloads kept by earlier versions ------------------------------------------------------------------------------


def rewritten(record, change):
    """The record of a download with other content, under the name that its checksum asks for."""
    content = json.loads(record.read_bytes())
    change(content)
    data = json.dumps(content).encode()
    place = record.with_name(f"{record.stem.rpartition('-')[0]}-{sha256(data).hexdigest()[:8]}.json")
    place.write_bytes(data)
    record.with_suffix(".csv").rename(place.with_suffix(".csv"))
    record.unlink()


def test_the_texts_of_a_download_without_facts_are_words(told, tmp_path):
    """The records of before were texts alone."""
    kept = told.cache.add(download(notes=("sorted", "数")))
    rewritten(pair(tmp_path, 0)[1], lambda content: content.pop("facts"))
    found = told.find()
    assert found.notes == (words("sorted"), words("数"))
    origin = found.series.provenance
    assert origin.adjustment == words("split-adjusted; adj_close also dividend-adjusted")
    assert origin.notes == (words("downloaded 2026-01-05 03:00 UTC with yfinance 1.7.0; 名"),)
    assert origin.note == kept.series.provenance.note and told == []


@pytest.mark.parametrize("facts", [{}, {"notes": []}, {"notes": [{"code": "of_a_later_version", "values": {}}]}, []])
def test_facts_that_this_version_has_no_words_for_are_damage(told, tmp_path, facts):
    told.cache.add(download())
    rewritten(pair(tmp_path, 0)[1], lambda content: content.update(facts=facts))
    assert told.find() is None
    assert len(told) == 1 and "is not the record of a download" in told[0]


# --- Damage ----------------------------------------------------------------------------------------------------------


def cut(path):
    path.write_bytes(path.read_bytes()[:-9])


def garbage(path):
    path.write_bytes(b"\xff\xfe\x00garbage")


def empty(path):
    path.write_bytes(b"")


@pytest.fixture
def two(told):
    """An older and a newer download."""
    return told.cache.add(download(minute=0)), told.cache.add(download(minute=1))


@pytest.mark.parametrize("damage", [cut, garbage, empty, lambda path: path.write_bytes(path.read_bytes() + b"\n")])
def test_a_damaged_csv_file_is_told_left_aside_and_the_older_one_used(told, two, tmp_path, damage):
    data, record = pair(tmp_path, 1)
    damage(data)
    left = files(tmp_path)
    assert same(told.find(), two[0])
    assert told == [
        f"a kept download is damaged and was left aside: {data} has not the checksum in {record.name}; delete it"
    ]
    assert files(tmp_path) == left


@pytest.mark.parametrize(
    "damage", [cut, garbage, empty, lambda path: path.write_text("[1]"), lambda path: _later(path)]
)
def test_a_damaged_record_is_told_left_aside_and_the_older_one_used(told, two, tmp_path, damage):
    _, record = pair(tmp_path, 1)
    damage(record)
    assert same(told.find(), two[0])
    assert told == [
        f"a kept download is damaged and was left aside: {record} has not the checksum in its name; delete it"
    ]


def _later(record):
    """One letter: the download would cover a month more than it does."""
    record.write_text(record.read_text(encoding="utf-8").replace("2025-12-12", "2026-01-12"), encoding="utf-8")


@pytest.mark.parametrize("content", [b"{}", b"[]", b'"x"', b"nothing", b'{"sha256": 1}'])
def test_a_record_of_something_else_is_told_and_left_aside(told, two, tmp_path, content):
    place = pair(tmp_path, 1)[0].parent
    name = f"20270101T000000Z-{sha256(content).hexdigest()[:8]}"
    (place / f"{name}.json").write_bytes(content)
    (place / f"{name}.csv").write_bytes(b"")
    assert same(told.find(), two[1])
    (sentence,) = told
    assert sentence.startswith(f"a kept download is damaged and was left aside: {place / name}.")


def test_a_record_without_its_csv_file_is_told_and_the_older_one_used(told, two, tmp_path):
    data, _ = pair(tmp_path, 1)
    data.unlink()
    assert same(told.find(), two[0])
    assert told == [
        f"a kept download is damaged and was left aside: {data} cannot be read (No such file or directory); delete it"
    ]


def test_a_csv_file_without_its_record_is_told_once_no_process_can_be_writing_it(told, two, tmp_path):
    data, record = pair(tmp_path, 1)
    record.unlink()
    assert same(told.find(), two[0])
    assert told == []
    past = data.stat().st_mtime - SETTLED - 1
    os.utime(data, (past, past))
    assert same(told.find(), two[0])
    assert told == [f"a kept download is damaged and was left aside: {data} has no {record.name} beside it; delete it"]


def test_damage_is_told_once_and_does_not_stop_a_new_download(told, two, tmp_path):
    garbage(pair(tmp_path, 1)[0])
    for _ in range(3):
        told.find()
    kept = told.cache.add(download(minute=2))
    assert same(told.find(), kept)
    assert len(told) == 1


def test_where_all_is_damaged_nothing_is_found(told, two, tmp_path):
    for minute in (0, 1):
        garbage(pair(tmp_path, minute)[0])
    assert told.find() is None
    assert len(told) == 2


# --- Interruptions ---------------------------------------------------------------------------------------------------


def python(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


MANY = """
import sys, datetime as dt
from pathlib import Path
from eventstudy.sources.vendors.cache import PriceCache
from tests.test_cache import download
cache = PriceCache(Path(sys.argv[1]), print)
for minute in range(25):
    cache.add(download(minute=minute, notes=(sys.argv[2], str(minute))))
    assert cache.find("yahoo", "NVDA", dt.date(2025, 12, 1), dt.date(2025, 12, 12)) is not None
"""


def test_two_processes_may_keep_downloads_at_once(told, tmp_path):
    running = [python(MANY, tmp_path, name) for name in ("one", "other")]
    for process in running:
        out, error = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out, error) == (0, "", "")
    found = [tuple(map(str, one.notes)) for one in told.cache._newest("yahoo", "NVDA")]
    assert sorted(found) == sorted((name, str(minute)) for name in ("one", "other") for minute in range(25))
    assert len(files(tmp_path)) == 100
    assert told == []


KILLED = """
import os, signal, sys
from pathlib import Path
from eventstudy.sources.vendors.cache import PriceCache
from tests.test_cache import download
where, left = sys.argv[2], int(sys.argv[3])
def die(*rest):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return original(*rest)
if where == "fsync":
    original, os.fsync = os.fsync, die
else:
    original, Path.replace = Path.replace, lambda *rest: die(*rest)
PriceCache(Path(sys.argv[1]), print).add(download(minute=1))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(("where", "after"), [("fsync", 0), ("fsync", 1), ("replace", 0), ("replace", 1)])
def test_a_process_killed_in_the_middle_of_a_write_harms_nothing(told, tmp_path, where, after, kept):
    if kept:
        told.cache.add(download(minute=0))
    before = files(tmp_path)
    process = python(KILLED, tmp_path, where, after)
    out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (-signal.SIGKILL, "")
    now = files(tmp_path)
    assert {name: now[name] for name in before} == before
    assert len(now) > len(before)
    found = told.find()
    assert same(found, download(minute=0)) if kept else found is None
    after_all = told.cache.add(download(minute=2))
    assert same(told.find(), after_all)
    assert told == []


def test_a_full_disk_is_told_in_one_sentence_and_the_download_used(told, two, tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    before = files(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    assert same(told.cache.add(download(minute=2)), download(minute=2))
    assert told == [
        f"the download of NVDA from yahoo could not be kept in {tmp_path / 'prices' / 'yahoo' / 'NVDA'} "
        "(No space left on device); it is used for this run only"
    ]
    assert files(tmp_path) == before
    assert same(told.find(), two[1])


@pytest.mark.parametrize("place", ["", "prices", "prices/yahoo", "prices/yahoo/NVDA"])
def test_a_file_in_the_folder_s_place_is_told_and_the_download_used(tmp_path, place):
    """Permissions do not bind the superuser; this binds everyone."""
    folder = tmp_path / "cache"
    blocked = folder / place
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("mine")
    told = Told(folder)
    assert told.find() is None
    assert same(told.cache.add(download()), download())
    (sentence,) = told
    assert sentence.startswith(f"the download of NVDA from yahoo could not be kept in {folder}")
    assert sentence.endswith("; it is used for this run only") and "None" not in sentence
    assert blocked.read_text() == "mine"


def test_a_read_only_cache_is_read_and_not_written(told, two, tmp_path, monkeypatch):
    before, writing = files(tmp_path), Path.open

    def refuse(self, mode="r", *rest, **named):
        if set(mode) & set("wxa+"):
            raise OSError(30, "Read-only file system", str(self))
        return writing(self, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", refuse)
    assert same(told.find(), two[1])
    assert same(told.cache.add(download(minute=2)), download(minute=2))
    assert told == [
        f"the download of NVDA from yahoo could not be kept in {tmp_path / 'prices' / 'yahoo' / 'NVDA'} "
        "(Read-only file system); it is used for this run only"
    ]
    assert files(tmp_path) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_folder_without_permission_to_write_is_told(told, two, tmp_path):
    place = pair(tmp_path, 1)[0].parent
    place.chmod(0o500)
    try:
        assert same(told.cache.add(download(minute=2)), download(minute=2))
    finally:
        place.chmod(0o700)
    assert told == [
        f"the download of NVDA from yahoo could not be kept in {place} (Permission denied); "
        "it is used for this run only"
    ]


# --- The folder ------------------------------------------------------------------------------------------------------


def test_the_folder_is_the_one_of_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    assert VARIABLE == "EVENTSTUDY_CACHE"


@pytest.mark.parametrize("empty", [True, False])
def test_without_the_variable_it_is_the_platform_s_cache_folder(monkeypatch, tmp_path, empty):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if empty:
        monkeypatch.setenv(VARIABLE, "")
    else:
        monkeypatch.delenv(VARIABLE, raising=False)
    assert cache_folder() == platformdirs.user_cache_path("eventstudy-toolkit", appauthor=False)
    if sys.platform == "linux":
        assert cache_folder() == tmp_path / "eventstudy-toolkit"


ODD = [
    "^GSPC",
    "BRK-B",
    "a/b",
    "../../outside",
    "..",
    ".",
    ".hidden",
    "ES=F",
    "688795.SS",
    "/etc",
    "a\\b",
    "C:x",
    "腾讯",
    "",
]


@pytest.mark.parametrize("symbol", ODD)
def test_a_symbol_with_odd_characters_stays_in_a_folder_of_its_own(tmp_path, symbol):
    told = Told(tmp_path / "cache")
    kept = told.cache.add(download(symbol=symbol))
    assert same(told.find(symbol=symbol), kept)
    assert told == []
    (place,) = {path.parent for path in tmp_path.rglob("*.json")}
    assert place.parent == tmp_path / "cache" / "prices" / "yahoo"


def test_the_folders_of_two_symbols_are_two(tmp_path):
    cache = PriceCache(tmp_path)
    assert (
        len({cache._place("yahoo", symbol) for symbol in [*ODD, "%2E", "%", "_", "a%2Fb", "%5EGSPC"]}) == len(ODD) + 5
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_symbol_is_one_step_below_its_vendor(symbol, other):
    cache = PriceCache(Path("cache"))
    place = cache._place("yahoo", symbol)
    assert place.parent == Path("cache/prices/yahoo") and place.name not in ("", ".", "..")
    assert (cache._place("yahoo", other) == place) == (other == symbol)


@pytest.mark.parametrize("symbol", ["CON", "PRN", "aux", "NUL", "COM1", "LPT9", "CON.L"])
def test_a_symbol_that_windows_keeps_for_a_device_has_a_folder(symbol):
    cache = PriceCache(Path("cache"))
    place = cache._place("yahoo", symbol)
    assert place.name == f"%{ord(symbol[0]):02X}{symbol[1:]}"
    assert cache._place("yahoo", f"{symbol[0]}X{symbol[1:]}").name == f"{symbol[0]}X{symbol[1:]}"


def test_a_symbol_too_long_for_a_folder_is_told_and_its_download_used(told):
    assert told.find(symbol="x" * 300) is None
    told.cache.add(download(symbol="x" * 300))
    (sentence,) = told
    assert sentence.endswith("(File name too long); it is used for this run only")
