"""The report folder: its files, their bytes, what the page says, and how it is written."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from datetime import date
from html.parser import HTMLParser

import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import OptionError
from eventstudy.report import cell, csv_files, write_report
from eventstudy.report.page import environment, render_page
from eventstudy.report.sections import SECTIONS
from eventstudy.results import FIELDS, LISTS
from eventstudy.spec import Choice
from eventstudy.summary import summary_text
from eventstudy.texts import LANGS, load_texts
from tests.conftest import tree
from tests.report_words import section_html
from tests.worlds import FEW

CSV_DIGITS = 1e-9  # ten significant digits are written
MOST_BYTES = 7_000_000


class Page(HTMLParser):
    """The visible text of each section, and every element with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.sections = [], [], {}
        self._hidden, self._section = 0, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._hidden += tag in ("script", "style")
        if tag == "section":
            self._section = dict(attrs)["id"]

    def handle_endtag(self, tag):
        self._hidden -= tag in ("script", "style")
        if tag == "section":
            self._section = None

    def handle_data(self, data):
        if not self._hidden and data.strip():
            self.text.append(data.strip())
            self.sections.setdefault(self._section, []).append(data.strip())

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def pages(kept_pages):
    return kept_pages


@pytest.fixture(scope="module")
def over(kept, kept_trees, tmp_path_factory):
    """The report of each language, written over that of the other."""
    found = {}
    for lang, other in zip(LANGS, reversed(LANGS), strict=True):
        out = tmp_path_factory.mktemp(lang)
        for name, content in kept_trees[other].items():
            file = out / kept.spec.study.id / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        found[lang] = write_report(kept, out, lang=lang)
        assert found[lang] == out / "h200-export-decision"
    return found


@pytest.fixture(scope="module")
def bare(flagship_spec, flagship_prices):
    """The flagship without anything that a study may leave out, really run."""
    empty = dict.fromkeys(("event_sets", "headlines", "claims", "tests"), ())
    spec = flagship_spec.model_copy(update={**empty, "groups": {}, "models": (Choice(name="market"),)})
    return es.run_study(spec, flagship_prices)


@pytest.fixture(scope="module")
def american(flagship_spec, flagship_prices):
    """NVIDIA alone, with log returns and 90 % intervals, really run."""
    events = []
    for event in flagship_spec.events:
        securities = {name: sign for name, sign in event.securities.items() if name == "NVDA"}
        if securities or event.role != "tested":
            kept = {"securities": securities, "exchanges": tuple(code for code in event.exchanges if code == "XNAS")}
            events.append(event.model_copy(update=kept))
    ids = {event.id for event in events}
    (event_set,) = flagship_spec.event_sets
    left = tuple(name for name in event_set.events if name in ids)
    spec = flagship_spec.model_copy(
        update={
            "confidence": 0.9,
            "level": 0.1,
            "robustness": flagship_spec.robustness.model_copy(update=FEW),
            "returns": "log",
            "securities": {"NVDA": flagship_spec.securities["NVDA"].model_copy(update={"foreign": ()})},
            "regimes": (),
            "event_groups": flagship_spec.event_groups,
            "groups": {},
            "events": tuple(events),
            "event_sets": (event_set.model_copy(update={"events": left}),),
            "headlines": flagship_spec.headlines[:1],
            "claims": flagship_spec.claims[:2],
        }
    )
    return es.run_study(spec, flagship_prices)


def with_title(result, title):
    """The same result where the approval has another title."""
    events = tuple(
        event.model_copy(update={"title": title, "title_zh": None}) if event.id == "h200-approval" else event
        for event in result.spec.events
    )
    return result.model_copy(update={"spec": result.spec.model_copy(update={"events": events})})


# --- files ---------------------------------------------------------------------------------------------


def test_the_folder_holds_page_summary_results_and_a_table_for_each_list(kept, over):
    folder = over["en"]
    assert sorted(tree(folder)) == sorted(
        ["report.html", "results.json", "summary.md", *(f"tables/{name}.csv" for name in LISTS)]
    )
    assert (folder / "report.html").stat().st_size < MOST_BYTES
    assert (folder / "results.json").read_text(encoding="utf-8") == kept.to_json()
    assert (folder / "summary.md").read_text(encoding="utf-8") == summary_text(kept)


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_result_gives_the_same_bytes_and_replaces_what_was_there(kept_trees, over, lang):
    again = tree(over[lang])
    assert again == kept_trees[lang]
    assert all(b"\r" not in content for name, content in again.items() if name != "report.html")


def test_another_process_with_another_hash_seed_gives_the_same_bytes(kept_trees, elsewhere):
    assert elsewhere == kept_trees["en"]


