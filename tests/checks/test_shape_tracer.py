"""The tracer itself: what it accepts, and that it fails on wrong comments."""

import textwrap
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tools.shape_comments import comments
from tools.shape_tracer import Tracer

PATH = Path("/nowhere/sample.py")


def trace(source, *calls, declared=None):
    """Run the sample's functions under the tracer: each call is (name, arguments...)."""
    source = textwrap.dedent(source)
    found, wrong = comments(PATH, source)
    assert wrong == []
    names = {"np": np, "tf": tf, "keras": keras}
    exec(compile(source, str(PATH), "exec"), names)
    tracer = Tracer(found)
    tracer.declared = declared
    with tracer:
        for name, *arguments in calls:
            names[name](*arguments)
    return SimpleNamespace(
        failures=list(tracer.failures.values()),
        ambiguous=list(tracer.ambiguous.values()),
        reached=[comment.line for comment in found if comment.reached],
        proven=[comment.line for comment in found if comment.proven],
    )


FM = """
def fm(e):
    s = tf.reduce_sum(e, axis=1)  # [B, D]
    q = tf.reduce_sum(
        tf.square(e),
        axis=1,
    )  # [B, D]
    return 0.5 * tf.reduce_sum(s * s - q, axis=1)  # [B]
"""


def test_right_comments_pass():
    result = trace(FM, ("fm", tf.ones([3, 5, 7])))
    assert result.failures == [] and result.ambiguous == []
    assert result.reached == result.proven == [3, 7, 8]


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("s = tf.reduce_sum(e, axis=1)  # [B, D]", "s = tf.reduce_sum(e, axis=1)  # [B, F, D]", 3),  # rank
        ("    )  # [B, D]", "    )  # [D, B]", 7),  # order, seen by the binding of line 3
        ("axis=1)  # [B]", "axis=1)  # [D]", 8),  # a returned value
        ("s = tf.reduce_sum(e, axis=1)  # [B, D]", "s = tf.reduce_sum(e, axis=1)  # [B, 6]", 3),  # a literal
    ],
)
def test_a_wrong_comment_fails_with_its_line(right, wrong, line):
    assert right in FM
    result = trace(FM.replace(right, wrong), ("fm", tf.ones([3, 5, 7])))
    assert len(result.failures) == 1
    assert result.failures[0].startswith(f"/nowhere/sample.py:{line}: the comment says")


def test_equal_sizes_prove_nothing_and_are_named():
    swapped = FM.replace("    )  # [B, D]", "    )  # [D, B]")
    result = trace(swapped, ("fm", tf.ones([3, 5, 3])))
    assert result.failures == [] and result.proven == []
    assert "B and D are both 3" in result.ambiguous[0]
    assert trace("def f(x):\n    y = x[:, None]  # [B, 1]\n", ("f", np.ones(1))).proven == []


def test_products_and_sums():
    source = """
    def f(x, y):
        z = np.concatenate([x, y], axis=1)  # [B, D+K]
        x = x + 0  # [B, D]
        y = y + 0  # [B, K]
        w = np.concatenate([x, x], axis=1)  # [B, 2*D]
        v = np.ones(len(x) + 1)  # [B+1]  one more
    """
    assert trace(source, ("f", np.ones([2, 3]), np.ones([2, 5]))).failures == []
    for right, wrong in ("2*D", "3*D"), ("B+1", "B-1"), ("D+K", "2*K"):
        assert len(trace(source.replace(right, wrong), ("f", np.ones([2, 3]), np.ones([2, 5]))).failures) == 1


def test_a_product_alone_binds_its_symbol():
    source = """
    def f(x):
        y = x  # [2*D]
        z = y[: len(y) // 2]  # [D]
    """
    assert trace(source, ("f", np.ones(6))).failures == []
    assert "no D makes 2*D equal to 7" in trace(source, ("f", np.ones(7))).failures[0]


