"""FTRL-Proximal on the rows of a table that were read."""

from __future__ import annotations

import keras
import tensorflow as tf

from recnotes.optimizers.rows import RowUpdates


@keras.saving.register_keras_serializable("recnotes")
class RowFtrl(RowUpdates, keras.optimizers.Ftrl):
    r"""FTRL that updates only the rows of a table that a batch looked up.

    $$
    \begin{aligned}
    z_r &\leftarrow z_r + g_r + 2 \lambda_s T_r - \frac{(n_r + g_r^2)^{-p} - n_r^{-p}}{\eta}\, T_r, \qquad
    n_r \leftarrow n_r + g_r^2, \\
    T_r &\leftarrow \frac{\text{clip}(z_r, -\lambda_1, \lambda_1) - z_r}
        {n_r^{-p} / \eta + 2 \lambda_2 + \beta / \eta}, \qquad r \in R
    \end{aligned}
    $$

    with the table $T$, its sums of squares $n$ and its linear terms $z$ of shape $[V, D]$, the summed
    gradient $g_r$ of shape $[D]$ of each of the rows $R$ that were read, the learning rate's power $p$, the
    strengths $\lambda_1$ and $\lambda_2$ and the shrinkage $\lambda_s$.

    It equals Keras's Ftrl while every row is in every batch. Otherwise it does not, and the other one is
    seldom wanted: $z$ starts at 0, so Keras's dense step sets every row it has never seen to 0 at once. A
    table of 3 rows that start at 0.05, of which the first step reads one, is (0.0182, 0, 0) after that step
    with Keras's Ftrl (gradient 0.4, learning rate 0.001) and (0.0182, 0.05, 0.05) with this one. Rows that
    start at 0 stay there in both.

    The arguments are those of `keras.optimizers.Ftrl`; `RowUpdates` says what becomes of clipping, weight
    decay and moving averages on a table.

    Example:
        >>> table = keras.Variable([[0.0], [0.0], [0.0]])
        >>> slices = tf.IndexedSlices(tf.constant([[3.0]]), tf.constant([1]), [3, 1])
        >>> optimizer = RowFtrl(0.5, initial_accumulator_value=0.0, l1_regularization_strength=1.0)
        >>> optimizer.apply([slices], [table])
        >>> [round(x, 4) for x in table.numpy().ravel().tolist()]  # (1 − 3) / (√9 / 0.5)
        [0.0, -0.3333, 0.0]

    References:
        McMahan et al., *Ad Click Prediction: a View from the Trenches*, KDD 2013,
        https://doi.org/10.1145/2487575.2488200, algorithm 1, whose step also touches only the
        coordinates that an example has. There $p = -\frac12$, nothing shrinks ($\lambda_s = 0$), and
        $\lambda_2$ stands where Keras has $2 \lambda_2$.
    """

    def update_rows(
        self, g: tf.Tensor, rows: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Takes FTRL's step for some rows.

        Args:
            g: summed gradients ``[U, D]``.
            rows: rows ``[U]``, each once.
            variable: table ``[V, D]``.
            learning_rate: learning rate of this step.
        """
        i = self._get_variable_index(variable)
        l2 = self.l2_regularization_strength + self.beta / (2.0 * learning_rate)
        tf.raw_ops.ResourceSparseApplyFtrlV2(
            var=variable.handle,
            accum=self._accumulators[i].value.handle,
            linear=self._linears[i].value.handle,
            grad=g,
            indices=rows,
            lr=learning_rate,
            l1=tf.cast(self.l1_regularization_strength, g.dtype),
            l2=tf.cast(l2, g.dtype),
            l2_shrinkage=tf.cast(self.l2_shrinkage_regularization_strength, g.dtype),
            lr_power=tf.cast(self.learning_rate_power, g.dtype),
        )
