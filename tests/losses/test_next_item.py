import numpy as np
import pytest
import tensorflow as tf

from recnotes.losses import gbce_beta, next_item_cross_entropy, sampled_binary_cross_entropy
from recnotes.oracles.sasrec import bce_loops, cross_entropy_loops

RNG = np.random.default_rng(0)
L, D, N, K = 4, 3, 6, 2
F, TABLE = RNG.normal(size=(L, D)), RNG.normal(size=(N, D))
TARGET = np.array([2, 6, 1, 0])
NEGATIVES = RNG.integers(1, N + 1, (L, K))


def bce(f, beta):
    candidates = np.concatenate([np.maximum(TARGET, 1)[:, None], NEGATIVES], axis=1) - 1
    logits = tf.einsum("ld,lcd->lc", f, TABLE[candidates])
    return sampled_binary_cross_entropy(logits[None], tf.constant(TARGET > 0)[None], beta)


def ce(f):
    return next_item_cross_entropy(tf.matmul(f, TABLE, transpose_b=True)[None], tf.constant(TARGET)[None])


def central_differences(loss):
    gradient = np.zeros_like(F)
    for at in np.ndindex(*F.shape):
        step = np.zeros_like(F)
        step[at] = 1e-6
        gradient[at] = (loss(F + step) - loss(F - step)) / 2e-6
    return gradient


@pytest.mark.parametrize(
    ("loss", "oracle"),
    [
        (lambda f: bce(f, 1.0), lambda f: bce_loops(f, TABLE, TARGET, NEGATIVES)),
        (lambda f: bce(f, 0.3), lambda f: bce_loops(f, TABLE, TARGET, NEGATIVES, 0.3)),
        (ce, lambda f: cross_entropy_loops(f, TABLE, TARGET)),
    ],
)
def test_values_and_gradients_equal_the_loops(loss, oracle):
    f = tf.Variable(F)
    with tf.GradientTape() as tape:
        value = loss(f)
    assert abs(float(value) - oracle(F)) < 1e-12
    gradient = tape.gradient(value, f).numpy()
    np.testing.assert_allclose(gradient, central_differences(oracle), atol=1e-7)
    assert (gradient[-1] == 0).all()


def test_gbce_is_a_weight_on_the_positive():
    """The gSASRec code moves the positive logit and takes the plain loss; the result is the same."""
    beta, rng = gbce_beta(256, 3416, 0.75), np.random.default_rng(1)
    logits = rng.normal(size=(1, 5, 4))
    mask = tf.ones([1, 5], tf.bool)
    moved = logits.copy()
    moved[..., 0] = np.log(1 / ((1 / (1 + np.exp(-logits[..., 0]))) ** -beta - 1))
    a = sampled_binary_cross_entropy(tf.constant(logits), mask, beta)
    b = sampled_binary_cross_entropy(tf.constant(moved), mask)
    assert abs(float(a - b)) < 1e-12


def test_gbce_beta():
    assert gbce_beta(5, 101, 0.0) == 1
    assert gbce_beta(5, 101, 1.0) == pytest.approx(0.05)
    alpha, t = 0.05, 0.6
    assert gbce_beta(5, 101, t) == pytest.approx(alpha * (t * (1 - 1 / alpha) + 1 / alpha))
    with pytest.raises(ValueError, match=r"calibration must be in \[0, 1\], received 2"):
        gbce_beta(5, 101, 2)


def test_empty_and_extreme():
    none = tf.zeros([2, 3], tf.bool)
    assert float(sampled_binary_cross_entropy(tf.ones([2, 3, 2]), none)) == 0
    assert float(next_item_cross_entropy(tf.ones([2, 3, 5]), tf.zeros([2, 3], tf.int32))) == 0
    # log(sigmoid(r) + 1e-24), as the authors write it, would stop at 55.26 and lose its gradient.
    logits = tf.constant([[[-200.0, 200.0]]])
    assert float(sampled_binary_cross_entropy(logits, tf.ones([1, 1], tf.bool))) == 400
    half = tf.constant([[[-8.0, 8.0]]], tf.float16)
    assert sampled_binary_cross_entropy(half, tf.ones([1, 1], tf.bool)).dtype == tf.float32
