import ast
import inspect
import json
import re
import subprocess
import sys
from dataclasses import dataclass

import keras
import numpy as np
import pytest

from recnotes._choices import PARTS, VARIANTS, choices_of, chosen
from recnotes.export import export
from recnotes.registry import ModelEntry, find, model_names

PROFILE = dict.fromkeys(("vocabulary_sizes", "num_dense", "field_names"), "any")
FEATURES = dict.fromkeys(("vocabulary_sizes", "embedding_dim", "field_names"), "any")
# Choices that a file is written for, and further arguments of the model; every choice has each of its values.
CASES = {
    "ffm": [({"normalize": True, "use_linear": True}, {})],
    "nfm": [({"batch_norm": False, "random_biases": True}, {})],
    "pnn": [
        ({"product": "none"}, {}),
        ({"product": "factorized"}, {}),
        ({"product": "outer"}, {}),
        ({"product": "outer_full"}, {}),
        ({"product": "kernel", "kernel_type": "mat"}, {}),
        ({"product": "kernel", "kernel_type": "vec"}, {}),
        ({"product": "kernel", "kernel_type": "num"}, {}),
        ({"pairs": "above"}, {}),
    ],
    "afm": [({"wiring": "authors"}, {})],
    "deepfm": [({"use_fm": False}, {})],
    "deep-crossing": [({"embedding_relu": False}, {})],
    "dcn": [({"batch_norm": True}, {})],
    "dcnv2": [
        ({"structure": "stacked", "rank": "any"}, {"rank": 4}),
        ({"shared_gates": True, "rank": "any", "num_experts": "any"}, {"rank": 4, "num_experts": 2}),
        ({"rank": None, "num_experts": None}, {}),
    ],
    "gmf": [({"use_bias": True}, {})],
    "ncf-mlp": [({"use_bias": True}, {})],
    "neumf": [({"use_bias": True}, {})],
    "din": [
        ({"activation": "sigmoid", "normalize": "softmax", "cross": True}, {}),
        ({"use_attention": False, "activation": "any"}, {"activation": "relu"}),
        (
            {"vocabulary_sizes": "any", "num_dense": "any", "field_names": "any"},
            {"field_names": ("a", "b", "c")},
        ),
    ],
    "can": [({"wiring": "authors", **PROFILE}, {})],
    "bst": [(PROFILE, {})],
    "gru4rec": [
        ({"loss": "bpr", "embedding_dim": "any"}, {"embedding_dim": 8}),
        ({"loss": "top1-max", "share_items": True, "embedding_dim": "any"}, {"embedding_dim": 100}),
        ({"loss": "bpr-max"}, {}),
        ({"loss": "cross_entropy", "embedding_dim": None}, {}),
    ],
    "stmp": [({"wiring": "authors"}, {}), ({"loss": "binary"}, {}), ({"loss": "cross_entropy"}, {})],
    "stamp": [({"wiring": "authors"}, {}), ({"loss": "binary"}, {}), ({"loss": "cross_entropy"}, {})],
    "sasrec": [
        ({"wiring": "authors"}, {}),
        ({"loss": "cross_entropy"}, {}),
        ({"share_items": False, "calibration": "any"}, {"calibration": 0.75, "num_negatives": 3}),
    ],
    "two-tower": [({"normalize": False, "mask_repeats": True}, {})],
    "comirec-sa": [({"wiring": "authors", "sampler": "uniform"}, {})],
    "comirec-dr": [({"stop_gradient": False, "bilinear": "interest", "sampler": "uniform"}, {})],
    "mind": [
        ({"stop_gradient": False, "adaptive": False, "sampler": "uniform"}, {}),
        ({"hidden_units": "any", "power": "any"}, {"hidden_units": (8,), "power": 2}),
    ],
    "mmoe": [
        ({"gate_bias": True, "shared_gate": True}, {}),
        (FEATURES, {}),
    ],
    "omoe": [({"gate_bias": True, **FEATURES}, {})],
}

