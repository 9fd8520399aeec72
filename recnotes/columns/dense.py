"""The numeric column and the linear model: numbers as they are, and a weight a feature."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from recnotes.columns._border import check_numbers, check_rank, describe
from recnotes.columns.pooled import embedding


def numeric(
    values: tf.Tensor | tf.SparseTensor,
    normalizer: Callable[[tf.Tensor], tf.Tensor] | None = None,
    default_value: float | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """Take numbers as they are, as `numeric_column` does.

    Args:
        values: numbers `[B, n]`; sparse where some are missing.
        normalizer: function of the numbers, applied before they become float32 (default: None).
        default_value: number that stands for a missing one; needed for sparse values (default: None).
        name: the column, which error messages name (default: None).

    Returns:
        Numbers `[B, n]`, float32. NaN stays NaN.

    Raises:
        ValueError: If the values are not numbers `[B, n]`, or sparse without a default.

    Example:
        >>> numeric(tf.constant([[3, 5]]), lambda x: x / 2).numpy().tolist()
        [[1.5, 2.5]]

    References:
        TensorFlow, `tf.feature_column.numeric_column`,
        https://www.tensorflow.org/api_docs/python/tf/feature_column/numeric_column. There the default is put
        in by `tf.io.parse_example`, before the column sees anything.
    """
    what = describe(name, "values")
    check_rank(values, what, "[B, n]")
    check_numbers(values, what)
    if isinstance(values, tf.SparseTensor):
        if default_value is None:
            raise ValueError(f"default_value must be given for sparse {what}, received None")
        values = tf.sparse.to_dense(values, tf.cast(default_value, values.dtype))
    return tf.cast(values if normalizer is None else normalizer(values), tf.float32)


def linear_model(
    dense: Sequence[tuple[tf.Tensor, tf.Tensor]],
    categorical: Sequence[tuple[tf.SparseTensor, tf.SparseTensor | None, tf.Tensor]],
    bias: tf.Tensor,
    sparse_combiner: str = "sum",
    names: Sequence[str] | None = None,
) -> tf.Tensor:
    r"""Add up a weight a feature, as `linear_model` does.

    $$
    y_b = \beta + \sum_c x^{(c)}_b w^{(c)} + \sum_g \sum_j r^{(g)}_{bj} w^{(g)}_{v^{(g)}_{bj}}
    $$

    with numbers $x^{(c)}$ of shape $[B, n]$ and $w^{(c)}$ of $[n, U]$; ids $v^{(g)}$ and weights $r^{(g)}$
    (1 where there are none) of shape $[B, L]$ and $w^{(g)}$ of $[V, U]$; the bias $\beta$ of $[U]$ and $y$
    of $[B, U]$. The inner sum is divided as `sparse_combiner` says.

    Args:
        dense: pairs (numbers `[B, n]`, weights `[n, U]`).
        categorical: triples (ids `[B, L]`, weights of the ids or None, weights `[V, U]`).
        bias: `[U]`.
        sparse_combiner: "sum", "mean" or "sqrtn" (default: "sum").
        names: the columns in this order, which error messages name; None numbers them (default: None).

    Returns:
        Outputs `[B, U]`.

    Raises:
        TypeError: If ids are neither sparse nor ragged.
        ValueError: If there are no features, the names do not fit, a column's weights do not fit its numbers
            or the bias, or the combiner is unknown; with ids under `jit_compile=True`.
        tf.errors.InvalidArgumentError: If an id is V or more, or the columns' numbers of rows differ.

    Example:
        >>> x, w = tf.constant([[1.0, 2.0]]), tf.constant([[3.0], [4.0]])
        >>> linear_model([(x, w)], [], tf.constant([0.5])).numpy().tolist()
        [[11.5]]

    References:
        TensorFlow, `tf.compat.v1.feature_column.linear_model`,
        https://www.tensorflow.org/api_docs/python/tf/compat/v1/feature_column/linear_model.
    """
    count = len(dense) + len(categorical)
    if not count:
        raise ValueError("dense and categorical must not both be empty, received no features")
    names = [str(i) for i in range(count)] if names is None else names
    if len(names) != count:
        raise ValueError(f"names must be those of {count} columns, received {list(names)!r}")
    for name, column in zip(names, [*dense, *categorical], strict=True):
        size, at = (column[0].shape[1], 1) if len(column) == 2 else (None, 2)
        if not tf.TensorShape([size, bias.shape[0]]).is_compatible_with(column[at].shape):
            raise ValueError(
                f"weights of column {name} must be {[size or 'V', bias.shape[0]]}, as numbers and bias "
                f"say, received {tuple(column[at].shape)}"
            )
    sums = [tf.matmul(x, w) for x, w in dense]
    sums += [
        embedding(ids, w, weights, sparse_combiner, name=name)
        for (ids, weights, w), name in zip(categorical, names[len(dense) :], strict=True)
    ]
    for name, part in zip(names, sums, strict=True):
        rows = tf.shape(part)[0], tf.shape(sums[0])[0]
        tf.debugging.assert_equal(*rows, message=f"column {name} must have as many rows as {names[0]}")
    return tf.add_n(sums) + bias  # [B, U]
