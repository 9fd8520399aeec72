import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.layers.fm import fm_pairs
from recnotes.layers.kernel_product import kernel_products
from recnotes.layers.product import (
    factorized_inner,
    inner_products,
    outer_products,
    outer_superposition,
    weighted_inner,
)
from recnotes.oracles import pnn as oracle

SHAPES = st.tuples(st.integers(1, 3), st.integers(2, 5), st.integers(1, 4))


@given(shape=SHAPES)
@settings(max_examples=15, deadline=None)
def test_values_equal_the_loops(shape):
    rng = np.random.default_rng(sum(shape))
    e = rng.normal(size=shape)
    pairs, width = shape[1] * (shape[1] - 1) // 2, shape[2]
    kernels = [rng.normal(size=size) for size in ((width, pairs, width), (pairs, width), (pairs,))]
    found = [inner_products(e), inner_products(e, "above"), outer_products(e), outer_superposition(e)]
    found += [kernel_products(tf.constant(e), tf.constant(kernel)) for kernel in kernels]
    loops = [[], [], [], [], [], [], []]
    for row in e:
        outer = oracle.outer_terms(row)
        values = [oracle.inner_terms(row), oracle.inner_terms(row, above=True), outer.reshape(-1)]
        values += [outer.sum(axis=(0, 2)).reshape(-1)]
        values += [oracle.kernel_terms(row, kernel) for kernel in kernels]
        for part, value in zip(loops, values, strict=True):
            part.append(value)
    for a, b in zip(found, loops, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_by_hand():
    e = tf.constant([[[1.0, 2.0], [3.0, -1.0], [0.0, 2.0]]])
    assert inner_products(e).numpy().tolist() == [[5, 1, 4, 1, 10, -2, 4, -2, 4]]
    assert inner_products(e, "above").numpy().tolist() == [[1, 4, -2]]
    assert outer_superposition(e).numpy().tolist() == [[16, 12, 12, 9]]
    assert factorized_inner(e, tf.constant([[1.0, 1.0, 1.0]])).numpy().tolist() == [[25]]
    swap = tf.constant([[[0.0, 1.0]] * 3, [[1.0, 0.0]] * 3])
    assert kernel_products(e, swap).numpy().tolist() == [[1 * -1 + 2 * 3, 2, 6]]


def test_above_is_what_the_factorization_machine_adds_up():
    e = tf.constant(np.random.default_rng(0).normal(size=(4, 5, 3)))
    np.testing.assert_allclose(inner_products(e, "above"), fm_pairs(e), rtol=1e-12, atol=1e-12)


def test_factorized_is_the_matrix_of_rank_one_over_all_pairs_and_not_over_half():
    rng = np.random.default_rng(1)
    e, theta = rng.normal(size=(4, 5, 3)), rng.normal(size=(7, 5))
    found = factorized_inner(tf.constant(e), tf.constant(theta))
    w = (theta[:, :, None] * theta[:, None, :]).reshape(7, -1)
    np.testing.assert_allclose(found, inner_products(e) @ w.T, rtol=1e-12, atol=1e-12)
    half = theta[:, np.triu_indices(5, 1)[0]] * theta[:, np.triu_indices(5, 1)[1]]
    assert np.abs(found - inner_products(tf.constant(e), "above") @ half.T).max() > 1


def test_superposition_adds_up_the_outer_products():
    e = np.random.default_rng(2).normal(size=(4, 5, 3))
    blocks = np.reshape(outer_products(tf.constant(e)), (4, 5, 3, 5, 3)).sum(axis=(1, 3))
    found = np.reshape(outer_superposition(tf.constant(e)), (4, 3, 3))
    np.testing.assert_allclose(found, blocks, rtol=1e-12, atol=1e-12)


def test_kernels_nest():
    rng = np.random.default_rng(3)
    e, number = tf.constant(rng.normal(size=(4, 5, 3))), rng.normal(size=10)
    vector = rng.normal(size=(10, 3))
    matrix = np.einsum("pd,dk->dpk", vector, np.eye(3))
    diagonal = kernel_products(e, tf.constant(vector))
    np.testing.assert_allclose(kernel_products(e, tf.constant(matrix)), diagonal, rtol=1e-12, atol=1e-12)
    equal = kernel_products(e, tf.constant(np.repeat(number[:, None], 3, axis=1)))
    np.testing.assert_allclose(kernel_products(e, tf.constant(number)), equal, rtol=1e-12, atol=1e-12)
    one = kernel_products(e, tf.ones([10], tf.float64))
    np.testing.assert_allclose(one, inner_products(e, "above"), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("products", [inner_products, outer_products, outer_superposition])
def test_empty_batch(products):
    assert products(tf.ones([0, 3, 2])).shape[0] == 0


@pytest.mark.parametrize("fields", [1, 2, 3, 4, 7])
def test_weighted_is_the_products_of_all_pairs_times_their_weights(fields):
    rng = np.random.default_rng(fields)
    e, w = tf.constant(rng.normal(size=(3, fields, 2))), tf.constant(rng.normal(size=(fields**2, 5)))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([e, w])
        found, expected = weighted_inner(e, tf.reshape(w, [fields, fields, 5])), inner_products(e) @ w
        totals = [tf.reduce_sum(tf.sin(y)) for y in (found, expected)]
    # the same float64 products, added in another order
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    loops = np.array([np.array(oracle.inner_terms(row)) @ w.numpy() for row in e.numpy()])
    np.testing.assert_allclose(found, loops, rtol=1e-12, atol=1e-12)
    for a, b in zip(*(tape.gradient(total, [e, w]) for total in totals), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_pairs_are_all_or_above():
    with pytest.raises(ValueError, match="pairs must be 'all' or 'above', received 'upper'"):
        inner_products(tf.ones([1, 2, 3]), "upper")
