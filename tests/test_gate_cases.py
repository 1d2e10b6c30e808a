"""Inputs that went in and came out as wrong figures, each with its right value, and a sibling of each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import load_sessions
from eventstudy.errors import InputError, OptionError
from eventstudy.windows import Window
from tests.test_gate import EVENTS, RETURNS, SESSIONS, WINDOWS, dated, study

MOVE = 0.15


def moved(asset, day, by=MOVE):
    """The returns with a move of one asset on one day."""
    frame = RETURNS.copy()
    frame.loc[pd.Timestamp(day), asset] = by
    return frame


def one(date, asset="F0", **columns):
    return pd.DataFrame({"asset": asset, "date": [date], **columns})


def flags(found, event="0"):
    """Codes of an event's flags with their values."""
    return {row.code: row.values for row in found.flags[found.flags["event_id"] == event].itertuples(index=False)}


def values(found, code):
    return found.flags.loc[found.flags["code"] == code, "values"].tolist()


# Codes, percent, texts


def test_codes_are_named_with_asset_and_session():
    frame = RETURNS.copy()
    frame.iloc[150, 0], frame.iloc[151, 1], frame.iloc[200, 2] = -99.0, -66.0, -88.0
    with pytest.raises(InputError) as caught:
        study(frame)
    assert str(caught.value) == (
        "returns: 3 cells are codes for missing returns: -99 of F0 on 2023-07-31, -66 of F1 on 2023-08-01, "
        "-88 of F2 on 2023-10-09; leave the cells empty"
    )
    assert caught.value.fact.values["n"] == 3
    assert caught.value.fact.values["cells"][0] == {"value": -99.0, "asset": "F0", "session": "2023-07-31"}


def test_thirty_wrong_cells_are_one_message_with_three_places():
    frame = RETURNS.copy()
    frame.iloc[100:130, 0] = -1.5
    with pytest.raises(InputError) as caught:
        study(frame)
    assert caught.value.fact.values["n"] == 30
    assert len(caught.value.fact.values["cells"]) == 3


def test_a_benchmark_in_percent_is_refused_with_its_median():
    with pytest.raises(InputError) as caught:
        study(benchmark=RETURNS["MKT"] * 100, model="market_adjusted")
    (told,) = caught.value.fact.values["medians"]
    assert told["median"] == pytest.approx(float((RETURNS["MKT"] * 100).abs().median()))


def test_a_calm_benchmark_in_percent_is_refused_by_its_distance():
    calm = RETURNS["MKT"] * 15  # a bond index of 0.1 % a day, in percent
    with pytest.raises(InputError) as caught:
        study(RETURNS / 100, benchmark=calm)
    told = caught.value.fact.values
    assert caught.value.fact.code == "gate.scale.apart"
    assert told["other"] == pytest.approx(float((calm - calm.median()).abs().median()))
    assert told["own"] == pytest.approx(float((RETURNS["F0"] - RETURNS["F0"].median()).abs().median()) / 100)


def test_units_that_are_vouched_for_are_taken_and_told():
    found = study(RETURNS * 100, accept=["scale"])
    plain = study()
    assert found.car((0, 0))["car"].to_numpy() == pytest.approx(100 * plain.car((0, 0))["car"].to_numpy())
    assert found.car((0, 0))["statistic"].to_numpy() == pytest.approx(plain.car((0, 0))["statistic"].to_numpy())
    assert set(found.flags["code"]) == {"accepted_scale"}
    assert plain.flags.empty
    with pytest.raises(InputError, match="is a code for a missing return"):
        study((RETURNS * 100).replace({"F0": {100 * RETURNS["F0"].iloc[150]: -99.0}}), accept=["scale"])


def test_values_that_are_no_returns_are_taken_where_the_caller_says_so():
    levels = RETURNS.drop(columns="MKT") * 50 - 3.0
    found = study(levels, benchmark=None, model="mean", accept=["outcome"])
    assert found.params["alpha"].to_numpy() == pytest.approx(levels.iloc[80:190, 0].mean(), abs=3.0)
    with pytest.raises(InputError):
        study(levels, benchmark=None, model="mean")


# Dates and clocks


