"""Figures: the frame behind each against the results, and the figure against its frame."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.plots import (
    car_path_figure,
    car_path_frame,
    days_figure,
    days_frame,
    event_days_figure,
    event_days_frame,
    forest_figure,
    forest_frame,
    headlines_figure,
    headlines_frame,
    marker_frame,
    overview_figure,
    overview_frame,
    path_event,
    path_model,
    price_figure,
    price_frame,
    shown_securities,
)
from eventstudy.plots.estimates import ar_interval
from eventstudy.plots.style import LOOKS, ROLE_LOOKS, display_width, look_of, plain_text, rank_of, wrap
from eventstudy.plots.timeline import PER_LINE
from eventstudy.texts import LANGS

EXACT = 1e-12  # the same arithmetic on the same numbers
OKABE_ITO = {"#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7"}
GREYS = {"#1f2328", "#59636e", "#ffffff", "#e4e8ec"}
SECURITIES = ("NVDA", "688795", "688041", "603019")


def figures(result, lang="en"):
    """Every figure of a study by name."""
    found = {"headlines": headlines_figure(headlines_frame(result, lang=lang), lang=lang)}
    found["overview"] = overview_figure(overview_frame(result, lang=lang))
    for item in result.spec.event_sets:
        found[f"days {item.id}"] = days_figure(days_frame(result, item.id, lang=lang), lang=lang)
        found[f"event days {item.id}"] = event_days_figure(event_days_frame(result, item.id, lang=lang), lang=lang)
    for symbol in shown_securities(result):
        prices, markers = price_frame(result, symbol, lang=lang), marker_frame(result, symbol, lang=lang)
        found[f"price {symbol}"] = price_figure(prices, markers, currency="USD", lang=lang)
        found[f"path {symbol}"] = car_path_figure(car_path_frame(result, symbol, lang=lang), lang=lang)
        found[f"forest {symbol}"] = forest_figure(forest_frame(result, symbol, lang=lang), lang=lang)
    return found


@pytest.fixture(scope="module")
def drawn(kept):
    return figures(kept)


# --- which estimates are shown -------------------------------------------------------------------------


def test_figures_are_drawn_around_the_first_event_of_a_set(kept):
    assert shown_securities(kept) == list(SECURITIES)
    assert [path_event(kept, symbol).id for symbol in SECURITIES] == [
        "h200-approval-report",
        "h200-approval",
        "h200-approval",
        "h200-approval",
    ]
    assert path_event(kept, "SPY") is None


def test_without_sets_a_headline_s_event_leads_and_without_headlines_the_last_one(kept):
    spec = kept.spec.model_copy(update={"event_sets": ()})
    assert path_event(kept.model_copy(update={"spec": spec}), "603019").id == "hygon-sugon-merger-terminated"
    spec = spec.model_copy(update={"headlines": ()})
    assert path_event(kept.model_copy(update={"spec": spec}), "NVDA").id == "h200-approval"


def test_a_security_without_history_is_shown_by_the_model_that_needs_none(kept):
    assert path_model(kept, "NVDA", "h200-approval-report") == "market"
    assert path_model(kept, "688795", "h200-approval") == "market_adjusted"
    assert path_model(kept, "NVDA", "first-export-controls") is None


# --- timeline ------------------------------------------------------------------------------------------


def test_the_overview_holds_every_event_once_in_order(kept):
    frame = overview_frame(kept)
    assert sorted(frame["event_id"]) == sorted(event.id for event in kept.spec.events)
    assert list(frame["number"]) == list(range(1, len(frame) + 1))
    assert list(frame.loc[frame["line_start"], "label"]) == [
        "Oct 2022", "Apr 2025", "May 2025", "Jul 2025", "Aug 2025", "Sep 2025", "Oct 2025", "Nov 2025", "Dec 2025"
    ]  # fmt: skip
    assert not frame.duplicated(["line", "place"]).any()
    assert frame["place"].between(1, PER_LINE).all()


def test_many_months_are_told_in_quarters_and_many_quarters_in_years(kept):
    def labels(moments):
        event = kept.spec.events[0]
        from eventstudy.events import parse_moment

        events = tuple(event.model_copy(update={"id": text, "when": parse_moment(text)}) for text in moments)
        spec = kept.spec.model_copy(update={"events": events})
        frame = overview_frame(kept.model_copy(update={"spec": spec}))
        return list(frame.loc[frame["line_start"], "label"])

    months = [f"{year}-{month:02d}" for year in (2023, 2024) for month in range(1, 13)]
    assert labels(months)[:2] == ["Q1 2023", "Q2 2023"]
    assert labels([f"{year}-{month:02d}" for year in range(2000, 2010) for month in (1, 6)])[:2] == ["2000", "2001"]


def test_a_crowded_month_goes_on_in_a_second_line(kept):
    event = kept.spec.events[0]
    events = tuple(event.model_copy(update={"id": f"e{number}"}) for number in range(PER_LINE + 2))
    frame = overview_frame(kept.model_copy(update={"spec": kept.spec.model_copy(update={"events": events})}))
    assert list(frame["line"]) == [0] * PER_LINE + [1, 1]
    assert frame["line_start"].sum() == 1


def test_the_days_show_each_piece_of_news_and_its_sessions(kept):
    frame = days_frame(kept, "h200-week")
    links = frame[frame["kind"] == "link"].set_index(["event_id", "place"])
    post = links.loc["h200-approval"]
    assert dict(post["session"]) == {"America/New_York": date(2025, 12, 9), "Asia/Shanghai": date(2025, 12, 9)}
    assert post.loc["Asia/Shanghai", "end"] == datetime(2025, 12, 9, 1, 30, tzinfo=UTC)
    report = links.loc[("h200-approval-report", "America/New_York")]
    assert report["partial"] and report["end"] == report["start"] == datetime(2025, 12, 8, 17, 56, tzinfo=UTC)
    for (event_id, place), link in links.iterrows():
        own = {
            record.session
            for record in kept.sessions
            if record.event_id == event_id and (record.exchange == "XSHG") == (place == "Asia/Shanghai")
        }
        assert own == {link["session"]}


def test_the_days_show_sessions_with_their_hours_and_lunch(kept):
    frame = days_frame(kept, "h200-week")
    sessions = frame[frame["kind"] == "session"]
    york = sessions[sessions["place"] == "America/New_York"]
    assert list(york["session"]) == [date(2025, 12, day) for day in (8, 9, 10)]
    assert set(york["end"] - york["start"]) == {pd.Timedelta(hours=6.5)}
    lunch = frame[frame["kind"] == "break"]
    assert set(lunch["place"]) == {"Asia/Shanghai"}
    assert set(lunch["end"] - lunch["start"]) == {pd.Timedelta(hours=1.5)}


def test_the_days_read_in_both_time_zones(drawn):
    layout = drawn["days h200-week"].layout
    left = dict(zip(layout.yaxis.ticktext, layout.yaxis.tickvals, strict=True))
    right = dict(zip(layout.yaxis2.ticktext, layout.yaxis2.tickvals, strict=True))
    key = "<b>9\N{NO-BREAK SPACE}Dec</b>"
    assert left[key] - right[key] == pytest.approx(13)  # Shanghai is 13 hours ahead of New York in winter
    assert layout.yaxis.range == layout.yaxis2.range


def test_a_market_of_one_place_has_one_clock(kept):
    frame = days_frame(kept, "h200-week")
    figure = days_figure(frame[frame["place"] != "America/New_York"])
    assert "yaxis2" not in figure.layout.to_plotly_json()
    assert {trace.yaxis for trace in figure.data} <= {None, "y"}


# --- prices --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", SECURITIES)
def test_the_price_frame_is_the_bars(kept, symbol):
    bars = kept.to_frame("bars").query("security == @symbol").reset_index(drop=True)
    frame = price_frame(kept, symbol)
    pd.testing.assert_frame_equal(
        frame[["open", "high", "low", "close", "change"]], bars[["open", "high", "low", "close", "change"]]
    )
    assert list(frame["session"]) == list(bars["session"])


def test_limits_and_sessions_without_limit_are_marked(kept, drawn):
    sugon = price_frame(kept, "603019").set_index("session")
    assert sugon.loc[date(2025, 12, 10), "limit"] == "limit_down"
    assert (sugon["limit"] != "").sum() == 1
    assert price_frame(kept, "688795")["no_limit"].sum() == 5
    names = {trace.name for trace in drawn["price 603019"].data}
    assert "closed at lower limit" in names
    assert len(drawn["price 688795"].layout.shapes) > len(set(marker_frame(kept, "688795")["at"]))


@pytest.mark.parametrize("symbol", SECURITIES)
def test_every_event_that_reaches_a_security_has_a_marker_of_its_own(kept, symbol):
    frame = marker_frame(kept, symbol)
    shown = {bar.session for bar in kept.bars if bar.security == symbol}
    wanted = [r for r in kept.sessions if r.security == symbol and r.session in shown and r.role != "context"]
    assert sorted(frame["event_id"]) == sorted(record.event_id for record in wanted)
    for _, level in frame.groupby("level"):
        assert (np.diff(sorted(level["at"])) >= 2).all()


def test_closes_alone_become_a_line(kept):
    prices = price_frame(kept, "NVDA").assign(open=np.nan)
    figure = price_figure(prices, marker_frame(kept, "NVDA"), currency="USD")
    assert figure.data[0].type == "scatter"
    assert list(figure.data[0].y) == list(prices["close"])


def test_candles_say_up_and_down_by_fill_too(drawn):
    candles = drawn["price NVDA"].data[0]
    assert candles.type == "candlestick"
    assert candles.increasing.fillcolor != candles.decreasing.fillcolor
    assert candles.increasing.line.color != candles.decreasing.line.color


# --- CAR paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", SECURITIES)
def test_the_path_frame_is_the_car_paths(kept, symbol):
    frame = car_path_frame(kept, symbol)
    event = path_event(kept, symbol).id
    paths = kept.to_frame("car_paths").set_index(["security", "event_id", "model"])
    wanted = paths.loc[(symbol, event, path_model(kept, symbol, event))]
    merged = frame.merge(wanted, on=["benchmark", "relative_day"], validate="one_to_one", suffixes=("", "_result"))
    assert len(merged) == len(frame) == len(wanted)
    for name in ("car", "ci_low", "ci_high"):
        same = np.array_equal(merged[name].astype(float), merged[f"{name}_result"].astype(float), equal_nan=True)
        assert same, name


def test_the_path_ends_at_the_sum_of_abnormal_returns(kept):
    frame = car_path_frame(kept, "NVDA")
    last = frame[(frame["benchmark"] == "SPY") & (frame["relative_day"] == 10)]["car"].item()
    ar = kept.to_frame("ar").query("security == 'NVDA' and event_id == 'h200-approval-report' and benchmark == 'SPY'")
    assert last == pytest.approx(ar.query("model == 'market'")["ar"].sum(), abs=EXACT)


def test_a_security_without_history_has_a_path_without_a_band(drawn):
    bands = [trace for trace in drawn["path 688795"].data if trace.fill]
    assert bands == []
    assert len([trace for trace in drawn["path NVDA"].data if trace.fill == "tonexty"]) == 2


def test_paths_differ_by_dash_and_marker_too(drawn):
    shown = [trace for trace in drawn["path NVDA"].data if trace.showlegend is not False]
    assert len({trace.line.color for trace in shown}) == len(shown) == 2
    assert len({trace.line.dash for trace in shown}) == 2
    assert len({trace.marker.symbol for trace in shown}) == 2


def test_a_security_without_tested_events_has_an_empty_path(kept):
    assert car_path_frame(kept, "SPY").empty
    assert forest_frame(kept, "SPY").empty


# --- estimates -----------------------------------------------------------------------------------------


def test_the_headline_frame_is_the_headlines(kept):
    frame, result = headlines_frame(kept), kept.to_frame("headlines")
    for name in ("estimate", "ci_low", "ci_high", "detectable"):
        assert list(frame[name]) == list(result[name])
    assert list(frame["pvalue"]) == list(result["placebo_pvalue"])
    assert list(frame["differs"]) == [False, False, False, True]
    assert list(frame["bound"]) == ["", "", "", "limit_down"]


def test_the_grey_zone_reaches_as_far_as_the_detectable_effect(kept, drawn):
    bar = drawn["headlines"].data[0]
    for base, length, head in zip(bar.base, bar.x, kept.headlines, strict=True):
        assert base == pytest.approx(-100 * head.detectable, rel=EXACT)
        assert base + length == pytest.approx(100 * head.detectable, rel=EXACT)


def test_the_forest_holds_every_model_benchmark_and_window(kept):
    frame = forest_frame(kept, "603019")
    windows = [window for window in kept.spec.windows.car if window.size > 1]
    assert len(frame) == 5 * (2 + len(windows))
    cars = kept.to_frame("car").query("security == '603019' and event_id == 'h200-approval'")
    cars = cars[cars["window"].map(lambda window: window[0] != window[1])]
    assert sorted(frame["estimate"].iloc[10:]) == sorted(cars["car"])
    assert not frame["ci_low"].isna().any()
    assert forest_frame(kept, "688795")["ci_low"].isna().all()


def test_intervals_of_single_days_are_those_of_a_one_day_window(kept):
    ars = {(r.event_id, r.security, r.model, r.benchmark): r for r in kept.ar if r.relative_day == 0}
    checked = 0
    for car in kept.car:
        if car.window == (0, 0) and car.std_error is not None:
            low, high = ar_interval(ars[car.event_id, car.security, car.model, car.benchmark], kept.spec.confidence)
            assert (low, high) == (pytest.approx(car.ci_low, abs=EXACT), pytest.approx(car.ci_high, abs=EXACT))
            checked += 1
    assert checked == sum(car.window == (0, 0) and car.std_error is not None for car in kept.car) > 0


def test_the_event_day_frame_is_the_dummies(kept):
    frame, result = event_days_frame(kept, "h200-week"), kept.to_frame("event_days")
    assert sorted(frame["estimate"]) == sorted(result["ar"])
    assert not frame.duplicated("place").any()
    assert frame["limit"].sum() == 2


def test_error_bars_reach_the_limits_of_the_interval(kept, drawn):
    frame = event_days_frame(kept, "h200-week")
    for trace in drawn["event days h200-week"].data[:2]:
        for x, up, down, place in zip(trace.x, trace.error_x.array, trace.error_x.arrayminus, trace.y, strict=True):
            row = frame[frame["place"] == place].iloc[0]
            assert x + up == pytest.approx(100 * row["ci_high"], abs=1e-9)
            assert x - down == pytest.approx(100 * row["ci_low"], abs=1e-9)


# --- style ---------------------------------------------------------------------------------------------


def test_all_colours_are_those_of_okabe_and_ito_or_greys(drawn):
    looks = [look for looks in LOOKS.values() for look in looks] + list(ROLE_LOOKS.values())
    assert {look["color"] for look in looks} <= OKABE_ITO | GREYS
    for figure in drawn.values():
        for trace in figure.data:
            color = getattr(trace.marker, "color", None) if trace.type != "candlestick" else trace.increasing.line.color
            assert color is None or color in OKABE_ITO | GREYS or color.startswith("rgba(230,159,0")


def test_second_benchmarks_of_a_kind_look_different(kept):
    for looks in LOOKS.values():
        assert len({(look["color"], look["dash"], look["symbol"]) for look in looks}) == len(looks)
        assert len({look["symbol"] for look in looks}) == len(looks)
    assert look_of("total", 0) is look_of("total", 2)
    spec = kept.spec
    nvda = spec.securities["NVDA"].model_copy(update={"benchmarks": ("SPY", "SOXX", "sh000300")})
    spec = spec.model_copy(update={"securities": {**spec.securities, "NVDA": nvda}})
    assert [rank_of(spec, "NVDA", name) for name in ("SPY", "SOXX", "sh000300", None)] == [0, 0, 1, 0]


@pytest.mark.parametrize("lang", LANGS)
def test_every_figure_has_traces_and_the_same_input_gives_the_same_figure(kept, lang):
    one, other = figures(kept, lang), figures(kept, lang)
    assert len(one) == 16
    for name, figure in one.items():
        assert figure.data, name
        assert figure.to_json() == other[name].to_json(), name


def test_figures_speak_the_language_asked_for(kept):
    assert {trace.name for trace in figures(kept, "zh")["event days h200-week"].data} == {
        "总效应",
        "相对效应",
        "收于涨跌停价",
    }


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("Department said to be about to open", 22, "Department said to be<br>about to open"),
        ("媒体称美国商务部将放开H200出口", 16, "媒体称美国商务部<br>将放开H200出口"),
        ("放行消息（12月8日）", 11, "放行消息<br>（12月8日）"),
        ("short", 30, "short"),
        ("", 10, ""),
    ],
)
def test_text_wraps_by_words_and_chinese_signs(text, width, lines):
    assert wrap(text, width) == lines


@given(
    st.lists(st.sampled_from(["a", "word", "中文", "（一）", "H200", "、", "longer-word"]), max_size=12),
    st.integers(4, 30),
)
def test_wrapping_loses_nothing(pieces, width):
    text = " ".join(pieces)
    wrapped = wrap(text, width)
    assert wrapped.replace("<br>", "").replace(" ", "") == text.replace(" ", "")


@given(st.lists(st.sampled_from(["a", "word", "H200"]), min_size=1, max_size=12), st.integers(4, 30))
def test_no_line_of_words_is_wider_than_asked(pieces, width):
    assert all(display_width(line) <= width for line in wrap(" ".join(pieces), width).split("<br>"))


def test_what_looks_like_a_tag_is_shown_as_text():
    assert plain_text("<b>A & B</b>") == "&lt;b&gt;A &amp; B&lt;/b&gt;"
