"""A card on planted data, and what trains its seeds: run as a script in place of ``-m experiments.seed``."""

import sys
import time
from types import SimpleNamespace

from experiments import cards, seed
from experiments.card import Card, Trial


def trial(number: int, epochs: int | None) -> Trial:
    """Takes ten seconds for each seed but the first, fails for seed 7."""
    if number == 7:
        raise ArithmeticError("planted")
    curve = []
    for epoch in range(1, (epochs or 2) + 1):
        print(f"epoch {epoch}: auc 0.5")
        curve.append({"epoch": epoch, "loss": 1 / epoch, "auc": 0.5, "seconds": 0.1})
    time.sleep(10 if number == 1 and "--slow" in sys.argv else 0)
    return Trial(curve, 1, {"auc": 0.5 + number / 100})


CARD = Card("planted", "none", "planted", {"en": "", "zh": ""}, {"epochs": 2}, ("auc",), trial, seeds=3)

if __name__ == "__main__":
    cards.MODULES = (SimpleNamespace(CARDS=[CARD]),)
    sys.exit(seed.main([argument for argument in sys.argv[1:] if argument != "--slow"]))
