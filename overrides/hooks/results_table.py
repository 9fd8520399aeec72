"""Cards in a table: each one's figures beside those it is held against, verdict and cost."""

from __future__ import annotations

import posixpath
from typing import Any

from results_metrics import metric_name
from results_words import aside, cell, cost, grid, number, say, verdict_text


def plain(card: dict[str, Any]) -> list[str]:
    """The card's metrics but those of a sweep, such as ``recall@50/0.1``, which the card itself shows."""
    return [metric for metric in card["metrics"] if "/" not in metric]


def linked(card: dict[str, Any], language: str, page: str) -> str:
    """The card's name, as a link to its place."""
    name = cell(card["model"][language])
    place = posixpath.relpath(f"results/{card['family']}.md", posixpath.dirname(page) or ".")
    return f"[{name}]({place}#{card['name']})" if card["title"] else name


def figures(card: dict[str, Any], metric: str) -> list[str]:
    """Our figure, and in brackets the one it is held against, as far as there are any."""
    found = [number(*card["figures"][metric])] if metric in card["figures"] else []
    for reference in card["references"][:1]:
        if metric in reference["values"]:
            found.append(f"({number(reference['values'][metric], reference['spread'].get(metric))})")
    return found


def table(cards: list[dict[str, Any]], language: str, page: str) -> str:
    """Cards with their figures, each linked to its place."""
    metrics = list(dict.fromkeys(metric for card in cards for metric in plain(card)))
    held = {name for card in cards for reference in card["references"][:1] for name in reference["values"]}
    against = aside(say("held against", language), language)
    head = [metric_name(metric, language) + (against if metric in held else "") for metric in metrics]
    head = [say("card", language), *head, say("verdict", language), say("seeds × minutes", language)]
    rows = [
        [
            linked(card, language, page),
            *("<br>".join(figures(card, metric)) for metric in metrics),
            verdict_text(card, language),
            cost(card),
        ]
        for card in cards
    ]
    return grid(head, rows)
