"""The first steps of a card's first epoch, for families whose whole epoch is too long for a test.

``python -m tests.experiments.first_steps`` trains them again and writes ``first_steps.json``; a change of
that file says that a card's data, model, loss, optimizer or order of rows has changed. Beside the mean loss,
which hardly leaves that of a guess in so few steps, stands how far all weights have moved.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from experiments import next_item, training
from experiments.card import Card

FILE = Path(__file__).with_suffix(".json")
STEPS = 20
CARDS = (
    "beauty-click-pooling",
    "beauty-users-sa-k1",
    "census-single-income",
    "diginetica-stmp",
    "fusion-watch",
    "ml-100k-gmf",
    "ml-1m-sasrec-ce",
)


class Done(Exception):
    """Carries what a training brought, so that no test rows are measured."""


def caught(run: Callable[[], Any], result: Callable[..., Any]) -> Any:
    """Runs a card with ``result`` in place of the loop over epochs and returns it."""

    def instead(*arguments: Any, **options: Any) -> None:
        raise Done(result(*arguments, **options))

    with pytest.MonkeyPatch.context() as patch:
        for module in (training, next_item):
            patch.setattr(module, "keep_best", instead)
        try:
            return run()
        except Done as done:
            return done.args[0]


def first_steps(card: Card) -> dict[str, float]:
    """Trains seed 0 on the first batches of its first epoch."""

    def measured(
        model: keras.Model, train: Callable[[int], float], *_: Any, **options: Any
    ) -> dict[str, float]:
        before = model.get_weights()
        loss = train(1)
        pairs = zip(model.get_weights(), before, strict=True)
        return {"loss": loss, "moved": sum(float(np.sum((now - then) ** 2.0)) for now, then in pairs) ** 0.5}

    with pytest.MonkeyPatch.context() as patch:
        size = card.settings.get("batch_size") or card.settings["watch"]["batch_size"]
        for module, name in ((training, "shuffled"), (next_item, "batches")):
            whole = getattr(module, name)
            patch.setattr(module, name, lambda *given, whole=whole: whole(*given)[: STEPS * size])
        return caught(lambda: card.run(0, 1), measured)


if __name__ == "__main__":
    from experiments.cards import matching

    found = {name: first_steps(matching(name)[0]) for name in CARDS}
    rounded = {name: {k: float(f"{v:.7g}") for k, v in steps.items()} for name, steps in found.items()}
    FILE.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
