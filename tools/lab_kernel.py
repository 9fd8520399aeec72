"""What a lab's kernel is given before its first cell: the look of plots, the tracer of shape comments."""

import io
import json
import time
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from tools.interpreter import import_tensorflow
from tools.shape_comments import Comment, comments
from tools.shape_tracer import Tracer

MAX_WIDTH_INCHES = 7.5  # 720 CSS pixels, the width of a page's text column

STYLE: Any = {
    "axes.facecolor": "none",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 96,
    "figure.facecolor": "none",
    "figure.figsize": (5.2, 3.0),
    "font.size": 10,
    "legend.frameon": False,
    "savefig.facecolor": "none",
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "recnotes",
}


def _values(array: Any) -> list[float | None]:
    """Flatten an array to plain numbers of 6 digits; what JSON cannot hold becomes null."""
    flat: np.ndarray = np.ma.filled(np.ma.asarray(array, dtype=float), np.nan).ravel()
    return [float(f"{x:.6g}") if np.isfinite(x) else None for x in flat]


def plotted(figure: Figure) -> list[dict[str, Any]]:
    """List what a figure's axes show, as data: lines, bars, points, images and texts in drawing order."""
    shown: list[dict[str, Any]] = []
    for axes in figure.axes:
        for line in axes.lines:
            shown.append({"kind": "line", "values": _values(line.get_xydata())})
        for patch in axes.patches:
            corners = patch.get_patch_transform().transform(patch.get_path().vertices)
            shown.append({"kind": "patch", "values": _values(corners)})
        for collection in axes.collections:
            if collection.get_array() is not None:
                shown.append({"kind": "colors", "values": _values(collection.get_array())})
            if np.size(collection.get_offsets()) > 2 or not collection.get_paths():
                shown.append({"kind": "points", "values": _values(collection.get_offsets())})
            elif len(collection.get_paths()) < 200:  # a mesh's cells: its colors say it all
                corners = np.concatenate([path.vertices for path in collection.get_paths()])
                shown.append({"kind": "polygons", "values": _values(corners)})
        for image in axes.images:
            shown.append({"kind": "image", "values": _values(image.get_array())})
        for text in axes.texts:
            shown.append({"kind": "text", "text": text.get_text()})
    return shown


def _svg(figure: Figure) -> tuple[str, dict[str, Any]]:
    """Return the figure as SVG, and its data as metadata of the output."""
    if figure.get_size_inches()[0] > MAX_WIDTH_INCHES:
        raise ValueError(
            f"a figure must be at most {MAX_WIDTH_INCHES} inches wide, received {figure.get_size_inches()[0]}"
        )
    buffer = io.StringIO()
    metadata: dict[str, None] = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", bbox_inches="tight", pad_inches=0.04, metadata=metadata)
    # A string, so that a notebook shows the record on one line instead of one number a line.
    return buffer.getvalue(), {"plotted": json.dumps(plotted(figure), separators=(",", ":"))}


class Shapes:
    """Holds the shape comments of cells to their tensors while the cells run."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.cells = 0
        self.wrong: list[str] = []
        self._known: list[Comment] = []
        self._names: dict[Path, str] = {}
        self._tracer: Tracer | None = None

    def before(self, info: Any) -> None:
        """Trace the cell about to run."""
        self.cells += 1
        path = Path(f"cell {self.cells}")
        try:
            found, wrong = comments(path, info.raw_cell)
        except SyntaxError:  # the cell itself will say so
            return
        self.wrong += wrong
        if found:
            self._known += found
            self._names[path] = self.shell.compile.get_code_name(info.raw_cell, info.raw_cell, self.cells)
        if self._known:  # functions of earlier cells are called by later ones
            self._tracer = Tracer(self._known, self._names)
            self._tracer.__enter__()

    def after(self, result: Any) -> None:
        """Keep what the cell that ran got wrong."""
        if self._tracer is not None:
            self._tracer.__exit__()
            self.wrong += self._tracer.wrong()
            self._tracer = None


def report() -> None:
    """Print the CPU time taken and the wrong shape comments, for the tool that runs the kernel."""
    print(json.dumps({"cpu": time.process_time(), "shapes": _shapes[0].wrong}))


_shapes: list[Shapes] = []


def setup(shell: Any, tensorflow: bool = False) -> None:
    """Make figures SVG in the labs' style, and trace shape comments from the next cell on."""
    if tensorflow:
        import_tensorflow()  # here, for what it writes to stderr must not become an output
    shell.run_line_magic("matplotlib", "inline")
    mpl.rcParams.update(STYLE)
    # Labels may be Chinese: the reader's browser draws them, the font that measures them lacks the glyphs.
    warnings.filterwarnings("ignore", message="Glyph .* missing from font")
    formatters = shell.display_formatter.formatters
    formatters["image/png"].pop(Figure, None)
    formatters["image/svg+xml"].for_type(Figure, _svg)
    shapes = Shapes(shell)
    _shapes[:] = [shapes]
    shell.events.register("pre_run_cell", shapes.before)
    shell.events.register("post_run_cell", shapes.after)