def test_integer_variables_bind():
    source = """
    def f(x):
        B, D = x.shape
        y = x.T  # [B, D]
    """
    assert "B is 2 here" in trace(source, ("f", np.ones([2, 3]))).failures[0]


def test_a_loop_may_change_what_its_statement_bound():
    source = """
    def f(x, widths):
        for width in widths:
            x = np.ones([len(x), width])  # [B, U]
            w = np.ones(width)  # [U]
        return x  # [B, U]
    """
    assert trace(source, ("f", np.ones([2, 3]), [5, 7])).failures == []
    assert (
        len(trace(source.replace("w = np.ones(width)", "w = np.ones(5)"), ("f", np.ones(2), [5, 7])).failures)
        == 1
    )


def test_bindings_do_not_cross_calls():
    source = """
    def f(x):
        return x * 2  # [B, D]
    """
    assert trace(source, ("f", np.ones([2, 3])), ("f", np.ones([5, 4]))).failures == []


def test_declared_sizes_hold_a_comment_that_is_alone():
    source = """
    def f(x):
        y = x + 1  # [B, D]
    """
    call = "f", np.ones([2, 3])
    assert trace(source, call, declared={"B": (2,), "D": (3, 4)}).proven == [3]
    assert trace(source, call, declared={"B": (2,)}).proven == []
    swapped = trace(source.replace("B, D", "D, B"), call, declared={"B": (2,), "D": (3, 4)})
    assert swapped.failures == ["/nowhere/sample.py:3: [D, B]: D is 2, declared 3 or 4"]


def test_attributes_scalars_variables_and_ragged_tensors():
    source = """
    def f(o):
        o.w = keras.Variable(np.ones([2, 3]))  # [D, U]
        o.x = tf.ragged.constant([[1], [2, 3]])  # [B, L]
        o.y = tf.reduce_sum(o.w.value)  # []
        o.z: float = 1.0  # []
        o.w = o.w * 2  # [D, U]
    """
    result = trace(source, ("f", SimpleNamespace()))
    assert result.failures == [] and len(result.reached) == 5


GRAPH = """
@tf.function(autograph=False)
def f(x):
    y = x + 1  # [B, D]
    return y
"""


def test_unknown_sizes_are_passed_over_and_static_ones_checked():
    call = ("f", tf.ones([2, 3]))
    assert trace(GRAPH, call).reached == [4]
    unknown = GRAPH.replace("autograph=False", "autograph=False, input_signature=[tf.TensorSpec([None, 3])]")
    assert trace(unknown, call).reached == []
    assert len(trace(unknown.replace("[B, D]", "[B, 4]"), call).failures) == 1
    assert len(trace(unknown.replace("[B, D]", "[B, D, D]"), call).failures) == 1
    unranked = GRAPH.replace("autograph=False", "autograph=False, input_signature=[tf.TensorSpec(None)]")
    result = trace(unranked.replace("[B, D]", "[B, D, D]"), call)
    assert result.failures == result.reached == []


def test_an_assignment_that_raised_is_not_checked():
    source = """
    def f(x):
        y = np.ones(2)  # [B]
        try:
            y = x["no"]  # [D, D]
        except KeyError:
            pass
        return y  # [B]
    """
    result = trace(source, ("f", {}))
    assert result.failures == [] and result.reached == [3, 8]


def test_comprehensions_in_a_statement():
    source = """
    def f(x):
        y = np.array([i + j for i in x for j in sorted(k for k in x)])  # [B*B]
        z = np.array([
            (lambda v: v)(i)
            for i in x
        ])  # [B]
    """
    result = trace(source, ("f", [1, 2, 3]))
    assert result.failures == [] and result.reached == [3, 7]
    assert len(trace(source.replace("B*B", "B*B+1"), ("f", [1, 2, 3])).failures) == 1


def test_a_value_without_a_shape_fails():
    assert "a list has no shape" in trace("def f(x):\n    y = x  # [B]\n", ("f", [1, 2])).failures[0]
