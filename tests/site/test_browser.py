"""What only a real browser shows, looked at in Debian's Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from .conftest import ROOT, Site

ARTICLES = [
    p.parent.relative_to(ROOT / "docs").as_posix() for p in sorted(Path(ROOT, "docs").rglob("lab.py"))
]
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1440, "height": 900}
KINDS = {
    "home": "",
    "article": "interaction/deepfm/",
    "article with masks": "sequence/sasrec/",
    "lab": "interaction/deepfm/lab/",
    "reference": "reference/models/",
    "glossary": "start/glossary/",
    "results": "results/frappe-ctr/",
    "404": "no/such/page/",
}


@contextmanager
def opened(browser: Browser, scheme: str = "light", size: dict[str, int] = DESKTOP) -> Iterator[Page]:
    """A fresh tab, as a first visitor has it."""
    context = browser.new_context(viewport=size, color_scheme=scheme)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    try:
        yield page
    finally:
        context.close()


def insert(page: Page, html: str) -> None:
    """Put something at the end of the article."""
    page.eval_on_selector("article", "(e, html) => e.insertAdjacentHTML('beforeend', html)", html)


def switch_language(page: Page, language: str) -> None:
    """Use the switch in the header as a reader does."""
    page.hover(".md-select")
    page.click(f".md-select__link[hreflang={language}]")
    page.wait_for_load_state()


@pytest.mark.parametrize(("start", "language", "end"), [("", "en", "en/"), ("en/", "zh", "")])
def test_switch_stays_on_the_page_and_the_heading(
    site: Site, browser: Browser, start: str, language: str, end: str
) -> None:
    with opened(browser) as page:
        for name in (*ARTICLES, "interaction/deepfm/lab"):
            page.goto(f"{site.address}{start}{name}/")
            switch_language(page, language)
            assert page.url == f"{site.address}{end}{name}/"
        page.goto(f"{site.address}{start}interaction/deepfm/")
        page.evaluate("document.getElementById('pitfalls').scrollIntoView()")
        page.wait_for_timeout(200)
        switch_language(page, language)
        assert page.url == f"{site.address}{end}interaction/deepfm/#pitfalls"


def results(page: Page, query: str) -> list[str]:
    """Paths the search lists for a query, first first."""
    if not page.locator(".md-search__input").is_visible():
        page.click("label.md-header__button[for=__search]")
    page.click(".md-search__input")
    page.fill(".md-search__input", "")
    page.keyboard.type(query)
    # Chinese is inserted as text, without a key event, but Material reads its field on one: a reader's input
    # method ends with one. Without it the query counts only if it was there before the worker was ready.
    page.keyboard.press("End")
    page.wait_for_selector(".md-search-result__list a")
    page.wait_for_timeout(600)
    links = page.eval_on_selector_all(".md-search-result__list > li > a", "all => all.map(a => a.href)")
    return [urlsplit(link).path for link in links]


@pytest.mark.parametrize(
    ("start", "query", "first"),
    [
        ("", "特征交叉", "interaction/deepfm/"),
        ("", "负采样", "sequence/sasrec/"),
        ("", "查表", "basics/embedding-lookup-sparse/"),
        ("en/", "embedding lookup", "en/basics/embedding-lookup-sparse/"),
        ("en/", "padding mask", "en/sequence/sasrec/"),
    ],
)
def test_search_lists_the_right_article_first_in_its_language(
    site: Site, browser: Browser, start: str, query: str, first: str
) -> None:
    base = urlsplit(site.address).path
    with opened(browser) as page:
        page.goto(f"{site.address}{start}start/reading/")
        found = results(page, query)
        assert found[0] == base + first
        for path in found:
            assert path.removeprefix(base).startswith("en/") == (start == "en/")


def test_search_index_is_fetched_when_the_reader_searches_and_not_before(
    site: Site, browser: Browser
) -> None:
    with opened(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{site.address}en/interaction/deepfm/", wait_until="networkidle")
        assert not [url for url in asked if "search_index" in url]
        page.click(".md-search__input")
        page.wait_for_timeout(500)
        assert [url for url in asked if "search_index" in url] == [
            f"{site.address}en/search/search_index.json"
        ]


def test_all_pages_ask_nobody_else_answer_200_and_keep_the_console_clean(
    site: Site, browser: Browser
) -> None:
    problems: list[str] = []

    def answered(response: Response) -> None:
        if response.status != 200:
            problems.append(f"{response.status} {response.url}")

    def said(message: ConsoleMessage) -> None:
        problems.append(f"console {message.type}: {message.text} at {message.location}")

    with opened(browser) as page:
        page.on("response", answered)
        page.on("console", said)
        page.on("pageerror", lambda error: problems.append(f"error {error}"))
        page.on(
            "requestfailed",
            lambda request: (
                None
                if request.failure == "net::ERR_ABORTED"  # the crawl has gone on to the next page
                else problems.append(f"failed {request.url}: {request.failure}")
            ),
        )
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((site.address, "data:", "blob:"))
                else problems.append(f"elsewhere {request.url}")
            ),
        )
        for name in site.pages:
            page.goto(site.address + name, wait_until="load")
            if page.evaluate("document.documentElement.scrollHeight") < 200:
                problems.append(f"empty {name}")
        assert problems == []
        assert len(site.pages) >= 44


def test_the_crawl_sees_a_request_to_another_host(site: Site, browser: Browser) -> None:
    with opened(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(site.address)
        page.evaluate("new Image().src = 'http://127.0.0.1:9/x.png'")
        page.wait_for_timeout(100)
        assert [url for url in asked if not url.startswith(site.address)] == ["http://127.0.0.1:9/x.png"]


WIDER = """() => [...document.querySelectorAll('article *')].filter(e => {
  const box = e.getBoundingClientRect();
  if (!box.width || box.right <= innerWidth + 1) return false;
  for (let up = e.parentElement; up && up.tagName !== 'ARTICLE'; up = up.parentElement) {
    if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(up).overflowX)) return false;
  }
  return getComputedStyle(e).position !== 'fixed';
}).map(e => e.outerHTML.slice(0, 120))"""


def test_a_phone_never_scrolls_sideways(site: Site, browser: Browser) -> None:
    with opened(browser, size=PHONE) as page:
        for name in [*site.pages, "no/such/page/"]:
            page.goto(site.address + name)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
            assert page.evaluate(WIDER) == [], name


def test_the_phone_check_sees_what_is_too_wide(site: Site, browser: Browser) -> None:
    with opened(browser, size=PHONE) as page:
        page.goto(site.address)
        insert(page, '<p style="width:900px">x</p>')
        assert len(page.evaluate(WIDER)) == 1


def test_wide_tables_and_code_scroll_inside_themselves_by_keyboard(site: Site, browser: Browser) -> None:
    with opened(browser, size=PHONE) as page:
        page.goto(f"{site.address}interaction/deepfm/", wait_until="networkidle")
        scrollers = page.eval_on_selector_all(
            "article pre > code, article .md-typeset__scrollwrap, article .rn-math",
            "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.tabIndex)",
        )
        assert scrollers and set(scrollers) == {0}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["", "en/"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_serious(
    site: Site, browser: Browser, kind: str, language: str, scheme: str
) -> None:
    with opened(browser, scheme) as page:
        page.goto(f"{site.address}{language}{KINDS[kind]}", wait_until="networkidle")
        assert serious(page) == []


def serious(page: Page) -> list[str]:
    """What axe-core calls serious or critical."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {node['target']} {node['html'][:160]}"
        for violation in violations
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"][:3]
    ]


