"""What every built page must have, read from its HTML."""

from __future__ import annotations

import filecmp
import json
import re
from copy import copy
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup, Tag

from .conftest import ADDRESS, REPOSITORY, ROOT, Site, build

TOPICS = [path.parent for path in sorted(Path(ROOT, "docs").rglob("lab.py"))]


def pages(site: Site) -> list[tuple[str, BeautifulSoup]]:
    return [(page, site.html(page)) for page in site.pages]


def text_without(html: Tag, selector: str) -> str:
    """The text outside what is selected."""
    rest = copy(html)
    for part in rest.select(selector):
        part.decompose()
    return rest.get_text()


def test_both_languages_hold_the_same_pages(site: Site) -> None:
    english = {page.removeprefix("en/") for page in site.pages if page.startswith("en/")}
    chinese = {page for page in site.pages if not page.startswith("en/")}
    assert chinese == english
    assert len(chinese) >= 22


def test_every_page_of_the_site_is_in_the_sitemap(site: Site) -> None:
    built = {path.parent.relative_to(site.folder).as_posix() for path in site.folder.rglob("index.html")}
    assert {page.rstrip("/") or "." for page in site.pages} == built


def test_head_of_every_page(site: Site) -> None:
    descriptions = set()
    for page, html in pages(site):
        assert html.html["lang"] == ("en" if page.startswith("en/") else "zh"), page
        assert html.find("link", rel="canonical")["href"] == ADDRESS + page
        description = html.find("meta", attrs={"name": "description"})["content"]
        assert 20 <= len(description) <= 220, (page, description)
        descriptions.add(description)
        image = html.find("meta", property="og:image")["content"]
        assert (site.folder / image.removeprefix(ADDRESS)).is_file(), page
        assert len(html.find_all("h1")) == 1, page
        assert html.title.string.strip()
    assert len(descriptions) == len(site.pages), "two pages share one description"


def test_sitemap_names_each_page_in_both_languages(site: Site) -> None:
    tree = BeautifulSoup((site.folder / "sitemap.xml").read_bytes(), "xml")
    for url in tree.find_all("url"):
        alternates = {link["hreflang"]: link["href"] for link in url.find_all("link")}
        assert set(alternates) == {"zh-Hans", "en"}
        assert url.loc.string in alternates.values()
        assert alternates["en"].removeprefix(ADDRESS + "en/") == alternates["zh-Hans"].removeprefix(ADDRESS)


def test_ids_are_unique_and_headings_have_permalinks(site: Site) -> None:
    for page, html in pages(site):
        ids = [element["id"] for element in html.find_all(id=True)]
        assert len(ids) == len(set(ids)), (page, sorted({i for i in ids if ids.count(i) > 1}))
        for heading in html.select("article :is(h1, h2, h3, h4)"):
            assert heading.get("id"), (page, heading.get_text())
            if not heading.find_parent(class_="doc"):
                assert heading.select_one("a.headerlink"), (page, heading["id"])


def broken_links(site: Site) -> list[str]:
    """Links and sources of built pages that lead nowhere on the site, fragments included."""
    known: dict[str, set[str]] = {}
    broken = []
    for page, html in pages(site):
        known[page] = {element["id"] for element in html.find_all(id=True)} | {""}
    for page, html in pages(site):
        for element in html.select("[href], [src]"):
            link = element.get("href") or element.get("src")
            parts = urlsplit(urljoin(ADDRESS + page, link))
            if not parts.geturl().startswith(ADDRESS):
                continue
            path = unquote(parts.path.removeprefix(urlsplit(ADDRESS).path))
            if path in known:
                if unquote(parts.fragment) not in known[path]:
                    broken.append(f"{page}: {link}")
            elif not (site.folder / path).is_file():
                broken.append(f"{page}: {link}")
    return broken


def test_no_link_leads_nowhere(site: Site) -> None:
    assert broken_links(site) == []


def test_link_check_sees_a_broken_link(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<p id="here"><a href="#there">x</a><a href="no.png">y</a><a href="#here">z</a>'
    )
    (tmp_path / "sitemap.xml").write_text(f"<loc>{ADDRESS}</loc>")
    assert broken_links(Site(tmp_path, "")) == [": #there", ": no.png"]


def test_images_and_drawings_have_text_in_the_language_of_the_page(site: Site) -> None:
    count = 0
    for page, html in pages(site):
        for drawing in html.select("article :is(img, svg[role=img], figure svg)"):
            text = drawing.get("alt") or drawing.get("aria-label") or ""
            assert len(text) >= 10, (page, str(drawing)[:120])
            assert bool(re.search(r"[\u4e00-\u9fff]", text)) == (not page.startswith("en/")), (page, text)
            count += 1
    assert count >= 2 * 2 * len(TOPICS)


