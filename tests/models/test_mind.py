import math

import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.capsule import squash
from recnotes.layers.readout import choose_interest
from recnotes.models.mind import MIND, interest_count
from recnotes.oracles.capsule import (
    capsules_of_history,
    interest_count_loops,
    mind_of_model,
)
from recnotes.oracles.multi_interest import label_aware_loops
from tests.models.retrieval import (
    D,
    N,
    check_a_seed_makes_training_repeat,
    check_bad_input,
    check_empty_history,
    check_every_weight_gets_a_gradient,
    check_only_recent_items_are_read,
    check_padding,
    check_recommend,
    check_save_and_load,
    check_several_vectors_find_more_than_one,
    draw,
    gradients,
    randomize,
)


def build(**kwargs):
    kwargs = {"embedding_dim": D, "max_length": 6, "num_interests": 3, "num_sampled": N, "seed": 0, **kwargs}
    model = MIND(N, **kwargs)
    model.build()
    return model


def randomized(rng, **kwargs):
    model = build(dtype="float64", **kwargs)
    randomize(model, rng)
    return model


@pytest.mark.parametrize("adaptive", [True, False])
@pytest.mark.parametrize("hidden_units", [(), (5,), (6, 5)])
def test_equals_the_loops(adaptive, hidden_units):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        model, inputs = randomized(rng, adaptive=adaptive, hidden_units=hidden_units), draw(rng)
        inputs["history"][0, ::2] = 0
        np.testing.assert_allclose(model(inputs), mind_of_model(model, inputs), atol=1e-12)


@pytest.mark.parametrize("power", [0, 1, 3, math.inf])
@pytest.mark.parametrize("stop", [True, False])
def test_gradient_of_the_loss_equals_central_differences_of_the_loops(power, stop):
    rng = np.random.default_rng(1)
    model, inputs = randomized(rng, power=power, stop_gradient=stop), draw(rng, batch=4)
    counts = [interest_count_loops(int(np.sum(row > 0)), 3) for row in inputs["history"]]
    held = [
        capsules_of_history(model, row, k)[1] if stop else None
        for row, k in zip(inputs["history"], counts, strict=True)
    ]

    def loss():
        table, total = model.items.table.numpy(), 0.0
        for row, k, votes, target in zip(inputs["history"], counts, held, inputs["target"], strict=True):
            v = label_aware_loops(capsules_of_history(model, row, k, votes)[0], table[target - 1], power)
            z = table @ v
            total -= z[target - 1] - np.log(np.sum(np.exp(z)))
        return total / len(held)

    assert len(set(counts)) > 1
    value, found = gradients(model, inputs)
    assert abs(float(value) - loss()) < 1e-12
    for weight, g in zip(model.trainable_weights, found, strict=True):
        start = weight.numpy()
        for flat in rng.choice(g.size, 6, replace=False):
            at = np.unravel_index(flat, g.shape)
            sides = []
            for step in (1e-6, -1e-6):
                moved = start.copy()
                moved[at] += step
                weight.assign(moved)
                sides.append(loss())
            weight.assign(start)
            # Rounding of a loss near 3, over the step.
            assert abs((sides[0] - sides[1]) / 2e-6 - g[at]) < 1e-8, weight.path


def test_interest_count_and_deepmatchs():
    lengths = np.array([0, 1, 2, 3, 4, 7, 8, 15, 16, 2**20 - 1, 2**20, 2**30])
    for most in (1, 3, 25):
        expected = [interest_count_loops(int(n), most) for n in lengths]
        np.testing.assert_array_equal(interest_count(tf.constant(lengths), most), expected)
        exact = [max(1, min(most, math.floor(math.log2(max(n, 1))))) for n in lengths]
        assert expected == exact
    # DeepMatch counts one item more: it differs where n + 1 is a power of two.
    port = [max(1, min(25, math.floor(math.log2(n + 1)))) for n in lengths]
    ours = interest_count(tf.constant(lengths), 25).numpy()
    assert lengths[ours != port].tolist() == [3, 7, 15, 2**20 - 1]


