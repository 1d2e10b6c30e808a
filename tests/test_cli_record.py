"""`record` and `run --source live` as a user calls them, on replayed exchanges."""

from __future__ import annotations

import shutil

import pytest
from typer.testing import CliRunner

from eventstudy.cli import app
from eventstudy.cli.terminal import INTERRUPTED
from eventstudy.sources.vendors.exchanges import Replayer
from eventstudy.sources.vendors.wire import Reply, through
from tests.conftest import EXCHANGES

STUDY = """\
version: 1
study: {id: sugon, title: Sugon, question: "Did Sugon move?"}
returns: simple
seed: 1
windows: {estimation: [-120, -11], event: [-1, 1], car: [[0, 0]], min_estimation: 60}
models: [market]
prices: {first: 2024-03-15, last: 2026-01-16}
sources:
  topic: {publisher: a paper, title: a title, date: 2025-12-09}
benchmarks:
  sh000300: {name: CSI 300, exchange: XSHG, currency: CNY, scope: broad}
securities:
  603019:
    {name: Sugon, exchange: XSHG, board: sse_main, currency: CNY, listed: 2014-11-06, benchmarks: [sh000300],
     suspensions: [{first: 2025-05-26, last: 2025-06-09, source: a filing}]}
events:
  - {id: merger, title: The merger is off, when: "2025-12-09T15:30+08:00", securities: {603019: negative},
     sources: [topic]}
headlines:
  - {id: sugon, title: Sugon on 10 December, event: merger, security: 603019, window: [0, 0]}
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study of its own, in the current folder, with a cache of its own and no waits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVENTSTUDY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    (tmp_path / "events.yaml").write_text(STUDY)
    return tmp_path


def call(*words, faults=()):
    with through(*faults, Replayer(EXCHANGES)):
        return CliRunner().invoke(app, list(words))


def refused(vendor):
    return lambda asked, send: Reply(403, b"") if asked.vendor == vendor else send()


def test_a_live_run_writes_the_report_and_says_nothing_else(study):
    done = call("run", "--source", "live", "--robustness", "none")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Sugon on 10 December" in done.stdout
    assert "--source live" in (study / "reports" / "sugon" / "report.html").read_text()
    assert "eastmoney" in (study / "reports" / "sugon" / "tables" / "provenance.csv").read_text().lower()


def test_the_choice_of_another_vendor_is_told_on_standard_error(study):
    done = call("run", "--source", "live", "--robustness", "none", faults=[refused("eastmoney")])
    assert done.exit_code == 0
    reason = "refused (HTTP 403); this address may be blocked for some hours"
    assert done.stderr.splitlines() == [
        f"eastmoney: sh603019: {reason}; taken from tencent",
        f"eastmoney is passed over for the rest of this run ({reason})",
    ]
    again = call("run", "--source", "live", "--robustness", "none", "--quiet", faults=[refused("eastmoney")])
    assert (again.exit_code, again.output) == (0, "")


def test_when_nobody_gives_prices_the_command_ends_with_3_and_a_sentence(study):
    everybody = [refused(vendor) for vendor in ("eastmoney", "tencent", "sina", "yahoo")]
    with through(*everybody):
        done = CliRunner().invoke(app, ["run", "--source", "live"])
    assert type(done.exception).__name__ == "SourceError" and done.exception.exit_code == 3
    assert not (study / "reports").exists()


def test_ctrl_c_during_a_download_ends_with_130_and_what_came_is_kept(study):
    def stop(asked, send):
        if asked.vendor == "sina":
            raise KeyboardInterrupt
        return send()

    done = call("run", "--source", "live", faults=[stop])
    assert done.exit_code == INTERRUPTED
    assert done.stderr == "stopped; downloads made so far are kept, and the same command goes on from there\n"
    assert list((study / "cache" / "prices" / "eastmoney").iterdir())


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--source", "live", "--no-cache"),
        ("record", "--no-cache"),
        ("record", "--exchanges", "kept"),
    ],
)
def test_ctrl_c_promises_nothing_where_nothing_is_kept(study, words):
    def stop(asked, send):
        raise KeyboardInterrupt

    done = call(*words, faults=[stop])
    assert (done.exit_code, done.stderr) == (INTERRUPTED, "stopped\n")
    assert not (study / "cache" / "prices").exists()


def test_no_cache_leaves_no_prices_on_disk(study):
    assert call("run", "--source", "live", "--robustness", "none", "--no-cache").exit_code == 0
    assert not (study / "cache" / "prices").exists()


def test_record_then_run_on_the_recordings(study):
    done = call("record")
    assert done.exit_code == 0, done.output
    assert [line.split()[-1] for line in done.stdout.splitlines() if "Eastmoney" in line] == ["new", "new"]
    assert done.stdout.endswith(
        "recorded in recorded\nto run on these, write in the study: prices: {recorded: recorded}\n"
    )
    text = (study / "events.yaml").read_text()
    (study / "events.yaml").write_text(text.replace("last: 2026-01-16}", "last: 2026-01-16, recorded: recorded}"))
    shutil.rmtree(study / "cache")
    ran = CliRunner().invoke(app, ["run", "--robustness", "none"])
    assert ran.exit_code == 0, ran.output
    assert "Eastmoney" in (study / "reports" / "sugon" / "tables" / "provenance.csv").read_text()
    kept = call("record")
    assert kept.stdout.count("kept, not downloaded") == 2


def test_record_refresh_shows_the_change_and_a_dry_run_writes_nothing(study):
    call("record")
    before = (study / "recorded" / "603019.csv").read_bytes()
    shutil.rmtree(study / "cache")

    def dearer(asked, send):
        found = send()
        text = found.text.replace("2025-12-09,100.30,100.13,", "2025-12-09,100.30,100.14,")
        return Reply(found.status, text.encode(), found.content_type)

    sentence = (
        "eastmoney changed 1 close of 603019 since the recording to 2026-01-16, "
        "the largest on 2025-12-09 from 100.13 to 100.14"
    )
    done = call("record", "--refresh", "--dry-run", faults=[dearer])
    assert done.stdout.splitlines()[-2:] == [
        sentence,
        "nothing was written; without --dry-run this goes to recorded",
    ]
    assert (study / "recorded" / "603019.csv").read_bytes() == before
    done = call("record", "--refresh", faults=[dearer])
    assert sentence in done.stdout
    assert (study / "recorded" / "603019.csv").read_bytes() != before


def test_record_keeps_the_exchanges(study):
    done = call("record", "--exchanges", "kept", "--into", "elsewhere", "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    assert (study / "elsewhere" / "603019.csv").exists()
    with through(Replayer(study / "kept")):
        again = CliRunner().invoke(app, ["record", "--into", "third", "--quiet", "--no-cache"])
    assert again.exit_code == 0, again.output
    assert (study / "third" / "603019.csv").read_bytes() == (study / "elsewhere" / "603019.csv").read_bytes()


@pytest.mark.parametrize("option", ["--into", "--exchanges"])
def test_a_file_in_place_of_a_folder_is_refused_before_anything_is_asked(study, option):
    (study / "file").write_text("mine")
    with through(lambda asked, send: pytest.fail(f"asked {asked}")):
        done = CliRunner().invoke(app, ["record", option, "file"])
    assert str(done.exception) == "file is a file; name a folder, which need not exist"
    assert done.exception.exit_code == 2
    assert (study / "file").read_text() == "mine"


def test_a_quiet_dry_run_of_record_prints_nothing(study):
    done = call("record", "--dry-run", "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    assert not (study / "recorded").exists()


def test_the_packaged_study_needs_a_folder_to_record_into(study):
    done = CliRunner().invoke(app, ["record", "flagship"])
    assert str(done.exception) == "the packaged study has no folder of its own to record into; name one with --into"
    assert done.exception.exit_code == 2
