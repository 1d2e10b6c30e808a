"""A study's live prices, replayed: the vendors' order, their faults, the second opinion, and the study that results.

The exchanges are made by hand around the recorded figures; nothing here was had from a vendor.
"""

from __future__ import annotations

import datetime as dt
import json
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import requests

import eventstudy as es
from eventstudy.calendars import load_sessions
from eventstudy.errors import (
    DisagreementError,
    NotRecordedError,
    RateLimitedError,
    SourceError,
    UnknownSymbolError,
)
from eventstudy.events import Instant
from eventstudy.sources.live import LiveSource, price_range
from eventstudy.sources.vendors.cache import PriceCache
from eventstudy.sources.vendors.download import Manner, last_over
from eventstudy.sources.vendors.exchanges import Replayer
from eventstudy.sources.vendors.manners import Pace
from eventstudy.sources.vendors.wire import Reply, through
from eventstudy.spec.prices import Prices
from tests.conftest import EXCHANGES

NOW = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)
FIRST, LAST = dt.date(2024, 3, 15), dt.date(2026, 1, 16)
SECURITIES = ("NVDA", "688795", "688041", "603019")
PRICED = (*SECURITIES, "SPY", "SOXX", "sh000300", "sh000688")
RETURN_ROUNDING = 5e-6
"""Yahoo's adjusted closes have six digits, so a return of one session moves by up to this."""


class Live:
    """A live source on replayed exchanges, what it told, and what it asked."""

    def __init__(self, folder: Path | None = None, now: dt.datetime = NOW) -> None:
        self.told: list[str] = []
        self.asked: list[str] = []
        self.addresses: list[str] = []
        self.slept: list[float] = []
        manner = Manner(pace=Pace(None), sleep=self.slept.append, told=self.told.append, now=lambda: now)
        self.source = LiveSource(None if folder is None else PriceCache(folder, self.told.append), manner)
        self.replayer = Replayer(EXCHANGES)

    @contextmanager
    def on(self, *faults):
        """Replay, with faults put between the libraries and the recordings."""

        def count(asked, send):
            self.asked.append(asked.vendor)
            self.addresses.append(str(asked))
            return send()

        with through(count, *faults, self.replayer):
            yield self.source


@pytest.fixture(scope="module")
def spec(flagship_spec):
    return flagship_spec


def at(vendor, reply):
    """A handler that answers for one vendor; `reply` is a Reply or raises."""

    def handler(asked, send):
        if asked.vendor != vendor or "getcrumb" in asked.url or "fc.yahoo" in asked.url:
            return send()
        return reply(asked, send) if callable(reply) else reply

    return handler


def edited(change):
    """A reply that is the recorded one with its text changed."""

    def reply(asked, send):
        found = send()
        return Reply(found.status, change(found.text).encode(), found.content_type)

    return reply


def sugon_at_yahoo(text):
    """Yahoo's reply for 603019 with another bar on 9 December 2025: a close of 110.13 instead of 100.13."""
    content = json.loads(text)
    result = content["chart"]["result"][0]
    if "timestamp" in result and len(result["timestamp"]) > 1:
        quote = result["indicators"]["quote"][0]
        row = next(row for row, close in enumerate(quote["close"]) if abs(close - 100.13) < 1e-4)
        quote["close"][row] = quote["high"][row] = 110.13
    return json.dumps(content)


def series(live, spec, symbol, *faults, tolerance=0.005):
    with live.on(*faults) as source:
        return source.series(symbol, spec.instruments[symbol], FIRST, LAST, tolerance)


# --- the whole flagship ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def panel(spec):
    live = Live()
    with live.on() as source:
        found = source.read(spec, PRICED)
    assert live.told == [] and live.replayer.missed == []
    return found


def test_replayed_live_prices_are_the_recorded_ones(panel, flagship_prices):
    assert panel.symbols == tuple(symbol for symbol in flagship_prices if symbol in PRICED)
    for symbol in PRICED:
        live, recorded = panel[symbol], flagship_prices[symbol]
        assert np.array_equal(live.sessions, recorded.sessions), symbol
        for name in ("open", "high", "low", "close"):
            assert np.array_equal(live.column(name), recorded.column(name)), (symbol, name)


