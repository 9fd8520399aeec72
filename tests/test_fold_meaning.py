"""What folding could get wrong: places where the shorter source would mean something else, or nothing."""

import pytest

from recnotes._source import ExportError
from recnotes.export import export_class
from tests.sample_package import HELPERS, LAYERS, MODEL, written
from tests.test_fold import body, folded

LAYER = """
class Layer(keras.layers.Layer):
    def __init__(self, rate=0.0, one=1, last=1.0, **kwargs):
        super().__init__(**kwargs)
        self.drop = keras.layers.Dropout(rate)
        self.none, self.one, self.last, self.rate = None, one, last, rate

    def call(self, a, b, training=False):
        c = tf.exp(b)
        return EXPRESSION
"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("self.drop(a + b, training=training) * c", "(a + b) * c"),
        ("self.drop(inputs=a + b)[0] + c", "(a + b)[0] + c"),
        ("a + self.drop(b * c)", "a + b * c"),
        ("a - self.drop(b - c)", "a - (b - c)"),
        ("self.drop(a - b) - c", "a - b - c"),
        ("f(self.drop(a + b))", "f(a + b)"),
        ("[self.drop(a + b)]", "[a + b]"),
        ("(a - b) * self.one * c", "(a - b) * c"),
        ("-((a - b) * self.one)", "-(a - b)"),
        ("(a ** (b * self.one)) ** c", "(a ** b) ** c"),
        ("2 * {0.0: a + b}[self.rate]", "2 * (a + b)"),
        ("self.rate * a if self.one else b", "0.0 * a"),
        ("(a if b else c) and self.one or b", "(a if b else c) and 1 or b"),
        ("b or (self.one and (a if b else c))", "b or (a if b else c)"),
        ("self.drop and self.one and self.drop", "self.drop"),
        ("[x for x in (a if b else c) if self.one]", "[x for x in (a if b else c)]"),
        ("[x for x in self.drop(a if b else c)]", "[x for x in (a if b else c)]"),
        ("(self.one - 3) ** 2 * a", "(-2) ** 2 * a"),
        ("self.one.real", "(1).real"),
        ("float('nan') if self.one else a", "float('nan')"),
        ("float('-inf') + a", "float('-inf') + a"),
        ("a if self.none is not None and self.none > 1 else b", "b"),
        ("a if b is not None and self.none is not None and self.none > 1 else b", "b"),
        ("self.none or b", "b"),
        ("a if self.drop is self.inner else b", "a if self.drop is self.inner else b"),
        ("range(self.last * a)", "range(1.0 * a)"),
        ("self.last * c", "c"),
        ("next((x for x in [] if self.rate), None)", "next((x for x in [] if 0.0), None)"),
    ],
)
def test_what_takes_a_place_binds_as_tightly(tmp_path, expression, expected):
    layer = LAYER.replace("EXPRESSION", expression).replace(
        "= keras.layers.Dropout(rate)",
        "= keras.layers.Dropout(rate)\n        self.inner = keras.layers.Dense(1)",
    )
    _, helpers = folded(tmp_path, "self.layer = Layer()", "return self.layer(x, x)", layer)
    assert body(helpers, "call")[1:] == [f"return {expected}"]


def test_a_dropout_that_is_handed_on_stays(tmp_path):
    layer = LAYER.replace("EXPRESSION", "[f(a) for f in (self.drop, tf.exp)]")
    _, helpers = folded(tmp_path, "self.layer = Layer()", "return self.layer(x, x)", layer)
    assert "self.drop = keras.layers.Dropout(0.0)" in helpers


SCALE = "def scale(x, by=2.0):\n    return by * x\n\n\n"


@pytest.mark.parametrize(
    ("call", "more"),
    [
        (
            "return scale(x, 3.0) + other(x)",
            "KINDS = {'a': scale}\n\n\ndef other(x):\n    return KINDS['a'](x, 4.0)\n",
        ),
        ("return scale(x, 3.0) + other(x)", "def other(x, f=scale):\n    return f(x, 4.0)\n"),
        ("return scale(x, 3.0) + other(x)", "@scale\ndef other(x):\n    return x\n"),
        (
            "return scale(x, 3.0) + Other()(x)",
            "class Other:\n    f = scale\n\n    def __call__(self, x):\n        return x\n",
        ),
    ],
)
def test_functions_called_from_elsewhere_keep_their_arguments(tmp_path, call, more):
    """In a table, as a default, as a decorator, in a class."""
    text, helpers = folded(tmp_path, call=call, helpers=SCALE + more)
    assert SCALE.strip() in helpers and "scale(x, 3.0)" in text


@pytest.mark.parametrize(
    ("call", "helper"),
    [
        ("found = []\nscale(x, found)\nreturn found", "found.append(x)\n    return x"),
        ("found = []\nkeep = found\nkeep.append(x)\nreturn found + scale(x, 1)", "return x * found"),
        ("return scale(x, [])", "found.append(x)\n    return found"),
        ("return scale(x, 1)", "FOUND.append(x)\n    return FOUND or x\n\n\nFOUND = []"),
    ],
)
def test_lists_that_others_fill_are_not_empty(tmp_path, call, helper):
    helper = f"def scale(x, found):\n    {helper}\n"
    text, helpers = folded(tmp_path, call=call, helpers=helper)
    assert body(text, "call") == call.replace("scale(x, 1)", "scale(x)").split("\n") or "keep" not in call
    assert "return x\n" not in helpers or "FOUND" not in helpers
    assert "return []" not in text + helpers and "[]." not in helpers


def test_every_block_of_a_statement_is_read(tmp_path):
    helper = """
