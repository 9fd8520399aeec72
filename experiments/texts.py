"""What the site knows of the cards: their words in one JSON, read without TensorFlow, and the runs on file.

`python -m experiments texts` writes the words anew; results stay as they are, so that no run is repeated
because a sentence changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from experiments import store
from experiments.card import TOLERANCES, Reference
from experiments.store import RESULTS
from experiments.summary import summed_up

HERE = Path(__file__).parent
TEXTS = HERE / "cards.json"


def family_of(module: str) -> str:
    """Returns the name of the page that shows a module's cards: ``frappe-ctr`` for ``frappe_ctr``."""
    return module.rsplit(".", 1)[-1].replace("_", "-")


def written() -> str:
    """Returns the words of all cards as JSON; this imports the cards, and TensorFlow with them."""
    from experiments.cards import MODULES

    cards = [
        {
            "name": card.name,
            "family": family_of(module.__name__),
            "model": dict(card.model),
            "data": card.data,
            "protocol": dict(card.protocol),
            "metrics": list(card.metrics),
            "seeds": card.seeds,
            "tuning": dict(card.tuning),
            "reading": dict(card.reading),
            "references": [
                {
                    "source": dict(reference.source),
                    "values": dict(reference.values),
                    "spread": dict(reference.spread),
                    "comparable": reference.comparable,
                    "note": dict(reference.note),
                    "tolerance": dict(reference.tolerance),
                }
                for reference in card.references
            ],
        }
        for module in MODULES
        for card in module.CARDS
    ]
    return json.dumps(cards, ensure_ascii=False, indent=1) + "\n"


def read(texts: Path = TEXTS, results: Path = RESULTS) -> list[dict[str, Any]]:
    """Reads every card with its runs.

    Args:
        texts: the file of words (default: TEXTS).
        results: folder of the results, one JSON a card (default: RESULTS).

    Returns:
        The cards in the order of the results pages; each has also ``runs`` (empty where nothing is on file),
        ``settings``, the ``tolerance`` of its first metric, and what `summed_up` returns: without runs
        ``figures`` is empty, ``verdict`` and ``relative`` are None, and there are no minutes and hours.

    Raises:
        ValueError: a file is no JSON, or lacks something; the message names it.
    """
    path = texts
    try:
        cards = json.loads(texts.read_text("utf-8"))
        for card in cards:
            path = results / f"{card['name']}.json"
            found = store.read(path) if path.exists() else {"runs": [], "settings": {}}
            card |= {"runs": found["runs"], "settings": found["settings"], "figures": {}}
            card |= {"verdict": None, "relative": None, "tolerance": TOLERANCES.get(card["metrics"][0])}
            if card["runs"]:
                held = Reference(**card["references"][0]) if card["references"] else None
                card |= summed_up(card["runs"], card["metrics"], held)
    except (OSError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{path.parent.name}/{path.name}: {type(error).__name__}: {error}") from error
    return cards
