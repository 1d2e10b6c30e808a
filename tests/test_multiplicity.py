"""Families of p-values: against statsmodels, by hand, by identity."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from eventstudy.errors import InputError
from eventstudy.inference import benjamini_hochberg, benjamini_yekutieli, holm

EXACT = 1e-12  # the same few products in another order
FAMILIES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30)


@pytest.fixture(autouse=True, scope="module")
def uncollected():
    """statsmodels collects garbage after each family, which takes long in a process that holds much."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "collect", lambda: 0)
        yield


@settings(deadline=None)
@given(FAMILIES)
def test_they_are_those_of_statsmodels(pvalues):
    for adjust, method in ((holm, "holm"), (benjamini_hochberg, "fdr_bh"), (benjamini_yekutieli, "fdr_by")):
        expected = multipletests(pvalues, method=method)[1]
        assert adjust(pvalues) == pytest.approx(expected, abs=EXACT)


@settings(deadline=None)
@given(FAMILIES)
def test_holm_is_above_benjamini_hochberg_is_above_raw(pvalues):
    strict, loose, raw = holm(pvalues), benjamini_hochberg(pvalues), np.array(pvalues)
    assert (strict >= loose - EXACT).all()
    assert (loose >= raw - EXACT).all()
    assert (benjamini_yekutieli(pvalues) >= loose - EXACT).all()
    assert (strict <= 1.0).all()
    order = np.argsort(raw, kind="stable")
    for adjusted in (strict, loose):
        assert (np.diff(adjusted[order]) >= -EXACT).all()


def test_by_hand():
    """Three tests: Holm 3, 2 and 1 times, never falling; BH 3/1, 3/2 and 3/3 times, from the largest down."""
    pvalues = [0.04, 0.01, 0.03]
    assert holm(pvalues) == pytest.approx([0.06, 0.03, 0.06])
    assert benjamini_hochberg(pvalues) == pytest.approx([0.04, 0.03, 0.04])
    assert benjamini_yekutieli(pvalues) == pytest.approx([0.04 * 11 / 6, 0.03 * 11 / 6, 0.04 * 11 / 6])


def test_an_empty_family_stays_empty():
    for adjust in (holm, benjamini_hochberg, benjamini_yekutieli):
        assert adjust([]).shape == (0,)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg, benjamini_yekutieli])
def test_what_is_no_probability_is_refused(adjust):
    for wrong in (np.nan, -0.1, 1.1):
        message = f"p-value 1 of the family is {wrong}; leave tests without a result out before adjusting"
        with pytest.raises(InputError, match=message):
            adjust([0.5, wrong])
    with pytest.raises(InputError, match="a family of p-values has one dimension, not 2"):
        adjust(np.full((2, 2), 0.5))
