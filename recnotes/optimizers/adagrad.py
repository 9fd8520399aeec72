"""Adagrad on the rows of a table that were read, which is all of Adagrad."""

from __future__ import annotations

import keras
import tensorflow as tf

from recnotes.optimizers.rows import RowUpdates, read_rows, write_rows


@keras.saving.register_keras_serializable("recnotes")
class RowAdagrad(RowUpdates, keras.optimizers.Adagrad):
    r"""Adagrad that updates only the rows of a table that a batch looked up.

    $$
    a_r \leftarrow a_r + g_r^2, \qquad
    T_r \leftarrow T_r - \eta \frac{g_r}{\sqrt{a_r + \epsilon}}, \qquad r \in R
    $$

    with the table $T$ and its sums of squares $a$ of shape $[V, D]$ and the summed gradient $g_r$ of shape
    $[D]$ of each of the rows $R$ that were read. A row without gradient has $g_r = 0$ and does not move, so
    that this is always Keras's Adagrad with the dense gradient, whatever the batches hold. Keras's Adagrad
    itself, when it is handed slices as in ``model.fit``, squares every duplicate on its own: the row of the
    example would have $a = 3^2 + 1^2 = 10$ in place of $(3 + 1)^2 = 16$.

    The arguments are those of `keras.optimizers.Adagrad`; `RowUpdates` says what becomes of clipping, weight
    decay and moving averages on a table.

    Example:
        >>> table = keras.Variable([[1.0], [1.0], [1.0]])
        >>> slices = tf.IndexedSlices(tf.constant([[3.0], [1.0]]), tf.constant([1, 1]), [3, 1])
        >>> RowAdagrad(0.5, initial_accumulator_value=0.0).apply([slices], [table])
        >>> [round(x, 4) for x in table.numpy().ravel().tolist()]  # 1 − 0.5 · 4 / √16
        [1.0, 0.5, 1.0]

    References:
        Duchi, Hazan and Singer, *Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization*, JMLR 2011, https://www.jmlr.org/papers/v12/duchi11a.html. TensorFlow's fused kernel
        for rows adds $\epsilon$ outside of the root, Keras inside.
    """

    def update_rows(
        self, g: tf.Tensor, rows: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Takes Adagrad's step for some rows.

        Args:
            g: summed gradients ``[U, D]``.
            rows: rows ``[U]``, each once.
            variable: table ``[V, D]``.
            learning_rate: learning rate of this step.
        """
        accumulator = self._accumulators[self._get_variable_index(variable)].value
        a = read_rows(accumulator, rows) + tf.square(g)  # [U, D]
        write_rows(accumulator, rows, a)
        step = learning_rate * g / tf.sqrt(a + self.epsilon)  # [U, D]
        write_rows(variable, rows, read_rows(variable, rows) - step)
