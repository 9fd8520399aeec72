import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.layers.behavior_to_interest import BehaviorToInterest
from recnotes.layers.capsule import CapsuleInterests, dynamic_routing, squash
from recnotes.oracles.capsule import routing_loops, squash_loops
from tests.models.retrieval import central_differences


def test_squash_by_hand():
    # Lengths 5, 1 and 0 become 25/26, 1/2 and 0.
    s = tf.constant([[3.0, 4.0], [1.0, 0.0], [0.0, 0.0]], tf.float64)
    np.testing.assert_allclose(squash(s), [[15 / 26, 20 / 26], [0.5, 0], [0, 0]], atol=1e-15)


def test_squash_equals_the_loops_with_gradients():
    rng = np.random.default_rng(0)
    s = rng.normal(size=(5, 3)) * np.array([[1e-6], [0.1], [1], [10], [1e3]])
    g = rng.normal(size=(5, 3))
    x = tf.constant(s)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = squash(x)
        total = tf.reduce_sum(y * g)
    np.testing.assert_allclose(y, [squash_loops(row) for row in s], rtol=1e-13)
    (expected,) = central_differences(lambda: float(np.sum(g * [squash_loops(row) for row in s])), [s])
    # Rounding of a sum near 1 over the step; the first row's step is as large as the row.
    np.testing.assert_allclose(tape.gradient(total, x)[1:], expected[1:], atol=1e-9)
    lengths = np.linalg.norm(y, axis=1)
    assert (lengths < 1).all() and (np.diff(lengths) > 0).all()
    cosine = np.einsum("bd,bd->b", y, s) / lengths / np.linalg.norm(s, axis=1)
    np.testing.assert_allclose(cosine, 1, atol=1e-12)


def test_squash_of_the_ports_differs_by_its_epsilon_only():
    for scale in (1e-4, 1e-2, 1.0):
        s = np.array([0.6, 0.8]) * scale
        ratio = squash_loops(s, 1e-9)[0] / squash_loops(s)[0]
        np.testing.assert_allclose(ratio, (1 + 1e-9 / scale**2) ** -0.5, rtol=1e-12)


def test_routing_of_the_ports_differs_by_less_than_float32_sees():
    rng = np.random.default_rng(7)
    for scale in (0.1, 1.0):
        u, b = scale * rng.normal(size=(6, 3, 4)), rng.normal(size=(6, 3))
        ours, theirs = routing_loops(u, b)[0], routing_loops(u, b, epsilon=1e-9)[0]
        assert 0 < np.abs(ours - theirs).max() < 1e-8


def test_squash_of_zero_has_gradient_zero():
    x = tf.zeros([2, 3])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = squash(x)
    assert not np.any(tape.gradient(y, x)) and not np.any(y)


