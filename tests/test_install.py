"""The wheel, outside the repository: what it holds and asks for, and the flagship from it with the same figures."""

from __future__ import annotations

import email
import json
import os
import subprocess
import sys
import tomllib
import venv
import zipfile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.command import PATIENCE
from tests.conftest import ROOT

pytestmark = pytest.mark.install


def run(*arguments, cwd, **changed):
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        env=environment | changed,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    probe = run(sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", folder, "hatchling", cwd=folder)
    if probe.returncode:
        pytest.skip("needs a package index to install from, and none can be reached")
    built = run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", folder / "dist", ROOT, cwd=folder)
    assert built.returncode == 0, built.stderr
    (found,) = (folder / "dist").glob("*.whl")
    return found


def test_the_flagship_runs_from_the_unpacked_wheel(wheel, flagship, tmp_path):
    """Its files stand before this checkout's on the path; what it asks for is this environment's."""
    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(wheel).extractall(unpacked)
    entry = (
        "import eventstudy, sys; from importlib.metadata import entry_points\n"
        f"assert eventstudy.__file__.startswith({str(unpacked)!r}), eventstudy.__file__\n"
        "command, *_ = entry_points(group='console_scripts', name='eventstudy')\n"
        "sys.argv[0] = 'eventstudy'; command.load()()"
    )
    words = ("run", "flagship", "--out", "out", "--json", "--robustness", "fast")
    done = run(sys.executable, "-c", entry, *words, cwd=tmp_path, PYTHONPATH=str(unpacked))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "h200-export-decision" / "report.html").stat().st_size > 1_000_000
    assert_same(json.loads(done.stdout), json.loads(flagship.to_json()))


@pytest.mark.slow
def test_the_flagship_runs_from_the_wheel_in_an_empty_environment(wheel, flagship, tmp_path):
    """Nothing is there but the wheel and what it asks for."""
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    done = run(python, "-m", "pip", "install", "-q", wheel, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run(python.with_name("eventstudy"), "run", "flagship", "--out", "out", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "h200-export-decision" / "report.html").stat().st_size > 1_000_000
    assert_same(json.loads(done.stdout), json.loads(flagship.to_json()))


def test_the_wheel_asks_for_what_the_project_file_states(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    told = email.message_from_bytes(archive.read(name))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [one for one in map(Requirement, told.get_all("Requires-Dist")) if one.marker is None]
    assert set(map(wanted, asked)) == set(map(wanted, map(Requirement, project["dependencies"])))
    assert set(told.get_all("Provides-Extra")) == set(project["optional-dependencies"])
    assert (told["Name"], told["Version"], told["Requires-Python"]) == (
        project["name"],
        project["version"],
        project["requires-python"],
    )


def wanted(one):
    return canonicalize_name(one.name), one.specifier


def assert_same(there, here):
    """The same records; figures may differ in the last bits between builds of numpy."""
    for name in ("headlines", "ar", "car", "sessions", "claims", "exclusions"):
        assert len(there[name]) == len(here[name])
        for one, other in zip(there[name], here[name], strict=True):
            assert one.keys() == other.keys()
            for key, value in one.items():
                if isinstance(value, float):
                    assert value == pytest.approx(other[key], rel=1e-9, abs=1e-12)
                else:
                    assert value == other[key]


def test_the_wheel_holds_data_and_types_and_no_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "py.typed",
        "data/events.yaml",
        "data/recorded/NVDA.csv",
        "data/recorded/manifest.json",
        "data/starter/events.yaml",
        "data/starter/tests/test_study.py",
    ):
        assert f"eventstudy/{wanted}" in names
    assert not [name for name in names if name.startswith("tests/")]
    assert wheel.stat().st_size < 2_000_000