def test_raw_and_adjusted_returns_agree_away_from_ex_dates(spec, panel):
    """The factors' steps are the ex-dates that the study states, and nothing else."""
    for symbol in ("688041", "603019"):
        one = panel[symbol]
        raw = one.column("close")[1:] / one.column("close")[:-1]
        adjusted = one.column("adj_close")[1:] / one.column("adj_close")[:-1]
        paid = {np.datetime64(dividend.ex_date) for dividend in spec.securities[symbol].dividends}
        steps = set(one.sessions[1:][np.abs(adjusted / raw - 1) > 1e-12])
        assert steps == paid and paid


def test_the_study_on_replayed_live_prices_finds_the_recorded_headlines(spec, panel, flagship_prices, flagship):
    """Dividends enter by Sina's factors live and by the study's amounts recorded; else the figures are the same."""
    live = es.PricePanel({**flagship_prices.series, **panel.series})
    result = es.run_study(spec, live, robustness="none")
    found = result.to_frame("headlines").set_index("id")
    recorded = flagship.to_frame("headlines").set_index("id")
    assert list(found.index) == list(recorded.index)
    assert np.abs(found["estimate"] - recorded["estimate"]).max() < RETURN_ROUNDING
    origin = result.to_frame("provenance").query("kind == 'prices'").set_index("name").loc["688041"]
    assert origin["source"] == "live"
    assert "closes agree with yahoo's on 438 sessions" in origin["detail"]


def test_every_series_says_how_it_was_had(panel):
    note = panel["688795"].provenance.note
    assert note.startswith("downloaded 2026-11-22 03:00 UTC with akshare ")
    assert note.endswith(
        "; volume came in lots of 100 (by turnover / (volume x close)) and is given in shares; "
        "closes agree with yahoo's on 29 sessions (largest difference 0.00%); "
        "adj_close: close times Sina's multiplicative factor"
    )
    assert panel["688795"].provenance.source == "live"
    assert panel["688795"].provenance.file == "eastmoney/688795"
    assert panel["NVDA"].provenance.vendor == "Yahoo Finance"


# --- the order of vendors -------------------------------------------------------------------------------

REFUSED = Reply(403, b"", "text/html")


def test_a_blocked_vendor_is_passed_over_and_told(spec, flagship_prices):
    live = Live()
    found = series(live, spec, "688041", at("eastmoney", REFUSED))
    sentence = "eastmoney: 688041: refused (HTTP 403); this address may be blocked for some hours; taken from tencent"
    assert live.told == [sentence]
    assert sentence in found.provenance.note
    assert found.provenance.vendor == "Tencent"
    assert np.array_equal(found.column("close"), flagship_prices["688041"].column("close"))


def test_the_last_vendor_of_the_order_is_reached(spec):
    live = Live()
    blocked = [at(vendor, REFUSED) for vendor in ("eastmoney", "tencent", "sina")]
    found = series(live, spec, "688041", *blocked)
    assert found.provenance.vendor == "Yahoo Finance"
    assert [sentence.rpartition("; ")[2] for sentence in live.told] == ["taken from yahoo"] * 3
    assert list(dict.fromkeys(live.asked)) == ["eastmoney", "tencent", "sina", "yahoo"]


def test_when_all_refuse_every_reason_is_told(spec):
    live = Live()
    blocked = [at(vendor, REFUSED) for vendor in ("eastmoney", "tencent", "sina", "yahoo")]
    with pytest.raises(SourceError) as error:
        series(live, spec, "688041", *blocked)
    reason = "refused (HTTP 403); this address may be blocked for some hours"
    assert str(error.value) == (
        "eastmoney, tencent, sina, yahoo: 688041: no vendor gave prices "
        f"(eastmoney: {reason}; tencent: {reason}; sina: {reason}; yahoo: {reason})"
    )
    assert error.value.exit_code == 3


def test_a_single_vendor_s_own_error_is_raised(spec):
    live = Live()
    with pytest.raises(UnknownSymbolError, match="yahoo: NVDA: no such symbol, or delisted"):
        series(
            live,
            spec,
            "NVDA",
            at(
                "yahoo",
                Reply(404, b'{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found"}}}'),
            ),
        )


