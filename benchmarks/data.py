"""Arrays of the shapes recommenders train on: Criteo's fields, a candidate with a history, sequences."""

from __future__ import annotations

import numpy as np

FIELDS, DENSE = 26, 13
ZIPF = 1.1


def field_sizes(total: int, fields: int = FIELDS) -> list[int]:
    """Vocabulary sizes that add up to the total, each 0.75 of the one before it, as Criteo's are uneven."""
    share = 0.75 ** np.arange(fields)
    sizes = np.maximum(3, (total * share / share.sum()).astype(int))
    sizes[0] += total - sizes.sum()
    return [int(size) for size in sizes]


def zipf_ids(rng: np.random.Generator, size: int, shape: tuple[int, ...]) -> np.ndarray:
    """Ids from 0 whose frequency falls as rank to the power of -1.1; which id has which rank is drawn."""
    u = rng.random(shape)
    ranks = (u * ((size + 1) ** (1 - ZIPF) - 1) + 1) ** (1 / (1 - ZIPF))
    return rng.permutation(size).astype(np.int32)[np.minimum(ranks.astype(np.int64) - 1, size - 1)]


def criteo(sizes: list[int], dense: int, rows: int) -> dict[str, np.ndarray]:
    """Numbers, ids and labels of a CTR data set."""
    rng = np.random.default_rng(0)
    arrays = {"sparse": np.stack([zipf_ids(rng, size, (rows,)) for size in sizes], axis=1)}
    if dense:
        arrays["dense"] = rng.random((rows, dense)).astype(np.float32)
    return arrays | {"label": (rng.random(rows) < 0.25).astype(np.float32)}


def behavior(items: int, users: int, length: int, rows: int) -> dict[str, np.ndarray]:
    """A user, a candidate, a history padded on the right, and labels."""
    rng = np.random.default_rng(0)
    real = np.arange(length) < rng.integers(length // 2, length + 1, rows)[:, None]
    return {
        "sparse": rng.integers(0, users, (rows, 1)).astype(np.int32),
        "item": zipf_ids(rng, items, (rows,)) + 1,
        "history": np.where(real, zipf_ids(rng, items, (rows, length)) + 1, 0).astype(np.int32),
        "label": (rng.random(rows) < 0.25).astype(np.float32),
    }


def sequences(items: int, length: int, rows: int) -> dict[str, np.ndarray]:
    """Histories, and what followed each of their steps."""
    rng = np.random.default_rng(0)
    real = np.arange(length + 1) < rng.integers(length // 2, length + 2, rows)[:, None]
    ids = np.where(real, zipf_ids(rng, items, (rows, length + 1)) + 1, 0).astype(np.int32)
    history, following = ids[:, :-1], ids[:, 1:]
    return {"history": history, "next": np.where(history > 0, following, 0).astype(np.int32)}
