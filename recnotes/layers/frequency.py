"""How often an item is in a batch, estimated from the stream of batches itself."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.ids import checked_ids


@keras.saving.register_keras_serializable("recnotes")
class StreamingFrequency(keras.layers.Layer):
    r"""Estimates the probability that an item is in a batch from the steps between two of its batches.

    At step $t$, for every item $y$ of the batch,

    $$
    B_y \leftarrow (1 - \alpha) B_y + \alpha (t - A_y), \qquad A_y \leftarrow t, \qquad p_y = \frac{1}{B_y}
    $$

    with the step of each item's last batch $A$ and the moving average of its gaps $B$, both of shape $[N]$
    and no trained weights. An item that stands in a batch several times is counted once, for a gap is at
    least one step. After $n$ gaps of mean $\delta$ the expected error of $B_y$ is
    $(1 - \alpha)^n (B^{(0)} - \delta)$: the start is forgotten slowly, the more slowly the rarer the item.

    Args:
        num_items: number of items ``N``; ids count from 0.
        rate: learning rate $\alpha$, in (0, 1] (default: 0.01).
        initial_gap: what every $B_y$ starts with, in steps (default: 100.0).
        field_name: name used in error messages (default: "item").
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on integer ids ``[B]``: the probabilities $p$, float32 ``[B]``, with ``training=True`` after
        the step was counted.

    Raises:
        ValueError: a size or the rate does not fit, or an id is out of range (eagerly).

    Example:
        >>> layer = StreamingFrequency(3, rate=0.5, initial_gap=4.0)
        >>> layer(tf.constant([0, 2, 2]), training=True).numpy().tolist()  # 1 / (4 / 2 + 1 / 2)
        [0.4000000059604645, 0.4000000059604645, 0.4000000059604645]
        >>> layer(tf.constant([0, 1])).numpy().tolist()
        [0.4000000059604645, 0.25]

    References:
        Yi et al., *Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations*,
        RecSys 2019, https://doi.org/10.1145/3298689.3346996, algorithm 2; rate and initial gap are those of
        its section 6. There an item's place is a hash of its id, so that no vocabulary is needed; algorithm 3
        keeps several hashes and reads the largest gap (`HashedFrequency`). The error above follows from the
        recursion; equation 7 prints $(1 - \alpha)^{n-1}$ before $\delta$.
    """

    def __init__(
        self,
        num_items: int,
        rate: float = 0.01,
        initial_gap: float = 100.0,
        field_name: str = "item",
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=False, **kwargs)
        if num_items < 1:
            raise ValueError(f"num_items must be positive, received {num_items!r}")
        if not 0 < rate <= 1:
            raise ValueError(f"rate must be in (0, 1], received {rate!r}")
        if not initial_gap >= 1:
            raise ValueError(f"initial_gap must be at least 1, received {initial_gap!r}")
        self.num_items, self.field_name = int(num_items), str(field_name)
        self.rate, self.initial_gap = float(rate), float(initial_gap)
        self.supports_jit = False

    def build(self, input_shape: Any = None) -> None:
        """Creates the step and the two arrays.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        whole = {"dtype": "int64", "initializer": "zeros", "trainable": False}
        self.step = self.add_weight((), name="step", **whole)
        self.last = self.add_weight((self.num_items,), name="last", **whole)
        start = keras.initializers.Constant(self.initial_gap)
        self.gap = self.add_weight((self.num_items,), start, "float32", trainable=False, name="gap")
        self.built = True

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Counts a step, in training, and reads the probabilities.

        Args:
            ids: integer tensor ``[B]``.
            training: whether the batch counts (default: False).

        Returns:
            Probabilities ``[B]``.
        """
        # --8<-- [start:call]
        ids = checked_ids(tf.convert_to_tensor(ids), [self.num_items], [f"field {self.field_name!r}"])  # [B]
        y = tf.cast(ids, tf.int64)  # [B]
        # Rows are read from the variables themselves: after a scatter any other read copies them whole.
        b = tf.gather(self.gap.value, y)  # [B]
        if training:
            self.step.assign_add(1)
            t = tf.convert_to_tensor(self.step)
            passed = tf.cast(t - tf.gather(self.last.value, y), tf.float32)  # [B]
            b = (1 - self.rate) * b + self.rate * passed  # [B]
            # Rows of one item hold one value, so it does not matter which of them is written last.
            self.gap.value.scatter_update(tf.IndexedSlices(b, y))
            self.last.value.scatter_update(tf.IndexedSlices(tf.fill(tf.shape(y), t), y))
        return 1 / tf.maximum(b, 1.0)
        # --8<-- [end:call]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns ``[B]``.

        Args:
            input_shape: ``[B]``.

        Returns:
            Shape of the probabilities.
        """
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        config = super().get_config()
        config.pop("trainable", None)
        return {
            **config,
            "num_items": self.num_items,
            "rate": self.rate,
            "initial_gap": self.initial_gap,
            "field_name": self.field_name,
        }
