"""What an exported file gathers from the modules of a package, and what it refuses."""

import ast

import pytest

from recnotes.export import ExportError, export_class
from tests.sample_package import HELPERS, LAYERS, MODEL, written


def test_collects_what_is_used_in_reading_order(tmp_path):
    root = written(
        tmp_path,
        {
            "model.py": MODEL,
            "layers/__init__.py": "from pack.layers.tower import Tower\n",
            "layers/tower.py": LAYERS,
            "limits.py": "# How wide.\nWIDTH = 3\nOTHER = 4\n",
            "helpers.py": HELPERS.replace("return x\n", "return x * math.e\n", 1),
        },
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
def test_what_cannot_be_exported_says_so(tmp_path, change, message):
    files = {
        "__init__.py": "",
        "model.py": MODEL,
        "layers.py": LAYERS,
        "limits.py": "WIDTH = 3\n",
        "helpers.py": HELPERS,
    }
    root = written(tmp_path, files | change)
    with pytest.raises(ExportError, match=message):
        export_class("pack.model", "Net", "net", root)


def test_missing_class(tmp_path):
    with pytest.raises(ExportError, match="pack.model must define 'Nope'"):
        export_class("pack.model", "Nope", "net", written(tmp_path, {"model.py": MODEL}))
