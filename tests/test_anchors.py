"""Analytic anchors of size and power: closed forms that the tests must meet, no data needed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eventstudy.inference import TESTS, Section
from eventstudy.windows import Window

DRAWS = 3_000
MANY = 10**6  # estimation days without end, so that s is known and the closed forms are exact


def section(car, deviation):
    size = car.size
    return Section(
        window=Window(0, 0),
        ar=car[:, None],
        ar_se=np.full((size, 1), deviation),
        car=car,
        car_se=np.full(size, deviation),
        sigma=np.full(size, deviation),
        df=np.full(size, MANY),
        nobs=np.full(size, MANY),
        weight=np.ones(size),
        position=np.arange(size),
        left_out=0,
        residuals=lambda: iter(()),
    )


def rate(name, draw, **options):
    return np.mean([TESTS[name](draw(), **options).pvalue < 0.05 for _ in range(DRAWS)])


def tolerance(probability):
    """Four Monte Carlo standard errors."""
    return 4 * np.sqrt(probability * (1 - probability) / DRAWS)


@pytest.mark.parametrize(
    ("events", "deviation", "effect", "printed"),
    [
        (1, 0.02, 0.01, 0.079),
        (1, 0.02, 0.02, 0.170),
        (10, 0.02, 0.005, 0.124),
        (10, 0.02, 0.01, 0.353),
        (20, 0.02, 0.01, 0.609),
        (50, 0.02, 0.005, 0.424),
        (50, 0.04, 0.01, 0.424),
        (100, 0.04, 0.01, 0.705),
    ],
)
def test_power_of_a_mean_test_with_known_variance(events, deviation, effect, printed):
    """Phi(d - 1.96) + Phi(-d - 1.96), d = sqrt(N) AR / sd: the table of Campbell, Lo and MacKinlay's chapter 4."""
    d = np.sqrt(events) * effect / deviation
    closed = stats.norm.cdf(d - 1.96) + stats.norm.cdf(-d - 1.96)
    assert closed == pytest.approx(printed, abs=5e-4)
    rng = np.random.default_rng(events)
    found = rate("patell_z", lambda: section(effect + rng.normal(0, deviation, events), deviation))
    assert found == pytest.approx(closed, abs=tolerance(closed))


@pytest.mark.parametrize(
    ("events", "rho", "patell", "bmp"),
    [
        (10, 0.2, 24.1, None),
        (30, 0.05, 21.1, 22.2),
        (30, 0.1, 32.1, 34.6),
        (50, 0.02, 16.4, 16.8),
        (50, 0.4, 66.6, 73.8),
    ],
)
def test_over_rejection_under_equicorrelation(events, rho, patell, bmp):
    """Patell 2 Phi(-1.96 / sqrt(1 + (N - 1) rho)); BMP the same over 1 - rho (Kolari and Pynnonen's inflation)."""
    inflation = 1 + (events - 1) * rho
    closed = 2 * stats.norm.cdf(-1.96 / np.sqrt(inflation))
    assert 100 * closed == pytest.approx(patell, abs=0.06)
    rng = np.random.default_rng(events)

    def draw():
        car = np.sqrt(rho) * rng.normal() + np.sqrt(1 - rho) * rng.normal(size=events)
        return section(car, 1.0)

    assert rate("patell_z", draw) == pytest.approx(closed, abs=tolerance(closed))
    if bmp is not None:
        normal = 2 * stats.norm.cdf(-1.96 / np.sqrt(inflation / (1 - rho)))
        assert 100 * normal == pytest.approx(bmp, abs=0.06)
        exact = 2 * stats.t.sf(stats.t.isf(0.025, events - 1) / np.sqrt(inflation / (1 - rho)), events - 1)
        assert rate("bmp_t", draw) == pytest.approx(exact, abs=tolerance(exact))
