"""The command line as a user runs it: output, exit codes, one-line faults, nothing half written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.test_config import SMALL

RECORDED = ROOT / "eventstudy" / "data" / "recorded"


def eventstudy(*arguments, cwd=ROOT, **environment):
    """Run the command in its own process, as a shell would."""
    return subprocess.run(
        [sys.executable, "-m", "eventstudy", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """One run of the flagship and its folder."""
    out = tmp_path_factory.mktemp("out")
    return eventstudy("run", "events.yaml", "--out", out, "--robustness", "fast"), out / "h200-export-decision"


def test_run_writes_the_report_folder_and_prints_the_table(ran):
    done, folder = ran
    assert done.returncode == 0
    assert done.stderr == ""
    assert "report.html" in done.stdout
    assert "NVIDIA" in done.stdout
    assert {path.name for path in folder.iterdir()} == {"report.html", "summary.md", "results.json", "tables"}
    assert {path.name for path in (folder / "tables").iterdir()} >= {"ar.csv", "car.csv", "exclusions.csv"}


def test_run_json_prints_exactly_results_json(ran, tmp_path):
    done = eventstudy("run", "events.yaml", "--out", tmp_path, "--json", "--robustness", "fast")
    assert done.returncode == 0
    assert json.loads(done.stdout)["study"]["id"] == "h200-export-decision"
    assert done.stdout == (ran[1] / "results.json").read_text(encoding="utf-8")


def test_two_runs_give_the_same_bytes(ran, tmp_path):
    done = eventstudy("run", "events.yaml", "--out", tmp_path, "--quiet", "--robustness", "fast")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    first = sorted(path for path in ran[1].rglob("*") if path.is_file())
    assert len(first) > 10
    for path in first:
        again = tmp_path / "h200-export-decision" / path.relative_to(ran[1])
        assert path.read_bytes() == again.read_bytes(), path.name


def test_a_chinese_report_from_the_results_alone(ran, tmp_path):
    done = eventstudy("report", ran[1] / "results.json", "--out", tmp_path, "--lang", "zh")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"report: {tmp_path / 'h200-export-decision' / 'report.html'}\n"
    folder = tmp_path / "h200-export-decision"
    assert 'lang="zh' in (folder / "report.html").read_text(encoding="utf-8")[:500]
    assert (folder / "results.json").read_bytes() == (ran[1] / "results.json").read_bytes()


def test_a_folder_of_files_gives_the_numbers_of_the_recordings(ran, tmp_path):
    folder = tmp_path / "prices"
    folder.mkdir()
    for path in RECORDED.rglob("*.csv"):
        shutil.copy(path, folder)
    done = eventstudy("run", "events.yaml", "--source", folder, "--out", tmp_path, "--json", "--robustness", "fast")
    assert done.returncode == 0
    recorded = json.loads((ran[1] / "results.json").read_text(encoding="utf-8"))
    own = json.loads(done.stdout)
    assert {key: own[key] for key in own if key != "provenance"} == {
        key: recorded[key] for key in recorded if key != "provenance"
    }


def test_the_packaged_flagship_runs_anywhere(ran, tmp_path):
    done = eventstudy("run", "flagship", "--out", "out", "--quiet", "--robustness", "fast", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    written = tmp_path / "out" / "h200-export-decision" / "results.json"
    assert written.read_bytes() == (ran[1] / "results.json").read_bytes()


def test_check_shows_the_first_session_of_each_event():
    done = eventstudy("check", "events.yaml")
    assert done.returncode == 0
    row = next(line for line in done.stdout.splitlines() if line.split()[:1] == ["h200-approval-report"])
    assert row.split()[:4] == ["h200-approval-report", "NVDA", "XNAS", "2025-12-08"]
    assert "partial" in row
    assert done.stdout.splitlines()[-1] == "events.yaml: no faults; 22 events (8 tested), 4 securities"
    assert eventstudy("check", "events.yaml", "--quiet").stdout == ""


def test_check_prints_every_fault_as_one_line_and_exits_2(tmp_path):
    (tmp_path / "bad.yaml").write_text(SMALL.replace("seed: 1", "seed: x").replace("17:56Z", "17:56"), encoding="utf-8")
    for command in ("check", "run"):
        done = eventstudy(command, "bad.yaml", cwd=tmp_path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.splitlines() == [
            "bad.yaml:4:7: seed: a whole number is expected here, not 'x'",
            "bad.yaml:29:11: events[0].when: the time '2025-12-08T17:56' has no UTC offset, so its session is not "
            "known; add one: Z for UTC, -05:00 for New York in winter, +08:00 for Shanghai",
        ]
    assert list(tmp_path.iterdir()) == [tmp_path / "bad.yaml"]


def test_no_study_file_is_one_line_and_exit_2(tmp_path):
    done = eventstudy("run", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "events.yaml:1:1: cannot be read (No such file or directory); "
        "give the path of a study file, or the word 'flagship'\n"
    )


def test_a_date_past_the_calendar_is_one_line_and_exit_2(tmp_path):
    text = SMALL.replace("NVDA", "600000").replace("XNAS", "XSHG").replace("nasdaq", "sse_main").replace("XNYS", "XSHG")
    (tmp_path / "late.yaml").write_text(text.replace("2025-12-08T17:56Z", "2099-01-05"), encoding="utf-8")
    done = eventstudy("check", "late.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "XSHG sessions are known from" in done.stderr
    assert "overlays: XSHG" in done.stderr


def test_an_unknown_source_is_exit_2_and_missing_files_are_exit_3(tmp_path):
    done = eventstudy("run", "events.yaml", "--source", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    (tmp_path / "empty").mkdir()
    done = eventstudy("run", "events.yaml", "--source", tmp_path / "empty", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert "NVDA.csv" in done.stderr
    assert not (tmp_path / "out").exists()


def test_unusable_prices_are_told_with_file_line_and_column_and_exit_3(tmp_path):
    for path in RECORDED.glob("*.csv"):
        shutil.copy(path, tmp_path)
    lines = (tmp_path / "NVDA.csv").read_text(encoding="utf-8").splitlines()
    lines[9] = lines[9].replace(lines[9].split(",")[4], "n/a", 1)
    (tmp_path / "NVDA.csv").write_text("\n".join(lines), encoding="utf-8")
    done = eventstudy("run", "events.yaml", "--source", tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "NVDA.csv:10:" in done.stderr
    assert "'n/a' is not a number" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_headline_without_a_figure_is_told_instead_of_an_empty_table(tmp_path):
    assert eventstudy("init", "study", cwd=tmp_path).returncode == 0
    study = tmp_path / "study"
    for symbol in ("AMD", "SPY"):
        text = next(RECORDED.rglob(f"{symbol}.csv")).read_text(encoding="utf-8")
        head, *rows = text.splitlines(keepends=True)
        (study / "prices" / f"{symbol}.csv").write_text("".join([head, *rows[-40:]]), encoding="utf-8")
    words = ("run", "--source", "prices", "--robustness", "none")
    done = eventstudy(*words, cwd=study)
    assert (done.returncode, done.stdout) == (0, "report: reports/study/report.html\n")
    assert done.stderr == (
        "no figure for 'AMD on the first session that could react'; the report says why under what was left out\n"
    )
    assert "AMD on the first session" in (study / "reports" / "study" / "summary.md").read_text(encoding="utf-8")
    quiet = eventstudy(*words, "--quiet", cwd=study)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_tables_of_ones_own_that_are_not_read_are_told(tmp_path):
    assert eventstudy("init", "study", cwd=tmp_path).returncode == 0
    study = tmp_path / "study"
    with (study / "events.yaml").open("a", encoding="utf-8") as file:
        file.write("prices:\n  files:\n    - {file: closes.xlsx, layout: wide, values: close, adjustment: none}\n")
    done = eventstudy("run", "--robustness", "none", cwd=study)
    assert done.returncode == 0
    assert done.stderr == ("closes.xlsx of prices.files not read: tables of your own are read with --source FOLDER\n")


def test_an_output_folder_that_cannot_be_written_is_exit_2(tmp_path):
    (tmp_path / "file").write_text("here", encoding="utf-8")
    done = eventstudy("run", "events.yaml", "--out", tmp_path / "file", "--robustness", "none")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_wrong_options_are_exit_2():
    assert eventstudy("run", "--lang", "fr").returncode == 2
    assert eventstudy("rum").returncode == 2


def test_events_list_is_in_order_of_time():
    done = eventstudy("events", "list", "events.yaml")
    rows = [line.strip() for line in done.stdout.splitlines() if line.strip()[:4].isdigit()]
    assert len(rows) == 22
    assert rows[0].startswith("2022-10")
    chinese = eventstudy("events", "list", "events.yaml", "--lang", "zh")
    assert "总统发文" in chinese.stdout


def test_schemas_are_those_checked_in():
    for arguments, name in ((("schema",), "events"), (("schema", "--results"), "results")):
        done = eventstudy(*arguments)
        checked_in = ROOT / "eventstudy" / "schemas" / f"{name}.schema.json"
        assert done.stdout == checked_in.read_text(encoding="utf-8")


def test_version_and_help():
    from importlib.metadata import version

    assert eventstudy("--version").stdout == f"exact-eventstudy {version('exact-eventstudy')}\n"
    for command in (
        (),
        ("check",),
        ("run",),
        ("report",),
        ("events",),
        ("events", "list"),
        ("events", "add"),
        ("schema",),
        ("init",),
    ):
        done = eventstudy(*command, "--help")
        assert done.returncode == 0
        assert "Usage" in done.stdout


def test_colour_only_on_a_terminal(ran):
    assert "\x1b[" not in ran[0].stdout
    assert "\x1b[" not in eventstudy("check", "events.yaml", NO_COLOR="1").stdout