def test_dates_with_the_day_first_need_a_format():
    frame = moved("F0", "2023-10-03")
    with pytest.raises(InputError) as caught:
        study(frame, one("03/10/2023"))
    assert str(caught.value) == (
        "events: row 0 (03/10/2023) can be read with the day or the month first; state date_format, e.g. %d/%m/%Y, "
        "or write 2024-04-03"
    )
    assert study(frame, one("03/10/2023"), date_format="%d/%m/%Y").car((0, 0))["car"].item() > 0.10
    assert study(frame, one("3.10.23"), date_format="%d.%m.%y").car((0, 0))["car"].item() > 0.10


@pytest.mark.parametrize("date", ["20231003", 20231003, 20231003.0, "2023-10-03", pd.Timestamp("2023-10-03")])
def test_eight_digits_are_a_date(date):
    assert study(moved("F0", "2023-10-03"), one(date)).car((0, 0))["car"].item() > 0.10


def test_an_empty_date_is_an_exclusion_and_a_text_is_not():
    found = study(events=dated(None))
    assert found.exclusions[["event_id", "code"]].to_numpy().tolist() == [["0", "no_date"]]
    with pytest.raises(
        InputError, match=r"^events: row 0 \(TBA\) is no date; write it as 2024-04-03, or leave it empty$"
    ):
        study(events=dated("TBA"))


def test_news_before_the_open_belongs_to_that_session():
    frame = moved("F0", "2023-10-03")
    news = pd.DataFrame({"asset": ["F0", "F1"], "date": ["2023-10-03T08:30-04:00", "2023-10-03T16:30-04:00"]})
    found = study(frame, news, exchange="XNYS", non_session="next")
    assert found.events["session"].astype(str).tolist() == ["2023-10-03", "2023-10-04"]
    assert found.events["why"].tolist() == ["as_dated", "moved"]
    assert found.events["sessions_moved"].tolist() == [0, 1]
    assert found.ar[0].loc["0"] > 0.10
    with pytest.raises(InputError, match="has a time of day; give exchange="):
        study(frame, one("2023-10-03 08:30"), non_session="next")


def test_news_inside_a_session_is_told():
    found = study(events=one("2023-10-03T11:00-04:00"), exchange="XNYS")
    assert flags(found)["partial_session"] == {"session": "2023-10-03"}


@pytest.mark.parametrize("policy", ["raise", "next", "previous", "skip"])
def test_an_instant_that_is_a_label_of_the_index_is_that_session(policy):
    frame = moved("F0", "2023-10-03").tz_localize("Asia/Shanghai")
    stamp = pd.Timestamp("2023-10-02 16:00", tz="UTC")
    assert study(frame, one(stamp), non_session=policy).ar[0].item() > 0.10


def test_local_midnights_in_utc_are_dated_at_the_exchange():
    frame = moved("F0", "2023-10-10").tz_localize("Asia/Shanghai").tz_convert("UTC")
    found = study(frame, one("2023-10-10"), exchange="XSHG", non_session="next")
    assert found.ar[0].item() > 0.10
    labelled = moved("F0", "2023-10-03").tz_localize("UTC")
    assert study(labelled, one(pd.Timestamp("2023-10-03", tz="UTC"))).ar[0].item() > 0.10


@pytest.mark.parametrize("policy", ["raise", "next", "previous", "skip"])
@pytest.mark.parametrize("date", ["2031-05-06", "1999-01-04", "2024-02-24"])
def test_an_event_outside_the_returns_is_no_event_of_their_ends(policy, date):
    found = study(events=dated(date), non_session=policy)
    assert found.exclusions["code"].tolist() == ["outside_returns"]
    assert found.events["used"].tolist() == [False, True]


def test_a_day_moved_over_a_hole_is_told():
    holed = RETURNS.drop(SESSIONS[200:210])
    found = study(holed, one(SESSIONS[203]), non_session="next")
    told = {"day": "2023-10-12", "session": "2023-10-23", "n": 11}
    assert flags(found)["moved.next"] == told
    assert found.flags.loc[0, "detail"] == (
        "2023-10-12 is not a session of its asset; day 0 is 2023-10-23, 11 days later"
    )
    row = found.events.iloc[0]
    assert (row["date"][:10], str(row["session"].date()), row["why"], row["sessions_moved"]) == (
        "2023-10-12",
        "2023-10-23",
        "moved.next",
        7,
    )
    back = study(holed, one(SESSIONS[203]), non_session="previous")
    assert flags(back)["moved.previous"] == {"day": "2023-10-12", "session": "2023-10-06", "n": 6}
    assert back.events["sessions_moved"].tolist() == [-4]


