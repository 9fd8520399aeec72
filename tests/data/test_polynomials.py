import numpy as np
import pytest

from recnotes.data import planted_polynomial


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("star", lambda x: x[0] ** 2 + x[0] * x[1] + x[0] * x[2] + x[0] * x[3]),
        ("mixed", lambda x: x[0] ** 2 + 0.1 * x[0] * x[1] + x[1] * x[2] + 0.1 * x[2] ** 2),
        ([[0, 2.0], [0, 0]], lambda x: 2 * x[0] * x[1]),
    ],
)
def test_is_the_polynomial(name, formula):
    data = planted_polynomial(name, 500, seed=1)
    expected = formula(data.x.T.astype(np.float64))
    np.testing.assert_allclose(data.y, expected / np.sqrt(np.mean(expected**2)), rtol=1e-5, atol=1e-6)
    assert data.x.dtype == data.y.dtype == np.float32 and np.abs(data.x).max() <= 1
    # The coefficients are those of the values: products fit them, and nothing else does.
    i, j = np.triu_indices(data.x.shape[1])
    products = (data.x[:, i] * data.x[:, j]).astype(np.float64)
    np.testing.assert_allclose(
        np.linalg.lstsq(products, data.y, rcond=None)[0], data.coefficients[i, j], atol=1e-5
    )


def test_seeded():
    one, same, other = (planted_polynomial("star", 50, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.y, same.y) and not np.array_equal(one.x, other.x)


@pytest.mark.parametrize(
    "coefficients", ["round", [[1.0, 2.0]], [[1.0, 0.0], [1.0, 0.0]], [[0.0]], [1.0, 2.0]]
)
def test_bad_coefficients(coefficients):
    with pytest.raises(ValueError, match="coefficients must be"):
        planted_polynomial(coefficients)


def test_bad_number():
    with pytest.raises(ValueError, match="num_examples must be"):
        planted_polynomial(num_examples=0)
