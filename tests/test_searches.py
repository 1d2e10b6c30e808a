"""Random searches mean the same on every machine, and can be run at random."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import settings

from tests.conftest import ROOT

PROBE = """
from hypothesis import given, strategies as st

seen = []

@given(st.integers(0, 10**12))
def test_probe(n):
    seen.append(n)

def test_told():
    print("drawn", sum(seen))
"""


def drawn(path, *options):
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    done = subprocess.run([*command, *options, path], cwd=ROOT, capture_output=True, text=True, check=True)
    return next(line for line in done.stdout.splitlines() if "drawn" in line)


def test_the_suite_takes_one_set_of_examples():
    assert settings.get_profile("suite").derandomize
    assert not settings.get_profile("search").derandomize


def test_a_search_differs_from_the_suite_and_repeats_with_its_seed(tmp_path):
    (tmp_path / "conftest.py").write_text("from tests import searches\n", encoding="utf-8")
    probe = tmp_path / "test_probe.py"
    probe.write_text(PROBE, encoding="utf-8")
    suite = drawn(probe)
    assert drawn(probe) == suite
    search = ("--hypothesis-profile=search", "--hypothesis-seed=7")
    assert drawn(probe, *search) == drawn(probe, *search) != suite