def test_a_moment_is_never_studied_on_a_session_before_the_news():
    holed = RETURNS.drop(pd.Timestamp("2023-10-03"))
    news = pd.DataFrame({"asset": ["F0", "F1"], "date": ["2023-10-03T08:30-04:00", "2023-11-03"]})
    found = study(holed, news, exchange="XNYS", non_session="previous")
    assert found.exclusions["code"].tolist() == ["not_a_session.before_news"]


# Windows


def test_an_earlier_event_in_the_estimation_window_is_told_whatever_is_left_out():
    two = pd.DataFrame({"asset": "F0", "date": [SESSIONS[170], SESSIONS[220]], "event_id": ["first", "second"]})
    for exclude in (False, True):
        found = study(events=two, exclude_event_days=exclude)
        assert flags(found, "second")["event_in_estimation"] == {"n": 1, "events": ("first",)}
        assert "event_in_estimation" not in flags(found, "first")
        assert found.events["others_in_estimation_window"].tolist() == [(), ("first",)]
    shortage = {"asked": 110, "nobs": 105, "outside": 0, "unusable": 5}
    assert flags(found, "second")["short_estimation"] == shortage


def test_windows_that_overlap_are_told_whether_neighbours_or_not():
    three = pd.DataFrame(
        {"asset": "F0", "date": [SESSIONS[200], SESSIONS[202], SESSIONS[204]], "event_first": [-2, 0, -4]}
    )
    found = study(events=three.assign(event_last=[6, 0, 2]))
    assert found.events["others_in_event_window"].tolist() == [("1", "2"), ("0", "2"), ("0", "1")]
    apart = pd.DataFrame({"asset": ["F0", "F0", "F1"], "date": [SESSIONS[200], SESSIONS[205], SESSIONS[200]]})
    assert study(events=apart).events["others_in_event_window"].tolist() == [(), (), ()]


def test_a_short_estimation_window_is_told_with_what_was_asked_and_had():
    found = study(events=one(SESSIONS[50]), estimation_window=(-250, -11))
    assert flags(found)["short_estimation"] == {"asked": 240, "nobs": 40, "outside": 200, "unusable": 0}
    assert found.flags["detail"].tolist() == [
        "40 of 240 sessions of the estimation window are used: 200 lie outside the returns, 0 were left out or "
        "have no return that can be used"
    ]
    assert found.events[["estimation_asked", "estimation_had"]].to_numpy().tolist() == [[240, 40]]
    gaps = RETURNS.copy()
    gaps.iloc[100:107, 0] = np.nan
    assert flags(study(gaps, one(SESSIONS[200])))["short_estimation"]["unusable"] == 7


# Suspicions


def test_closes_carried_forward_are_told_beside_the_events_that_they_touch():
    stale = RETURNS.copy()
    stale.iloc[150:180, 0] = 0.0
    found = study(stale)
    (told,) = values(found, "stale")
    assert found.flags.loc[found.flags["code"] == "stale", "event_id"].tolist() == ["0"]
    assert (told["session"], told["to"]) == (str(SESSIONS[150].date()), str(SESSIONS[179].date()))
    assert study(stale, one(SESSIONS[299 - 2], estimation_first=-60)).flags.empty


def test_a_split_and_a_wrong_price_are_told_beside_their_event():
    for ratio, move in (((5, 4), -0.2), ((2, 1), -0.5), ((1, 10), 9.0)):
        calm = (RETURNS / 2).where((RETURNS.index != SESSIONS[200])[:, None] | (RETURNS.columns != "F0"), move)
        (told,) = values(study(calm), "split_ratio")
        assert (told["new"], told["old"], told["session"]) == (*ratio, "2023-10-09")
    wrong = RETURNS.copy()
    wrong.iloc[200, 0], wrong.iloc[201, 0] = 9.0, -0.9
    (told,) = values(study(wrong), "reversal")
    assert (told["session"], told["to"], told["change"], told["back"]) == ("2023-10-09", "2023-10-10", 9.0, -0.9)


