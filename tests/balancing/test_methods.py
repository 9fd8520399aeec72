"""The methods as functions: held to loops, closed forms, what their papers promise, and bad input."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes import balancing
from recnotes.oracles import balancing as oracle

SEEDS = {"seed": st.integers(0, 10_000), "T": st.integers(2, 4), "n": st.integers(1, 6)}


shortest = tf.function(balancing.min_norm_weights)  # eagerly a step takes 3 ms


def drawn(seed, T, n):
    rng = np.random.default_rng(seed)
    order = np.stack([rng.permutation(T) for _ in range(T)])
    return rng.normal(size=(T, n)), order


@settings(max_examples=25, deadline=None)
@given(**SEEDS)
def test_pcgrad_equals_its_loops_in_both_forms(seed, T, n):
    g, order = drawn(seed, T, n)
    expected = oracle.pcgrad_loops(g, order.tolist())
    found = balancing.pcgrad(tf.constant(g), tf.constant(order)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-10)
    a = balancing.pcgrad_weights(tf.constant(g @ g.T), tf.constant(order)).numpy()
    # In one dimension a projected gradient is 0 but for rounding, and may project on the next one or not:
    # the sum moves by that rounding alone.
    np.testing.assert_allclose(a @ g, expected.sum(axis=0), atol=1e-8 * max(1.0, np.abs(a).max()))


def test_pcgrad_leaves_gradients_that_do_not_conflict_alone():
    g = np.array([[1.0, 0.0, 0.5], [0.0, 2.0, 0.1], [0.3, 0.3, 0.0]])
    order = tf.constant([[0, 1, 2]] * 3)
    np.testing.assert_array_equal(balancing.pcgrad(tf.constant(g), order), g)
    np.testing.assert_array_equal(balancing.pcgrad_weights(tf.constant(g @ g.T), order), [1, 1, 1])


@pytest.mark.parametrize("seed", range(8))
def test_after_pcgrad_two_tasks_do_not_conflict(seed):
    g, _ = drawn(seed, 2, 4)
    if g[0] @ g[1] > 0:
        g[1] *= -1
    found = balancing.pcgrad(tf.constant(g), tf.constant([[0, 1], [1, 0]])).numpy()
    # Each is normal to the other's original, so that the sum conflicts with neither; nor do the two results:
    # their product is -(g·h)(1 - cos²) ≥ 0.
    np.testing.assert_allclose([found[0] @ g[1], found[1] @ g[0]], 0, atol=1e-12)
    assert (g @ found.sum(axis=0) > 0).all() and found[0] @ found[1] >= 0
    inner = g[0] @ g[1]
    a = balancing.pcgrad_weights(tf.constant(g @ g.T), tf.constant([[0, 1], [0, 1]])).numpy()
    np.testing.assert_allclose(a, [1 - inner / (g[0] @ g[0]), 1 - inner / (g[1] @ g[1])], rtol=1e-12)


def test_opposite_and_zero_gradients():
    order = tf.constant([[0, 1], [0, 1]])
    for g in (np.array([[1.0, -2.0], [-2.0, 4.0]]), np.zeros((2, 2)), np.array([[0.0, 0.0], [1.0, 0.0]])):
        a = balancing.pcgrad_weights(tf.constant(g @ g.T), order).numpy()
        np.testing.assert_allclose(a @ g, g[1] if g[1, 0] == 1 else 0, atol=1e-12)
        a = balancing.min_norm_weights(tf.constant(g @ g.T)).numpy()
        np.testing.assert_allclose(a @ g, 0, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 6))
def test_frank_wolfe_equals_the_closed_form_for_two_tasks(seed, n):
    g, _ = drawn(seed, 2, n)
    gram = tf.constant(g @ g.T)
    pair = balancing.min_norm_pair(gram).numpy()
    for steps in (1, 7):
        np.testing.assert_allclose(balancing.min_norm_weights(gram, steps), pair, atol=1e-9)
    grid = oracle.min_norm_loops(g)
    assert np.linalg.norm(pair @ g) <= np.linalg.norm(grid @ g) + 1e-12
    assert np.linalg.norm(pair @ g) >= np.linalg.norm(grid @ g) - np.linalg.norm(g[0] - g[1]) / 60
    gamma = np.clip((g[1] - g[0]) @ g[1] / ((g[0] - g[1]) @ (g[0] - g[1])), 0, 1)  # the paper's equation
    np.testing.assert_allclose(pair, [gamma, 1 - gamma], atol=1e-9)


@pytest.mark.parametrize(("seed", "T", "n"), [(0, 3, 2), (1, 3, 5), (2, 4, 10), (3, 4, 3), (4, 5, 40)])
def test_the_shortest_mixture_suits_every_task(seed, T, n):
    g, _ = drawn(seed, T, n)
    a = shortest(tf.constant(g @ g.T), tf.constant(4000)).numpy()
    mixture = a @ g
    assert (a >= 0).all()
    np.testing.assert_allclose(a.sum(), 1, atol=1e-12)
    # Frank–Wolfe's gap falls like 1/steps: ⟨g_k, mixture⟩ ≥ ‖mixture‖² up to it.
    assert (g @ mixture).min() >= mixture @ mixture - 0.02
    if T == 3:
        grid = oracle.min_norm_loops(g)
        assert np.linalg.norm(mixture) <= np.linalg.norm(grid @ g) + 1e-6


def test_a_hundred_steps_are_near_the_optimum():
    worst = 0.0
    for seed in range(20):
        g, _ = drawn(seed, 4, 20)
        a = shortest(tf.constant(g @ g.T), tf.constant(100)).numpy()
        best = shortest(tf.constant(g @ g.T), tf.constant(4000)).numpy()
        worst = max(worst, np.linalg.norm(a @ g) / np.linalg.norm(best @ g) - 1)
    assert worst < 0.01


def test_mgda_prefers_the_short_gradient():
    np.testing.assert_allclose(
        balancing.min_norm_weights(tf.constant([[1.0, 0.0], [0.0, 99.0]])), [0.99, 0.01]
    )
    np.testing.assert_allclose(balancing.min_norm_weights(tf.constant([[1.0, 2.0], [2.0, 9.0]])), [1, 0])


@pytest.mark.parametrize("seed", range(3))
def test_uncertainty_loss_equals_the_loops_and_their_slope(seed):
    rng = np.random.default_rng(seed)
    losses, s, c = rng.uniform(0.1, 5, 3), rng.normal(size=3), np.array([0.5, 1.0, 1.0])
    expected = oracle.uncertainty_loops(losses, np.exp(s), c)
    np.testing.assert_allclose(
        balancing.uncertainty_loss(*map(tf.constant, (losses, s, c))), expected, rtol=1e-12
    )
    balancer = balancing.UncertaintyWeights(["regression", "classification", "classification"])
    balancer.build((3,))
    balancer.log_variances.assign(s)
    variable = tf.Variable(s, dtype=tf.float32)
    x = tf.constant(losses, tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        j = balancing.uncertainty_loss(x, variable, tf.constant(c, tf.float32))
    np.testing.assert_allclose(
        balancer.own_gradients(x, tf.eye(3))[0], tape.gradient(j, variable), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(balancer.task_weights(x, tf.eye(3)), tape.gradient(j, x), rtol=1e-6)
    h = 1e-6
    for k in range(3):
        e = np.eye(3)[k] * h
        up, down = (oracle.uncertainty_loops(losses, np.exp(s + d), c) for d in (e, -e))
        np.testing.assert_allclose(
            balancer.own_gradients(x, tf.eye(3))[0][k], (up - down) / 2 / h, rtol=1e-4, atol=1e-5
        )


def test_the_variance_is_the_loss_for_a_regression_and_twice_that_for_a_classification():
    balancer = balancing.UncertaintyWeights(["regression", "classification"])
    balancer.build((2,))
    losses = tf.constant([3.0, 0.25])
    optimizer = keras.optimizers.SGD(0.5)
    for _ in range(400):
        optimizer.apply_gradients(
            zip(balancer.own_gradients(losses, tf.eye(2)), balancer.trainable_weights, strict=True)
        )
    np.testing.assert_allclose(np.exp(balancer.log_variances.numpy()), [3.0, 0.5], rtol=1e-5)
    # The weight there is 1/(2 L) for both.
    np.testing.assert_allclose(balancer.task_weights(losses, tf.eye(2)), 1 / (2 * losses), rtol=1e-5)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.5])
def test_gradnorm_equals_its_loops(alpha):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        losses, initial, norms, w = rng.uniform(0.2, 3, (4, 3))
        expected, slope = oracle.gradnorm_loops(losses, initial, norms, w, alpha)
        weights = tf.Variable(w)
        with tf.GradientTape() as tape:
            t = balancing.gradnorm_targets(*map(tf.constant, (losses, initial, norms)), weights, alpha)
            loss = balancing.gradnorm_loss(weights, tf.constant(norms), t)
        np.testing.assert_allclose(loss, expected, rtol=1e-12)
        np.testing.assert_allclose(tape.gradient(loss, weights), slope, rtol=1e-12)
        balancer = balancing.GradNorm(alpha)
        balancer.build((3,))
        gram = tf.constant(np.diag(norms**2), tf.float32)
        balancer.own_gradients(tf.constant(initial, tf.float32), gram)  # the first losses are remembered
        balancer.w.assign(w)
        found = balancer.own_gradients(tf.constant(losses, tf.float32), gram)[0]
        np.testing.assert_allclose(found, slope, rtol=1e-5)
        np.testing.assert_allclose(balancer.first.numpy(), initial, rtol=1e-6)


def test_gradnorm_of_equal_rates_makes_norms_equal():
    norms = np.array([5.0, 1.0, 0.5])
    for alpha in (0.0, 2.0):  # rates are equal, so that alpha does not matter
        balancer = balancing.GradNorm(alpha)
        balancer.build((3,))
        gram = tf.constant(np.diag(norms**2), tf.float32)
        optimizer = keras.optimizers.Adam(0.01)
        for t in range(200):
            optimizer.learning_rate.assign(0.05 / (1 + t / 10))
            own = balancer.own_gradients(tf.fill([3], 1 / (1.0 + t)), gram)
            optimizer.apply_gradients(zip(own, balancer.trainable_weights, strict=True))
        w = balancer.w.numpy()
        np.testing.assert_allclose(w.sum(), 3, rtol=1e-5)
        # |w n - t| has no slope that fades at its minimum: w stays within a step, 0.001, of it.
        np.testing.assert_allclose(w, 3 / norms / (1 / norms).sum(), atol=0.02)


def test_gradnorm_does_not_give_up_a_task_that_the_first_batch_has_no_row_of():
    balancer = balancing.GradNorm(1.0)
    balancer.build((2,))
    optimizer = keras.optimizers.Adam(0.01)
    only_first = tf.constant([[1.0, 0.0], [0.0, 0.0]])
    for losses, gram in [([1.0, 0.0], only_first), ([0.9, 1.0], tf.eye(2))] + [([0.6, 0.7], tf.eye(2))] * 300:
        own = balancer.own_gradients(tf.constant(losses), gram)
        optimizer.apply_gradients(zip(own, balancer.trainable_weights, strict=True))
    np.testing.assert_allclose(balancer.first, [1.0, 1.0])
    # The second has learned less, 0.7 against 0.6, and counts as much more: 2 · 0.7 / 1.3.
    np.testing.assert_allclose(balancer.w, [2 * 0.6 / 1.3, 2 * 0.7 / 1.3], atol=0.03)  # steps of 0.01


def test_mgda_stands_still_where_a_task_has_no_row():
    gram = tf.constant([[4.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(balancing.min_norm_weights(gram), [0, 1], atol=1e-6)


def test_gradnorm_pulls_the_slow_task():
    balancer = balancing.GradNorm(1.0)
    balancer.build((2,))
    balancer.own_gradients(tf.constant([1.0, 1.0]), tf.eye(2))
    slow = balancer.own_gradients(tf.constant([0.9, 0.1]), tf.eye(2))[0]
    assert slow.numpy().tolist() == [-1.0, 1.0]  # the weight of the first, which learned less, goes up


@pytest.mark.parametrize("seed", range(3))
def test_joint_sample_loss(seed):
    rng = np.random.default_rng(seed)
    losses, delta = rng.uniform(size=7), rng.integers(0, 2, 7).astype(float)
    x = tf.constant(losses)
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = balancing.joint_sample_loss(x, tf.constant(delta))
    np.testing.assert_allclose(found, oracle.joint_sample_loss_loops(losses, delta), rtol=1e-12)
    np.testing.assert_allclose(tape.gradient(found, x), delta / delta.sum(), rtol=1e-12)
    assert float(balancing.joint_sample_loss(x, tf.zeros(7))) == 0
    np.testing.assert_allclose(balancing.joint_sample_loss(x, tf.ones(7)), losses.mean(), rtol=1e-12)
    with pytest.raises(ValueError, match="delta and losses must have one shape"):
        balancing.joint_sample_loss(x, tf.ones(6))


def test_decayed_weights():
    balancer = balancing.DecayedWeights([1.0, 0.5], [0.9, 1.1], period=3)
    balancer.build((2,))
    for t, _ in itertools.product(range(4), range(3)):
        np.testing.assert_allclose(
            balancer.task_weights(tf.ones(2), tf.eye(2)), [0.9**t, 0.5 * 1.1**t], rtol=1e-6
        )


def test_repeated_ids_are_added_before_they_are_compared():
    rng = np.random.default_rng(0)

    def rows(ids, values):
        return tf.IndexedSlices(tf.constant(values), tf.constant(ids), tf.constant([9, 2]))

    a, b = rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    slices = [rows([5, 0, 5], a), rows([0, 7, 7, 5], b), None]
    dense = [
        tf.convert_to_tensor(slices[0]).numpy(),
        tf.convert_to_tensor(slices[1]).numpy(),
        np.zeros((9, 2)),
    ]
    m, back = balancing.flatten_gradients(slices)
    flat = np.stack([g.reshape(-1) for g in dense])
    assert m.shape == (3, 6)  # three rows were touched of nine
    np.testing.assert_allclose(m.numpy() @ m.numpy().T, flat @ flat.T, atol=1e-12)
    combined = back(tf.linalg.matvec(m, tf.constant([0.3, -2.0, 5.0], tf.float64), transpose_a=True))
    assert isinstance(combined, tf.IndexedSlices) and len(set(combined.indices.numpy())) == 3
    np.testing.assert_allclose(tf.convert_to_tensor(combined), 0.3 * dense[0] - 2 * dense[1], atol=1e-12)
    mixed, back = balancing.flatten_gradients([slices[0], tf.constant(dense[1]), None])
    np.testing.assert_allclose(mixed, flat, atol=1e-12)
    np.testing.assert_array_equal(back(mixed[1]), dense[1])
    with pytest.raises(ValueError, match="one that is not None"):
        balancing.flatten_gradients([None, None])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: balancing.DecayedWeights(period=0), "period must be positive, received 0"),
        (lambda: balancing.DecayedWeights(ratios=[1, 0]), "ratios must be positive"),
        (lambda: balancing.DecayedWeights([1.0]).build((2,)), "initial must hold 2 numbers"),
        (lambda: balancing.DecayedWeights(ratios=[1.0]).build((2,)), "ratios must hold 2 numbers"),
        (lambda: balancing.UncertaintyWeights(["ranking"]), "kinds must be of"),
        (lambda: balancing.UncertaintyWeights("regression"), "kinds must be of"),
        (lambda: balancing.UncertaintyWeights(["regression"]).build((2,)), "kinds must hold 2 words"),
        (lambda: balancing.MGDA(num_steps=0), "num_steps must be positive, received 0"),
        (
            lambda: balancing.DecayedWeights([1.0, -1.0]),
            r"initial must be numbers from 0, received \[1.0, -1",
        ),
        (lambda: balancing.DecayedWeights([np.nan]), "initial must be numbers from 0"),
        (lambda: balancing.DecayedWeights(ratios=[np.inf]), "ratios must be positive"),
        (lambda: balancing.DecayedWeights([]).build((2,)), "initial must hold 2 numbers, received"),
        (lambda: balancing.UncertaintyWeights([]).build((2,)), "kinds must hold 2 words, received"),
        (lambda: balancing.GradNorm(alpha=-1.0), "alpha must be a number from 0, received -1.0"),
        (lambda: balancing.GradNorm(alpha=np.nan), "alpha must be a number from 0, received nan"),
        (lambda: balancing.Balancer().build((0,)), r"input_shape must be \(T,\), received \(0,\)"),
        (lambda: balancing.Balancer().build((2, 2)), r"input_shape must be \(T,\), received \(2, 2\)"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


ONE, TWO, THREE = tf.ones(1), tf.ones(2), tf.ones(3)
ORDER = tf.constant([[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: balancing.min_norm_pair(tf.eye(3)), r"gram must have shape \[2, 2\], received \(3, 3\)"),
        (lambda: balancing.min_norm_weights(TWO), r"gram must have shape \[T, T\], received \(2,\)"),
        (
            lambda: balancing.min_norm_weights(tf.ones([2, 3])),
            r"gram must have shape \[T, T\], received \(2, 3",
        ),
        (
            lambda: balancing.min_norm_weights(tf.zeros([0, 0])),
            r"gram must have shape \[T, T\], received \(0, 0",
        ),
        (lambda: balancing.min_norm_weights(tf.eye(2), 0), "num_steps must be positive, received 0"),
        (lambda: balancing.pcgrad(TWO, ORDER), r"gradients must have shape \[T, n\], received \(2,\)"),
        (lambda: balancing.pcgrad(tf.zeros([0, 4]), ORDER), r"gradients must .*, received \(0, 4\)"),
        (
            lambda: balancing.pcgrad(tf.eye(3), ORDER),
            r"order must be integers \[3, 3\], received int32 \(2, 2\)",
        ),
        (
            lambda: balancing.pcgrad_weights(tf.eye(2), tf.eye(2)),
            r"order must be integers .*received float32",
        ),
        (
            lambda: balancing.pcgrad_weights(tf.ones([2, 1]), ORDER),
            r"gram must have shape .*received \(2, 1\)",
        ),
        (
            lambda: balancing.uncertainty_loss(TWO, THREE, TWO),
            r"log_variances must have shape \[2\], one number a task, received \(3,\)",
        ),
        (
            lambda: balancing.uncertainty_loss(tf.eye(2), TWO, TWO),
            r"losses must have shape \[T\], .*\(2, 2\)",
        ),
        (
            lambda: balancing.uncertainty_loss(tf.zeros(0), TWO, TWO),
            r"losses must have shape .*received \(0,\)",
        ),
        (lambda: balancing.gradnorm_targets(TWO, TWO, ONE, TWO, 1.0), r"norms must have .*received \(1,\)"),
        (lambda: balancing.gradnorm_loss(TWO, TWO, THREE), r"targets must have shape \[2\], .*\(3,\)"),
        (
            lambda: balancing.flatten_gradients([TWO, None, THREE]),
            r"gradients must have one shape, .*received \['\(2,\)', '\(3,\)'\]",
        ),
        (lambda: balancing.flatten_gradients([]), r"one that is not None, received \[\]"),
        (lambda: balancing.joint_sample_loss(tf.ones([2, 1]), TWO), r"received"),
    ],
)
def test_wrong_shapes_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "kind", ["Balancer", "DecayedWeights", "UncertaintyWeights", "GradNorm", "PCGrad", "MGDA"]
)
def test_balancers_refuse_another_number_of_tasks(kind):
    balancer = getattr(balancing, kind)()
    balancer.build((2,))
    with pytest.raises(ValueError, match=r"losses must have shape \[2\], one number a task, received \(3,\)"):
        balancer.task_weights(THREE, tf.eye(2))
    if kind in ("PCGrad", "MGDA"):
        with pytest.raises(ValueError, match=r"gram must have shape \[2, 2\], received \(3, 3\)"):
            balancer.task_weights(TWO, tf.eye(3))
    if kind == "GradNorm":
        with pytest.raises(ValueError, match=r"gram must have shape \[2, 2\], received \(3, 3\)"):
            balancer.own_gradients(TWO, tf.eye(3))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gram_that_is_no_number_is_refused(bad):
    gram = tf.constant([[bad, 0.0], [0.0, 1.0]])
    for function in (balancing.min_norm_pair, balancing.min_norm_weights):
        with pytest.raises(tf.errors.InvalidArgumentError, match="gram"):
            function(gram)


def test_deltas_below_zero_and_not_a_number_are_refused():
    for delta in ([1.0, -0.5], [np.nan, 1.0]):
        for call in (balancing.joint_sample_loss, tf.function(balancing.joint_sample_loss)):
            with pytest.raises(tf.errors.InvalidArgumentError, match="delta must be at least 0"):
                call(TWO, tf.constant(delta))
