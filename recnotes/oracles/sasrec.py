"""SASRec's forward pass and losses in plain loops, in the paper's and in the authors' wiring."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from recnotes.oracles.attention import multi_head_attention_loops
from recnotes.oracles.step_wise import feed_forward_loops, layer_norm_loops


def parameters(model: Any) -> dict[str, Any]:
    """Copies the weights of a `recnotes.models.SASRec` to float64 arrays under the names used here.

    Args:
        model: a built model.

    Returns:
        ``{"items": [N, D], "positions": [n, D], "output": [N, D], "blocks": [...], "last_norm": ...}``.

    Example:
        >>> from recnotes.models import SASRec
        >>> model = SASRec(num_items=7, embedding_dim=4, num_blocks=0, seed=0)
        >>> model.build()
        >>> parameters(model)["items"].shape
        (7, 4)
    """

    def array(variable: Any) -> np.ndarray:
        return np.asarray(variable.numpy(), np.float64)

    def norm(layer: Any) -> dict[str, np.ndarray]:
        return {"gamma": array(layer.gamma), "beta": array(layer.beta)}

    blocks = []
    for block in model.blocks:
        attention = {}
        for name in ("query", "key", "value"):
            dense = getattr(block.attention, name)
            attention[name] = array(dense.kernel)
            if dense.use_bias:
                attention[f"{name}_bias"] = array(dense.bias)
        network = block.feed_forward
        blocks.append(
            {
                "attention": attention,
                "attention_norm": norm(block.attention_norm),
                "feed_forward_norm": norm(block.feed_forward_norm),
                "w1": array(network.inner.kernel),
                "b1": array(network.inner.bias),
                "w2": array(network.outer.kernel),
                "b2": array(network.outer.bias),
            }
        )
    return {
        "items": array(model.embedding.item_table),
        "positions": array(model.embedding.position_table),
        "output": array((model.output_table or model.embedding).item_table),
        "blocks": blocks,
        "num_heads": model.blocks[0].attention.num_heads if model.blocks else 1,
        "last_norm": None if model.last_norm is None else norm(model.last_norm),
    }


# --8<-- [start:encode]
def encode_loops(history: np.ndarray, weights: dict[str, Any], wiring: str = "paper") -> np.ndarray:
    """Computes the outputs of one history without dropout.

    Args:
        history: item ids ``[L]``, 0 is padding.
        weights: what `parameters` returns.
        wiring: "paper" or "authors" (default: "paper").

    Returns:
        array ``[L, D]``, zero where there is padding.

    Raises:
        ValueError: the wiring is unknown.

    Example:
        >>> w = {"items": np.eye(2), "positions": np.ones((3, 2))}
        >>> w |= {"blocks": [], "num_heads": 1, "last_norm": None}
        >>> encode_loops(np.array([2, 1, 0]), w).tolist()
        [[1.0, 2.0], [2.0, 1.0], [0.0, 0.0]]
    """
    if wiring not in ("paper", "authors"):
        raise ValueError(f"wiring must be 'paper' or 'authors', received {wiring!r}")
    L, D = len(history), weights["items"].shape[1]
    x = np.zeros((L, D))
    real = np.zeros(L, bool)
    position = 0
    for t in reversed(range(L)):
        if history[t] != 0:
            if position < len(weights["positions"]):
                scale = math.sqrt(D) if wiring == "authors" else 1.0
                x[t] = scale * weights["items"][history[t] - 1] + weights["positions"][position]
                real[t] = True
            position += 1
    mask = np.array([[bool(real[j]) and j <= i for j in range(L)] for i in range(L)])
    heads = weights["num_heads"]
    for block in weights["blocks"]:
        normed = layer_norm_loops(x, block["attention_norm"])
        if wiring == "paper":
            s = x + multi_head_attention_loops(normed, normed, mask, block["attention"], heads)[0]
            f = s + feed_forward_loops(layer_norm_loops(s, block["feed_forward_norm"]), block)
        else:
            s = normed + multi_head_attention_loops(normed, x, mask, block["attention"], heads)[0]
            s = layer_norm_loops(s, block["feed_forward_norm"])
            f = s + feed_forward_loops(s, block)
        x = f * real[:, None]
    if weights["last_norm"] is not None:
        x = layer_norm_loops(x, weights["last_norm"]) * real[:, None]
    return x


# --8<-- [end:encode]


def scores_loops(history: np.ndarray, weights: dict[str, Any], wiring: str = "paper") -> np.ndarray:
    """Scores all items as the next one of each history.

    Args:
        history: item ids ``[B, L]``, 0 is padding.
        weights: what `parameters` returns.
        wiring: "paper" or "authors" (default: "paper").

    Returns:
        array ``[B, N]``, zeros for a history without items.

    Raises:
        ValueError: the wiring is unknown.

    Example:
        >>> w = {"items": np.eye(2), "positions": np.ones((3, 2)), "output": np.eye(2)}
        >>> w |= {"blocks": [], "num_heads": 1, "last_norm": None}
        >>> scores_loops(np.array([[2, 1, 0]]), w).tolist()
        [[2.0, 1.0]]
    """
    out = np.zeros((len(history), len(weights["output"])))
    for b, row in enumerate(history):
        real = [t for t in range(len(row)) if row[t] != 0]
        if real:
            user = encode_loops(row, weights, wiring)[real[-1]]
            for i in range(out.shape[1]):
                out[b, i] = sum(user * weights["output"][i])
    return out


# --8<-- [start:loss]
def bce_loops(
    f: np.ndarray, output: np.ndarray, target: np.ndarray, negatives: np.ndarray, beta: float = 1.0
) -> float:
    """Binary cross-entropy of one history's next items against given negatives, averaged over steps.

    Args:
        f: outputs ``[L, D]``.
        output: item table ``[N, D]``.
        target: next items ``[L]``, 0 is ignored.
        negatives: item ids ``[L, K]``.
        beta: weight of the positive term (default: 1.0).

    Returns:
        the loss.

    Example:
        >>> loss = bce_loops(np.zeros((2, 1)), np.ones((3, 1)), np.array([3, 0]), np.array([[1], [1]]))
        >>> round(loss, 4)  # 2 log 2
        1.3863
    """
    total, count = 0.0, 0
    for t in range(len(target)):
        if target[t] != 0:
            count += 1
            total -= beta * math.log(1 / (1 + math.exp(-f[t] @ output[target[t] - 1])))
            for j in negatives[t]:
                total -= math.log(1 - 1 / (1 + math.exp(-f[t] @ output[j - 1])))
    return total / max(count, 1)


def cross_entropy_loops(f: np.ndarray, output: np.ndarray, target: np.ndarray) -> float:
    """Cross-entropy of one history's next items under a softmax over all items, averaged over steps.

    Args:
        f: outputs ``[L, D]``.
        output: item table ``[N, D]``.
        target: next items ``[L]``, 0 is ignored.

    Returns:
        the loss.

    Example:
        >>> round(cross_entropy_loops(np.zeros((2, 1)), np.ones((3, 1)), np.array([3, 0])), 4)  # log 3
        1.0986
    """
    total, count = 0.0, 0
    for t in range(len(target)):
        if target[t] != 0:
            count += 1
            partition = sum(math.exp(f[t] @ row) for row in output)
            total -= math.log(math.exp(f[t] @ output[target[t] - 1]) / partition)
    return total / max(count, 1)


# --8<-- [end:loss]


def sasrec_of_model(model: Any, inputs: Mapping[str, Any]) -> np.ndarray:
    """Evaluates a `recnotes.models.SASRec` by the loops, with the model's weights.

    Args:
        model: a built SASRec.
        inputs: ``{"history": [B, L]}``.

    Returns:
        The scores ``[B, N]``.

    Raises:
        ValueError: the model's wiring is unknown.

    Example:
        >>> from recnotes.registry import find
        >>> entry = find("sasrec")
        >>> sasrec_of_model(entry.build(), entry.inputs(2)).shape
        (2, 100)
    """
    return scores_loops(np.asarray(inputs["history"]), parameters(model), model.config["wiring"])
