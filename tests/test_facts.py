"""Facts: codes with values, one sentence a language; every code that the package can tell has words in both."""

from __future__ import annotations

import ast
import json
import re
from datetime import date
from string import Formatter

import numpy as np
import pytest

from eventstudy.errors import PriceError
from eventstudy.facts import Fact, entries_of, fact, say
from eventstudy.results import ExclusionRecord
from eventstudy.texts import LANGS
from eventstudy.windows import Window
from tests.conftest import ROOT

FAMILIES = ("fact", "about", "null", "alternative")
NAMES_IN_CHINESE = re.compile(r"NVDA|CSI|Chow|sup-F|prices: \{accept: \[scale\]\}")


def codes_in(part):
    """Every code of the facts in a part of a JSON file."""
    if isinstance(part, dict):
        yield from [part["code"]] if set(part) == {"code", "values"} else ()
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from codes_in(inner)


def recorded_codes():
    """Every code that the manifest of the package's recordings has."""
    manifest = ROOT / "eventstudy" / "data" / "recorded" / "manifest.json"
    return set(codes_in(json.loads(manifest.read_text(encoding="utf-8"))))


def made_codes():
    """Every code that the package makes a fact with, as a literal in its source, or has in its recordings."""
    yield from recorded_codes()
    for path in (ROOT / "eventstudy").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "fact":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield first.value


def known(family, code, entries):
    return any(f"{family}.{code}{tail}" in entries for tail in ("", ".one", ".other"))


@pytest.mark.parametrize("lang", LANGS)
def test_every_code_has_words(lang):
    entries = entries_of(lang)
    bare = [code for code in set(made_codes()) if not any(known(family, code, entries) for family in FAMILIES)]
    assert bare == []