def test_interests_beyond_the_users_number_repeat_the_first_and_are_not_trained():
    rng = np.random.default_rng(2)
    model = randomized(rng)
    history = np.array([[1, 2, 3, 0, 0, 0], [1, 2, 3, 4, 0, 0], [1, 2, 3, 4, 5, 6]], np.int32)
    v = model({"history": history}).numpy()
    same = np.abs(v - v[:, :1]).max(axis=2) == 0
    assert same.tolist() == [[True, True, True], [True, False, True], [True, False, True]]
    assert model.allowed(tf.constant(history)).numpy().sum(axis=1).tolist() == [1, 2, 2]
    # The items read count, not those of the history: six at most, of eight.
    long = tf.constant([[1, 2, 3, 4, 5, 6, 7, 8]])
    assert model.allowed(long).numpy().sum() == 2
    x = {"history": tf.constant(history), "target": tf.constant([4, 5, 6])}
    y = tf.constant(v)
    with tf.GradientTape() as tape:
        tape.watch(y)
        value = model.compute_loss(x, y_pred=y)
    assert not np.abs(tape.gradient(value, y).numpy()).max(axis=2)[~model.allowed(x["history"])].any()


def test_one_interest_is_the_squashed_sum_of_mapped_items():
    rng = np.random.default_rng(3)
    s_of = []
    for iterations in (1, 3, 7):
        model = randomized(np.random.default_rng(3), num_interests=1, num_iterations=iterations)
        inputs = draw(rng)
        table, s = model.items.table.numpy(), model.extractor.kernel.numpy()
        sums = np.array([sum(table[i - 1] for i in row if i) for row in inputs["history"]]) @ s
        np.testing.assert_allclose(model(inputs)[:, 0], squash(tf.constant(sums)), atol=1e-13)
        s_of.append(s)
    np.testing.assert_array_equal(s_of[0], s_of[2])


def test_power_zero_trains_the_mean_and_infinity_the_best():
    rng = np.random.default_rng(4)
    v, e = tf.constant(rng.normal(size=(5, 3, D))), tf.constant(rng.normal(size=(5, D)))
    history = tf.ones([5, 6], tf.int32)
    mean, hard = (build(power=p, adaptive=False).read(v, e, history) for p in (0, math.inf))
    np.testing.assert_allclose(mean, tf.reduce_mean(v, axis=1), atol=1e-14)
    np.testing.assert_array_equal(hard, choose_interest(v, e))


def test_the_logits_are_fixed():
    model = build()
    inputs = draw(np.random.default_rng(5), batch=32)
    np.testing.assert_array_equal(model(inputs), model(inputs))
    before = model.extractor.logits.numpy()
    model.compile("adam")
    model.fit(inputs, verbose=0)
    np.testing.assert_array_equal(model.extractor.logits.numpy(), before)
    assert 0.5 < before.std() < 1.5 and not np.array_equal(before, build(seed=1).extractor.logits.numpy())
    # Equal logits keep all interests equal.
    equal = build(logits_stddev=0.0, adaptive=False)
    v = equal(inputs).numpy()
    np.testing.assert_allclose(v, v[:, :1] + 0 * v, atol=1e-7)


@pytest.mark.parametrize("options", [{}, {"power": 2, "adaptive": False}, {"hidden_units": (5,)}])
def test_bench(options, tmp_path):
    rng = np.random.default_rng(6)
    model = randomized(rng, **options)
    check_padding(model, rng)
    if not options.get("hidden_units"):
        check_empty_history(model)
    check_only_recent_items_are_read(model)
    check_every_weight_gets_a_gradient(model, rng)
    check_recommend(model, rng)
    check_bad_input(model, rng)
    check_save_and_load(build(**options), rng, tmp_path)


def test_empty_history_is_finite_with_a_network():
    model = randomized(np.random.default_rng(7), hidden_units=(5,))
    x = {"history": np.zeros((2, 4), np.int32), "target": np.array([3, 1], np.int32)}
    value, found = gradients(model, x)
    assert np.isfinite(value) and all(np.isfinite(g).all() for g in found)


def test_seed():
    check_a_seed_makes_training_repeat(build, np.random.default_rng(8))


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"power": -1}, "power must be a whole number from 0 or infinity, received -1"),
        ({"power": 1.5}, "received 1.5"),
        ({"num_iterations": 0}, r"must be positive, received \(3, 6, 0\)"),
        ({"logits_stddev": -0.1}, "logits_stddev must be at least 0"),
        ({"hidden_units": (0,)}, "received"),
        ({"num_sampled": 0}, "max_length and num_sampled must be positive"),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        build(**kwargs)


def test_fit_finds_more_with_four_vectors_than_with_one():
    check_several_vectors_find_more_than_one(MIND, 0.1, 0.1)
