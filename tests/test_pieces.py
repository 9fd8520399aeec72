"""What a long exported file leaves out."""

import pytest

from recnotes._closure import collect
from recnotes._render import write
from recnotes._source import Library
from recnotes.export import export_class
from tests.sample_package import HELPERS, LAYERS, MODEL, written

LONG = (
    "def pad{i}(x):\n    if x > {i}:\n        return x\n    return {i}\n\n\n",
    " + ".join(f"pad{i}(1)" for i in range(60)),
)


def test_long_models_lose_what_only_helpers_need(tmp_path):
    layers = LAYERS.replace("class Tower", "@keras.utils.legacy\nclass Tower").replace(
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
    short = export_class("pack.model", "Net", "net", written(tmp_path, files))
    assert "def get_config" in short and "        shape,\n" in short
    files["helpers.py"] = (
        "".join(LONG[0].format(i=i) for i in range(60))
        + f"def scale(x):\n    return x * ({LONG[1]})\n\n\nunused = 1\n"
    )
    source = export_class("pack.model", "Net", "net", written(tmp_path, files))
    assert "get_config" not in source and "$$ x $$" not in source and '"""Builds."""' not in source
    assert "    def build(self, shape):\n        self.built = True" in source
    assert source.count('register_keras_serializable("net")') == 1  # The model's own.
    assert "@keras.utils.legacy\nclass Tower" in source, "any other decorator stays"


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
def test_the_longest_files_trust_what_the_model_hands_its_layers(tmp_path, place):
    """Layers lose checks, types and notes nobody reads; what looks inputs up keeps its checks."""
    root = written(
        tmp_path,
        {
            "model.py": MODEL.replace("pack.layers", f"pack.{place}.tower"),
            "limits.py": "WIDTH = 3\n",
            "helpers.py": "".join(LONG[0].format(i=i) for i in range(80))
            + f"def scale(x):\n    return x * ({LONG[1]})\n\n\nunused = 1\n",
            f"{place}/__init__.py": "",
            f"{place}/tower.py": CHECKED,
        },
    )
    source = export_class("pack.model", "Net", "net", root)
    assert source.count("def __init__(self, units, **kwargs):") == 1  # Nobody sets the rate.
    for absent in (
        "unit_names",
        "known",
        "self.seed",
        "self.names",
        "-> None",
        "self.built = True",
        "raise ValueError(units)",
    ):
        assert absent not in source
    for present in ("self.more = self.made", "def build(self, shape):\n        self.made"):
        assert present in source
    assert ("raise ValueError(x)" in source) == (place == "embedding")
    compile(source, "net.py", "exec")


def test_the_longest_files_describe_arguments_where_they_stand(tmp_path):
    about = "widths of the layers, " * 6 + "the last is that of the output (default: (3, 5))."
    model = MODEL.replace(
        "units: widths.", f"units: {about[:87]}\n            {about[88:]}\n        **kwargs: passed on."
    )
    model = model.replace("(WIDTH,)):", "(WIDTH,), rate: float = 0.5, **kwargs: int):")
    files = {"model.py": model, "layers.py": LAYERS, "limits.py": "WIDTH = 3\n", "helpers.py": HELPERS}
    library = Library(written(tmp_path, files), "pack")
    pieces, imports, attributes = collect(library, "pack.model", "Net", 5)
    text = write(pieces, imports, attributes, 5, "From here.", "net")
    expected = """
    def __init__(
        self,
        # widths of the layers, widths of the layers, widths of the layers, widths of the layers, widths of
        # the layers, widths of the layers, the last is that of the output
        units=(WIDTH,),
        rate=0.5,
        **kwargs,  # passed on
    ):
        super().__init__()
"""
    assert expected in text and "Args:" not in text
    compile(text, "net.py", "exec")
