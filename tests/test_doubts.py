"""What is suspicious in the prices stands beside every figure that it touches; numbers stay as they are."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.report import write_report
from eventstudy.summary import doubt_lines, summary_text
from eventstudy.texts.flags import DOUBTS, code_of, flag, values_of
from tests.test_cli import eventstudy
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
    assert codes(ran({"close": closes(), "adj_close": raw}).headlines[0].flags) == ["ex_dividend", "split_ratio"]


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
    assert done.stderr.endswith("on 3 April 2024, and the next return took it back: true, or a wrong price.\n")
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
    for code in DOUBTS:
        values = dict.fromkeys(("session", "last"), "2024-04-03") | {"n": 2, "new": 5, "old": 4, "change": -0.2}
        made = flag(code, **values, security="NYSE:A")
        assert values_of(made)["security"] == "NYSE:A"
        assert code_of(made) == code
    assert values_of("limit_up") == {}
    assert values_of("confounded:second") == {"event": "second"}
