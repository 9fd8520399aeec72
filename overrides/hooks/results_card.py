"""A card, opened: verdict, protocol, references, curves, each seed's metrics, log, settings and command."""

from __future__ import annotations

import json
from typing import Any

from results_curve import curve
from results_log import log
from results_metrics import metric_name
from results_table import plain
from results_words import aside, cell, colon, grid, listed, number, say, verdict_text

COSTS = ("seed", "minutes", "cpu_minutes", "peak_mb", "commit")


def shown(card: dict[str, Any], language: str, protocol: bool = True) -> str:
    """A card, opened; without its protocol where the page has said it of all cards."""
    name = card["name"]
    rows = [
        [say("verdict", language), verdict_text(card, language)],
        [say("data", language), f"`{card['data']}`"],
    ]
    if protocol:
        rows.append([say("protocol", language), cell(card["protocol"][language])])
    for reference in card["references"]:
        values = [f"{metric_name(m, language)} {given(value)}" for m, value in reference["values"].items()]
        source = reference["source"][language] + aside(reference["note"].get(language), language)
        text = cell(f"{source}{colon(language)}{listed(values, language)}")
        rows.append([say("held against", language), text])
    if card["tuning"]:
        rows.append([say("tuning", language), cell(card["tuning"][language])])
    if card.get("reading"):
        rows.append([say("reading", language), cell(card["reading"][language])])
    parts = [f"### {cell(card['model'][language])} (`{name}`) {{#{name}}}", grid(["", ""], rows)]
    if card["runs"]:
        parts += [curve(card, language), seeds(card, language), sweep(card, language)]
        parts += [log(card, language), origin(card, language)]
    parts.append(f"{say('repeat it', language)}{colon(language)}`python -m experiments run {name}`")
    return "\n\n".join(part for part in parts if part)


def given(value: float) -> str:
    """A source's figure with the four digits of ours, or with all that it has."""
    return number(value) if value == round(value, 4) else str(value)


def seeds(card: dict[str, Any], language: str) -> str:
    """Each seed's chosen epoch, marked where it is the last one allowed, and metrics."""
    names, most = plain(card), card["settings"].get("epochs")
    limit = aside(say("the limit", language), language)
    head = [say("seed", language), say("epoch", language), *(metric_name(name, language) for name in names)]
    rows = [
        [
            str(run["seed"]),
            f"{run['epoch']}{limit if run['epoch'] == most else ''}",
            *(f"{run['metrics'][name]:.4f}" for name in names),
        ]
        for run in card["runs"]
    ]
    return grid(head, rows)


def sweep(card: dict[str, Any], language: str) -> str:
    """What is measured for several values of λ, a row each; the plain metrics are those of 0."""
    swept = [metric.split("/") for metric in card["metrics"] if "/" in metric]
    if not swept:
        return ""
    bases = list(dict.fromkeys(base for base, _ in swept))
    names = {"0": {base: base for base in bases}}
    for base, value in swept:
        names.setdefault(value, {})[base] = f"{base}/{value}"
    rows = [
        [value, *(number(*card["figures"][of[base]]) if base in of else "" for base in bases)]
        for value, of in names.items()
    ]
    return grid(["λ", *(metric_name(base, language) for base in bases)], rows)


def origin(card: dict[str, Any], language: str) -> str:
    """Settings, versions, machine and costs, folded."""
    last = card["runs"][-1]
    kept = {
        "settings": card["settings"],
        "versions": last["versions"],
        "machine": last["machine"],
        "seeds": [{key: run.get(key) for key in COSTS} for run in card["runs"]],
    }
    text = json.dumps(kept, ensure_ascii=False, indent=2).replace("\n", "\n    ")
    title = say("settings, versions, machine, cost of each seed", language)
    return f'??? note "{title}"\n\n    ```json\n    {text}\n    ```'