def test_axe_would_find_a_picture_without_text_and_faint_letters(site: Site, browser: Browser) -> None:
    with opened(browser) as page:
        page.goto(site.address)
        insert(page, '<img src="assets/favicon.svg"><p style="color:#ccc;background:#fff">faint</p>')
        assert {line.split(":")[0] for line in serious(page)} == {"image-alt", "color-contrast"}


FOCUSED = """(e => e.id || e.name || (e.className && e.className.split?.(' ')[0]) || e.tagName)
(document.activeElement)"""


def test_keyboard_reaches_content_search_and_switches(site: Site, browser: Browser) -> None:
    with opened(browser) as page:
        page.goto(f"{site.address}en/interaction/deepfm/")
        reached = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.add(page.evaluate(FOCUSED))
        assert {"md-skip", "query", "md-select__link"} <= reached, reached
        assert any(name.startswith("__palette") for name in reached), reached


def test_404_speaks_both_languages_and_its_links_work_from_any_depth(site: Site, browser: Browser) -> None:
    with opened(browser) as page:
        for path in ("nothing", "a/b/c/d/nothing.html", "en/interaction/nothing/"):
            answer = page.goto(site.address + path)
            assert answer is not None and answer.status == 404
            text = page.inner_text("article")
            assert "找不到这一页" in text and "Page not found" in text
            links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
            assert site.address in links and f"{site.address}en/" in links
            for link in set(links):
                if link.startswith(site.address):
                    assert page.request.get(link).status == 200, (path, link)