def test_formulas_are_mathml_and_nothing_of_latex_is_left(site: Site) -> None:
    for page, html in pages(site):
        text = text_without(html, "pre, code, script, annotation")
        left = re.findall(r"\\\(|\\\[|\\frac|\\sum|\$\$|\\text\b", text)
        assert left == [], page
        assert not html.select(".arithmatex, mtext[style*=red], merror"), page
    for topic in TOPICS:
        for root in ("", "en/"):
            page = f"{root}{topic.relative_to(Path(ROOT, 'docs')).as_posix()}/"
            assert site.html(page).find("math"), page


def test_no_stress_is_left_as_stars(site: Site) -> None:
    # Markdown ends no stress between Chinese punctuation and a Chinese character; a space there helps.
    for page, html in pages(site):
        assert "**" not in text_without(html.article, "pre, code, math"), page


def test_a_formula_that_does_not_parse_fails_the_build_with_file_and_line(
    scratch: Path, tmp_path: Path
) -> None:
    page = scratch / "docs/start/reading/index.en.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text + "\nA line.\n\nBroken: \\(\\frac{1}{\\)\n", encoding="utf-8")
    line = text.count("\n") + 4
    run = build(tmp_path / "out", tree=scratch)
    assert run.returncode != 0
    assert f"docs/start/reading/index.en.md:{line}: formula does not parse" in run.stdout + run.stderr


def test_a_failed_build_leaves_the_old_site(scratch: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "index.html").write_text("old")
    page = scratch / "docs/start/reading/index.zh.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n\\(\\frac{1}{\\)\n", encoding="utf-8")
    assert build(out, tree=scratch).returncode != 0
    assert (out / "index.html").read_text() == "old"


def index_of(site: Site, language: str) -> list[dict[str, str]]:
    path = site.folder / language / "search/search_index.json"
    return json.loads(path.read_text(encoding="utf-8"))["docs"]


def test_each_language_has_a_search_index_of_its_own(site: Site) -> None:
    for language in ("", "en"):
        entries = index_of(site, language)
        assert len(entries) > 100
        for entry in entries:
            path = urlsplit(entry["location"]).path
            assert (site.folder / language / path / "index.html").is_file(), entry["location"]
    english = [e for e in index_of(site, "en") if not e["location"].startswith("start/glossary/")]
    assert [e["title"] for e in english if re.search(r"[\u4e00-\u9fff]", e["title"])] == []


def test_search_entries_hold_no_formula_and_no_notebook_noise(site: Site) -> None:
    for language in ("", "en"):
        for entry in index_of(site, language):
            words = entry["title"] + entry["text"]
            assert not re.search(
                r"\\(frac|sum|odot|text)|<math|<mi>|[\U0001d400-\U0001d7ff]|In\s*\[\d", words
            ), entry


def test_glossary_terms_stay_whole_in_the_index(site: Site) -> None:
    text = "".join(entry["title"] + entry["text"] for entry in index_of(site, ""))
    terms = yaml.safe_load((ROOT / "docs/start/glossary/terms.yml").read_text(encoding="utf-8"))
    for name in ("特征交叉", "负采样", "查表"):
        assert name in {term["zh"] for term in terms}
        assert f"\u200b{name}\u200b" in text


def test_lab_pages(site: Site) -> None:
    for topic in TOPICS:
        name = topic.relative_to(Path(ROOT, "docs")).as_posix()
        for root, language in (("", "zh"), ("en/", "en")):
            lab, article = site.html(f"{root}{name}/lab/"), site.html(f"{root}{name}/")
            facts = {a.get_text(): a["href"] for a in lab.select(".rn-facts a")}
            links = [urljoin(f"/{root}{name}/lab/", link) for link in facts.values()]
            assert f"/{root}{name}/" in links
            assert f"/{root}{name}/lab.ipynb" in links
            # The committed notebooks have no install cell while mkdocs.yml names no repository.
            assert not [link for link in links if "colab" in link]
            assert (
                urljoin(f"/{root}{name}/", article.select(".rn-facts a")[-1]["href"]) == f"/{root}{name}/lab/"
            )
            assert not lab.select("article style, article script, iframe")
            assert len(lab.select("[data-md-component=toc] a")) >= 3
            assert lab.select("article h2[id]")
            shipped = json.loads((site.folder / f"{root}{name}/lab.ipynb").read_text(encoding="utf-8"))
            assert shipped == json.loads((topic / f"lab.{language}.ipynb").read_text(encoding="utf-8"))


def test_a_lab_with_its_install_cell_can_be_opened_in_colab(scratch: Path, tmp_path: Path) -> None:
    name = "interaction/deepfm/lab.en.ipynb"
    path = scratch / "docs" / name
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(
        0, nbformat.v4.new_code_cell("import google.colab", metadata={"tags": ["notebook-only"]}, id="colab")
    )
    nbformat.write(notebook, path)
    for repository, expected in ((REPOSITORY, True), ("", False), ("https://git.example/x", False)):
        run = build(tmp_path / "out", tree=scratch, RECNOTES_REPOSITORY=repository, RECNOTES_ONLY="en")
        assert run.returncode == 0, run.stderr
        html = (tmp_path / "out/en/interaction/deepfm/lab/index.html").read_text(encoding="utf-8")
        link = f"https://colab.research.google.com/github/example/recnotes/blob/main/docs/{name}"
        assert (link in html) == expected
        assert ("issues/new" in html) == bool(repository)
        assert "import google.colab" not in html


