"""Where windows are cut: anchors, cases of several exchanges in one sample, and both doors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es

SESSIONS = pd.bdate_range("2021-01-04", periods=400)
OPTIONS = {"estimation_window": (-120, -11), "event_window": (-2, 3), "benchmark": "MKT"}


@pytest.fixture(scope="module")
def returns():
    rng = np.random.default_rng(3)
    market = rng.normal(0.0, 0.01, SESSIONS.size)
    own = {f"F{n}": 0.8 * market + rng.normal(0.0, 0.02, SESSIONS.size) for n in range(3)}
    return pd.DataFrame({**own, "MKT": market}, index=SESSIONS)


def events(anchors):
    return pd.DataFrame({"asset": ["F0", "F1", "F2"], "date": SESSIONS[[300, 305, 310]], "anchor": anchors})


@pytest.mark.parametrize("model", ["market", "mean", "scholes_williams"])
def test_an_anchor_moves_the_estimation_window_and_nothing_else(returns, model):
    """The same numbers as own estimation windows that say by how many sessions the anchor is before day 0."""
    anchored = es.event_study(returns, events(SESSIONS[[300, 300, 302]]), model=model, **OPTIONS)
    own = (
        events(None).drop(columns="anchor").assign(estimation_first=[-120, -125, -128], estimation_last=[-11, -16, -19])
    )
    stated = es.event_study(returns, own, model=model, **OPTIONS)
    np.testing.assert_allclose(anchored.params, stated.params, rtol=1e-13)
    np.testing.assert_allclose(anchored.ar_se, stated.ar_se, rtol=1e-13)
    for name, one in anchored.test_results((0, 1)).items():
        other = stated.test((name), (0, 1))
        assert one.refusal == other.refusal
        assert one.refusal or one.pvalue == pytest.approx(other.pvalue, rel=1e-12), name
    day0 = es.event_study(returns, events([None, pd.NaT, None]), model=model, **OPTIONS)
    assert day0.params["sigma"].iloc[0] == anchored.params["sigma"].iloc[0]
    assert day0.params["sigma"].iloc[1] != anchored.params["sigma"].iloc[1]


def test_an_anchor_that_cannot_be_is_told(returns):
    study = es.event_study(returns, events(["2022-01-01", SESSIONS[320].date().isoformat(), None]), **OPTIONS)
    assert study.exclusions["code"].tolist() == ["anchor.not_a_session", "anchor.overlaps"]
    assert study.exclusions["values"].tolist() == [
        {"day": "2022-01-01"},
        {"day": SESSIONS[320].date().isoformat(), "last": -11},
    ]
    with pytest.raises(es.InputError, match="anchors of events"):
        es.event_study(returns, events(["01/02/2022", None, None]), **OPTIONS)


def test_other_events_in_an_estimation_window_are_counted_from_its_anchor(returns):
    two = pd.DataFrame(
        {"asset": "F0", "date": SESSIONS[[200, 330]], "event_id": ["a", "b"], "anchor": [pd.NaT, SESSIONS[210]]}
    )
    study = es.event_study(returns, two, **OPTIONS)
    near = study.events.set_index("event_id")["others_in_estimation_window"]
    assert near["b"] == ("a",)
    assert "event_in_estimation" in study.flags["flag"].tolist()
