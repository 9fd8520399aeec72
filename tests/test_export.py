import ast
import json
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

from recnotes.export import ExportError, export, export_class
from recnotes.registry import find, model_names

# These need more helpers than fit into the aim, whole lines, the docstrings and blank lines too.
MAX_LINES = {
    "pnn": 410,
    "din": 460,
    "can": 400,
    "bst": 440,
    "sasrec": 470,
    "two-tower": 430,
    "comirec-dr": 380,
    "mind": 480,
    "omoe": 400,
    "mmoe": 400,
    "ple": 340,
}

CHILD = """
import importlib.util, json, sys
sys.modules["recnotes"] = None  # Any import of it fails now.
import keras, numpy as np

def outputs(model, inputs):
    result = model(inputs, training=False)
    result = result if isinstance(result, dict) else {"": result}
    return {key: np.asarray(value) for key, value in result.items()}

def arrays(path):
    with np.load(path) as file:
        return {key: file[key] for key in file}

report = {}
for case in json.load(open(sys.argv[1])):
    spec = importlib.util.spec_from_file_location(case["module"], case["path"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = getattr(module, case["class_name"])(**case["arguments"])
    inputs = arrays(case["folder"] + "/inputs.npz")
    outputs(model, inputs)
    model.load_weights(case["folder"] + "/model.weights.h5")
    got, expected = outputs(model, inputs), arrays(case["folder"] + "/outputs.npz")
    assert got.keys() == expected.keys()
    difference = max(float(np.abs(got[key] - expected[key]).max()) for key in expected)
    x, y = arrays(case["folder"] + "/x.npz"), arrays(case["folder"] + "/y.npz")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    if not y:  # what to predict is among the inputs
        model.compile("adam")
        history = model.fit(x, batch_size=64, verbose=0)
    elif case["family"] == "multitask":
        model.compile("adam", loss=dict.fromkeys(y, loss))
        history = model.fit(x, y, batch_size=64, verbose=0)
    else:
        model.compile("adam", loss=loss)
        history = model.fit(x, y[""], batch_size=64, verbose=0)
    trained = outputs(model, inputs)
    moved = max(float(np.abs(trained[key] - got[key]).max()) for key in got)
    model.save(case["folder"] + "/model.keras")
    loaded = outputs(keras.saving.load_model(case["folder"] + "/model.keras"), inputs)
    kept = max(float(np.abs(trained[key] - loaded[key]).max()) for key in trained)
    report[case["name"]] = [difference, history.history["loss"][0], moved, kept]
print(json.dumps(report))
"""


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    for name in model_names():
        (folder / f"{name.replace('-', '_')}.py").write_text(export(name), encoding="utf-8")
    return folder


def arrays(value):
    return {
        key: np.asarray(part) for key, part in (value if isinstance(value, dict) else {"": value}).items()
    }


@pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # Keras's own, with NumPy 2.
def test_files_work_without_the_package(exports, tmp_path):
    """Same output from the package's weights, one step of training, save and load, for every model."""
    cases = []
    for name in model_names():
        entry = find(name)
        folder = tmp_path / name
        folder.mkdir()
        model = entry.build(seed=3)
        # Seeded initializers agree on both sides: only weights that no initializer draws prove the loading.
        rng = np.random.default_rng(0)
        drawn = [rng.normal(0, 0.3, weight.shape).astype(np.float32) for weight in model.weights]
        # A variance is not negative.
        variances = [weight.name == "moving_variance" for weight in model.weights]
        model.set_weights([np.abs(w) if v else w for w, v in zip(drawn, variances, strict=True)])
        inputs = entry.inputs()
        np.savez(folder / "inputs.npz", **inputs)
        np.savez(folder / "outputs.npz", **arrays(model(inputs, training=False)))
        model.save_weights(folder / "model.weights.h5")
        _, fit = entry.training()
        np.savez(folder / "x.npz", **fit["x"])
        np.savez(folder / "y.npz", **arrays(fit.get("y", {})))
        module = name.replace("-", "_")
        cases.append(
            {
                "name": name,
                "module": module,
                "path": str(exports / f"{module}.py"),
                "folder": str(folder),
                "class_name": entry.class_name,
                "family": entry.family,
                "arguments": {**entry.arguments, **({"seed": 5} if entry.seeded else {})},
            }
        )
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    (tmp_path / "child.py").write_text(CHILD)
    ran = subprocess.run(
        [
            sys.executable,
            "-I",
            "-W",
            "error::UserWarning",
            str(tmp_path / "child.py"),
            str(tmp_path / "cases.json"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    report = json.loads(ran.stdout.splitlines()[-1])
    assert list(report) == model_names()
    for name, (difference, loss, moved, kept) in report.items():
        assert difference <= 1e-6, name
        assert np.isfinite(loss) and loss > 0, name
        assert moved > 1e-5, name
        assert kept <= 1e-6, name


def test_files_are_formatted_and_clean(exports):
    options = ["--isolated", "--line-length", "110", str(exports)]
    for command in (["format", "--check"], ["check", "--select", "F"]):
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options], capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("name", model_names())
def test_file_reads_well(exports, name):
    source = (exports / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    assert source.startswith("# SPDX-License-Identifier: MIT\n")
    assert len(source.splitlines()) < MAX_LINES.get(name, 300)
    assert "--8<--" not in source and max(map(len, source.splitlines())) <= 112
    tree = ast.parse(source)
    assert "https://" in ast.get_docstring(tree) and "References:" in ast.get_docstring(tree)
    imported = set()
    defined, uses = {}, []
    for node in tree.body:
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            defined[node.name] = node.lineno
            uses += [(n.id, node.lineno) for n in ast.walk(node) if isinstance(n, ast.Name)]
    assert imported <= {"__future__", "collections", "json", "math", "typing", "tensorflow", "keras", "numpy"}
    assert list(defined)[-1] == find(name).class_name
    for used, line in uses:
        assert defined.get(used, 0) <= line, f"{used} is used before it is defined"
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    assert set(defined) <= read | {find(name).class_name}, "everything in the file is used"


def test_unknown_model():
    with pytest.raises(ValueError, match="name must be one of .*deepfm.*, received 'nope'"):
        export("nope")


@pytest.fixture
def package(tmp_path):
    """Write a small package from a dict of path → source."""

    def write(files):
        for path, source in files.items():
            target = tmp_path / "pack" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(textwrap.dedent(source))
        return tmp_path

    return write


MODEL = '''
"""Net: a net.

More about it.
"""

from collections.abc import Sequence

import keras

from pack.layers import Tower
from pack.limits import WIDTH as WIDTH


@keras.saving.register_keras_serializable("pack")
class Net(keras.Model):
    """Runs a tower.

    Args:
        units: widths.

    References:
        Somebody, *Nets*, https://example.org/nets.
    """

    def __init__(self, units: Sequence[int] = (WIDTH,)):
        super().__init__()
        self.tower = Tower(units)

    # --8<-- [start:call]
    def call(self, x):
        """Runs.

        Args:
            x: input.
        """
        return self.tower(x)  # [B, 1]

    # --8<-- [end:call]
'''.replace("WIDTH as WIDTH", "WIDTH")

LAYERS = '''
"""Layers."""

import math
import os

import keras

from pack.helpers import scale, unused


# Why towers are towers.
@keras.saving.register_keras_serializable("pack")
class Tower(keras.layers.Layer):
    """Holds layers.

    $$ x $$

    Args:
        units: widths.
    """

    def __init__(self, units):
        super().__init__()
        self.layers = [keras.layers.Dense(u) for u in units]

    def call(self, x):
        for layer in self.layers:
            x = scale(layer(x))
        return self.last(x)

    def last(self, x):
        return x

    def never(self):
        # Nothing refers to this method, so neither it nor what it needs goes along.
        return unused(os.sep)


class Other:
    pass


def unrelated():
    return math.pi
'''


HELPERS = "import math\n\n\ndef scale(x):\n    return x\n\n\ndef unused(x):\n    return x\n"


def test_collects_what_is_used_in_reading_order(package):
    root = package(
        {
            "model.py": MODEL,
            "layers/__init__.py": "from pack.layers.tower import Tower\n",
            "layers/tower.py": LAYERS,
            "limits.py": "# How wide.\nWIDTH = 3\nOTHER = 4\n",
            "helpers.py": HELPERS.replace("return x\n", "return x * math.e\n", 1),
        }
    )
    source = export_class("pack.model", "Net", "net", root)
    tree = ast.parse(source)
    names = [getattr(node, "name", None) or getattr(node, "names", [None])[0] for node in tree.body[1:]]
    assert [n if isinstance(n, str) else n and n.name for n in names] == [
        "annotations",
        "math",
        "Sequence",
        "keras",
        None,
        "scale",
        "Tower",
        "Net",
    ]
    for absent in (
        "never",
        "unused",
        "Other",
        "unrelated",
        "import os",
        'pack"',
        "--8<--",
        "More about",
        "OTHER",
    ):
        assert absent not in source
    for present in (
        "# How wide.\nWIDTH = 3",
        '# Why towers are towers.\n@keras.saving.register_keras_serializable("net")\nclass Tower',
        "$$ x $$",
        "# [B, 1]",
        "    def last(self, x):",
        '        """Runs."""\n',
    ):
        assert present in source
    assert ast.get_docstring(tree).startswith("Net: a net.\n\nWritten by `recnotes export net`")
    assert ast.get_docstring(tree).endswith("References:\n    Somebody, *Nets*, https://example.org/nets.")


LONG = (
    "def pad{i}(x):\n    if x > {i}:\n        return x\n    return {i}\n\n\n",
    " + ".join(f"pad{i}(1)" for i in range(60)),
)


def test_long_models_lose_what_only_helpers_need(package):
    layers = LAYERS.replace(
        "    def call(self, x):",
        '    def get_config(self):\n        """Config."""\n        return {"units": 1}\n\n'
        "    def build(\n        self,\n        shape,\n    ):\n"
        '        """Builds."""\n        self.built = True\n\n'
        "    def call(self, x):",
    )
    files = {
        "model.py": MODEL.replace("pack.layers", "pack.tower"),
        "limits.py": "WIDTH = 3\n",
        "helpers.py": HELPERS,
        "tower.py": layers,
    }
    short = export_class("pack.model", "Net", "net", package(files))
    assert "def get_config" in short and "        shape,\n" in short
    files["helpers.py"] = (
        "".join(LONG[0].format(i=i) for i in range(60))
        + f"def scale(x):\n    return x * ({LONG[1]})\n\n\nunused = 1\n"
    )
    source = export_class("pack.model", "Net", "net", package(files))
    assert "get_config" not in source and "$$ x $$" not in source and '"""Builds."""' not in source
    assert "    def build(self, shape):\n        self.built = True" in source
    assert source.count('register_keras_serializable("net")') == 1  # The model's own.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model.py": MODEL.replace("from pack.limits", "from .limits")}, "must import 'WIDTH' absolutely"),
        ({"model.py": MODEL.replace("import Tower", "import Tower as T")}, "under its own name"),
        ({"model.py": MODEL.replace("import keras", "import keras\nimport pack.limits")}, "not the module"),
        (
            {"model.py": MODEL.replace("from pack.limits import WIDTH", "from pack import limits as WIDTH")},
            "own name",
        ),
        (
            {
                "model.py": MODEL.replace("from pack.limits import WIDTH", "from pack import limits").replace(
                    "(WIDTH", "(limits.A"
                )
            },
            "must import names from pack.limits, not the module",
        ),
        (
            {"model.py": MODEL.replace("import keras", "import keras\nimport os.path")},
            "must not import a dotted module",
        ),
        (
            {
                "model.py": MODEL.replace(
                    "from collections.abc import Sequence", "from math import e as Sequence"
                )
            },
            "'e'",
        ),
        ({"model.py": MODEL.replace("pack.layers", "pack.nowhere")}, "pack.nowhere must be a module of pack"),
        (
            {"helpers.py": "class Net:\n    pass\n\n\ndef scale(x):\n    return Net\n"},
            "'Net' must have one module",
        ),
        (
            {"helpers.py": "import numpy as keras\n\n\ndef scale(x):\n    return keras\n"},
            "'keras' must mean one import",
        ),
        (
            {"helpers.py": "from os import Tower\n\n\ndef scale(x):\n    return Tower\n"},
            "'Tower'.* imported and defined",
        ),
    ],
)
def test_what_cannot_be_exported_says_so(package, change, message):
    files = {
        "__init__.py": "",
        "model.py": MODEL,
        "layers.py": LAYERS,
        "limits.py": "WIDTH = 3\n",
        "helpers.py": HELPERS,
    }
    root = package(files | change)
    with pytest.raises(ExportError, match=message):
        export_class("pack.model", "Net", "net", root)


def test_missing_class(package):
    with pytest.raises(ExportError, match="pack.model must define 'Nope'"):
        export_class("pack.model", "Nope", "net", package({"model.py": MODEL}))


def test_registered_names_do_not_collide_with_the_package(exports, monkeypatch):
    """Whoever has both in one process keeps both."""
    entry = find("fm")
    before = keras.saving.get_registered_object("recnotes>FactorizationMachine") or entry.load()
    exec(compile((exports / "fm.py").read_text(encoding="utf-8"), "fm.py", "exec"), {"__name__": "fm"})
    assert keras.saving.get_registered_object("recnotes>FactorizationMachine") is before
    assert keras.saving.get_registered_object("fm>FactorizationMachine") is not before


CHECKED = '''
import keras

from pack.helpers import scale, unused


class Tower(keras.layers.Layer):
    """Holds units.

    Args:
        units: widths.
    """

    unit_names: list[str]

    def __init__(self, units: int, rate: float = 0.5, **kwargs: object) -> None:
        super().__init__(**kwargs)
        known = ("a", "b")
        if units in known:
            raise ValueError(units)
        self.units, self.rate = int(units), float(rate)
        self.seed = int(rate)
        self.names: dict[str, int] = {}

    def build(
        self,
        shape: object,
    ) -> None:
        self.made = shape
        self.more = self.made
        self.built = True

    def call(self, x: object) -> object:
        if x is None:
            raise ValueError(x)
        return scale(x) * self.units + getattr(self, "more")
'''


@pytest.mark.parametrize("place", ["layers", "embedding"])
def test_the_longest_files_trust_what_the_model_hands_its_layers(package, place):
    """Layers lose checks, types and notes nobody reads; what looks inputs up keeps its checks."""
    root = package(
        {
            "model.py": MODEL.replace("pack.layers", f"pack.{place}.tower"),
            "limits.py": "WIDTH = 3\n",
            "helpers.py": "".join(LONG[0].format(i=i) for i in range(80))
            + f"def scale(x):\n    return x * ({LONG[1]})\n\n\nunused = 1\n",
            f"{place}/__init__.py": "",
            f"{place}/tower.py": CHECKED,
        }
    )
    source = export_class("pack.model", "Net", "net", root)
    assert source.count("def __init__(self, units, rate=0.5, **kwargs):") == 1
    for absent in (
        "unit_names",
        "known",
        "self.seed",
        "-> None",
        "self.built = True",
        "raise ValueError(units)",
    ):
        assert absent not in source
    for present in ("self.names = {}", "self.more = self.made", "def build(self, shape):\n        self.made"):
        assert present in source
    assert ("raise ValueError(x)" in source) == (place == "embedding")
    compile(source, "net.py", "exec")