def test_an_unknown_language_is_refused_and_writes_nothing(kept, tmp_path):
    with pytest.raises(OptionError) as error:
        write_report(kept, tmp_path / "out", lang="de")
    assert str(error.value) == "there is no language 'de'; allowed: en, zh"
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_folder_s_place_is_one_sentence(kept, tmp_path, sketched):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OptionError) as error:
        write_report(kept, tmp_path / "out")
    folder = tmp_path / "out" / "h200-export-decision"
    assert str(error.value) == (
        f"the report cannot be written to {folder}: {folder}: Not a directory; name another folder with --out"
    )
    assert (tmp_path / "out").read_text() == "mine"


# --- tables --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
def test_each_csv_reads_back_to_its_list(kept, name):
    text = csv_files(kept)[f"tables/{name}.csv"].decode()
    assert "\r" not in text and text.endswith("\n")
    frame = kept.to_frame(name)
    read = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    assert list(read.columns) == list(frame.columns)
    assert len(read) == len(frame)
    assert len(frame) > 0 or name == "means"  # the flagship has no sample of events
    for column in frame.columns:
        for written, value in zip(read[column], frame[column], strict=True):
            if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
                assert written == ""
            elif isinstance(value, float):
                assert float(written) == pytest.approx(value, rel=CSV_DIGITS, abs=0)
            elif isinstance(value, (tuple, list)) and not any(isinstance(item, (dict, tuple)) for item in value):
                assert (written.split("; ") if written else []) == [cell(item) for item in value]
            elif not isinstance(value, (tuple, dict, bool)):
                assert written == str(value)


def test_numbers_in_csv_files_need_no_conversion(kept):
    read = pd.read_csv(io.StringIO(csv_files(kept)["tables/ar.csv"].decode()), dtype={"security": str})
    frame = kept.to_frame("ar")
    for column in ("relative_day", "expected", "ar", "std_error", "statistic", "df", "pvalue"):
        pd.testing.assert_series_equal(read[column], frame[column], rtol=CSV_DIGITS, check_dtype=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.3333333333"),
        (-2.5e-12, "-2.5e-12"),
        (True, "true"),
        (7, "7"),
        (date(2025, 12, 8), "2025-12-08"),
        (("a", "b"), "a; b"),
        ((0, 1), "0; 1"),
        ((), ""),
        ({"SPY": 1.5}, "SPY=1.5"),
        (({"a": 1}, {"a": 2}), "a=1; a=2"),
    ],
)
def test_cells(value, text):
    assert cell(value) == text


def test_a_cell_with_commas_quotes_and_lines_survives(kept):
    odd = kept.exclusions[0].model_copy(update={"detail": 'a, "b"\nc; d'})
    text = csv_files(kept.model_copy(update={"exclusions": (odd,)}))["tables/exclusions.csv"].decode()
    assert list(csv.reader(io.StringIO(text)))[1][4] == 'a, "b"\nc; d'


# --- the page ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_names_its_language_and_has_every_section_in_order(pages, lang):
    page = Page(pages[lang])
    assert page.all("html") == [{"lang": {"en": "en", "zh": "zh-Hans"}[lang]}]
    assert [attrs["id"] for attrs in page.all("section")] == list(SECTIONS)
    links = [attrs["href"][1:] for attrs in page.all("a") if attrs.get("class") != "skip"]
    assert links == list(SECTIONS)
    assert len(page.all("h1")) == 1


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_asks_for_nothing_outside_itself(pages, lang):
    page = Page(pages[lang])
    outward = [
        (tag, attrs)
        for tag, attrs in page.elements
        if attrs.get("src") or tag in ("link", "img", "iframe") or (tag == "a" and not attrs["href"].startswith("#"))
    ]
    assert outward == []
    (policy,) = [attrs["content"] for attrs in page.all("meta") if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy.split(";")[1]


def test_the_policy_allows_exactly_the_scripts_of_the_page(pages):
    page = pages["en"]
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    hashes = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts}
    assert len(scripts) == 2
    assert set(re.findall(r"'sha256-([^']+)'|&#39;sha256-(.+?)&#39;", page)) == {("", one) for one in hashes}
    assert all("\r" not in script for script in scripts)  # a browser would turn it into a newline before hashing


@pytest.mark.parametrize("lang", LANGS)
def test_every_figure_has_title_finding_description_and_numbers(pages, lang):
    page = Page(pages[lang])
    blocks = re.findall(r"<figure .*?</figure>", pages[lang], flags=re.DOTALL)
    assert len(blocks) == len(page.all("figure")) == 48
    for block in blocks:
        parsed = Page(block)
        (chart,) = [attrs for attrs in parsed.all("div") if "data-figure" in attrs]
        assert chart["role"] == "img" and len(chart["aria-label"]) > 20
        assert parsed.all("figure")[0]["aria-labelledby"] == f"{chart['id']}-title"
        assert re.search(r"<figcaption>[^<]{10,}</figcaption>", block)
        assert len(parsed.all("details")) == 1 and len(parsed.all("tr")) > 1
        (data,) = parsed.all("script")
        assert data == {"type": "application/json", "id": f"{chart['id']}-data"}