def test_a_vendor_out_of_reach_is_not_asked_for_the_next_symbols(spec, flagship_prices):
    """With all attempts and waits for each symbol, a vendor that does not answer would cost a study an hour."""
    live = Live()
    count = []

    def silent(asked, send):
        count.append(asked)
        raise requests.exceptions.ConnectTimeout("no answer")

    with live.on(at("eastmoney", silent)) as source:
        found = source.read(spec, ("688795", "688041", "603019", "sh000300"))
    assert len(count) == 4 and len(live.slept) == 3
    assert live.told[3:] == [
        "eastmoney: 688795: no answer in time; run again later; taken from tencent",
        "eastmoney is passed over for the rest of this run (no answer in time; run again later)",
    ]
    vendors = {symbol: found[symbol].provenance.vendor for symbol in found}
    # The study states no name of the index at Tencent.
    assert vendors == {"688795": "Tencent", "688041": "Tencent", "603019": "Tencent", "sh000300": "Sina"}
    for symbol in found:
        assert np.array_equal(found[symbol].column("close"), flagship_prices[symbol].column("close"))
    reason = "eastmoney: 688041: not asked again in this run (no answer in time; run again later); taken from tencent"
    assert reason in found["688041"].provenance.note


def test_a_vendor_that_answers_about_other_symbols_is_asked_on(spec):
    """One symbol that a vendor does not have, or breaks off at, is no reason not to ask for the next."""
    live = Live()
    unknown = at("eastmoney", lambda asked, send: Reply(200, b'{"data":null}') if "688795" in str(asked) else send())
    with live.on(unknown) as source:
        found = source.read(spec, ("688795", "688041"))
    assert [found[symbol].provenance.vendor for symbol in found] == ["Tencent", "Eastmoney"]
    assert not any("passed over" in sentence for sentence in live.told)


@pytest.mark.parametrize(("failing", "asked_on"), [(("688795",), True), (("688795", "688041"), False)])
def test_a_server_that_fails_twice_running_is_passed_over(spec, failing, asked_on):
    live = Live()
    fails = at(
        "eastmoney", lambda asked, send: Reply(500, b"") if any(one in str(asked) for one in failing) else send()
    )
    with live.on(fails) as source:
        found = source.read(spec, ("688795", "688041", "603019"))
    assert (found["603019"].provenance.vendor == "Eastmoney") is asked_on


def test_a_vendor_passed_over_for_bars_is_not_asked_for_factors(spec):
    live = Live()
    blocked = [at(vendor, REFUSED) for vendor in ("eastmoney", "tencent")]
    count = []

    def refused(asked, send):
        count.append(asked)
        return Reply(456, b"")

    found = series(live, spec, "688041", *blocked, at("sina", refused))
    assert len(count) == 1 and found.provenance.vendor == "Yahoo Finance"


def test_what_is_kept_is_used_though_its_vendor_is_passed_over(spec, tmp_path):
    series(Live(tmp_path), spec, "688041")
    live = Live(tmp_path)
    with live.on(at("eastmoney", REFUSED)) as source:
        found = source.read(spec, ("688795", "688041"))
    assert [found[symbol].provenance.vendor for symbol in found] == ["Tencent", "Eastmoney"]


def test_a_run_on_what_is_kept_repeats_the_one_before_it(spec, tmp_path):
    """The vendor that failed would answer now; the study is the one it was."""
    one = series(Live(tmp_path), spec, "688041", at("eastmoney", REFUSED))
    again = Live(tmp_path)
    two = series(again, spec, "688041")
    assert again.asked == [] and two.provenance == one.provenance and one.provenance.vendor == "Tencent"


def test_a_passing_fault_is_asked_again_before_the_next_vendor(spec):
    live = Live()
    count = iter(range(10))

    def first_two(asked, send):
        return Reply(503, b"") if next(count) < 2 else send()

    found = series(live, spec, "688041", at("eastmoney", first_two))
    assert found.provenance.vendor == "Eastmoney"
    assert len(live.slept) == 2 and live.slept[0] < live.slept[1]
    assert all("the vendor's server failed (HTTP 503)" in sentence for sentence in live.told)


