"""Results pages are written from the runs on file: ``<!-- results family: frappe-ctr -->`` and its like.

``results overview`` shows every card, ``results family: NAME`` one family with its cards opened, ``results
cards: NAME …`` a table of some cards for an article (``*`` stands for any text). TensorFlow is not imported.
"""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
import sys
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from languages import language_of
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.utils import meta

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from experiments import texts  # noqa: E402

DOCS = Path(__file__).resolve().parents[2] / "docs"
MARKER = re.compile(r"<!-- results (overview|family|cards)(?:: ([\w*. -]+?))? -->")
WORDS = {
    "verdicts": {
        "reproduced": "已复现",
        "above": "更高",
        "not reproduced": "未复现",
        "not comparable": "不可比",
        "not run yet": "尚未运行",
        "no figure": "没有可对照的数",
    },
    "card": "卡片",
    "held against": "对照",
    "ours": "本站",
    "verdict": "结论",
    "seeds": "种子",
    "minutes a seed": "每个种子（分钟）",
    "cards": "卡片",
    "protocol": "协议",
    "data": "数据",
    "source": "出处",
    "tuning": "调参",
    "repeat it": "重复命令",
    "seed": "种子",
    "epoch": "轮",
    "settings, versions, machine": "设置、版本与机器",
    "peak memory, MB": "内存峰值（MB）",
    "commit": "提交",
}
METRICS = {"auc": "AUC", "rmse": "RMSE", "mse": "MSE", "log_loss": "log loss"}


def say(word: str, language: str) -> str:
    """A word of the tables in the page's language."""
    if language == "en":
        return word
    return WORDS[word] if word in WORDS else WORDS["verdicts"][word]  # type: ignore[index, return-value]


def metric_name(metric: str, language: str) -> str:
    """A metric as a reader knows it."""
    if metric == "log_loss" and language == "zh":
        return "对数损失"
    return METRICS.get(metric, metric.upper() if "@" in metric and "_" not in metric else metric)


def number(mean: float, spread: float | None = None) -> str:
    """A figure and its standard deviation over seeds."""
    return f"{mean:.4f}" + (f" ± {spread:.4f}" if spread is not None else "")


def cell(text: str) -> str:
    """Text that stays within its cell."""
    return escape(text, quote=False).replace("|", "&#124;").replace("*", "&#42;").replace("_", "&#95;")


def title_of(family: str, language: str) -> str:
    """A family's title, as its page has it; empty for a family without a page."""
    path = DOCS / "results" / f"{family}.{language}.md"
    return str(meta.get_data(path.read_text(encoding="utf-8"))[1]["title"]) if path.is_file() else ""


def verdict_of(card: dict[str, Any]) -> str:
    """The verdict, or why there is none."""
    return str(card["verdict"] or ("no figure" if card["runs"] else "not run yet"))


def foreign(text: str, language: str) -> str:
    """What a card says in English alone, marked as such on a Chinese page."""
    return cell(text) if language == "en" else f'<span lang="en">{cell(text)}</span>'


def grid(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)


def table(cards: list[dict[str, Any]], language: str, page: str) -> str:
    """Cards with their figures beside what they are held against, each linked to its place."""
    metrics = list(dict.fromkeys(metric for card in cards for metric in card["metrics"]))
    held = {
        metric for card in cards for reference in card["references"][:1] for metric in reference["values"]
    }
    head = [say("card", language)]
    for metric in metrics:
        name = metric_name(metric, language)
        if metric in held:
            head.append(f"{name}{', ' if language == 'en' else '，'}{say('held against', language)}")
        head.append(f"{name}{', ' if language == 'en' else '，'}{say('ours', language)}")
    head += [say(word, language) for word in ("verdict", "seeds", "minutes a seed")]
    rows = []
    for card in cards:
        link = posixpath.relpath(f"results/{card['family']}.md", posixpath.dirname(page) or ".")
        model = cell(card["model"])
        if card["title"]:
            model = f"[{model}]({link}#{card['name']})"
        row = [f"{model}<br>`{card['name']}`"]
        reference = card["references"][0] if card["references"] else {"values": {}, "spread": {}}
        for metric in metrics:
            if metric in held:
                theirs = reference["values"].get(metric)
                row.append("" if theirs is None else number(theirs, reference["spread"].get(metric)))
            row.append(number(*card["figures"][metric]) if metric in card["figures"] else "")
        row += [say(verdict_of(card), language), f"{len(card['runs'])}/{card['seeds']}"]
        rows.append([*row, f"{card['minutes']:.1f}" if card["runs"] else ""])
    return grid(head, rows)