CHILD = """
import importlib.util, json, sys, warnings
# A second item table (share_items=False) has positions that nothing reads, in the package too.
warnings.filterwarnings("ignore", r"Gradients do not exist for variables \\[.*position_table'\\] when")
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
    assert not model.get_config().keys() & set(case["fixed"])
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


@dataclass
class Case:
    """A written file and what model of the package it is."""

    label: str
    entry: ModelEntry
    choices: dict
    more: dict
    source: str = ""

    @property
    def accepted(self):
        """Names the file's constructor takes; one that hands all on to its base takes the base's."""
        classes = {n.name: n for n in ast.parse(self.source).body if isinstance(n, ast.ClassDef)}
        name = self.entry.class_name
        while True:
            made = next(n for n in classes[name].body if getattr(n, "name", "") == "__init__")
            if made.args.vararg is None:
                return {a.arg for a in made.args.args}
            name = classes[name].bases[0].id


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    found = [Case(name, find(name), {}, {}) for name in model_names()]
    for name, more in CASES.items():
        found += [Case(f"{name} {i}", find(name), *case) for i, case in enumerate(more)]
    for case in found:
        case.source = export(case.entry.name, case.choices)
    return {case.label: case for case in found}


@pytest.fixture(scope="module")
def exports(tmp_path_factory, cases):
    folder = tmp_path_factory.mktemp("exports")
    for case in cases.values():
        (folder / f"{module_name(case.label)}.py").write_text(case.source, encoding="utf-8")
    return folder


def module_name(label):
    return label.replace("-", "_").replace(" ", "_")


def arrays(value):
    return {
        key: np.asarray(part) for key, part in (value if isinstance(value, dict) else {"": value}).items()
    }


@pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # Keras's own, with NumPy 2.
def test_files_work_without_the_package(cases, exports, tmp_path):
    """Same output from the package's weights, one step of training, save and load, for every choice."""
    described = []
    for label, case in cases.items():
        entry, accepted = case.entry, case.accepted
        folder = tmp_path / module_name(label)
        folder.mkdir()
        fixed = {choice: value for choice, value in case.choices.items() if value != "any"}
        assert not accepted & fixed.keys(), "what a file is written for is not an argument"
        arguments = {k: v for k, v in entry.arguments.items() if k in accepted} | case.more
        assert case.more.keys() <= accepted, "what was to stay an argument is one"
        seed = {"seed": 3} if entry.seeded else {}
        model = entry.load()(**arguments, **fixed, **seed)
        _, fit = entry.training()
        inputs, x = entry.inputs(), fit["x"]
        if entry.family == "multitask" and "vocabulary_sizes" not in accepted:
            inputs, x = {"dense": inputs["dense"]}, {"dense": x["dense"]}
        model(inputs)
        # Seeded initializers agree on both sides: only weights that no initializer draws prove the loading.
        rng = np.random.default_rng(0)
        drawn = [rng.normal(0, 0.3, weight.shape).astype(np.float32) for weight in model.weights]
        # A variance is not negative.
        variances = [weight.name == "moving_variance" for weight in model.weights]
        model.set_weights([np.abs(w) if v else w for w, v in zip(drawn, variances, strict=True)])
        np.savez(folder / "inputs.npz", **inputs)
        np.savez(folder / "outputs.npz", **arrays(model(inputs, training=False)))
        model.save_weights(folder / "model.weights.h5")
        np.savez(folder / "x.npz", **x)
        np.savez(folder / "y.npz", **arrays(fit.get("y", {})))
        described.append(
            {
                "name": label,
                "module": module_name(entry.name),
                "path": str(exports / f"{module_name(label)}.py"),
                "folder": str(folder),
                "class_name": entry.class_name,
                "family": entry.family,
                "fixed": list(fixed),
                "arguments": {**arguments, **({"seed": 5} if entry.seeded else {})},
            }
        )
    (tmp_path / "cases.json").write_text(json.dumps(described))
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
    assert list(report) == list(cases)
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
    source = (exports / f"{module_name(name)}.py").read_text(encoding="utf-8")
    assert source.startswith("# SPDX-License-Identifier: MIT\n")
    assert len(source.splitlines()) < 300
    assert "$$" in source, "the model keeps its formula"
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
    model = next(n for n in tree.body if getattr(n, "name", "") == find(name).class_name)
    text = ast.get_source_segment(source, model)
    for parameter in next(n for n in model.body if getattr(n, "name", "") == "__init__").args.args[1:]:
        described = rf"^ +{parameter.arg}: |^ +{parameter.arg}\b.*,  # |^ +# .*\n +{parameter.arg}\b.*,$"
        assert re.search(described, text, re.MULTILINE), f"{parameter.arg} is described"
    for line in ast.get_docstring(tree).split("References:")[0].splitlines():
        assert line.count("`") % 2 == 0, "a command stays on one line"
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    assert set(defined) <= read | {find(name).class_name}, "everything in the file is used"