# Several markets


def two_markets():
    """Shares of New York and one of Shanghai in one table, empty where the other market alone traded."""
    rng = np.random.default_rng(17)
    days = pd.bdate_range("2023-01-02", periods=320)
    known = {code: days.isin(load_sessions(code).sessions) for code in ("XNYS", "XSHG")}
    holidays = {"New York": days[~known["XNYS"]], "Shanghai": days[~known["XSHG"]]}
    market = rng.normal(0, 0.01, 320)
    frame = pd.DataFrame({name: market + rng.normal(0, 0.02, 320) for name in ("AAA", "BBB", "CCC")}, index=days)
    frame = frame.assign(MKT=market)
    frame.loc[holidays["New York"], ["AAA", "BBB", "MKT"]] = np.nan
    frame.loc[holidays["Shanghai"], "CCC"] = np.nan
    return frame


def test_event_time_runs_in_the_sessions_of_each_market():
    both = two_markets()
    own = both[["AAA", "MKT"]].dropna()
    events = pd.DataFrame({"asset": "AAA", "date": own.index[150:280:5]})
    here, alone = study(both, events, event_window=(-5, 5)), study(own, events, event_window=(-5, 5))
    assert here.caar((-5, 5))["n"].tolist() == [len(events)]
    pd.testing.assert_frame_equal(here.ar, alone.ar, rtol=1e-12)
    pd.testing.assert_frame_equal(here.params, alone.params, rtol=1e-12)
    for window in ((0, 0), (-5, 5)):
        pd.testing.assert_series_equal(here.tests(window)["pvalue"], alone.tests(window)["pvalue"], rtol=1e-12)


def test_a_benchmark_is_cumulated_over_the_sessions_of_others():
    both = two_markets()
    shanghai = both["CCC"].dropna().index
    market = both["MKT"].fillna(0.0)
    found = es.event_study(
        both.drop(columns="MKT"),
        pd.DataFrame({"asset": "CCC", "date": [shanghai[200]], "exchange": "XSHG"}),
        benchmark=market,
        model="market_adjusted",
        estimation_window=(-60, -11),
        event_window=(-3, 3),
    )
    days = found.sample.sessions[found.sample.columns(found.event_window)[0]]
    place = both.index.get_indexer(days)
    before = both.index.get_indexer(found.sample.sessions[found.sample.columns(Window(-4, 2))[0]])
    growth = [np.prod(1 + market.iloc[one + 1 : two + 1]) - 1 for one, two in zip(before, place, strict=True)]
    assert found.ar.loc["0"].to_numpy() == pytest.approx(both["CCC"].iloc[place].to_numpy() - growth, abs=1e-12)


# Tables of other kinds


def long_table():
    wide = RETURNS.drop(columns="MKT").set_axis([10107, 10108, 10109, 10110], axis=1).reset_index()
    return wide.melt("date", var_name="permno", value_name="ret")


def test_long_tables_and_permnos():
    events = EVENTS.assign(asset=[10107.0, 10108.0])
    found = es.event_study(long_table(), events, benchmark=RETURNS["MKT"], **WINDOWS)
    np.testing.assert_array_equal(found.ar.to_numpy(), study().ar.to_numpy())
    wide = RETURNS.set_axis([10107, 10108, 10109, 10110, 12345], axis=1)
    assert study(wide, events, benchmark=12345).ar.equals(found.ar)
    twice = pd.concat([long_table(), long_table().iloc[[7]]])
    with pytest.raises(InputError, match="returns: 10107 on 2023-01-11 stands there twice; keep one row"):
        es.event_study(twice, events, benchmark=RETURNS["MKT"], **WINDOWS)


