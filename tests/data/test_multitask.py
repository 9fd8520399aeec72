import numpy as np
import pytest

from recnotes.data.multitask import clean_labels, label_correlation, task_vectors, two_tasks


@pytest.mark.parametrize("cosine", [-1.0, -0.3, 0.0, 0.5, 0.9, 1.0])
def test_cosine_and_length_are_exact(cosine):
    w = two_tasks(0, cosine, n=100, scale=0.3, seed=3).w
    np.testing.assert_allclose(np.linalg.norm(w, axis=1), 0.3, atol=1e-15)
    assert w[0] @ w[1] / 0.09 == pytest.approx(cosine, abs=1e-14)


def test_labels_equal_the_loops():
    data = two_tasks(6, 0.5, n=7, num_sinusoids=3, noise=0.0, seed=1)
    for b in range(6):
        for k in range(2):
            s = sum(data.w[k, j] * data.x[b, j] for j in range(7))
            y = s + sum(np.sin(data.alpha[i] * s + data.beta[i]) for i in range(3))
            assert data.y[b, k] == pytest.approx(y, abs=1e-13)
    np.testing.assert_array_equal(data.y, data.clean)
    np.testing.assert_array_equal(data.clean, clean_labels(data.x, data.w, data.alpha, data.beta))


def test_cosine_changes_the_second_task_alone():
    near, far = two_tasks(50, 0.9, seed=2), two_tasks(50, 0.0, seed=2)
    for name in ("x", "alpha", "beta"):
        np.testing.assert_array_equal(getattr(near, name), getattr(far, name))
    np.testing.assert_array_equal(near.y[:, 0], far.y[:, 0])
    assert np.all(near.y[:, 1] != far.y[:, 1])


def test_seed_decides_everything():
    one, same, other = two_tasks(9, 0.5, seed=4), two_tasks(9, 0.5, seed=4), two_tasks(9, 0.5, seed=5)
    np.testing.assert_array_equal(one.y, same.y)
    assert np.all(one.x != other.x)


def test_more_rows_extend_fewer():
    few, many = two_tasks(5, 0.5, seed=6), two_tasks(9, 0.5, seed=6)
    np.testing.assert_allclose(few.y, many.y[:5], atol=1e-12)


def test_identical_tasks_have_independent_noise():
    data = two_tasks(20000, 1.0, noise=0.1, seed=0)
    np.testing.assert_allclose(data.clean[:, 0], data.clean[:, 1], atol=1e-12)
    errors = data.y - data.clean
    assert errors.std() == pytest.approx(0.1, rel=0.02)
    assert abs(np.corrcoef(errors.T)[0, 1]) < 0.03


@pytest.mark.parametrize("cosine", [-0.5, 0.0, 0.5, 0.9, 1.0])
def test_label_correlation_is_what_many_rows_show(cosine):
    data = two_tasks(200000, cosine, n=4, noise=0.1, seed=7)
    exact = label_correlation(cosine, 1.0, data.alpha, data.beta, noise=0.1)
    assert np.corrcoef(data.y.T)[0, 1] == pytest.approx(exact, abs=0.01)


def test_linear_tasks_are_correlated_by_the_cosine_only_without_noise():
    none = np.zeros(0)
    assert label_correlation(0.7, 2.0, none, none) == pytest.approx(0.7)
    assert label_correlation(0.7, 1.0, none, none, noise=0.1) == pytest.approx(0.7 / 1.01)


@pytest.mark.parametrize(
    "bad",
    [{"cosine": 1.1}, {"n": 1}, {"scale": 0.0}, {"num_examples": -1}, {"num_sinusoids": -1}, {"noise": -1.0}],
)
def test_bad_arguments(bad):
    with pytest.raises(ValueError, match="received"):
        two_tasks(**{"num_examples": 3, "cosine": 0.5, **bad})


def test_task_vectors_draw_from_their_generator():
    rng = np.random.default_rng(0)
    assert np.any(task_vectors(3, 0.5, 1.0, rng) != task_vectors(3, 0.5, 1.0, rng))
