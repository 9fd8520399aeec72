"""What the losses refuse, and what they are to each other."""

import numpy as np
import pytest
import tensorflow as tf

from recnotes import losses

RNG = np.random.default_rng(0)
NAN = [[0.0, 1.0, 2.0], [1.0, float("nan"), 0.0]]
LABELED = {
    "sigmoid": lambda y, z: tf.reduce_sum(losses.sigmoid_cross_entropy(y, z), axis=1),
    "focal": lambda y, z: tf.reduce_sum(losses.sigmoid_focal_loss(y, z), axis=1),
    "softmax": losses.softmax_cross_entropy,
    "smoothed": lambda y, z: losses.softmax_cross_entropy(losses.smooth_labels(y), z),
    "ListNet": losses.listnet_loss,
    "ListNet masked": lambda y, z: losses.listnet_loss(y, z, tf.ones([2, 3])),
    "ListNet of two places": lambda y, z: losses.listnet_top_k_loss(y, z, 2),
    "NeuralSort": lambda y, z: losses.neural_sort_top_k_loss(y, z, 2),
}


@pytest.mark.parametrize("name", LABELED)
def test_a_label_that_is_no_number_is_refused_or_makes_the_loss_none(name):
    call, z = LABELED[name], tf.constant(RNG.normal(size=(2, 3)), tf.float32)
    with pytest.raises(ValueError, match=r"labels must be numbers, received NaN at \[1, 1\]"):
        call(tf.constant(NAN), z)
    signature = [tf.TensorSpec([2, None if "places" not in name else 3])] * 2
    graph = tf.function(call, input_signature=signature, autograph=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match="labels must be numbers, received NaN at"):
        graph(tf.constant(NAN), z)
    good = tf.constant([[0.0, 1.0, 2.0], [1.0, 0.5, 0.0]])
    np.testing.assert_allclose(graph(good, z), call(good, z), rtol=1e-5)
    # XLA drops assertions: there the row's loss is NaN, not a number that looks right.
    compiled = tf.function(call, jit_compile=True, autograph=False)(tf.constant(NAN), z).numpy()
    assert np.isfinite(compiled[0]) and np.isnan(compiled[1])


def test_a_masked_label_may_be_anything():
    y, z = tf.constant(NAN), tf.constant(RNG.normal(size=(2, 3)), tf.float32)
    keep = tf.constant([[True, True, True], [True, False, True]])
    for call in (losses.listnet_loss, lambda y, z, m: losses.neural_sort_top_k_loss(y, z, 2, 1.0, m)):
        expected = [
            call(y[:1], z[:1], keep[:1])[0],
            call(tf.gather(y, [0, 2], axis=1)[1:], tf.gather(z, [0, 2], axis=1)[1:], tf.ones([1, 2]))[0],
        ]
        np.testing.assert_allclose(call(y, z, keep), expected, rtol=1e-6)
    assert losses.neural_sort_top_k_loss(y, z, 2, 1.0, tf.zeros([2, 3], tf.bool)).numpy().tolist() == [0, 0]


def test_one_row_is_not_spread_over_many_whatever_the_graph_knows():
    pairs = {
        "labels and logits": losses.sigmoid_cross_entropy,
        "positive_scores and negative_scores": losses.bpr_loss,
    }
    for names, call in pairs.items():
        for compiled in (False, True):
            run = tf.function(
                call, input_signature=[tf.TensorSpec([None])] * 2, jit_compile=compiled, autograph=False
            )
            assert run(tf.ones([4]), tf.ones([4])).shape == (4,)
            with pytest.raises(tf.errors.InvalidArgumentError, match=None if compiled else names):
                run(tf.ones([1]), tf.ones([4]))


def test_parts_that_do_not_fit_are_refused():
    x, w, c = tf.ones([2, 3]), tf.ones([5, 3]), tf.zeros([5])
    draws = tf.constant([1, 4]), tf.ones([2]), tf.ones([2])
    labels = tf.constant([0, 4])
    call = losses.sampled_softmax_loss
    bad = [
        (
            lambda: losses.in_batch_softmax_loss(x, x, tf.zeros([1])),
            r"log_q must be \[2\] like users, rec",
        ),
        (
            lambda: losses.in_batch_softmax_loss(x, x, tf.zeros([2, 1])),
            r"log_q must be \[2\] like users",
        ),
        (
            lambda: losses.in_batch_softmax_loss(x, x, None, [1, 2, 3]),
            r"item_ids must be \[2\] like users, received \[1, 2, 3\]",
        ),
        (lambda: call(w[:, :2], c, labels, x, draws), r"weights and biases must be \[N, 3\] and \[N\]"),
        (lambda: call(w, c[:1], labels, x, draws), r"received \(5, 3\) and \(1,\)"),
        (
            lambda: call(w, c, labels, x, (draws[0], tf.ones([1]), draws[2])),
            r"true counts must be \[2\] like labels",
        ),
        (
            lambda: call(w, c, labels, x, (*draws[:2], tf.ones([1]))),
            r"drawn counts must be \[2\] like drawn classes",
        ),
        (lambda: losses.neural_sort_top_k_loss(x, x, 0), r"k must be in \[1, 3\], received 0"),
        (lambda: losses.neural_sort(x, mask=tf.ones([2, 2])), "mask and scores must have one shape"),
        (lambda: losses.stochastic_neural_sort(x, 0), "num_samples must be positive, received 0"),
        (lambda: losses.stochastic_neural_sort(x[0], 1), r"scores must be \[B, N\], received \(3,\)"),
        (lambda: losses.listnet_top_k_loss(x, x, 4), r"k must be in \[1, 3\], received 4"),
        (
            lambda: losses.listnet_top_k_loss(tf.ones([1, 50]), tf.ones([1, 50]), 4),
            "at most 100,000 orders of 50",
        ),
    ]
    for attempt, message in bad:
        with pytest.raises(ValueError, match=message):
            attempt()