def scale(x, by=2.0):
    try:
        return x
    except ValueError:
        return by
"""
    _, helpers = folded(tmp_path, call="return scale(x)", helpers=helper)
    assert "def scale(x):" in helpers and "        return 2.0" in helpers


HEIRS = """
class First(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.rate = 0.5

    def call(self, x, training=True):
        return x * self.rate if training else x

    def part(self, x=1):
        return x


class Second(First):
    rate = 3

    def call(self, x, training=False):
        return super().call(x, training)

    def part(self, x=2):
        return super().part()
"""


def test_heirs_that_differ_in_a_default_or_an_attribute(tmp_path):
    _, helpers = folded(tmp_path, "self.layer = Second()", "return self.layer(x) + self.layer.part()", HEIRS)
    assert helpers.strip().endswith(HEIRS.strip())
    _, helpers = folded(
        tmp_path,
        "self.layer = Second()",
        "return self.layer(x)",
        HEIRS.replace("training=False", "training=True").replace("    rate = 3\n\n", ""),
    )
    assert "super().call" not in helpers and "x * 0.5" in helpers


def test_a_class_keeps_a_statement(tmp_path):
    helpers = """
class Only(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
"""
    _, text = folded(tmp_path, "self.part = Only()", "return self.part(x)", helpers)
    assert text.strip().endswith(helpers.strip())


@pytest.mark.parametrize(
    "branches",
    [
        "elif b:\n    y = self.rate",
        "elif b:\n    y = self.rate\nelse:\n    z = self.one",
        "else:\n    y = self.rate",
        "elif self.none:\n    x = 3",
    ],
)
def test_branches_that_come_to_nothing_go(tmp_path, branches):
    lines = f"if a:\n    c = 1\n{branches}".replace("\n", "\n        ")
    layer = LAYER.replace("return EXPRESSION", f"{lines}\n        return c")
    _, helpers = folded(tmp_path, "self.layer = Layer()", "return self.layer(x, x)", layer)
    assert body(helpers, "call")[1:] == ["if a:", "    c = 1", "return c"]


def test_an_object_with_a_length_may_be_false(tmp_path):
    helpers = """
class Sized:
    def __len__(self):
        return 0


class Heir(Sized):
    def __call__(self, x):
        return x
"""
    text, _ = folded(tmp_path, "self.part = Heir()", "return self.part(x) if self.part else x", helpers)
    assert body(text, "call") == ["return self.part(x) if self.part else x"]


def test_what_keras_reads_of_a_cell_stays(tmp_path):
    cell = """
class Cell(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.state_size = units
"""
    _, helpers = folded(tmp_path, "self.layer = keras.layers.RNN(Cell(2))", "return self.layer(x)", cell)
    assert "self.state_size = 2" in helpers


def test_names_that_are_looked_up_stay(tmp_path):
    layer = LAYER.replace("EXPRESSION", "a")
    for i, call in enumerate(
        ("return hasattr(self.layer, 'one')", "key = 'one'\nreturn getattr(self.layer, key)")
    ):
        _, helpers = folded(tmp_path / str(i), "self.layer = Layer()", call, layer)
        assert "self.one = 1" in helpers


def test_infinity_and_constants_go_where_they_are_not_known(tmp_path):
    init = "self.layer = Layer(math.inf)"
    layer = "WIDE = 3\n\n\ndef wide():\n    return Layer(2, WIDE)\n\n\n" + LAYER.replace(
        "EXPRESSION", "a * self.one * self.rate"
    ).replace("one=1", "one=3")
    root = {"model.py": MODEL.replace("pack.layers", "pack.tower"), "limits.py": "WIDTH = 3\n"}
    _, helpers = folded(tmp_path, init, "return self.layer(x, x)", layer)
    assert "a * 3 * math.inf" in helpers
    long = "".join(f"def pad{i}(x):\n    y = x\n    return y + {i}\n\n\n" for i in range(80))
    root["helpers.py"] = (
        long + "def scale(x, by=2.0):\n    return x * by + " + " + ".join(f"pad{i}(1)" for i in range(80))
    )
    root["helpers.py"] += "\n\n\nunused = 1\n"
    root["tower.py"] = LAYERS.replace("scale(layer(x))", "scale(layer(x), FAR)").replace(
        "# Why towers", "FAR = math.inf\nNEAR = 7\n\n\n# Why towers"
    )
    text = export_class("pack.model", "Net", "net", written(tmp_path / "more", root))
    assert "import math" in text and "x * math.inf" in text and "FAR" not in text


def test_a_fixed_argument_that_gets_another_value_is_refused(tmp_path):
    with pytest.raises(ExportError, match="Net must not give 'flag' another value"):
        folded(tmp_path, "flag = flag or size\nself.width = flag", fixed={"flag": False})


@pytest.mark.parametrize("more", ["rate = 1.0", "rate: float = 1.0"])
def test_attributes_that_a_class_holds_too_stay(tmp_path, more):
    layer = LAYER.replace("EXPRESSION", "a * self.rate").replace("Layer):\n", f"Layer):\n    {more}\n\n", 1)
    _, helpers = folded(tmp_path, "self.layer = Layer()", "return self.layer(x, x)", layer)
    assert "return a * self.rate" in helpers


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("for y in x:\n    if self.flag:\n        break\nelse:\n    x = 2\nreturn x", "keep a statement"),
        ("try:\n    if self.flag:\n        x = 1\nfinally:\n    x = 2\nreturn x", "keep a statement"),
        ("if x:\n    y = self.flag\nelse:\n    x = 2\nreturn x", "keep a statement"),
        ("if x:\n    x = 1\nelif not self.flag:\n    y = self.flag\nreturn x", "keep a statement"),
        (
            "if x:\n    x = 1\nelif self.flag:\n    x = 2\nelse:\n    y = self.flag\nreturn x",
            "keep a statement",
        ),
        ("setattr(self, 'flag', x)\nreturn x", "without setattr"),
        ("return type(self)(x)", r"without type\(self\)"),
        ("return self.__dict__", "without __dict__"),
        ("return super(keras.Model, self).call(x)", "without super"),
        ("import math\nreturn math.pi", "without Import"),
        ("return (lambda *, y: y)(y=x)", "by name alone"),
        ("if (y := x) > 1:\n    return y\nreturn x", "without NamedExpr"),
    ],
)
def test_forms_that_would_be_misread_are_refused(tmp_path, call, message):
    with pytest.raises(ExportError, match=message):
        folded(tmp_path, "self.flag = flag", call, fixed={"flag": False})


def test_what_goes_in_the_place_of_a_call_means_the_same(tmp_path):
    helpers = """
def plus(x, by):
    return x + by


def first(x, unread):
    return x


def quoted(x):
    return f"{x:>3}"


def _part(x):
    y = x
    return y
"""
    text, _ = folded(tmp_path, call="return 3 / plus(x, x)", helpers=helpers, inlined=True)
    assert body(text, "call") == ["return 3 / (x + x)"]
    text, _ = folded(tmp_path, call="return plus(x if x else 1, 2)", helpers=helpers, inlined=True)
    assert body(text, "call") == ["return (x if x else 1) + 2"]
    text, _ = folded(tmp_path, call="return first(x, _part(x))", helpers=helpers, inlined=True)
    assert "_part(x)" in text, "what is computed may do something"


def test_a_method_of_a_part_of_unknown_class_stays(tmp_path):
    layers = LAYERS.replace(
        "    def call(self, x):",
        "    def compute_output_shape(self, shape):\n        return shape\n\n    def call(self, x):",
    )
    long = "".join(
        f"def pad{i}(x):\n    if x > {i}:\n        return x\n    return {i}\n\n\n" for i in range(60)
    )
    files = {
        "model.py": MODEL.replace("pack.layers", "pack.tower").replace(
            "return self.tower(x)", "return [t.compute_output_shape(x) for t in (self.tower,)]"
        ),
        "limits.py": "WIDTH = 3\n",
        "tower.py": layers,
        "helpers.py": long
        + f"def scale(x):\n    return x * ({' + '.join(f'pad{i}(1)' for i in range(60))})\n\n\nunused = 1\n",
    }
    text = export_class("pack.model", "Net", "net", written(tmp_path, files))
    assert "def compute_output_shape(self, shape):" in text


def test_a_name_that_no_definition_of_a_module_gives_is_refused(tmp_path):
    files = {
        "model.py": MODEL,
        "layers.py": LAYERS,
        "limits.py": "WIDTH = 3\n",
        "helpers.py": "NEAR, FAR = 1, 2\n" + HELPERS.replace("return x", "return x * FAR"),
    }
    with pytest.raises(ExportError, match=r"\['FAR'\] must be defined at the top of a module"):
        export_class("pack.model", "Net", "net", written(tmp_path, files))
