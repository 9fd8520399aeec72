import numpy as np
import pytest
import tensorflow as tf

from recnotes.models.comirec import ComiRecDR, ComiRecSA
from recnotes.oracles.capsule import capsules_of_history, comirec_dr_of_model
from recnotes.oracles.multi_interest import attention_interests_loops, comirec_sa_of_model
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

WIRINGS = ("paper", "authors")


def build(kind=ComiRecSA, **kwargs):
    kwargs = {"embedding_dim": D, "max_length": 6, "num_interests": 3, "num_sampled": N, "seed": 0, **kwargs}
    model = kind(N, **kwargs)
    model.build()
    return model


def randomized(rng, kind=ComiRecSA, **kwargs):
    model = build(kind, dtype="float64", **kwargs)
    randomize(model, rng)
    return model


@pytest.mark.parametrize("wiring", WIRINGS)
def test_sa_equals_the_loops(wiring):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        model = randomized(rng, wiring=wiring, units=5)
        inputs = draw(rng)
        inputs["history"][0, ::2] = 0
        np.testing.assert_allclose(model(inputs), comirec_sa_of_model(model, inputs), atol=1e-12)


def test_no_wiring_passes_for_the_other():
    rng = np.random.default_rng(0)
    model, inputs = randomized(rng), draw(rng)
    other = build(dtype="float64", wiring="authors")
    other.items.set_weights(model.items.get_weights())
    other.extractor.hidden.kernel.assign(model.extractor.hidden.kernel)
    other.extractor.heads.kernel.assign(model.extractor.heads.kernel)
    other.extractor.positions.assign(model.extractor.positions)
    a, b = model(inputs).numpy(), other(inputs).numpy()
    assert np.abs(a - b).max() > 1e-2
    # Biases start at zero: without positions the two wirings are one.
    for m in (model, other):
        m.extractor.positions.assign(tf.zeros_like(m.extractor.positions))
    np.testing.assert_allclose(model(inputs), other(inputs), atol=1e-12)


@pytest.mark.parametrize("wiring", WIRINGS)
def test_gradient_of_the_loss_equals_central_differences_of_the_loops(wiring):
    """Full softmax over the items, the interest chosen by the largest product."""
    rng = np.random.default_rng(1)
    model, inputs = randomized(rng, wiring=wiring, units=3), draw(rng, batch=3)

    def loss():
        v = comirec_sa_of_model(model, inputs)
        table = model.items.table.numpy()
        total = 0.0
        for b, target in enumerate(inputs["target"]):
            products = [float(np.dot(v[b, k], table[target - 1])) for k in range(len(v[b]))]
            chosen = v[b, int(np.argmax(products))]
            z = [float(np.dot(chosen, row)) for row in table]
            total -= z[target - 1] - np.log(np.sum(np.exp(z)))
        return total / len(v)

    value, found = gradients(model, inputs)
    assert abs(float(value) - loss()) < 1e-12
    for weight, g in zip(model.trainable_weights, found, strict=True):
        start = weight.numpy()
        for flat in rng.choice(g.size, min(6, g.size), replace=False):
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


def test_only_the_chosen_interest_is_trained():
    rng = np.random.default_rng(2)
    model, inputs = randomized(rng), draw(rng)
    inputs = {key: tf.constant(value) for key, value in inputs.items()}
    v = model(inputs)
    with tf.GradientTape() as tape:
        tape.watch(v)
        value = model.compute_loss(inputs, y_pred=v)
    g = np.abs(tape.gradient(value, v).numpy()).max(axis=2)
    e = model.items.table.numpy()[inputs["target"] - 1]
    best = np.einsum("bmd,bd->bm", v, e).argmax(axis=1)
    assert ((g > 0) == (np.arange(3) == best[:, None])).all()


def test_rows_without_target_do_not_count():
    rng = np.random.default_rng(3)
    model, inputs = randomized(rng), draw(rng)
    kept = {key: value[:3] for key, value in inputs.items()}
    inputs["target"][3:] = 0
    (a, ga), (b, gb) = gradients(model, inputs), gradients(model, kept)
    np.testing.assert_allclose(a, b, atol=1e-12)
    for x, y in zip(ga, gb, strict=True):
        np.testing.assert_allclose(x, y, atol=1e-12)


