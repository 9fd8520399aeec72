"""The cases of ``benchmarks.train_step``: a model at a size, its data, and who trains it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks import data


@dataclass(frozen=True)
class Case:
    """A model at a size, who trains it, and the least ratios of their step times to that of RecNotes."""

    name: str
    kind: str
    model: str
    total: int
    workers: tuple[str, ...]
    goals: dict[str, float] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """What a worker needs to know."""
        shared = {"name": self.name, "kind": self.kind, "model": self.model}
        if self.kind == "ctr":
            # AFM's pairs are those of the categorical fields in DeepCTR, so both get only these.
            dense = 0 if self.model == "afm" else data.DENSE
            sizes = data.field_sizes(self.total)
            return shared | {"sizes": sizes, "dense": dense, "width": 16, "hidden": [400] * 3, "batch": 2048}
        if self.kind == "behavior":
            widths = {"width": 16, "hidden": [200, 80], "attention": [80, 40]}
            return shared | widths | {"items": self.total, "users": 10_000, "length": 50, "batch": 1024}
        return shared | {"items": self.total, "length": 200, "width": 50, "batch": 128}

    def arrays(self, batches: int) -> dict[str, np.ndarray]:
        """The data of so many batches."""
        made = self.settings()
        if self.kind == "ctr":
            return data.criteo(made["sizes"], made["dense"], batches * made["batch"])
        if self.kind == "behavior":
            return data.behavior(made["items"], made["users"], made["length"], batches * made["batch"])
        return data.sequences(made["items"], made["length"], batches * made["batch"])


ALL = ("floor", "recnotes", "keras", "deepctr", "rechub", "rechub-sparse")
AHEAD = {"rechub": 1.0, "rechub-sparse": 1.0}
DIN = {"deepctr": 3.0, "rechub": 3.0}
CASES = [
    Case("DeepFM 100k", "ctr", "deepfm", 100_000, ALL, {"deepctr": 1.9, **AHEAD, "floor": 1 / 2.1}),
    Case("DeepFM 1M", "ctr", "deepfm", 1_000_000, ALL, {"deepctr": 2.4, **AHEAD, "floor": 1 / 2.1}),
    Case("DeepFM 10M", "ctr", "deepfm", 10_000_000, ALL, {"deepctr": 20.0, **AHEAD, "floor": 1 / 2.1}),
    *(
        Case(f"{model.upper()} 1M", "ctr", model, 1_000_000, ("recnotes", "deepctr"), {"deepctr": 2.0})
        for model in ("dcn", "afm", "pnn", "nfm")
    ),
    *(
        Case(f"DIN {name}", "behavior", "din", items, ("recnotes", "deepctr", "rechub"), DIN)
        for name, items in (("100k", 100_000), ("5M", 5_000_000))
    ),
    Case("SASRec", "sequence", "sasrec", 3416, ("recnotes", "pytorch"), {"pytorch": 1.0}),
]
