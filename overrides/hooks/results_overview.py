"""All cards on one page: what ran, what it cost, how it ended."""

from __future__ import annotations

import posixpath
from collections import Counter
from itertools import groupby
from typing import Any

from results_metrics import metric_name
from results_table import figures, linked
from results_words import aside, colon, cost, grid, least, listed, say, verdict_of, verdict_text

Cards = list[dict[str, Any]]


def families(cards: Cards) -> list[tuple[str, Cards]]:
    """The cards of each family, in the order of the files."""
    return [(name, list(group)) for name, group in groupby(cards, key=lambda card: str(card["family"]))]


def hours(cards: Cards) -> float:
    """CPU hours of all runs on file."""
    return sum(float(card["cpu_hours"]) for card in cards if card["runs"])


def titled(name: str, cards: Cards) -> str:
    """A family's title; its page is called "Results: …", which goes without saying here."""
    title = str(cards[0]["title"]).removeprefix("Results: ").removeprefix("结果：")
    return f"{title[:1].upper()}{title[1:]}" if title else f"`{name}`"


def named(name: str, cards: Cards, page: str) -> str:
    """A family's title, linked to its page, where it has one."""
    place = posixpath.relpath(f"results/{name}.md", posixpath.dirname(page) or ".")
    return f"[{titled(name, cards)}]({place})" if cards[0]["title"] else titled(name, cards)


def total(cards: Cards, language: str) -> str:
    """How many cards have run, and for how long."""
    done = [card for card in cards if card["runs"]]
    if language == "en":
        return f"{len(done)} of {len(cards)} cards have run: {hours(done):.1f} CPU hours in all."
    return f"{len(cards)} 张卡片里跑过 {len(done)} 张，一共用去 {hours(done):.1f} 个 CPU 小时。"


def overview(cards: Cards, language: str, page: str) -> str:
    """How much has run, and a line for each family."""
    head = [say(word, language) for word in ("family", "cards run", "verdicts of its cards", "CPU hours")]
    rows = []
    for name, members in families(cards):
        counts = Counter(verdict_of(card) for card in members if card["runs"])
        text = listed([f"{say(verdict, language)} {count}" for verdict, count in counts.items()], language)
        run = f"{counts.total()}/{len(members)}"
        rows.append([named(name, members, page), run, text, least(hours(members), 2) if counts else ""])
    return f"{total(cards, language)}\n\n{grid(head, rows)}"


def every(cards: Cards, language: str, page: str) -> str:
    """Every card's first metric and verdict, family after family; those that have not run, by name."""
    words = ("card", "metric", "ours", "verdict", "seeds × minutes")
    head = [say(word, language) for word in words]
    head[2] += aside(say("held against", language), language)
    parts = []
    for name, members in families(cards):
        rows = [
            [
                linked(card, language, page),
                metric_name(card["metrics"][0], language),
                " ".join(figures(card, card["metrics"][0])),
                verdict_text(card, language),
                cost(card),
            ]
            for card in members
            if card["runs"]
        ]
        parts.append(f"### {titled(name, members)} {{#family-{name}}}")
        if rows:
            parts.append(grid(head, rows))
        waiting = [linked(card, language, page) for card in members if not card["runs"]]
        if waiting:
            parts.append(f"{say('Not run yet', language)}{colon(language)}{listed(waiting, language)}")
    return "\n\n".join(parts)
