"""Two-limit Tobit: equal to least squares without limits, to plain likelihoods searched otherwise, by simulation."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from eventstudy.models import fit_linear, tobit
from eventstudy.models.tobit import fit_tobit

EXACT = 1e-9  # two float computations of one number, on decimal returns
SEARCHED = 1e-5  # relative: what a search of the plain likelihood reaches from function values
DERIVED = 1e-4  # relative: second differences of a log-likelihood
MONTE_CARLO = 4.0  # standard errors of a simulated mean: fails by chance once in 16,000


def cut(latent, limit):
    """Returns cut off at -/+ limit, and the sides."""
    return np.clip(latent, -limit, limit), np.where(latent <= -limit, -1, np.where(latent >= limit, 1, 0))


def world(seed, *, factors=1, cases=4, days=120, events=3, limit=0.03, holes=0.1):
    rng = np.random.default_rng(seed)
    x = rng.normal(0.0005, 0.01, (factors, cases, days + events))
    slopes = rng.normal(1.0, 0.3, (factors, cases, 1))
    latent = 0.001 + (slopes * x).sum(axis=0) + rng.normal(0.0, 0.02, (cases, days + events))
    y, side = cut(latent[:, :days], limit)
    used = rng.random((cases, days)) >= holes
    span = rng.integers(1, 3, (cases, events))
    y[~used], x[:, :, :days][:, ~used] = np.nan, np.nan
    return {
        "y": y,
        "factors": x[..., :days],
        "used": used,
        "censored": side,
        "event_factors": x[..., days:],
        "event_span": span,
        "names": ("SPY", "SMB", "HML")[:factors],
    }


def linear(given):
    return fit_linear(**{name: value for name, value in given.items() if name != "censored"})


def one_case(given, case):
    """Design, returns and sides of the used days of a case."""
    used = given["used"][case]
    x = given["factors"][:, case, used].T
    if given.get("intercept", True):
        x = np.column_stack([np.ones(x.shape[0]), x])
    return x, given["y"][case, used], given["censored"][case, used]


def plain(point, x, y, side):
    """The log-likelihood as the textbook has it, in (b, s)."""
    b, s = point[:-1], point[-1]
    z = (y - x @ b) / s
    return np.where(
        side == 0, stats.norm.logpdf(z) - np.log(s), stats.norm.logcdf(-np.where(side == 0, 1, side) * z)
    ).sum()


def found(fit, case):
    """(b, maximum-likelihood s) of a fit."""
    return np.r_[fit.params[case], fit.sigma[case] * np.sqrt(fit.df_resid[case] / fit.nobs[case])]


def same(one, other, tolerance=EXACT):
    for name in (field.name if field.name != "residuals" else "resid" for field in fields(one)):
        left, right = getattr(one, name), getattr(other, name)
        if isinstance(left, np.ndarray):
            np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance, err_msg=name)
        else:
            assert left == right


@pytest.mark.parametrize(("factors", "intercept"), [(0, True), (1, True), (3, True), (1, False), (3, False)])
def test_without_a_censored_day_every_number_is_least_squares(factors, intercept):
    given = world(factors, factors=factors, limit=9.0) | {"intercept": intercept}
    assert not given["censored"].any()
    fit, ols = fit_tobit(**given), linear(given)
    for name in ("params", "sigma", "df_resid", "nobs", "resid", "expected"):
        np.testing.assert_allclose(getattr(fit, name), getattr(ols, name), rtol=EXACT, atol=EXACT, err_msg=name)
    ours, theirs = (root.leverage_root @ np.swapaxes(root.leverage_root, 1, 2) for root in (fit, ols))
    np.testing.assert_allclose(ours, theirs, rtol=EXACT)
    assert fit.names == ols.names
    assert fit.leverage_root.shape == ols.leverage_root.shape


def test_a_mark_on_a_day_that_is_not_used_changes_nothing():
    given = world(1)
    marked = given | {"censored": np.where(given["used"], given["censored"], 1)}
    same(fit_tobit(**given), fit_tobit(**marked), tolerance=0.0)


def test_cases_are_fitted_one_by_one():
    given = world(2, factors=2)
    together = fit_tobit(**given)
    for case in range(4):
        rows = slice(case, case + 1)
        alone = {name: given[name][rows] for name in ("y", "used", "censored", "event_span")}
        alone |= {name: given[name][:, rows] for name in ("factors", "event_factors")}
        fit = fit_tobit(**alone, names=given["names"])
        for name in ("params", "sigma", "resid", "expected", "leverage_root"):
            np.testing.assert_allclose(getattr(fit, name)[0], getattr(together, name)[case], rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("limit", [0.04, 0.02, 0.012])
@pytest.mark.parametrize(("factors", "intercept"), [(0, True), (1, True), (3, True), (2, False)])
def test_estimates_maximise_the_plain_likelihood(limit, factors, intercept):
    """Search by another method, in other parameters, from another start."""
    given = world(3, factors=factors, limit=limit) | {"intercept": intercept}
    fit = fit_tobit(**given)
    for case in range(4):
        x, y, side = one_case(given, case)
        assert 0.0 < np.mean(side != 0) < 0.85
        result = optimize.minimize(
            lambda p, x=x, y=y, side=side: -plain(np.r_[p[:-1], np.exp(p[-1])], x, y, side),
            np.r_[np.zeros(x.shape[1]), np.log(0.05)],
            method="Nelder-Mead",
            options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 20_000, "maxfev": 20_000, "adaptive": True},
        )
        expected = np.r_[result.x[:-1], np.exp(result.x[-1])]
        np.testing.assert_allclose(found(fit, case), expected, rtol=SEARCHED, atol=SEARCHED * 0.02)
        assert plain(found(fit, case), x, y, side) >= -result.fun - 1e-9


def test_estimates_by_a_grid():
    """A mean and a deviation of eight returns, two of them cut off, searched point by point."""
    y = np.array([[0.01, -0.02, 0.03, 0.10, 0.04, -0.01, 0.10, 0.02]])
    side = np.array([[0, 0, 0, 1, 0, 0, 1, 0]])
    nothing = np.zeros((0, 1, 8))
    fit = fit_tobit(y, nothing, np.isfinite(y), side, nothing[..., :1], np.ones((1, 1), dtype=int), names=())
    means, deviations = np.arange(0.0, 0.1, 2e-4), np.arange(0.01, 0.15, 2e-4)
    z = (y[0] - means[:, None, None]) / deviations[:, None]
    value = np.where(side[0] == 0, stats.norm.logpdf(z) - np.log(deviations)[:, None], stats.norm.logsf(z)).sum(axis=-1)
    best = np.unravel_index(value.argmax(), value.shape)
    mean, deviation = found(fit, 0)
    assert abs(mean - means[best[0]]) <= 2e-4
    assert abs(deviation - deviations[best[1]]) <= 2e-4
    assert mean > y.mean()
    assert fit.sigma[0] == pytest.approx(deviation * np.sqrt(8 / 7), rel=EXACT)


def test_score_is_zero_and_variance_is_the_inverse_observed_information():
    """By differences of the plain likelihood in (b, s)."""
    given = world(4, factors=2, limit=0.02)
    fit = fit_tobit(**given)
    for case in range(4):
        x, y, side = one_case(given, case)
        point = found(fit, case)
        step = np.diag(np.abs(np.r_[np.full(3, 0.05), 0.02]) * 1e-3)

        def value(p, x=x, y=y, side=side):
            return plain(p, x, y, side)

        score = [(value(point + h) - value(point - h)) / (2 * h.max()) for h in step]
        hessian = [
            [
                (value(point + g + h) - value(point + g - h) - value(point - g + h) + value(point - g - h))
                / (4 * g.max() * h.max())
                for g in step
            ]
            for h in step
        ]
        covariance = np.linalg.inv(-np.array(hessian))
        assert np.abs(np.array(score)) * np.sqrt(np.diag(covariance)) == pytest.approx(0.0, abs=DERIVED)
        ahead = np.column_stack([given["event_span"][case], given["event_factors"][:, case].T])
        root = fit.leverage_root[case] * point[-1]
        np.testing.assert_allclose(root @ root.T, ahead @ covariance[:3, :3] @ ahead.T, rtol=DERIVED, atol=1e-10)
        np.testing.assert_allclose(fit.expected[case], ahead @ fit.params[case], rtol=EXACT)
        np.testing.assert_allclose(fit.resid[case, given["used"][case]], y - x @ fit.params[case], atol=EXACT)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    scale=st.floats(0.01, 100.0),
    shift=st.floats(-1.0, 1.0),
    move=st.floats(-0.1, 0.1),
    stretch=st.floats(0.01, 100.0),
)
def test_results_move_with_units(seed, scale, shift, move, stretch):
    """y -> scale (y + shift span) and x -> stretch (x + move span): parameters follow, nothing else changes."""
    given = world(seed, days=60, limit=0.025)
    fit = fit_tobit(**given)
    other = given | {
        "y": scale * (given["y"] + shift),
        "factors": stretch * (given["factors"] + move),
        "event_factors": stretch * (given["event_factors"] + move * given["event_span"]),
    }
    moved = fit_tobit(**other)
    alpha, beta = fit.params.T
    level = scale * (1.0 + abs(shift))  # rounding of the shifted returns
    np.testing.assert_allclose(moved.params[:, 1] * stretch, scale * beta, atol=1e-7 * level)
    np.testing.assert_allclose(moved.params[:, 0], scale * (alpha + shift - beta * move), atol=1e-8 * level)
    np.testing.assert_allclose(moved.sigma, scale * fit.sigma, atol=1e-9 * level)
    np.testing.assert_allclose(moved.expected, scale * (fit.expected + shift * given["event_span"]), atol=1e-8 * level)
    np.testing.assert_allclose((moved.leverage_root**2).sum(axis=2), (fit.leverage_root**2).sum(axis=2), rtol=1e-6)


def test_falling_mirrors_rising():
    given = world(5)
    mirrored = fit_tobit(**given | {"y": -given["y"], "censored": -given["censored"]})
    fit = fit_tobit(**given)
    np.testing.assert_allclose(mirrored.params, -fit.params, rtol=EXACT)
    np.testing.assert_allclose(mirrored.sigma, fit.sigma, rtol=EXACT)


def test_limits_attenuate_least_squares_and_not_tobit():
    """2,000 samples of 120 days, a fifth of them cut off; t statistics of a forecast keep their size."""
    rng = np.random.default_rng(6)
    cases, days, limit = 2_000, 120, 0.03
    x = rng.normal(0.0, 0.01, (1, cases, days + 1))
    latent = 0.001 + 1.2 * x[0] + rng.normal(0.0, 0.02, (cases, days + 1))
    y, side = cut(latent[:, :days], limit)
    assert 0.18 < np.mean(side != 0) < 0.22
    given = {"y": y, "factors": x[..., :days], "used": np.ones(y.shape, dtype=bool)}
    given |= {"event_factors": x[..., days:], "event_span": np.ones((cases, 1), dtype=int), "names": ("SPY",)}
    fit, ols = fit_tobit(**given, censored=side), fit_linear(**given)
    error = fit.params.std(axis=0) / np.sqrt(cases)
    assert (np.abs(fit.params.mean(axis=0) - [0.001, 1.2]) < MONTE_CARLO * error).all()
    variance = fit.sigma**2
    assert abs(variance.mean() - 0.02**2) < MONTE_CARLO * variance.std() / np.sqrt(cases)
    assert ols.params[:, 1].mean() < 1.2 - 20 * error[1]
    assert ols.sigma.mean() < 0.019
    stated = np.sqrt((fit.sigma**2)[:, None] * (fit.leverage_root**2).sum(axis=2))[:, 0]
    true = 0.001 + 1.2 * x[0, :, days]
    assert abs(((fit.expected[:, 0] - true) / stated).std() - 1.0) < MONTE_CARLO / np.sqrt(2 * cases)
    ahead = (latent[:, days] - fit.expected[:, 0]) / np.sqrt(fit.sigma**2 + stated**2)
    rejected = np.mean(2.0 * stats.t.sf(np.abs(ahead), fit.df_resid) < 0.05)
    assert abs(rejected - 0.05) < MONTE_CARLO * np.sqrt(0.05 * 0.95 / cases)


def small(y, side, x=None):
    """A fit of one case of a few days."""
    y, side = np.array([y]), np.array([side])
    x = np.zeros((0, 1, y.size)) if x is None else np.array([[x]])
    return fit_tobit(y, x, np.isfinite(y), side, x[..., :1], np.ones((1, 1), dtype=int), names=("SPY",)[: len(x)])


UNKNOWN = {
    "uncensored days no more than parameters": ([0.1, 0.1, 0.1, 0.02], [1, 1, 1, 0], None),
    "uncensored days all alike": ([0.1, 0.1, 0.02, 0.02, 0.02], [1, 1, 0, 0, 0], None),
    "every day censored": ([0.1, 0.1, -0.1, 0.1], [1, 1, -1, 1], None),
    "the factor moves on censored days only": (
        [0.01, 0.02, -0.01, 0.1, 0.1, 0.0],
        [0, 0, 0, 1, 1, 0],
        [0.0, 0.0, 0.0, 1.0, 1.0, 0.0],
    ),
    "no residuals": ([0.0, 0.0, 0.0, 0.0], [0, 0, 0, 0], None),
    "collinear": ([0.01, 0.02, 0.1, -0.02], [0, 0, 1, 0], [1.0, 1.0, 1.0, 1.0]),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_the_data_cannot_say_is_nan(what):
    fit = small(*UNKNOWN[what])
    for values in (fit.params, fit.sigma, fit.expected, fit.resid, fit.leverage_root):
        assert np.isnan(values).all()


def test_a_search_that_does_not_end_gives_nan_and_leaves_others_alone(monkeypatch):
    given = world(7, cases=2, limit=0.015)
    given["censored"][0] = 0
    whole = fit_tobit(**given)
    assert np.isfinite(whole.sigma).all()
    monkeypatch.setattr(tobit, "STEPS", 2)
    short = fit_tobit(**given)
    assert short.sigma[0] == whole.sigma[0]
    for values in (short.params, short.sigma, short.expected, short.resid, short.leverage_root):
        assert np.isnan(values[1]).all()


def test_limits_nearly_everywhere():
    """Nine days in ten cut off: the likelihood still has its maximum, and it is found."""
    given = world(8, cases=20, days=200, limit=0.003)
    fit = fit_tobit(**given)
    share = np.mean(given["censored"][given["used"]] != 0)
    assert share > 0.8
    assert np.isfinite(fit.sigma).all()
    for case in range(20):
        x, y, side = one_case(given, case)
        point = found(fit, case)
        best = plain(point, x, y, side)
        for direction in np.eye(3):
            for step in (-1e-3, 1e-3):
                assert plain(point * (1.0 + step * direction), x, y, side) <= best


def test_other_marks_are_refused():
    given = world(9)
    given["censored"][0, 0] = 2
    with pytest.raises(
        ValueError, match=r"^censored holds -1 \(lower limit\), 0 \(uncut\) and 1 \(upper limit\) and nothing else$"
    ):
        fit_tobit(**given)
