"""Docstrings agree with the code; each rule fails on a bad sample."""

import pytest

from tools.docstrings import violations
from tools.paths import ROOT

GOOD = {
    "__init__.py": '"""A package."""\n',
    "layers/__init__.py": '"""Layers."""\n\n__all__ = ["Scale", "scale"]\n',
    "layers/scale.py": '''
"""Scaling."""


def _check(rate):
    if rate < 0:
        raise ValueError("rate must not be negative")


def helper(x, rate=1.0):
    """Not exported, so it may be short."""
    return x * rate


def scale(x, /, rate=0.5, *, sizes=(1,), name=None, **kwargs) -> float:
    """Scales.

    Args:
        x: a number
            that goes on.
        rate: by which to scale (default: 0.5).
        sizes: sizes (default: ``(1,)``).
        name: a name (default: None).
        **kwargs: passed on.

    Returns:
        The product, `x` times `rate`.

    Raises:
        ValueError: `rate` is negative.

    Example:
        >>> scale(2)
        1.0
    """
    _check(rate)
    return helper(x, rate)


class Scale(keras.layers.Layer):
    """Scales as a layer: $y = r x$.

    Args:
        rate: by which to scale (default: 'auto').

    Returns:
        Called on `[B]`: the same shape.

    Raises:
        TypeError: called on text.
        ValueError: `rate` is negative.

    Example:
        >>> Scale()(1)
        1

    References:
        A. Author, *Title*, Venue 2020, https://example.org.
    """

    def __init__(self, rate="auto"):
        self.rate = rate

    def call(self, x, training=False):
        """Scales."""
        if isinstance(x, str):
            raise TypeError("no text")
        return scale(x)

    @property
    def size(self) -> int:
        """The size."""
        return 1

    def each(self, values: list) -> list:
        """Scales each.

        Args:
            values: numbers.

        Returns:
            Products.
        """
        return [self.call(value) for value in values]
''',
    "data.py": '''
"""Data."""

from dataclasses import dataclass, field


@dataclass
class Split:
    """Three parts.

    Attributes:
        train: one part.
        rest: the others.
        names: their names (default: list()).
    """

    train: object
    rest: tuple = ()
    names: list = field(default_factory=list)


class BadError(Exception):
    """It is bad."""
''',
}


@pytest.fixture
def package(tmp_path):
    def write(module="data.py", old="", new=""):
        assert old in GOOD[module]
        for name, text in GOOD.items():
            path = tmp_path / "package" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace(old, new) if name == module else text)
        return tmp_path / "package"

    return write


def test_the_package():
    assert violations(ROOT / "recnotes") == []


def test_what_is_no_layer_needs_no_references(package):
    plain = package(SCALE, "class Scale(keras.layers.Layer)", "class Scale(keras.Initializer)")
    text = (plain / SCALE).read_text().replace("https://example.org", "somewhere")
    (plain / SCALE).write_text(text)
    assert violations(plain) == []


def test_a_good_sample(package):
    assert violations(package()) == []


SCALE = "layers/scale.py"
RAISES = """ValueError: `rate` is negative.

    Example:
        >>> scale(2)"""


@pytest.mark.parametrize(
    ("module", "old", "new", "message"),
    [
        (
            SCALE,
            "        rate: by which to scale (default: 0.5).\n",
            "",
            "Args are (x, sizes, name, **kwargs)",
        ),
        (
            SCALE,
            "        name: a name (default: None).\n",
            "",
            "the signature has (x, rate, sizes, name, **kwargs)",
        ),
        (SCALE, "        sizes: sizes", "        size: sizes", "Args are (x, rate, size, name, **kwargs)"),
        (
            SCALE,
            "x, /, rate=0.5, *, sizes=(1,)",
            "x, /, sizes=(1,), *, rate=0.5",
            "the signature has (x, sizes, rate",
        ),
        (SCALE, "(default: 0.5)", "(default: 0.1)", "rate is 0.5 by default, Args say 0.1"),
        (SCALE, "``(1,)``", "``(1)``", "sizes is (1,) by default, Args say (1)"),
        (SCALE, "(default: 'auto')", "(default: auto)", "rate is 'auto' by default, Args say auto"),
        (SCALE, " (default: None)", "", "name must end in (default: None)"),
        (SCALE, "that goes on.", "that goes on (default: 1).", "x has no default, Args say 1"),
        (SCALE, "    Returns:\n        The product, `x` times `rate`.\n\n", "", "scale: no Returns"),
        (SCALE, "    Returns:\n        Called on `[B]`: the same shape.\n\n", "", "Scale: no Returns"),
        (SCALE, "    Returns:\n            Products.\n", "", "Scale.each: no Returns"),
        (SCALE, "-> float:", "-> None:", "scale: Returns, but nothing is returned"),
        (SCALE, RAISES, RAISES.replace("Value", "Key"), "scale: can raise ValueError"),
        (SCALE, RAISES, RAISES.replace("Value", "Key"), "scale: Raises names KeyError"),
        (
            SCALE,
            "        TypeError: called on text.",
            "        ValueError: text.",
            "Scale.call: can raise TypeError",
        ),
        (SCALE, "    Example:\n        >>> scale(2)\n        1.0\n", "", "scale: no Example"),
        (SCALE, ">>> Scale()(1)", "Scale()(1)", "Scale: no Example"),
        (SCALE, "https://example.org", "somewhere", "Scale: no References with a link"),
        (SCALE, ": $y = r x$.", ".", "Scale: no formula"),
        (SCALE, '        """Scales each.', '        0\n        """Scales each.', "Scale.each: no docstring"),
        (
            "layers/__init__.py",
            '"scale"',
            '"scale", "helper"',
            "helper: Args are (), the signature has (x, rate)",
        ),
        ("data.py", "        train: one part.\n", "", "Split: Args are (rest, names)"),
        ("data.py", "(default: list())", "(default: [])", "names is list() by default, Args say []"),
        ("data.py", "class BadError", "class Bad", "Bad: no Example"),
    ],
)
def test_each_rule_fails_on_a_bad_sample(package, module, old, new, message):
    found = violations(package(module, old, new))
    assert any(message in text for text in found), found
