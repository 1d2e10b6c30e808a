"""The gate of per-firm Parquet files, of executors, and of files that results are written to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.engine import partitions
from eventstudy.errors import EventStudyError, InputError, OptionError, StoreError
from eventstudy.facts import entries_of, fact, say
from eventstudy.texts import LANGS

pytest.importorskip("pyarrow", reason="the extra parquet is not installed")

SESSIONS = pd.bdate_range("2023-01-02", periods=300, name="session")
RNG = np.random.default_rng(8)
MARKET = pd.Series(RNG.normal(0, 0.01, 300), SESSIONS, name="MKT")
RETURNS = pd.DataFrame({f"F{n}": MARKET + RNG.normal(0, 0.02, 300) for n in range(3)}).assign(MKT=MARKET)
EVENTS = pd.DataFrame({"asset": ["F0", "F1"], "date": [SESSIONS[200], SESSIONS[210]]})
WINDOWS = {"estimation_window": (-120, -11), "event_window": (-2, 2)}
SIZE = pd.Series(RNG.normal(0, 0.01, 300), SESSIONS, name="SMB")


def firm(values, sessions=SESSIONS):
    return pd.DataFrame({"session": np.array(sessions), "return": values})


class Case:
    """A folder of firms, in which a file may be changed."""

    def __init__(self, root):
        self.root, self.folder, self.scratch = root, root / "firms", root / "scratch"
        self.folder.mkdir()
        self.scratch.mkdir()
        for name in ("F0", "F1", "F2"):
            self.put(firm(RETURNS[name].to_numpy()), name)

    def put(self, frame, name="F0"):
        frame.to_parquet(self.folder / f"{name}.parquet")

    def study(self, **options):
        given = {"folder": self.folder, "events": EVENTS, "regressors": MARKET, "scratch": self.scratch, **WINDOWS}
        return es.event_study_parquet(**{**given, **options})


@pytest.fixture
def case(tmp_path):
    return Case(tmp_path)


@pytest.fixture(scope="module")
def found():
    return es.event_study(RETURNS, EVENTS, benchmark="MKT", **WINDOWS)


def refusal(call, kind=InputError):
    with pytest.raises(kind) as caught:
        call()
    told = caught.value.fact
    assert told is not None, str(caught.value)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 400
    for lang in LANGS:
        assert say(f"fact.{told.code}", told.values, entries_of(lang))
    return told


def changed(value, row=7):
    values = RETURNS["F0"].to_numpy().copy()
    values[row] = value
    return firm(values)


VALUES = {
    "percent": (firm(RETURNS["F0"].to_numpy() * 100), "gate.scale.large"),
    "prices": (firm(np.linspace(50, 60, 300)), "gate.scale.large"),
    "other units": (firm(RETURNS["F0"].to_numpy() / 1000), "gate.scale.apart"),
    "infinite": (changed(np.inf), "gate.infinite"),
    "a code": (changed(-99.0), "gate.codes"),
    "below -1": (changed(-1.5), "gate.below_minus_one"),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_of_files_pass_the_gate_of_frames(case, name):
    frame, code = VALUES[name]
    case.put(frame)
    told = refusal(case.study)
    assert told.code == code
    whole = RETURNS.assign(F0=frame["return"].to_numpy())[["F0", "F1", "MKT"]]
    assert told == refusal(lambda: es.event_study(whole.drop(columns="MKT"), EVENTS, benchmark=MARKET, **WINDOWS))


def test_a_fault_is_found_in_whichever_part_it_lies(case, monkeypatch):
    monkeypatch.setattr(partitions, "TOGETHER", 1)
    events = pd.DataFrame({"asset": ["F2", "F0"], "date": [SESSIONS[200]] * 2})
    case.put(firm(np.full(300, np.nan)), "F2")
    assert case.study(events=events).params.index.tolist() == ["1"]
    case.put(changed(-99.0))
    assert refusal(lambda: case.study(events=events)).code == "gate.codes"
    case.put(firm(np.full(300, np.nan)))
    assert refusal(lambda: case.study(events=events)) == fact("gate.no_values", what="returns")


def test_what_is_vouched_for_is_taken_and_said(case):
    case.put(firm(RETURNS["F0"].to_numpy() * 100))
    study = case.study(accept=["scale"])
    assert study.accepted == {"scale"}
    assert "vouched for" in study.summary()
    case.put(changed(-1.5))
    assert case.study(accept=["outcome"]).accepted == {"outcome"}


REGRESSORS = {
    "two benchmarks": ({"regressors": RETURNS[["MKT", "F2"]]}, "gate.one_column"),
    "nothing": ({"regressors": MARKET * np.nan}, "gate.no_values"),
    "factors of nothing": ({"regressors": MARKET.to_frame() * np.nan, "model": "factor"}, "gate.no_values"),
    "percent": ({"regressors": MARKET * 100}, "gate.scale.large"),
    "a code": ({"regressors": MARKET.where(MARKET.index != SESSIONS[5], -99.0)}, "gate.codes"),
    "no table": ({"regressors": None}, "gate.kind"),
    "events": ({"events": None}, "gate.kind"),
    "unknown firms": ({"events": EVENTS.assign(asset="ZZZ")}, "gate.file.none"),
    "no asset": ({"events": EVENTS[["date"]]}, "gate.events.lack"),
    "assets missing": ({"events": EVENTS.assign(asset=None)}, "gate.no_asset"),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors_and_events_pass_it_too(case, name):
    options, code = REGRESSORS[name]
    assert refusal(lambda: case.study(**options)).code == code


@pytest.mark.parametrize("model", ["mean", "factor", "market_adjusted"])
def test_models_take_what_they_need_as_with_frames(case, model):
    given = pd.concat([MARKET, SIZE], axis=1) if model == "factor" else MARKET
    whole = {"factors": given} if model == "factor" else {"benchmark": given}
    frames = es.event_study(RETURNS[["F0", "F1"]], EVENTS, model=model, **whole, **WINDOWS)
    parts = case.study(regressors=given, model=model)
    np.testing.assert_allclose(parts.ar, frames.ar, rtol=0, atol=1e-12)
    np.testing.assert_allclose(parts.ar_se, frames.ar_se, rtol=0, atol=1e-12)


FILES = {
    "no columns": (pd.DataFrame({"session": SESSIONS, "price": 1.0}), "gate.file.columns", None),
    "no rows": (firm([], []), "gate.file.refused", "gate.empty"),
    "text": (firm(["0.01"] * 299 + ["C"]), "gate.file.refused", "gate.text"),
    "percent signs": (firm(["1.5%"] * 300), "gate.file.refused", "gate.text"),
    "truth": (firm([True] * 300), "gate.file.refused", "gate.text"),
    "twice": (firm([0.01] * 300, [SESSIONS[1], *SESSIONS[1:]]), "gate.file.refused", "gate.twice.of_asset"),
    "month first": (firm([0.01] * 300, SESSIONS.strftime("%m/%d/%Y")), "gate.file.refused", "gate.dates.ambiguous"),
    "day first": (firm([0.01] * 300, SESSIONS.strftime("%d.%m.%Y")), "gate.file.refused", "gate.dates.ambiguous"),
    "words": (firm([0.01] * 300, ["soon"] * 300), "gate.file.refused", "gate.dates.none"),
    "months": (firm([0.01] * 300, SESSIONS.strftime("%Y-%m")), "gate.file.refused", "gate.dates.month"),
    "serial numbers": (firm([0.01] * 300, range(45000, 45300)), "gate.file.refused", "gate.dates.none"),
    "no session": (firm([0.01] * 300, [pd.NaT, *SESSIONS[1:]]), "gate.file.refused", "gate.no_session"),
    "a Sunday": (firm([0.01], [pd.Timestamp("2023-01-08")]), "gate.file.not_a_session", None),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read_is_named(case, name):
    frame, code, why = FILES[name]
    case.put(frame)
    told = refusal(case.study)
    assert (told.code, told.values["file"]) == (code, "F0.parquet")
    assert why is None or told.values["why"]["code"] == why
    assert str(told).startswith("F0.parquet: ")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"session,return\n", b"PAR1" + bytes(40) + b"PAR1"])
def test_damaged_files_are_named(case, content):
    (case.folder / "F1.parquet").write_bytes(content)
    told = refusal(case.study)
    assert (told.code, told.values["file"]) == ("gate.file.unreadable", "F1.parquet")


def test_a_flaw_in_what_pandas_noted_is_no_matter_and_a_session_may_be_its_index(case, found):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = arrow.Table.from_pandas(firm(RETURNS["F0"].to_numpy())).replace_schema_metadata({b"pandas": b"{\xff"})
    parquet.write_table(table, case.folder / "F0.parquet")
    case.put(RETURNS["F1"].rename("return").to_frame(), "F1")
    np.testing.assert_allclose(case.study().ar, found.ar, rtol=0, atol=1e-12)
    columns = [table["session"], table["return"], table["return"]]
    parquet.write_table(arrow.Table.from_arrays(columns, ["session", "return", "return"]), case.folder / "F0.parquet")
    assert refusal(case.study) == fact("gate.file.columns", file="F0.parquet", columns=["session", "return", "return"])


def test_sentences_on_files():
    why = fact("gate.empty", what="returns")
    assert [
        str(told)
        for told in (
            fact("gate.file.unreadable", file="A.parquet", why="no footer"),
            fact("gate.file.none", folder="firms", assets=["A", "B"]),
            fact("gate.file.columns", file="A.parquet", columns=["a", "b"]),
            fact("gate.file.refused", file="A.parquet", why=why),
            fact("gate.file.not_a_session", file="A.parquet", session="2023-01-08", n=1),
            fact("gate.file.not_a_session", file="A.parquet", session="2023-01-08", n=2),
            fact("store.unwritten", place="away", why="No space left on device"),
        )
    ] == [
        "A.parquet: this is no Parquet file that can be read (no footer); write it again",
        "firms has no file of any asset of the events (A, B); name each file after its asset, as ASSET.parquet",
        "A.parquet: the columns session and return are needed; there are a, b",
        "A.parquet: there are no rows or no columns in returns; give at least one of each",
        "A.parquet: 2023-01-08 is not a session of the benchmark; take the row out, or give the benchmark its return",
        "A.parquet: 2023-01-08 is not a session of the benchmark, one of 2 such days; take the rows out, or give the "
        "benchmark its returns",
        "away cannot be written (No space left on device); name another place, or make room there",
    ]


@pytest.mark.parametrize(
    ("sessions", "options"),
    [
        (SESSIONS.strftime("%Y-%m-%d"), {}),
        (SESSIONS.strftime("%Y%m%d"), {}),
        (SESSIONS.date, {}),
        (SESSIONS.tz_localize("America/New_York"), {"exchange": "XNYS"}),
        (SESSIONS.strftime("%d/%m/%Y"), {"date_format": "%d/%m/%Y"}),
        (SESSIONS[::-1], {}),
    ],
)
def test_sessions_are_read_as_those_of_frames(case, found, sessions, options):
    turned = sessions[0] == SESSIONS[-1]
    for name in ("F0", "F1"):
        case.put(firm(RETURNS[name].to_numpy()[:: -1 if turned else 1], sessions), name)
    np.testing.assert_allclose(case.study(**options).ar, found.ar, rtol=0, atol=1e-12)


def test_folders_of_wrong_kinds(case):
    away, file = case.root / "away", case.root / "file"
    file.write_text("x", encoding="utf-8")
    for name in ("folder", "scratch"):
        for given in (None, 5, True, b"x", ["x"], "", "a\0b"):
            assert (
                refusal(lambda name=name, given=given: case.study(**{name: given}), OptionError).code == "option.path"
            )
        for given in (away, file, str(away)):
            told = refusal(lambda name=name, given=given: case.study(**{name: given}), OptionError)
            assert told == fact("option.folder", name=name, given=str(given))
    told = refusal(lambda: case.study(folder=case.scratch), OptionError)
    assert told == fact("option.no_parquet", folder=str(case.scratch))
    (case.scratch / "returns.npy").mkdir()
    assert refusal(case.study, StoreError).code == "store.unwritten"


def by(mapping):
    """An executor whose map is a function of the true results."""
    return type("Odd", (), {"map": lambda self, fn, parts: mapping([fn(part) for part in parts])})()


MAPS = {
    "nothing": lambda results: None,
    "a number": lambda results: 5,
    "none of them": lambda results: [],
    "too many": lambda results: results * 2,
    "a None more": lambda results: [*results, None],
    "Nones": lambda results: [None for _ in results],
    "texts": lambda results: "abc",
    "a part of the estimates": lambda results: [{"ar": one["ar"]} for one in results],
    "of fewer events": lambda results: [{name: values[:-1] for name, values in one.items()} for one in results],
}


@pytest.mark.parametrize("name", MAPS)
def test_an_executor_that_gives_other_results_is_refused(case, name):
    pool = by(MAPS[name])
    expected = fact("option.executor_results", given="a Odd", n=1)
    assert refusal(lambda: es.event_study(RETURNS, EVENTS, benchmark="MKT", executor=pool, **WINDOWS)) == expected
    assert refusal(lambda: case.study(executor=pool), OptionError) == expected


def test_executors_are_checked_before_files_are_read(case, found):
    case.put(firm([], []))
    for given in (5, "x", object()):
        assert refusal(lambda given=given: case.study(executor=given), OptionError).code == "option.executor"
    case.put(firm(RETURNS["F0"].to_numpy()))
    with ThreadPoolExecutor(2) as pool:
        np.testing.assert_allclose(case.study(executor=pool).ar, found.ar, rtol=0, atol=1e-12)


ODD = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "#N/A", "a\x01\x1fb", "\ufffe", "plain")


def odd_study():
    names = {f"F{n}": name for n, name in enumerate(ODD)}
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({name: MARKET + rng.normal(0, 0.02, 300) for name in names.values()}).assign(
        **{"=MKT": MARKET}
    )
    events = pd.DataFrame({"asset": ODD, "date": SESSIONS[200], "event_id": ODD, "group": ODD})
    return es.event_study(frame, events, benchmark="=MKT", **WINDOWS)


def test_a_workbook_holds_texts_and_no_formulas(tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="the extra excel is not installed")
    path = odd_study().to_excel(tmp_path / "new" / "folder" / "study.xlsx", (-1, 1))
    book = openpyxl.load_workbook(path)
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert not kinds & {"f", "e"}
    ids = [row[0].value for row in book["car"].iter_rows(min_row=2)]
    assert ids == [*ODD[:6], "a_x0001__x001F_b", "_xFFFE_", "plain"]
    assert {cell.data_type for row in book["car"].iter_rows(min_row=2, max_col=2) for cell in row} == {"s"}


@pytest.mark.parametrize("method", ["to_csv", "to_parquet", "to_excel"])
def test_a_path_that_cannot_be_written_is_one_sentence(found, tmp_path, method):
    pytest.importorskip("openpyxl", reason="the extra excel is not installed")
    write, ending = getattr(found, method), ".xlsx" if method == "to_excel" else ""
    for given in (None, 5, True, b"x", [], "", "a\0b"):
        assert refusal(lambda given=given: write(given), OptionError).code == "option.path"
    file = tmp_path / f"file{ending}"
    file.write_text("x", encoding="utf-8")
    below = file / f"study{ending}"
    assert refusal(lambda: write(below), StoreError).code == "store.unwritten"
    way = tmp_path / f"way{ending}"
    way.mkdir()
    for name in ("car.csv", "car.parquet"):
        (way / name).mkdir()
    assert refusal(lambda: write(way), StoreError).code == "store.unwritten"
    if method != "to_excel":
        assert refusal(lambda: write(file), StoreError).code == "store.unwritten"
    new = tmp_path / "new" / f"one{ending}"
    with pytest.raises(EventStudyError):
        write(new, (-9, 9))
    assert not new.parent.exists()
    write(new)
    assert new.exists()


def test_a_workbook_ends_in_xlsx(found, tmp_path):
    pytest.importorskip("openpyxl", reason="the extra excel is not installed")
    for name in ("study", "study.xls", "study.txt", "study.xlsm"):
        told = refusal(lambda name=name: found.to_excel(tmp_path / name), OptionError)
        assert told == fact("option.workbook", given=str(tmp_path / name))
