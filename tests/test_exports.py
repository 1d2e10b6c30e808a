"""Tables in LaTeX, HTML and Word: read back, they hold the same numbers and the texts as they were."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import OptionError, StoreError
from eventstudy.facts import fact
from eventstudy.tables import Line, Table, TableOptions

WINDOWS = {"estimation_window": (-100, -11), "event_window": (-5, 5), "min_estimation": 40}
SESSIONS = pd.bdate_range("2020-01-01", periods=260)
HOSTILE = ("<script>alert(1)</script>", r"\input{x}", "a & b", "5 % _x_ #1 ~ ^ $", "中文", "[0.5cm] *", "q\" '<i>")
WORDS = {r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", r"\textless{}": "<"}
WORDS |= {r"\textgreater{}": ">", "$-$": "−", "{[}": "[", "{*}": "*"}


@pytest.fixture(scope="module")
def study():
    rng = np.random.default_rng(4)
    market = rng.normal(0, 0.01, 260)
    returns = pd.DataFrame({name: market + rng.normal(0, 0.02, 260) for name in HOSTILE}, index=SESSIONS)
    dates = [SESSIONS[150 + 2 * n] for n in range(len(HOSTILE))]
    events = pd.DataFrame({"asset": HOSTILE, "date": dates, "event_id": HOSTILE})
    return es.event_study(returns.assign(MKT=market), events, benchmark="MKT", **WINDOWS)


class _Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows, self.tags, self.open = [], [], False

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.open = True
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.open = self.open and tag not in ("td", "th")

    def handle_data(self, data):
        if self.open:
            self.rows[-1][-1] += data


def of_html(text):
    read = _Cells()
    read.feed(text)
    assert not {"script", "i", "img"} & set(read.tags)
    return read.rows


def plain(cell):
    for latex, mark in WORDS.items():
        cell = cell.replace(latex, mark)
    return re.sub(r"\\([{}&%$#_])", r"\1", cell).strip()


def of_latex(text):
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")]
    lines = [line.removesuffix(r" \\") for line in body.splitlines() if line.endswith(r" \\")]
    return [[plain(re.sub(r"^\\emph\{(.*)\}$", r"\1", cell)) for cell in re.split(r"(?<!\\)&", line)] for line in lines]


def of_word(path):
    document = pytest.importorskip("docx").Document(str(path))
    return [[cell.text for cell in row.cells] for row in document.tables[0].rows]


def cells(rows):
    """Rows by label, those of headings, windows and notes left out."""
    width = max(map(len, rows))
    return {row[0]: row[1:] for row in rows if len(row) == width and row[0] and row[1] != "" and len(set(row)) > 1}


def test_the_three_formats_hold_the_same_cells_and_hostile_texts_as_they_were(study, tmp_path):
    found = study.car((-1, 1))
    read = [
        cells(of_latex(study.to_latex((-1, 1), what="car"))),
        cells(of_html(study.to_html((-1, 1), what="car"))),
        cells(of_word(study.to_word(tmp_path / "new" / "car.docx", (-1, 1), what="car"))),
    ]
    assert read[0] == read[1] == read[2]
    assert tuple(read[0]) == HOSTILE
    for name, (car, error, statistic, df, pvalue, interval) in read[0].items():
        row = found.loc[name]
        assert float(car.replace("−", "-")) == pytest.approx(row["car"], abs=5.1e-5)
        assert float(error) == pytest.approx(row["std_error"], abs=5.1e-5)
        assert float(statistic.replace("−", "-")) == pytest.approx(row["statistic"], abs=5.1e-4)
        assert (float(df), float(pvalue)) == (row["df"], pytest.approx(row["pvalue"], abs=5.1e-5))
        ends = [float(end) for end in interval.replace("−", "-").strip("[]").split(", ")]
        assert ends == pytest.approx([row["ci_low"], row["ci_high"]], abs=5.1e-5)


def test_no_command_of_an_id_reaches_latex(study):
    text = study.to_latex((0, 0), what="car", title=r"\input{y} & 5 % _")
    assert r"\caption{\textbackslash{}input\{y\} \& 5 \% \_}" in text
    assert r"\input" not in text
    assert not re.search(r"\\\\\s*\n?\s*[\[*]", text)


def test_every_test_has_a_row_and_a_refusal_stands_below(study):
    text, found = study.to_html((-1, 1)), study.test_results((-1, 1))
    rows = of_html(text)
    assert [row[0] for row in rows if row[0] in found] == list(found)
    refused = {name: one for name, one in found.items() if one.refusal is not None}
    assert refused
    for name, one in refused.items():
        assert f"{name} [-1, +1] is not available: {str(one.refusal).rstrip('.')}." in rows[-1][0]
    assert "two-sided where the test has two sides" in rows[-1][0]
    row = next(row for row in rows if row[0] == "cross_sectional_t")
    one = found["cross_sectional_t"]
    assert row[3:6] == [f"{one.statistic:.3f}".replace("-", "−"), "6", f"{one.pvalue:.4f}"]


def test_windows_stand_below_each_other_and_marks_are_told(study):
    text = study.to_latex([(0, 0), (-1, 1)], what="caar", marks="stars", decimal=",", digits=2, lang="zh")
    rows = of_latex(text)
    assert [row[0] for row in rows] == ["", "[0, 0]", "CAAR", "[-1, +1]", "CAAR"]
    assert rows[0][1:] == ["估计值", "标准误", "统计量", "自由度", "p值", "95%区间", "N"]
    assert re.fullmatch(r"\[−?0,\d\d; −?0,\d\d\]", rows[2][6])
    assert "*** p" in text


def line(**numbers):
    return Line("[0, 0]", "x", numbers)


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ({"estimate": -0.01, "pvalue": 0.0099}, ["−0.0100***", "0.0099"]),
        ({"estimate": 0.01, "pvalue": 0.01}, ["0.0100**", "0.0100"]),
        ({"estimate": 0.01, "pvalue": 0.00001}, ["0.0100***", "<0.0001"]),
        ({"estimate": 0.01, "pvalue": 0.001, "placebo_pvalue": 0.2}, ["0.0100", "0.0010", "0.2000"]),
        ({"statistic": 3.0, "pvalue": 0.04, "df": (2, 9)}, ["3.000**", "2, 9", "0.0400"]),
        ({"estimate": float("nan"), "n": 3}, ["3"]),
    ],
)
def test_numbers_and_marks(numbers, shown):
    table = Table.of("to_html", [line(**numbers)], "headlines", 0.9, TableOptions(marks="stars"))
    assert of_html(table.html())[2] == ["x", *shown]


@pytest.mark.parametrize("what", ["headlines", "car", "ar", "portfolio"])
def test_a_study_gives_the_lists_that_hold_estimates(kept, what, tmp_path):
    few = kept.model_copy(update={what: kept.records(what)[:12]})
    rows = [row for row in of_html(few.to_html(what)) if len(row) > 3]
    assert len(rows) == len(few.records(what)) + 1
    assert [row for row in of_word(few.to_word(tmp_path / "a.docx", what))[:-1] if row[1]] == rows
    assert f"{kept.spec.study.title}</td>" in few.to_html(what)


def test_headlines_show_the_three_p_values(kept):
    rows = of_latex(kept.to_latex(marks="stars"))
    assert rows[0][1:] == ["Estimate", "Std. error", "d.f.", "p", "placebo p", "adjusted p", "95 % interval"]
    read = {row[0]: row for row in rows if len(row) > 3}
    for one in kept.headlines:
        row = read[f"{one.subject}, {one.event_id}"]
        assert float(row[1].rstrip("*").replace("−", "-")) == pytest.approx(one.estimate, abs=5.1e-5)
        assert row[1].endswith("*") == (one.decisive < 0.1)
    assert "Stars go by the placebo p" in kept.to_latex(marks="stars")


def test_the_same_table_is_the_same_text(kept, study):
    assert kept.to_html() == kept.to_html()
    assert study.to_html((0, 0)) == study.to_html((0, 0))


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ({"digit": 3}, "to_html() has no option 'digit'; allowed: lang, digits, decimal, marks, title"),
        ({"digits": 13}, "digits=13 is not allowed; allowed: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"),
        ({"digits": True}, "digits=True is not allowed; allowed: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"),
        ({"decimal": ";"}, "decimal=';' is not allowed; allowed: ., ,"),
        ({"marks": "crosses"}, "marks='crosses' is not allowed; allowed: none, stars"),
        ({"lang": "de"}, "lang='de' is not allowed; allowed: en, zh"),
        ({"title": 5}, "title=5 is not allowed; it is a text"),
    ],
)
def test_an_unknown_option_is_refused(study, kept, option, told):
    for found in (study, kept):
        with pytest.raises(OptionError) as caught:
            found.to_html(**option)
        assert str(caught.value) == told


def test_what_there_is_not_is_refused(study, kept):
    with pytest.raises(OptionError, match=r"^what='ar' is not allowed; allowed: tests, caar, car$"):
        study.to_latex(what="ar")
    with pytest.raises(OptionError, match=r"^what='ledger' is not allowed; allowed: headlines, car, ar, "):
        kept.to_latex("ledger")
    with pytest.raises(OptionError) as caught:
        kept.model_copy(update={"event_groups": ()}).to_word("a.docx", "event_groups")
    assert caught.value.fact == fact("option.no_rows", what="to_word()")
    with pytest.raises(OptionError, match="is not inside the event window"):
        study.to_html([(0, 0), (-9, 9)], what="car")


def test_a_document_ends_in_docx_and_a_place_that_cannot_be_written_is_told(kept, tmp_path):
    with pytest.raises(OptionError) as caught:
        kept.to_word(tmp_path / "a.doc")
    assert caught.value.fact == fact("option.document", given=str(tmp_path / "a.doc"))
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError):
        kept.to_word(tmp_path / "file" / "a.docx")
