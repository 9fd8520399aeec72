"""Of every family with results on file, one card's first epoch is repeated and held to the file.

It is the card with the shortest first epoch; where validation chose among several trainings, only the one
chosen is repeated. Another processor sums in another order; the rounding grows over an epoch of Adam's steps
to about the fourth digit, so figures may differ by one percent. What the test is for, other data, settings or
code, moves more.

Where the shortest first epoch took longer than ``LIMIT``, twenty steps of one card are repeated instead, and
held to ``first_steps.json``; so few steps round alike to the third digit. The runs of MMoE's planted tasks
have no epochs: the shortest of them is repeated whole.
"""

import dataclasses
import functools
import json
from collections.abc import Mapping

import numpy as np
import pytest

from experiments import epochs, mmoe_synthetic, store
from experiments.cards import MODULES, matching, mmoe_planted
from recnotes.data import DownloadError

from .first_steps import CARDS, FILE, caught, first_steps

STEPS_ON_FILE = json.loads(FILE.read_text("utf-8"))
LIMIT = 10.0  # seconds up to the first validation, as the file has them


def repeated(card, run):
    """The card's way to train seed 0, with the one setting of several that this run chose."""
    if not isinstance(card.run, functools.partial) or not isinstance(card.run.args[-1], Mapping):
        return card.run
    settings, metrics = dict(card.run.args[-1]), run["metrics"]
    if isinstance(settings.get("table_l2"), list):
        settings["table_l2"] = [min(settings["table_l2"], key=lambda l2: abs(l2 - metrics["table_l2"]))]
    if isinstance(settings.get("candidates"), list):
        settings["candidates"] = [settings["candidates"][int(metrics["candidate"])]]
    return functools.partial(card.run.func, *card.run.args[:-1], settings)


def on_file(module):
    """Cards with a current result, their first entry and how to repeat it; trained and short ones first."""
    found = []
    for card in module.CARDS:
        path = store.RESULTS / f"{card.name}.json"
        content = store.read(path) if path.exists() else {"runs": [], "settings": None}
        runs = [run for run in content["runs"] if run["seed"] == 0 and run["curve"]]
        first_trains_another = "pretrain" in json.dumps(card.settings)
        if runs and content["settings"] == store.plain(card.settings) and not first_trains_another:
            first = runs[0]["curve"][0]
            seconds = first.get("seconds", 0.0)
            found.append(
                (seconds > LIMIT, "loss" not in first, seconds, card.name, first, repeated(card, runs[0]))
            )
    return sorted(found, key=lambda one: one[:4])


def downloaded(run):
    """What a run brings, where its data can be had."""
    try:
        return run()
    except DownloadError as error:
        pytest.skip(f"needs the network or RECNOTES_DATA: {error}")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_first_epoch_repeats(module):
    found = on_file(module)
    if not found:
        pytest.skip("nothing on file that was made with the settings a card has now")
    slow, _, _, name, first, run = found[0]
    if module is mmoe_planted:
        return the_shortest_run_repeats()
    if slow:
        (card,) = (card for card in module.CARDS if card.name in CARDS)
        steps = downloaded(lambda: first_steps(card))
        assert steps == pytest.approx(STEPS_ON_FILE[card.name], rel=1e-3)
        return
    number = int(first["epoch"])
    trial = downloaded(lambda: caught(lambda: run(0, number), epochs.keep_best))
    again = trial[0][0] if isinstance(trial, tuple) else trial.curve[0]
    assert set(first) - {"seconds"} > {"epoch"}
    for key in set(first) - {"seconds"}:
        assert again[key] == pytest.approx(first[key], rel=0.01), f"{name}: {key}"


def the_shortest_run_repeats():
    """Six thousand steps enlarge another processor's rounding: it may matter less than another seed does."""

    def cell(row):
        return row["model"], row["cosine"], row["rate"]

    rows = list(mmoe_planted.logged().values())
    row = min(rows, key=lambda row: (row["seed"], row["cpu_seconds"]))
    again = mmoe_synthetic.Trainer(row["model"]).measure(row["cosine"], row["rate"], row["seed"])
    assert again["label_correlation"] == row["label_correlation"]
    spread = np.std([other["unexplained"] for other in rows if cell(other) == cell(row)], axis=0)
    assert (np.abs(np.subtract(again["unexplained"], row["unexplained"])) < spread).all()


def test_the_first_steps_are_of_cards_with_a_family_each():
    assert list(STEPS_ON_FILE) == list(CARDS)
    families = [module for name in CARDS for module in MODULES if matching(name)[0] in module.CARDS]
    assert len(set(families)) == len(families) == len(CARDS)


def test_another_setting_moves_more_than_the_tolerance():
    (card,) = matching("census-single-income")
    settings = {**card.settings, "batch_size": 2 * card.settings["batch_size"]}
    run = functools.partial(card.run.func, *card.run.args[:-1], settings)
    steps = downloaded(lambda: first_steps(dataclasses.replace(card, settings=settings, run=run)))
    for name, value in STEPS_ON_FILE[card.name].items():
        assert steps[name] != pytest.approx(value, rel=2e-3)