@pytest.mark.parametrize("shape", ["wide", "long"])
def test_polars_and_arrow(shape):
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    frame = RETURNS.drop(columns="MKT").reset_index() if shape == "wide" else long_table()
    events = EVENTS if shape == "wide" else EVENTS.assign(asset=[10107, 10108])
    market = RETURNS["MKT"].reset_index()
    expected = study().ar.to_numpy()
    for table in (pl.from_pandas(frame), pa.Table.from_pandas(frame, preserve_index=False)):
        given = {"events": pl.from_pandas(events), "benchmark": pl.from_pandas(market)}
        found = es.event_study(table, given["events"], benchmark=given["benchmark"], **WINDOWS)
        np.testing.assert_array_equal(found.ar.to_numpy(), expected)
    with pytest.raises(InputError, match=r"is a query that was not run \(polars\.LazyFrame\); collect it first"):
        es.event_study(pl.from_pandas(frame).lazy(), events, benchmark=market, **WINDOWS)


def test_an_empty_polars_cell_is_no_trade():
    pl = pytest.importorskip("polars")
    frame = RETURNS.reset_index()
    frame.loc[150, "F0"] = np.nan
    table = pl.from_pandas(frame).with_columns(pl.col("F0").fill_nan(None))
    assert es.event_study(table, EVENTS, benchmark="MKT", **WINDOWS).params["nobs"].tolist() == [109, 110]


# The ledger


def test_every_event_is_in_the_ledger():
    events = pd.DataFrame(
        {
            "event_id": ["a", "b", "c", "d"],
            "asset": ["F0", "ZZZ", "F1", "F2"],
            "date": ["2023-10-09", "2023-10-09", "2023-10-08", "2023-01-20"],
            "size": [1.0, 2.0, 3.0, 4.0],
        }
    )
    found = study(events=events, non_session="next", characteristics=["size"])
    ledger = found.events.set_index("event_id")
    assert ledger["why"].to_dict() == {
        "a": "as_dated",
        "b": "unknown_asset",
        "c": "moved.next",
        "d": "too_few_observations.of_event",
    }
    assert ledger["used"].to_dict() == {"a": True, "b": False, "c": True, "d": False}
    assert ledger["estimation_asked"].tolist() == [110] * 4
    assert ledger["estimation_had"].isna().to_dict() == {"a": False, "b": True, "c": False, "d": False}
    assert ledger.loc["d", "estimation_had"] == 4
    assert found.characteristics["size"].to_dict() == {"a": 1.0, "c": 3.0}


# What a new user met


def test_a_wrong_benchmark_is_told_beside_every_event_whose_windows_hold_it():
    odd = RETURNS.copy()
    odd.loc[SESSIONS[200], "MKT"] = 0.40
    odd.loc[SESSIONS[120:160], "MKT"] = 0.0
    found = study(odd)
    told = found.flags[found.flags["flag"] == "in_benchmark"]
    codes = told["values"].map(lambda one: one["why"]["code"]).groupby(told["event_id"]).agg(set).to_dict()
    assert codes == {"0": {"jump", "stale"}, "1": {"stale"}}
    (detail, *_) = found.flags.loc[found.flags["flag"] == "in_benchmark", "detail"]
    assert detail.startswith("in MKT: ")


@pytest.mark.parametrize(("rate", "year"), [(0.017, 4.4), (0.03, 7.8)])
def test_a_rate_in_percent_or_of_a_year_is_refused(rate, year):
    with pytest.raises(InputError) as caught:
        study(risk_free=RETURNS["MKT"] * 0 + rate)
    assert caught.value.fact.code == "gate.scale.rate"
    assert caught.value.fact.values["year"] == pytest.approx(year, rel=0.5)
    assert not study(risk_free=RETURNS["MKT"] * 0 + 0.00017).params.empty


def test_returns_on_days_on_which_the_exchange_was_closed_are_told():
    found = study(events=one("2023-07-06"), exchange="XNYS")
    holidays = RETURNS.index[~RETURNS.index.isin(load_sessions("XNYS").sessions)]
    first = RETURNS.index[RETURNS.index.get_loc(pd.Timestamp("2023-07-06")) - 120]
    inside = [day for day in holidays if first <= day <= pd.Timestamp("2023-07-10")]
    assert values(found, "exchange_closed") == [{"n": len(inside), "session": str(inside[0].date())}]
    assert found.ar.equals(study(events=one("2023-07-06")).ar)
    assert "exchange_closed" not in set(study(events=one("2023-07-06")).flags["code"])