def test_every_page_says_what_it_was_verified_with(site: Site) -> None:
    import keras
    import tensorflow as tf

    for page, html in pages(site):
        colophon = html.select_one(".rn-colophon").get_text()
        assert tf.__version__ in colophon and keras.__version__ in colophon, page
        report = html.select_one(".rn-colophon a")["href"]
        assert report.startswith(f"{REPOSITORY}/issues/new?title="), page


def test_previous_and_next_chain_all_pages_of_a_language(site: Site) -> None:
    for start in ("", "en/"):
        seen, page = [], start
        while page is not None:
            seen.append(page)
            link = site.html(page).select_one("a.md-footer__link--next")
            page = urljoin(f"/{page}", link["href"]).removeprefix("/") if link else None
            page = page.removeprefix("./") if page else page
            assert len(seen) < 1000
        expected = {p for p in site.pages if p.startswith("en/") == bool(start)}
        assert set(seen) == expected and len(seen) == len(expected)


def test_prerequisites_are_shown(site: Site) -> None:
    for topic in TOPICS:
        text = (topic / "index.en.md").read_text(encoding="utf-8")
        needs = yaml.safe_load(text.split("---")[1])["prerequisites"]
        name = topic.relative_to(Path(ROOT, "docs")).as_posix()
        links = [urljoin(f"/en/{name}/", a["href"]) for a in site.html(f"en/{name}/").select(".rn-facts a")]
        assert [f"/en/{need}/" for need in needs] == links[: len(needs)]


def test_api_reference_holds_every_public_object(site: Site) -> None:
    import importlib
    import inspect
    import pkgutil

    import recnotes

    ids = {
        element["id"]
        for page in site.pages
        if page.startswith("en/reference/")
        for element in site.html(page).find_all(id=True)
    }
    missing = []
    for module in pkgutil.walk_packages(recnotes.__path__, "recnotes."):
        if module.name.rsplit(".", 1)[1].startswith("_"):
            continue
        for name, member in vars(importlib.import_module(module.name)).items():
            if name.startswith("_") or getattr(member, "__module__", None) != module.name:
                continue
            if (inspect.isclass(member) or inspect.isfunction(member)) and f"{module.name}.{name}" not in ids:
                missing.append(f"{module.name}.{name}")
    assert missing == []


def test_docstrings_are_rendered_and_not_shown_raw(site: Site) -> None:
    for page, html in pages(site):
        if "reference/" in page:
            text = text_without(html.select_one("article"), "pre, details.mkdocstrings-source")
            assert re.findall(r".{30}(?:``|>>>|::).{30}", text) == [], page
            assert "(default:" not in text, page
            labels = re.findall(r"参数：|返回：|引发：", text)
            assert bool(labels) == (not page.startswith("en/") and page != "reference/"), page


def test_articles_link_the_api(site: Site) -> None:
    for topic in TOPICS:
        name = topic.relative_to(Path(ROOT, "docs")).as_posix()
        for root in ("", "en/"):
            links = [a["href"] for a in site.html(f"{root}{name}/").select("article a[href]")]
            assert any("/reference/" in urljoin(f"/{root}{name}/", link) for link in links), name


@pytest.mark.parametrize("only", ["zh", "en"])
def test_one_language_alone_keeps_its_addresses(only: str, site: Site, tmp_path: Path) -> None:
    run = build(tmp_path, RECNOTES_ONLY=only, RECNOTES_SITE_URL=ADDRESS)
    assert run.returncode == 0, run.stderr
    built = Site(tmp_path, "").pages
    assert sorted(built) == sorted(page for page in site.pages if page.startswith("en/") == (only == "en"))
    assert (tmp_path / ("en" if only == "en" else "") / "search/search_index.json").is_file()


def differences(one: Path, other: Path) -> list[str]:
    """Files that are not byte for byte the same in both folders."""
    names = {path.relative_to(root) for root in (one, other) for path in root.rglob("*") if path.is_file()}
    _, mismatch, errors = filecmp.cmpfiles(one, other, sorted(map(str, names)), shallow=False)
    return mismatch + errors


def test_two_builds_are_identical(site: Site, tmp_path: Path) -> None:
    environment = {"RECNOTES_SITE_URL": ADDRESS, "RECNOTES_REPOSITORY": REPOSITORY}
    run = build(tmp_path / "again", RECNOTES_KEEP_CONVERSIONS="no", PYTHONHASHSEED="7", **environment)
    assert run.returncode == 0, run.stderr
    assert differences(site.folder, tmp_path / "again") == []
    (tmp_path / "again" / "404.html").write_text("changed")
    assert differences(site.folder, tmp_path / "again") == ["404.html"]
