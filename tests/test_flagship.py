"""The small text results of the flagship under reports/: regenerated and compared, so a changed number shows."""

from __future__ import annotations

import csv
import math

import pytest

import eventstudy as es
from tests.conftest import ROOT

COMMITTED = ROOT / "reports" / "h200-export-decision"
ACROSS_BUILDS = 1e-7  # other builds of numpy differ in the last bits; nothing that a reader sees
VERSIONS = {"software"}


@pytest.fixture(scope="module")
def written(flagship, tmp_path_factory):
    return es.write_report(flagship, tmp_path_factory.mktemp("reports"))


def tables():
    return sorted(path.name for path in (COMMITTED / "tables").glob("*.csv"))


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row.get("kind") not in VERSIONS]


def test_every_table_is_committed(written):
    assert tables() == sorted(path.name for path in (written / "tables").iterdir())


@pytest.mark.parametrize("name", tables())
def test_table_is_current(written, name):
    committed, fresh = rows(COMMITTED / "tables" / name), rows(written / "tables" / name)
    assert len(committed) == len(fresh)
    for number, (old, new) in enumerate(zip(committed, fresh, strict=True), start=2):
        assert old.keys() == new.keys()
        for column, text in old.items():
            assert same(text, new[column]), f"{name}:{number}: {column} was {text}, is {new[column]}"


def same(old, new):
    if old == new:
        return True
    try:
        one, other = float(old), float(new)
    except ValueError:
        return False
    return math.isclose(one, other, rel_tol=ACROSS_BUILDS, abs_tol=1e-12)


def test_summary_is_current(written):
    committed = (COMMITTED / "summary.md").read_text(encoding="utf-8")
    assert (written / "summary.md").read_text(encoding="utf-8") == committed
