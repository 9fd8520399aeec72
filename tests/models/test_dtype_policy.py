"""Every part of a model computes in the dtype the model was asked for."""

import keras
import pytest

from recnotes.registry import find, model_names

# First-order weights are added up, and frequencies counted, in float32 whatever the model computes in.
WIDE = {"first_order", "wide", "crosses", "frequency"}
# Their dropout is on sums over pairs of fields, which are in float32 too.
WIDE_DROPOUT = {"fm", "afm"}


@pytest.mark.parametrize("name", model_names())
def test_parts_have_the_models_policy(name):
    entry = find(name)
    model = entry.load()(**entry.arguments, dtype="mixed_bfloat16")
    model(entry.inputs())
    for part in (part for part in model._layers if part.name not in WIDE):
        for layer in part._flatten_layers():
            wide = name in WIDE_DROPOUT and isinstance(layer, keras.layers.Dropout)
            assert layer.dtype_policy.name == ("float32" if wide else "mixed_bfloat16"), layer.path