def test_a_long_table_with_two_names_of_an_asset_or_no_returns_is_refused():
    table = long_table().assign(ticker="X")
    for frame, code in (
        (table, "gate.long.assets"),
        (long_table().rename(columns={"ret": "retx"}), "gate.long.returns"),
    ):
        with pytest.raises(InputError) as caught:
            es.event_study(frame, EVENTS, benchmark=RETURNS["MKT"], **WINDOWS)
        assert caught.value.fact.code == code


# What a breaker met


def test_labels_that_are_written_alike_are_one_asset():
    table = long_table()
    mixed = table.assign(permno=[str(one) if row % 2 else one for row, one in enumerate(table["permno"])])
    events = EVENTS.assign(asset=[10107, "10108"])
    found = es.event_study(mixed, events, benchmark=RETURNS["MKT"], **WINDOWS)
    np.testing.assert_array_equal(found.ar.to_numpy(), study().ar.to_numpy())
    clash = table.assign(permno=table["permno"].replace({10108: "10107 "}))
    with pytest.raises(InputError, match="stand there twice"):
        es.event_study(clash, events, benchmark=RETURNS["MKT"], **WINDOWS)


def test_lags_run_in_the_sessions_of_the_market():
    both = two_markets()
    own = both[["AAA", "MKT"]].dropna()
    events = pd.DataFrame({"asset": "AAA", "date": own.index[150:280:9]})
    here, alone = (study(frame, events, model="dimson") for frame in (both, own))
    pd.testing.assert_frame_equal(here.params, alone.params, rtol=1e-9)
    mixed = pd.DataFrame({"asset": ["AAA", "CCC"], "date": [own.index[200]] * 2, "exchange": ["XNYS", "XSHG"]})
    with pytest.raises(OptionError, match="count sessions, and the assets have sessions of several markets"):
        study(both, mixed, model="dimson", non_session="next")


def test_an_event_that_is_left_out_contaminates_all_the_same():
    two = pd.DataFrame({"asset": "F0", "date": [SESSIONS[20], SESSIONS[90]], "event_id": ["early", "late"]})
    found = study(events=two)
    assert found.exclusions["event_id"].tolist() == ["early"]
    assert flags(found, "late")["event_in_estimation"] == {"n": 1, "events": ("early",)}
    assert found.events.set_index("event_id").loc["late", "others_in_estimation_window"] == ("early",)


@pytest.mark.parametrize("date", [np.datetime64("2023-10"), np.datetime64("2023"), pd.Period("2023-10", "M")])
def test_a_month_of_any_library_is_no_day(date):
    with pytest.raises(InputError) as caught:
        study(events=dated(date))
    assert caught.value.fact.code == "gate.dates.month"


@pytest.mark.parametrize(
    "date", ["9999-12-31", "0001-01-01", "2605-09-15", "9999-12-31T23:00-05:00", "0001-01-01T00:00+05:00"]
)
def test_dates_beyond_any_returns_are_outside_them(date):
    found = study(events=dated(date), exchange="XNYS" if "T" in date else None)
    assert found.exclusions["code"].isin(["outside_returns", "outside_calendar"]).tolist() == [True]
    assert found.events["date"].tolist()[0] == date


@pytest.mark.parametrize(
    "options",
    [
        {"model": "mean", "benchmark": "ZZZ"},
        {"factors": "junk"},
        {"progress": "no"},
        {"accept": [["scale"]]},
        {"limit_days": pd.NA},
        {"risk_free": RETURNS["MKT"] * 0 + 0.03},
    ],
)
def test_an_option_that_is_not_used_is_looked_at_too(options):
    with pytest.raises(InputError) as caught:
        study(**options)
    assert caught.value.fact is not None


def test_options_of_dates_hold_for_every_table():
    texts = RETURNS.set_axis(RETURNS.index.strftime("%d/%m/%Y"), axis=0)
    rate = texts["MKT"] * 0 + 0.0001
    found = study(texts, dated("09/10/2023", exchange="XNYS").iloc[:1], risk_free=rate, date_format="%d/%m/%Y")
    assert found.events["session"].astype(str).tolist() == ["2023-10-09"]
