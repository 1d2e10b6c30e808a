"""Synthetic control and peers: the optimum held against other solvers and its own conditions, the forecasts by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from statsmodels.regression import linear_model

from eventstudy.abnormal import abnormal_returns, cumulative
from eventstudy.errors import OptionError
from eventstudy.models.market import fit_market
from eventstudy.models.market_adjusted import fit_market_adjusted
from eventstudy.models.peer_portfolio import complete_donors, fit_peer_portfolio
from eventstudy.models.ridge_augmented import CV_BLOCKS, PENALTY_SHARES, augment_weights
from eventstudy.models.simplex import KKT_TOLERANCE, TIE_BREAK, simplex_weights
from eventstudy.models.synthetic_control import all_period_residuals, fit_synthetic_control
from eventstudy.panel import EventPanel
from eventstudy.windows import Window

EXACT = 1e-10  # two float computations of one number, on decimal returns
RECOVERED = 1e-8  # weights of an exact mix
OPTIMAL = 1e-12  # violation of the optimality conditions, relative to the largest squared distance
SEARCHED = 1e-5  # weights that a general-purpose solver finds
PENALISED = 1e-6  # weights where the sum is held by a large weight and not by a constraint
DERIVED = 1e-6  # relative: differences of a linear function


def world(seed, *, cases=4, donors=6, days=60, noise=0.015, holes=0.0):
    """Returns of treated and donors that share a market."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0.0005, 0.01, (cases, 1, days))
    x = rng.normal(1.0, 0.3, (cases, donors, 1)) * market + rng.normal(0.0, noise, (cases, donors, days))
    y = market[:, 0] + rng.normal(0.0, noise, (cases, days))
    y[rng.random(y.shape) < holes] = np.nan
    return y, x


def panel_of(y, x, y1, x1, *, span=None, names=None):
    """A panel from (E, T), (E, J, T), (E, L) and (E, J, L)."""
    (cases, days), events = y.shape, y1.shape[1]
    dates = np.datetime64("2025-01-01") + np.arange(days + events)
    return EventPanel(
        keys=tuple(f"E{case}" for case in range(cases)),
        event_window=Window(0, events - 1),
        names=names or tuple(f"D{donor}" for donor in range(x.shape[1])),
        returns=y,
        factors=np.swapaxes(x, 0, 1),
        event_returns=y1,
        event_factors=np.swapaxes(x1, 0, 1),
        event_span=np.ones((cases, events), dtype=np.int64) if span is None else span,
        sessions=np.tile(dates[:days], (cases, 1)),
        event_sessions=np.tile(dates[days:], (cases, 1)),
    )


def random_panel(seed, *, events=3, span=None, **options):
    days = options.pop("days", 60)
    y, x = world(seed, days=days + events, **options)
    y1 = np.random.default_rng(seed + 1).normal(0.0, 0.02, (len(y), events))
    return panel_of(y[:, :days], x[..., :days], y1, x[..., days:], span=span)


def objective(weights, y, x, intercept, ridge):
    """As the docstring has it, for one case without holes."""
    error = y - weights @ x
    return np.mean((error - error.mean() * intercept) ** 2) + ridge * weights @ weights


def violation(weights, y, x, intercept, ridge):
    """Kuhn-Tucker conditions from the plain gradient of the objective, over the largest mean squared distance."""
    kept = np.isfinite(y)
    y, x = y[kept], x[:, kept]
    if intercept:
        y, x = y - y.mean(), x - x.mean(axis=1, keepdims=True)
    gradient = -2.0 * x @ (y - weights @ x) / y.size + 2.0 * ridge * weights
    level = gradient[weights > 0.0].min()
    scale = max(((x - y) ** 2).mean(axis=1).max() + ridge, 1e-300)
    stationary = np.abs(gradient[weights > 0.0] - level).max()
    return max(stationary, (level - gradient).max()) / scale


# weights


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    donors=st.integers(1, 70),
    days=st.integers(2, 50),
    intercept=st.booleans(),
    ridge=st.sampled_from([0.0, 0.0, 1e-7, 1e-4, 1e-2, 10.0]),
    holes=st.sampled_from([0.0, 0.2]),
)
def test_optimality_conditions_hold_from_the_plain_gradient(seed, donors, days, intercept, ridge, holes):
    y, x = world(seed, cases=3, donors=donors, days=days, holes=holes)
    y[:, 0] = 0.01
    fit = simplex_weights(y, x, intercept=intercept, ridge=ridge)
    assert fit.converged.all()
    assert (fit.kkt <= KKT_TOLERANCE).all()
    assert (fit.weights >= 0.0).all()
    assert fit.weights.sum(axis=1) == pytest.approx(1.0, abs=1e-12)
    for case in range(3):
        assert violation(fit.weights[case], y[case], x[case], intercept, ridge) < OPTIMAL


@pytest.mark.parametrize(("donors", "days"), [(200, 40), (400, 120), (1000, 60)])
@pytest.mark.parametrize("ridge", [0.0, 1e-4, 1e-2])
def test_optimality_conditions_hold_for_many_donors(donors, days, ridge):
    y, x = world(donors, cases=2, donors=donors, days=days)
    fit = simplex_weights(y, x, ridge=ridge)
    assert fit.converged.all()
    for case in range(2):
        assert violation(fit.weights[case], y[case], x[case], True, ridge) < OPTIMAL


def test_the_reported_violation_is_that_of_the_conditions(monkeypatch):
    """A search cut short is not converged, and says by how much."""
    y, x = world(0, cases=20)
    monkeypatch.setattr("eventstudy.models.simplex._ROUNDS", 0)
    cut = simplex_weights(y, x)
    assert ((cut.weights == 1.0).sum(axis=1) == 1).all()
    assert not cut.converged.any()
    for case in range(20):
        deviations = x[case] - y[case] - (x[case] - y[case]).mean(axis=1, keepdims=True)
        only = cut.weights[case].argmax()
        size = np.sqrt((deviations**2).sum(axis=1))
        gaps = (size[only] ** 2 - deviations @ deviations[only]) / (size * size[only])
        assert cut.kkt[case] == pytest.approx(gaps.max(), rel=EXACT)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("ridge", [0.0, 1e-4])
