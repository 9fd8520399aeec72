"""What a lab's kernel is given before its first cell runs: the look of plots, the record of their data."""

import io
import json
import warnings
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

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


def setup(shell: Any) -> None:
    """Make figures SVG in the labs' style."""
    shell.run_line_magic("matplotlib", "inline")
    mpl.rcParams.update(STYLE)
    # Labels may be Chinese: the reader's browser draws them, the font that measures them lacks the glyphs.
    warnings.filterwarnings("ignore", message="Glyph .* missing from font")
    formatters = shell.display_formatter.formatters
    formatters["image/png"].pop(Figure, None)
    formatters["image/svg+xml"].for_type(Figure, _svg)
