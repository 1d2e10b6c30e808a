"""Documents that cannot rot: commands, keys, lists, rooms and examples are held against the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from eventstudy.cli import app
from eventstudy.results import LISTS
from eventstudy.spec import Check, Event, StudySpec
from tests.conftest import ROOT

DOCS = ROOT / "docs"


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def commands():
    import typer.main

    root = typer.main.get_command(app)
    for name, command in root.commands.items():
        if hasattr(command, "commands"):
            yield from ((f"{name} {inner}", one) for inner, one in command.commands.items())
        else:
            yield name, command


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_and_option_is_documented(name):
    command = dict(commands())[name]
    assert command.help
    line = next(line for line in text("docs/commands.md").splitlines() if line.startswith(f"| `eventstudy {name}"))
    options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert options - {"--help"} == set(re.findall(r"--[a-z]+", line))


def test_every_key_of_a_study_is_documented():
    page = text("docs/events-file.md")
    for model in (StudySpec, Event, Check):
        for key in model.model_fields:
            if not key.endswith("_zh") and key not in ("session",):
                assert f"`{key}" in page, key


def test_every_list_of_the_results_is_documented():
    page = text("docs/results.md")
    assert re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE) == list(LISTS)


def test_architecture_lists_every_room_and_no_other():
    rooms = {
        path.stem for path in (ROOT / "eventstudy").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    listed = set(re.findall(r"^\| `(\w+)` \|", text("ARCHITECTURE.md"), flags=re.MULTILINE))
    assert listed == rooms - {"__init__", "__main__"}


def test_python_blocks_of_the_tutorial_run(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", text("docs/first-study.md"), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        done = subprocess.run([sys.executable, "-c", block], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "market_adjusted" in done.stdout


def test_python_blocks_of_own_returns_run():
    blocks = re.findall(r"```python\n(.*?)```", text("docs/own-returns.md"), flags=re.DOTALL)
    assert len(blocks) == 2
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "True"


def test_commands_of_the_tutorial_run(tmp_path):
    import shutil

    shutil.copy(ROOT / "examples" / "amd" / "events.yaml", tmp_path)
    (tmp_path / "prices").mkdir()
    recorded = ROOT / "eventstudy" / "data" / "recorded"
    shutil.copy(recorded / "SPY.csv", tmp_path / "prices")
    shutil.copy(recorded / "peers" / "AMD.csv", tmp_path / "prices")
    lines = re.findall(r"^\$ eventstudy (.*)$", text("docs/first-study.md"), flags=re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        done = subprocess.run(
            [sys.executable, "-m", "eventstudy", *line.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "reports" / "amd-follows" / "report.html").exists()


def test_links_between_documents_lead_somewhere():
    for page in [*DOCS.glob("*.md"), *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_doctests_of_the_package():
    import doctest

    import eventstudy

    assert doctest.testmod(eventstudy).failed == 0


def test_readme_names_the_two_commands_that_ci_runs():
    readme = text("README.md")
    assert "python3 -m pip install nox && python3 -m nox -s report" in readme
    assert "python3 -m pip install nox && python3 -m nox -s tests" in readme
    assert "python3 -m nox -s tests" in text(".ci/run")


def test_changelog_names_the_current_version():
    from importlib.metadata import version

    assert f"## {version('eventstudy-toolkit')}" in text("CHANGELOG.md")


def test_generated_pages_are_marked_with_the_session_that_writes_them():
    for page, session in (
        (DOCS / "size.md", "size"),
        (DOCS / "size-grid.md", "size"),
        (DOCS / "benchmarks.md", "bench"),
    ):
        assert f"`nox -s {session}`" in Path(page).read_text(encoding="utf-8")
