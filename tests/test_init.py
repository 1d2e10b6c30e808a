"""A new study: what is made, that it runs at once, that nothing is written over and nothing is left half made."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import pytest

import eventstudy as es
from eventstudy.config import make_study, starter
from eventstudy.errors import OptionError
from tests.command import eventstudy
from tests.conftest import ROOT

STARTER = ROOT / "eventstudy" / "data" / "starter"
FILES = {"events.yaml", "events.schema.json", "README.md", ".gitignore", "prices/README.md", "tests/test_study.py"}
ALLOWED = "an id is lower-case letters, digits and hyphens, at most 60, e.g. amd-follows"


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A new study, made by the command."""
    folder = tmp_path_factory.mktemp("made")
    return eventstudy("init", "AMD study", cwd=folder), folder / "AMD study"


def test_the_command_tells_what_it_made_and_what_comes_next(made):
    done, folder = made
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.replace("\\", "/") for line in done.stdout.splitlines()]
    assert lines[0] == "made the study amd-study:"
    assert {line.removeprefix("  AMD study/") for line in lines[1:7]} == FILES == files(folder)
    assert lines[7:] == ["next, in AMD study:", "  eventstudy check", "  eventstudy run"]
    assert list(folder.parent.iterdir()) == [folder]


def test_only_the_id_differs_from_the_starter(made):
    for name, source in starter._FILES.items():
        text = (ROOT / "eventstudy" / source).read_text(encoding="utf-8")
        assert text.count("\n  id: amd-follows\n") == (name == "events.yaml")
        assert (made[1] / name).read_text(encoding="utf-8") == text.replace(
            "\n  id: amd-follows\n", "\n  id: amd-study\n"
        )


def test_every_starter_file_is_used():
    assert {f"data/starter/{name}" for name in files(STARTER) if "__pycache__" not in name} == {
        source for source in starter._FILES.values() if source.startswith("data/")
    }


