"""Price limits in a researcher's own returns: kept, dropped, censored; the CAR to the first close off a limit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import InputError, OptionError
from tests.limits import carry_over

DAYS, ASSETS, EVENT = 160, 120, 140
LIMIT = 0.10


def world(seed=3, effect=0.0, beta=1.2, spread=0.04):
    """Log returns of a market model, cut off at 10 % with the rest carried on; events; closes at the limit."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0.0, 0.03, DAYS)
    latent = beta * market[:, None] + rng.normal(0.0, spread, (DAYS, ASSETS))
    latent[EVENT] += effect
    lower, upper = np.log(1.0 - LIMIT), np.log(1.0 + LIMIT)
    seen = carry_over(latent.T, lower, upper).T
    hits = np.where(seen <= lower, -1, np.where(seen >= upper, 1, 0))
    index = pd.bdate_range("2024-01-01", periods=DAYS)
    names = [f"A{number}" for number in range(ASSETS)]
    frame = pd.DataFrame(seen, index=index, columns=names).assign(M=market)
    at_limit = pd.DataFrame(hits, index=index, columns=names).assign(M=0)
    events = pd.DataFrame({"asset": names, "date": index[EVENT], "event_id": names})
    return frame, events, at_limit


def study(frame, events, **options):
    return es.event_study(frame, events, benchmark="M", estimation_window=(-120, -11), event_window=(-5, 10), **options)


def test_keeping_is_the_study_without_limits():
    frame, events, at_limit = world()
    plain, kept = study(frame, events), study(frame, events, at_limit=at_limit)
    pd.testing.assert_frame_equal(plain.params, kept.params)
    pd.testing.assert_frame_equal(plain.ar, kept.ar)
    assert {"limit_up", "limit_down"} <= set(kept.flags["flag"]) and not set(plain.flags["flag"])


def test_dropping_is_leaving_out_by_hand():
    frame, events, at_limit = world()
    result = study(frame, events, at_limit=at_limit, limit_days="drop")
    for event in ("A0", "A7"):
        hit = at_limit[event].to_numpy() != 0
        out = hit | np.concatenate([[False], hit[:-1]])
        rows = [row for row in range(EVENT - 120, EVENT - 10) if not out[row]]
        x = np.column_stack([np.ones(len(rows)), frame["M"].iloc[rows]])
        params, *_ = np.linalg.lstsq(x, frame[event].iloc[rows], rcond=None)
        np.testing.assert_allclose(result.params.loc[event, ["alpha", "M"]].astype(float), params, atol=1e-12)
        assert result.params.loc[event, "nobs"] == len(rows) < 110


def test_censoring_undoes_the_attenuation():
    frame, events, at_limit = world(seed=5)
    slopes = {
        choice: study(frame, events, at_limit=at_limit, limit_days=choice).params for choice in ("keep", "censor")
    }
    assert (at_limit.iloc[EVENT - 120 : EVENT - 10] != 0).to_numpy().mean() > 0.03
    sigma = {choice: params["sigma"].mean() for choice, params in slopes.items()}
    beta = {choice: params["M"].mean() for choice, params in slopes.items()}
    error = slopes["censor"]["M"].std() / np.sqrt(ASSETS)
    assert abs(beta["censor"] - 1.2) < 3 * error < 0.06
    assert beta["keep"] < 1.2 - 3 * error
    assert sigma["keep"] < 0.04 and abs(sigma["censor"] - 0.04) < 0.0015


def test_the_car_to_the_first_close_off_a_limit_sums_what_was_cut_off():
    frame, events, at_limit = world(effect=-0.25, spread=0.01)
    found = study(frame, events, at_limit=at_limit).car_to_open()
    assert (found["last_day"] >= 1).all()
    for event, row in found.iterrows():
        last = int(row["last_day"])
        hits = at_limit[event].iloc[EVENT : EVENT + last + 1].to_numpy()
        assert (hits[:-1] != 0).all() and hits[-1] == 0
    plain = study(frame, events, at_limit=at_limit)
    for event, row in found.iterrows():
        car = plain.car((0, int(row["last_day"]))).loc[event]
        for name in ("car", "std_error", "statistic", "pvalue", "ci_low", "ci_high"):
            assert row[name] == car[name]
    day = plain.ar[0].mean()
    assert found["car"].mean() == pytest.approx(-0.25, abs=0.02) and day > -0.13


def test_a_limit_that_never_lets_go_has_no_car():
    frame, events, at_limit = world()
    at_limit.iloc[EVENT : EVENT + 11, 0] = -1
    found = study(frame, events, at_limit=at_limit).car_to_open().loc["A0"]
    assert found["last_day"] == -1 and np.isnan(found["car"])


def test_an_executor_changes_nothing():
    from concurrent.futures import ThreadPoolExecutor

    frame, events, at_limit = world()
    one = study(frame, events, at_limit=at_limit, limit_days="censor")
    with ThreadPoolExecutor(2) as pool:
        two = study(frame, events, at_limit=at_limit, limit_days="censor", executor=pool)
    pd.testing.assert_frame_equal(one.params, two.params)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"limit_days": "drop"}, OptionError, "limit_days='drop' needs at_limit=, the closes at a price limit"),
        ({"limit_days": "cut"}, OptionError, "limit_days='cut' is not allowed; allowed: keep, drop, censor"),
        (
            {"limit_days": "censor", "model": "market_adjusted"},
            OptionError,
            "limit_days='censor' has no form of model='market_adjusted'; allowed with market, mean, or choose 'drop'",
        ),
    ],
)
def test_wrong_options_are_one_sentence(options, kind, message):
    frame, events, at_limit = world()
    given = {} if options == {"limit_days": "drop"} else {"at_limit": at_limit}
    with pytest.raises(kind) as caught:
        study(frame, events, **given, **options)
    assert str(caught.value) == message


def test_wrong_frames_are_one_sentence():
    frame, events, at_limit = world()
    with pytest.raises(InputError) as caught:
        study(frame, events, at_limit=at_limit.drop(columns="A3"))
    assert str(caught.value) == "at_limit lacks the asset A3 of returns; give it for all of them, 0 for none"
    with pytest.raises(InputError) as caught:
        study(frame, events, at_limit=at_limit * 10)
    assert str(caught.value) in (
        "at_limit holds -10; -1 is a close at the lower limit, 1 at the upper, 0 neither",
        "at_limit holds 10; -1 is a close at the lower limit, 1 at the upper, 0 neither",
    )
    with pytest.raises(OptionError) as caught:
        study(frame, events).car_to_open()
    assert str(caught.value) == "car_to_open needs at_limit=, the closes at a price limit"
