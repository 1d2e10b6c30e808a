"""The report in headless Chromium, from disk: nothing leaves, nothing complains, everything is drawn and legible."""

from __future__ import annotations

import shutil

import pytest

from eventstudy.texts import LANGS

pytestmark = pytest.mark.browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FIGURES = 48
WAIT = 900_000  # milliseconds; a page that is never drawn fails, a slow machine does not
PAPER = 673  # CSS pixels of A4 between the margins of the page's print style

# Boxes are shrunk before they are compared: a line box reaches beyond its glyphs, the more so in Chinese fonts.
CHECK = """
() => {
  const problems = [];
  const width = document.documentElement.clientWidth;
  const say = (kind, text) => problems.push(kind + ": " + text.trim().slice(0, 60));
  const scrolls = node => node.closest(".scroll, pre");
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.textContent.trim() || parent.closest("script, style, noscript, svg, .unseen, .skip")) continue;
    if (!parent.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width < 1 || box.height < 1) continue;
      if (!scrolls(parent) && (box.left < -1 || box.right > width + 1)) say("outside the page", node.textContent);
      boxes.push({ box, text: node.textContent, node });
    }
  }
  for (const element of document.body.querySelectorAll("*:not(svg *, .unseen)")) {
    const style = getComputedStyle(element);
    if (style.overflowX !== "hidden" && style.overflowY !== "hidden") continue;
    const beyond = element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
    if (beyond && element.textContent.trim()) say("cut off", element.textContent);
  }
  for (const chart of document.querySelectorAll("[data-figure]")) {
    const frame = chart.getBoundingClientRect();
    for (const element of chart.querySelectorAll("svg text")) {
      const box = element.getBoundingClientRect();
      if (!element.textContent.trim() || box.width < 1) continue;
      if (!element.checkVisibility({ visibilityProperty: true })) continue;
      const aside = box.left < frame.left - 1 || box.right > frame.right + 1;
      if (aside || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
        say("outside its figure " + chart.id, element.textContent);
      if (box.right > width + 1) say("outside the page", element.textContent);
      boxes.push({ box, text: element.textContent, node: element });
    }
  }
  boxes.sort((one, other) => one.box.top - other.box.top);
  for (let i = 0; i < boxes.length; i++) {
    const one = boxes[i], inset = one.box.height * 0.22;
    for (let j = i + 1; j < boxes.length && boxes[j].box.top < one.box.bottom - inset; j++) {
      const other = boxes[j], more = other.box.height * 0.22;
      const bottom = Math.min(one.box.bottom - inset, other.box.bottom - more);
      const high = bottom - Math.max(one.box.top + inset, other.box.top + more);
      const wide = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      if (high <= 1 || wide <= 2) continue;
      const inside = scrolls(one.node.parentElement), same = inside === scrolls(other.node.parentElement);
      if (same) say("overlap", one.text.trim().slice(0, 28) + " | " + other.text);
    }
  }
  if (document.documentElement.scrollWidth > width + 1) problems.push("the page scrolls sideways");
  return problems;
}
"""
DRAWN = """
() => Array.from(document.querySelectorAll("[data-figure]"), chart => ({
  id: chart.id,
  drawn: chart.querySelectorAll(".main-svg").length > 0,
  traces: chart.querySelectorAll(".main-svg .trace, .main-svg .bars, .main-svg .boxes, .main-svg .ohlc").length,
  width: chart.querySelector(".main-svg").getBoundingClientRect().width - chart.clientWidth,
}))
"""


def executable():
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    path = executable()
    if path is None:
        pytest.skip(f"the browser tests need one of {', '.join(BROWSERS)} on the path")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"], timeout=WAIT)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def reports(kept_pages, tmp_path_factory):
    """The flagship's page in each language, on disk."""
    folder = tmp_path_factory.mktemp("reports")
    found = {lang: folder / f"{lang}.html" for lang in LANGS}
    for lang, path in found.items():
        path.write_bytes(kept_pages[lang].encode())
    return found


class Visit:
    """A page opened from disk, with all that it asked for and complained about."""

    def __init__(self, browser, path, width):
        self.requests, self.blocked, self.complaints = [], [], []
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.page.set_default_timeout(WAIT)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.blocked.append((request.url, request.failure)))
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self._note("error", str(error)))
        self.page.goto(path.as_uri())

    def _note(self, kind, text):
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    def wait(self):
        self.page.wait_for_selector("html[data-drawn]", timeout=WAIT)
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self

    def left(self):
        return [url for url in self.requests if not url.startswith("file:")]


@pytest.fixture(scope="module")
def visit(chromium):
    """Open a page from disk; the same file at the same width is opened once for all tests, which leave it as it was."""
    opened = {}

    def open_page(path, width):
        if (path, width) not in opened:
            opened[path, width] = Visit(chromium, path, width)
        return opened[path, width]

    yield open_page
    for one in opened.values():
        one.page.close()


VIEWS = [
    ("en", 390),
    ("zh", 1280),
    pytest.param("en", 1280, marks=pytest.mark.slow),
    pytest.param("zh", 390, marks=pytest.mark.slow),
]
"""Each language and each width once in the suite, the other pairs among the proofs."""


@pytest.mark.parametrize(("lang", "width"), VIEWS)
def test_the_report_opens_from_disk(reports, visit, lang, width):
    seen = visit(reports[lang], width).wait()
    assert seen.left() == []
    assert len(seen.requests) == 1
    assert seen.complaints == []
    figures = seen.page.evaluate(DRAWN)
    assert len(figures) == FIGURES
    assert [figure["id"] for figure in figures if not figure["drawn"] or not figure["traces"]] == []
    assert [figure["id"] for figure in figures if abs(figure["width"]) > 1] == []
    assert seen.page.evaluate(CHECK) == []


