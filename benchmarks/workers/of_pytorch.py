"""SASRec in PyTorch with the paper's wiring, as `recnotes.models.sasrec.SASRec` has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.workers.protocol import Run, serve, step_runner


class Block(nn.Module):
    """Self-attention and a network, each in ``x + dropout(g(norm(x)))``."""

    def __init__(self, width: int, rate: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width, eps=1e-8) for _ in range(2)])
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.inner, self.outer = nn.Linear(width, width), nn.Linear(width, width)
        self.drop = nn.Dropout(rate)

    def forward(self, x: torch.Tensor, allowed: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        """One block of ``[B, L, D]``."""
        h = self.norms[0](x)
        s = F.scaled_dot_product_attention(self.query(h), self.key(h), self.value(h), attn_mask=allowed)
        s = x + self.drop(s)
        f = self.outer(F.relu(self.inner(self.norms[1](s))))
        return (s + self.drop(f)) * keep


class SASRec(nn.Module):
    """Two blocks on item and position vectors; scores of the next item and of one that is not."""

    def __init__(self, items: int, length: int, width: int, rate: float) -> None:
        super().__init__()
        self.items = nn.Embedding(items + 1, width, padding_idx=0)
        self.positions = nn.Embedding(length, width)
        self.blocks = nn.ModuleList([Block(width, rate) for _ in range(2)])
        self.drop = nn.Dropout(rate)
        self.register_buffer("causal", torch.ones(length, length, dtype=torch.bool).tril())

    def forward(self, history: torch.Tensor, candidates: torch.Tensor) -> torch.Tensor:
        """Logits ``[B, L, C]``."""
        mask = history > 0
        keep = mask[:, :, None].float()
        later = mask.int().flip(1).cumsum(1).flip(1) - mask.int()
        place = later.clamp(max=self.positions.num_embeddings - 1)
        x = self.drop((self.items(history) + self.positions(place)) * keep)
        # A row of padding may look at itself, so that its softmax has a sum; it is erased afterwards.
        allowed = self.causal & (mask[:, None, :] | torch.eye(mask.shape[1], dtype=torch.bool))
        for block in self.blocks:
            x = block(x, allowed, keep)
        return torch.einsum("bld,blcd->blc", x, self.items(candidates))


def build(case: Mapping[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """The model with Adam."""
    model = SASRec(case["items"], case["length"], case["width"], 0.2)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    history = torch.from_numpy(arrays["history"]).long()
    following = torch.from_numpy(arrays["next"]).long()
    batch = case["batch"]

    def step(b: int) -> None:
        rows = slice(b * batch, (b + 1) * batch)
        target = following[rows]
        negative = torch.randint(1, case["items"] + 1, target.shape)
        logits = model(history[rows], torch.stack([target, negative], dim=2))
        m = (target > 0).float()
        loss = (m * (F.softplus(-logits[:, :, 0]) + F.softplus(logits[:, :, 1]))).sum() / m.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step_runner(step, len(history) // batch)


if __name__ == "__main__":
    serve(build)
