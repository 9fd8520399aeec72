"""The glossary page is written from ``docs/start/glossary/terms.yml``, where each term is defined once."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.utils import meta

MARKER = "<!-- glossary -->"
SOURCE = Path(__file__).parents[2] / "docs" / "start" / "glossary" / "terms.yml"
REQUIRED = ("id", "group", "zh", "en", "zh_definition", "en_definition", "wrong_zh", "wrong_en")
GROUPS = {
    "stages": ("推荐链路", "From request to list"),
    "features": ("特征", "Features"),
    "embedding": ("嵌入与查表", "Embeddings and lookups"),
    "interaction": ("特征之间", "Between features"),
    "sequence": ("序列与注意力", "Sequences and attention"),
    "multitask": ("多任务", "Multi-task"),
    "training": ("损失与训练", "Losses and training"),
    "data": ("样本与偏差", "Examples and biases"),
    "evaluation": ("评估", "Evaluation"),
    "tensorflow": ("TensorFlow", "TensorFlow"),
}
LANG = {"zh": "zh-Hans", "en": "en"}


@lru_cache(maxsize=1)
def _parsed(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(text)
    for entry in found:
        missing = [key for key in REQUIRED if key not in entry]
        if missing or entry["group"] not in GROUPS:
            wrong = f"lacks {', '.join(missing)}" if missing else f"has the unknown group {entry['group']!r}"
            raise PluginError(f"terms.yml: {entry.get('id', entry)} {wrong}")
    return found


def entries(path: Path = SOURCE) -> list[dict[str, Any]]:
    """All entries of the glossary, as they stand in the file now."""
    return _parsed(path.read_text(encoding="utf-8"))


def terms() -> list[str]:
    """The Chinese words of the glossary, for jieba's user dictionary: 特征交叉, not 特征 and 交叉."""
    words = {word for entry in entries() for word in re.findall(r"[一-鿿]{2,}", entry["zh"])}
    return sorted(words)


def topics(files: Files, language: str) -> dict[str, str]:
    """The topics that exist, and what to call each: its title up to the dash or colon."""
    found = {}
    for file in files.documentation_pages():
        folder, _, name = file.src_uri.rpartition("/")
        if name not in (f"index.{language}.md", "index.md") or not file.abs_src_path:
            continue
        data = meta.get_data(Path(file.abs_src_path).read_text(encoding="utf-8-sig"))[1]
        if title := data.get("title"):
            found[folder] = re.split(r"[—–：:]", str(title))[0].strip()
    return found


def heading(entry: dict[str, Any], language: str) -> str:
    """The term in the page's language, then in the other one, marked as such for screen readers."""
    other = "en" if language == "zh" else "zh"
    text = entry[language]
    if entry[other] != text:
        text += f' <span lang="{LANG[other]}">{entry[other]}</span>'
    return f"### {text} {{#{entry['id']}}}"


def render(language: str, existing: dict[str, str]) -> str:
    """The whole glossary as Markdown, grouped, each group in the file's order."""
    chinese = language == "zh"
    lines: list[str] = []
    for group, names in GROUPS.items():
        lines += [f"## {names[0 if chinese else 1]} {{#group-{group}}}", ""]
        for entry in (entry for entry in entries() if entry["group"] == group):
            lines += [heading(entry, language), "", entry[f"{language}_definition"], ""]
            notes = []
            if wrong := entry[f"wrong_{language}"]:
                notes.append("不写作：" + "、".join(wrong) if chinese else "Not: " + ", ".join(wrong))
            links = [
                f"[{existing[topic]}](../../{topic}/index.md)"
                for topic in entry.get("see", [])
                if topic in existing
            ]
            if links:
                notes.append("见：" + "、".join(links) if chinese else "See " + ", ".join(links))
            if notes:
                lines += [("。" if chinese else ". ").join(notes) + ("。" if chinese else "."), ""]
                lines[-2] += "\n{ .rn-term-note }"
    return "\n".join(lines)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the glossary where its page asks for it."""
    if MARKER not in markdown:
        return markdown
    language = "en" if page.url.startswith("en/") else "zh"
    return markdown.replace(MARKER, render(language, topics(files, language)))
