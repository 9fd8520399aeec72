"""Garbage in place of the test rows changes the test metrics and nothing else, in every protocol."""

import pytest

from experiments import mmoe_synthetic
from experiments.cards import MODULES

from .plants import PROTOCOLS

IDS = [protocol.card for protocol in PROTOCOLS]
CHOICES = (
    "candidate",
    "table_l2",
    "chosen",
    "like_epoch",
)  # what validation chose, written among the metrics


def observed(protocol, garbage, leak, epochs):
    """Runs a protocol: what was chosen, by which curve, the weights after each training, the test metrics."""
    weights = []
    with pytest.MonkeyPatch.context() as patch:
        protocol.put(patch, protocol.loads or protocol.module, garbage, leak)
        trainer = protocol.fits or protocol.module
        if hasattr(trainer, "fit"):
            fit = trainer.fit

            def spying(model, *arguments, **options):
                found = fit(model, *arguments, **options)
                weights.append([weight.tobytes() for weight in model.get_weights()])
                return found

            patch.setattr(trainer, "fit", spying)
        else:
            measure = mmoe_synthetic.Trainer.measure

            def measuring(trainer, *arguments):
                found = measure(trainer, *arguments)
                weights.append([weight.numpy().tobytes() for weight in trainer.weights])
                return found

            patch.setattr(mmoe_synthetic.Trainer, "measure", measuring)
        trial = protocol.run(epochs)
    chosen = {
        "curve": [{k: v for k, v in entry.items() if k != "seconds"} for entry in trial.curve],
        "epoch": trial.epoch,
        "choice": [trial.metrics.get(name) for name in CHOICES],
        "weights": weights,
    }
    return chosen, {name: value for name, value in trial.metrics.items() if name not in CHOICES}


def changed(protocol, leak, epochs):
    """Returns what garbage in the test rows changes."""
    (chosen, metrics), (other, garbled) = (observed(protocol, g, leak, epochs) for g in (False, True))
    assert all(chosen["weights"]) and chosen["weights"]
    return {name for name in chosen if chosen[name] != other[name]} | (
        {"metrics"} if metrics != garbled else set()
    )


def test_every_protocol_is_here():
    assert {protocol.module for protocol in PROTOCOLS} == set(MODULES)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=IDS)
def test_test_rows_never_reach_selection(protocol):
    assert changed(protocol, leak=False, epochs=3) == {"metrics"}


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=IDS)
def test_a_protocol_that_selects_on_test_rows_is_caught(protocol):
    assert changed(protocol, leak=True, epochs=1) & {"curve", "weights"}
