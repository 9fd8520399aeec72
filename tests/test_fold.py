"""What the specialized source of a small package says, rule by rule, and what stays as it was."""

import ast

import pytest

from recnotes._closure import collect
from recnotes._fold import specialized
from recnotes._source import Library
from tests.sample_package import written

START = '''
"""Net: a net."""

import math

import keras

from pack.helpers import HELPERS


class Net(keras.Model):
    """Runs.

    Args:
        kind: what it is,
            at length.
        size: how large.
    """

    def __init__(self, kind="plain", size=3, flag=False, **kwargs):
        super().__init__(**kwargs)
        INIT

    def call(self, x):
        CALL
'''


def folded(folder, init="pass", call="return x", helpers="", fixed=(), inlined=False):
    """Return the model's module and its helpers after folding."""
    names = [n.name for n in ast.parse(helpers).body if hasattr(n, "name")] or ["nothing"]
    model = START.replace("HELPERS", ", ".join(names))
    model = model.replace("INIT", init.replace("\n", "\n        ")).replace(
        "CALL", call.replace("\n", "\n        ")
    )
    files = {
        "__init__.py": "",
        "model.py": model,
        "helpers.py": "import keras\n\n" + (helpers or "nothing = 1\n"),
    }
    library = Library(written(folder, files), "pack")
    library = specialized(library, "pack.model", "Net", dict(fixed), inlined)
    collect(library, "pack.model", "Net", 1)
    texts = ["\n".join(library.module(f"pack.{name}").lines) for name in ("model", "helpers")]
    for text in texts:
        compile(text, "text", "exec")
    return texts


def body(text, name):
    """Return the lines of a function's body without their indent."""
    node = next(n for n in ast.walk(ast.parse(text)) if getattr(n, "name", None) == name)
    lines = text.splitlines()[node.body[0].lineno - 1 : node.end_lineno]
    return [line[node.body[0].col_offset :] for line in lines]


def test_a_fixed_argument_leaves_signature_docstring_and_branches(tmp_path):
    init = """
# Above.
if kind == "plain":
    # Why.
    self.width = size  # [B]
elif kind == "wide":
    self.width = 2 * size
else:
    raise ValueError(f"kind must be plain, received {kind!r}")""".strip()
    text, _ = folded(tmp_path, init, "return x * self.width", fixed={"kind": "plain"})
    assert "def __init__(self, size=3, flag=False, **kwargs):" in text
    assert "kind" not in text and "at length" not in text and "        size: how large." in text
    expected = ["super().__init__(**kwargs)", "# Above.", "# Why.", "self.width = size  # [B]"]
    assert body(text, "__init__") == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("a", ["return x"]),
        ("b", ["y = x + 1", "return y"]),
        ("c", ["y = x", "return -y"]),
    ],
)
def test_chains_of_conditions(tmp_path, kind, expected):
    call = """
if self.kind == "a":
    return x
elif self.kind == "b":
    y = x + 1
else:
    y = x
if not (self.kind != "b"):
    return y
return -y""".strip()
    text, _ = folded(tmp_path, "self.kind = kind", call, fixed={"kind": kind})
    assert body(text, "call") == expected
    assert "self.kind" not in text, "an attribute that is written out wherever it is read goes"


def test_a_known_part_of_a_chain_leaves_the_rest(tmp_path):
    call = """
if x is None:
    return 1
elif self.kind == "a":
    return 2
elif x == 3:
    return 3
else:
    return 4""".strip()
    text, _ = folded(tmp_path / "never", "self.kind = kind", call, fixed={"kind": "b"})
    expected = ["if x is None:", "    return 1", "elif x == 3:", "    return 3", "else:", "    return 4"]
    assert body(text, "call") == expected
    text, _ = folded(tmp_path / "always", "self.kind = kind", call, fixed={"kind": "a"})
    assert body(text, "call") == ["if x is None:", "    return 1", "else:", "    return 2"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x if self.flag else -x", "-x"),
        ("(2 if self.flag else 3) * x", "3 * x"),
        ("f(x if self.flag else y)", "f(y)"),
        ("self.flag or x", "x"),
        ("x if self.flag or x is None else y", "x if x is None else y"),
        ("x if x is None and not self.flag else y", "x if x is None else y"),
        ("x and not self.flag", "x and True"),
        ("[a for a in x if not self.flag]", "[a for a in x]"),
        ("[a for a in x if self.flag]", "[]"),
        ("f(x, *(() if not self.flag else (1,)))", "f(x)"),
        ("{False: x, True: y}[self.flag]", "x"),
        ("x + int(self.flag)", "x"),
        ("f'{x} {self.flag}'", "f'{x} {self.flag}'"),
        ("1 * x", "1 * x"),
        ("math.inf", "math.inf"),
    ],
)
def test_expressions(tmp_path, expression, expected):
    text, _ = folded(tmp_path, "self.flag = bool(flag)", f"return {expression}", fixed={"flag": False})
    assert body(text, "call") == [f"return {expected}"]
    assert ("self.flag = bool" in text or "self.flag = False" in text) == ("{self.flag}" in expression)


