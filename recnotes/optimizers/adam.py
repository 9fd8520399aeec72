"""LazyAdam: Adam whose moments of a table's row move only when the row is read."""

from __future__ import annotations

import keras
import tensorflow as tf

from recnotes.optimizers.rows import RowUpdates, read_rows, write_rows


@keras.saving.register_keras_serializable("recnotes")
class LazyAdam(RowUpdates, keras.optimizers.Adam):
    r"""Adam that updates only the rows of a table that a batch looked up.

    $$
    m_r \leftarrow \beta_1 m_r + (1 - \beta_1) g_r, \quad
    v_r \leftarrow \beta_2 v_r + (1 - \beta_2) g_r^2, \quad
    T_r \leftarrow T_r - \alpha_t \frac{m_r}{\sqrt{v_r} + \epsilon}, \qquad r \in R
    $$

    with the table $T$ and its moments $m$, $v$ of shape $[V, D]$, the summed gradient $g_r$ of shape $[D]$ of
    each of the rows $R$ that were read, and
    $\alpha_t = \eta \sqrt{1 - \beta_2^t} / (1 - \beta_1^t)$ at the optimizer's step $t$. Weights with a
    dense gradient take Adam's own step.

    It equals Adam while every row is in every batch. Otherwise it does not: Adam lets the moments of the
    other rows decay and goes on moving them, LazyAdam leaves them as they are. A single gradient of 1, at the
    first of 20 steps with a learning rate of 0.001, moves a row by 0.0010 in all with LazyAdam and by 0.0053
    with Adam. A row that is read again after a pause meets the moments of its last visit.

    The arguments are those of `keras.optimizers.Adam`; `RowUpdates` says what becomes of clipping, weight
    decay and moving averages on a table.

    Example:
        >>> table = keras.Variable([[1.0], [1.0], [1.0]])
        >>> slices = tf.IndexedSlices(tf.constant([[3.0]]), tf.constant([1]), [3, 1])
        >>> LazyAdam(0.25).apply([slices], [table])
        >>> [round(x, 4) for x in table.numpy().ravel().tolist()]
        [1.0, 0.75, 1.0]

    References:
        Kingma and Ba, *Adam: A Method for Stochastic Optimization*, ICLR 2015,
        https://arxiv.org/abs/1412.6980; the bias of the moments is corrected by the number of steps, not by
        how often a row was read.
    """

    def update_dense(self, g: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        """Takes Adam's step in one pass over the weights.

        Args:
            g: gradient.
            variable: variable.
            learning_rate: learning rate of this step.
        """
        if self.amsgrad:
            super().update_dense(g, variable, learning_rate)
            return
        i = self._get_variable_index(variable)
        beta_1_power, beta_2_power = self._powers(variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[i].value.handle,
            v=self._velocities[i].value.handle,
            beta1_power=beta_1_power,
            beta2_power=beta_2_power,
            lr=learning_rate,
            beta1=tf.cast(self.beta_1, variable.dtype),
            beta2=tf.cast(self.beta_2, variable.dtype),
            epsilon=tf.cast(self.epsilon, variable.dtype),
            grad=g,
        )

    def update_rows(
        self, g: tf.Tensor, rows: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Takes Adam's step for some rows.

        Args:
            g: summed gradients ``[U, D]``.
            rows: rows ``[U]``, each once.
            variable: table ``[V, D]``.
            learning_rate: learning rate of this step.
        """
        i = self._get_variable_index(variable)
        beta_1_power, beta_2_power = self._powers(variable.dtype)
        alpha = learning_rate * tf.sqrt(1 - beta_2_power) / (1 - beta_1_power)
        m = read_rows(self._momentums[i].value, rows)  # [U, D]
        v = read_rows(self._velocities[i].value, rows)  # [U, D]
        m += (g - m) * (1 - self.beta_1)
        v += (tf.square(g) - v) * (1 - self.beta_2)
        write_rows(self._momentums[i].value, rows, m)
        write_rows(self._velocities[i].value, rows, v)
        if self.amsgrad:
            v = tf.maximum(read_rows(self._velocity_hats[i].value, rows), v)
            write_rows(self._velocity_hats[i].value, rows, v)
        step = m * alpha / (tf.sqrt(v) + self.epsilon)  # [U, D]
        write_rows(variable, rows, read_rows(variable, rows) - step)

    def _powers(self, dtype: tf.DType) -> tuple[tf.Tensor, tf.Tensor]:
        t = tf.cast(self.iterations.value + 1, dtype)
        return tf.pow(tf.cast(self.beta_1, dtype), t), tf.pow(tf.cast(self.beta_2, dtype), t)
