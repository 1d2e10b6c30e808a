"""The Chinese page holds no English but names: of firms, sources, files, software, vendors, statistics."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from eventstudy.facts import words
from eventstudy.results import FactRecord
from eventstudy.study.provenance import SOFTWARE
from tests.report_words import section_html

WORD = re.compile("[A-Za-z]{3,}")
SAID_ALOUD = ("aria-label", "title", "alt", "placeholder")
"""Attributes that a reader meets."""
SHOWN = ("text", "hovertext", "hovertemplate", "ticktext", "name", "title", "x", "y", "labels", "customdata")
"""Keys of a figure whose values are shown; those of others are plotly's own words, colours and fonts."""
MARKUP = re.compile(r"<[^>]+>|%\{[^}]*\}")

PATTERNS = (
    r"[\w.-]+/[\w.-]+ : [\w./-]+",  # repository : path
    r"\b(tables|reports)/[\w*./-]+",  # files of the report
    r"\b[\w-]+\.(csv|json|md|yaml)\b",
    r"\b[0-9a-f]{12}\b",  # a checksum's beginning
)
NAMES = {
    "statistics, called after their authors": (
        "BMP Boehmer Musumeci Poulsen Corrado Zivney Patell Wilcoxon Lamb Chow sup Wald Wilks lambda Tobit Jarque Bera "
        "Ljung Box ARCH"
    ),
    "measures and units": "CAR UTC SHA",
    "vendors": "Yahoo Eastmoney Sina Investing com",
    "an exchange that has no usual Chinese name": "NYSE Arca",
    "funds": "SPDR iShares ETF",
    "what the study's own Chinese texts name: acts, chips, a publisher": "GAIN SAFE CHIPS GPU Blackwell Rubin Semafor",
    "languages of programs": "JavaScript Python",
}


class Shown(HTMLParser):
    """What a reader meets of a page: its text without scripts, styles, commands; what is read aloud; its figures."""

    def __init__(self, page):
        super().__init__()
        self.texts, self.figures, self._within = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.texts += [value for name, value in attrs if name in SAID_ALOUD and value]
        if tag in ("script", "style", "code", "pre"):
            self._within.append("figure" if ("type", "application/json") in attrs else tag)

    def handle_endtag(self, tag):
        if tag in ("script", "style", "code", "pre"):
            self._within.pop()

    def handle_data(self, data):
        if not self._within:
            self.texts.append(data)
        elif self._within[-1] == "figure":
            self.figures.append(data)


def shown_in(part, key=""):
    """The texts of a figure that are shown; a menu's entries are called as ``annotations[0].text``."""
    match part:
        case dict():
            for name, inner in part.items():
                yield from shown_in(inner, name)
        case list():
            for inner in part:
                yield from shown_in(inner, key)
        case str() if key.rpartition(".")[2] in SHOWN:
            yield MARKUP.sub(" ", part)


def names_in(spec):
    """What a study itself names: its sources as they are cited, symbols, exchanges and currencies."""
    for source in spec.sources.values():
        yield from (source.publisher, source.title, str(source.date))
    for symbol, one in {**spec.benchmarks, **spec.instruments}.items():
        yield from (symbol, getattr(one, "exchange", ""), getattr(one, "currency", ""))


def english_in(page, spec):
    """Words of the page that are no names, each with the text in which it stands."""
    found = Shown(page)
    texts = [*found.texts, *(text for figure in found.figures for text in shown_in(json.loads(figure)))]
    cited = sorted({name for name in names_in(spec) if WORD.search(name)}, key=len, reverse=True)
    cited += SOFTWARE
    names = re.compile("|".join((*PATTERNS, *(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])" for name in cited))))
    known = {word for words_ in NAMES.values() for word in words_.split()}
    latin = [text for text in dict.fromkeys(texts) if WORD.search(text)]
    return {word: text.strip() for text in latin for word in WORD.findall(names.sub(" ", text)) if word not in known}


@pytest.fixture(scope="module")
def page(kept_pages):
    return kept_pages["zh"]


def test_the_chinese_page_holds_no_english(kept, page):
    assert english_in(page, kept.spec) == {}


def test_there_is_a_page_to_read(page):
    found = Shown(page)
    assert len(found.figures) == page.count('type="application/json"') > 40
    shown = [text for figure in found.figures for text in shown_in(json.loads(figure))]
    assert len(shown) > 500 and len(found.texts) > 2000
    assert len(re.findall("[一-鿿]", "".join(found.texts))) > 20_000


def test_the_english_page_is_found_to_be_english(kept, kept_pages):
    assert {"read", "from", "known", "packaged", "adjusted"} <= set(english_in(kept_pages["en"], kept.spec))


ENGLISH = "the prices were read from a file"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</h1>", f"</h1><p>{ENGLISH}</p>"),
        ("</h1>", f'</h1><p aria-label="{ENGLISH}">价格</p>'),
        ('"hovertext": [', f'"hovertext": ["{ENGLISH}",'),
        ('"annotations": [', f'"annotations": [{{"text":"<b>{ENGLISH}</b>"}},'),
        ('"ticktext": [', f'"ticktext": ["{ENGLISH}",'),
    ],
)
def test_an_english_sentence_is_found_wherever_it_stands(kept, page, old, new):
    assert old in page
    found = english_in(page.replace(old, new, 1), kept.spec)
    assert set(found) == {"the", "prices", "were", "read", "from", "file"}


def test_an_english_sentence_of_provenance_is_found(kept):
    """A note that is nobody's name comes to the page as it is."""
    first, *others = kept.provenance
    english = first.model_copy(
        update={"kind": "prices", "name": "NVDA", "source": "recorded", "facts": (FactRecord.of(words(ENGLISH)),)}
    )
    told = section_html(kept.model_copy(update={"provenance": (english, *others)}), "provenance", "zh")
    assert set(english_in(told, kept.spec)) == {"the", "prices", "were", "read", "from", "file"}


@pytest.mark.parametrize("text", ["<code>read from it</code>", "<pre>read from it</pre>", "<style>read from</style>"])
def test_commands_and_styles_are_no_prose(kept, page, text):
    assert english_in(page.replace("</h1>", f"</h1>{text}", 1), kept.spec) == {}


def test_every_name_that_is_allowed_is_needed(page):
    """A word that the page no longer has must not go on letting English pass."""
    everything = " ".join(Shown(page).texts) + " ".join(Shown(page).figures)
    allowed = {word for words_ in NAMES.values() for word in words_.split()}
    assert {word for word in allowed if word not in everything} == set()
