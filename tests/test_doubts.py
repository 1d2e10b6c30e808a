"""What is suspicious in the prices stands beside every figure that it touches; numbers stay as they are."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.report import write_report
from eventstudy.summary import doubt_lines, summary_text
from eventstudy.texts.flags import DOUBTS, code_of, flag, values_of
from tests.command import eventstudy
from tests.worlds import EVENT, SHANGHAI, closes, day, ran, write_folder


def at(values, factor, first=EVENT, last=None, exchange="XNAS"):
    """Closes multiplied from one session on, to another or to the end."""
    changed = np.array(values)
    changed[day(first, exchange) : None if last is None else day(last, exchange)] *= factor
    return np.round(changed, 2)


def carried(values, first, last):
    changed = np.array(values)
    changed[day(first) : day(last)] = changed[day(first) - 1]
    return changed


def flags(result):
    return {"ar": [one.flags for one in result.ar], "car": result.car[0].flags, "head": result.headlines[0].flags}


def codes(found):
    return [code_of(one) for one in found]


def test_good_prices_have_no_flags():
    assert flags(ran(closes())) == {"ar": [(), (), ()], "car": (), "head": ()}
    assert doubt_lines(ran(closes())) == []


@pytest.mark.parametrize(
    ("factor", "last", "code", "touched"),
    [
        (4 / 5, None, "split_ratio", [0]),
        (2.0, None, "split_ratio", [0]),
        (10.0, "2024-04-04", "reversal", [0, 1]),
        (0.01, "2024-04-04", "reversal", [0, 1]),
        (1.36, None, "jump", [0]),
    ],
)
def test_a_doubtful_day_0_stands_at_the_headline_and_changes_no_number(factor, last, code, touched):
    own = at(closes(), factor, last=last)
    result = ran(own)
    found = flags(result)
    assert [codes(one) for one in found["ar"]] == [[code] if day in touched else [] for day in (-1, 0, 1)]
    assert codes(found["car"]) == codes(found["head"]) == [code]
    move = own[day(EVENT)] / own[day(EVENT) - 1] - 1
    assert values_of(found["head"][0])["change"] == pytest.approx(move, abs=1e-4)
    record = next(one for one in result.ar if one.relative_day == 0)
    assert record.ar + record.expected == pytest.approx(move, abs=1e-12)


def test_a_split_before_is_a_doubt_of_the_estimation_window():
    found = flags(ran(at(closes(), 0.5, first="2024-02-01")))
    expected = "split_ratio_in_estimation:1:2024-02-01:2024-02-01:AAA"
    assert found == {"ar": [(expected,)] * 3, "car": (expected,), "head": (expected,)}
    assert flags(ran(at(closes(), 0.5, first="2023-05-02")))["head"] == ()


def test_closes_carried_forward_are_told_in_both_windows():
    before = ran(carried(closes(), "2024-02-01", "2024-03-01"))
    assert before.headlines[0].flags == ("stale_in_estimation:1:2024-02-01:2024-02-29:AAA",)
    assert "stale.in_prices" in [one.code for one in before.exclusions]
    across = ran(carried(closes(), "2024-04-01", "2024-04-12"))
    assert across.headlines[0].flags == ("stale:9:2024-04-01:2024-04-11:AAA",)


def test_a_wrong_close_of_the_benchmark_is_told_too():
    market = at(closes(2, scale=0.01, start=400.0), 10.0, last="2024-04-04")
    (found,) = ran(closes(), market).headlines[0].flags
    assert (code_of(found), values_of(found)["security"]) == ("reversal", "MKT")


def test_adjusted_closes_are_what_the_returns_are_made_of():
    raw = at(closes(), 0.5)
    assert ran({"close": raw, "adj_close": closes()}).headlines[0].flags == ("ex_dividend",)
    assert codes(ran({"close": closes(), "adj_close": raw}).headlines[0].flags) == ["adjusted_falls", "split_ratio"]


def reversed_close(own):
    return own[::-1]


def slowly_falling(own):
    return own * np.linspace(1.5, 1.0, own.size)


def slowly_rising(own):
    return own * np.linspace(0.5, 1.0, own.size)


@pytest.mark.parametrize("wrong", [reversed_close, slowly_falling, slowly_rising])
def test_an_adjusted_close_that_is_none_stands_beside_every_figure(wrong):
    own = closes()
    result = ran({"close": own, "adj_close": wrong(own)}, more=", board: nasdaq")
    found = flags(result)
    for one in (*found["ar"], found["car"], found["head"]):
        assert [code for code in codes(one) if code.startswith("adjusted")] == ["adjusted"]
        assert "ex_dividend" not in one
    assert values_of(found["head"][0])["n"] > 0.2 * (own.size - 1)
    assert any(line.startswith("Day 0: The adjusted close of Firm does not follow") for line in doubt_lines(result))
    assert "adjusted.changes" in [one.code for one in result.exclusions]


def test_an_adjusted_close_whose_factor_falls_on_few_sessions_is_told_in_both_languages():
    own = closes()
    steps = np.where(np.arange(own.size) < day("2023-09-01"), 1.06, 1.0)
    result = ran({"close": own, "adj_close": np.round(own * steps, 2)})
    assert codes(result.headlines[0].flags) == ["adjusted_falls"]
    (line,) = doubt_lines(result)
    assert line.startswith("Day 0: The adjusted close of Firm is 1.06 times its close on ")
    assert line.endswith(
        "and 1 times on 1 September 2023, but dividends and splits only let this factor rise: it may be another "
        "share's, or in another order, and the returns are taken from it."
    )
    assert "只会使这一倍数上升" in doubt_lines(result, lang="zh")[0]


def test_the_adjusted_close_of_a_benchmark_is_judged_too():
    market = closes(2, scale=0.01, start=400.0)
    found = flags(ran(closes(), {"close": market, "adj_close": market[::-1]}))
    assert codes(found["head"]) == codes(found["car"]) == ["adjusted"]
    assert values_of(found["head"][0])["security"] == "MKT"


def test_monthly_dividends_forward_factors_and_consolidations_are_adjusted_closes():
    own = closes()
    monthly = np.exp(-0.004 * ((own.size - 1 - np.arange(own.size)) // 21))
    before = np.arange(own.size) < day("2024-02-01")
    consolidated = {"close": np.round(np.where(before, 0.1, 1.0) * own, 2), "adj_close": own}
    for columns in (
        {"close": own, "adj_close": np.round(own * monthly, 2)},
        {"close": own, "adj_close": np.round(8.0 * own * monthly, 2)},
        consolidated,
    ):
        found = [one.code for one in ran(columns).exclusions]
        assert not [code for code in found if code.startswith("adjusted")]


def test_one_move_of_the_estimation_window_names_one_day():
    moved = ran(at(closes(), 0.5, first="2024-02-01"))
    assert doubt_lines(moved) == [
        "Day 0: The estimation window holds 1 move of Firm at the ratio of a split (1 February 2024), genuine or not "
        "adjusted for."
    ]
    jumped = ran(at(closes(), 1.36, first="2024-02-01"))
    assert doubt_lines(jumped)[0].endswith("1 jump of Firm (1 February 2024), genuine, or a split or a wrong price.")
    assert "1次变动与拆并股比例相近（2024年2月1日）" in doubt_lines(moved, lang="zh")[0]
    twice = ran(at(at(closes(), 1.36, first="2024-01-04"), 1.36, first="2024-02-01"))
    assert "2 jumps of Firm (4 January 2024 to 1 February 2024)" in doubt_lines(twice)[0]


def test_equal_closes_of_the_benchmark_itself():
    (line,) = doubt_lines(ran(closes(), carried(closes(2, scale=0.01, start=400.0), "2024-02-01", "2024-03-01")))
    assert line == (
        "Day 0: The estimation window holds 1 run of equal closes of Market (1 February 2024 to 29 February 2024): "
        "closes carried forward, or no trade."
    )


def test_a_price_beyond_the_limit_stands_at_the_headline():
    own = at(closes(exchange="XSHG"), 10 / 13, exchange="XSHG")
    result = ran(own, **SHANGHAI)
    assert codes(result.headlines[0].flags) == ["beyond_limit", "split_ratio"]
    assert values_of(result.headlines[0].flags[1]) == {
        "session": "2024-04-03",
        "new": 13,
        "old": 10,
        "change": pytest.approx(-0.23, abs=0.05),
        "security": "600999",
    }
    assert "limits_not_checked.beyond" in [one.code for one in result.exclusions]
    wrong = ran(at(closes(exchange="XSHG"), 0.87, exchange="XSHG"), **SHANGHAI)
    assert "beyond_limit:2024-04-03:600999" in wrong.headlines[0].flags


def test_table_sentence_page_and_standard_error_say_it_in_both_languages(tmp_path):
    folder = write_folder(tmp_path / "study", at(closes(), 10.0, last="2024-04-04"))
    done = eventstudy("run", "events.yaml", "--source", "prices", "--robustness", "none", cwd=folder)
    assert done.returncode == 0
    assert done.stderr.startswith("Day 0: Firm moved +888.7%")
    assert done.stderr.endswith("on 3 April 2024, and the next return took it back: genuine, or a wrong price.\n")
    line = done.stderr.strip().removeprefix("Day 0: ")
    told = (folder / "reports" / "small" / "summary.md").read_text(encoding="utf-8")
    assert f"(a) {line}" in told and told.index(line) < told.index("## Headline figures")
    assert "took it back" in (folder / "reports" / "small" / "report.html").read_text(encoding="utf-8")
    assert eventstudy("run", "--quiet", "--source", "prices", "--robustness", "none", cwd=folder).stderr == ""


def test_chinese_says_it_too(tmp_path):
    result = ran(carried(at(closes(), 0.2), "2024-02-01", "2024-03-01"))
    first, second = doubt_lines(result, lang="zh")
    assert "1股变为5股" in first or "1股变为5股" in second
    assert "估计窗口内Firm有1段收盘价不变" in summary_text(result, lang="zh")
    write_report(result, tmp_path, lang="zh")


def test_a_session_in_doubt_is_in_the_ledger_of_firm_days():
    found = ran(at(closes(), 0.5)).firm_days
    assert [(one.kind, code_of(one.detail)) for one in found if one.kind == "doubt"] == [("doubt", "split_ratio")]


def test_flags_are_read_back():
    for code in DOUBTS - {"accepted_scale"}:
        values = dict.fromkeys(("session", "last"), "2024-04-03") | {
            "n": 2,
            "of": 9,
            "new": 5,
            "old": 4,
            "change": -0.2,
        }
        values |= {"since": "2024-04-03", "before": 1.5, "after": 1.25}
        made = flag(code, **values, security="NYSE:A")
        assert values_of(made)["security"] == "NYSE:A"
        assert code_of(made) == code
    assert values_of("limit_up") == {}
    assert values_of("confounded:second") == {"event": "second"}
