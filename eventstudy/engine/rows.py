"""Test results as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventstudy.inference import TestResult

TEST_FIELDS = (
    "null",
    "alternative",
    "estimate",
    "std_error",
    "statistic",
    "distribution",
    "df",
    "pvalue",
    "nobs",
    "note",
    "unavailable",
)


def result_row(result: TestResult) -> Mapping[str, Any]:
    """The fields of a test result that a table of tests shows."""
    return {name: getattr(result, name) for name in TEST_FIELDS}