def test_two_donors_in_closed_form(intercept, ridge):
    """w minimises |y - x2 - w (x1 - x2)|^2 / T + ridge (w^2 + (1 - w)^2), cut at 0 and 1."""
    y, x = world(1, cases=40, donors=2)
    y = y + np.linspace(-2.0, 2.0, 40)[:, None] * (x[:, 0] - x[:, 1])
    fit = simplex_weights(y, x, intercept=intercept, ridge=ridge)
    apart, rest = x[:, 0] - x[:, 1], y - x[:, 1]
    if intercept:
        apart, rest = (values - values.mean(axis=1, keepdims=True) for values in (apart, rest))
    best = ((apart * rest).mean(axis=1) + ridge) / ((apart**2).mean(axis=1) + 2.0 * ridge)
    assert [(best < 0.0).sum() > 5, (best > 1.0).sum() > 5] == [True, True]
    assert fit.weights[:, 0] == pytest.approx(np.clip(best, 0.0, 1.0), abs=EXACT)


@pytest.mark.parametrize("donors", [2, 3])
@pytest.mark.parametrize("intercept", [True, False])
def test_no_point_of_a_fine_grid_is_better(donors, intercept):
    """Every mix in steps of 1/500; the best of them lies within a step of the weights found, seen in fitted returns."""
    y, x = world(2, cases=6, donors=donors)
    fit = simplex_weights(y, x, intercept=intercept)
    steps = np.arange(501) / 500.0
    grid = np.stack(np.meshgrid(*[steps] * (donors - 1), indexing="ij"), axis=-1).reshape(-1, donors - 1)
    grid = np.column_stack([grid, 1.0 - grid.sum(axis=1)])
    grid = grid[grid[:, -1] > -1e-9]
    for case in range(6):
        error = y[case] - grid @ x[case]
        values = ((error - error.mean(axis=1, keepdims=True) * intercept) ** 2).mean(axis=1)
        found = objective(fit.weights[case], y[case], x[case], intercept, 0.0)
        assert found == pytest.approx(fit.objective[case], rel=EXACT)
        assert found <= values.min() * (1.0 + 1e-14)
        assert values.min() - found < 1e-5 * found
        assert np.abs(grid[values.argmin()] - fit.weights[case]).max() < 0.01


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("ridge", [0.0, 1e-4])
def test_weights_equal_those_of_slsqp(intercept, ridge):
    y, x = world(3, cases=8)
    fit = simplex_weights(y, x, intercept=intercept, ridge=ridge)
    for case in range(8):
        unit = y[case].std()
        done = optimize.minimize(
            lambda w, case=case, unit=unit: objective(w, y[case] / unit, x[case] / unit, intercept, ridge / unit**2),
            np.full(6, 1.0 / 6.0),
            method="SLSQP",
            bounds=[(0.0, 1.0)] * 6,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0},
            options={"ftol": 1e-15, "maxiter": 1000},
        )
        assert fit.weights[case] == pytest.approx(done.x, abs=SEARCHED)
        assert fit.objective[case] <= done.fun * unit**2 * (1.0 + 1e-12)


@pytest.mark.parametrize(("donors", "days"), [(6, 60), (40, 60), (90, 50)])
def test_weights_equal_those_of_nonnegative_least_squares(donors, days):
    """The sum held at one by an equation with a large weight; and, without approximation, by the distances alone."""
    y, x = world(4, donors=donors, days=days)
    fit = simplex_weights(y, x)
    for case in range(4):
        target = y[case] - y[case].mean()
        design = (x[case] - x[case].mean(axis=1, keepdims=True)).T
        large = 1e4 * np.sqrt((design**2).sum(axis=0).max())
        held, _ = optimize.nnls(np.vstack([design, np.full(donors, large)]), np.append(target, large))
        assert fit.weights[case] == pytest.approx(held, abs=PENALISED)
        unit = np.sqrt((design**2).sum(axis=0).mean())
        free, _ = optimize.nnls(
            np.vstack([design - target[:, None], np.full(donors, unit)]), np.append(np.zeros(days), unit)
        )
        assert fit.weights[case] == pytest.approx(free / free.sum(), abs=EXACT)


@pytest.mark.parametrize("donors", [4, 8, 59, 300])
@pytest.mark.parametrize("intercept", [True, False])
def test_an_exact_mix_is_recovered(donors, intercept):
    _, x = world(5, cases=20, donors=donors)
    mix = np.random.default_rng(5).dirichlet(np.ones(4), 20)
    y = np.einsum("ej,ejt->et", mix, x[:, :4]) + 0.001 * intercept
    fit = simplex_weights(y, x, intercept=intercept)
    assert fit.residuals == pytest.approx(0.0, abs=EXACT)
    assert fit.intercept == pytest.approx(0.001 * intercept, abs=EXACT)
    if donors < 60:
        assert np.abs(fit.weights[:, :4] - mix).max() < RECOVERED
        assert np.abs(fit.weights[:, 4:]).max(initial=0.0) < RECOVERED


def test_a_treated_that_is_a_donor_is_that_donor():
    _, x = world(6)
    fit = simplex_weights(x[:, 2], x)
    assert fit.weights.tolist() == [[0.0, 0.0, 1.0, 0.0, 0.0, 0.0]] * 4
    assert (fit.kkt.tolist(), fit.objective.tolist()) == ([0.0] * 4, [0.0] * 4)


