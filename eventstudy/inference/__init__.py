"""Significance tests; each returns a `TestResult`."""

from __future__ import annotations

from collections.abc import Mapping

from eventstudy.inference import (
    conformal,
    grank,
    parametric,
    portfolio,
    rank,
    ranks,
    resampling,
    signs,
    single,
    standardised,
)
from eventstudy.inference.correlation import CrossCorrelation, cross_correlation
from eventstudy.inference.joint import (
    JointFit,
    bootstrap_pvalue,
    fit_jointly,
    mvrm_f,
    wald,
)
from eventstudy.inference.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm
from eventstudy.inference.records import Alternative, Test, TestResult
from eventstudy.inference.section import EventDays, HeldResiduals, ResidualBlock, Section

ROWS: tuple[Test, ...] = (
    parametric.BROWN_WARNER_1980,
    parametric.CRUDE_DEPENDENCE,
    portfolio.LAMB,
    parametric.CROSS_SECTIONAL_T,
    resampling.SKEWNESS_ADJUSTED_T,
    standardised.PATELL_Z,
    standardised.ADJUSTED_PATELL_Z,
    standardised.BMP_T,
    standardised.BMP_T_NORMAL,
    standardised.ADJUSTED_BMP_T,
    standardised.ADJUSTED_BMP_T_NORMAL,
    signs.SIGN,
    signs.GENERALIZED_SIGN,
    rank.CORRADO_RANK,
    rank.CORRADO_ZIVNEY_RANK,
    rank.CORRADO_ZIVNEY_SIGN,
    signs.WILCOXON,
    grank.GRANK_T,
    grank.GRANK_Z,
    portfolio.PORTFOLIO_T,
    portfolio.MVRM_F,
    resampling.PERMUTATION,
    resampling.WILD_BOOTSTRAP,
    ranks.PLACEBO_DATES,
    single.SQ,
    conformal.CONFORMAL,
)
"""Every test that the chooser knows: those of `TESTS`, variants refused apart from them, and those that are not run on
a section."""

TESTS: Mapping[str, Test] = {test.name: test for test in ROWS if test.run is not None}
"""Name to test: ``test(section, *, alternative="two-sided", variant=None, ...) -> TestResult``."""

__all__ = [
    "ROWS",
    "TESTS",
    "Alternative",
    "CrossCorrelation",
    "EventDays",
    "HeldResiduals",
    "JointFit",
    "ResidualBlock",
    "Section",
    "Test",
    "TestResult",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bootstrap_pvalue",
    "cross_correlation",
    "fit_jointly",
    "holm",
    "mvrm_f",
    "wald",
]
