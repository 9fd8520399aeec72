import numpy as np
import pytest

from recnotes.oracles import mmoe as oracle


def test_by_hand():
    # One row, one input; experts double and negate, the gate weighs them 3 : 1.
    x, kernel, bias = np.array([[1.0]]), np.array([[[2.0]], [[-1.0]]]), np.zeros((2, 1))
    gate = np.array([[[np.log(3), 0.0]]])
    np.testing.assert_allclose(oracle.experts(x, kernel, bias), [[[2.0], [0.0]]])
    np.testing.assert_allclose(oracle.gates(x, gate), [[[0.75, 0.25]]])
    np.testing.assert_allclose(oracle.mmoe(x, kernel, bias, gate), [[[1.5]]])


def test_gates_do_not_overflow():
    gates = oracle.gates(np.array([[1000.0]]), np.array([[[1.0, 0.0]]]))
    np.testing.assert_allclose(gates, [[[1.0, 0.0]]])


def test_gradient_equals_central_differences():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=size) for size in ((2, 3), (4, 3, 2), (4, 2), (3, 3, 4))]
    upstream = rng.normal(size=(2, 3, 2))
    for which, gradient in enumerate(oracle.mmoe_gradient(*arrays, upstream)):
        for index in np.ndindex(gradient.shape):
            moved = [np.copy(a) for a in arrays]
            moved[which][index] += 1e-6
            above = np.sum(oracle.mmoe(*moved) * upstream)
            moved[which][index] -= 2e-6
            below = np.sum(oracle.mmoe(*moved) * upstream)
            assert gradient[index] == pytest.approx((above - below) / 2e-6, abs=1e-6)