def curve(card: dict[str, Any], language: str) -> str:
    """Validation metric by epoch, a line a seed, the chosen epoch marked."""
    curves = [run["curve"] for run in card["runs"] if run["curve"]]
    names = [key for key in (curves[0][0] if curves else {}) if key not in ("epoch", "loss", "seconds")]
    if not names:
        return ""
    metric = names[0]
    points = [[(entry["epoch"], entry[metric]) for entry in entries] for entries in curves]
    low, high = (choose(y for line in points for _, y in line) for choose in (min, max))
    last = max(max(x for line in points for x, _ in line), 2)
    scale = (high - low) or 1.0

    def place(x: float, y: float) -> str:
        return f"{60 + 400 * (x - 1) / (last - 1):.0f},{150 - 130 * (y - low) / scale:.0f}"

    parts = ['<path d="M60 12V150H464" fill="none" stroke="currentColor" opacity=".5"/>']
    parts += [
        f'<text x="54" y="{y}" text-anchor="end">{value:.4f}</text>' for y, value in ((154, low), (24, high))
    ]
    axis = say("epoch", language)
    parts += [
        '<text x="60" y="168">1</text>',
        f'<text x="464" y="168" text-anchor="end">{last:.0f}</text>',
        f'<text x="262" y="168" text-anchor="middle">{axis}</text>',
        f'<text x="68" y="12">{escape(metric_name(metric, language))}</text>',
    ]
    for run, line in zip((run for run in card["runs"] if run["curve"]), points, strict=True):
        path = " ".join(place(*point) for point in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="var(--rn-accent)" stroke-width="1.5"/>')
        for x, y in line:
            if x == run["epoch"]:
                at = place(x, y).split(",")
                parts.append(f'<circle cx="{at[0]}" cy="{at[1]}" r="4" fill="var(--rn-warm)"/>')
    name = metric_name(metric, language)
    label = (
        f"{card['name']}: validation {name} by epoch, {len(points)} seeds; dots mark the chosen epochs"
        if language == "en"
        else f"{card['name']}：验证集 {name} 随轮数的变化，共 {len(points)} 个种子，圆点是选中的一轮"
    )
    svg = f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 480 176" width="480" height="176"'
    svg += ' font-size="12" fill="currentColor">'
    return f'<figure class="rn-plot">{svg}{"".join(parts)}</svg></figure>'


def shown(card: dict[str, Any], language: str) -> str:
    """A card, opened."""
    name, runs = card["name"], card["runs"]
    colon = ": " if language == "en" else "："
    rows = [
        [say("verdict", language), say(verdict_of(card), language)],
        [say("data", language), f"`{card['data']}`"],
        [say("protocol", language), cell(card["protocol"][language])],
    ]
    for reference in card["references"]:
        values = ", ".join(f"{metric_name(m, language)} {v}" for m, v in reference["values"].items())
        note = f" ({reference['note']})" if reference["note"] else ""
        source = foreign(f"{reference['source']}{note}", language)
        rows.append([say("held against", language), f"{source}{colon}{cell(values)}"])
    if card["tuning"]:
        rows.append([say("tuning", language), foreign(card["tuning"], language)])
    parts = [f"### {cell(card['model'])} (`{name}`) {{#{name}}}", grid(["", ""], rows)]
    if runs:
        parts.append(curve(card, language))
        head = [say("seed", language), say("epoch", language)]
        head += [metric_name(metric, language) for metric in card["metrics"]]
        head += [say("peak memory, MB", language), say("commit", language)]
        seeds = [
            [
                str(run["seed"]),
                str(run["epoch"]),
                *(f"{run['metrics'][metric]:.4f}" for metric in card["metrics"]),
                str(run["peak_mb"]),
                f"`{run['commit']}`" if run["commit"] else "",
            ]
            for run in runs
        ]
        parts.append(grid(head, seeds))
        origin = {
            "settings": card["settings"],
            "versions": runs[-1]["versions"],
            "machine": runs[-1]["machine"],
        }
        kept = json.dumps(origin, ensure_ascii=False, indent=2).replace("\n", "\n    ")
        parts.append(
            f'??? note "{say("settings, versions, machine", language)}"\n\n    ```json\n    {kept}\n    ```'
        )
    parts += [f"{say('repeat it', language)}{colon}`python -m experiments run {name}`"]
    return "\n\n".join(part for part in parts if part)


def family(cards: list[dict[str, Any]], language: str, page: str) -> str:
    """A family's table, then its cards."""
    heading = f"## {'Cards' if language == 'en' else '卡片'} {{#cards}}"
    return "\n\n".join([table(cards, language, page), heading, *(shown(card, language) for card in cards)])


def overview(cards: list[dict[str, Any]], language: str, page: str) -> str:
    """Every card, family after family, and what all of it cost."""
    done = [card for card in cards if card["runs"]]
    hours = sum(card["cpu_hours"] for card in done)
    total = (
        f"{len(done)} of {len(cards)} cards have run: {hours:.1f} CPU hours in all."
        if language == "en"
        else f"{len(cards)} 张卡片里跑过 {len(done)} 张，一共用去 {hours:.1f} 个 CPU 小时。"
    )
    parts = [total]
    for name, group in groupby(cards, key=lambda card: card["family"]):
        members = list(group)
        heading = members[0]["title"] or f"`{name}`"
        parts += [f"## {heading} {{#family-{name}}}", table(members, language, page)]
    return "\n\n".join(parts)


def expand(kind: str, names: str, cards: list[dict[str, Any]], language: str, page: str) -> str:
    """What stands in a marker's place."""
    if kind == "overview":
        return overview(cards, language, page)
    if kind == "family":
        found = [card for card in cards if card["family"] == names]
    else:
        found = [card for card in cards if any(fnmatch.fnmatchcase(card["name"], n) for n in names.split())]
    if not found:
        raise PluginError(f"{page}: no card is named {names!r}; `python -m experiments texts` writes them")
    return (family if kind == "family" else table)(found, language, page)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put tables and cards where a page asks for them."""
    if not MARKER.search(markdown):
        return markdown
    try:
        cards = texts.read()
    except ValueError as error:
        raise PluginError(f"{page.file.src_uri}: {error}") from error
    here = re.sub(r"\.(zh|en)\.md$", ".md", page.file.src_uri)
    language = language_of(page.url)
    for card in cards:
        card["title"] = title_of(card["family"], language)
    return MARKER.sub(lambda match: expand(match[1], match[2] or "", cards, language, here), markdown)
