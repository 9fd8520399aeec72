"""Models, one paper a file, each a short composition of layers."""

from recnotes.models.mmoe import MMoE, OMoE
from recnotes.models.shared_bottom import SharedBottom

__all__ = [
    "MMoE",
    "OMoE",
    "SharedBottom",
]
