"""Cards in a table: each one's figures beside those it is held against, verdict and cost."""

from __future__ import annotations

import posixpath
from typing import Any

from results_words import cell, grid, metric_name, number, say, verdict_text


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
        model = cell(card["model"][language])
        if card["title"]:
            model = f"[{model}]({link}#{card['name']})"
        row = [f"{model}<br>`{card['name']}`"]
        reference = card["references"][0] if card["references"] else {"values": {}, "spread": {}}
        for metric in metrics:
            if metric in held:
                theirs = reference["values"].get(metric)
                row.append("" if theirs is None else number(theirs, reference["spread"].get(metric)))
            row.append(number(*card["figures"][metric]) if metric in card["figures"] else "")
        row += [verdict_text(card, language), f"{len(card['runs'])}/{card['seeds']}"]
        rows.append([*row, f"{card['minutes']:.1f}" if card["runs"] else ""])
    return grid(head, rows)
