"""Plain loops of the Behavior Sequence Transformer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recnotes.oracles.attention import multi_head_attention_loops
from recnotes.oracles.parts import leaky, profiles, run
from recnotes.oracles.step_wise import layer_norm_loops

Array = NDArray[np.float64]


def block_loops(e: Array, block: Any, slope: float = 0.2) -> Array:
    r"""Runs one block over a sequence without padding, with the weights of a layer.

    $$
    S = \text{LN}(E + \text{MH}(E) W^H), \qquad
    F = \text{LN}\big(S + \text{LeakyReLU}(S W^{(1)} + b^{(1)}) W^{(2)} + b^{(2)}\big)
    $$

    with $E$, $S$ and $F$ of shape $[L, D]$.

    Args:
        e: sequence ``[L, D]``.
        block: a built `recnotes.layers.BSTBlock`.
        slope: the rectifier's slope below zero (default: 0.2).

    Returns:
        Sequence ``[L, D]``.

    Example:
        >>> from recnotes.layers.bst_block import BSTBlock
        >>> block = BSTBlock(4, 2, seed=0)
        >>> block.build()
        >>> block_loops(np.ones((3, 4)), block).shape
        (3, 4)
    """

    def array(weight: Any) -> Array:
        return np.asarray(weight, np.float64)

    names = ("query", "key", "value")
    projections = {name: array(getattr(block.attention, name).kernel) for name in names}
    heads, _ = multi_head_attention_loops(
        e, e, np.ones((len(e), len(e)), bool), projections, block.attention.num_heads
    )
    norms = [{"gamma": array(norm.gamma), "beta": array(norm.beta)} for norm in block.norms]
    s = layer_norm_loops(e + heads @ array(block.project.kernel), norms[0], block.epsilon)
    f = np.zeros_like(s)
    for t, step in enumerate(s):
        inner = leaky(step @ array(block.inner.kernel) + array(block.inner.bias), slope)
        f[t] = inner @ array(block.outer.kernel) + array(block.outer.bias)
    return layer_norm_loops(s + f, norms[1], block.epsilon)


def bst_logit(item: int, history: Sequence[int], profile: Array, model: Any) -> float:
    r"""Evaluates one row with the weights of a model: only real items ever enter the blocks.

    $$
    \text{logit} = \text{MLP}\big([\, F_0;\; F_1;\; \dots;\; 0;\; \dots;\; x \,]\big)
    $$

    with $F$ the blocks' result for the candidate and the most recent items, the latest first, zeros in the
    slots that are left, and the profile $x$.

    Args:
        item: the candidate, counted from 1.
        history: the history, padding 0 anywhere.
        profile: numeric values and vectors of the fields, side by side.
        model: a built `recnotes.models.BST`.

    Returns:
        The logit.

    Example:
        >>> from recnotes.models.bst import BST
        >>> model = BST(3, embedding_dim=2, hidden_units=[4], max_length=2, num_heads=2, seed=0)
        >>> model.build()
        >>> isinstance(bst_logit(1, [2, 3, 0], np.zeros(0), model), float)
        True
    """
    table = np.asarray(model.embedding.items.table, np.float64)
    positions = np.asarray(model.position_table, np.float64)
    recent = [i for i in history if i != 0][::-1][: model.max_length]
    f = np.array(
        [np.concatenate([table[i - 1], positions[place]]) for place, i in enumerate([item, *recent])]
    )
    for block in model.blocks:
        f = block_loops(f, block)
    rest = np.zeros((model.max_length - len(recent)) * f.shape[1])
    return float(run(model.dnn, np.concatenate([f.reshape(-1), rest, profile]))[0])


def bst_of_model(model: Any, inputs: Mapping[str, Any]) -> Array:
    """Evaluates a `recnotes.models.BST` by the loops, with the model's weights.

    Args:
        model: a built BST.
        inputs: ``{"item": [B], "history": [B, L], "dense": [B, n], "sparse": [B, F]}``.

    Returns:
        The logits ``[B]``.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("bst")
        >>> bst_of_model(entry.build(), entry.inputs(2)).shape
        (2,)
    """
    histories = np.asarray(inputs["history"]).tolist()
    rows = zip(np.asarray(inputs["item"]).tolist(), histories, profiles(model.embedding, inputs), strict=True)
    return np.array([bst_logit(item, history, x, model) for item, history, x in rows])
