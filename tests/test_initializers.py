import math

import keras
import numpy as np
import pytest
from keras.src.initializers.random_initializers import compute_fans

from recnotes.initializers import ScaledInitializer, embedding_stddev, fans
from recnotes.oracles.initializers import unit_variance

RULES = {
    "LecunNormal": (1.0, "fan_in", "truncated"),
    "LecunUniform": (1.0, "fan_in", "uniform"),
    "GlorotNormal": (1.0, "fan_avg", "truncated"),
    "GlorotUniform": (1.0, "fan_avg", "uniform"),
    "HeNormal": (2.0, "fan_in", "truncated"),
    "HeUniform": (2.0, "fan_in", "uniform"),
}


@pytest.mark.parametrize("name", RULES)
def test_kerass_rules(name):
    """The same seed draws the same numbers, so the scale is Keras's up to float32."""
    theirs = getattr(keras.initializers, name)(seed=3)([40, 30])
    np.testing.assert_allclose(ScaledInitializer(*RULES[name], seed=3)([40, 30]), theirs, rtol=1e-6)


@pytest.mark.parametrize("distribution", ["truncated", "normal", "uniform"])
@pytest.mark.parametrize(("mode", "f"), [("fan_in", 300), ("fan_out", 200), ("fan_avg", 250)])
def test_moments_are_those_of_the_formula(distribution, mode, f):
    w = np.asarray(ScaledInitializer(2.0, mode, distribution, seed=1)([300, 200]), np.float64)
    # 60,000 draws: the mean errs by sd / 245, the variance by at most sqrt(2 / 60,000) = 0.6 %.
    assert abs(w.mean()) < 4 * math.sqrt(2 / f / w.size)
    assert w.var() == pytest.approx(2 / f, rel=0.024)
    limit = {"truncated": 2 / 0.879626, "uniform": math.sqrt(3), "normal": 10}[distribution]
    assert np.abs(w).max() <= limit * math.sqrt(2 / f) * (1 + 1e-5)


def test_fans():
    for shape in ([7], [5, 3], [4, 5, 3], [2, 4, 5, 3]):
        assert fans(shape) == tuple(compute_fans(shape))
    assert fans([100, 16, 8], -1) == (100, 16) == fans([8, 100, 16], 0)
    for call, message in (
        (lambda: fans([]), r"shape must leave an axis, received \(\)"),
        (lambda: fans([3], 0), r"shape must leave an axis, received \(3,\)"),
        (lambda: fans([3, 4], 2), r"separate_axis must be an axis of \(3, 4\), received 2"),
        (lambda: embedding_stddev(0), "width must be positive, received 0"),
        (lambda: ScaledInitializer(0), "scale must be positive, received 0"),
        (lambda: ScaledInitializer(mode="fan"), "mode must be .*received 'fan'"),
        (lambda: ScaledInitializer(distribution="cut"), "distribution must be .*received 'cut'"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_the_trap_of_a_kernel_of_experts():
    """Keras reads inputs, units, experts as a window of 100 over 16 channels: .025 instead of .1."""
    shape = [100, 16, 8]
    keras_std = float(np.std(keras.initializers.VarianceScaling(seed=0)(shape)))
    ours = np.asarray(ScaledInitializer(separate_axis=-1, seed=0)(shape), np.float64)
    # 12,800 draws: a relative error of the standard deviation of 1 / sqrt(2 · 12,800) = 0.6 %.
    assert keras_std == pytest.approx(0.025, rel=0.025)
    assert ours.std() == pytest.approx(0.1, rel=0.025)
    x = np.random.default_rng(0).normal(size=(60, 100))
    # 16 units x 60 rows.
    assert np.mean([unit_variance(ours[:, :, e], x) for e in range(3)]) == pytest.approx(1, abs=0.2)


def test_embeddings_start_with_length_one():
    table = np.asarray(keras.random.normal([5000, 16], stddev=embedding_stddev(16), seed=0))
    # The squared length has a standard deviation of sqrt(2 / 16) a row, 0.005 over all.
    assert (table**2).sum(1).mean() == pytest.approx(1, abs=0.02)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_save_and_load(tmp_path):
    start = ScaledInitializer(2.0, "fan_out", "uniform", seed=4)
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(2, kernel_initializer=start)])
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert loaded.layers[0].kernel_initializer.get_config() == start.get_config()
    np.testing.assert_array_equal(start([3, 2]), start([3, 2]))
    assert (np.asarray(ScaledInitializer()([3, 2])) != np.asarray(ScaledInitializer()([3, 2]))).any()