def test_no_sentence_is_left_that_no_code_makes():
    constants = {
        node.value
        for path in (ROOT / "eventstudy").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    families = [key.partition(".") for key in entries_of("en") if key.partition(".")[0] in FAMILIES]
    codes = {code.removesuffix(".one").removesuffix(".other") for _, _, code in families}
    composed = tuple(start for start in constants if start.endswith(".") and " " not in start and len(start) > 1)
    left = codes - constants - recorded_codes()
    assert sorted(code for code in left if not code.startswith(composed)) == []


@pytest.mark.parametrize("lang", LANGS)
def test_every_phrase_that_a_sentence_names_is_there(lang):
    entries = entries_of(lang)
    for key, text in entries.items():
        for _, name, spec, _ in Formatter().parse(text):
            if name and name.startswith("@"):
                assert known("phrase", name[1:], entries), key
            if spec == "@":
                assert any(entry.startswith(f"phrase.{name}.") for entry in entries), key


def test_values_are_plain():
    told = fact("x", day=date(2025, 12, 8), window=Window(-1, 1), n=np.int64(3), share=np.float64(0.5), all=["a", "b"])
    assert told.values == {"day": "2025-12-08", "window": "[-1, +1]", "n": 3, "share": 0.5, "all": ("a", "b")}
    assert [type(value) for value in told.values.values()] == [str, str, int, float, tuple]
    assert fact("x", why=fact("y", n=1)).values == {"why": {"code": "y", "values": {"n": 1}}}
    assert (fact("a.b.c").kind, fact("a").kind) == ("a", "a")
    assert len({fact("a", n=1), fact("a", n=1), fact("a", n=2)}) == 2


@pytest.mark.parametrize(
    ("template", "values", "told"),
    [
        ("{n:date|dates}", {"n": 1}, "1 date"),
        ("{n:date|dates}", {"n": 3}, "3 dates"),
        ("{share:.1p} %", {"share": 0.0873}, "8.7 %"),
        ("{ratio:.2f}", {"ratio": 1.5}, "1.50"),
        ("{price}", {"price": 21.0}, "21"),
        ("{price}", {"price": 21.25}, "21.25"),
        ("{days:2+}", {"days": ("a", "b")}, "a, b"),
        ("{days:2+}", {"days": ("a", "b", "c", "d")}, "a, b and 2 more"),
        ("{way:@}!", {"way": "in"}, "inside!"),
        ("{@run}", {"n": 1}, "one"),
        ("{@run}", {"n": 2}, "2 runs"),
        ("{day:day}", {"day": "2025-12-08"}, "8 December 2025"),
        ("{who}", {"who": {"code": "y", "values": {"n": 1}}}, "y of 1"),
        ("{pairs}", {"pairs": ({"a": "x"}, {"a": "z"})}, "x; z"),
        ("{pairs:,}", {"pairs": ({"a": "x"}, {"a": "z"})}, "x, z"),
        ("{name!r}", {"name": "A'S"}, '"A\'S"'),
    ],
)
def test_what_a_brace_may_hold(template, values, told):
    entries = {
        **{key: text for key, text in entries_of("en").items() if key.startswith(("date.", "list."))},
        **{"t": template, "phrase.way.in": "inside", "phrase.run.one": "one", "phrase.run.other": "{n} runs"},
        **{"fact.y": "y of {n}", "phrase.pairs": "{a}"},
    }
    assert say("t", values, entries) == told


def test_ids_are_named_where_a_reader_is_there():
    told = fact("touched_donors", donors=["NVDA", "AMD"])
    assert str(told) == "NVDA, AMD may be moved by the news themselves and are no donors"
    calls = []
    text = say(
        "fact.touched_donors", told.values, entries_of("zh"), lambda kind, name: calls.append(kind) or f"<{name}>"
    )
    assert text == "<NVDA>、<AMD>自身可能受消息影响，不作为参照股"
    assert calls == ["security", "security"]


def test_a_code_without_words_and_a_value_that_lacks_are_errors():
    with pytest.raises(KeyError, match=r"fact\.of_a_new_kind"):
        str(fact("of_a_new_kind"))
    with pytest.raises(KeyError, match="least"):
        str(fact("alternative_too_short", nobs=3))


def test_an_error_can_carry_a_fact():
    error = PriceError(fact("limits.before_listing", session="2025-12-04", listed="2025-12-05"))
    assert error.fact == Fact("limits.before_listing", {"session": "2025-12-04", "listed": "2025-12-05"})
    assert str(error) == "a price of 2025-12-04 lies before the listing on 2025-12-05; correct one of the two"
    assert PriceError("as it is").fact is None


def test_an_exclusion_is_a_code_with_values_and_both_in_english():
    label = {"label": "against", "model": "market_adjusted", "benchmark": "sh000300"}
    short = {"security": "688795", "nobs": 0, "least": 60, "anchor": date(2025, 12, 8), "listed": date(2025, 12, 5)}
    record = ExclusionRecord.of(fact("standard_errors", **label), fact("short_history", **short), security="688795")
    assert (record.about, record.code, record.reason) == ("standard_errors", "short_history", "short_history")
    assert record.values == {**label, **short, "anchor": "2025-12-08", "listed": "2025-12-05"}
    assert record.what == "standard errors of market_adjusted against sh000300"
    assert (
        record.detail == "0 of at least 60 estimation observations before 2025-12-08; 688795 was listed on 2025-12-05"
    )


SENTENCES = [
    (
        fact("too_few_observations", security="A", nobs=9, least=60, anchor="2025-12-08", begin="2025-11-24"),
        "9 of at least 60 estimation observations before 2025-12-08; prices of A begin on 2025-11-24",
    ),
    (
        fact("not_listed_yet", security="A", n=2, first="2025-12-04", last="2025-12-05", listed="2025-12-05"),
        "no return of A on 2 sessions (2025-12-04 to 2025-12-05): listed on 2025-12-05, so the first return is a "
        "session later",
    ),
    (
        fact("suspended", security="A", n=1, first="2025-12-04", last="2025-12-04"),
        "no return of A on 1 session (2025-12-04): trading was suspended; windows with a missing day are not shortened",
    ),
    (
        fact("after_last_price", security="A", n=1, first="2025-12-04", last="2025-12-04", end="2025-12-03"),
        "no return of A on 1 session (2025-12-04): its prices end on 2025-12-03",
    ),
    (
        fact("no_price", security="A", n=1, first="2025-12-04", last="2025-12-04"),
        "no return of A on 1 session (2025-12-04): the security or its benchmark has no price there",
    ),
    (
        fact("not_separately_identified", session="2025-12-04"),
        "both fall on 2025-12-04; the abnormal return of that session is the sum of both effects",
    ),
    (
        fact("peer_without_prices", security="A"),
        "the source has no prices of A; comparisons are made with the other peers",
    ),
    (fact("no_open", security="A"), "A: no opening prices are recorded"),
    (
        fact("no_open_close", sessions=10, session="2025-12-10"),
        "no such close, or a missing return before it, within 10 sessions after 2025-12-10",
    ),
    (
        fact("steps_not_covered.missing", first="2025-12-08"),
        "a session between 2025-12-08 and the last step has no return",
    ),
    (
        fact("steps_not_covered.outside", window=Window(0, 12), event_window=Window(-10, 10)),
        "its window [0, +12] is not inside the event window [-10, +10]",
    ),
    (
        fact("not_estimated.headline"),
        "no estimate with a standard error exists for this event, subject and window",
    ),
    (
        fact("not_estimated.contrast"),
        "one of its securities is not touched by the news, or has too few estimation observations",
    ),
    (fact("not_estimated.missing_return"), "a return of one of its securities is missing"),
    (fact("not_estimated.no_fit"), "the fit has no solution, or a return of the event window is missing"),
    (
        fact("not_estimated.specifications", n=3, total=360),
        "3 of 360 specifications have too few observations in their estimation window, or no return on a day of their "
        "window",
    ),
    (fact("touched_donors", donors=["A", "B"]), "A, B may be moved by the news themselves and are no donors"),
    (
        fact("incomplete_donors", donors=["A"]),
        "A have no return on a session of the estimation or event window",
    ),
    (fact("alternative_too_short", nobs=12, least=60), "12 of at least 60 estimation observations"),
    (
        fact("alternative_missing.window", window=Window(0, 1)),
        "a return or a regressor is missing on a session of the window [0, +1]",
    ),
    (
        fact("alternative_missing.drivers", security="B", drivers=["A"], regime="deal"),
        "there are no prices of A, which drive B in deal",
    ),
    (fact("break_not_tested", why=fact("no_open", security="A")), "A: no opening prices are recorded"),
    (fact("no_peers.named", security="A"), "A names no peers"),
    (
        fact("no_peers.same_day", security="A", session="2025-12-09"),
        "A names no untouched peers with a return on 2025-12-09",
    ),
    (
        fact("peers_missing", security="A", peers=["B", "C"]),
        "no return of B, C over the sessions of that of A",
    ),
    (
        fact("no_earlier_listings", security="A"),
        "A names no earlier_listings, shares of its board with their listing dates",
    ),
    (
        fact(
            "no_prices_of_earlier_listings",
            security="A",
            age=3,
            missing=[{"security": "B", "before": date(2022, 8, 15), "session": date(2022, 8, 16)}],
            benchmark="M",
            needed=19,
            level=0.05,
            named=1,
        ),
        "session 3 since the listing; needed are closes of B on 2022-08-15 and 2022-08-16, and of M on the same days; "
        "19 earlier listings allow a p of 0.05, 1 are named",
    ),
    (
        fact(
            "some_earlier_listings_missing",
            n=1,
            total=4,
            missing=[{"security": "B", "before": "2022-08-15", "session": "2022-08-16"}],
        ),
        "1 of 4 have no prices there: B on 2022-08-15 and 2022-08-16",
    ),
    (fact("too_few_peers", why=fact("no_peers.named", security="A")), "A names no peers"),
    (
        fact("post_event_too_short.until", nobs=9, least=60, begin="2026-01-06", end="2026-01-16"),
        "9 of at least 60 returns from 2026-01-06 on (prices end on 2026-01-16)",
    ),
    (
        fact("post_event_too_short.no_prices", nobs=0, least=60, begin="2026-01-06"),
        "0 of at least 60 returns from 2026-01-06 on (there are no prices)",
    ),
    (
        fact("limits_not_checked.because", security="A", why=fact("limits.narrow", limit="0.1", ticks=4)),
        "A: a limit of 0.1 on a reference price of 4 ticks is less than one tick, for which no rule is on record; "
        "leave the limits of this security unchecked",
    ),
    (
        fact("limits_not_checked.beyond", security="A", sessions=["2025-12-08", "2025-12-09"]),
        "A: prices lie beyond the board's limit on 2025-12-08, 2025-12-09; check the prices, the dividends and "
        "the board",
    ),
    (
        fact("limits_not_checked.no_rules", security="A", exchange="XTKS"),
        "A: no price-limit rules are recorded for XTKS, so no close was held against a limit",
    ),
    (
        fact("sessions_by_rules"),
        "by the calendar library's rules, not by published notices: closings that no rule foresees are missing of days "
        "to come",
    ),
    (
        fact("stale", n=6),
        "6 returns of exactly 0 in a row: the closes were carried forward, or nothing was traded",
    ),
    (
        fact("split_ratio", change=-0.2045, new=5, old=4),
        "a move of -20.4%, about that of a split of 5 for 4: genuine, or a split that the prices are not adjusted for",
    ),
    (
        fact("reversal", change=9.02, back=-0.9),
        "a move of +902.0% that the next return undoes (-90.0%): genuine, or a wrong price",
    ),
    (fact("jump", change=0.359), "a move of +35.9%: genuine, or a split or a wrong price"),
    (
        fact("split.close", security="A", session="2024-04-03", factor=1.25, before=50.0, after=49.5),
        "A 2024-04-03: a split of 1.25 new shares for an old one is stated, but the close goes from 50 to 49.5; supply "
        "prices as traded, or leave the split out where they are adjusted for it",
    ),
    (
        fact("split.adj_close", security="A", session="2024-04-03", factor=2.0, before=50.0, after=25.5),
        "A 2024-04-03: a split of 2 new shares for an old one is stated, but adj_close goes from 50 to 25.5; it is not "
        "adjusted for the split: leave adj_close out, or correct it",
    ),
    (
        fact(
            "events_outside_prices",
            n=1,
            event="e",
            security="A",
            session="2027-01-05",
            first="2020-01-02",
            last="2025-12-31",
        ),
        "the event e falls on 2027-01-05, outside the prices of A, which run from 2020-01-02 to 2025-12-31; supply "
        "prices that hold it",
    ),
    (
        fact("not_estimable.contrast"),
        "the returns of one of its securities are explained exactly by the model, or those of two are the same, so "
        "there is no error to test against",
    ),
    (
        fact("units.large", bound=0.2, medians=[{"asset": "A", "median": 1.234}]),
        "more than half of the returns of A (1.23) are above 0.2 in absolute value (the median is in brackets), so "
        "they are in percent or hold prices; correct the prices, or vouch for them with prices: {accept: [scale]}",
    ),
    (
        fact("units.apart", asset="A", benchmark="M", own=0.011, other=1.1),
        "the median move of A is 0.011 and that of M 1.1, so one of them is in percent or no return; correct the "
        "prices, or vouch for them with prices: {accept: [scale]}",
    ),
    (
        fact("limits.off_tick", column="close", price=9.876, tick="0.01"),
        "the close 9.876 is not a price on the tick 0.01; price limits need the prices that were traded, not adjusted "
        "ones",
    ),
]


@pytest.mark.parametrize(("told", "sentence"), SENTENCES, ids=[told.code for told, _ in SENTENCES])
def test_each_code_in_full(told, sentence):
    assert str(told) == sentence
    chinese = say(f"fact.{told.code}", told.values, entries_of("zh"))
    assert re.search("[一-鿿]", chinese)
    assert not re.search("[a-z]{3,}", NAMES_IN_CHINESE.sub("", chinese.replace("deal", "")))
