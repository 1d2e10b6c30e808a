"""Bad input in the keys contrasts and robustness: one line per fault with its place."""

from __future__ import annotations

import pytest

from eventstudy.config import parse_study
from eventstudy.models import MODELS
from eventstudy.windows import Window
from tests.test_config import either, faults
from tests.test_config_hard_cases import STUDY

CONTRAST = "contrasts:\n  - {id: apart, title: Apart, event: report, weights: {NVDA: 1, AMD: -1}}\n"
UNKNOWN = "placebo_dates, curve_dates, models, estimation_lengths, gaps, widen, returns, calibration_draws, test"
ONE_LIST = "at least 1 entries are needed here, there are 0"
WHOLE = "a whole number is expected here"


def test_defaults_of_the_robustness_key():
    given = parse_study(STUDY).robustness
    assert (given.placebo_dates, given.curve_dates, given.calibration_draws, given.test) == (400, 200, 1000, None)
    assert given.models == ("market", "market_adjusted", "mean")
    assert (given.estimation_lengths, given.gaps, given.returns) == ((60, 110, 180), (10, 20), ("simple", "log"))
    assert given.widen == ((0, 0), (0, 1), (1, 0))
    assert parse_study(STUDY).contrasts == ()


def test_what_is_given_is_read():
    text = "robustness: {placebo_dates: 0, curve_dates: 1000, widen: [[0, 20]], gaps: [0, 250], test: sq}\n"
    both = STUDY.replace("securities: {NVDA: positive}", "securities: {NVDA: positive, AMD: positive}", 1)
    spec = parse_study(both + CONTRAST + text)
    assert (spec.robustness.placebo_dates, spec.robustness.curve_dates, spec.robustness.test) == (0, 1000, "sq")
    assert (spec.robustness.widen, spec.robustness.gaps) == (((0, 20),), (0, 250))
    contrast = spec.contrasts[0]
    assert (contrast.id, contrast.event, contrast.event_group) == ("apart", "report", None)
    assert contrast.weights == {"NVDA": 1.0, "AMD": -1.0}
    assert spec.headlines[0].window is None
    assert spec.windows.event == Window(-5, 5)


ROBUSTNESS = {
    "placebo_dates: -1": ["57:29: robustness.placebo_dates: '-1' is not allowed: it must be at least 0"],
    "placebo_dates: 1.5": [f"57:29: robustness.placebo_dates: {WHOLE}, not '1.5'"],
    "placebo_dates: many": [f"57:29: robustness.placebo_dates: {WHOLE}, not 'many'"],
    "curve_dates: true": [f"57:27: robustness.curve_dates: {WHOLE}, not 'true'"],
    "models: []": [f"57:22: robustness.models: {ONE_LIST}"],
    "models: [market, capm]": [f"57:31: robustness.models[1]: 'capm' is not allowed here; allowed: {either(MODELS)}"],
    "models: market": ["57:22: robustness.models: a list is expected here, not 'market'"],
    "estimation_lengths: [60, 19]": [
        "57:39: robustness.estimation_lengths[1]: '19' is not allowed: it must be at least 20"
    ],
    "estimation_lengths: []": [f"57:34: robustness.estimation_lengths: {ONE_LIST}"],
    "estimation_lengths: [60.5]": [f"57:35: robustness.estimation_lengths[0]: {WHOLE}, not '60.5'"],
    "estimation_lengths: 60": ["57:34: robustness.estimation_lengths: a list is expected here, not '60'"],
    "gaps: [-1]": ["57:21: robustness.gaps[0]: '-1' is not allowed: it must be at least 0"],
    "gaps: []": [f"57:20: robustness.gaps: {ONE_LIST}"],
    "widen: [[0]]": [
        "57:22: robustness.widen[0]: two whole numbers are expected, sessions before and after, e.g. [0, 1], not ['0']"
    ],
    "widen: [0, 1]": [
        "57:22: robustness.widen[0]: two whole numbers are expected, sessions before and after, e.g. [0, 1], not '0'",
        "57:25: robustness.widen[1]: two whole numbers are expected, sessions before and after, e.g. [0, 1], not '1'",
    ],
    "widen: []": [f"57:21: robustness.widen: {ONE_LIST}"],
    "widen: [[-1, 0]]": ["57:23: robustness.widen[0][0]: '-1' is not allowed: it must be at least 0"],
    "widen: [[0, a]]": [f"57:26: robustness.widen[0][1]: {WHOLE}, not 'a'"],
    "returns: [gross]": ["57:24: robustness.returns[0]: 'gross' is not allowed here; allowed: 'simple' or 'log'"],
    "returns: []": [f"57:23: robustness.returns: {ONE_LIST}"],
    "returns: log": ["57:23: robustness.returns: a list is expected here, not 'log'"],
    "calibration_draws: -1": ["57:33: robustness.calibration_draws: '-1' is not allowed: it must be at least 0"],
    "tests: sq": [f"57:14: robustness.tests: unknown key 'tests'; allowed here: {UNKNOWN}"],
    "gaps: [x], curve_dates: -2": [
        f"57:21: robustness.gaps[0]: {WHOLE}, not 'x'",
        "57:38: robustness.curve_dates: '-2' is not allowed: it must be at least 0",
    ],
}


