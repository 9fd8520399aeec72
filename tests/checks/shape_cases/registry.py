"""The models that are registered, with the inputs their registration draws."""

from recnotes.registry import find, model_names


def case_training():
    for name in model_names():
        find(name).training(batch=7)
