"""The loop over epochs that keeps the best one; what an epoch and a validation are, its callers say."""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import numpy as np

from experiments.card import FALLS, Curve, Metrics


def keep_best(
    model: keras.Model,
    train: Callable[[int], float],
    validate: Callable[[], Metrics],
    *,
    epochs: int,
    patience: int,
    monitor: str,
    every: int = 1,
    missed: Callable[[], None] = lambda: None,
    report: Callable[[str], None] = print,
) -> tuple[Curve, int]:
    """Trains until validation stops to improve, and leaves the model with the weights of its best epoch.

    Test rows have no way in here: what is not in ``validate`` cannot choose.

    Args:
        model: the model, built.
        train: trains the epoch of that number, from 1, and returns its mean loss.
        validate: computes the validation metrics.
        epochs: most epochs.
        patience: how many validations without a new best end it.
        monitor: the validation metric that decides; those in `experiments.card.FALLS` are better low.
        every: epochs between two validations; the last epoch has one in any case (default: 1).
        missed: called after each validation without a new best (default: lambda: None).
        report: takes a line a validation (default: print).

    Returns:
        The curve, one entry a validation, and the number of the best epoch.
    """
    sign = -1 if monitor in FALLS else 1
    best, best_epoch, kept, since = -np.inf, 0, model.get_weights(), 0
    curve: Curve = []
    start = time.perf_counter()
    for number in range(1, epochs + 1):
        average = train(number)
        if number % every and number < epochs:
            continue
        found = validate()
        seconds = round(time.perf_counter() - start, 1)
        curve.append({"epoch": number, "loss": average, **found, "seconds": seconds})
        report(f"epoch {number}: " + ", ".join(f"{k} {v:.4f}" for k, v in curve[-1].items() if k != "epoch"))
        start = time.perf_counter()
        if sign * found[monitor] > best:
            best, best_epoch, kept, since = sign * found[monitor], number, model.get_weights(), 0
            continue
        since += 1
        missed()
        if since >= patience:
            break
    model.set_weights(kept)
    return curve, best_epoch
