"""Units of a study's prices: refused with both medians, or vouched for and then repeated."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.errors import PriceError
from eventstudy.summary import summary_text
from tests.command import eventstudy
from tests.worlds import closes, ran, sessions, study, write_folder

ACCEPT = "prices: {accept: [scale]}\nwindows:"


def percent(seed, scale):
    """A level whose one-session returns are those of a share in percent, as decimals."""
    return 100.0 * np.cumprod(1.0 + np.random.default_rng(seed).uniform(-scale, scale, sessions().size))


def test_a_benchmark_a_hundred_times_too_calm_is_refused_with_both_medians():
    calm = 400.0 * np.cumprod(1.0 + np.random.default_rng(1).normal(0.0, 0.0001, sessions().size))
    with pytest.raises(PriceError) as caught:
        ran(closes(), calm)
    told = caught.value.fact
    assert (told.code, told.values["asset"], told.values["benchmark"]) == ("units.apart", "AAA", "MKT")
    assert told.values["own"] == pytest.approx(0.011, abs=0.002)
    assert told.values["other"] == pytest.approx(0.0000675, abs=0.00001)
    assert str(caught.value).startswith("the median move of AAA is 0.0094 and that of MKT 5.8e-05, so")
    assert str(caught.value).endswith("correct the prices, or vouch for them with prices: {accept: [scale]}")


@pytest.mark.parametrize("kind", ["simple", "log"])
def test_returns_that_are_for_more_than_half_beyond_a_fifth_are_refused(kind):
    wild = percent(4, 0.6)
    with pytest.raises(PriceError) as caught:
        ran(wild, percent(5, 0.05), text=study().replace("returns: simple", f"returns: {kind}"))
    assert caught.value.fact.code == "units.large"
    assert caught.value.fact.values["medians"][0]["asset"] == "AAA"


def test_what_the_study_vouches_for_is_computed_and_repeated():
    calm = 400.0 * np.cumprod(1.0 + np.random.default_rng(1).normal(0.0, 0.0001, sessions().size))
    result = ran(closes(), calm, text=study().replace("windows:", ACCEPT))
    assert all("accepted_scale" in one.flags for one in (*result.ar, *result.car, *result.headlines))
    assert "accepted.scale" in [one.code for one in result.exclusions]
    told = "The study vouches for the units of its returns, so no check of them was made."
    assert told in result.summary() and "研究自行担保其收益率的单位" in summary_text(result, lang="zh")


def test_the_command_ends_with_3_and_one_sentence(tmp_path):
    calm = 400.0 * np.cumprod(1.0 + np.random.default_rng(1).normal(0.0, 0.0001, sessions().size))
    folder = write_folder(tmp_path / "study", closes(), calm)
    done = eventstudy("run", "--source", "prices", "--robustness", "none", cwd=folder)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
    assert not (folder / "reports").exists()


def test_a_share_that_hardly_moves_is_not_judged():
    assert ran(np.full(sessions().size, 50.0)).exclusions
