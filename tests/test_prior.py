"""Securities without a history: the prior from peers and the predictive distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.models.prior import PeerPrior, Predictive, peer_prior, predictive, too_few_peers

EXACT = 1e-12  # same arithmetic in another order
INTEGRAL = 1e-9  # two independent numerical integrations
NO_Y, NO_X1, NO_X2 = np.empty(0), np.empty((0, 1)), np.empty((0, 2))


def prior(mean=(0.0, 1.0), covariance=((1e-6, 0.0), (0.0, 0.09)), sigma=0.03, log_sd=0.4):
    return PeerPrior(np.array(mean), np.array(covariance), float(np.log(sigma)), log_sd, n_peers=8)


def scalar_prior(mean=1.0, variance=0.09, sigma=0.03, log_sd=0.0):
    return prior((mean,), ((variance,),), sigma, log_sd)


# --- Prior from peers ---------------------------------------------------------------------------------------------

# Three peers with betas 0.8, 1.0, 1.5: mean 1.1, sample variance (0.09 + 0.01 + 0.16) / 2 = 0.13.
BETAS = np.array([[0.8], [1.0], [1.5]])
NOISE = np.array([[[0.02]], [[0.03]], [[0.04]]])  # mean 0.03
SIGMA = np.exp([-4.0, -3.5, -3.0])  # ln s: mean -3.5, sample variance 0.25


def test_prior_by_hand():
    found = peer_prior(BETAS, NOISE, SIGMA, names=["beta"])
    assert found.mean == pytest.approx([1.1], rel=EXACT)
    assert found.covariance == pytest.approx(np.array([[0.13 * 4 / 3]]), rel=EXACT)
    assert found.log_sigma_mean == pytest.approx(-3.5, rel=EXACT)
    assert found.log_sigma_sd == pytest.approx(np.sqrt(0.25 * 4 / 3), rel=EXACT)
    assert (found.n_peers, found.names) == (3, ("beta",))


def test_subtracted_noise_by_hand():
    found = peer_prior(BETAS, NOISE, SIGMA, sampling_noise="subtracted")
    assert found.covariance == pytest.approx(np.array([[0.13 - 0.03 + 0.13 / 3]]), rel=EXACT)


def test_more_noise_than_spread_leaves_the_error_of_the_mean():
    found = peer_prior(BETAS, 10 * NOISE, SIGMA, sampling_noise="subtracted")
    assert found.covariance == pytest.approx(np.array([[0.13 / 3]]), rel=EXACT)


def test_clipping_keeps_the_directions_that_have_spread():
    # spread only along (1, 1), noise 0.01 everywhere: along (1, 1) the noise is taken off, across it nothing is left
    params = np.outer([-1.0, 0.0, 1.0, 0.0], [1.0, 1.0])
    noise = np.tile(0.01 * np.eye(2), (4, 1, 1))
    spread = 2.0 / 3.0 * np.ones((2, 2))
    found = peer_prior(params, noise, np.full(4, 0.02), sampling_noise="subtracted").covariance
    along, across = np.array([1.0, 1.0]) / np.sqrt(2), np.array([1.0, -1.0]) / np.sqrt(2)
    assert along @ found @ along == pytest.approx(4.0 / 3.0 - 0.01 + 1.0 / 3.0, rel=1e-9)
    assert across @ found @ across == pytest.approx(0.0, abs=EXACT)
    kept = peer_prior(params, noise, np.full(4, 0.02)).covariance
    assert kept == pytest.approx(spread * 1.25, rel=EXACT)


def test_covariance_between_parameters_is_that_of_the_peers():
    rng = np.random.default_rng(7)
    params = rng.normal(size=(6, 2)) @ np.array([[1.0, 0.4], [0.0, 0.5]])
    found = peer_prior(params, np.zeros((6, 2, 2)), np.full(6, 0.02))
    deviation = params - params.mean(axis=0)
    assert found.covariance == pytest.approx(deviation.T @ deviation / 5 * 7 / 6, rel=EXACT)
    assert found.log_sigma_sd == pytest.approx(0.0, abs=EXACT)


@pytest.mark.parametrize(("noise", "expected"), [("kept", 0.09 + 0.04), ("subtracted", 0.09)])
def test_what_the_prior_estimates(noise, expected):
    # true spread 0.3, sampling deviation 0.2, so many peers that the mean has no error and nothing is clipped
    rng = np.random.default_rng(11)
    draws = 40_000
    params = 1.0 + 0.3 * rng.normal(size=(draws, 1)) + 0.2 * rng.normal(size=(draws, 1))
    found = peer_prior(params, np.full((draws, 1, 1), 0.04), np.full(draws, 0.02), sampling_noise=noise)
    assert found.covariance[0, 0] == pytest.approx(expected, abs=4 * 0.13 * np.sqrt(2 / draws))


def test_the_error_of_the_mean_belongs_to_the_predictive_variance():
    # five peers, nothing else uncertain: the mean squared prediction error is 6/5 of the spread, not 1
    rng = np.random.default_rng(5)
    errors, claimed = [], []
    for _ in range(4000):
        betas = 1.0 + 0.3 * rng.normal(size=6)
        found = peer_prior(betas[:5, None], np.zeros((5, 1, 1)), np.full(5, 1e-6))
        new = predictive(found, NO_Y, NO_X1, np.ones(1))
        errors.append((betas[5] - new.mean) ** 2)
        claimed.append(new.sd**2)
    ratio = np.mean(errors) / np.mean(claimed)
    assert abs(ratio - 1.0) < 4 * np.sqrt(2 / 4000 + 2 / 16000)


@pytest.mark.parametrize(
    ("peers", "parameters", "expected"),
    [
        (3, 1, None),
        (3, 2, None),
        (2, 1, fact("unavailable.too_few_peers", n=2, parameters=1, need=3)),
        (3, 3, fact("unavailable.too_few_peers", n=3, parameters=3, need=4)),
        (4, 3, None),
    ],
)
def test_too_few_peers(peers, parameters, expected):
    assert too_few_peers(peers, parameters) == expected
    call = (np.ones((peers, parameters)), np.zeros((peers, parameters, parameters)), np.full(peers, 0.02))
    if expected is None:
        assert peer_prior(*call).n_peers == peers
    else:
        with pytest.raises(OptionError) as caught:
            peer_prior(*call)
        assert str(caught.value) == f"no prior: {expected}"


def test_unusable_peers():
    for place, spoil in enumerate((("params", np.nan), ("sigma", np.nan), ("sigma", 0.0), ("noise", np.inf))):
        arrays = {"params": BETAS.copy(), "noise": NOISE.copy(), "sigma": SIGMA.copy()}
        arrays[spoil[0]][place % 3] = spoil[1]
        with pytest.raises(OptionError) as caught:
            peer_prior(arrays["params"], arrays["noise"], arrays["sigma"])
        assert str(caught.value) == (
            f"the fit of peer {place % 3} (counted from 0) is missing or has no variance; leave it out"
        )


def test_shapes_and_words():
    with pytest.raises(OptionError, match=r"^sampling_noise='half' is not allowed; allowed: kept, subtracted$"):
        peer_prior(BETAS, NOISE, SIGMA, sampling_noise="half")
    expected = (
        "the fits of 3 peers with 1 parameters need covariances of shape (3, 1, 1), 3 residual deviations and 1 names; "
        "given: (3, 1), (3,) and 0"
    )
    with pytest.raises(OptionError) as caught:
        peer_prior(BETAS, NOISE[:, 0], SIGMA)
    assert str(caught.value) == expected
    with pytest.raises(OptionError, match=r"\(3,\) and 2$"):
        peer_prior(BETAS, NOISE, SIGMA, names=["alpha", "beta"])
    with pytest.raises(OptionError, match=r"\(2,\) and 0$"):
        peer_prior(BETAS, NOISE, SIGMA[:2])


# --- Predictive distribution without own returns ------------------------------------------------------------------


def test_without_own_returns_the_variance_is_known_in_closed_form():
    # E[s^2] of a log-normal s is exp(2 mean + 2 sd^2)
    given_prior, row = prior(covariance=((1e-6, 1e-5), (1e-5, 0.09))), np.array([1.0, 0.02])
    for span in (1, 3):
        found = predictive(given_prior, NO_Y, NO_X2, row, span=span)
        parameters = row @ given_prior.covariance @ row
        noise = span * np.exp(2 * np.log(0.03) + 2 * 0.4**2)
        assert found.mean == pytest.approx(0.02, rel=EXACT)
        assert found.sd**2 == pytest.approx(parameters + noise, rel=EXACT)
        assert found.params == pytest.approx(given_prior.mean, rel=EXACT)
        assert found.params_covariance == pytest.approx(given_prior.covariance, rel=1e-9)
        assert found.nobs == 0


def test_one_slope_by_hand():
    # beta 1.2 with variance 0.25, market +2 %, s = 1 %: mean 2.4 %, variance 0.0004 * 0.25 + 0.0001 = 0.0002
    found = predictive(scalar_prior(1.2, 0.25, 0.01), NO_Y, NO_X1, np.array([0.02]))
    assert (found.mean, found.sd**2) == pytest.approx((0.024, 0.0002), rel=EXACT)


def test_known_sigma_gives_a_normal_distribution():
    found = predictive(scalar_prior(1.2, 0.25, 0.01), NO_Y, NO_X1, np.array([0.02]))
    exact = stats.norm(0.024, np.sqrt(0.0002))
    assert found.sigma.size == 1
    for value in (-0.05, 0.0, 0.024, 0.06):
        assert found.cdf(value) == pytest.approx(exact.cdf(value), rel=1e-10)
        assert found.survival(value) == pytest.approx(exact.sf(value), rel=1e-10)
        assert found.pvalue(value) == pytest.approx(2 * min(exact.cdf(value), exact.sf(value)), rel=1e-10)
    assert found.interval(0.9) == pytest.approx(exact.interval(0.9), rel=1e-10)
    assert found.interval() == pytest.approx(exact.interval(0.95), rel=1e-10)


def test_an_almost_known_sigma_is_no_jump():
    exact = predictive(scalar_prior(), NO_Y, NO_X1, np.array([0.02]))
    near = predictive(scalar_prior(log_sd=1e-7), NO_Y, NO_X1, np.array([0.02]))
    assert near.interval() == pytest.approx(exact.interval(), rel=1e-9)
    assert near.sigma.size > 1


def test_far_tails_do_not_drown():
    found = predictive(scalar_prior(0.0, 1e-12, 0.01), NO_Y, NO_X1, np.zeros(1))
    assert found.pvalue(0.2) == pytest.approx(2 * stats.norm.sf(20.0), rel=1e-9)
    assert found.pvalue(-0.2) == found.pvalue(0.2)


@given(st.floats(0.01, 1.0), st.floats(0.5, 0.999))
def test_interval_holds_its_probability(log_sd, level):
    found = predictive(prior(log_sd=log_sd), NO_Y, NO_X2, np.array([1.0, 0.02]))
    low, high = found.interval(level)
    assert found.cdf(low) == pytest.approx((1 - level) / 2, abs=1e-10)
    assert found.survival(high) == pytest.approx((1 - level) / 2, abs=1e-10)
    assert found.pvalue(low) == pytest.approx(1 - level, abs=1e-9)
    assert (low + high) / 2 == pytest.approx(found.mean, abs=1e-10)  # without own returns it is symmetric
    assert found.weight.sum() == pytest.approx(1.0, rel=EXACT)


@pytest.mark.parametrize("log_sd", [0.1, 0.4, 1.0])
def test_without_own_returns_against_gauss_hermite(log_sd):
    # 200 Gauss-Hermite nodes; with 80 the rule itself is 3e-8 off at log_sd = 1
    at, weight = np.polynomial.hermite_e.hermegauss(200)
    sigma, row = np.exp(np.log(0.03) + log_sd * at), np.array([1.0, 0.02])
    given_prior = prior(log_sd=log_sd)
    sd = np.sqrt(sigma**2 + row @ given_prior.covariance @ row)
    found = predictive(given_prior, NO_Y, NO_X2, row)
    for value in (-0.15, -0.02, 0.05, 0.3):
        expected = weight @ stats.norm.cdf((value - 0.02) / sd) / weight.sum()
        assert found.cdf(value) == pytest.approx(expected, abs=INTEGRAL)


def test_without_own_returns_against_monte_carlo():
    rng = np.random.default_rng(3)
    draws, row = 400_000, np.array([1.0, 0.02])
    given_prior = prior(covariance=((4e-6, 2e-4), (2e-4, 0.25)))
    theta = rng.multivariate_normal(given_prior.mean, given_prior.covariance, size=draws)
    sigma = np.exp(rng.normal(np.log(0.03), 0.4, size=draws))
    new = theta @ row + sigma * rng.normal(size=draws)
    found = predictive(given_prior, NO_Y, NO_X2, row)
    for value in (-0.08, 0.0, 0.02, 0.1):
        share = found.cdf(value)
        assert abs((new <= value).mean() - share) < 4 * np.sqrt(share * (1 - share) / draws)


# --- Predictive distribution with own returns ---------------------------------------------------------------------


def vasicek(estimate, variance, mean, prior_variance):
    """An estimate and a prior weighed by their precisions (Vasicek 1973, Journal of Finance 28, 1233-1239)."""
    total = 1 / variance + 1 / prior_variance
    return (estimate / variance + mean / prior_variance) / total, 1 / total


def test_known_sigma_and_one_regressor_is_vasicek():
    rng = np.random.default_rng(2)
    x = rng.normal(0.0, 0.015, size=(7, 1))
    y = 1.4 * x[:, 0] + rng.normal(0.0, 0.03, size=7)
    square = float(x[:, 0] @ x[:, 0])
    mean, variance = vasicek(float(x[:, 0] @ y) / square, 0.03**2 / square, 1.0, 0.09)
    found = predictive(scalar_prior(), y, x, np.array([0.02]))
    assert found.params == pytest.approx([mean], rel=EXACT)
    assert found.params_covariance == pytest.approx(np.array([[variance]]), rel=EXACT)
    assert found.mean == pytest.approx(0.02 * mean, rel=EXACT)
    assert found.sd**2 == pytest.approx(0.02**2 * variance + 0.03**2, rel=EXACT)
    assert found.nobs == 7


def test_known_sigma_is_the_conjugate_posterior():
    rng = np.random.default_rng(4)
    given_prior = prior(covariance=((4e-6, 2e-4), (2e-4, 0.25)), log_sd=0.0)
    x = np.column_stack([np.ones(5), rng.normal(0.0, 0.015, size=5)])
    y, row = rng.normal(0.01, 0.03, size=5), np.array([2.0, -0.03])
    precision = np.linalg.inv(given_prior.covariance) + x.T @ x / 0.03**2
    covariance = np.linalg.inv(precision)
    mean = covariance @ (np.linalg.inv(given_prior.covariance) @ given_prior.mean + x.T @ y / 0.03**2)
    found = predictive(given_prior, y, x, row, span=2)
    assert found.params == pytest.approx(mean, rel=1e-9)
    assert found.params_covariance == pytest.approx(covariance, rel=1e-9)
    assert found.mean == pytest.approx(row @ mean, rel=1e-9)
    assert found.sd**2 == pytest.approx(row @ covariance @ row + 2 * 0.03**2, rel=1e-9)


def brute_force(given_prior, y, x, row):
    """Mean of s; mean, mean square and cdf of the new return: quadrature, the likelihood from its T x T covariance."""
    noise = np.eye(y.size)

    def parts(log_sigma):
        square = np.exp(2 * log_sigma)
        cross = row @ given_prior.covariance @ x.T
        spread = x @ given_prior.covariance @ x.T + square * noise
        gain = np.linalg.solve(spread, cross)
        mean = row @ given_prior.mean + gain @ (y - x @ given_prior.mean)
        variance = row @ given_prior.covariance @ row - gain @ cross + square
        likelihood = stats.multivariate_normal(x @ given_prior.mean, spread).logpdf(y)
        density = stats.norm(given_prior.log_sigma_mean, given_prior.log_sigma_sd).logpdf(log_sigma)
        return mean, np.sqrt(variance), likelihood + density

    grid = given_prior.log_sigma_mean + given_prior.log_sigma_sd * np.linspace(-9, 9, 181)
    heights = np.array([parts(at)[2] for at in grid])
    top, mode = heights.max(), grid[heights.argmax()]

    def integral(function):
        options = {"epsabs": 0, "epsrel": 1e-11, "limit": 400}
        return sum(
            integrate.quad(lambda at: function(*parts(at)[:2], at) * np.exp(parts(at)[2] - top), *ends, **options)[0]
            for ends in ((grid[0], mode), (mode, grid[-1]))
        )

    total = integral(lambda mean, sd, at: 1.0)
    return (
        integral(lambda mean, sd, at: np.exp(at)) / total,
        integral(lambda mean, sd, at: mean) / total,
        integral(lambda mean, sd, at: mean**2 + sd**2) / total,
        lambda value: integral(lambda mean, sd, at: stats.norm.cdf((value - mean) / sd)) / total,
    )


@pytest.mark.parametrize("size", [1, 2, 6])
@pytest.mark.parametrize("scale", [1.0, 6.0])  # as volatile as the prior says, and six times as volatile
def test_against_brute_force(size, scale):
    rng = np.random.default_rng(size)
    given_prior = prior(covariance=((4e-6, 2e-4), (2e-4, 0.25)))
    x = np.column_stack([np.ones(size), rng.normal(0.0, 0.015, size=size)])
    y, row = scale * rng.normal(0.0, 0.03, size=size), np.array([1.0, 0.02])
    sigma, mean, square, cdf = brute_force(given_prior, y, x, row)
    found = predictive(given_prior, y, x, row)
    assert found.weight @ found.sigma == pytest.approx(sigma, rel=INTEGRAL)
    assert found.mean == pytest.approx(mean, abs=INTEGRAL)
    assert found.mean**2 + found.sd**2 == pytest.approx(square, rel=INTEGRAL)
    # mean and variance are those of the parameters, and of s
    assert found.mean == pytest.approx(row @ found.params, abs=EXACT)
    assert found.sd**2 == pytest.approx(row @ found.params_covariance @ row + found.weight @ found.sigma**2, rel=1e-9)
    for value in (-0.1, found.mean, 0.08):
        assert found.cdf(value) == pytest.approx(cdf(value), abs=INTEGRAL)
        assert found.cdf(value) + found.survival(value) == pytest.approx(1.0, abs=EXACT)


def test_two_own_returns_move_the_scale():
    calm = predictive(prior(), np.array([0.01, -0.01]), np.array([[1.0, 0.0]] * 2), np.array([1.0, 0.0]))
    wild = predictive(prior(), np.array([0.3, -0.3]), np.array([[1.0, 0.0]] * 2), np.array([1.0, 0.0]))
    alone = predictive(prior(), NO_Y, NO_X2, np.array([1.0, 0.0]))
    assert calm.sd < alone.sd < wild.sd


@pytest.mark.parametrize("log_sd", [0.02, 0.4, 1.5])
def test_many_own_returns_end_at_least_squares(log_sd):
    rng = np.random.default_rng(8)
    size = 20_000
    x = np.column_stack([np.ones(size), rng.normal(0.0, 0.015, size=size)])
    y = x @ [0.001, 1.8] + rng.normal(0.0, 0.05, size=size)
    estimate, rest = np.linalg.lstsq(x, y, rcond=None)[:2]
    sigma = np.sqrt(rest[0] / (size - 2))
    wide = prior(covariance=((1e-2, 0.0), (0.0, 100.0)), log_sd=log_sd)
    found = predictive(wide, y, x, np.array([1.0, 0.02]))
    covariance = sigma**2 * np.linalg.inv(x.T @ x)
    assert found.params == pytest.approx(estimate, abs=1e-3 * np.sqrt(covariance[1, 1]))
    # the prior of ln s pulls by (ln s_0 - ln s) / log_sd^2 / (2 T), which 20,000 returns leave below 3.2 %
    pull = abs(np.log(0.03 / 0.05)) / log_sd**2 / (2 * size)
    assert found.weight @ found.sigma == pytest.approx(sigma, rel=1.1 * pull + 1e-4)
    if log_sd > 0.1:
        assert found.params_covariance == pytest.approx(covariance, rel=1e-3)
        assert found.sd == pytest.approx(np.sqrt(sigma**2 + np.array([1.0, 0.02]) @ covariance @ [1.0, 0.02]), rel=1e-3)


@pytest.mark.parametrize("scale", [3.0, 3e-4])
def test_a_prior_that_the_data_contradict_is_still_integrated(scale):
    # prior s = 3 % known to 2 %, own returns a hundred times as volatile, or as calm: the posterior lies some
    # hundred prior deviations away
    y = scale * np.random.default_rng(9).normal(size=4000)
    found = predictive(prior(covariance=((0.0, 0.0), (0.0, 0.0)), log_sd=0.02), y, np.zeros((4000, 2)), np.zeros(2))
    at = np.log(found.sigma)
    gradient = -4000 + (y @ y) * np.exp(-2 * at) - (at - np.log(0.03)) / 0.02**2  # of the log posterior, by hand
    mode = np.interp(0.0, -gradient, at)
    assert found.weight @ at == pytest.approx(mode, abs=1e-3)
    assert abs(mode - np.log(0.03)) / 0.02 > 60
    assert found.weight[[0, -1]] == pytest.approx([0.0, 0.0], abs=1e-20)
    assert (found.weight > 1e-6).sum() > 30


@pytest.mark.parametrize(("size", "log_sd"), [(3, 0.4), (30, 1.0)])
def test_own_returns_that_fit_exactly(size, log_sd):
    # zeros where the model expects zero: the likelihood is s^-T, and N(mu, sd^2) exp(-T ln s) is N(mu - T sd^2, sd^2)
    given_prior = scalar_prior(0.0, 0.0, log_sd=log_sd)
    found = predictive(given_prior, np.zeros(size), np.zeros((size, 1)), np.zeros(1))
    mean = found.weight @ np.log(found.sigma)
    assert mean == pytest.approx(np.log(0.03) - size * log_sd**2, rel=EXACT)
    assert found.weight @ (np.log(found.sigma) - mean) ** 2 == pytest.approx(log_sd**2, rel=1e-9)


@settings(max_examples=40)
@given(st.integers(0, 6), st.integers(0, 10**6))
def test_a_parameter_known_exactly_drops_out(size, seed):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(size), rng.normal(0.0, 0.015, size=size)])
    y, row = rng.normal(0.0, 0.05, size=size), np.array([1.0, 0.02])
    both = predictive(prior((0.002, 1.0), ((0.0, 0.0), (0.0, 0.09))), y, x, row)
    one = predictive(scalar_prior(log_sd=0.4), y - 0.002, x[:, 1:], row[1:])
    assert both.mean == pytest.approx(one.mean + 0.002, abs=1e-12)
    assert both.sd == pytest.approx(one.sd, rel=1e-9)


@settings(max_examples=40)
@given(st.integers(1, 6), st.integers(0, 10**6))
def test_own_returns_one_by_one_or_together(size, seed):
    """With s known, the posterior after each return is the prior of the next."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(size), rng.normal(0.0, 0.015, size=size)])
    y, row = rng.normal(0.0, 0.05, size=size), np.array([1.0, 0.02])
    start = prior(covariance=((4e-4, 2e-3), (2e-3, 0.25)), log_sd=0.0)
    at_once, step = predictive(start, y, x, row), start
    for one, regressors in zip(y, x, strict=True):
        after = predictive(step, np.array([one]), regressors[None, :], row)
        step = PeerPrior(after.params, after.params_covariance, start.log_sigma_mean, 0.0, 8)
    assert after.mean == pytest.approx(at_once.mean, rel=1e-6, abs=1e-9)
    assert after.sd == pytest.approx(at_once.sd, rel=1e-6)


