"""Documents that cannot rot: commands, keys, lists, rooms and examples are held against the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from eventstudy.cli import app
from eventstudy.results import LISTS
from eventstudy.spec import Check, Event, StudySpec
from tests.command import PATIENCE, eventstudy
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
    assert options - {"--help"} == set(re.findall(r"--[a-z]+(?:-[a-z]+)*", line))


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


def test_the_python_block_of_live_prices_replays():
    (block,) = re.findall(r"```python\n(.*?)```", text("docs/live-prices.md"), flags=re.DOTALL)
    done = subprocess.run([sys.executable, "-c", block], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "closes agree with yahoo's" in done.stdout


def test_every_named_fault_of_a_source_is_documented():
    from eventstudy.errors import SourceError

    page = text("docs/live-prices.md")
    assert [one.__name__ for one in SourceError.__subclasses__() if f"| `{one.__name__}` |" not in page] == []


def test_python_blocks_of_own_returns_run():
    blocks = re.findall(r"```python\n(.*?)```", text("docs/own-returns.md"), flags=re.DOTALL)
    assert len(blocks) == 3
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "True"


def test_python_blocks_of_extending_run():
    blocks = re.findall(r"```python\n(.*?)```", text("docs/extending.md"), flags=re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["True", "True", "['trimmed'] ['largest']"]


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

    assert f"## {version('exact-eventstudy')}" in text("CHANGELOG.md")


def test_generated_pages_are_marked_with_the_session_that_writes_them():
    for page, session in (
        (DOCS / "size.md", "size"),
        (DOCS / "size-grid.md", "size"),
        (DOCS / "benchmarks.md", "bench"),
    ):
        assert f"`nox -s {session}`" in Path(page).read_text(encoding="utf-8")


# --- The tutorial: every block is run in order in an empty folder, and its printed output compared -----

FENCE = re.compile(r"^```(console|python|text)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n", flags=re.MULTILINE)


def steps(page):
    """Each command or program of the page with the output below it; that of a program is the text block after it."""
    blocks = FENCE.findall(page)
    for number, (kind, block) in enumerate(blocks):
        if kind == "console":
            parts = COMMAND.split(block)
            assert parts[0] == "", block
            yield from zip(["console"] * len(parts[1::2]), parts[1::2], parts[2::2], strict=True)
        elif kind == "python":
            after = blocks[number + 1] if number + 1 < len(blocks) else ("", "")
            yield "python", block, after[1] if after[0] == "text" else ""


def arguments(command):
    """The program of a command and its words."""
    import shlex

    first, *rest = shlex.split(command.replace("\\\n", " "))
    return {"eventstudy": eventstudy, "python": python}[first], rest


def python(*words, cwd, **environment):
    """Python of this environment, which finds this checkout."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        timeout=PATIENCE,
        check=False,
    )


def printed(text):
    """Lines without what nobody sees: spaces at their ends, empty lines around, and how long pytest took."""
    text = re.sub(r" in \d+\.\d+s", "", text.replace("\r\n", "\n"))
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def run_tutorial(page, folder):
    """Run the page in an empty folder; yields each step as it stands there and what it printed."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
        "COLUMNS": "80",
    }
    for kind, step, shown in steps(page):
        if step.startswith("cd "):
            folder = folder / step.removeprefix("cd ")
            continue
        program, words = (python, ["-c", step]) if kind == "python" else arguments(step)
        done = program(*words, cwd=folder, **environment)
        yield step, shown, done


def test_the_tutorial_runs_and_prints_what_it_shows(tmp_path):
    page = text("docs/first-study.md")
    refused = 0
    ran = list(run_tutorial(page, tmp_path))
    assert len(ran) >= 10
    for step, shown, done in ran:
        assert printed(shown) == printed(done.stdout + done.stderr), step
        refused += done.returncode == 2
        assert done.returncode in (0, 2), step
    assert refused == 1  # the time without an offset
    assert [path.name for path in tmp_path.iterdir()] == ["amd-study"]
    report = tmp_path / "amd-study" / "reports" / "amd-study" / "report.html"
    assert report.exists()
    summary = (report.parent / "summary.md").read_text(encoding="utf-8").replace("\u00a0", " ")
    for number in ("+0.19 %", "−7.00 %", "+7.39 %", "10.26 %"):
        assert number in summary
        assert number.replace("−", "-") in page


def test_the_tutorial_is_tested_for_what_it_shows(tmp_path):
    """A changed output or command of the page is noticed by the steps above."""
    page = (
        "```console\n$ eventstudy --version\neventstudy-toolkit 0.0.0\n```\n```python\nprint(1)\n```\n```text\n2\n```\n"
    )
    assert [printed(shown) == printed(done.stdout) for _, shown, done in run_tutorial(page, tmp_path)] == [False, False]
    with pytest.raises(KeyError):
        list(run_tutorial("```console\n$ rm -r x\n```\n", tmp_path))


def test_every_code_of_the_gate_is_documented():
    from eventstudy.facts import entries_of

    page = text("docs/gate.md")
    families = {".".join(key.split(".")[1:3]) for key in entries_of("en") if key.startswith("fact.gate.")}
    nested = {"gate.twice", "gate.order", "gate.dates", "gate.events", "gate.scale"}
    assert [code for code in sorted(families - nested) if f"`{code}`" not in page and f"`{code}.*`" not in page] == []
    assert [code for code in nested if f"`{code}." not in page] == []


def test_the_readme_links_every_document():
    readme = text("README.md")
    pages = {page.name for page in DOCS.glob("*.md")} - {"index.md"}
    assert sorted(page for page in pages if f"docs/{page}" not in readme) == []
