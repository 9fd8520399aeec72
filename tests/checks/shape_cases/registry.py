"""The models that are registered, with the inputs their registration draws."""

from recnotes.registry import find, model_names
from tests.checks.shape_cases import sizes


@sizes(B=7, L=20)
def case_training():
    for name in model_names():
        find(name).training(batch=7)
