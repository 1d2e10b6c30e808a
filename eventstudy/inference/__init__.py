"""Significance tests; each returns a `TestResult`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eventstudy.inference import portfolio
from eventstudy.inference.correlation import CrossCorrelation, cross_correlation
from eventstudy.inference.grank import grank_t, grank_z
from eventstudy.inference.joint import (
    JointFit,
    bootstrap_pvalue,
    fit_jointly,
    mvrm_f,
    wald,
)
from eventstudy.inference.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm
from eventstudy.inference.parametric import brown_warner_1980, cross_sectional_t, crude_dependence
from eventstudy.inference.rank import corrado_rank, corrado_zivney_rank, corrado_zivney_sign
from eventstudy.inference.records import Alternative, TestResult
from eventstudy.inference.resampling import permutation, skewness_adjusted_t, wild_bootstrap
from eventstudy.inference.section import EventDays, HeldResiduals, ResidualBlock, Section
from eventstudy.inference.signs import generalized_sign, sign, wilcoxon
from eventstudy.inference.standardised import adjusted_bmp_t, adjusted_patell_z, bmp_t, patell_z

TESTS: Mapping[str, Callable[..., TestResult]] = {
    "brown_warner_1980": brown_warner_1980,
    "crude_dependence": crude_dependence,
    "lamb": portfolio.lamb,
    "cross_sectional_t": cross_sectional_t,
    "skewness_adjusted_t": skewness_adjusted_t,
    "patell_z": patell_z,
    "adjusted_patell_z": adjusted_patell_z,
    "bmp_t": bmp_t,
    "adjusted_bmp_t": adjusted_bmp_t,
    "sign": sign,
    "generalized_sign": generalized_sign,
    "corrado_rank": corrado_rank,
    "corrado_zivney_rank": corrado_zivney_rank,
    "corrado_zivney_sign": corrado_zivney_sign,
    "wilcoxon": wilcoxon,
    "grank_t": grank_t,
    "grank_z": grank_z,
    "portfolio_t": portfolio.portfolio_t,
    "mvrm_f": portfolio.mvrm_f,
    "permutation": permutation,
    "wild_bootstrap": wild_bootstrap,
}
"""Name to test: ``test(section, *, alternative="two-sided", variant=None, ...) -> TestResult``."""

STUDY_TESTS = ("portfolio_t", "mvrm_f")
"""Tests that study files may name."""

__all__ = [
    "STUDY_TESTS",
    "TESTS",
    "Alternative",
    "CrossCorrelation",
    "EventDays",
    "HeldResiduals",
    "JointFit",
    "ResidualBlock",
    "Section",
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