def test_what_there_is_not():
    with pytest.raises(ValueError, match="name must be one of .*deepfm.*, received 'nope'"):
        export("nope")
    with pytest.raises(ValueError, match=r"among: wiring \(paper, authors, any\); .*, received 'size'"):
        export("sasrec", {"size": 3})
    with pytest.raises(ValueError, match="wiring of .* one of paper, authors, any, received 'mine'"):
        export("sasrec", {"wiring": "mine"})
    with pytest.raises(ValueError, match="normalize of ffm must be one of False, True, any, received 1"):
        export("ffm", {"normalize": 1})
    with pytest.raises(ValueError, match="choices of fm must be among: none, received 'wiring'"):
        export("fm", {"wiring": "paper"})


@pytest.mark.parametrize("name", sorted(VARIANTS.keys() | PARTS.keys()))
def test_choices_are_the_models_arguments(name):
    """Each is an argument with the first value as its default, and the cases above have all of its values."""
    loaded = find(name).load()
    made = next(c for c in loaded.__mro__ if "args" not in inspect.signature(c.__init__).parameters)
    parameters = inspect.signature(made.__init__).parameters
    for choice, values in choices_of(name).items():
        assert parameters[choice].default == values[0], choice
        tried = [values[0], *(choices[choice] for choices, _ in CASES[name] if choice in choices)]
        assert set(values) <= {str if value == "sigmoid" else value for value in tried}, choice
        assert len(values) > 1 or "any" in tried
    flags = {p.name for p in parameters.values() if p.annotation == "bool"}
    assert flags - {"shared_gate"} <= choices_of(name).keys(), "every switch is a choice"


def test_the_docstring_says_what_a_file_was_written_for(cases):
    text = ast.get_docstring(ast.parse(cases["sasrec 0"].source))
    assert "Written by `recnotes export sasrec --set wiring=authors` (RecNotes" in text
    assert 'wiring="authors", ' in text
    assert "Written by `recnotes export sasrec` (RecNotes" in cases["sasrec"].source
    assert 'For wiring="paper", loss="bce", share_items=True' in cases["sasrec"].source
    assert "--set" not in cases["fm"].source


def test_text_chooses_as_values_do():
    given = {"use_bias": "True"}
    assert (
        export("gmf", given).split("import keras")[1]
        == export("gmf", {"use_bias": True}).split("import keras")[1]
    )
    assert chosen("din", {"vocabulary_sizes": "()", "normalize": "None", "num_dense": "any"}) == {
        "vocabulary_sizes": (),
        "normalize": None,
        "num_dense": "any",
    }


def test_registered_names_do_not_collide_with_the_package(exports, monkeypatch):
    """Whoever has both in one process keeps both."""
    entry = find("fm")
    before = keras.saving.get_registered_object("recnotes>FactorizationMachine") or entry.load()
    exec(compile((exports / "fm.py").read_text(encoding="utf-8"), "fm.py", "exec"), {"__name__": "fm"})
    assert keras.saving.get_registered_object("recnotes>FactorizationMachine") is before
    assert keras.saving.get_registered_object("fm>FactorizationMachine") is not before