@settings(deadline=None, max_examples=15)
@given(
    length=st.integers(0, 4),
    pads=st.integers(0, 2),
    count=st.integers(1, 3),
    iterations=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_routing_equals_the_loops(length, pads, count, iterations, seed):
    rng = np.random.default_rng(seed)
    u, b = rng.normal(size=(1, length + pads, count, 3)), rng.normal(size=(1, length + pads, count))
    mask = np.arange(length + pads)[None] < length
    v, c = dynamic_routing(tf.constant(u), tf.constant(b), tf.constant(mask), iterations)
    expected, weights = routing_loops(u[0, :length], b[0, :length], iterations)
    np.testing.assert_allclose(v[0], expected, atol=1e-12)
    np.testing.assert_allclose(c[0, :length], weights, atol=1e-12)
    np.testing.assert_allclose(tf.reduce_sum(c, axis=2), mask, atol=1e-12)
    assert not np.any(c[0, length:])


@pytest.mark.parametrize("stop", [True, False])
def test_routing_gradients_equal_central_differences(stop):
    rng = np.random.default_rng(1)
    u, b, g = rng.normal(size=(4, 3, 2)), rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
    held = u.copy() if stop else None
    x, logits = tf.constant(u[None]), tf.constant(b[None])
    with tf.GradientTape() as tape:
        tape.watch([x, logits])
        v, _ = dynamic_routing(x, logits, tf.ones([1, 4], tf.bool), stop_gradient=stop)
        total = tf.reduce_sum(v[0] * g)
    found = tape.gradient(total, [x, logits])
    expected = central_differences(lambda: float(np.sum(g * routing_loops(u, b, held=held)[0])), [u, b])
    for got, difference in zip(found, expected, strict=True):
        np.testing.assert_allclose(got[0], difference, atol=1e-8)  # rounding over the step


@pytest.mark.parametrize("stop", [True, False])
def test_pads_get_no_gradient(stop):
    rng = np.random.default_rng(2)
    x = tf.constant(rng.normal(size=(2, 4, 3, 2)))
    mask = tf.constant([[True, True, False, False], [False] * 4])
    with tf.GradientTape() as tape:
        tape.watch(x)
        v, _ = dynamic_routing(x, tf.zeros([2, 4, 3], tf.float64), mask, stop_gradient=stop)
    g = tape.gradient(v, x).numpy()
    assert np.abs(g[0, :2]).min() > 0 and not g[0, 2:].any() and not g[1].any() and not np.any(v[1])


def test_one_interest_is_the_squashed_sum_whatever_the_iterations():
    rng = np.random.default_rng(3)
    u, b = tf.constant(rng.normal(size=(2, 5, 1, 3))), tf.constant(rng.normal(size=(2, 5, 1)) * 9)
    mask = tf.constant([[True] * 5, [True, True, False, False, False]])
    real = tf.cast(mask, tf.float64)
    for iterations in (1, 2, 3, 10):
        v, c = dynamic_routing(u, b, mask, iterations)
        np.testing.assert_allclose(v[:, 0], squash(tf.einsum("bl,bld->bd", real, u[:, :, 0])), atol=1e-14)
        np.testing.assert_array_equal(c[:, :, 0], real)


def test_equal_logits_and_votes_never_part():
    """Why MIND, whose interests share a matrix, starts from random logits."""
    rng = np.random.default_rng(4)
    h, mask = tf.constant(rng.normal(size=(3, 5, 4))), tf.ones([3, 5], tf.bool)
    for stddev, parted in ((0.0, False), (1.0, True)):
        layer = BehaviorToInterest(3, 5, 9, logits_stddev=stddev, seed=0, dtype="float64")
        v, _ = layer(h, mask)
        assert (np.abs(v[:, 1:] - v[:, :1]).max() > 1e-3) == parted
        assert parted or np.abs(v[:, 1:] - v[:, :1]).max() < 1e-14


def test_interests_that_take_no_part_are_zero_and_leave_the_others_alone():
    rng = np.random.default_rng(5)
    u, b = tf.constant(rng.normal(size=(2, 5, 3, 4))), tf.constant(rng.normal(size=(2, 5, 3)))
    mask = tf.ones([2, 5], tf.bool)
    v, _ = dynamic_routing(u, b, mask, allowed=tf.constant([[True, True, False], [True, True, True]]))
    two, _ = dynamic_routing(u[:, :, :2], b[:, :, :2], mask)
    three, _ = dynamic_routing(u, b, mask)
    np.testing.assert_allclose(v[0, :2], two[0], atol=1e-14)
    np.testing.assert_allclose(v[1], three[1], atol=1e-14)
    assert not np.any(v[0, 2])


def test_equal_matrices_of_all_positions_are_one_for_each_interest():
    rng = np.random.default_rng(6)
    h, mask = tf.constant(rng.normal(size=(3, 5, 4))), tf.constant(rng.random((3, 5)) < 0.7)
    one = CapsuleInterests(2, 6, "interest", dtype="float64")
    many = CapsuleInterests(2, 6, "position", dtype="float64")
    one.build((None, None, 4)), many.build((None, None, 4))
    kernel = rng.normal(size=(4, 8))
    one.kernel.assign(kernel), many.kernel.assign(np.repeat(kernel[None], 6, axis=0))
    np.testing.assert_allclose(one(h, mask)[0], many(h, mask)[0], atol=1e-13)
    shared = BehaviorToInterest(2, 6, logits_stddev=0.0, dtype="float64")
    shared.build((None, None, 4))
    shared.kernel.assign(kernel[:, :4]), one.kernel.assign(np.tile(kernel[:, :4], [1, 2]))
    np.testing.assert_allclose(one(h, mask)[0], shared(h, mask)[0], atol=1e-13)


@pytest.mark.parametrize(
    "layer",
    [CapsuleInterests(2, 5, "interest", 2, False, seed=1), BehaviorToInterest(2, 5, 2, False, 0.5, seed=1)],
    ids=["capsules", "behavior to interest"],
)
def test_layer_can_be_saved(tmp_path, layer):
    h, mask = keras.Input((4, 3)), keras.Input((4,), dtype="bool")
    model = keras.Model([h, mask], layer(h, mask))
    model.save(tmp_path / "m.keras")
    x = [np.ones((1, 4, 3), np.float32), np.ones((1, 4), bool)]
    again = keras.models.load_model(tmp_path / "m.keras")
    for a, b in zip(again(x), model(x), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"max_length": 0}, r"must be positive, received \(4, 0, 3\)"),
        ({"bilinear": "pair"}, "bilinear must be one of"),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        CapsuleInterests(**kwargs)
    with pytest.raises(ValueError, match="num_iterations must be positive, received 0"):
        dynamic_routing(tf.zeros([1, 1, 1, 1]), tf.zeros([1, 1, 1]), tf.ones([1, 1], tf.bool), 0)
    for wrong, message in (
        ({"max_length": 0}, r"must be positive, received \(4, 0, 3\)"),
        ({"logits_stddev": -1.0}, "logits_stddev must be at least 0, received -1.0"),
    ):
        with pytest.raises(ValueError, match=message):
            BehaviorToInterest(**wrong)