@pytest.mark.parametrize("lang", LANGS)
def test_figure_data_are_whole_and_cannot_end_their_script(pages, lang):
    blocks = re.findall(
        r'<script type="application/json" id="([^"]+)-data">(.*?)</script>', pages[lang], flags=re.DOTALL
    )
    assert len(blocks) == len({name for name, _ in blocks}) == 48
    for _, text in blocks:
        assert "<" not in text
        figure = json.loads(text)
        assert figure["data"]
        assert "NaN" not in text and "Infinity" not in text


@pytest.mark.parametrize("lang", LANGS)
def test_readers_meet_no_ids_keys_or_untranslated_names(kept, pages, lang):
    page = Page(pages[lang])
    shown = " ".join(
        text for name, texts in page.sections.items() if name not in ("provenance", "reproduce") for text in texts
    )
    raw = [*(event.id for event in kept.spec.events), *(claim.id for claim in kept.spec.claims)]
    raw += [name for name in kept.spec.benchmarks if name.startswith("sh")]
    raw += [
        "market_adjusted",
        "limit_down",
        "short_history",
        "mvrm_f",
        "portfolio_t",
        "jarque_bera",
        "after_close",
        "XNAS",
    ]
    assert [word for word in raw if word in shown] == []
    keys = [key for key in load_texts(lang).entries if key in shown]
    keys = [key for key in keys if re.search(rf"(?<![\w./]){re.escape(key)}(?![\w.])", shown)]
    assert keys == []
    assert not re.search(r"\{\w*\}|\bNone\b(?! of)|\bnan\b|Timestamp|datetime", shown)


def test_the_chinese_page_speaks_chinese(pages):
    english = {text for text in load_texts("en").entries.values() if len(text.split()) > 3 and "{" not in text}
    shown = " ".join(Page(pages["zh"]).text)
    assert [sentence for sentence in english if sentence in shown] == []
    headings = re.findall(r"<h[123][^>]*>(.*?)</h[123]>", pages["zh"])
    assert all(re.search("[一-鿿]", heading) for heading in headings)


def test_the_page_says_the_data_s_own_dates_and_no_other(pages):
    text = " ".join(Page(pages["en"]).text)
    assert "15 March 2024 to 16 January 2026" in text
    assert "21 November to 10 December 2025" in text
    assert f"{date.today():%Y-%m-%d}" not in pages["en"]  # noqa: DTZ011


@pytest.mark.parametrize("lang", LANGS)
def test_the_headline_numbers_are_those_of_the_results(kept, pages, lang):
    texts = load_texts(lang)
    shown = " ".join(Page(pages[lang]).sections["answer"])
    for head in kept.headlines:
        for number in (
            texts.percent(head.estimate),
            texts.points(head.ci_low),
            texts.points(head.ci_high),
            texts.p_equals(head.pvalue),
            texts.points(head.detectable, signed=False),
        ):
            assert number in shown


@pytest.mark.parametrize(
    ("section", "sentences"),
    [
        ("answer", ["1 of the 4 headline figures", "What the data do not say"]),
        ("timeline", ["5 pieces of news", "8 tested events, 2 confounders and 12 events for context"]),
        (
            "securities",
            ["There is no band: Moore Threads was listed on 5 December 2025", "closed at its lower price limit"],
        ),
        ("estimates", ["Its market-adjusted returns are", "total effect", "relative effect"]),
        ("joint", ["F(2, 107) = 21.78", "Bootstrap p", "χ²(2) = 43.97"]),
        ("diagnostics", ["7 of the 18 p-values below are under 0.05."]),
        (
            "claims",
            ["11 claims were held against the recorded prices: 6 supported, 2 not supported and 3 cannot be tested."],
        ),
        ("exclusions", ["Trading halts", "No estimation window", "Flagged sessions inside the event windows"]),
        ("provenance", ["Market model", "at least 60 of them", "exchange_calendars 4", "seed 20251208"]),
        ("reproduce", ["eventstudy run events.yaml", "reports/h200-export-decision/"]),
    ],
)
def test_each_section_says_what_it_is_for(pages, section, sentences):
    shown = " ".join(Page(pages["en"]).sections[section]).replace("\N{NO-BREAK SPACE}", " ")
    for sentence in sentences:
        assert sentence.replace("1 of the 4", "One of the 4") in shown


