import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recnotes.metrics import calibration_error, calibration_ratio
from recnotes.oracles.ctr import calibration_loops


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 9999))
@settings(max_examples=60, deadline=None)
def test_equals_the_loops(b, bins, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, b).astype(float)
    # Half of the probabilities stand on an edge.
    p = np.where(rng.random(b) < 0.5, rng.integers(0, bins + 1, b) / bins, rng.random(b))
    assert calibration_error(y, p, bins) == pytest.approx(calibration_loops(y, p, bins), abs=1e-12)


def test_a_calibrated_model_and_a_constant_one():
    rng = np.random.default_rng(0)
    p = rng.random(200_000)
    y = rng.random(200_000) < p
    # Ten bins of 20,000 coins each: an absolute mean of about 0.8 · sqrt(1/6 / 20,000) = 0.0023.
    assert calibration_error(y, p) < 0.006
    assert calibration_error(y, np.full(len(y), y.mean())) == pytest.approx(0, abs=1e-12)
    assert calibration_error(y, np.clip(p + 0.1, 0, 1)) > 0.08
    assert calibration_ratio(y, p) == pytest.approx(1, abs=0.01)
    assert calibration_ratio(y, p / 2) == pytest.approx(0.5, abs=0.01)
    assert calibration_error([1, 0], [1.0, 0.0]) == 0


@pytest.mark.parametrize("metric", [calibration_error, calibration_ratio])
def test_bad_input(metric):
    for arguments, message in (
        (([1, 0], [0.5]), r"received \(2,\) and \(1,\)"),
        (([], []), "not empty"),
        (([1, 0], [0.5, np.nan]), r"probabilities must be in \[0, 1\], received nan at row 1"),
        (([np.nan, 0], [0.5, 0.5]), "labels must be .*received nan at row 0"),
        (([1, 0], [0.5, 1.5]), "received 1.5 at row 1"),
    ):
        with pytest.raises(ValueError, match=message):
            metric(*arguments)
    with pytest.raises(ValueError, match="num_bins must be positive, received 0"):
        calibration_error([1], [0.5], 0)
    with pytest.raises(ValueError, match="labels must hold a positive, received none of 1"):
        calibration_ratio([0], [0.5])
