import numpy as np
import pytest
import tensorflow as tf

from recnotes.layers.transformer import PointWiseFeedForward, SASRecBlock
from recnotes.oracles.step_wise import feed_forward_loops


def test_feed_forward_equals_the_loops():
    layer = PointWiseFeedForward(4, seed=0, dtype="float64")
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    out = layer(x)
    weights = {
        "w1": layer.inner.kernel.numpy(),
        "b1": layer.inner.bias.numpy(),
        "w2": layer.outer.kernel.numpy(),
        "b2": layer.outer.bias.numpy(),
    }
    for b in range(2):
        np.testing.assert_allclose(out[b], feed_forward_loops(x[b], weights), atol=1e-12)


@pytest.mark.parametrize("wiring", ["paper", "authors"])
def test_padding_leaves_as_zero_and_changes_nothing(wiring):
    block = SASRecBlock(4, 2, wiring=wiring, seed=0)
    x = tf.random.stateless_normal([1, 5, 4], [0, 0])
    mask = tf.constant([[True, True, True, False, False]])
    f, w = block(x, mask)
    assert (f[0, 3:].numpy() == 0).all()
    np.testing.assert_allclose(w[0, :, :3].numpy().sum(-1), 1, rtol=1e-6)
    short, _ = block(x[:, :3], mask[:, :3])
    np.testing.assert_allclose(f[:, :3], short, atol=1e-6)


def test_zero_weights_make_the_paper_block_the_identity():
    block = SASRecBlock(4, seed=0)
    x = tf.random.stateless_normal([1, 3, 4], [0, 0])
    mask = tf.ones([1, 3], tf.bool)
    block(x, mask)
    block.attention.value.kernel.assign(tf.zeros([4, 4]))
    block.feed_forward.outer.kernel.assign(tf.zeros([4, 4]))
    np.testing.assert_array_equal(block(x, mask)[0], x)


def test_wirings_differ_in_weights_and_in_result():
    paper, authors = (SASRecBlock(4, wiring=wiring, seed=0) for wiring in ("paper", "authors"))
    x, mask = tf.random.stateless_normal([1, 3, 4], [0, 0]), tf.ones([1, 3], tf.bool)
    assert not np.allclose(paper(x, mask)[0], authors(x, mask)[0])
    assert len(authors.weights) == len(paper.weights) + 3
    np.testing.assert_array_equal(
        paper.attention.query.kernel.numpy(), authors.attention.query.kernel.numpy()
    )


def test_dropout_is_off_outside_training():
    for wiring in ("paper", "authors"):
        block = SASRecBlock(4, dropout=0.5, wiring=wiring, seed=0)
        x, mask = tf.random.stateless_normal([1, 3, 4], [0, 0]), tf.ones([1, 3], tf.bool)
        np.testing.assert_array_equal(block(x, mask)[0], block(x, mask)[0])
        assert not np.allclose(block(x, mask)[0], block(x, mask, training=True)[0])


def test_bad_input_and_config():
    with pytest.raises(ValueError, match="wiring must be one of"):
        SASRecBlock(4, wiring="post")
    for layer in (SASRecBlock(4, 2, 0.1, "authors", 1e-6, 3), PointWiseFeedForward(4, 0.1, 2)):
        assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
