"""Significance tests; each returns a `TestResult`."""

from __future__ import annotations

from eventstudy.inference.joint import (
    JointFit,
    bootstrap_pvalue,
    fit_jointly,
    mean_correlation,
    mvrm_f,
    wald,
)
from eventstudy.inference.records import TestResult

__all__ = [
    "JointFit",
    "TestResult",
    "bootstrap_pvalue",
    "fit_jointly",
    "mean_correlation",
    "mvrm_f",
    "wald",
]
