"""TwoTower: a user's vector and an item's vector that meet in a dot product, trained on the batch's items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.layers.frequency import StreamingFrequency
from recnotes.layers.tower import Tower
from recnotes.losses.in_batch import in_batch_softmax_loss
from recnotes.models._config import constructor_arguments
from recnotes.seeds import child_seeds


@keras.saving.register_keras_serializable("recnotes")
class TwoTower(keras.Model):
    r"""Turns users and items into vectors of length 1, which a nearest-neighbor index can search.

    $$
    s_b = \frac{\langle u_b, v_b \rangle}{\tau}, \qquad
    \ell_b = -\log \frac{e^{s_{bb} - \log p_b}}{\sum_c e^{s_{bc} - \log p_c}}
    $$

    with the towers' outputs $u$ and $v$ of shape $[B, U]$ (see `Tower`), the score $s$ of
    shape $[B]$, the temperature $\tau$, the scores $s_{bc}$ of user $b$ with the item of row $c$, and the
    probability $p_c$ that this item is in a batch. Without the correction popular items are punished for
    being negatives of so many rows.

    Args:
        num_users: number of users; ids count from 0.
        num_items: number of items; ids count from 0.
        user_vocabulary_sizes: values of each further field of a user, length ``F`` (default: ()).
        item_vocabulary_sizes: values of each further field of an item, length ``G`` (default: ()).
        embedding_dim: width of the vectors that enter the towers (default: 64).
        hidden_units: widths of each tower's layers (default: (512, 128)).
        activation: activation of all layers, the last one too (default: "relu").
        normalize: whether the outputs are scaled to length 1 (default: True).
        temperature: $\tau$ (default: 0.05).
        frequency_rate: learning rate of the estimated probabilities, 0 for no correction (default: 0.01).
        mask_repeats: whether rows with the same item are no negatives of each other; the paper's sum holds
            them (default: False).
        embedding_stddev: standard deviation of the entering vectors at the start (default: 0.01).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"user": int [B], "item": int [B]}`` and, where there are such fields, ``"user_fields"``
        int ``[B, F]`` and ``"item_fields"`` int ``[B, G]``: each pair's score, float32 ``[B]``.
        ``compile(optimizer=...)`` without a loss and ``fit({"user": ..., "item": ...})`` train on pairs that
        belong together, without labels. ``"reward"``, float ``[B]``, weighs the rows, the paper's $r$; so
        does ``sample_weight``, which ``fit`` passes on beside a ``y`` only. The probabilities are estimated
        from the batches as they come, or given as ``"log_p"``, float ``[B]``.

    Raises:
        ValueError: a size does not fit, an input is missing, inputs differ in length, or an id is out of
            range (eagerly).

    Example:
        >>> model = TwoTower(6, 9, item_vocabulary_sizes=[3], embedding_dim=4, hidden_units=[8], seed=0)
        >>> inputs = {"user": tf.constant([0, 5]), "item": tf.constant([8, 1])}
        >>> inputs["item_fields"] = tf.constant([[2], [0]])
        >>> model(inputs).shape.as_list(), model.item_vectors(inputs).shape.as_list()
        ([2], [2, 8])

    References:
        Yi et al., *Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations*,
        RecSys 2019, https://doi.org/10.1145/3298689.3346996. Widths, temperature and rate are among those of
        its experiments on Wikipedia (section 6.2). The paper shares the embeddings of a field that both
        towers read; here each tower has its own.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        user_vocabulary_sizes: Sequence[int] = (),
        item_vocabulary_sizes: Sequence[int] = (),
        embedding_dim: int = 64,
        hidden_units: Sequence[int] = (512, 128),
        activation: str = "relu",
        normalize: bool = True,
        temperature: float = 0.05,
        frequency_rate: float = 0.01,
        mask_repeats: bool = False,
        embedding_stddev: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        if not temperature > 0:
            raise ValueError(f"temperature must be positive, received {temperature!r}")
        self.temperature, self.mask_repeats = float(temperature), bool(mask_repeats)
        seeds = child_seeds(seed, 2)

        def tower(name: str, sizes: Sequence[int], seed: int | None) -> Tower:
            names = [name, *(f"{name}_fields[{f}]" for f in range(len(sizes) - 1))]
            options = {"dtype": self.dtype_policy, "name": f"{name}_tower"}
            return Tower(
                sizes,
                embedding_dim,
                hidden_units,
                activation,
                normalize,
                names,
                embedding_stddev,
                seed,
                **options,
            )

        self.user_tower = tower("user", (num_users, *user_vocabulary_sizes), seeds[0])
        self.item_tower = tower("item", (num_items, *item_vocabulary_sizes), seeds[1])
        widths = (self.user_tower.width, self.item_tower.width)
        if widths[0] != widths[1]:  # without hidden_units it is embedding_dim times the fields
            raise ValueError(f"towers must have one width, received {widths[0]}, {widths[1]}")
        self.frequency = None
        if frequency_rate:
            self.frequency = StreamingFrequency(num_items, frequency_rate, name="frequency")

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: not used, the sizes are known (default: None).
        """
        self.user_tower.build()
        self.item_tower.build()
        if self.frequency is not None:
            self.frequency.build()
        self.built = True

    # --8<-- [start:vectors]
    def user_vectors(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Computes the vectors of users.

        Args:
            inputs: ``{"user": [B], "user_fields": [B, F]}``.

        Returns:
            ``[B, U]``.
        """
        return self.user_tower(_tower_ids(inputs, "user", self.user_tower))

    def item_vectors(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Computes the vectors of items, once for all of them where they go into an index.

        Args:
            inputs: ``{"item": [B], "item_fields": [B, G]}``.

        Returns:
            ``[B, U]``.
        """
        return self.item_tower(_tower_ids(inputs, "item", self.item_tower))

    # --8<-- [end:vectors]

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Scores pairs.

        Args:
            inputs: ``{"user": [B], "item": [B]}`` and the fields.

        Returns:
            The scores ``[B]``.
        """
        # --8<-- [start:call]
        u, v = self.user_vectors(inputs), self.item_vectors(inputs)
        if not u.shape.is_compatible_with(v.shape):  # one row would broadcast
            raise ValueError(f"'user' and 'item' must have one length, received {u.shape[0]}, {v.shape[0]}")
        return tf.cast(tf.reduce_sum(u * v, axis=1), tf.float32) / self.temperature
        # --8<-- [end:call]

    # --8<-- [start:loss]
    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tf.Tensor:
        """Computes the loss; Keras calls it in ``fit`` and ``evaluate``.

        Args:
            x: the inputs (default: None).
            y: not used, the items are in ``x`` (default: None).
            y_pred: not used, the pairs' scores (default: None).
            sample_weight: weights ``[B]`` of the rows, where ``x`` has no ``"reward"`` (default: None).
            training: whether the batch counts for the probabilities (default: True).

        Returns:
            The mean loss of the rows, a scalar; 0 for a batch without rows.

        Raises:
            ValueError: ``"log_p"`` is not one number for each row.
        """
        u, v = self.user_vectors(x), self.item_vectors(x)
        log_p = x.get("log_p")
        if log_p is not None and not u.shape[:1].is_compatible_with(log_p.shape):
            raise ValueError(f"'log_p' must be [B] with B = {u.shape[0]}, received {tuple(log_p.shape)}")
        if log_p is None and self.frequency is not None:
            log_p = tf.math.log(self.frequency(x["item"], training=training))
        repeats = x["item"] if self.mask_repeats else None
        losses = in_batch_softmax_loss(u, v, log_p, repeats, self.temperature)
        reward = x.get("reward", sample_weight)
        if reward is not None:
            losses *= tf.reshape(tf.cast(reward, losses.dtype), tf.shape(losses))
        return tf.math.divide_no_nan(tf.reduce_sum(losses), tf.cast(tf.size(losses), losses.dtype))

    # --8<-- [end:loss]

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the model.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), **self.config}


def _tower_ids(inputs: Mapping[str, tf.Tensor], name: str, tower: Tower) -> tf.Tensor:
    """Puts the ids and the further fields of users or of items side by side."""
    wanted = {name: 1, f"{name}_fields": 2} if len(tower.embedding.vocabulary_sizes) > 1 else {name: 1}
    names, parts = " and ".join(map(repr, wanted)), []
    if not wanted.keys() <= inputs.keys():
        raise ValueError(f"inputs must have {names}, received {sorted(inputs)!r}")
    for key, rank in wanted.items():
        ids = tf.convert_to_tensor(inputs[key])
        if not ids.dtype.is_integer or ids.shape.rank != rank:
            received = f"{ids.dtype.name} {ids.shape}"
            raise ValueError(f"ids of {key!r} must be integers of rank {rank}, received {received}")
        parts.append(tf.cast(ids[:, None] if rank == 1 else ids, tf.int64))
    if not parts[0].shape[:1].is_compatible_with(parts[-1].shape[:1]):
        raise ValueError(f"{names} must have one length, received {[ids.shape[0] for ids in parts]}")
    return tf.concat(parts, axis=1)
