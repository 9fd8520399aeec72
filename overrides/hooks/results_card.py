"""A card, opened: verdict, protocol, references, curves, each seed's metrics, log, settings and command."""

from __future__ import annotations

import json
from typing import Any

from results_curve import curve
from results_log import log
from results_words import aside, cell, grid, metric_name, say, verdict_text


def shown(card: dict[str, Any], language: str) -> str:
    """A card, opened."""
    name, runs = card["name"], card["runs"]
    colon = ": " if language == "en" else "："
    rows = [
        [say("verdict", language), verdict_text(card, language)],
        [say("data", language), f"`{card['data']}`"],
        [say("protocol", language), cell(card["protocol"][language])],
    ]
    for reference in card["references"]:
        values = ", ".join(f"{metric_name(m, language)} {v}" for m, v in reference["values"].items())
        source = cell(reference["source"][language] + aside(reference["note"].get(language), language))
        rows.append([say("held against", language), f"{source}{colon}{cell(values)}"])
    if card["tuning"]:
        rows.append([say("tuning", language), cell(card["tuning"][language])])
    parts = [f"### {cell(card['model'][language])} (`{name}`) {{#{name}}}", grid(["", ""], rows)]
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
        parts.append(log(card, language))
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
