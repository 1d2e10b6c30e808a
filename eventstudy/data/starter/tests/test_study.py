"""The study is free of faults, and its first figures are what a few lines of numpy make of the same prices."""

from pathlib import Path

import numpy as np
import pytest

import eventstudy as es

FOLDER = Path(__file__).resolve().parents[1]
PRICES = "recorded"  # FOLDER / "prices" once your own files are there


@pytest.fixture(scope="module")
def spec():
    return es.load_study(FOLDER / "events.yaml")  # a fault would be an error here, with its line and column


@pytest.fixture(scope="module")
def prices(spec):
    return es.load_prices(spec, source=PRICES)


def test_the_study_has_no_faults_and_something_to_test(spec):
    assert spec.tested


def returns(series):
    """Simple returns with dividends, by session."""
    level = series.close if series.adj_close is None else series.adj_close
    return dict(zip(series.sessions[1:].tolist(), level[1:] / level[:-1] - 1, strict=True))


def test_the_abnormal_return_of_day_0_is_return_less_market_model(spec, prices):
    assert spec.returns == "simple"
    found = es.run_study(spec, prices, robustness="none").to_frame("ar")
    day0 = found[(found["model"] == "market") & (found["relative_day"] == 0)].iloc[0]

    share, market = returns(prices[day0["security"]]), returns(prices[day0["benchmark"]])
    sessions = sorted(share.keys() & market.keys())
    at = sessions.index(day0["session"])
    first, last = spec.windows.estimation.first, spec.windows.estimation.last
    y, x = ([one[day] for day in sessions[at + first : at + last + 1]] for one in (share, market))
    beta, alpha = np.polyfit(x, y, 1)

    expected = alpha + beta * market[day0["session"]]
    assert day0["ar"] == pytest.approx(share[day0["session"]] - expected, abs=1e-10)