def test_a_rate_limit_names_what_came_before(spec):
    live = Live()
    limited = at("yahoo", lambda asked, send: Reply(429, b"") if "SPY" in asked.url else send())
    with live.on(limited) as source, pytest.raises(RateLimitedError) as error:
        source.read(spec, ("NVDA", "SPY"))
    assert error.value.kept is not None and error.value.kept.symbols == ("NVDA",)
    assert len(live.slept) == 3


def test_a_comparison_that_nobody_has_is_left_out_and_told(spec):
    live = Live()
    with live.on(at("yahoo", lambda asked, send: Reply(403, b"") if "SOXX" in asked.url else send())) as source:
        found = source.read(spec, ("NVDA",), ("SOXX",))
    assert found.symbols == ("NVDA",)
    assert live.told == [
        "left out, because it is a comparison only: yahoo: SOXX: refused (HTTP 403); "
        "this address may be blocked for some hours",
    ]


def test_a_request_that_is_not_recorded_is_no_vendor_s_fault(spec):
    live = Live()
    with live.on() as source, pytest.raises(NotRecordedError, match="record it with: eventstudy record"):
        source.series("688041", spec.instruments["688041"], FIRST, dt.date(2026, 1, 15), 0.005)


# --- the second opinion ---------------------------------------------------------------------------------


def test_two_vendors_that_disagree_stop_the_study_with_both_values(spec):
    live = Live()
    wrong = edited(sugon_at_yahoo)
    with pytest.raises(DisagreementError) as error:
        series(live, spec, "603019", at("yahoo", wrong))
    assert str(error.value) == (
        "eastmoney: 603019: closes at 100.13 on 2025-12-09, yahoo at 110.13 (9.99% apart, tolerated 0.50%, "
        "on 1 of 438 sessions); find out which is right, then widen prices.tolerance or leave one vendor out of symbols"
    )


def test_a_wide_tolerance_lets_them_differ(spec):
    live = Live()
    wrong = edited(sugon_at_yahoo)
    found = series(live, spec, "603019", at("yahoo", wrong), tolerance=0.2)
    assert "closes agree with yahoo's on 438 sessions (largest difference 9.99%)" in found.provenance.note


def test_a_hole_at_one_vendor_is_no_halt(spec):
    live = Live()

    def without_a_day(text):
        start = text.index('"2025-12-08,')
        return text[:start] + text[text.index('"2025-12-09,') :]

    found = series(live, spec, "603019", at("eastmoney", edited(without_a_day)))
    assert found.provenance.vendor == "Tencent"
    assert live.told == [
        "eastmoney: 603019: has no bar on 2025-12-08, yahoo has; not a halt but a hole: "
        "use another source, or declare a suspension; taken from tencent"
    ]


def with_a_saturday(text):
    """Yahoo's reply for 603019 with one more bar, on Saturday 13 December 2025."""
    content = json.loads(text)
    result = content["chart"]["result"][0]
    stamps = result.get("timestamp") or []
    if len(stamps) > 1:
        row = next(row for row, stamp in enumerate(stamps) if stamp > 1765584000)
        quote = result["indicators"]["quote"][0]
        stamps.insert(row, 1765589400)
        for values in (*quote.values(), result["indicators"]["adjclose"][0]["adjclose"]):
            values.insert(row, values[row] * 1.01)
        quote["volume"][row] = 1000
    return json.dumps(content)


def test_a_bar_of_a_day_without_a_session_is_no_hole_in_another_vendor(spec):
    live = Live()
    found = series(live, spec, "603019", at("yahoo", edited(with_a_saturday)))
    assert live.told == [] and found.provenance.vendor == "Eastmoney"
    assert "closes agree with yahoo's on" in found.provenance.note


