"""Models of `recnotes` that start, or are normalized, as FuxiCTR has them, whose code BARS runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from recnotes import models
from recnotes.layers import NormalizedMLP
from recnotes.seeds import child_seeds

BATCH_NORM = {"momentum": 0.9, "epsilon": 1e-5}  # PyTorch's


def glorot_afm(sizes: Sequence[int], seed: int, **arguments: Any) -> keras.Model:
    """Returns AFM with both output vectors Glorot-normal, as FuxiCTR starts them."""
    model = models.AFM(sizes, seed=seed, **arguments)
    model.build()
    for weight, child in zip((model.p, model.pairs.h), child_seeds(seed, 2), strict=True):
        weight.assign(keras.initializers.GlorotNormal(child)((weight.shape[0], 1))[:, 0])
    return model


def small_ffm(sizes: Sequence[int], seed: int, embedding_stddev: float, **arguments: Any) -> keras.Model:
    """Returns FFM whose vectors start as FuxiCTR starts every table, not uniform from 0 as in libffm."""
    model = models.FFM(sizes, seed=seed, **arguments)
    model.build()
    table = model.embedding.table
    table.assign(keras.initializers.RandomNormal(stddev=embedding_stddev, seed=seed)(table.shape))
    return model


def normalized(
    build: Callable[..., keras.Model], sizes: Sequence[int], seed: int, **arguments: Any
) -> keras.Model:
    """Returns a model whose network is normalized over the batch, with PyTorch's constants.

    An epoch of Frappe has 50 steps: with Keras's momentum of 0.99 the moving averages would lag behind for
    the first dozen epochs, and the learning rate would fall because of them.
    """
    model = build(sizes, seed=seed, **arguments)
    plain = model.dnn
    model.dnn = NormalizedMLP(
        plain.hidden_units, plain.output_units, dropout=arguments["dropout"], seed=child_seeds(seed, 2)[1]
    )
    for norm in model.dnn.norms:
        norm.momentum, norm.epsilon = BATCH_NORM["momentum"], BATCH_NORM["epsilon"]
    return model
