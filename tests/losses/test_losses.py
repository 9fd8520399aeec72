"""Every loss against its loops (values and gradients), TensorFlow or Keras, and its own identities."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes import losses
from recnotes.oracles import list_losses as lists
from recnotes.oracles import losses as oracle

RNG = np.random.default_rng(0)
B, D, N = 4, 3, 6


def normal(*shape):
    return RNG.normal(size=shape)


Y = RNG.integers(0, 2, B).astype(float)
P = RNG.dirichlet(np.ones(N), B)
GRADES = np.stack([RNG.permutation(N) for _ in range(B)]).astype(float)
WEIGHTS, BIASES = normal(N, D), normal(N)
LABELS, DRAWN = np.array([1, 4, 4, 0]), np.array([4, 2, 1, 2, 5])
SAMPLED = (DRAWN, RNG.uniform(0.2, 2, B), RNG.uniform(0.2, 2, 5))
KEEP = np.array([[1, 1, 0, 1, 0, 1], [0, 1, 1, 0, 0, 0], [1] * 6, [0, 0, 0, 0, 0, 1]], bool)
LOG_Q, IDS = np.log(RNG.dirichlet(np.ones(B))), np.array([7, 3, 7, 1])


def constants():
    return tuple(tf.constant(part) for part in SAMPLED)


def sampled(function, hits):
    return lambda w, c, x: function(w, c, tf.constant(LABELS), x, constants(), hits)


def sampled_oracle(kind, hits):
    return lambda w, c, x: oracle.sampled_loops(w, c, LABELS, x, SAMPLED, hits, kind)


# Name: loss, oracle, the arguments that get a gradient.
CASES = {
    "sigmoid": (
        lambda z: losses.sigmoid_cross_entropy(Y, z),
        lambda z: oracle.binary_loops(Y, z),
        [3 * normal(B)],
    ),
    "softmax": (
        lambda z: losses.softmax_cross_entropy(P, z),
        lambda z: oracle.softmax_loops(P, z),
        [normal(B, N)],
    ),
    "smoothed": (
        lambda z: losses.softmax_cross_entropy(losses.smooth_labels(P, 0.3), z),
        lambda z: oracle.softmax_loops(0.7 * P + 0.3 / N, z),
        [normal(B, N)],
    ),
    "focal": (
        lambda z: losses.sigmoid_focal_loss(Y, z),
        lambda z: oracle.binary_loops(Y, z, 2.0, 0.25),
        [normal(B)],
    ),
    "focal without weight": (
        lambda z: losses.sigmoid_focal_loss(Y, z, 1.5, None),
        lambda z: oracle.binary_loops(Y, z, 1.5),
        [normal(B)],
    ),
    **{
        f"{kind}, hits removed {hits}": (
            sampled(function, hits),
            sampled_oracle(kind, hits),
            [WEIGHTS, BIASES, normal(B, D)],
        )
        for kind, function in (("softmax", losses.sampled_softmax_loss), ("nce", losses.nce_loss))
        for hits in (True, False)
    },
    "in-batch": (losses.in_batch_softmax_loss, oracle.in_batch_loops, [normal(B, D), normal(B, D)]),
    "in-batch corrected": (
        lambda u, v: losses.in_batch_softmax_loss(u, v, LOG_Q, IDS, 0.7),
        lambda u, v: oracle.in_batch_loops(u, v, LOG_Q, IDS, 0.7),
        [normal(B, D), normal(B, D)],
    ),
    "InfoNCE": (
        lambda a, p: losses.info_nce_loss(a, p, 0.6),
        lambda a, p: oracle.info_nce_loops(a, p, 0.6),
        [normal(B, D), normal(B, D)],
    ),
    "NT-Xent": (
        lambda a, b: losses.nt_xent_loss(a, b, 0.6),
        lambda a, b: oracle.nt_xent_loops(a, b, 0.6),
        [normal(B, D), normal(B, D)],
    ),
    "BPR": (
        losses.bpr_loss,
        lambda s, n: oracle.binary_loops(np.ones(B), s - n),
        [normal(B), normal(B)],
    ),
    "hinge": (
        losses.pairwise_hinge_loss,
        lambda s, n: np.array([max(0.0, 1 - (s[b] - n[b])) for b in range(B)]),
        [normal(B), normal(B)],
    ),
    "triplet": (
        lambda a, p, n: losses.triplet_loss(a, p, n, 0.5),
        lambda a, p, n: oracle.triplet_loops(a, p, n, 0.5),
        [normal(B, D), normal(B, D), normal(B, D)],
    ),
    "ListNet": (
        lambda s: losses.listnet_loss(GRADES, s),
        lambda s: oracle.softmax_loops(np.exp(GRADES) / np.exp(GRADES).sum(1, keepdims=True), s),
        [normal(B, N)],
    ),
    "NeuralSort": (
        lambda s: losses.neural_sort_top_k_loss(GRADES, s, 4, 1.7),
        lambda s: lists.neural_sort_top_k_loops(GRADES, s, 4, 1.7),
        [normal(B, N)],
    ),
    "NeuralSort masked": (
        lambda s: losses.neural_sort_top_k_loss(GRADES, s, 3, 1.7, KEEP),
        lambda s: np.array(
            [
                lists.neural_sort_top_k_loops(y[None, m], row[None, m], min(3, m.sum()), 1.7)[0]
                for y, row, m in zip(GRADES, s, KEEP, strict=True)
            ]
        ),
        [normal(B, N)],
    ),
    "ListNet of two places": (
        lambda s: losses.listnet_top_k_loss(GRADES, s, 2),
        lambda s: lists.listnet_top_k_loops(GRADES, s, 2),
        [normal(B, N)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_equal_the_loops(name):
    loss, loops, arguments = CASES[name]
    variables = [tf.Variable(x) for x in arguments]
    with tf.GradientTape() as tape:
        value = loss(*variables)
        total = tf.reduce_sum(value)
    np.testing.assert_allclose(value, loops(*arguments), rtol=0, atol=1e-12)
    for i, gradient in enumerate(tape.gradient(total, variables)):
        gradient = tf.convert_to_tensor(gradient).numpy()
        for at in np.ndindex(*arguments[i].shape):
            ends = []
            for step in 1e-6, -1e-6:
                moved = [x.copy() for x in arguments]
                moved[i][at] += step
                ends.append(loops(*moved).sum())
            # Differences of float64 values of order 10 over 2e-6 err by about 1e-9.
            assert abs((ends[0] - ends[1]) / 2e-6 - gradient[at]) < 1e-7


@pytest.mark.parametrize("hits", [True, False])
def test_sampled_losses_are_tensorflows(hits):
    x = normal(B, D)
    keywords = {
        "weights": tf.constant(WEIGHTS),
        "biases": tf.constant(BIASES),
        "labels": tf.constant(LABELS[:, None]),
        "inputs": tf.constant(x),
        "num_sampled": len(DRAWN),
        "num_classes": N,
        "sampled_values": (
            tf.constant(DRAWN),
            tf.constant(SAMPLED[1][:, None]),
            tf.constant(SAMPLED[2]),
        ),
        "remove_accidental_hits": hits,
    }
    for ours, theirs in (
        (losses.sampled_softmax_loss, tf.nn.sampled_softmax_loss),
        (losses.nce_loss, tf.nn.nce_loss),
    ):
        value = ours(WEIGHTS, BIASES, tf.constant(LABELS), x, constants(), hits)
        np.testing.assert_allclose(value, theirs(**keywords), rtol=0, atol=1e-12)


def test_sampling_every_other_class_is_the_full_softmax():
    x = normal(1, D)
    draws = tf.constant([0, 1, 3, 4, 5]), tf.ones(1), tf.ones(5)
    value = losses.sampled_softmax_loss(WEIGHTS, BIASES, tf.constant([2]), x, draws)
    full = losses.softmax_cross_entropy(np.eye(N)[[2]], x @ WEIGHTS.T + BIASES)
    np.testing.assert_allclose(value, full, rtol=0, atol=1e-12)


def test_rows_not_read_make_no_dense_gradient():
    w = tf.Variable(WEIGHTS)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(losses.nce_loss(w, BIASES, tf.constant(LABELS), normal(B, D), constants()))
    gradient = tape.gradient(loss, w)
    assert isinstance(gradient, tf.IndexedSlices) and 3 not in gradient.indices.numpy()


@given(st.integers(1, 5), st.integers(1, 7), st.integers(0, 999))
@settings(max_examples=15, deadline=None)
def test_other_libraries_agree(b, n, seed):
    rng = np.random.default_rng(seed)
    y, z, p = rng.integers(0, 2, (b, n)).astype(float), rng.normal(0, 5, (b, n)), rng.dirichlet(np.ones(n), b)
    same = {"rtol": 0, "atol": 1e-12}
    np.testing.assert_allclose(
        losses.sigmoid_cross_entropy(y, z), tf.nn.sigmoid_cross_entropy_with_logits(y, z), **same
    )
    np.testing.assert_allclose(
        losses.softmax_cross_entropy(p, z), tf.nn.softmax_cross_entropy_with_logits(p, z), **same
    )
    np.testing.assert_allclose(
        losses.sigmoid_focal_loss(y, z, 0.0, None), losses.sigmoid_cross_entropy(y, z), **same
    )
    focal = keras.losses.BinaryFocalCrossentropy(True, from_logits=True, reduction=None)
    # Keras works in float32.
    np.testing.assert_allclose(
        tf.reduce_mean(losses.sigmoid_focal_loss(y, z), 1), focal(y, z), rtol=1e-4, atol=1e-5
    )
    order = np.argsort(-z, axis=1)
    for temperature in (0.1, 10.0):
        log_p = losses.neural_sort(z, temperature).numpy()
        np.testing.assert_allclose(np.exp(log_p).sum(2), 1, **same)
        np.testing.assert_array_equal(log_p.argmax(2), order)


def test_confident_errors_stay_finite_and_keep_their_gradient():
    for dtype in tf.float16, tf.float32:
        z = tf.constant([-1e4, 1e4], dtype)
        with tf.GradientTape() as tape:
            tape.watch(z)
            loss = losses.sigmoid_cross_entropy([1.0, 0.0], z)
        assert loss.dtype == tf.float32
        np.testing.assert_allclose(loss, [1e4, 1e4], rtol=1e-3)  # of half precision
        np.testing.assert_array_equal(tape.gradient(loss, z), [-1, 1])
    z = tf.constant([-1e4, 1e4, -1e4, 1e4])
    with tf.GradientTape() as tape:
        tape.watch(z)
        loss = losses.sigmoid_focal_loss([1.0, 0.0, 0.0, 1.0], z)
    np.testing.assert_allclose(loss, [2500, 7500, 0, 0])
    assert np.isfinite(tape.gradient(loss, z)).all()


def test_identities():
    a, b = normal(B, D), normal(B, D)
    np.testing.assert_allclose(  # one batch's correction by a constant is none
        losses.in_batch_softmax_loss(a, b, np.full(B, -3.0)), losses.in_batch_softmax_loss(a, b), atol=1e-12
    )
    np.testing.assert_allclose(losses.info_nce_loss(5 * a, b), losses.info_nce_loss(a, b), atol=1e-12)
    views = losses.nt_xent_loss(a, b).numpy()
    np.testing.assert_allclose(views[B:], losses.nt_xent_loss(b, a)[:B], atol=1e-12)
    unit_a, unit_b, unit_c = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b, normal(B, D)))
    np.testing.assert_allclose(
        losses.triplet_loss(unit_a, unit_b, unit_c, 0.4),
        2 * losses.pairwise_hinge_loss((unit_a * unit_b).sum(1), (unit_a * unit_c).sum(1), 0.2).numpy(),
        atol=1e-12,
    )
    y, s = np.array([[3.0, 1.0, 2.0, 9.0]]), np.array([[0.5, -1.0, 2.0, 80.0]])
    keep = np.array([[True, True, True, False]])
    np.testing.assert_allclose(
        losses.listnet_loss(y, s, keep), losses.listnet_loss(y[:, :3], s[:, :3]), atol=1e-12
    )
    assert losses.listnet_loss(y, s, ~keep & keep).numpy().tolist() == [0]
    best = losses.smooth_labels(np.eye(4)[:1], 0.2).numpy()[0]
    assert np.log(best[0] / best[1]) == pytest.approx(np.log(0.8 * 4 / 0.2 + 1))
    hard = tf.exp(losses.neural_sort(GRADES, 0.01)).numpy()
    np.testing.assert_allclose(hard @ GRADES[..., None], -np.sort(-GRADES)[..., None], atol=1e-12)


def test_the_correction_undoes_popularity():
    """With one kind of user the full softmax learns the log frequencies; so does the corrected loss."""
    rng = np.random.default_rng(1)
    fitted = {}
    chosen = rng.choice(5, 4000, p=[0.5, 0.25, 0.15, 0.07, 0.03])
    share = np.bincount(chosen, minlength=5) / 4000
    for corrected in True, False:
        scores = tf.Variable(np.zeros(5))
        for start in range(0, 4000, 20):
            ids = chosen[start : start + 20]
            with tf.GradientTape() as tape:
                items = tf.gather(scores, ids)[:, None]
                log_q = np.log(share[ids]) if corrected else None
                loss = tf.reduce_mean(losses.in_batch_softmax_loss(tf.ones_like(items), items, log_q))
            scores.assign_sub(2.0 * tf.convert_to_tensor(tape.gradient(loss, scores)))
        fitted[corrected] = np.corrcoef(scores.numpy(), np.log(share))[0, 1]
    # Uncorrected, an item is a negative as often as it is chosen, and no score beats another.
    assert fitted[True] > 0.9 and fitted[True] > fitted[False] + 0.1


def test_empty_batches():
    none = tf.zeros([0, D])
    for loss in (
        losses.in_batch_softmax_loss,
        losses.info_nce_loss,
        losses.nt_xent_loss,
        losses.listnet_loss,
    ):
        assert loss(none, none).shape == (0,)
    assert losses.bpr_loss(tf.zeros([0]), tf.zeros([0])).shape == (0,)


def test_bad_input():
    z, m = tf.zeros([2]), tf.zeros([2, 3])
    for call, message in (
        (lambda: losses.sigmoid_cross_entropy(tf.zeros([3]), z), r"one shape, received \(3,\) and \(2,\)"),
        (lambda: losses.softmax_cross_entropy(z, z), "one shape of rank 2"),
        (lambda: losses.sigmoid_focal_loss(z, z, -1.0), "gamma must not be negative, received -1"),
        (lambda: losses.sigmoid_focal_loss(z, z, 2.0, 1.5), r"alpha must be in \[0, 1\] or None"),
        (lambda: losses.smooth_labels(m, 1.5), r"smoothing must be in \[0, 1\], received 1.5"),
        (lambda: losses.in_batch_softmax_loss(m, tf.zeros([3, 3])), "users and items must have one shape"),
        (lambda: losses.in_batch_softmax_loss(m, m, temperature=0), "temperature must be positive"),
        (lambda: losses.info_nce_loss(m, m, -1.0), "temperature must be positive"),
        (lambda: losses.nt_xent_loss(z, z), "first and second must have one shape of rank 2"),
        (lambda: losses.bpr_loss(z, tf.zeros([2, 1])), "positive_scores and negative_scores"),
        (lambda: losses.pairwise_hinge_loss(z, z, 0), "margin must be positive, received 0"),
        (lambda: losses.triplet_loss(m, m, tf.zeros([2, 4])), "negatives and anchors must have one shape"),
        (lambda: losses.listnet_loss(m, m, tf.ones([2, 2])), "mask and scores must have one shape"),
        (lambda: losses.neural_sort(z), r"scores must be \[B, N\], received \(2,\)"),
        (lambda: losses.neural_sort_top_k_loss(m, m, 4), r"k must be in \[1, 3\], received 4"),
        (
            lambda: losses.nce_loss(m, z, tf.constant([0]), z, (tf.constant([1]), z, z)),
            r"must be \[B, D\], \[B\] and \[S\]",
        ),
        (
            lambda: losses.nce_loss(m, z, tf.constant([0]), m, (tf.constant([1]), tf.ones(1), tf.ones(1))),
            r"labels must be \[B\] with B = 2, received \(1,\)",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()
