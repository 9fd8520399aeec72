"""The glossary: every term defined once in both languages, its page, and the words search is taught."""

import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace

import jieba
import pytest
import yaml
from mkdocs.exceptions import PluginError

ROOT = Path(__file__).resolve().parents[2]
# What articles were promised to find here.
SEED = """
    feature-interaction retrieval pre-ranking ranking re-ranking score-fusion click-through-rate
    conversion-rate embedding embedding-table lookup categorical-feature numeric-feature bucketize
    hash-collision field feature-column multi-valued-feature pooling mask padding causal-mask
    target-attention self-attention multi-interest capsule dynamic-routing gate expert
    seesaw-phenomenon multi-task-learning negative-sampling sampled-softmax hard-negative
    exposure-bias position-bias sample-selection-bias cold-start offline-online-consistency
""".split()


@pytest.fixture(scope="module")
def glossary():
    spec = importlib.util.spec_from_file_location("glossary_under_test", ROOT / "overrides/hooks/glossary.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def entries(glossary):
    return glossary.entries()


def test_ids_are_sorted_unique_and_made_for_anchors(entries):
    ids = [entry["id"] for entry in entries]
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in ids)
    assert set(SEED) <= set(ids)


def test_definitions_are_sentences_of_their_language(entries):
    for entry in entries:
        assert re.search(r"[一-鿿]", entry["zh_definition"]) and entry["zh_definition"].endswith("。"), entry
        assert not re.search(r"[一-鿿]", entry["en_definition"].replace("召回", "")), entry
        assert entry["en_definition"][0].isupper() or entry["en_definition"][0] in "−`", entry
        assert entry["en_definition"].endswith("."), entry
        assert not re.search(r"[一-鿿][A-Za-z0-9]|[A-Za-z0-9][一-鿿]", entry["zh_definition"]), entry


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_wrong_synonym_stands_in_a_right_term_or_definition(entries, language):
    right = [entry[key] for entry in entries for key in (language, f"{language}_definition")]
    for entry in entries:
        for wrong in entry[f"wrong_{language}"]:
            assert not [text for text in right if wrong.lower() in text.lower()], wrong


def test_words_for_the_search_stay_whole(glossary):
    words = glossary.terms()
    assert {"特征交叉", "负采样", "查表", "目标注意力"} <= set(words)
    tokenizer = jieba.Tokenizer()
    for word in words:
        tokenizer.add_word(word)
    assert "负采样" in tokenizer.lcut("训练时的负采样") and "特征交叉" in tokenizer.lcut("学习特征交叉")


def page_of(tmp_path, topic, language, title):
    path = tmp_path / topic / f"index.{language}.md"
    path.parent.mkdir(parents=True)
    path.write_text(f"---\ntitle: '{title}'\n---\n# x\n", encoding="utf-8")
    return SimpleNamespace(src_uri=f"{topic}/index.{language}.md", abs_src_path=str(path))


@pytest.mark.parametrize(
    ("language", "url", "title"),
    [
        ("zh", "start/glossary/", "DeepFM——共用嵌入"),
        ("en", "en/start/glossary/", "DeepFM: shared embeddings"),
    ],
)
def test_the_page_holds_every_entry_and_links_topics_that_exist(
    glossary, entries, tmp_path, language, url, title
):
    page = SimpleNamespace(url=url)
    pages = [page_of(tmp_path, "interaction/deepfm", language, title)]
    files = SimpleNamespace(documentation_pages=lambda: pages)
    text = glossary.on_page_markdown("before\n\n<!-- glossary -->\n", page, None, files)
    assert text.startswith("before") and "<!-- glossary -->" not in text
    headings = re.findall(r"^### .* \{#([\w-]+)\}$", text, re.M)
    assert sorted(headings) == [entry["id"] for entry in entries]
    groups = re.findall(r"^## .* \{#([\w-]+)\}$", text, re.M)
    assert len(groups) == len(glossary.GROUPS) and not set(groups) & set(headings)
    assert "[DeepFM](../../interaction/deepfm/index.md)" in text
    assert "sasrec" not in text  # it does not exist in this site
    definitions = [entry[f"{language}_definition"] for entry in entries]
    assert all(definition in text for definition in definitions)


def test_other_pages_are_left_alone(glossary):
    assert glossary.on_page_markdown("text", SimpleNamespace(url="x/"), None, None) == "text"


@pytest.mark.parametrize(
    ("change", "said"), [({"group": "nowhere"}, "unknown group 'nowhere'"), ({"en": None}, "lacks en")]
)
def test_a_wrong_entry_is_named(glossary, entries, tmp_path, change, said):
    entry = {**entries[0], **change}
    entry = {key: value for key, value in entry.items() if value is not None}
    path = tmp_path / "terms.yml"
    path.write_text(yaml.safe_dump([entry], allow_unicode=True), encoding="utf-8")
    with pytest.raises(PluginError, match=f"{entry['id']} .*{said}"):
        glossary.entries(path)