def test_copy_buttons_copy_exactly_the_code(site: Site, browser: Browser) -> None:
    source = (ROOT / "docs/interaction/deepfm/index.en.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", source, re.DOTALL | re.MULTILINE)
    with opened(browser) as page:
        page.goto(f"{site.address}en/interaction/deepfm/")
        buttons = page.locator(
            "div.language-python button.md-code__button[data-md-type=copy], div.language-python .md-clipboard"
        )
        copied = []
        for index in range(min(buttons.count(), 12)):
            page.evaluate("navigator.clipboard.writeText('')")
            buttons.nth(index).evaluate("button => button.click()")
            page.wait_for_function("navigator.clipboard.readText().then(text => text.length > 0)")
            copied.append(page.evaluate("navigator.clipboard.readText()").rstrip("\n"))
        assert len(copied) >= 5
        wanted = [block.rstrip("\n") for block in blocks]
        assert [text for text in copied if text not in wanted] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_drawings_stand_out_from_the_page(site: Site, browser: Browser, scheme: str) -> None:
    contrast = """() => {
      const rgb = text => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
      const linear = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
      const light = c => { const [r, g, b] = c.map(linear);
        return .2126 * r + .7152 * g + .0722 * b };
      const page = light(rgb(getComputedStyle(document.body).backgroundColor));
      return [...document.querySelectorAll('figure svg text')].map(text => {
        const ink = light(rgb(getComputedStyle(text).fill));
        return [(Math.max(ink, page) + .05) / (Math.min(ink, page) + .05), text.textContent.trim()] });
    }"""
    with opened(browser, scheme) as page:
        for name in [*(f"{a}/" for a in ARTICLES), *(f"{a}/lab/" for a in ARTICLES)]:
            page.goto(site.address + name)
            measured = page.evaluate(contrast)
            assert measured, name
            assert [text for ratio, text in measured if ratio < 3] == [], name


def test_formulas_use_the_font_the_site_ships(site: Site, browser: Browser) -> None:
    with opened(browser) as page:
        page.goto(f"{site.address}interaction/deepfm/", wait_until="networkidle")
        assert page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)") == [
            "RN Math"
        ]
        assert page.eval_on_selector_all("math", "all => all.length") > 20
        # A letter the font lacks falls back to another one, which shows in its width.
        widths = page.evaluate(
            """async () => {
              const letters = [...new Set([...document.querySelectorAll('mi')].map(e => e.textContent))]
                .filter(text => [...text].length === 1);
              const measure = family => letters.map(letter => {
                const box = document.createElement('div');
                const style = `font-family:${family};font-size:200px`;
                box.innerHTML = `<math style="${style}"><mi>${letter}</mi></math>`;
                document.body.append(box);
                const width = box.firstChild.getBoundingClientRect().width;
                box.remove();
                return width; });
              const [one, other] = [measure("'RN Math', monospace"), measure("'RN Math', serif")];
              return letters.filter((_, index) => one[index] !== other[index]); }"""
        )
        assert widths == []
        height = page.eval_on_selector(".rn-math math", "e => e.getBoundingClientRect().height")
        assert height > 15
