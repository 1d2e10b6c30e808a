"""One significance level: what a study states is what its verdicts, intervals, figures and words go by."""

import re

import pytest

import eventstudy as es
from eventstudy.config.study_file import parse_study
from eventstudy.errors import StudyFileError
from eventstudy.plots import headlines_frame, placebo_frame, sensitivity_frame, specification_frame
from eventstudy.summary.findings import findings
from eventstudy.texts import load_texts
from eventstudy.texts.names import names_of
from tests.freeze import ROOT, page_text

STUDY = (ROOT / "events.yaml").read_text(encoding="utf-8")
QUICK = {
    "placebo_dates": 120,
    "curve_dates": 20,
    "models": ("market", "mean"),
    "estimation_lengths": (110,),
    "gaps": (10,),
    "widen": ((0, 0),),
    "returns": ("simple",),
    "calibration_draws": 0,
}
SHARE = re.compile(r"(?<![\d.,\u2212+-])(?:95|5)[\s\u00a0]?%|(?<![\d.,\u2212+-])0\.05(?!\d)")
FIXED = re.compile(
    r"never rejects|rejects [\d.]+|one day brings|Critical value|fell by more than|or lower"
    r"|从不拒绝|在5%水平上拒绝|5%需要|5%临界值|跌超5%|或更低"
)
"""What is at 5 % at any level of a study: sizes and refusals of tests, published critical values, articles' claims."""


@pytest.fixture(scope="module", params=["confidence: 0.60", "level: 0.10"])
def judged(request, flagship_prices):
    """The flagship at another level, with few dates and specifications."""
    text = STUDY.replace("confidence: 0.95", request.param)
    spec = parse_study(text)
    spec = spec.model_copy(update={"robustness": spec.robustness.model_copy(update=QUICK)})
    return es.run_study(spec, flagship_prices)


def test_of_level_and_confidence_one_follows_from_the_other(judged):
    assert judged.spec.level + judged.spec.confidence == 1.0
    assert judged.spec.level == pytest.approx(0.4 if judged.spec.confidence == 0.6 else 0.1, abs=0)


def test_a_verdict_by_the_models_p_is_whether_the_interval_holds_zero(judged):
    level = judged.spec.level
    judgements = [(one.pvalue < level, one.ci_low, one.ci_high) for one in judged.headlines]
    judgements += [(one.pvalue < level, one.ci_low, one.ci_high) for one in judged.car if one.pvalue is not None]
    judgements += [(one.pvalue < level, one.ci_low, one.ci_high) for one in judged.portfolio]
    for head in judged.headlines:
        for frame in (sensitivity_frame(judged, head.id), specification_frame(judged, head.id)):
            differs = frame["differs" if "differs" in frame else "significant"]
            judgements += list(zip(differs, frame["ci_low"], frame["ci_high"], strict=True))
    assert len(judgements) > 100
    assert all(differs == (low > 0 or high < 0) for differs, low, high in judgements)
    assert len({differs for differs, _, _ in judgements}) == 2


def test_the_headline_verdicts_go_by_the_level(judged):
    level = judged.spec.level
    said = [finding.differs for finding in findings(judged, names_of(judged.spec, "en"))]
    assert said == list(headlines_frame(judged)["differs"]) == [head.decisive < level for head in judged.headlines]


def test_the_limit_of_earlier_dates_is_that_of_the_level(judged):
    dates = placebo_frame(judged)
    for record in judged.placebos:
        sizes = dates[(dates["id"] == record.id) & (dates["kind"] == "earlier")]["size"]
        beyond = 1 + (sizes >= record.critical).sum()
        assert (beyond - 1) / (len(sizes) + 1) <= judged.spec.level < (beyond + 1) / (len(sizes) + 1)


def test_the_share_significant_counts_at_the_level(judged):
    for one in judged.specification_summary:
        own = [record.pvalue < judged.spec.level for record in judged.specifications if record.id == one.id]
        assert one.share_significant == sum(own) / len(own)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_verdict_of_the_page_is_at_another_level(judged, lang, tmp_path):
    folder = es.write_report(judged, tmp_path, lang=lang)
    page = page_text((folder / "report.html").read_text(encoding="utf-8"))
    page += judged.summary(lang=lang)
    wrong = [line for line in page.splitlines() if SHARE.search(line) and not FIXED.search(line)]
    assert wrong == []
    texts = load_texts(lang)
    level, confidence = (texts.level(share) for share in (judged.spec.level, judged.spec.confidence))
    verdicts = [line for line in page.splitlines() if level in line and ("level" in line or "水平" in line)]
    assert len(verdicts) > 5
    assert page.count(confidence) > 10


@pytest.mark.parametrize(
    ("stated", "level", "confidence"),
    [
        ("confidence: 0.95", 0.05, 0.95),
        ("", 0.05, 0.95),
        ("confidence: 0.99", 0.01, 0.99),
        ("level: 0.01", 0.01, 0.99),
        ("level: 0.10\nconfidence: 0.90", 0.10, 0.90),
    ],
)
def test_what_a_study_file_states(stated, level, confidence):
    spec = parse_study(STUDY.replace("confidence: 0.95", stated))
    assert (spec.level, spec.confidence) == (level, confidence)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("level: 0", "level: '0' is not allowed: it must be at least 0.0001"),
        ("level: 1.0e-300", "level: '1.0e-300' is not allowed: it must be at least 0.0001"),
        (
            "confidence: 0.99999",
            "confidence: '0.99999' is not allowed: it must be at most 0.9999",
        ),
        ("level: 0.5", "level: '0.5' is not allowed: it must be less than 0.5"),
        ("level: 5 %", "level: a number is expected here, not '5 %'"),
        ("confidence: 0.3", "confidence: '0.3' is not allowed: it must be greater than 0.5"),
        ("confidence: nan", "confidence: a finite number is expected here, not 'nan'"),
        (
            "level: 0.10\nconfidence: 0.95",
            "level: confidence is 0.95, and verdicts at 0.1 go with intervals of 0.9; state one of the two, the other "
            "follows",
        ),
        ("confidence: [0.9]", "confidence: a number is expected here, not a list"),
    ],
)
def test_a_level_that_is_none_is_told_once_with_its_place(stated, message):
    text = STUDY.replace("confidence: 0.95", stated)
    line = text[: text.index(stated)].count("\n") + 1
    with pytest.raises(StudyFileError) as told:
        parse_study(text)
    assert str(told.value) == f"events.yaml:{line}:{stated.index(' ') + 2}: {message}"


@pytest.mark.parametrize(
    ("cutoff", "value", "shown"),
    [(0.05, 0.0499, "0.0499"), (0.1, 0.0499, "0.050"), (0.1, 0.0998, "0.0998"), (0.4, 0.4003, "0.4003")],
)
def test_a_fourth_decimal_shows_on_which_side_of_the_level_a_p_lies(cutoff, value, shown):
    assert load_texts("en", cutoff).pvalue(value) == shown