def test_the_new_study_checks_and_runs_as_it_stands(made, tmp_path):
    _, folder = made
    assert eventstudy("check", cwd=folder).stdout.splitlines()[-1].startswith("events.yaml: no faults; 1 event (")
    done = eventstudy("run", "--robustness", "fast", "--out", tmp_path, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "AMD on the first session that could react   9 December 2025   S&P 500 fund SPY   +0.19" in done.stdout
    assert (tmp_path / "amd-study" / "report.html").exists()


def test_its_comments_name_every_section_and_the_schema(made):
    text = (made[1] / "events.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=events.schema.json\n")
    assert all(len(line) <= 120 for line in text.splitlines())
    lines = [line for line in text.splitlines() if line]
    sections = [number for number, line in enumerate(lines) if line[0].isalpha()]
    assert {lines[number].split(":")[0] for number in sections} >= set(es.StudySpec.model_json_schema()["required"])
    for number in sections:
        assert "#" in lines[number] or lines[number - 1].startswith("#"), lines[number]


def pytest_in(folder):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "", "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )


def test_its_test_passes_and_can_fail(made, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(made[1], folder)
    done = pytest_in(folder)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
    test = folder / "tests" / "test_study.py"
    right = test.read_text(encoding="utf-8")
    test.write_text(right.replace("beta, alpha = np.polyfit(x, y, 1)", "beta, alpha = 1, 0"), encoding="utf-8")
    done = pytest_in(folder)
    assert "1 failed, 1 passed" in done.stdout
    test.write_text(right, encoding="utf-8")
    file = folder / "events.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("seed: 1 ", "seed: x "), encoding="utf-8")
    assert "2 errors" in pytest_in(folder).stdout


def test_its_test_holds_for_prices_of_ones_own(made, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(made[1], folder)
    recorded = ROOT / "eventstudy" / "data" / "recorded"
    for name in ("SPY.csv", "peers/AMD.csv"):
        shutil.copy(recorded / name, folder / "prices")
    test = folder / "tests" / "test_study.py"
    text = test.read_text(encoding="utf-8")
    assert text.count('PRICES = "recorded"  # FOLDER / "prices"') == 1
    test.write_text(text.replace('PRICES = "recorded"', 'PRICES = FOLDER / "prices"'), encoding="utf-8")
    done = pytest_in(folder)
    assert "2 passed" in done.stdout, done.stdout
    assert eventstudy("run", "--source", "prices", "--robustness", "none", cwd=folder).returncode == 0


def test_the_report_is_left_out_of_version_control(made):
    if subprocess.run(["git", "--version"], capture_output=True, check=False).returncode:
        pytest.skip("needs git")
    _, folder = made
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    names = ["reports/x/report.html", "reports/x/results.json", "reports/x/summary.md", "events.yaml", "prices/A.csv"]
    done = subprocess.run(["git", "check-ignore", *names], cwd=folder, capture_output=True, text=True, check=False)
    shutil.rmtree(folder / ".git")
    assert done.stdout.split() == names[:2]


# --- The id ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "identifier"),
    [("H200", "h200"), ("Zölle 2025_Q1", "zolle-2025-q1"), ("--a--", "a"), ("a" * 80, "a" * 60),
     ("a" * 59 + " b", "a" * 59)],
)  # fmt: skip
def test_the_id_is_made_of_the_folders_name(tmp_path, name, identifier):
    assert make_study(tmp_path / name).id == identifier
    assert es.load_study(tmp_path / name / "events.yaml").study.id == identifier


def test_an_id_of_ones_own(tmp_path):
    done = eventstudy("init", "研究", "--id", "chips", cwd=tmp_path)
    assert done.returncode == 0
    assert es.load_study(tmp_path / "研究" / "events.yaml").study.id == "chips"


@pytest.mark.parametrize("identifier", ["", "Chips", "a b", "a--b", "-a", "a" * 61, "a\n"])
def test_an_id_that_is_not_allowed(tmp_path, identifier):
    with pytest.raises(OptionError) as caught:
        make_study(tmp_path / "study", study_id=identifier)
    assert str(caught.value) == f"the id {identifier!r} is not allowed; {ALLOWED}"
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_gives_no_id(tmp_path):
    done = eventstudy("init", "研究", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"no study id can be made of the folder's name '研究'; give one with --id: {ALLOWED}\n"
    assert list(tmp_path.iterdir()) == []


# --- What is refused, and what is left -------------------------------------------------------------


@pytest.mark.parametrize("name", ["", " "])
def test_a_folder_without_a_name_is_not_the_current_one(tmp_path, name):
    done = eventstudy("init", name, "--id", "study", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "the folder's name is empty; name a folder, or . for the current one\n"
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "study").write_text("mine", encoding="utf-8")
    done = eventstudy("init", "study", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "study is a file; name a folder that is new or empty\n"
    done = eventstudy("init", "study/deeper", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "study/deeper: the study cannot be written there (Not a directory); name another folder\n"
    assert (tmp_path / "study").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_is_there_is_not_written_over(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(OptionError) as caught:
        make_study(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} has {name} already, and nothing is written over; name a folder that is new or empty"
    )
    assert files(tmp_path) == {name}
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


def test_a_second_init_refuses_and_names_every_file(made):
    before = {name: (made[1] / name).read_bytes() for name in files(made[1])}
    done = eventstudy("init", made[1].name, cwd=made[1].parent)
    assert (done.returncode, done.stdout) == (2, "")
    names = ", ".join(sorted(FILES))
    assert done.stderr == (
        f"AMD study has {names} already, and nothing is written over; name a folder that is new or empty\n"
    )
    assert {name: (made[1] / name).read_bytes() for name in files(made[1])} == before


def test_a_file_named_prices_is_in_the_way(tmp_path):
    (tmp_path / "prices").write_text("mine", encoding="utf-8")
    with pytest.raises(OptionError, match=r" has prices already, and nothing is written over; "):
        make_study(tmp_path)
    assert files(tmp_path) == {"prices"}


def test_a_folder_with_other_files_keeps_them(tmp_path):
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "AMD.csv").write_text("date,close\n", encoding="utf-8")
    done = eventstudy("init", ".", "--id", "here", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "next:" in done.stdout.splitlines()
    assert files(tmp_path) == FILES | {"prices/AMD.csv"}
    assert (tmp_path / "prices" / "AMD.csv").read_text(encoding="utf-8") == "date,close\n"


def test_missing_parents_are_made(tmp_path):
    made = make_study(tmp_path / "a" / "b" / "study")
    assert files(made.folder) == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_error_half_way_leaves_what_was_there(tmp_path, monkeypatch, there, error):
    folder = tmp_path / "deep" / "study"
    if there:
        folder.mkdir(parents=True)
        (folder / "mine.txt").write_text("mine", encoding="utf-8")
    left, sync = [4], os.fsync

    def fails(descriptor):
        left[0] -= 1
        if not left[0]:
            raise error
        sync(descriptor)

    monkeypatch.setattr(starter.os, "fsync", fails)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else OptionError) as caught:
        make_study(folder)
    if isinstance(caught.value, OptionError):
        assert str(caught.value) == (
            f"{folder}: the study cannot be written there (No space left on device); name another folder"
        )
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")} == (
        {"deep", "deep/study", "deep/study/mine.txt"} if there else set()
    )


def test_a_file_that_appears_meanwhile_is_neither_written_over_nor_removed(tmp_path, monkeypatch):
    create = starter._create

    def appears(file, content, made):
        if file.name == "events.yaml":
            file.write_text("mine", encoding="utf-8")
        create(file, content, made)

    monkeypatch.setattr(starter, "_create", appears)
    with pytest.raises(OptionError, match="File exists"):
        make_study(tmp_path)
    assert files(tmp_path) == {"events.yaml"}
    assert (tmp_path / "events.yaml").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(os.name == "nt", reason="a kill that cannot be caught is POSIX's")
def test_a_kill_before_the_rename_leaves_no_folder(tmp_path):
    script = (
        "import os, signal, sys; from pathlib import Path; from eventstudy.config import make_study\n"
        "Path.rename = lambda *given: os.kill(os.getpid(), signal.SIGKILL)\n"
        "make_study(sys.argv[1])"
    )
    folder = tmp_path / "study"
    done = subprocess.run([sys.executable, "-c", script, folder], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not folder.exists()
    assert make_study(folder).files
