"""ESMM: click and conversion learned over all impressions, conversion only through its product with click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from recnotes.embedding.concat import ConcatFeatures
from recnotes.layers.mlp import MLP
from recnotes.models._config import constructor_arguments
from recnotes.seeds import child_seeds


def funnel_cross_entropy(ctr: tf.Tensor, cvr: tf.Tensor, click: tf.Tensor, bought: tf.Tensor) -> tf.Tensor:
    r"""Cross-entropy of click and of click followed by conversion, over all impressions.

    $$
    \mathcal{L} = \frac1B \sum_b \big[\ell(y_b, p_b) + \ell(y_b z_b, p_b q_b)\big], \qquad
    p = \sigma(a), \quad q = \sigma(c)
    $$

    $$
    \log(p q) = -\log(1 + e^{-a}) - \log(1 + e^{-c}), \qquad
    \log(1 - p q) = \log(e^{-a} + e^{-c} + e^{-a-c}) + \log(p q)
    $$

    with the logits $a$ of click and $c$ of conversion, clicks $y$ and conversions after a click $y z$, all
    of shape $[B]$, and the binary cross-entropy $\ell$. The second line never forms a probability, so that
    no logit is large enough to make the loss infinite.

    Args:
        ctr: logits of click ``[B]``.
        cvr: logits of conversion given click ``[B]``.
        click: 0 or 1, ``[B]``.
        bought: 0 or 1, ``[B]``: clicked and converted.

    Returns:
        The loss, a scalar.

    Example:
        >>> zero = tf.zeros([1])
        >>> round(float(funnel_cross_entropy(zero, zero, zero, zero)), 4)  # log 2 + log 4/3
        0.9808

    References:
        Ma et al., *Entire Space Multi-Task Model*, SIGIR 2018, https://arxiv.org/abs/1804.07931, equation 3,
        which prints the sum; the mean differs by the factor B alone.
    """
    # --8<-- [start:loss]
    log_both = tf.math.log_sigmoid(ctr) + tf.math.log_sigmoid(cvr)
    log_rest = tf.reduce_logsumexp(tf.stack([-ctr, -cvr, -ctr - cvr]), axis=0) + log_both
    clicks = tf.nn.sigmoid_cross_entropy_with_logits(labels=click, logits=ctr)
    return tf.reduce_mean(clicks - bought * log_both - (1 - bought) * log_rest)
    # --8<-- [end:loss]


@keras.saving.register_keras_serializable("recnotes")
class ESMM(keras.Model):
    r"""Two towers on shared embeddings; that of conversion is trained through the product alone.

    $$
    \text{ctcvr}_b = \log \sigma(a_b) + \log \sigma(c_b), \qquad a = h^1(x), \quad c = h^2(x)
    $$

    with $x$ of shape $[B, n + FD]$ and the towers' logits $a$ of click and $c$ of conversion given click of
    shape $[B]$. Clicks and purchases are known for every impression, conversion given click only for
    clicked ones: a model trained on those meets other impressions when it serves.

    Args:
        tower_units: widths of a tower's hidden layers (default: (360, 200, 80)).
        activation: activation of the hidden layers (default: "relu").
        vocabulary_sizes: number of values of each categorical field, empty for none (default: ()).
        embedding_dim: width ``D`` of an embedding (default: 18).
        field_names: names of the categorical fields for error messages (default: None).
        seed: seed, from which each part gets its own (default: None).
        **kwargs: passed to `keras.Model`.

    Returns:
        Called on ``{"dense": [B, n], "sparse": [B, F]}``, either of which may be absent: a dict of the logits
        ``"ctr"`` and ``"cvr"`` and the log-probability ``"ctcvr"``, each ``[B]``. ``fit`` takes the labels
        ``{"ctr": [B], "ctcvr": [B]}`` and ignores a loss given to ``compile``.

    Raises:
        ValueError: a width is not positive, the features do not fit, or an id is out of range (eagerly).

    Example:
        >>> model = ESMM(tower_units=(8,), seed=0)
        >>> {name: out.shape.as_list() for name, out in model({"dense": tf.zeros([3, 5])}).items()}
        {'ctr': [3], 'cvr': [3], 'ctcvr': [3]}

    References:
        Ma et al., *Entire Space Multi-Task Model: An Effective Approach for Estimating Post-Click Conversion
        Rate*, SIGIR 2018, https://arxiv.org/abs/1804.07931. The defaults are those of its section 3.1, 18
        numbers an embedding and layers of 360, 200, 80 and 2; here the last is one logit, and the loss works
        on logits, where the paper prints probabilities.
    """

    def __init__(
        self,
        tower_units: Sequence[int] = (360, 200, 80),
        activation: str = "relu",
        vocabulary_sizes: Sequence[int] = (),
        embedding_dim: int = 18,
        field_names: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = constructor_arguments(locals())
        self.seed = seed
        seeds = child_seeds(seed, 3)
        policy = self.dtype_policy
        self.features = ConcatFeatures(
            vocabulary_sizes, embedding_dim, field_names, seed=seeds[0], dtype=policy
        )
        self.ctr_tower = MLP(tower_units, 1, activation, seed=seeds[1], dtype=policy)
        self.cvr_tower = MLP(tower_units, 1, activation, seed=seeds[2], dtype=policy)

    def build(self, input_shape: Any) -> None:
        """Creates the weights.

        Args:
            input_shape: dict of the features' shapes.
        """
        self.features.build(input_shape)
        for tower in (self.ctr_tower, self.cvr_tower):
            tower.build(self.features.compute_output_shape(input_shape))
        self.built = True

    # --8<-- [start:call]
    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> dict[str, tf.Tensor]:
        """Runs both towers and multiplies their probabilities.

        Args:
            inputs: ``{"dense": [B, n], "sparse": [B, F]}`` or one of the two.
            training: not used, there is no dropout (default: False).

        Returns:
            Dict of ``"ctr"``, ``"cvr"`` (logits) and ``"ctcvr"`` (log-probability), each ``[B]``.
        """
        x = self.features(inputs)
        ctr = tf.cast(self.ctr_tower(x)[:, 0], tf.float32)  # [B]
        cvr = tf.cast(self.cvr_tower(x)[:, 0], tf.float32)  # [B]
        ctcvr = tf.math.log_sigmoid(ctr) + tf.math.log_sigmoid(cvr)  # [B]
        return {"ctr": ctr, "cvr": cvr, "ctcvr": ctcvr}

    # --8<-- [end:call]

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tf.Tensor:
        """Computes the loss over all impressions; Keras calls it in ``fit`` and ``evaluate``.

        Args:
            x: not used (default: None).
            y: the labels, a dict with ``"ctr"`` and ``"ctcvr"``, each ``[B]`` (default: None).
            y_pred: the model's output (default: None).
            sample_weight: must be None (default: None).
            training: not used (default: True).

        Returns:
            A scalar.

        Raises:
            ValueError: the labels are not such a dict, or there are sample weights.
        """
        if not isinstance(y, Mapping) or sorted(y) != ["ctcvr", "ctr"]:
            raise ValueError(f"labels must be a dict with 'ctr' and 'ctcvr', received {y!r}")
        if sample_weight is not None:
            raise ValueError(f"sample_weight must be None, received {sample_weight!r}")
        click, bought = (tf.reshape(tf.cast(y[name], tf.float32), [-1]) for name in ("ctr", "ctcvr"))
        return funnel_cross_entropy(y_pred["ctr"], y_pred["cvr"], click, bought)

    def get_config(self) -> dict[str, Any]:
        """Returns what rebuilds the model.

        Returns:
            Keyword arguments of the constructor.
        """
        return {**super().get_config(), **self.config}
