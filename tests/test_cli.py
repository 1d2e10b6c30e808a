"""The command line as a user runs it: output, exit codes, one-line faults, nothing half written."""

from __future__ import annotations

import shutil

import pytest

from tests.command import eventstudy, process
from tests.conftest import ROOT
from tests.test_config import SMALL

RECORDED = ROOT / "eventstudy" / "data" / "recorded"


@pytest.fixture
def study(tmp_path):
    """A new study, as `init` makes it."""
    assert eventstudy("init", "study", cwd=tmp_path).returncode == 0
    return tmp_path / "study"


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


def test_a_headline_without_a_figure_is_told_instead_of_an_empty_table(study):
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


def test_tables_of_ones_own_that_are_not_read_are_told(study):
    with (study / "events.yaml").open("a", encoding="utf-8") as file:
        file.write("prices:\n  files:\n    - {file: closes.xlsx, layout: wide, values: close, adjustment: none}\n")
    done = eventstudy("run", "--robustness", "none", cwd=study)
    assert done.returncode == 0
    assert done.stderr == ("closes.xlsx of prices.files not read: tables of your own are read with --source FOLDER\n")


def test_an_output_folder_that_cannot_be_written_is_exit_2(study):
    (study / "file").write_text("here", encoding="utf-8")
    done = eventstudy("run", "--out", "file", "--robustness", "none", cwd=study)
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

    assert process("--version").stdout == f"exact-eventstudy {version('exact-eventstudy')}\n"
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


def test_colour_only_on_a_terminal():
    assert "\x1b[" not in process("events", "list", "events.yaml").stdout
    assert "\x1b[" not in eventstudy("check", "events.yaml", NO_COLOR="1").stdout
