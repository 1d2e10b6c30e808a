"""Sections of the report as their templates give them, and the words that a reader sees in them."""

from __future__ import annotations

from html.parser import HTMLParser

from eventstudy.report.page import environment
from eventstudy.report.sections import SECTIONS
from eventstudy.report.views import Study
from eventstudy.texts.names import names_of


class Words(HTMLParser):
    """The visible text of a piece of a page."""

    def __init__(self, text):
        super().__init__()
        self.found, self._hidden = [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._hidden += tag == "script"

    def handle_endtag(self, tag):
        self._hidden -= tag == "script"

    def handle_data(self, data):
        if not self._hidden and data.strip():
            self.found.append(data.strip())


def study_of(result, lang="en"):
    return Study(result, names_of(result.spec, lang))


def section_html(result, section, lang="en"):
    study = study_of(result, lang)
    template = environment().get_template(f"{section}.html")
    return template.render(view=SECTIONS[section](study), t=study.texts, names=study.names)


def section_words(result, section, lang="en"):
    """The visible text of a section, spaces made plain."""
    return " ".join(" ".join(Words(section_html(result, section, lang)).found).split())