def test_residuals_intercept_and_objective_by_hand():
    """One donor: weight 1, intercept the mean difference 2, residuals -1, 0, 1, objective 2/3 plus the ridge."""
    y, x = np.array([[1.0, np.nan, 5.0, 3.0]]), np.array([[[0.0, 7.0, 2.0, 1.0]]])
    fit = simplex_weights(y, x, ridge=0.5)
    assert (fit.weights.tolist(), fit.intercept.tolist()) == ([[1.0]], [2.0])
    np.testing.assert_array_equal(fit.residuals, [[-1.0, np.nan, 1.0, 0.0]])
    assert fit.objective == pytest.approx([2.0 / 3.0 + 0.5], abs=EXACT)
    bare = simplex_weights(y, x, intercept=False)
    np.testing.assert_array_equal(bare.residuals, [[1.0, np.nan, 3.0, 2.0]])
    assert (bare.intercept.tolist(), bare.objective.tolist()) == ([0.0], [pytest.approx(14.0 / 3.0)])


@pytest.mark.parametrize("donors", [6, 40, 150])
@pytest.mark.parametrize("ridge", [0.0, 1e-4, "minimum_norm"])
def test_cases_do_not_depend_on_each_other_to_the_last_bit(donors, ridge):
    y, x = world(7, cases=9, donors=donors, holes=0.1)
    together = simplex_weights(y, x, ridge=ridge)
    for case in range(9):
        alone = simplex_weights(y[case : case + 1], x[case : case + 1], ridge=ridge)
        assert alone.weights[0].tolist() == together.weights[case].tolist()
        np.testing.assert_array_equal(alone.residuals[0], together.residuals[case])


def test_cases_do_not_depend_on_each_other_where_many_weights_fit_perfectly():
    y, x = world(7, cases=9, donors=150, days=20)
    y = 0.3 * y + 0.7 * x.mean(axis=1)
    together = simplex_weights(y, x)
    assert (together.objective < 1e-25).sum() >= 5
    for case in range(9):
        alone = simplex_weights(y[case : case + 1], x[case : case + 1])
        assert alone.weights[0].tolist() == together.weights[case].tolist()


def test_blocks_of_cases_are_joined_in_order(monkeypatch):
    y, x = world(8, cases=7)
    whole = simplex_weights(y, x)
    monkeypatch.setattr("eventstudy.models.simplex._BLOCK", 2 * x[0].size)
    assert simplex_weights(y, x).weights.tolist() == whole.weights.tolist()


def test_donors_may_be_shared_by_all_cases():
    y, x = world(9)
    shared = simplex_weights(y, x[0])
    assert shared.weights.tolist() == simplex_weights(y, np.stack([x[0]] * 4)).weights.tolist()


def test_missing_returns_of_the_treated_are_left_out():
    y, x = world(10, holes=0.2)
    x[:, 0][~np.isfinite(y)] = np.nan
    y[2, np.flatnonzero(np.isnan(y[2]))[0]] = np.inf
    fit = simplex_weights(y, x)
    assert not fit.refused.any()
    for case in range(4):
        kept = np.isfinite(y[case])
        alone = simplex_weights(y[case : case + 1, kept], x[case : case + 1][..., kept])
        assert fit.weights[case] == pytest.approx(alone.weights[0], abs=EXACT)
        assert fit.residuals[case, kept] == pytest.approx(alone.residuals[0], abs=EXACT)
        assert np.isnan(fit.residuals[case, ~kept]).all()
        assert fit.objective[case] == pytest.approx(alone.objective[0], rel=EXACT)


@pytest.mark.parametrize("ridge", [0.0, 1e-4])
def test_a_donor_with_a_gap_is_refused_for_its_case_alone(ridge):
    y, x = world(11)
    best = simplex_weights(y, x, ridge=ridge).weights[1].argmax()
    x[1, best, 17] = np.nan
    fit = simplex_weights(y, x, ridge=ridge)
    assert np.argwhere(fit.refused).tolist() == [[1, best]]
    without = simplex_weights(y[1:2], np.delete(x[1:2], best, axis=1), ridge=ridge)
    assert fit.weights[1, best] == 0.0
    assert np.delete(fit.weights[1], best).tolist() == without.weights[0].tolist()
    assert fit.converged.all()


def test_a_donor_can_be_refused_by_the_caller():
    y, x = world(12)
    refused = np.zeros((4, 6), dtype=bool)
    refused[2, :5] = True
    fit = simplex_weights(y, x, refused=refused)
    assert fit.refused.tolist() == refused.tolist()
    assert fit.weights[2].tolist() == [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    assert (fit.weights[[0, 1, 3]] == simplex_weights(y, x).weights[[0, 1, 3]]).all()


def test_a_case_without_donors_or_periods_has_no_weights():
    y, x = world(13)
    x[0, :, 3], y[1] = np.nan, np.nan
    fit = simplex_weights(y, x)
    assert fit.converged.tolist() == [False, False, True, True]
    for values in (fit.weights, fit.intercept, fit.residuals, fit.objective, fit.kkt):
        assert np.isnan(values[:2]).all()
        assert np.isfinite(values[2:]).all()
    assert np.isnan(simplex_weights(y, x, intercept=False).intercept[:2]).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-6, 0.01, 100.0, 1e6]), ridge=st.sampled_from([0.0, 1e-4]))
def test_weights_do_not_depend_on_the_unit_or_on_levels(seed, scale, ridge):
    y, x = world(seed)
    fit = simplex_weights(y, x, ridge=ridge)
    scaled = simplex_weights(scale * y, scale * x, ridge=ridge * scale**2)
    assert scaled.weights == pytest.approx(fit.weights, abs=EXACT)
    assert scaled.objective == pytest.approx(scale**2 * fit.objective, rel=EXACT)
    moved = simplex_weights(y + 0.01, x + np.arange(6)[:, None] / 1000.0, ridge=ridge)
    assert moved.weights == pytest.approx(fit.weights, abs=EXACT)
    assert moved.residuals == pytest.approx(fit.residuals, abs=EXACT)
    order = np.random.default_rng(seed).permutation(6)
    assert simplex_weights(y, x[:, order], ridge=ridge).weights == pytest.approx(fit.weights[:, order], abs=EXACT)