@pytest.mark.parametrize("loss", [losses.sampled_softmax_loss, losses.nce_loss])
def test_classes_out_of_range_read_no_other_row(loss):
    x, w, c = tf.ones([2, 3]), tf.ones([5, 3]), tf.zeros([5])
    run = lambda labels, drawn: loss(w, c, labels, x, (drawn, tf.ones([2]), tf.ones([2])))  # noqa: E731
    good = tf.constant([0, 4])
    for bad in (tf.constant([0, 5]), tf.constant([-1, 0])):
        for call in (run, tf.function(run, autograph=False)):
            with pytest.raises(tf.errors.InvalidArgumentError, match=r"labels must be in \[0, 5\), received"):
                call(bad, good)
            with pytest.raises(tf.errors.InvalidArgumentError, match=r"drawn classes must be in \[0, 5\)"):
                call(good, bad)
    with pytest.raises(ValueError, match="labels must be looked up outside XLA"):
        tf.function(run, jit_compile=True, autograph=False)(good, good)
    assert loss(w, c, tf.zeros([0], tf.int32), x[:0], (good, tf.ones([0]), tf.ones([2]))).shape == (0,)


def test_nt_xent_is_info_nce_with_the_other_anchors_as_negatives_too():
    for b, tau in ((1, 0.5), (4, 0.3), (6, 1.0)):
        a, p = RNG.normal(size=(b, 3)), RNG.normal(size=(b, 3))
        unit_a, unit_p = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (a, p))
        own = np.exp((unit_a * unit_p).sum(1) / tau)
        among = np.exp(unit_a @ unit_a.T / tau)
        more = (among.sum(1) - np.diag(among)) / own
        info = losses.info_nce_loss(a, p, tau)
        # exp(loss) is 1 / probability: the other view's anchors add to its denominator alone.
        np.testing.assert_allclose(
            np.exp(losses.nt_xent_loss(a, p, tau)[:b]), np.exp(info) + more, rtol=1e-12
        )
        np.testing.assert_allclose(
            info, losses.in_batch_softmax_loss(unit_a, unit_p, temperature=tau), atol=1e-12
        )


def test_listnet_of_one_place_is_listnet_and_is_least_at_the_labels():
    y, s = RNG.normal(size=(3, 5)), RNG.normal(size=(3, 5))
    np.testing.assert_allclose(losses.listnet_top_k_loss(y, s, 1), losses.listnet_loss(y, s), atol=1e-12)
    for k in (1, 2, 5):
        least = losses.listnet_top_k_loss(y, y + 3.0, k).numpy()
        assert (least < losses.listnet_top_k_loss(y, s, k).numpy()).all()
        score = tf.Variable(y)
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(losses.listnet_top_k_loss(y, score, k))
        np.testing.assert_allclose(tape.gradient(total, score), 0, atol=1e-12)


def test_the_orders_drawn_follow_plackett_and_luce():
    p = np.array([0.5, 0.3, 0.2])
    log_p = losses.stochastic_neural_sort(np.log(p)[None], 20_000, 0.1, seed=1)
    assert log_p.shape == (20_000, 1, 3, 3)
    np.testing.assert_allclose(tf.reduce_sum(tf.exp(log_p), axis=3), 1, atol=1e-9)
    orders = tf.argmax(log_p[:, 0], axis=2).numpy()
    for i, j in ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)):
        share = np.mean((orders[:, 0] == i) & (orders[:, 1] == j))
        # Four standard deviations of a share of at most 1/2 among 20,000 draws.
        assert abs(share - p[i] * p[j] / (1 - p[i])) < 4 * 0.5 / 20_000**0.5
    scores = tf.Variable([[0.1, 0.2, 0.3]])
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(losses.stochastic_neural_sort(scores, 50, 1.0, seed=0)[:, 0, 0, 0])
    gradient = tape.gradient(loss, scores).numpy()[0]
    assert gradient[0] < 0 < min(gradient[1:])  # a higher score makes the first place likelier


def test_next_items_beyond_the_last_are_an_error_and_missing_ones_do_not_count():
    scores = tf.constant(RNG.normal(size=(1, 3, 4)), tf.float32)
    known = losses.next_item_cross_entropy(scores[:, :1], tf.constant([[2]]))
    np.testing.assert_allclose(losses.next_item_cross_entropy(scores, tf.constant([[2, 0, -1]])), known)
    with pytest.raises(tf.errors.InvalidArgumentError):
        losses.next_item_cross_entropy(scores, tf.constant([[2, 5, 0]]))
    compiled = tf.function(losses.next_item_cross_entropy, jit_compile=True)
    assert np.isnan(compiled(scores, tf.constant([[2, 5, 0]])))


def test_steps_that_do_not_fit_are_refused():
    for call, message in (
        (
            lambda: losses.sampled_binary_cross_entropy(tf.zeros([2, 3, 2]), tf.ones([1, 3])),
            "logits and mask must",
        ),
        (
            lambda: losses.sampled_binary_cross_entropy(tf.zeros([2, 3]), tf.ones([2])),
            "logits and mask must be",
        ),
        (lambda: losses.gbce_beta(2, 1, 0.5), r"at least 1, 2, received 2, 1"),
        (lambda: losses.gbce_beta(0, 9, 0.5), r"at least 1, 2, received 0, 9"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