def test_why_a_vendor_was_taken_is_said_of_a_download_that_was_kept_for_comparison(spec, tmp_path):
    series(Live(tmp_path), spec, "603019")
    later = Live(tmp_path)
    later.source = LiveSource(PriceCache(tmp_path), later.source.manner)
    for place in ("eastmoney", "tencent", "sina"):
        for path in (tmp_path / "prices").glob(f"{place}/*/*"):
            path.unlink()
    found = series(later, spec, "603019", *(at(vendor, REFUSED) for vendor in ("eastmoney", "tencent", "sina")))
    assert found.provenance.vendor == "Yahoo Finance"
    assert found.provenance.note.count("; taken from yahoo") == len(later.told) > 0


def test_a_second_vendor_that_cannot_be_asked_is_noted(spec):
    live = Live()
    found = series(live, spec, "603019", at("yahoo", REFUSED))
    sentence = (
        "closes were not held against a second vendor (yahoo: 603019.SS: refused (HTTP 403); "
        "this address may be blocked for some hours)"
    )
    assert live.told == [sentence]
    assert sentence in found.provenance.note


def test_without_factors_the_study_s_dividends_are_used_and_that_is_said(spec):
    live = Live()
    found = series(live, spec, "603019", at("sina", REFUSED))
    assert found.adj_close is None
    assert "dividends are those that the study file states" in found.provenance.note


# --- what is kept on disk -------------------------------------------------------------------------------


def test_a_second_run_asks_nobody(spec, tmp_path):
    first, second = Live(tmp_path), Live(tmp_path)
    one = series(first, spec, "688041")
    two = series(second, spec, "688041")
    assert first.asked and second.asked == []
    assert one.provenance == two.provenance
    for name in one.columns:
        assert np.array_equal(one.column(name), two.column(name))


def test_an_interrupted_download_goes_on_where_it_stopped(spec, tmp_path):
    stopped = Live(tmp_path)

    def stop(asked, send):
        if "SPY" in asked.url:
            raise KeyboardInterrupt
        return send()

    with stopped.on(at("yahoo", stop)) as source, pytest.raises(KeyboardInterrupt):
        source.read(spec, ("NVDA", "SPY"))
    again = Live(tmp_path)
    with again.on() as source:
        assert source.read(spec, ("NVDA", "SPY")).symbols == ("NVDA", "SPY")
    assert any("NVDA" in address for address in stopped.addresses)
    assert again.addresses and not any("NVDA" in address for address in again.addresses)


def test_what_a_vendor_changed_is_told_and_noted(spec, tmp_path):
    series(Live(tmp_path), spec, "603019")
    later = Live(tmp_path, NOW + dt.timedelta(days=1))
    later.source = LiveSource(
        PriceCache(tmp_path, later.told.append, since=NOW + dt.timedelta(hours=12)), later.source.manner
    )
    found = series(later, spec, "603019", at("eastmoney", edited(lambda text: text.replace("100.13", "100.14"))))
    sentence = "eastmoney changed 1 close of 603019 since 2026-11-22, the largest on 2025-12-09 from 100.13 to 100.14"
    assert sentence in later.told and sentence in found.provenance.note


def test_a_download_does_not_take_the_bar_of_an_open_session(spec):
    """A quarter past two in New York on 16 January 2026: the session is open until four."""
    live = Live(now=dt.datetime(2026, 1, 16, 19, 15, tzinfo=dt.UTC))
    found = series(live, spec, "NVDA")
    assert str(found.sessions[-1]) == "2026-01-15"
    assert "the session of 2026-01-16 was not over, so its bar was left out" in found.provenance.note
    over = Live(now=dt.datetime(2026, 1, 16, 21, 31, tzinfo=dt.UTC))
    assert str(series(over, spec, "NVDA").sessions[-1]) == "2026-01-16"


def test_the_bar_of_an_open_session_is_asked_for_again_once_it_is_over(spec, tmp_path):
    series(Live(tmp_path, dt.datetime(2026, 1, 16, 19, 15, tzinfo=dt.UTC)), spec, "NVDA")
    later = Live(tmp_path, dt.datetime(2026, 1, 17, 3, 0, tzinfo=dt.UTC))
    assert str(series(later, spec, "NVDA").sessions[-1]) == "2026-01-16"
    assert later.asked


# --- the range ------------------------------------------------------------------------------------------


