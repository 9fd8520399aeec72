"""Draw the picture that other sites show beside a link to this one: ``python tools/social.py``.

It writes docs/assets/social.png, 1200 × 630 pixels: the name, what the site is, and attention weights under
a causal mask.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

TARGET = Path(__file__).resolve().parents[1] / "docs" / "assets" / "social.png"
PAPER, INK, SOFT = "#274c77", "#ffffff", "#a9c1e3"


def attention(length: int) -> np.ndarray:
    """Causal attention weights that favor recent items, [L, L]."""
    scores = -0.35 * np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
    scores[np.triu_indices(length, 1)] = -np.inf
    weights = np.exp(scores)
    return weights / weights.sum(axis=1, keepdims=True)


def main() -> None:
    """Draw and save."""
    figure = plt.figure(figsize=(12, 6.3), dpi=100, facecolor=PAPER)
    figure.text(0.07, 0.62, "RecNotes", color=INK, fontsize=68, weight="bold")
    figure.text(0.07, 0.47, "Recommender papers, explained next to", color=SOFT, fontsize=23)
    figure.text(0.07, 0.39, "TensorFlow code that provably works", color=SOFT, fontsize=23)
    figure.text(0.07, 0.16, r"$\mathrm{softmax}\left(QK^{\top}/\sqrt{d}\right)V$", color=INK, fontsize=30)
    axes = figure.add_axes((0.66, 0.2, 0.3, 0.6))
    axes.imshow(np.sqrt(attention(12)), cmap="Blues_r", vmin=-0.3, vmax=1.0)
    axes.set_axis_off()
    figure.savefig(TARGET, facecolor=PAPER, metadata={"Software": None})


if __name__ == "__main__":
    main()