def simulated_pvalues(size, draws, seed):
    rng = np.random.default_rng(seed)
    given_prior = prior((0.001, 1.1), ((4e-4, 2e-3), (2e-3, 1.0)), log_sd=0.5)
    found = np.empty((draws, 2))
    for draw in range(draws):
        theta = rng.multivariate_normal(given_prior.mean, given_prior.covariance)
        sigma = np.exp(rng.normal(given_prior.log_sigma_mean, 0.5))
        x = np.column_stack([np.ones(size + 1), rng.normal(0.0, 0.03, size=size + 1)])
        y = x @ theta + sigma * rng.normal(size=size + 1)
        new = predictive(given_prior, y[:-1], x[:-1], x[-1])
        low, high = new.interval(0.95)
        found[draw] = new.cdf(y[-1]), low <= y[-1] <= high
    return found


@pytest.mark.parametrize("size", [0, 2])
def test_intervals_cover_what_the_prior_draws(size):
    draws = 1500
    tail, covered = simulated_pvalues(size, draws, seed=21 + size).T
    assert abs(covered.mean() - 0.95) < 4 * np.sqrt(0.95 * 0.05 / draws)
    assert stats.kstest(tail, "uniform").pvalue > 0.001


# --- Refusals and records -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "x", "row", "span", "expected"),
    [
        (
            np.zeros(2),
            np.zeros((3, 2)),
            np.zeros(2),
            1,
            "a prior for 2 parameters needs 2 regressors of each own return and of the new one; given are own returns "
            "(2,) with regressors (3, 2) and new ones (2,)",
        ),
        (
            NO_Y,
            NO_X2,
            np.zeros(1),
            1,
            "a prior for 2 parameters needs 2 regressors of each own return and of the new one; given are own returns "
            "(0,) with regressors (0, 2) and new ones (1,)",
        ),
        (
            np.array([np.nan]),
            np.zeros((1, 2)),
            np.zeros(2),
            1,
            "an own return or a regressor is missing; leave those sessions out",
        ),
        (NO_Y, NO_X2, np.array([1.0, np.nan]), 1, "an own return or a regressor is missing; leave those sessions out"),
        (NO_Y, NO_X2, np.zeros(2), 0, "span=0 is not a number of sessions, 1 or more"),
    ],
)
def test_refused(y, x, row, span, expected):
    with pytest.raises(OptionError) as caught:
        predictive(prior(), y, x, row, span=span)
    assert str(caught.value) == expected