@pytest.mark.parametrize(("lang", "width"), VIEWS)
def test_opened_details_are_legible(reports, visit, lang, width):
    seen = visit(reports[lang], width).wait()
    every = "() => document.querySelectorAll('details').forEach(item => { item.open = %s; })"
    seen.page.evaluate(every % "true")
    assert seen.page.evaluate(CHECK) == []
    seen.page.evaluate(every % "false")


def test_the_keyboard_reaches_links_details_and_wide_tables(reports, visit):
    seen = visit(reports["en"], 390).wait()
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("() => document.activeElement.className") == "skip"
    assert seen.page.evaluate("() => document.querySelectorAll('.scroll:not([tabindex=\"0\"])').length") == 0
    assert seen.page.evaluate("() => document.querySelectorAll('.scroll:not([aria-label])').length") == 0


def test_figures_follow_the_width_of_the_window(reports, visit):
    seen = visit(reports["zh"], 1280).wait()
    for width, condition in ((390, "< 380"), (1280, "> 1000")):
        seen.page.set_viewport_size({"width": width, "height": 900})
        drawn = f"() => document.querySelector('#figure-headlines .main-svg').clientWidth {condition}"
        seen.page.wait_for_function(drawn, timeout=WAIT)
        seen.page.wait_for_timeout(300)
        assert seen.page.evaluate(CHECK) == []


@pytest.mark.parametrize("lang", [pytest.param("en", marks=pytest.mark.slow), "zh"])
def test_paper_shows_all_numbers_and_whole_figures(reports, visit, lang):
    seen = visit(reports[lang], 1280).wait()
    seen.page.emulate_media(media="print")
    seen.page.set_viewport_size({"width": PAPER, "height": 1000})
    seen.page.evaluate("() => { window.dispatchEvent(new Event('beforeprint')); }")
    assert seen.page.evaluate("() => document.querySelectorAll('details:not([open])').length") == 0
    assert seen.page.evaluate(CHECK) == []
    seen.page.emulate_media(media="screen")
    seen.page.set_viewport_size({"width": 1280, "height": 900})
    seen.page.evaluate("() => { window.dispatchEvent(new Event('afterprint')); }")
    assert seen.page.evaluate("() => document.querySelectorAll('details[open]').length") == 0


# --- the checks can fail -------------------------------------------------------------------------------

BROKEN = """<!doctype html><html lang="en"><body style="margin:0">
<p style="position:absolute;top:10px;left:10px">One sentence here</p>
<p style="position:absolute;top:12px;left:14px">Another upon it</p>
<p style="position:absolute;top:80px;left:300px;white-space:nowrap">A line that runs far beyond the right edge</p>
<div style="position:absolute;top:140px;width:40px;overflow:hidden;white-space:nowrap">Cut off in its box</div>
<div id="figure-x" data-figure style="position:absolute;top:200px;left:0;width:200px;height:60px">
<svg class="main-svg" width="200" height="60" style="overflow:visible"><text x="150" y="30">Out of the figure</text>
<text x="5" y="30">Label</text><text x="9" y="32">Label two</text></svg></div>
</body></html>"""
SOUND = """<!doctype html><html lang="en"><body><p>One sentence.</p><p>Another below it.</p>
<div class="scroll" style="overflow-x:auto;width:100px;white-space:nowrap">Wide, but inside its own scroll box</div>
<div id="figure-x" data-figure style="width:200px;height:60px"><svg class="main-svg" width="200" height="60">
<text x="5" y="20">Label</text><text x="5" y="50">Label two</text></svg></div></body></html>"""


def written(tmp_path, text):
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_checks_find_every_fault_of_a_broken_page(visit, tmp_path):
    problems = visit(written(tmp_path, BROKEN), 390).page.evaluate(CHECK)
    assert "overlap: One sentence here | Another upon it" in problems
    assert "outside the page: A line that runs far beyond the right edge" in problems
    assert "cut off: Cut off in its box" in problems
    assert "outside its figure figure-x: Out of the figure" in problems
    assert "overlap: Label | Label two" in problems
    assert "the page scrolls sideways" in problems


def test_the_checks_find_nothing_on_a_sound_page(visit, tmp_path):
    assert visit(written(tmp_path, SOUND), 390).page.evaluate(CHECK) == []


def test_a_page_that_asks_and_complains_is_noticed(visit, tmp_path):
    page = '<!doctype html><img src="http://127.0.0.1:9/x.png"><script>console.warn("careful"); nowhere();</script>'
    seen = visit(written(tmp_path, page), 390)
    seen.page.wait_for_timeout(200)
    assert seen.left() == ["http://127.0.0.1:9/x.png"]
    assert "warning: careful" in seen.complaints
    assert any("nowhere is not defined" in complaint for complaint in seen.complaints)


def test_an_undrawn_figure_is_noticed(visit, tmp_path):
    page = '<!doctype html><div id="figure-x" data-figure><svg class="main-svg" width="10" height="10"></svg></div>'
    (figure,) = visit(written(tmp_path, page), 390).page.evaluate(DRAWN)
    assert figure["traces"] == 0


def test_the_policy_stops_a_request_that_a_changed_page_would_make(reports, visit, tmp_path):
    text = reports["en"].read_text(encoding="utf-8")
    changed = text.replace(
        "</main>", '<img src="http://127.0.0.1:9/x.png"><script>document.title = "run";</script></main>'
    )
    assert changed != text
    seen = visit(written(tmp_path, changed), 390).wait()
    assert seen.blocked == [("http://127.0.0.1:9/x.png", "csp")]
    assert seen.page.title() != "run"
    assert len(seen.complaints) == 2
