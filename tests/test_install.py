"""The wheel in an empty environment, outside the repository: the flagship runs and gives the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.install


def run(*arguments, cwd):
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=540,
        env=environment,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An empty environment with nothing but the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("install")
    probe = run(sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", folder, "hatchling", cwd=folder)
    if probe.returncode:
        pytest.skip("needs a package index to install from, and none can be reached")
    built = run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", folder / "dist", ROOT, cwd=folder)
    assert built.returncode == 0, built.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    done = run(python, "-m", "pip", "install", "-q", wheel, cwd=folder)
    assert done.returncode == 0, done.stderr
    return python, wheel


def test_the_flagship_runs_from_the_wheel(installed, flagship, tmp_path):
    python, _ = installed
    done = run(python.with_name("eventstudy"), "run", "flagship", "--out", "out", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "out" / "h200-export-decision"
    assert (folder / "report.html").stat().st_size > 1_000_000
    there, here = json.loads(done.stdout), json.loads(flagship.to_json())
    assert_same(there, here)


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


def test_the_wheel_holds_data_and_types_and_no_tests(installed):
    import zipfile

    _, wheel = installed
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