def test_equal_heads_read_equal_interests_and_none_reads_the_mean():
    rng = np.random.default_rng(4)
    model, inputs = randomized(rng), draw(rng)
    heads = model.extractor.heads.kernel
    heads.assign(np.repeat(heads.numpy()[:, :1], 3, axis=1))
    v = model(inputs).numpy()
    np.testing.assert_allclose(v, v[:, :1] + 0 * v, atol=1e-14)
    one = build(dtype="float64", num_interests=1)
    one.set_weights([w if w.shape != heads.shape else w[:, :1] for w in model.get_weights()])
    np.testing.assert_allclose(one(inputs)[:, 0], v[:, 0], atol=1e-14)
    heads.assign(np.zeros(heads.shape))
    model.extractor.positions.assign(np.zeros(model.extractor.positions.shape))
    h = model.items.table.numpy()
    for row, ids in zip(model(inputs).numpy(), inputs["history"], strict=True):
        np.testing.assert_allclose(row[1], h[ids[ids > 0] - 1].mean(axis=0), atol=1e-14)


def test_without_positions_the_order_does_not_count():
    rng = np.random.default_rng(5)
    model = randomized(rng)
    history = np.array([[3, 1, 4, 2]], np.int32)
    assert np.abs(model({"history": history}) - model({"history": history[:, ::-1]})).max() > 1e-3
    model.extractor.positions.assign(np.zeros(model.extractor.positions.shape))
    np.testing.assert_allclose(model({"history": history}), model({"history": history[:, ::-1]}), atol=1e-13)


@pytest.mark.parametrize("wiring", WIRINGS)
def test_sa_bench(wiring, tmp_path):
    rng = np.random.default_rng(6)
    model = randomized(rng, wiring=wiring)
    check_padding(model, rng)
    check_empty_history(model)
    check_only_recent_items_are_read(model)
    check_every_weight_gets_a_gradient(model, rng)
    check_recommend(model, rng)
    check_bad_input(model, rng)
    check_save_and_load(build(wiring=wiring), rng, tmp_path)


def test_sa_seed():
    check_a_seed_makes_training_repeat(build, np.random.default_rng(7))


def test_the_table_gets_a_gradient_of_the_rows_read():
    model = build(num_sampled=3)
    inputs = {key: tf.constant(value) for key, value in draw(np.random.default_rng(8)).items()}
    with tf.GradientTape() as tape:
        value = model.compute_loss(inputs, y_pred=model(inputs))
    assert isinstance(tape.gradient(value, model.items.table.value), tf.IndexedSlices)


def test_mixed_precision_stays_finite():
    model = build(dtype="mixed_float16")
    assert np.isfinite(gradients(model, draw(np.random.default_rng(9)))[0])


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"num_interests": 0}, "num_interests and units must be positive, received 0, None"),
        ({"units": 0}, "num_interests and units must be positive, received 3, 0"),
        ({"max_length": 0}, "max_length and num_sampled must be positive, received 0"),
        ({"num_sampled": 0}, "max_length and num_sampled must be positive, received 6, 0"),
        ({"wiring": "code"}, "wiring must be 'paper' or 'authors', received 'code'"),
        ({"sampler": "zipf"}, "sampler must be one of .*, received 'zipf'"),
        ({"embedding_dim": 0}, "width must be positive, received 0"),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        build(**kwargs)


def test_hand_computed_attention():
    # tanh is 0 at the first item, so that its score is 0; the second has tanh(ln 2 / 2) = 1/3, score ln 3.
    p = {"w1": np.array([[1.0]]), "w2": np.array([[3 * np.log(3)]]), "positions": None}
    v, a = attention_interests_loops(np.array([[0.0], [np.log(2) / 2]]), p)
    np.testing.assert_allclose(a, [[0.25, 0.75]], atol=1e-15)
    np.testing.assert_allclose(v, [[0.75 * np.log(2) / 2]], atol=1e-15)


BILINEAR = ("position", "interest")


