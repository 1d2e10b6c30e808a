"""Test results as rows of a table, and values with their t tests as columns of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eventstudy.abnormal import t_test
from eventstudy.arrays import Floats, Ints
from eventstudy.facts import Fact
from eventstudy.inference import TESTS, TestResult
from eventstudy.inference.section import Section
from eventstudy.intervals import CONFIDENCE, interval
from eventstudy.options import keywords

if TYPE_CHECKING:
    import pandas as pd

TEST_FIELDS = (
    "estimate",
    "std_error",
    "statistic",
    "df",
    "pvalue",
    "nobs",
    "distribution",
    "note",
    "null",
    "alternative",
    "unavailable",
)


def results_of_tests(sections: Mapping[str, Section], options: Mapping[str, Any]) -> dict[str, TestResult]:
    """Every test on the section that belongs to it; each takes the options that it has."""
    keywords("tests()", options, tuple(dict.fromkeys(name for test in TESTS.values() for name in test.options)))
    return {
        name: test(sections[name], **{option: options[option] for option in options if option in test.options})
        for name, test in TESTS.items()
    }


def rows_of_tests(results: Mapping[str, TestResult]) -> pd.DataFrame:
    """A row for every result."""
    import pandas as pd

    rows = {name: {field: getattr(result, field) for field in TEST_FIELDS} for name, result in results.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(TEST_FIELDS)).rename_axis("test")


def tested_columns(
    name: str, value: Floats, std_error: Floats, df: Floats | Ints, confidence: float = CONFIDENCE
) -> dict[str, Floats | Ints]:
    """Values under their name with standard error, two-sided t test and interval."""
    test = t_test(value, std_error, df)
    low, high = interval(value, std_error, test.df, confidence)
    return {
        name: value,
        "std_error": std_error,
        "statistic": test.statistic,
        "df": df,
        "pvalue": test.pvalue,
        "ci_low": low,
        "ci_high": high,
    }


def told_frame(kind: str, facts: Sequence[tuple[str, Fact]]) -> pd.DataFrame:
    """A row per event and fact; a column of its kind, its English sentence, its code and its values."""
    import pandas as pd

    rows = [(event, one.kind, str(one), one.code, dict(one.values)) for event, one in facts]
    frame = pd.DataFrame(rows, columns=["event_id", kind, "detail", "code", "values"])
    return frame.astype(dict.fromkeys(frame.columns[:-1], "str"))
