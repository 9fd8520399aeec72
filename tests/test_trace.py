import keras
import numpy as np
import pytest
import tensorflow as tf

from recnotes.trace import trace, trace_rows


def rows(model, inputs, **kwargs):
    return {row.layer: row for row in trace_rows(model, inputs, **kwargs)}


def flops(function, *shapes, dtype=tf.float32):
    """FLOPs per example of a function of tensors [B, *shape]."""

    class Model(keras.Model):
        def call(self, inputs):
            return function(*inputs)

    model = Model()
    model.build(None)
    total = trace_rows(model, [tf.TensorSpec([None, *shape], dtype) for shape in shapes])[-1]
    assert total.exact
    return total.flops


def test_mlp_by_hand():
    model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)])
    # 2·3·4 products and sums, 4 biases, 4 comparisons; 2·4·2 and 2 biases.
    assert trace(model, tf.ones([5, 3])) == (
        "| layer | output shape | parameters | FLOPs |\n"
        "|---|---|---:|---:|\n"
        "| `layers[0]` Dense | [B, 4] | 16 | 32 |\n"
        "| `layers[1]` Dense | [B, 2] | 10 | 18 |\n"
        "| **total** | [B, 2] | 26 | 50 |"
    )


@pytest.mark.parametrize(
    ("function", "shapes", "expected"),
    [
        (lambda x: x + x, [(5,)], 5),
        (lambda x: tf.reduce_sum(x, axis=1), [(5, 3)], 4 * 3),
        (lambda x: tf.reduce_mean(x, axis=1), [(5, 3)], 5 * 3),
        (lambda x, y: tf.matmul(x, y), [(2, 3), (3, 4)], 2 * 2 * 3 * 4),
        (lambda x, y: tf.matmul(x, y, transpose_b=True), [(2, 3), (4, 3)], 2 * 2 * 3 * 4),
        (lambda x, y: tf.matmul(x, y, transpose_a=True), [(3, 2), (3, 4)], 2 * 2 * 3 * 4),
        (lambda x: tf.matmul(x, tf.ones([3, 4])), [(3,)], 2 * 3 * 4),
        (lambda x: tf.matmul(tf.ones([4, 3]), x, transpose_b=True), [(3,)], 2 * 3 * 4),
        (lambda x, y: tf.einsum("bid,bjd->bij", x, y), [(2, 3), (4, 3)], 2 * 2 * 4 * 3),
        (
            lambda x, y: tf.einsum("bi,bj->bij", x, y),
            [(2,), (4,)],
            2 * 4,
        ),  # An outer product adds nothing up.
        (lambda x: tf.einsum("...d,de->...e", x, tf.ones([3, 4])), [(2, 3)], 2 * 2 * 3 * 4),
        (lambda x: tf.einsum("bid->bd", x), [(5, 3)], 4 * 3),
        (lambda x: tf.nn.softmax(x), [(6,)], 5 * 6),
        (lambda x: tf.reshape(tf.transpose(x, [0, 2, 1]), [-1, 6]), [(2, 3)], 0),
        (lambda x: tf.concat([x, x], 1)[:, 1:], [(3,)], 0),
        (lambda x: tf.where(x > 0, x, 0.0), [(3,)], 0),  # Comparing makes booleans, choosing moves values.
        (lambda x: tf.nn.conv2d(x, tf.ones([3, 3, 2, 5]), 1, "SAME"), [(4, 4, 2)], 2 * 4 * 4 * 5 * 9 * 2),
        (lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"), [(4, 4, 2)], 2 * 2 * 2 * 4),
        (lambda x: x * tf.nn.l2_loss(x), [(5,)], 2 * 5 + 5),
        (
            lambda x: x * tf.reduce_sum(tf.ones([9, 9])),
            [(3,)],
            3,
        ),  # The factor is the same for every example.
        (lambda x: tf.cond(tf.reduce_all(x[0] > 9), lambda: x + 1, lambda: x - 1), [(5,)], 5),
        (lambda x: tf.function(lambda y: y * y)(x), [(5,)], 5),
        (
            lambda x: tf.while_loop(
                lambda i, y: i < 4, lambda i, y: (i + 1, y * 2.0), [0, x], maximum_iterations=4
            )[1],
            [(5,)],
            4 * 5,
        ),
    ],
)
def test_operations_by_hand(function, shapes, expected):
    assert flops(function, *shapes) == expected


def test_dead_operations_cost_nothing():
    def function(x):
        tf.exp(x)
        return x + 1

    assert flops(function, (5,)) == 5


def test_integers_cost_nothing():
    assert flops(lambda ids: tf.gather(tf.ones([9, 4]), ids * 2 + 1), (3,), dtype=tf.int32) == 0


@keras.saving.register_keras_serializable("test")
class Twice(keras.Model):
    """Uses one layer twice, one through another method, one not at all, and adds on its own."""

    def __init__(self):
        super().__init__()
        self.towers = {"a": keras.layers.Dense(3)}
        self.table = Table()
        self.unused = keras.layers.Dense(2)
        self.unused.build((None, 7))
        self.drop = keras.layers.Dropout(0.5)

    def build(self, input_shape):
        self.towers["a"].build((None, 3))
        self.table.build(None)
        self.built = True

    def call(self, x):
        y = self.towers["a"](self.towers["a"](x))
        return {"sum": self.drop(y) + 1.0, "scores": self.table.scores(y)}


class Table(keras.layers.Layer):
    def build(self, input_shape):
        self.items = self.add_weight(shape=(10, 3))
        self.built = True

    def scores(self, x):
        return tf.matmul(x, tf.convert_to_tensor(self.items), transpose_b=True)


def test_shared_layers_methods_and_own_operations():
    model = Twice()
    found = rows(model, tf.ones([2, 3]))
    assert list(found) == [
        "`towers['a']` Dense",
        "`table` Table",
        "`unused` Dense",
        "`Twice.call`",
        "**total**",
    ]
    a, table, unused, own, total = found.values()
    assert (a.output_shape, a.parameters, a.flops) == ("[B, 3]", 12, 2 * (18 + 3))
    assert (table.output_shape, table.parameters, table.flops) == ("-", 30, 60)
    assert (unused.output_shape, unused.parameters, unused.flops) == ("-", 16, 0)
    assert (own.output_shape, own.parameters, own.flops) == ("sum: [B, 3], scores: [B, 10]", 0, 3)
    assert (total.parameters, total.flops) == (model.count_params(), 42 + 60 + 3)
    # Nothing of the tracing stays behind, and another run prints the same.
    assert not {"call", "scores"} & (vars(model).keys() | vars(model.table).keys())
    assert rows(Twice(), tf.ones([2, 3])) == found


def test_layer_shared_by_two_parents_counts_once():
    shared = keras.layers.Dense(3)
    inputs = keras.Input([3])
    model = keras.Model(inputs, shared(inputs) + keras.Sequential([shared, keras.layers.Dense(3)])(inputs))
    for depth in (1, 2):
        total = trace_rows(model, tf.ones([1, 3]), depth=depth)[-1]
        assert (total.parameters, total.flops) == (24, 3 * 21 + 3)


class Nested(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = [Twice(), Twice()]

    def call(self, x):
        outputs = [net(x) for net in self.inner]
        return [out["scores"] + out["sum"][:, :1] for out in outputs]


def test_depth_moves_rows_and_keeps_totals():
    model = Nested()
    shallow, deep = trace_rows(model, tf.ones([2, 3])), trace_rows(model, tf.ones([2, 3]), depth=2)
    assert [row.layer for row in shallow] == [
        "`inner[0]` Twice",
        "`inner[1]` Twice",
        "`Nested.call`",
        "**total**",
    ]
    assert [row.layer for row in deep[:4]] == [
        "`inner[0]` Twice",
        "`inner[0].towers['a']` Dense",
        "`inner[0].table` Table",
        "`inner[1]` Twice",
    ]
    assert deep[-1] == shallow[-1]
    assert shallow[-1].output_shape == "[B, 10], [B, 10]"
    assert sum(row.flops for row in deep[:-1]) == deep[-1].flops


def test_batch_in_other_places():
    class Model(keras.Model):
        def call(self, x):
            return tf.repeat(x, 2, axis=0), tf.transpose(x), tf.concat([x, tf.ones([1, 3])], 0), tf.ones([4])

    model = Model()
    assert trace_rows(model, tf.ones([2, 3]))[-1].output_shape == "[2*B, 3], [3, B], [B+1, 3], [4]"


def test_unknown_sizes_are_a_lower_bound():
    class Model(keras.Model):
        def call(self, x):
            return tf.boolean_mask(x, x[:, 0] > 0) * 2.0, x * 3.0

    model = Model()
    total = trace_rows(model, tf.ones([2, 3]))[-1]
    assert (total.exact, total.flops, total.output_shape) == (False, 3, "[?, 3], [B, 3]")
    assert trace(model, tf.ones([2, 3])).endswith("| [?, 3], [B, 3] | 0 | ≥ 3 |")

    class Endless(keras.Model):
        def call(self, x):
            return tf.while_loop(lambda y: tf.reduce_sum(y) < 100, lambda y: (y * 2.0,), [x])[0]

    model = Endless()
    model.build(None)
    assert not trace_rows(model, tf.TensorSpec([None, 3]))[-1].exact


def test_recurrent_layer_counts_its_steps():
    model = keras.Sequential([keras.layers.SimpleRNN(4, activation="linear", use_bias=False)])
    total = trace_rows(model, tf.ones([2, 6, 3]))[-1]
    # Six steps of 2·4·4 for the state, 2·3·4 for the input and 4 additions of the two.
    assert total.flops == 6 * (32 + 24 + 4)


def test_training_and_unbuilt_models():
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dropout(0.5)])
    specs = tf.TensorSpec([None, 3], tf.float32)
    assert trace_rows(model, specs)[-1].flops == 28
    assert trace_rows(model, specs, training=True)[-1].flops > 28
    assert trace_rows(model, np.ones([2, 3], np.float32))[-1].parameters == 16


def test_bad_input():
    with pytest.raises(ValueError, match=r"inputs must have a batch axis, received shape \(\)"):
        trace(keras.Sequential([keras.layers.Dense(1)]), tf.constant(1.0))