@pytest.mark.parametrize("bilinear", BILINEAR)
def test_dr_equals_the_loops(bilinear):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        model, inputs = randomized(rng, ComiRecDR, bilinear=bilinear, num_iterations=2 + seed), draw(rng)
        inputs["history"][0, ::2] = 0
        np.testing.assert_allclose(model(inputs), comirec_dr_of_model(model, inputs), atol=1e-12)


@pytest.mark.parametrize("stop", [True, False])
def test_dr_gradient_equals_central_differences_of_the_loops(stop):
    """Where the routing's weights are constants, so are the votes that decide them."""
    rng = np.random.default_rng(1)
    model, inputs = randomized(rng, ComiRecDR, stop_gradient=stop), draw(rng, batch=2)
    held = [capsules_of_history(model, row, 3)[1] if stop else None for row in inputs["history"]]

    def loss():
        table, total = model.items.table.numpy(), 0.0
        for row, votes, target in zip(inputs["history"], held, inputs["target"], strict=True):
            v = capsules_of_history(model, row, 3, votes)[0]
            z = table @ v[np.argmax(v @ table[target - 1])]
            total -= z[target - 1] - np.log(np.sum(np.exp(z)))
        return total / len(held)

    value, found = gradients(model, inputs)
    assert abs(float(value) - loss()) < 1e-12
    for weight, g in zip(model.trainable_weights, found, strict=True):
        start = weight.numpy()
        largest = np.argsort(-np.abs(g).ravel())[:20]
        for flat in rng.choice(largest, 6, replace=False):
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


def test_dr_stopping_the_gradient_changes_gradients_and_no_value():
    rng = np.random.default_rng(2)
    model, inputs = randomized(rng, ComiRecDR), draw(rng)
    other = build(ComiRecDR, dtype="float64", stop_gradient=False)
    other.set_weights(model.get_weights())
    (a, ga), (b, gb) = gradients(model, inputs), gradients(other, inputs)
    assert float(a) == float(b)
    assert max(np.abs(x - y).max() for x, y in zip(ga, gb, strict=True)) > 1e-3


def test_dr_interests_are_shorter_than_one():
    rng = np.random.default_rng(3)
    model = build(ComiRecDR, dtype="float64")
    randomize(model, rng, scale=30.0)
    lengths = np.linalg.norm(model(draw(rng, batch=50)), axis=2)
    assert lengths.max() < 1 and lengths.max() > 0.99


def test_dr_bench(tmp_path):
    rng = np.random.default_rng(6)
    model = randomized(rng, ComiRecDR)
    check_padding(model, rng)
    check_empty_history(model)
    check_only_recent_items_are_read(model)
    check_every_weight_gets_a_gradient(model, rng)
    check_recommend(model, rng)
    check_bad_input(model, rng)
    check_save_and_load(build(ComiRecDR), rng, tmp_path)


def test_dr_pads_leave_the_matrices_of_their_positions_alone():
    model = randomized(np.random.default_rng(7), ComiRecDR)
    inputs = {"history": np.array([[3, 5, 0, 0, 0, 0]], np.int32), "target": np.array([2], np.int32)}
    _, found = gradients(model, inputs)
    g = np.abs(found[1]).max(axis=(1, 2))
    assert (g[:2] > 0).all() and (g[2:] == 0).all()


def test_dr_seed():
    check_a_seed_makes_training_repeat(lambda **kwargs: build(ComiRecDR, **kwargs), np.random.default_rng(7))


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"num_iterations": 0}, r"must be positive, received \(3, 6, 0\)"),
        ({"num_interests": 0}, r"must be positive, received \(0, 6, 3\)"),
        ({"bilinear": "none"}, "bilinear must be one of .*, received 'none'"),
        ({"num_sampled": 0}, "max_length and num_sampled must be positive, received 6, 0"),
        ({"sampler": "zipf"}, "sampler must be one of .*, received 'zipf'"),
    ],
)
def test_dr_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        build(ComiRecDR, **kwargs)


@pytest.mark.parametrize(
    ("kind", "learning_rate", "margin"), [(ComiRecSA, 0.05, 0.1), (ComiRecDR, 0.1, 0.05)]
)
def test_fit_finds_more_with_four_vectors_than_with_one(kind, learning_rate, margin):
    check_several_vectors_find_more_than_one(kind, learning_rate, margin)
