"""The words and figures of the results pages, in the page's language."""

from __future__ import annotations

from html import escape
from typing import Any

WORDS = {
    "verdicts": {
        "reproduced": "已复现",
        "above": "更好",
        "not reproduced": "未复现",
        "not comparable": "不可比",
        "within tolerance": "容差之内",
        "not run yet": "尚未运行",
        "nothing to compare": "没有可对照的数",
    },
    "card": "卡片",
    "held against": "对照",
    "ours": "本站",
    "verdict": "结论",
    "seeds × minutes": "种子 × 分钟",
    "protocol": "协议",
    "Protocol": "协议",
    "data": "数据",
    "tuning": "调参",
    "reading": "解读",
    "the limit": "上限",
    "repeat it": "复现命令",
    "log": "日志",
    "seed": "种子",
    "epoch": "轮",
    "settings, versions, machine, cost of each seed": "设置、版本、机器与每个种子的用时",
    "Not run yet": "尚未运行",
    "metric": "指标",
    "family": "数据与任务",
    "cards run": "已跑",
    "verdicts of its cards": "卡片的结论",
    "CPU hours": "CPU 小时",
}


def say(word: str, language: str) -> str:
    """A word of the tables in the page's language."""
    if language == "en":
        return word
    return WORDS[word] if word in WORDS else WORDS["verdicts"][word]  # type: ignore[index, return-value]


def colon(language: str) -> str:
    """A colon, and the space that English wants after it."""
    return ": " if language == "en" else "："


def listed(parts: list[str], language: str) -> str:
    """Things in a row."""
    return (", " if language == "en" else "、").join(parts)


def number(mean: float, spread: float | None = None) -> str:
    """A figure and its standard deviation over seeds."""
    return f"{mean:.4f}" + (f" ±\u00a0{spread:.4f}" if spread is not None else "")


def least(value: float, digits: int) -> str:
    """A cost, which is never shown as nothing."""
    smallest = 10.0**-digits
    return f"{value:.{digits}f}" if value >= smallest / 2 else f"< {smallest:g}"


def cost(card: dict[str, Any]) -> str:
    """How many of the seeds have run, or all of them, and for how many minutes each."""
    run, planned = len(card["runs"]), card["seeds"]
    seeds = f"{run}/{planned}" if run < planned else f"{run}"
    return f"{seeds}\u00a0×\u00a0{least(card['minutes'], 1)}" if card["runs"] else seeds


def cell(text: str) -> str:
    """Text that stays within its cell."""
    return escape(text, quote=False).replace("|", "&#124;").replace("*", "&#42;").replace("_", "&#95;")


def verdict_of(card: dict[str, Any]) -> str:
    """The verdict, or why there is none."""
    return str(card["verdict"] or ("nothing to compare" if card["runs"] else "not run yet"))


def verdict_text(card: dict[str, Any], language: str) -> str:
    """The verdict as a reader sees it; "within tolerance" says the tolerance and how far apart that is."""
    if card["verdict"] != "within tolerance":
        return say(verdict_of(card), language)
    share, more = round(100 * abs(card["relative"])), card["relative"] > 0
    if language == "en":
        return f"within {card['tolerance']:g}, but {share} % {'higher' if more else 'lower'}"
    return f"相差不到 {card['tolerance']:g}，但{'高' if more else '低'} {share}%"


def aside(text: str | None, language: str) -> str:
    """A note in brackets, or nothing."""
    if not text:
        return ""
    return f" ({text})" if language == "en" else f"（{text}）"


def grid(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)
