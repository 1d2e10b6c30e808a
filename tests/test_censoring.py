"""What price limits hide: by hand, by identities that floats hold exactly, by simulation, against truncnorm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from eventstudy.censoring import bound, days_after, first_open_close, imputed
from tests.limits import carry_over

EXACT = 1e-12  # two float computations of one number
FAR = 1e-8  # relative: the variance of a tail, a small difference of large numbers or the start of a series
MONTE_CARLO = 4.0  # standard errors of a simulated mean: fails by chance once in 16,000
LOWER, UPPER = np.log(0.9), np.log(1.1)

# carry-over


def test_carry_over_by_hand():
    """-25 against a limit of 10 each way: -10, then -15 - 2 is cut to -10, then -7 + 1 fits; then up."""
    latent = np.array([-25.0, -2.0, 1.0, 0.0, 12.0, 0.5])
    np.testing.assert_array_equal(carry_over(latent, -10.0, 10.0), [-10.0, -10.0, -6.0, 0.0, 10.0, 2.5])


def test_limits_may_differ_by_session_or_be_absent():
    latent = np.array([[-25.0, 0.0, 0.0], [30.0, 0.0, 0.0]])
    found = carry_over(latent, np.array([-10.0, -np.inf, -10.0]), np.array([np.inf, 5.0, 5.0]))
    np.testing.assert_array_equal(found, [[-10.0, -15.0, 0.0], [30.0, 0.0, 0.0]])


@settings(max_examples=200, deadline=None)
@given(
    latent=st.lists(st.integers(-4_000, 4_000), min_size=1, max_size=12),
    lower=st.integers(-2_000, -1),
    upper=st.integers(1, 2_000),
)
def test_returns_up_to_the_first_open_close_sum_to_the_latent_ones(latent, lower, upper):
    """In 1/1024, which floats add without error, so equal means equal; before that close they do not."""
    values = np.array(latent) / 1024
    observed = carry_over(values, lower / 1024, upper / 1024)
    at_limit = (observed == lower / 1024) | (observed == upper / 1024)
    carried = values.cumsum() - observed.cumsum()
    assert (carried[~at_limit] == 0.0).all()
    assert ((observed >= lower / 1024) & (observed <= upper / 1024)).all()
    (close,) = first_open_close(at_limit[None, :], np.ones((1, values.size), dtype=bool), np.array([0]))
    assert (close == -1) == at_limit.all()
    if close >= 0:
        assert observed[: close + 1].sum() == values[: close + 1].sum()
        assert at_limit[:close].all()


def test_the_first_day_is_attenuated_and_the_sum_is_not():
    """True -18 %, sd 3 %, limit 10 %: day 0 has mean -10.5 % and sd 0.1 %, the sum -18.0 % and 4.5 %.

    The number of sessions that are summed is a stopping time, so by Wald's identities the sum has mean -18 % and
    variance 3 %^2 times the mean number of sessions. Limits still hold on day 1 if r*_0 + r*_1 lies below two of
    them (the case r*_0 within the limit has a chance of 1 in 150), and hardly ever on day 2.
    """
    rng = np.random.default_rng(1)
    count, sessions = 100_000, 30
    latent = rng.normal(0.0, 0.03, (count, sessions))
    latent[:, 0] -= 0.18
    observed = carry_over(latent, LOWER, UPPER)
    at_limit = (observed == LOWER) | (observed == UPPER)
    close = first_open_close(at_limit, np.ones_like(at_limit), np.zeros(count, dtype=int))
    assert (close >= 0).all()
    total = observed.cumsum(axis=1)[np.arange(count), close]
    first = observed[:, 0]
    assert round(100 * first.mean(), 1) == -10.5
    assert round(100 * first.std(), 1) == 0.1
    cut = stats.norm.cdf((LOWER + 0.18) / 0.03)
    tail = stats.norm.expect(lambda r: r, loc=-0.18, scale=0.03, lb=LOWER)
    assert abs(first.mean() - (LOWER * cut + tail)) < MONTE_CARLO * first.std() / np.sqrt(count)
    assert abs(total.mean() + 0.18) < MONTE_CARLO * total.std() / np.sqrt(count)
    spread = 0.03 * np.sqrt(1.0 + close.mean())
    assert round(100 * total.std(), 1) == 4.5
    second = stats.norm.cdf((2.0 * LOWER + 0.18) / (0.03 * np.sqrt(2.0)))
    assert close.mean() == pytest.approx(cut + second, abs=0.01)
    assert total.std() == pytest.approx(spread, rel=MONTE_CARLO * np.sqrt(2.0 / count))


# positions


def flags(text):
    """``L`` closed at a limit, ``o`` closed within, ``-`` did not trade, ``x`` marked at a limit without trade."""
    return np.array([one in "Lx" for one in text]), np.array([one in "Lo" for one in text])


@pytest.mark.parametrize(
    ("sessions", "start", "close"),
    [
        ("ooooo", 0, 0),
        ("ooooo", 3, 3),
        ("Looo", 0, 1),
        ("oLLo", 1, 3),
        ("oLLL", 1, -1),
        ("oL--o", 1, 4),
        ("oL--L-o", 1, 6),
        ("oLxxo", 1, 4),
        ("oL---", 1, -1),
        ("--o", 0, 2),
        ("oo", 2, -1),
    ],
)
def test_first_open_close(sessions, start, close):
    at_limit, traded = flags(sessions)
    found = first_open_close(at_limit[None, :], traded[None, :], np.array([start]))
    assert found.tolist() == [close]
    assert found.dtype == np.int64


def test_first_open_close_of_several_cases():
    at_limit, traded = (np.stack(both) for both in zip(*map(flags, ("oLLo", "L-oL", "LLLL")), strict=True))
    assert first_open_close(at_limit, traded, np.array([1, 0, 2])).tolist() == [3, 2, -1]


def test_a_case_without_a_day_0_is_refused():
    at_limit, traded = flags("oo")
    with pytest.raises(
        ValueError, match=r"^start counts sessions from 0; a case whose day 0 is not known cannot be searched$"
    ):
        first_open_close(at_limit[None, :], traded[None, :], np.array([-1]))


@pytest.mark.parametrize(
    ("sessions", "after"),
    [
        ("oooo", "...."),
        ("oLoo", "..x."),
        ("oLLo", "..xx"),
        ("oL--o", "....x"),
        ("oL-L-o", "...x.x"),
        ("oxo", "..."),
        ("Loo", ".x."),
        ("ooL", "..."),
        ("-Lo", "..x"),
    ],
)
def test_days_after(sessions, after):
    at_limit, traded = flags(sessions)
    at_limit, traded = at_limit.astype(bool), traded.astype(bool)
    found = days_after(at_limit, traded)
    assert "".join("x" if one else "." for one in found) == after
    stacked = days_after(np.stack([at_limit, at_limit]), np.stack([traded, ~traded]))
    assert stacked[0].tolist() == found.tolist()


# bound


def test_bound_by_hand():
    """t(1) has a quarter below -1; t(2) has (1 - sqrt(2/3)) / 2 below -2; the upper limit mirrors the lower."""
    assert bound(-0.06, 0.06, 1, -1) == pytest.approx(0.25, rel=EXACT)
    tail = (1.0 - np.sqrt(2.0 / 3.0)) / 2.0
    assert bound(-0.06, 0.03, 2, -1) == pytest.approx(tail, rel=EXACT)
    assert bound(0.06, 0.03, 2, 1) == pytest.approx(tail, rel=EXACT)
    assert bound(0.06, 0.03, 2, -1) == pytest.approx(1.0 - tail, rel=EXACT)
    assert bound(-1.0, 0.01, 118, -1) == pytest.approx(stats.t.sf(100.0, 118), rel=1e-9)


def test_bound_takes_arrays():
    ar, error = np.array([[-0.1, 0.1], [np.nan, 0.02]]), np.array([[0.03], [0.02]])
    found = bound(ar, error, 60, np.array([-1, 1]))
    np.testing.assert_allclose(found, [[stats.t.sf(10 / 3, 60)] * 2, [np.nan, stats.t.sf(1.0, 60)]], rtol=1e-12)


def test_bound_is_never_below_the_p_of_the_uncut_move():
    """Under the null, with the forecast error that the test assumes, it rejects no more often than its level."""
    rng = np.random.default_rng(2)
    latent = 0.04 * rng.standard_t(60, 200_000)
    cut = np.clip(latent, LOWER, UPPER)
    at_lower = cut == LOWER
    assert at_lower.sum() > 1_000
    own = bound(latent, 0.04, 60, -1)
    seen = bound(cut, 0.04, 60, -1)
    assert (seen[at_lower] >= own[at_lower]).all()
    for level in (0.01, 0.05):
        assert np.mean(seen < level) <= level + MONTE_CARLO * np.sqrt(level / latent.size)


# imputation


def test_imputed_by_hand():
    """A limit at the expected return leaves half a normal: mean -s sqrt(2/pi), variance s^2 (1 - 2/pi)."""
    mean, sd = imputed(-0.1, 0.03, -0.1, -1)
    assert mean == pytest.approx(-0.03 * 0.7978845608, rel=1e-9)
    assert sd == pytest.approx(0.03 * 0.6028102750, rel=1e-9)
    mean, sd = imputed(0.0, 0.05, -0.1, -1)
    assert mean == pytest.approx(-0.05 * 0.0539909665 / 0.0227501319, rel=1e-8)
    assert mean == pytest.approx(-0.11866, abs=5e-6)


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("distance", [-30.0, -3.0, -0.5, 0.0, 0.5, 2.0, 5.0, 12.0, 25.0])
def test_imputed_is_the_truncated_normal(side, distance):
    """Against scipy and, because its variance loses digits in the tail, by Gauss-Legendre over the tail."""
    sigma, expected = 0.025, 0.004
    mean, sd = imputed(expected, sigma, expected + side * distance * sigma, side)
    theirs = stats.truncnorm(distance, np.inf, loc=0.0, scale=sigma)
    assert mean == pytest.approx(side * theirs.mean(), rel=1e-9, abs=1e-12)

    start = max(distance, -12.0)
    nodes, weights = np.polynomial.legendre.leggauss(80)
    z = start + 12.0 * (nodes + 1.0)
    weights = weights * np.exp(-(z**2 - max(start, 0.0) ** 2) / 2.0)
    centre = (weights @ z) / weights.sum()
    spread = np.sqrt(weights @ (z - centre) ** 2 / weights.sum())
    assert mean == pytest.approx(side * sigma * centre, rel=1e-9, abs=1e-12)
    assert sd == pytest.approx(sigma * spread, rel=FAR)


@pytest.mark.parametrize("distance", [40.0, 49.9, 50.1, 60.0, 200.0, 1e4, 1e8])
def test_imputed_far_out(distance):
    """Beyond the limit the tail is nearly exponential with rate `distance`; moments by Gauss-Laguerre."""
    nodes, weights = np.polynomial.laguerre.laggauss(60)
    weights = weights * np.exp(-((nodes / distance) ** 2) / 2.0)
    centre = (weights @ nodes) / weights.sum()
    spread = np.sqrt(weights @ (nodes - centre) ** 2 / weights.sum())
    mean, sd = imputed(0.0, 1.0, -distance, -1)
    assert mean == pytest.approx(-distance - centre / distance, rel=1e-13)
    assert sd == pytest.approx(spread / distance, rel=FAR)


@settings(max_examples=200, deadline=None)
@given(
    expected=st.floats(-0.05, 0.05),
    sigma=st.floats(0.001, 0.2),
    cut=st.floats(-0.3, 0.3),
    side=st.sampled_from([-1, 1]),
)
def test_imputed_lies_beyond_the_limit(expected, sigma, cut, side):
    mean, sd = imputed(expected, sigma, cut, side)
    assert side * (mean - (cut - expected)) > 0.0
    assert 0.0 < sd <= sigma * (1.0 + EXACT)
    mirrored, same = imputed(-expected, sigma, -cut, -side)
    assert mirrored == -mean
    assert same == sd
    wider, _ = imputed(expected, 2.0 * sigma, cut, side)
    assert side * wider >= side * mean


def test_imputed_takes_arrays():
    sigma = 0.03 * np.array([1.0, 2.0, 3.0])
    mean, sd = imputed(0.0, sigma, LOWER, -1)
    assert mean.shape == sd.shape == (3,)
    assert (np.diff(mean) < 0.0).all()
    for column in range(3):
        assert imputed(0.0, sigma[column], LOWER, -1) == (mean[column], sd[column])


def test_imputed_finds_the_mean_of_what_was_cut():
    rng = np.random.default_rng(3)
    latent = rng.normal(0.002, 0.05, 1_000_000)
    beyond = latent[latent <= LOWER] - 0.002
    mean, sd = imputed(0.002, 0.05, LOWER, -1)
    assert abs(beyond.mean() - mean) < MONTE_CARLO * sd / np.sqrt(beyond.size)
    assert beyond.std() == pytest.approx(sd, rel=0.03)


@pytest.mark.parametrize("side", [0, 2, np.array([-1, 0])])
def test_a_side_is_minus_one_or_one(side):
    for call in (lambda: bound(0.1, 0.1, 10, side), lambda: imputed(0.0, 0.1, 0.1, side)):
        with pytest.raises(ValueError, match=r"^side is -1 \(lower limit\) or 1 \(upper limit\)$"):
            call()
