"""One vector a row from numeric values and categorical fields: what multi-task models read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.field import FieldEmbedding


@keras.saving.register_keras_serializable("recnotes")
class ConcatFeatures(keras.layers.Layer):
    r"""Concatenates numeric values with the embeddings of all categorical fields.

    $$
    x_b = [\, d_b;\; e_{b1};\; \dots;\; e_{bF} \,]
    $$

    with the numeric values $d$ of shape $[B, n]$ and the embeddings $e$ of shape $[B, F, D]$. Without
    categorical fields $x$ is $d$. Numeric values enter as they are; `FeatureEmbedding` gives each a vector
    instead, which a model needs that crosses fields.

    Args:
        vocabulary_sizes: number of values of each categorical field, empty for none (default: ()).
        width: width ``D`` of an embedding (default: 8).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed of the embeddings (default: None).
        **kwargs: passed to `keras.layers.Layer`.

    Returns:
        Called on ``{"dense": [B, n], "sparse": [B, F]}``, either of which may be absent: a float tensor
        ``[B, n + F*D]``.

    Raises:
        ValueError: the input is not such a dict, its "sparse" does not go with ``vocabulary_sizes``, one of
            the features it was built for is missing or has another width, or an id is out of range (eagerly).

    Example:
        >>> layer = ConcatFeatures([10, 20], width=4, seed=0)
        >>> layer({"dense": tf.zeros([3, 5]), "sparse": tf.zeros([3, 2], tf.int32)}).shape.as_list()
        [3, 13]

    References:
        Ma et al., *Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts*,
        KDD 2018, https://doi.org/10.1145/3219819.3220007, section 6.4.1: embeddings for sparse features,
        numeric ones scaled to [0, 1] beforehand.
    """

    def __init__(
        self,
        vocabulary_sizes: Sequence[int] = (),
        width: int = 8,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_sizes = [int(size) for size in vocabulary_sizes]
        self.width, self.seed = int(width), seed
        self.field_names = [str(name) for name in field_names] if field_names is not None else None
        self.fields = None
        if len(vocabulary_sizes) or field_names:
            policy = self.dtype_policy
            self.fields = FieldEmbedding(vocabulary_sizes, width, field_names, seed=seed, dtype=policy)

    def build(self, input_shape: Any) -> None:
        """Creates the embedding table, and has Keras name what is missing from later inputs.

        Args:
            input_shape: dict of the features' shapes.

        Raises:
            ValueError: the features are others than said above.
        """
        names = sorted(input_shape) if isinstance(input_shape, Mapping) else input_shape
        allowed = [["dense"]] if self.fields is None else [["sparse"], ["dense", "sparse"]]
        if names not in allowed:
            raise ValueError(f"features must be a dict of one of {allowed!r}, received {names!r}")
        self.input_spec = [keras.InputSpec(shape=(None, *s[1:]), name=n) for n, s in input_shape.items()]
        if self.fields is not None:
            self.fields.build()
        self.built = True

    def call(self, features: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Concatenates.

        Args:
            features: ``{"dense": [B, n], "sparse": [B, F]}`` or one of the two.

        Returns:
            ``[B, n + F*D]``.
        """
        if self.fields is None:
            return tf.cast(features["dense"], self.compute_dtype)
        e = self.fields(features["sparse"])  # [B, F, D]
        x = tf.reshape(e, [-1, e.shape[1] * e.shape[2]])  # [B, F*D]
        if "dense" not in features:
            return x
        return tf.concat([tf.cast(features["dense"], self.compute_dtype), x], axis=1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the concatenation.

        Args:
            input_shape: dict of the features' shapes.

        Returns:
            ``[B, n + F*D]``.
        """
        batch = next(iter(input_shape.values()))[0]
        n = input_shape["dense"][1] if "dense" in input_shape else 0
        e = 0 if self.fields is None else len(self.vocabulary_sizes) * self.width
        return (batch, n + e)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the layer.

        Returns:
            Keyword arguments of the constructor.
        """
        return {
            **super().get_config(),
            "vocabulary_sizes": self.vocabulary_sizes,
            "width": self.width,
            "field_names": self.field_names,
            "seed": self.seed,
        }
