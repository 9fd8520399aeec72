"""A small package whose model the tests export; some of its definitions are not for the file."""

import textwrap


def written(folder, files):
    """Write the package from a dict of path → source, and return the folder that holds it."""
    for path, source in files.items():
        target = folder / "pack" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(source))
    return folder


MODEL = '''
"""Net: a net.

More about it.
"""

from collections.abc import Sequence

import keras

from pack.layers import Tower
from pack.limits import WIDTH


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
'''

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
