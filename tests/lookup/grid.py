"""A generated grid of lookups, and the comparison to the bit."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

V, D = 11, 5


class Case(NamedTuple):
    """One sparse batch: where each id stands, the ids, the weights and the shape of the whole."""

    indices: np.ndarray
    ids: np.ndarray
    weights: np.ndarray | None
    shape: tuple[int, ...]

    @property
    def sp_ids(self) -> tf.SparseTensor:
        return tf.SparseTensor(self.indices, self.ids, self.shape)

    @property
    def sp_weights(self) -> tf.SparseTensor | None:
        return None if self.weights is None else tf.SparseTensor(self.indices, self.weights, self.shape)


def table(seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(V, D)).astype(np.float32)
    values[3] = 0.0  # a zero row: what max_norm does to it is a corner of its own
    return values


def case(
    seed: int,
    weights: str | None = None,
    leading: tuple[int, ...] = (13,),
    max_ids: int = 17,
    negative: bool = False,
    empty: bool = True,
    dtype: type = np.int64,
) -> Case:
    """Draw a batch: rows of 0 to `max_ids` ids (at least 1 without `empty`), with gaps and duplicates."""
    rng = np.random.default_rng(seed)
    indices = []
    for row in np.ndindex(*leading):
        n = 0 if empty and rng.random() < 0.3 else rng.integers(1, max_ids + 1)
        for column in sorted(rng.choice(max_ids, size=n, replace=False)):
            indices.append((*row, column))
    k = len(indices)
    ids = rng.integers(0, V, size=k).astype(dtype)
    if negative:
        ids[rng.random(k) < 0.3] = -1
    drawn = {
        None: None,
        "positive": rng.uniform(0.1, 2.0, size=k),
        "zeros": rng.uniform(0.1, 2.0, size=k) * (rng.random(k) < 0.6),
        "signed": rng.normal(size=k),
    }[weights]
    drawn = None if drawn is None else drawn.astype(np.float32)
    return Case(np.array(indices, np.int64).reshape(k, len(leading) + 1), ids, drawn, (*leading, max_ids))


def same_bits(a: object, b: object) -> bool:
    """Whether two tensors have one shape and one bit pattern: signs of zeros and NaNs count."""
    x, y = np.ascontiguousarray(a), np.ascontiguousarray(b)
    return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()


def values_and_gradients(
    lookup: Callable[..., tf.Tensor], variable: tf.Variable | tf.Tensor, batch: Case, **options: object
) -> list[np.ndarray]:
    """The pooled rows, and the gradients of a random projection of them by table and weights."""
    weights = None if batch.weights is None else tf.constant(batch.weights)
    with tf.GradientTape() as tape:
        tape.watch([variable] + ([] if weights is None else [weights]))
        sp_weights = None if weights is None else tf.SparseTensor(batch.indices, weights, batch.shape)
        pooled = lookup(variable, batch.sp_ids, sp_weights, **options)
        seed_tensor = tf.constant(np.random.default_rng(99).normal(size=(4000, D)), pooled.dtype)
        flat = tf.reshape(pooled, [-1, D])
        loss = tf.reduce_sum(flat * seed_tensor[: tf.shape(flat)[0]])
    gradients = tape.gradient(loss, [variable] + ([] if weights is None else [weights]))
    return [pooled.numpy()] + [tf.convert_to_tensor(g).numpy() for g in gradients]