def test_a_donor_that_gets_no_weight_changes_nothing():
    """Not a bit: neither one that moves against the treated nor those that the fit passed over."""
    y, x = world(14)
    fit = simplex_weights(y, x)
    against = -5.0 * y[:, None] + np.random.default_rng(14).normal(0.0, 0.05, (4, 3, 60))
    more = simplex_weights(y, np.concatenate([against, x], axis=1))
    assert more.weights.tolist() == np.column_stack([np.zeros((4, 3)), fit.weights]).tolist()
    assert more.residuals == pytest.approx(fit.residuals, abs=EXACT)
    idle = fit.weights == 0.0
    assert idle.any()
    assert simplex_weights(y, x, refused=idle).weights.tolist() == fit.weights.tolist()


def test_of_equal_donors_the_first_has_the_weight_and_the_smallest_norm_shares_it():
    y, x = world(15)
    fit = simplex_weights(y, x)
    twice = np.concatenate([x, x], axis=1)
    first = simplex_weights(y, twice)
    assert first.converged.all()
    assert first.weights == pytest.approx(np.column_stack([fit.weights, np.zeros((4, 6))]), abs=EXACT)
    shared = simplex_weights(y, twice, ridge="minimum_norm")
    assert shared.converged.all()
    assert shared.weights == pytest.approx(np.column_stack([fit.weights, fit.weights]) / 2.0, abs=1e-6)
    assert shared.residuals == pytest.approx(fit.residuals, abs=1e-7)
    apart = (x - y[:, None]) - (x - y[:, None]).mean(axis=2, keepdims=True)
    assert shared.ridge == pytest.approx(TIE_BREAK * (apart**2).mean(axis=(1, 2)), rel=EXACT)
    assert TIE_BREAK == 1e-8


