import importlib
import pkgutil

import keras
import numpy as np
import pytest

import recnotes.models
from recnotes.models.multi_interest import MultiInterest
from recnotes.models.multi_task import MultiTask
from recnotes.registry import ModelEntry, find, model_names


def test_every_model_is_listed():
    classes = set()
    for info in pkgutil.iter_modules(recnotes.models.__path__):
        module = importlib.import_module(f"recnotes.models.{info.name}")
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, keras.Model)
                and value.__module__ == module.__name__
            ):
                classes.add(value)
    classes -= {recnotes.models.RowWeights, recnotes.models.HistoryModel, MultiInterest, MultiTask}  # bases
    assert {find(name).load() for name in model_names()} == classes


@pytest.mark.parametrize("name", model_names())
def test_examples_build_and_train(name):
    entry = find(name)
    model = entry.build(seed=0)
    inputs = entry.inputs()
    for key, value in entry.inputs().items():
        np.testing.assert_array_equal(value, inputs[key])
    first = model.get_weights()
    again = entry.build(seed=0).get_weights()
    assert len(first) == len(again) and all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    compiling, fitting = entry.training()
    model.compile("adam", **compiling)
    loss = model.fit(**fitting, batch_size=32, verbose=0).history["loss"][0]
    assert np.isfinite(loss)


@pytest.mark.parametrize("name", ["shared-bottom", "SharedBottom", "shared_bottom", "SHARED-BOTTOM"])
def test_names_are_forgiving(name):
    assert find(name).class_name == "SharedBottom"


def test_unknown_name():
    with pytest.raises(ValueError, match="name must be one of logistic-regression, fm, .*, received 'svm'"):
        find("svm")


def test_every_entry_names_its_loops():
    with pytest.raises(TypeError, match="oracle"):
        ModelEntry("x", "y", "Z", "ctr")