HELPER = """
def scale(x, by=2.0, shift=0, kind="a"):
    size = by  # Why.
    if kind == "b":
        return x
    return x * size + shift
"""


def test_parameters_that_all_calls_leave_alone(tmp_path):
    _, helpers = folded(
        tmp_path, call='return scale(x, shift=x) + scale(-x, 2.0, 3, kind="a")', helpers=HELPER
    )
    assert "def scale(x, shift=0):\n    return x * 2.0 + shift" in helpers
    model, helpers = folded(tmp_path, call="return scale(x, 2.0) + scale(x, 3.0)", helpers=HELPER)
    assert "def scale(x, by=2.0):\n    size = by  # Why.\n    return x * size" in helpers
    assert "return scale(x, 2.0) + scale(x, 3.0)" in model


@pytest.mark.parametrize(
    ("call", "helper"),
    [
        ("return scale(x, **{'by': 3.0})", HELPER),
        ("return scale(*x)", HELPER),
        ("return map(scale, x)", HELPER),
        ("return scale(x)", "def scale(x, by=2.0):\n    by = by + x\n    return by * x\n"),
        ("return scale(x)", "def scale(x, by=2.0):\n    return [by for by in x]\n"),
        ("return scale(x)", "def scale(x, by=2.0):\n    return (lambda by: by)(x)\n"),
        ("return scale(x)", "def scale(x, by=2.0):\n    def f(by):\n        return by\n    return f(x)\n"),
        ("return scale(x)", "def scale(x, by=2.0):\n    return f'{by:.2f}' + x\n"),
        ("return scale(x)", "@keras.cached\ndef scale(x, by=2.0):\n    return by * x\n"),
        ("return scale(x)", "def scale(x, by=(2, 3)):\n    return by * x\n"),
    ],
)
def test_parameters_that_are_not_known(tmp_path, call, helper):
    """Hidden in stars, passed on as a function, assigned again, shadowed in a nested one, formatted."""
    _, helpers = folded(tmp_path, call=call, helpers=helper)
    assert helper.strip() in helpers


def test_what_f_strings_quote_is_written_into_them(tmp_path):
    helper = 'def scale(x, by=2, kind="a"):\n    return f"{x} by {by}, {kind!r} {kind}"\n'
    _, helpers = folded(tmp_path, call="return scale(x)", helpers=helper)
    assert "def scale(x):\n    return f\"{x} by 2, 'a' a\"" in helpers


def test_a_shadowed_helper_is_another_function(tmp_path):
    _, helpers = folded(tmp_path, call="for scale in x:\n    scale(x, 5.0)\nreturn x", helpers=HELPER)
    assert HELPER.strip() in helpers


LAYER = """
class Layer(keras.layers.Layer):
    def __init__(self, width, rate=0.0, **kwargs):
        super().__init__(**kwargs)
        self.width, self.rate = int(width), float(rate)
        self.inner = keras.layers.Dense(width) if width else None

    def call(self, x):
        if self.inner is not None and self.rate:
            return self.inner(x)
        return x * self.rate
"""


def test_constructors_and_their_attributes(tmp_path):
    init, call = "self.layer = Layer(size)", "return self.layer(x) + self.layer.rate"
    model, helpers = folded(tmp_path, init, call, LAYER)
    assert "def __init__(self, width, **kwargs):" in helpers
    assert "self.rate" not in helpers and "return x * 0.0" in helpers
    assert "width, self" not in helpers and "int(" not in helpers, "nobody reads the width"
    assert "return self.layer(x) + 0.0" in model