def test_of_many_perfect_fits_the_one_of_smallest_norm_is_found():
    """The treated is inside the hull; the same norm from a search under equality constraints."""
    _, x = world(16, cases=1, donors=12, days=5)
    y = np.random.default_rng(16).dirichlet(np.ones(12), 1) @ x[0]
    bare, small = simplex_weights(y, x), simplex_weights(y, x, ridge="minimum_norm")
    assert bare.objective[0] == pytest.approx(0.0, abs=1e-20)
    assert (bare.weights > 0.0).sum() <= 5
    assert small.residuals == pytest.approx(0.0, abs=1e-8)
    apart = (x[0] - y[0]) - (x[0] - y[0]).mean(axis=1, keepdims=True)
    done = optimize.minimize(
        lambda w: w @ w,
        bare.weights[0],
        method="SLSQP",
        bounds=[(0.0, 1.0)] * 12,
        constraints={"type": "eq", "fun": lambda w: np.append(100.0 * (w @ apart)[:-1], w.sum() - 1.0)},
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    assert small.weights[0] == pytest.approx(done.x, abs=SEARCHED)
    assert (small.weights**2).sum() < (bare.weights**2).sum() - 0.01


@pytest.mark.parametrize("size", 10.0 ** np.arange(-15, -3))
def test_donors_that_are_nearly_equal_do_not_stop_the_search(size):
    y, x = world(17, cases=10)
    near = np.concatenate([x, x + size * np.random.default_rng(17).normal(0.0, 0.01, x.shape)], axis=1)
    fit = simplex_weights(y, near)
    assert fit.converged.all()
    assert (fit.objective <= simplex_weights(y, x).objective * (1.0 + 1e-12)).all()


def test_a_wild_donor_does_not_blur_the_others():
    y, x = world(18)
    wild = np.concatenate([x, 1e5 * x[:, ::-1] * np.array([1.0, -1.0] * 30)], axis=1)
    fit = simplex_weights(y, wild)
    assert fit.converged.all()
    for case in range(4):
        used = fit.weights[case] > 0.0
        again = simplex_weights(y[case : case + 1], wild[case : case + 1, used])
        assert again.weights[0] == pytest.approx(fit.weights[case, used], rel=1e-6)


@pytest.mark.parametrize("days", [1, 2, 3, 4])
def test_few_periods(days):
    y, x = world(19, donors=5, days=days)
    fit = simplex_weights(y, x)
    assert fit.converged.all()
    assert fit.weights.sum(axis=1) == pytest.approx(1.0, abs=EXACT)
    for case in range(4):
        assert violation(fit.weights[case], y[case], x[case], True, 0.0) < OPTIMAL


def test_the_optimum_among_more_donors_than_days():
    y, x = world(20, cases=1, donors=800, days=250)
    for ridge, active in ((0.0, 30), (1e-2, 300)):
        fit = simplex_weights(y, x, ridge=ridge)
        assert fit.converged.all()
        assert (fit.weights > 0.0).sum() > active
        assert violation(fit.weights[0], y[0], x[0], True, ridge) < OPTIMAL


def test_the_record_is_its_own_and_cannot_be_written():
    y, x = world(21)
    fit = simplex_weights(y, x)
    for name in ("weights", "intercept", "residuals", "objective", "kkt", "converged", "refused", "ridge"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(fit, name)[0] = 0


def test_bad_input_is_refused_in_a_sentence():
    y, x = world(22)
    for bad, message in (
        ((y[0], x), r"donors of shape \(cases, donors, periods\) .*, at least one; given: \(60,\) and \(4, 6, 60\)"),
        ((y, x[..., :5]), r"given: \(4, 60\) and \(4, 6, 5\)$"),
        ((y, x[:, :0]), r"given: \(4, 60\) and \(4, 0, 60\)$"),
        ((y, x[:3]), "^4 cases need as many sets of donors; given: 3$"),
    ):
        with pytest.raises(OptionError, match=message):
            simplex_weights(*bad)
    with pytest.raises(
        OptionError, match=r"^refused needs one entry for each case and donor, \(4, 6\); given: \(6,\)$"
    ):
        simplex_weights(y, x, refused=np.zeros(6, dtype=bool))
    for ridge in (-1.0, np.nan, np.inf, "small"):
        with pytest.raises(OptionError, match=rf"^ridge={ridge!r} is not allowed; give a number of at least 0"):
            simplex_weights(y, x, ridge=ridge)


# the model


def test_a_single_donor_by_hand():
    """Weight and alpha 1, residuals -1, 1, -1, 1: s^2 = 4/3 with T - 1; Var(AR) = s^2 (n + n^2/4) for n = 1, 2."""
    panel = panel_of(
        np.array([[0.0, 3.0, 2.0, 1.0]]),
        np.array([[[0.0, 1.0, 2.0, -1.0]]]),
        np.array([[5.0, 5.0]]),
        np.array([[[1.0, -1.0]]]),
        span=np.array([[1, 2]]),
    )
    fit = fit_synthetic_control(panel)
    assert (fit.names, fit.params.tolist()) == (("alpha", "D0"), [[1.0, 1.0]])
    assert (fit.df_resid.tolist(), fit.nobs.tolist(), fit.resid.tolist()) == ([3], [4], [[-1.0, 1.0, -1.0, 1.0]])
    assert fit.expected.tolist() == [[2.0, 1.0]]
    ar = abnormal_returns(panel, fit)
    assert ar.value.tolist() == [[3.0, 4.0]]
    assert ar.std_error[0] ** 2 == pytest.approx([4.0 / 3.0 * 1.25, 4.0 / 3.0 * 3.0], abs=EXACT)


@pytest.mark.parametrize("donors", [2, 6, 15])
def test_standard_errors_are_those_of_least_squares_on_the_active_donors(donors):
    """With a sum of one: the returns less those of one active donor, on the differences of the others from it."""
    span = np.random.default_rng(donors).integers(1, 3, (4, 3))
    panel = random_panel(donors, donors=donors, holes=0.1, span=span)
    fit = fit_synthetic_control(panel)
    ar, car = abnormal_returns(panel, fit), cumulative(panel, fit, Window(0, 2))
    for case in range(4):
        kept = np.isfinite(panel.returns[case])
        first, *rest = np.flatnonzero(fit.params[case, 1:] > 0.0)
        x, ahead = panel.factors[:, case], panel.event_factors[:, case]
        design = np.column_stack([np.ones(kept.sum()), (x[rest] - x[first])[:, kept].T])
        reference = linear_model.OLS(panel.returns[case, kept] - x[first, kept], design).fit()
        assert fit.params[case, [0, *(np.array(rest, dtype=int) + 1)]] == pytest.approx(reference.params, abs=EXACT)
        assert (fit.sigma[case] ** 2, fit.df_resid[case]) == pytest.approx((reference.scale, reference.df_resid))
        assert fit.resid[case, kept] == pytest.approx(reference.resid, abs=EXACT)
        rows = np.column_stack([span[case], (ahead[rest] - ahead[first]).T])
        assert fit.expected[case] == pytest.approx(rows @ reference.params + ahead[first], abs=EXACT)
        covariance = np.diag(span[case]) * reference.scale + rows @ reference.cov_params() @ rows.T
        assert ar.std_error[case] ** 2 == pytest.approx(np.diag(covariance), rel=EXACT)
        assert car.std_error[case] ** 2 == pytest.approx(covariance.sum(), rel=EXACT)


@pytest.mark.parametrize(("donors", "events", "columns"), [(2, 5, 3), (6, 3, 3), (90, 4, 4)])
def test_the_root_is_no_wider_than_it_must_be(donors, events, columns):
    panel = random_panel(30, donors=donors, events=events)
    for augment in (None, 1e-4):
        assert fit_synthetic_control(panel, augment=augment).leverage_root.shape == (4, events, columns)


@pytest.mark.parametrize("augment", [None, 1e-5, 1e-3])
@pytest.mark.parametrize(("donors", "days"), [(5, 40), (30, 20)])
def test_forecast_covariance_is_the_derivative_by_the_returns(augment, donors, days):
    """While the active donors stay, forecasts are linear in the returns: G G' = D D' with D their derivative."""
    panel = random_panel(31, donors=donors, days=days, cases=1, span=np.array([[1, 2, 1]]))
    fit = fit_synthetic_control(panel, augment=augment)
    derivative = np.empty((3, days))
    for day in range(days):
        nudged = np.array(panel.returns)
        nudged[0, day] += 1e-9
        other = fit_synthetic_control(replace(panel, returns=nudged), augment=augment)
        derivative[:, day] = (other.expected - fit.expected)[0] / 1e-9
    covariance = fit.leverage_root[0] @ fit.leverage_root[0].T
    assert covariance == pytest.approx(derivative @ derivative.T, rel=1e-4)


def test_when_the_market_model_is_true_both_forecast_the_same():
    """Donors = market + noise, beta 1. The difference of the normal returns has mean 0 and the size of the noise."""
    cases, donors, days = 400, 20, 120
    rng = np.random.default_rng(32)
    market = rng.normal(0.0005, 0.01, (cases, 1, days + 1))
    x = market + rng.normal(0.0, 0.01, (cases, donors, days + 1))
    y = market[:, 0] + rng.normal(0.0, 0.02, (cases, days + 1))
    panel = panel_of(y[:, :days], x[..., :days], y[:, days:], x[..., days:])
    true = panel_of(y[:, :days], market[..., :days], y[:, days:], market[..., days:], names=("SPY",))
    synthetic, by_market = fit_synthetic_control(panel), fit_market(true)
    apart = (synthetic.expected - by_market.expected)[:, 0]
    assert abs(apart.mean()) < 4.0 * apart.std() / np.sqrt(cases)
    spread = 0.01 * np.sqrt((synthetic.params[:, 1:] ** 2).sum(axis=1).mean())  # of the weighted noise on the day
    estimation = np.sqrt(0.02**2 * 3.0 / days)  # two intercepts and a slope
    assert spread / 2.0 < apart.std() < spread + estimation
    assert 0.9 < (synthetic.sigma / by_market.sigma).mean() < 1.1
    rejected = (abnormal_returns(panel, synthetic).pvalue < 0.05).mean()
    assert 0.02 < rejected < 0.1


def test_a_donor_with_a_gap_in_either_window_has_no_weight():
    panel = random_panel(33)
    best = fit_synthetic_control(panel).params[:, 1:].argmax(axis=1)
    x, ahead = np.array(panel.factors), np.array(panel.event_factors)
    x[best[0], 0, 5] = np.nan
    ahead[best[1], 1, 2] = np.nan
    ahead[best[2], 2, 2] = np.nan
    y1 = np.array(panel.event_returns)
    y1[2, 2] = np.nan
    holed = replace(panel, factors=x, event_factors=ahead, event_returns=y1)
    complete = complete_donors(holed)
    assert np.argwhere(~complete).tolist() == [[0, best[0]], [1, best[1]]]
    fit = fit_synthetic_control(holed)
    assert (fit.params[[0, 1], 1 + best[:2]] == 0.0).all()
    assert fit.params[2:].tolist() == fit_synthetic_control(panel).params[2:].tolist()
    assert np.isnan(fit.expected).tolist() == [[False] * 3, [False] * 3, [False, False, True], [False] * 3]
    ar = abnormal_returns(holed, fit)
    assert np.isnan(ar.std_error).tolist() == [[False] * 3, [False] * 3, [False, False, True], [False] * 3]
    assert np.isnan(fit.leverage_root[2]).all(axis=1).tolist() == [False, False, True]
    whole = abnormal_returns(panel, fit_synthetic_control(panel))
    assert ar.std_error[2, :2] == pytest.approx(whole.std_error[2, :2], rel=EXACT)


@pytest.mark.parametrize("augment", [None, 1e-4, "cv"])
def test_a_case_without_donors_or_returns_is_nan_and_the_others_stay(augment):
    panel = random_panel(34)
    x, y = np.array(panel.factors), np.array(panel.returns)
    x[:, 0, 0], y[1] = np.nan, np.nan
    fit = fit_synthetic_control(replace(panel, factors=x, returns=y), augment=augment)
    whole = fit_synthetic_control(panel, augment=augment)
    for name in ("params", "sigma", "resid", "expected", "leverage_root"):
        assert np.isnan(getattr(fit, name)[:2]).all(), name
        np.testing.assert_array_equal(getattr(fit, name)[2:], getattr(whole, name)[2:])
    assert fit.nobs.tolist() == [60, 0, 60, 60]


def test_a_search_that_does_not_converge_gives_nan(monkeypatch):
    panel = random_panel(35)
    monkeypatch.setattr("eventstudy.models.simplex._ROUNDS", 0)
    fit = fit_synthetic_control(panel)
    for name in ("params", "sigma", "resid", "expected", "leverage_root"):
        assert np.isnan(getattr(fit, name)).all(), name
    y, x = world(35)
    assert np.isnan(all_period_residuals(y, x)).all()


def test_as_many_active_donors_as_days_leave_no_sigma():
    panel = random_panel(36, donors=8, days=6)
    fit = fit_synthetic_control(panel, ridge=1.0)
    assert fit.df_resid.tolist() == [-2] * 4
    assert np.isnan(fit.sigma).all()
    assert np.isfinite(fit.expected).all()
    assert np.isnan(abnormal_returns(panel, fit).std_error).all()


def test_the_model_refuses_what_it_cannot_use():
    panel = random_panel(37)
    bare = replace(panel, names=(), factors=panel.factors[:0], event_factors=panel.event_factors[:0])
    with pytest.raises(OptionError, match=r"^model='synthetic_control' needs at least one donor; given: none$"):
        fit_synthetic_control(bare)
    for augment in (0.0, -1.0, np.inf, "loo"):
        with pytest.raises(
            OptionError, match=rf"^augment={augment!r} is not allowed; give a penalty above 0, or 'cv'$"
        ):
            fit_synthetic_control(panel, augment=augment)


# ridge-augmented


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(("donors", "days"), [(5, 40), (30, 20)])
@pytest.mark.parametrize("penalty", [1e-6, 1e-4, 1e-2])
def test_augmented_weights_solve_their_equations(intercept, donors, days, penalty):
    """min mean (y - v'x)^2 + penalty |v - w|^2 with sum one, by its Lagrange equations; the paper's form beside it."""
    y, x = world(40, donors=donors, days=days)
    fit = simplex_weights(y, x, intercept=intercept)
    better = augment_weights(y, x, fit, penalty=penalty, intercept=intercept)
    for case in range(4):
        target = y[case] - y[case].mean() * intercept
        design = x[case] - x[case].mean(axis=1, keepdims=True) * intercept
        system = np.ones((donors + 1, donors + 1))
        system[:-1, :-1] = design @ design.T / days + penalty * np.eye(donors)
        system[-1, -1] = 0.0
        right = np.append(design @ target / days + penalty * fit.weights[case], 1.0)
        assert better.weights[case] == pytest.approx(np.linalg.solve(system, right)[:-1], abs=1e-9)
        centred = design - design.mean(axis=0)
        inner = np.linalg.inv(centred.T @ centred + days * penalty * np.eye(days))
        paper = fit.weights[case] + (target - fit.weights[case] @ design) @ inner @ centred.T
        assert better.weights[case] == pytest.approx(paper, abs=1e-9)
        error = y[case] - better.weights[case] @ x[case]
        assert better.intercept[case] == pytest.approx(error.mean() * intercept, abs=EXACT)
        assert better.residuals[case] == pytest.approx(error - error.mean() * intercept, abs=EXACT)
    assert better.weights.sum(axis=1) == pytest.approx(1.0, abs=EXACT)
    assert better.penalty.tolist() == [penalty] * 4


def test_the_penalty_leads_from_the_synthetic_control_to_least_squares():
    panel = random_panel(41)
    plain = fit_synthetic_control(panel)
    stiff, loose = fit_synthetic_control(panel, augment=1e6), fit_synthetic_control(panel, augment=1e-16)
    assert stiff.params == pytest.approx(plain.params, abs=1e-8)
    assert stiff.sigma * np.sqrt(stiff.df_resid) == pytest.approx(plain.sigma * np.sqrt(plain.df_resid), rel=1e-6)
    assert stiff.leverage_root @ stiff.leverage_root.swapaxes(1, 2) == pytest.approx(
        plain.leverage_root @ plain.leverage_root.swapaxes(1, 2), rel=1e-6
    )
    ar = abnormal_returns(panel, loose)
    assert (loose.params < 0.0).any()
    for case in range(4):
        x, ahead = panel.factors[:, case], panel.event_factors[:, case]
        design = np.column_stack([np.ones(60), (x[1:] - x[0]).T])
        reference = linear_model.OLS(panel.returns[case] - x[0], design).fit()
        assert loose.params[case, 2:] == pytest.approx(reference.params[1:], abs=1e-8)
        assert loose.sigma[case] == pytest.approx(np.sqrt(reference.ssr / loose.df_resid[case]), rel=1e-8)
        rows = np.column_stack([np.ones(3), (ahead[1:] - ahead[0]).T])
        leverage = np.einsum("li,ij,lj->l", rows, reference.normalized_cov_params, rows)
        assert ar.std_error[case] == pytest.approx(loose.sigma[case] * np.sqrt(1.0 + leverage), rel=1e-7)


def test_the_number_of_parameters_is_the_trace_of_the_map_from_returns_to_fits():
    y, x = world(42, cases=1, donors=8, days=40)
    for penalty in (1e-12, 1e-5, 1e-4, 1e3):
        for intercept in (True, False):
            fit = simplex_weights(y, x, intercept=intercept)
            better = augment_weights(y, x, fit, penalty=penalty, intercept=intercept)
            trace = 0.0
            for day in range(40):
                nudged = y + 1e-9 * (np.arange(40) == day)
                other = simplex_weights(nudged, x, intercept=intercept)
                again = augment_weights(nudged, x, other, penalty=penalty, intercept=intercept)
                trace += 1.0 - (again.residuals - better.residuals)[0, day] / 1e-9
            assert better.parameters[0] == pytest.approx(trace, abs=1e-4)
    active = (fit.weights > 0.0).sum()
    assert better.parameters[0] == pytest.approx(active - 1, abs=1e-4)


def test_degrees_of_freedom_of_the_augmented_form_are_rounded_down():
    panel = random_panel(43, donors=25)
    fit = fit_synthetic_control(panel, augment=1e-4)
    donors = np.swapaxes(panel.factors, 0, 1)
    better = augment_weights(panel.returns, donors, simplex_weights(panel.returns, donors), penalty=1e-4)
    assert fit.df_resid.tolist() == np.floor(60 - better.parameters).astype(int).tolist()
    assert (better.parameters % 1.0 > 0.01).all()
    assert fit.sigma**2 * fit.df_resid == pytest.approx((better.residuals**2).sum(axis=1), rel=EXACT)


@pytest.mark.parametrize("holes", [0.0, 0.15])
@pytest.mark.parametrize("intercept", [True, False])
def test_cross_validation_step_by_step(holes, intercept):
    """Every block, every penalty, plainly; of the smallest error, as a share of the whole window's scale."""
    y, x = world(44, cases=6, donors=9, days=47, holes=holes)
    y[0] = x[0, 3] + 0.02 * np.sin(np.arange(47))
    y[0, 20:25], x[0, :, 20:25] = 10.0 * y[0, 20:25], 10.0 * x[0, :, 20:25]  # the block that decides
    x[0, 3, 20] = np.nan
    fit = simplex_weights(y, x, intercept=intercept)
    better = augment_weights(y, x, fit, penalty="cv", intercept=intercept)

    def largest(design):
        design = design - design.mean(axis=1, keepdims=True) * intercept
        return np.linalg.eigvalsh(np.cov(design.T, bias=True))[-1] * len(design) / design.shape[1]

    chosen = []
    for case in range(6):
        donors = x[case][~fit.refused[case]]
        errors = np.zeros(len(PENALTY_SHARES))
        for block in np.array_split(np.flatnonzero(np.isfinite(y[case])), CV_BLOCKS):
            kept = np.setdiff1d(np.flatnonzero(np.isfinite(y[case])), block)
            out = np.intersect1d(np.flatnonzero(np.isfinite(y[case])), block)
            sub, target = donors[None][..., kept], y[case : case + 1, kept]
            start = simplex_weights(target, sub, intercept=intercept)
            for place, share in enumerate(PENALTY_SHARES):
                penalty = share * largest(sub[0])
                step = augment_weights(target, sub, start, penalty=penalty, intercept=intercept)
                errors[place] += ((y[case, out] - step.intercept[0] - step.weights[0] @ donors[:, out]) ** 2).sum()
        scale = largest(donors[:, np.isfinite(y[case])])
        chosen.append(PENALTY_SHARES[errors.argmin()] * scale)
    assert better.penalty == pytest.approx(chosen, rel=1e-8)
    assert len(set(np.round(np.log10(chosen), 6))) > 1
    assert better.weights[0, 3] == 0.0


def test_penalty_shares_fall_from_a_hundred_to_a_millionth():
    assert list(PENALTY_SHARES) == sorted(PENALTY_SHARES, reverse=True)
    assert CV_BLOCKS == 10
    assert (PENALTY_SHARES[0], PENALTY_SHARES[-1], len(PENALTY_SHARES)) == (pytest.approx(100), pytest.approx(1e-6), 17)


def test_one_donor_leaves_nothing_to_correct():
    panel = random_panel(45, donors=1)
    plain = fit_synthetic_control(panel)
    for augment in (1e-4, "cv"):
        fit = fit_synthetic_control(panel, augment=augment)
        for name in ("params", "sigma", "expected"):
            assert getattr(fit, name) == pytest.approx(getattr(plain, name), abs=EXACT)
        assert fit.df_resid.tolist() == [59] * 4


# all periods together


@pytest.mark.parametrize("penalty", [None, 1e-4])
@pytest.mark.parametrize("ridge", [0.0, 1e-4])
def test_all_period_residuals_follow_the_periods(penalty, ridge):
    y, x = world(50)
    residuals = all_period_residuals(y, x, ridge=ridge, penalty=penalty)
    order = np.random.default_rng(50).permutation(60)
    mixed = all_period_residuals(y[:, order], x[..., order], ridge=ridge, penalty=penalty)
    assert mixed == pytest.approx(residuals[:, order], abs=EXACT)
    fit = simplex_weights(y, x, ridge=ridge)
    expected = fit if penalty is None else augment_weights(y, x, fit, penalty=penalty)
    assert residuals.tolist() == expected.residuals.tolist()


def test_all_period_residuals_take_hypotheses_with_shared_donors_gaps_and_refusals():
    y, x = world(51, cases=1)
    tried = y - np.linspace(-0.1, 0.1, 5)[:, None] * (np.arange(60) >= 57)
    tried[:, 3] = np.nan
    refused = np.zeros((5, 6), dtype=bool)
    refused[:, 0] = True
    found = all_period_residuals(tried, x[0], intercept=False, refused=refused)
    assert np.isnan(found[:, 3]).all()
    for row in range(5):
        alone = simplex_weights(tried[row : row + 1], x[:, 1:], intercept=False)
        assert np.delete(found[row], 3) == pytest.approx(np.delete(alone.residuals[0], 3), abs=EXACT)
    augmented = all_period_residuals(tried, x[0], penalty=1e-4, intercept=False, refused=refused)
    fit = simplex_weights(tried, x[0], intercept=False, refused=refused)
    again = augment_weights(tried, x[0], fit, penalty=1e-4, intercept=False)
    np.testing.assert_array_equal(augmented, again.residuals)


def test_a_cross_validated_penalty_is_refused_for_all_periods():
    y, x = world(52)
    with pytest.raises(
        OptionError, match=r"^penalty='cv' is not allowed for all periods together; give a number above 0$"
    ):
        all_period_residuals(y, x, penalty="cv")


def test_conformal_p_is_uniform_on_its_grid_under_exchangeability():
    """Rank of the last period's absolute residual among all, fitted together: 400 draws on 20 equal places."""
    y, x = world(53, cases=400, donors=5, days=20)
    size = np.abs(all_period_residuals(y, x))
    rank = (size >= size[:, -1:]).sum(axis=1)
    counts = np.bincount(rank, minlength=21)[1:]
    assert counts.sum() == 400
    chi2 = ((counts - 20.0) ** 2 / 20.0).sum()
    assert chi2 < 45.0  # 19 degrees of freedom: exceeded by chance once in 1,400


# peers


@pytest.mark.parametrize(("beta", "model"), [("free", fit_market), ("one", fit_market_adjusted)])
def test_the_peer_portfolio_is_a_market_of_the_peers_mean(beta, model):
    panel = random_panel(60, holes=0.1)
    mean = replace(
        panel,
        names=("peers",),
        factors=panel.factors.mean(axis=0)[None],
        event_factors=panel.event_factors.mean(axis=0)[None],
    )
    fit, reference = fit_peer_portfolio(panel, beta=beta), model(mean)
    assert fit.names == reference.names == (("alpha", "peers") if beta == "free" else ())
    for name in ("params", "sigma", "df_resid", "nobs", "resid", "expected", "leverage_root"):
        np.testing.assert_allclose(getattr(fit, name), getattr(reference, name), rtol=EXACT, atol=EXACT, err_msg=name)


def test_the_peer_portfolio_by_hand():
    """Peers' mean 0, 1, -1 and 2 on the event day; the return is 1 + 2 mean, then 7 against 5, or 7 against 2."""
    panel = panel_of(
        np.array([[1.0, 3.0, -1.0]]),
        np.array([[[1.0, 1.0, -2.0], [-1.0, 1.0, 0.0]]]),
        np.array([[7.0]]),
        np.array([[[3.0], [1.0]]]),
    )
    assert fit_peer_portfolio(panel).expected[0] == pytest.approx([5.0], abs=EXACT)
    one = fit_peer_portfolio(panel, beta="one")
    assert one.expected.tolist() == [[2.0]]
    assert one.sigma == pytest.approx([1.0], abs=EXACT)  # differences 1, 2, 0
    assert one.df_resid.tolist() == [2]


def test_a_peer_with_a_gap_is_left_out_of_its_case():
    panel = random_panel(61)
    x, ahead = np.array(panel.factors), np.array(panel.event_factors)
    x[0, 0, 9], ahead[1, 1, 0], x[:, 2, 0] = np.nan, np.nan, np.nan
    holed = replace(panel, factors=x, event_factors=ahead)
    assert complete_donors(holed).sum(axis=1).tolist() == [5, 5, 0, 6]
    y = np.array(panel.returns)
    y[0, 9] = np.nan
    assert complete_donors(replace(holed, returns=y)).sum(axis=1).tolist() == [6, 5, 0, 6]
    for beta in ("free", "one"):
        fit = fit_peer_portfolio(holed, beta=beta)
        for case, gone in ((0, 0), (1, 1)):
            without = replace(
                panel,
                names=panel.names[1:],
                factors=np.delete(panel.factors, gone, axis=0),
                event_factors=np.delete(panel.event_factors, gone, axis=0),
            )
            alone = fit_peer_portfolio(without, beta=beta)
            assert fit.expected[case] == pytest.approx(alone.expected[case], abs=EXACT)
            assert fit.sigma[case] == pytest.approx(alone.sigma[case], rel=EXACT)
        assert np.isnan(fit.expected[2]).all()
        assert np.isnan(fit.sigma[2])
        whole = fit_peer_portfolio(panel, beta=beta)
        assert fit.expected[3].tolist() == whole.expected[3].tolist()


def test_the_peer_portfolio_refuses_what_it_cannot_use():
    panel = random_panel(62)
    with pytest.raises(OptionError, match=r"^beta='half' is not allowed; allowed: free, one$"):
        fit_peer_portfolio(panel, beta="half")
    bare = replace(panel, names=(), factors=panel.factors[:0], event_factors=panel.event_factors[:0])
    with pytest.raises(OptionError, match=r"^model='peer_portfolio' needs at least one donor; given: none$"):
        fit_peer_portfolio(bare)
