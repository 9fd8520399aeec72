import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recnotes.metrics import auc, auc_pairwise, log_loss
from recnotes.oracles.ctr import auc_pairs, log_loss_loop


def test_auc_by_hand():
    # Positives .9, .5, .2; negatives .5, .1: right are .9 twice, .5 once, .2 once, and .5 ties.
    labels, scores = [1, 0, 1, 0, 1], [0.9, 0.5, 0.5, 0.1, 0.2]
    assert (
        auc(labels, scores)
        == auc_pairwise(labels, scores)
        == auc_pairs(np.array(labels), np.array(scores))
        == 0.75
    )
    assert auc([0, 1], [1, 2]) == 1.0
    assert auc([0, 1], [2, 1]) == 0.0
    assert auc([0, 1, 1], [3, 3, 3]) == 0.5
    assert auc([True, False], [np.inf, -np.inf]) == 1.0


# Few distinct scores, so that ties are the rule.
logs = st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3)), min_size=2, max_size=40).filter(
    lambda log: 0 < sum(y for y, _ in log) < len(log)
)


@given(logs)
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_three_forms_agree(log):
    labels, scores = np.array(log, np.float64).T
    expected = auc_pairs(labels, scores)
    assert auc(labels, scores) == pytest.approx(expected, abs=1e-12)
    assert auc_pairwise(labels, scores) == pytest.approx(expected, abs=1e-12)
    # Only the order counts, the classes mirror each other.
    assert auc(labels, np.exp(scores)) == pytest.approx(expected, abs=1e-12)
    assert auc(1 - labels, scores) == pytest.approx(1 - expected, abs=1e-12)
    permutation = np.random.default_rng(len(log)).permutation(len(log))
    assert auc(labels[permutation], scores[permutation]) == pytest.approx(expected, abs=1e-12)


def test_large_counts_do_not_overflow():
    labels = np.arange(200_000) % 2
    assert auc(labels.astype(np.int8), np.arange(200_000, dtype=np.float32)) == pytest.approx(0.500005)


def test_log_loss_against_loop_and_keras():
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 2, 50).astype(float), rng.normal(0, 3, 50)
    assert log_loss(labels, logits) == pytest.approx(log_loss_loop(labels, logits), abs=1e-12)
    keras_loss = keras.losses.BinaryCrossentropy(from_logits=True)(
        labels.astype("float32"), logits.astype("float32")
    )
    assert log_loss(labels, logits) == pytest.approx(float(keras_loss), abs=1e-6)
    soft = rng.random(50)
    assert log_loss(soft, logits) == pytest.approx(log_loss_loop(soft, logits), abs=1e-12)


def test_log_loss_far_out():
    assert log_loss([1, 0], [-1000.0, 0.0]) == pytest.approx((1000 + np.log(2)) / 2)
    assert log_loss([1.0], [800.0]) == 0.0


@pytest.mark.parametrize("metric", [auc, auc_pairwise, log_loss])
@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([1, 0], [1.0], r"one shape \[B\], received \(2,\) and \(1,\)"),
        ([[1, 0]], [[1.0, 2.0]], r"one shape \[B\]"),
        ([1, 0], [np.nan, 1.0], "must hold no NaN, received one at row 0"),
        ([1, np.nan], [2.0, 1.0], "labels must hold no NaN, received one at row 1"),
        ([1, 2], [2.0, 1.0], "labels must be .*, received .*2"),
        ([], [], "must"),
    ],
)
def test_bad_input(metric, labels, scores, message):
    with pytest.raises(ValueError, match=message):
        metric(labels, scores)


@pytest.mark.parametrize("metric", [auc, auc_pairwise])
def test_one_class(metric):
    with pytest.raises(ValueError, match="labels must hold both classes, received 2 positives of 2"):
        metric([1, 1], [0.1, 0.2])


def test_infinite_logit():
    with pytest.raises(ValueError, match="logits must be finite, received -inf"):
        log_loss([1, 1], [0.0, -np.inf])
