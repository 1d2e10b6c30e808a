"""The flagship by the command line: its folder, its table, the same bytes wherever it is run from."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.command import eventstudy, process
from tests.conftest import ROOT, tree

RECORDED = ROOT / "eventstudy" / "data" / "recorded"
FAST = ("--robustness", "fast")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """One run of the flagship in a process of its own, and its folder."""
    out = tmp_path_factory.mktemp("out")
    return process("run", "events.yaml", "--out", out, *FAST), out / "h200-export-decision"


@pytest.fixture(scope="module")
def packaged(tmp_path_factory):
    """The packaged flagship, run in another folder."""
    folder = tmp_path_factory.mktemp("elsewhere")
    done = eventstudy("run", "flagship", "--out", "out", "--json", *FAST, cwd=folder)
    return done, folder / "out" / "h200-export-decision"


@pytest.fixture(scope="module")
def chinese(tmp_path_factory):
    """The flagship on files of one's own, told in Chinese."""
    folder = tmp_path_factory.mktemp("own") / "prices"
    folder.mkdir()
    for path in RECORDED.rglob("*.csv"):
        shutil.copy(path, folder)
    out = folder.parent
    done = eventstudy("run", "events.yaml", "--source", folder, "--out", out, "--lang", "zh", *FAST)
    return done, out / "h200-export-decision"


def test_run_writes_the_report_folder_and_prints_the_table(ran):
    done, folder = ran
    assert done.returncode == 0
    assert done.stderr == ""
    assert "report.html" in done.stdout
    assert "NVIDIA" in done.stdout
    assert "\x1b[" not in done.stdout
    assert {path.name for path in folder.iterdir()} == {"report.html", "summary.md", "results.json", "tables"}
    assert {path.name for path in (folder / "tables").iterdir()} >= {"ar.csv", "car.csv", "exclusions.csv"}


def test_run_json_prints_exactly_results_json(ran, packaged):
    done, folder = packaged
    assert json.loads(done.stdout)["study"]["id"] == "h200-export-decision"
    assert done.stdout == (folder / "results.json").read_text(encoding="utf-8")
    assert done.stdout == (ran[1] / "results.json").read_text(encoding="utf-8")


def test_two_runs_give_the_same_bytes_wherever_they_are_made(ran, packaged):
    done, folder = packaged
    assert (done.returncode, done.stderr) == (0, "")
    assert len(tree(folder)) > 10
    assert tree(folder) == tree(ran[1])


def test_chinese_report(chinese):
    done, folder = chinese
    assert done.returncode == 0
    assert "英伟达" in done.stdout
    assert 'lang="zh' in (folder / "report.html").read_text(encoding="utf-8")[:500]


def test_a_page_from_the_results_alone_is_that_of_the_run(ran, chinese, tmp_path):
    done = eventstudy("report", chinese[1] / "results.json", "--out", tmp_path, "--lang", "zh")
    assert (done.returncode, done.stderr) == (0, "")
    assert tree(tmp_path / "h200-export-decision") == tree(chinese[1])


def test_a_folder_of_files_gives_the_numbers_of_the_recordings(ran, chinese):
    recorded, own = (json.loads((folder / "results.json").read_text(encoding="utf-8")) for _, folder in (ran, chinese))
    assert {key: own[key] for key in own if key != "provenance"} == {
        key: recorded[key] for key in recorded if key != "provenance"
    }
