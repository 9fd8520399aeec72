import ast
import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from recnotes.export import export
from recnotes.registry import find, model_names

# These need more helpers than fit into the aim, whole lines, the docstrings and blank lines too.
MAX_LINES = {
    "pnn": 410,
    "din": 440,
    "can": 390,
    "bst": 420,
    "sasrec": 420,
    "mind": 400,
    "omoe": 390,
    "mmoe": 390,
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


def test_registered_names_do_not_collide_with_the_package(exports, monkeypatch):
    """Whoever has both in one process keeps both."""
    entry = find("fm")
    before = keras.saving.get_registered_object("recnotes>FactorizationMachine") or entry.load()
    exec(compile((exports / "fm.py").read_text(encoding="utf-8"), "fm.py", "exec"), {"__name__": "fm"})
    assert keras.saving.get_registered_object("recnotes>FactorizationMachine") is before
    assert keras.saving.get_registered_object("fm>FactorizationMachine") is not before