@pytest.mark.parametrize("given", ROBUSTNESS)
def test_each_fault_of_the_robustness_key_has_its_line(given):
    found = faults(STUDY + f"robustness: {{{given}}}\n")
    assert sorted(found) == sorted(f"events.yaml:{line}" for line in ROBUSTNESS[given])


@pytest.mark.parametrize(("given", "kind"), [("[1]", "a list"), ("", "nothing")])
def test_the_robustness_key_is_a_mapping(given, kind):
    found = faults(STUDY + f"robustness: {given}".rstrip() + "\n")
    assert found == [
        f"events.yaml:57:{13 if given else 12}: robustness: a mapping (key: value) is expected here, not {kind}"
    ]


EITHER = "58:5: contrasts[0]: contrast 'apart' needs either an event or an event_group"
CONTRASTS = {
    "no occasion": ("event: report, ", "", [EITHER]),
    "two occasions": ("event: report, ", "event: report, event_group: news, ", [EITHER]),
    "unknown event": (
        "event: report",
        "event: nothing",
        ["58:38: contrasts[0].event: unknown event 'nothing'; allowed: post, rates, report"],
    ),
    "unknown news": (
        "event: report",
        "event_group: nothing",
        ["58:44: contrasts[0].event_group: unknown event group 'nothing'; allowed: news"],
    ),
    "one security": (
        "{NVDA: 1, AMD: -1}",
        "{NVDA: 1}",
        ["58:55: contrasts[0].weights: at least 2 entries are needed here, there are 1"],
    ),
    "unknown security": (
        "AMD: -1",
        "GE: -1",
        ["58:65: contrasts[0].weights.GE: unknown security 'GE'; allowed: AMD, MOORE, NVDA"],
    ),
    "a peer": (
        "AMD: -1",
        "JPM: -1",
        ["58:65: contrasts[0].weights.JPM: unknown security 'JPM'; allowed: AMD, MOORE, NVDA"],
    ),
    "a word": ("NVDA: 1", "NVDA: one", ["58:62: contrasts[0].weights.NVDA: a number is expected here, not 'one'"]),
    "infinite": ("NVDA: 1", "NVDA: .inf", ["58:62: contrasts[0].weights.NVDA: a number is expected here, not '.inf'"]),
    "weights a list": (
        "{NVDA: 1, AMD: -1}",
        "[NVDA, AMD]",
        ["58:55: contrasts[0].weights: a mapping (key: value) is expected here, not a list"],
    ),
    "no id": ("id: apart, ", "", ["58:5: contrasts[0].id: the required key 'id' is missing"]),
    "id with capitals": (
        "id: apart",
        "id: Apart it",
        [
            "58:10: contrasts[0].id: 'Apart it' is not allowed here; an id is lower-case letters, digits and hyphens, "
            "e.g. h200-approval"
        ],
    ),
    "no title": ("title: Apart, ", "", ["58:5: contrasts[0].title: the required key 'title' is missing"]),
    "misspelt": (
        "weights",
        "weight",
        [
            "58:5: contrasts[0].weights: the required key 'weights' is missing",
            "58:46: contrasts[0].weight: unknown key 'weight'; allowed here: id, title, title_zh, event, event_group, "
            "weights",
        ],
    ),
}


@pytest.mark.parametrize("name", CONTRASTS)
def test_each_fault_of_a_contrast_has_its_line(name):
    old, new, lines = CONTRASTS[name]
    assert old in CONTRAST
    assert faults(STUDY + CONTRAST.replace(old, new, 1)) == [f"events.yaml:{line}" for line in lines]


def test_contrasts_are_a_list():
    assert faults(STUDY + "contrasts: {a: b}\n") == [
        "events.yaml:57:12: contrasts: a list is expected here, not a mapping"
    ]


def test_what_no_contrast_or_curve_can_mean():
    first, second, third = faults(STUDY + CONTRAST + "robustness: {test: banana, gaps: [10, 10]}\n")
    assert first == "events.yaml:58:70: contrasts[0].weights.AMD: no tested event of the contrast apart touches AMD"
    assert second.startswith("events.yaml:59:20: robustness.test: unknown test 'banana'; allowed: adjusted_bmp_t, ")
    assert third == "events.yaml:59:39: robustness.gaps[1]: 10 stands there twice; keep one"