@pytest.mark.parametrize(("source", "named"), [("folder", "FOLDER"), ("frame", "FOLDER"), ("live", "live")])
def test_prices_are_reproduced_from_their_source(kept, source, named):
    provenance = tuple(
        record.model_copy(update={"source": source}) if record.name == "NVDA" else record for record in kept.provenance
    )
    shown = " ".join(Page(section_html(kept.model_copy(update={"provenance": provenance}), "reproduce", "zh")).text)
    assert f"eventstudy run events.yaml --source {named} --lang zh" in shown
    assert f'es.load_prices(spec, source="{named}")' in shown


@pytest.mark.parametrize(
    ("effort", "gone"),
    [
        ("full", {}),
        ("fast", {"specifications": (), "calibration": ()}),
        ("none", {"specifications": (), "calibration": (), "recommendations": ()}),
    ],
)
def test_the_command_that_reproduces_says_how_much_was_computed(kept, effort, gone):
    shown = " ".join(Page(section_html(kept.model_copy(update=gone), "reproduce", "en")).text)
    assert ("--robustness" in shown) == (effort != "full")
    if effort != "full":
        assert f"eventstudy run events.yaml --robustness {effort}" in shown
        assert f'es.run_study(spec, prices, robustness="{effort}")' in shown


def test_a_title_with_markup_is_shown_as_text(kept, tmp_path):
    title = "<script>alert('x')</script> & <img src=x onerror=alert(1)> |"
    result = with_title(kept, title)
    page = render_page(result, "en")
    assert "<script>alert" not in page and "<img" not in page
    parsed = Page(page)
    assert title in parsed.text
    assert len([attrs for attrs in parsed.all("script") if not attrs]) == 2
    assert "<script>" not in summary_text(result).replace("\\<script>", "")


def test_templates_escape_and_refuse_unknown_names():
    assert environment().from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
    with pytest.raises(Exception, match="'y' is undefined"):
        environment().from_string("{{ y }}").render(x=1)


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize("lang", LANGS)
def test_every_section_renders_alone(kept, name, lang, sketched):
    assert len(" ".join(Page(section_html(kept, name, lang)).text)) > 100


# --- other studies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_a_study_of_one_market_has_one_clock_and_its_own_level(american, lang):
    written = render_page(american, lang)
    page = Page(written)
    texts = load_texts(lang, american.spec.level)
    assert american.spec.level == 0.1
    shown = " ".join(page.sections["answer"])
    assert texts("answer.none.one") in shown
    assert texts("caption.headlines.none") in shown
    assert texts("figure.title.headlines", level=texts.level(0.9)) in shown
    assert len(page.all("figure")) == 17
    days = json.loads(re.search(r'id="figure-days-h200-week-data">(.*?)<', written)[1])
    assert "yaxis2" not in days["layout"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_study_without_sets_headlines_claims_and_groups_says_so(bare, lang):
    written = render_page(bare, lang)
    page = Page(written)
    texts = load_texts(lang)
    wanted = {
        "answer": "answer.no_headlines",
        "timeline": "timeline.no_sets",
        "estimates": "event_days.none",
        "joint": "joint.none",
        "claims": "claims.none",
    }
    for section, key in wanted.items():
        assert texts(key) in page.sections[section], section
    assert texts("portfolio.none") in page.sections["joint"]
    assert [attrs["id"] for attrs in page.all("section")] == list(SECTIONS)
    assert all(len(row) for row in re.findall(r"<tbody>(.*?)</tbody>", written, flags=re.DOTALL))


def test_a_study_of_context_events_alone_is_still_a_page(kept):
    empty = dict.fromkeys((field for name, field in FIELDS.items() if name != "provenance"), ())
    events = tuple(event for event in kept.spec.events if event.role == "context")
    plain = {"events": events, "event_sets": (), "headlines": (), "claims": ()}
    result = kept.model_copy(update={**empty, "spec": kept.spec.model_copy(update=plain)})
    page = Page(render_page(result, "en"))
    texts = load_texts("en")
    assert texts("securities.none") in page.sections["securities"]
    assert texts("diagnostics.none") in page.sections["diagnostics"]
    assert texts("exclusions.none") in page.sections["exclusions"]
    assert len(page.all("figure")) == 1


def test_a_security_without_a_listing_date_is_told_without_one(kept):
    spec = kept.spec
    securities = {**spec.securities, "688795": spec.securities["688795"].model_copy(update={"listed": None})}
    result = kept.model_copy(update={"spec": spec.model_copy(update={"securities": securities})})
    shown = " ".join(Page(section_html(result, "securities", "en")).text).replace("\N{NO-BREAK SPACE}", " ")
    assert "Shanghai Stock Exchange, STAR market; prices in CNY" in shown
    assert "There is no band: fewer than 60 sessions before the event hold a price of Moore Threads." in shown
