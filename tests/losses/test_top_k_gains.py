import math

import numpy as np
import pytest
import tensorflow as tf

from recnotes.losses import (
    bpr_loss,
    bpr_max_loss,
    bpr_mean_loss,
    candidate_cross_entropy,
    top1_loss,
    top1_max_loss,
)
from recnotes.oracles.top_k_gains import authors_loss_loops, ranking_loss_loops

LOSSES = {
    "bpr": bpr_mean_loss,
    "top1": top1_loss,
    "top1-max": top1_max_loss,
    "bpr-max": bpr_max_loss,
    "cross_entropy": candidate_cross_entropy,
}
ALL = pytest.mark.parametrize("name", LOSSES)


def loops(r, n, mask, name):
    return np.array([ranking_loss_loops(a, list(b[m]), name) for a, b, m in zip(r, n, mask, strict=True)])


@ALL
@pytest.mark.parametrize("seed", range(3))
def test_values_and_gradients_equal_the_loops(name, seed):
    rng = np.random.default_rng(seed)
    r, n, mask = rng.normal(size=4) * 2, rng.normal(size=(4, 5)) * 2, rng.random((4, 5)) < 0.7
    mask[0] = False
    tr, tn = tf.constant(r), tf.constant(n)
    with tf.GradientTape() as tape:
        tape.watch([tr, tn])
        losses = LOSSES[name](tr, tn, mask)
    np.testing.assert_allclose(losses, loops(r, n, mask, name), atol=1e-12)  # float64 on both sides
    assert float(losses[0]) == 0
    gr, gn = (g.numpy() for g in tape.gradient(losses, [tr, tn]))
    assert (gn[~mask] == 0).all() and gr[0] == 0
    for b in range(4):
        sides = [loops(r + step * (np.arange(4) == b), n, mask, name).sum() for step in (1e-5, -1e-5)]
        # A central difference errs by step² times a third derivative, here below 100.
        assert abs((sides[0] - sides[1]) / 2e-5 - gr[b]) < 1e-7
        for k in range(5):
            moved = np.zeros_like(n)
            moved[b, k] = 1e-5
            sides = [loops(r, n + sign * moved, mask, name).sum() for sign in (1, -1)]
            assert abs((sides[0] - sides[1]) / 2e-5 - gn[b, k]) < 1e-7


def test_by_hand():
    """r = log 3 against one negative at 0: σ(r) = 3/4."""
    r, n = tf.constant([math.log(3)]), tf.zeros([1, 1])
    for name, expected in {
        "bpr": math.log(4 / 3),
        "top1": 1 / 4 + 1 / 2,
        "top1-max": 1 / 4 + 1 / 2,
        "bpr-max": math.log(4 / 3),
        "cross_entropy": math.log(4 / 3),
    }.items():
        assert abs(float(LOSSES[name](r, n)[0]) - expected) < 1e-6


@pytest.mark.parametrize("name", ["bpr", "top1"])
def test_the_authors_sums_hold_the_own_column_too(name):
    """A constant and a factor lie between, so that the gradient points the same way."""
    rng = np.random.default_rng(0)
    M = 6
    scores = rng.normal(size=(M, M))
    mean = np.mean(LOSSES[name](tf.constant(np.diag(scores)), tf.constant(scores), ~np.eye(M, dtype=bool)))
    own = {"bpr": math.log(2), "top1": 0.5}[name]
    assert abs(authors_loss_loops(scores, name) - ((M - 1) * mean + own) / M) < 1e-12


@pytest.mark.parametrize(("one", "other"), [("bpr", "cross_entropy"), ("top1", "top1-max")])
def test_one_negative_makes_pairs_equal(one, other):
    # Losses up to 5 in float32.
    r, n = tf.constant([0.3, -2.0, 5.0]), tf.constant([[0.1], [3.0], [-1.0]])
    np.testing.assert_allclose(LOSSES[one](r, n), LOSSES[other](r, n), atol=1e-6)
    np.testing.assert_allclose(bpr_mean_loss(r, n), bpr_loss(r, n[:, 0]), atol=1e-6)
    np.testing.assert_allclose(bpr_max_loss(r, n, None, 0.0), bpr_loss(r, n[:, 0]), atol=1e-6)


@ALL
def test_order_of_negatives_does_not_matter_and_more_of_the_same_do_not_change_a_mean(name):
    r, n = tf.constant([0.3]), tf.constant([[0.1, 2.0, -1.0]])
    np.testing.assert_allclose(LOSSES[name](r, n), LOSSES[name](r, n[:, ::-1]), rtol=1e-6)
    if name != "cross_entropy":
        np.testing.assert_allclose(LOSSES[name](r, n), LOSSES[name](r, tf.tile(n, [1, 4])), rtol=1e-6)


def test_low_negatives_thin_out_a_mean_but_not_a_maximum():
    """What the second paper is about: the gradient of the mean falls with irrelevant negatives."""
    r = tf.constant([0.0])
    for name, kept in (("bpr", False), ("top1", False), ("bpr-max", True), ("top1-max", True)):
        gradients = []
        for extra in (0, 99):
            n = tf.concat([tf.constant([[0.5]]), tf.fill([1, extra], -30.0)], axis=1)
            with tf.GradientTape() as tape:
                tape.watch(r)
                loss = LOSSES[name](r, n)
            gradients.append(float(tape.gradient(loss, r)[0]))
        assert abs(gradients[1] / gradients[0] - (1.0 if kept else 0.01)) < 1e-3


@ALL
def test_extreme_scores_and_half_precision_stay_finite(name):
    r, n = tf.constant([-90.0, 90.0]), tf.constant([[90.0, -90.0], [-90.0, -90.0]])
    with tf.GradientTape() as tape:
        tape.watch([r, n])
        losses = LOSSES[name](r, n)
    assert np.isfinite(losses).all()
    assert all(np.isfinite(g).all() for g in tape.gradient(losses, [r, n]))
    assert LOSSES[name](tf.zeros([2], tf.float16), tf.zeros([2, 3], tf.float16)).dtype == tf.float32
    assert LOSSES[name](tf.zeros([0]), tf.zeros([0, 3])).shape == (0,)


@ALL
def test_bad_shapes(name):
    with pytest.raises(ValueError, match=r"must be \[...\], \[..., K\], \[..., K\], received"):
        LOSSES[name](tf.zeros([3]), tf.zeros([2, 3]))
    with pytest.raises(ValueError, match=r"must be \[...\], \[..., K\], \[..., K\], received"):
        LOSSES[name](tf.zeros([2]), tf.zeros([2]))
    with pytest.raises(ValueError, match=r"must be \[...\], \[..., K\], \[..., K\], received"):
        LOSSES[name](tf.zeros([2]), tf.zeros([2, 3]), tf.ones([2, 4], tf.bool))