def test_the_range_is_the_one_that_the_study_states(spec):
    stated = spec.model_copy(update={"prices": Prices(first=FIRST, last=LAST)})
    assert price_range(stated, NOW) == (FIRST, LAST)


def test_the_range_reaches_back_over_all_earlier_dates_and_not_past_the_present(spec):
    free = spec.model_copy(update={"prices": Prices()})
    first, last = price_range(free, NOW)
    assert first < FIRST and last > LAST
    sessions = load_sessions("XSHG").sessions
    earliest = min(event.when.first.date() for event in spec.tested)
    between = np.searchsorted(sessions, np.datetime64(earliest)) - np.searchsorted(sessions, np.datetime64(first))
    robustness = spec.robustness
    assert between >= max(robustness.estimation_lengths) + max(robustness.gaps) + robustness.placebo_dates
    assert price_range(free, dt.datetime(2025, 12, 31, tzinfo=dt.UTC))[1] == dt.date(2025, 12, 31)


def test_the_range_reaches_as_far_as_the_study_s_own_sessions(spec, tmp_path):
    """The calendar library has Shanghai's sessions up to the end of a year; a study lists those after it."""
    known = load_sessions("XSHG")
    after = [known.last + dt.timedelta(days=days) for days in range(1, 40)]
    rows = [f"{day},session,09:30,15:00,11:30,13:00,made" for day in after if day.weekday() < 5]
    overlay = tmp_path / "overlay.csv"
    overlay.write_text("\n".join(["session,kind,open,close,break_start,break_end,source", *rows, ""]))
    last_moment = dt.datetime.combine(known.last - dt.timedelta(days=1), dt.time(4), dt.UTC)
    event = spec.tested[0].model_copy(update={"when": Instant(at=last_moment, text="made")})
    late = spec.model_copy(
        update={
            "prices": Prices(),
            "events": (event,),
            "claims": (),
            "securities": {"603019": spec.securities["603019"]},
            "benchmarks": {},
            "peers": {},
        }
    )
    now = dt.datetime.combine(after[-1], dt.time(12), dt.UTC)
    assert price_range(late, now)[1] <= known.last
    listed = late.model_copy(update={"overlays": {"XSHG": str(overlay)}})
    assert price_range(listed, now)[1] == max(day for day in after if day.weekday() < 5)


@pytest.mark.parametrize(("hour", "over"), [(7, 5), (9, 6)])
def test_after_the_last_known_session_the_hour_tells_whether_a_day_is_over(hour, over):
    """Shanghai closes at 07:00 UTC; the calendar library does not know the year yet."""
    now = dt.datetime(load_sessions("XSHG").last.year + 1, 1, 6, hour, tzinfo=dt.UTC)
    assert last_over("XSHG", now.date(), now) == dt.date(now.year, 1, over)
    assert last_over("XSHG", now.date() - dt.timedelta(days=30), now) == now.date() - dt.timedelta(days=30)


# --- through the front door -----------------------------------------------------------------------------


def test_load_prices_takes_live_prices(spec, tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("a replay waits for nothing"))
    peerless = spec.model_copy(update={"peers": {}})
    said = []
    with through(Replayer(EXCHANGES)):
        found = es.load_prices(peerless, "live", cache=tmp_path, told=said.append)
    assert found.symbols == PRICED and said == []
    kept = sorted(path.parent.name for path in tmp_path.glob("prices/*/*/*.csv"))
    assert kept == sorted(
        [
            *("688041", "603019", "688795", "sh000300", "sh000688"),
            *("688041.SS", "603019.SS", "688795.SS", "000300.SS", "000688.SS", "NVDA", "SPY", "SOXX"),
            *("sh688041", "sh603019", "sh688795"),
        ]
    )


def test_no_cache_keeps_nothing(spec, tmp_path, monkeypatch):
    monkeypatch.setenv("EVENTSTUDY_CACHE", str(tmp_path))
    peerless = spec.model_copy(update={"peers": {}})
    with through(Replayer(EXCHANGES)):
        es.load_prices(peerless, "live", cache=False)
    assert not (tmp_path / "prices").exists()