def test_refused_priors_and_levels():
    message = r"^the prior covariance has the negative eigenvalue -0\.01; it is not a covariance$"
    with pytest.raises(OptionError, match=message):
        predictive(prior(covariance=((-0.01, 0.0), (0.0, 0.09))), NO_Y, NO_X2, np.zeros(2))
    found = predictive(prior(), NO_Y, NO_X2, np.zeros(2))
    for level in (0.0, 1.0, 95.0):
        with pytest.raises(OptionError) as caught:
            found.interval(level)
        assert str(caught.value) == (f"level={level} is not a probability between 0 and 1; 0.95 gives a 95 % interval")


def test_records_hold_their_own_arrays():
    mean = np.array([0.0, 1.0])
    held = PeerPrior(mean, np.eye(2), 0.0, 0.1, 8)
    mean[0] = 9.0
    assert held.mean[0] == 0.0
    found = predictive(prior(), NO_Y, NO_X2, np.array([1.0, 0.02]))
    assert isinstance(found, Predictive)
    for array in (held.mean, held.covariance, found.weight, found.sigma, found.node_mean, found.node_sd, found.params):
        assert not array.flags.writeable


def test_the_same_input_gives_the_same_numbers():
    y, x, row = np.array([0.02, -0.05]), np.array([[1.0, 0.01], [1.0, -0.02]]), np.array([1.0, 0.02])
    one, other = (predictive(prior(), y, x, row) for _ in range(2))
    assert (one.mean, one.sd, one.interval()) == (other.mean, other.sd, other.interval())
    assert (one.weight == other.weight).all()