@pytest.mark.parametrize(
    "more",
    [
        "self.rate = 1.0",
        "if width:\n            self.rate = 1.0",
        "self.rate += 1",
        "for self.rate in (1, 2):\n            pass",
    ],
)
def test_attributes_assigned_twice_stay(tmp_path, more):
    layer = LAYER.replace("        self.inner =", f"        {more}\n        self.inner =")
    _, helpers = folded(tmp_path, "self.layer = Layer(size)", "return self.layer(x)", layer)
    assert "return x * self.rate" in helpers


def test_attributes_others_assign_or_look_up_by_name_stay(tmp_path):
    init = "self.layer = Layer(size)"
    for i, more in enumerate(("for f in x:\n    f.rate = 2\n", "y = getattr(x, 'rate')\nx = x + y\n")):
        _, helpers = folded(tmp_path / str(i), init, more + "return self.layer(x)", LAYER)
        assert "self.rate = 0.0" in helpers
        assert ("x * self.rate" in helpers) == (i == 0)


def test_lists_that_grow_are_not_empty(tmp_path):
    init = "self.parts = []\nself.none = []"
    call = "found = []\nfound.append(x)\nself.parts.append(x)\nfor y in self.none:\n    x += y\nreturn found"
    text, _ = folded(tmp_path, init, call)
    assert body(text, "call") == ["found = []", "found.append(x)", "self.parts.append(x)", "return found"]
    assert "self.parts = []" in text and "self.none" not in text


BASE = """
class Base(keras.layers.Layer):
    def __init__(self, width, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.dropout = keras.layers.Dropout(rate)

    def part(self, x):
        return x

    def call(self, x):
        return self.dropout(self.part(x), training=True) * self.width


class Layer(Base):
    def __init__(self, width, rate=0.0, **kwargs):
        super().__init__(width, rate, **kwargs)

    def part(self, x):
        return -x

    def call(self, x):
        return super().call(x)
"""


def test_what_heirs_replace_or_only_hand_on(tmp_path):
    _, helpers = folded(tmp_path, "self.layer = Layer(size)", "return self.layer(x)", BASE)
    assert helpers.count("def part") == 1 and "return -x" in helpers
    assert "return super().call(x)" not in helpers
    assert "Dropout" not in helpers, "a dropout that drops nothing leaves its input"
    assert "return self.part(x) * self.width" in helpers


def test_single_expressions_go_in_the_place_of_their_calls(tmp_path):
    helpers = "def twice(x, by):\n    return by * (x + x)\n\n\ndef half(x):\n    y = x / 2\n    return y\n"
    text, _ = folded(tmp_path, call="return twice(x, half(x))", helpers=helpers, inlined=True)
    assert body(text, "call") == ["return half(x) * (x + x)"]
    text, _ = folded(tmp_path, call="return twice(half(x), x)", helpers=helpers, inlined=True)
    assert body(text, "call") == ["return twice(half(x), x)"], "an argument is computed once"
    long = f"return [{'x, ' * 27}x, twice(x, x)]"
    text, _ = folded(tmp_path, call=long, helpers=helpers, inlined=True)
    assert body(text, "call") == [long], "lines stay within their width"


TRAINED = """
class Layer(keras.layers.Layer):
    def build(self, shape):
        self.width = None
        self.made = keras.layers.Dense(*[], 1)

    def call(self, x, training=None):
        return [*[], self.made(x)]


class Other(keras.layers.Layer):
    def call(self, x, training=None):
        return x if training else -x
"""


@pytest.mark.parametrize("given", ["training=flag", "flag"])
def test_layers_that_do_not_read_training_are_not_told(tmp_path, given):
    init = "self.layer = Layer()\nself.other = Other()\nself.list = [Layer()]"
    call = f"y = self.layer(x, {given}) + self.other(x, {given})\nreturn y + self.list[0](x, training=flag)"
    text, helpers = folded(tmp_path, init, call, TRAINED)
    assert f"y = self.layer(x) + self.other(x, {given})" in text
    assert "def call(self, x):\n        return [self.made(x)]" in helpers
    assert "return x if training else -x" in helpers
    assert "self.width" not in helpers and "Dense(1)" in helpers


@pytest.mark.parametrize(
    "call",
    [
        "return [layer(x, training) for layer in self.list]",
        "return self.layer.call(x, True)",
        "return self.layer(*x)",
    ],
)
def test_layers_that_may_be_told_by_place_keep_training(tmp_path, call):
    _, helpers = folded(tmp_path, "self.layer = Layer()\nself.list = [Layer()]", call, TRAINED)
    assert "def call(self, x, training=None):\n        return [self.made(x)]" in helpers
