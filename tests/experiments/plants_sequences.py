"""Planted data for the protocols of histories and sessions.

Each function replaces what a module of cards loads. With ``garbage`` other things stand where test rows are;
with ``leak`` the protocol validates on its test rows, the mistake that the test of selection must catch.
"""

import dataclasses
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments.cards import beauty_click, beauty_users
from experiments.sequences import Questions
from recnotes.data.diginetica_sessions import Diginetica
from recnotes.data.movielens_1m_files import MovieLens1MSequences
from recnotes.data.sequences import Sequences

ITEMS = 60


def beauty(patch: pytest.MonkeyPatch, module: ModuleType, garbage: bool, leak: bool) -> None:
    """Users who walk along the items; garbled, each ends far from where it was."""
    rng = np.random.default_rng(0)
    attributes = np.concatenate([[[0, 0]], rng.integers(1, 9, (ITEMS, 2))])
    rows = [(start + np.cumsum(rng.integers(1, 3, 6 + start % 3))) % 40 for start in range(60)]
    if module is beauty_users:
        for user in (
            np.random.default_rng(0).permutation(len(rows))[54:] if garbage else ()
        ):  # as its split does
            rows[user] = rng.permutation(40)[: len(rows[user])]
    else:
        for row in rows if garbage else ():
            row[-1] = (row[-1] + 20) % 40
    data = SimpleNamespace(sequences=Sequences(r + 1 for r in rows), num_items=ITEMS, attributes=attributes)
    patch.setattr(module, "amazon", lambda name: data)
    if not leak:
        return
    if module is beauty_click:
        clicks = module.clicks
        patch.setattr(
            module, "clicks", lambda s, last_only=False: clicks(data.sequences if last_only else s, last_only)
        )
    else:
        name = "split" if module is beauty_users else "leave_one_out"
        split = getattr(module, name)

        def leaking(*arguments: Any) -> Any:
            parts = split(*arguments)
            return dataclasses.replace(parts, validation=parts.test)

        patch.setattr(module, name, leaking)


def movielens_sequences(patch: pytest.MonkeyPatch, module: ModuleType, garbage: bool, leak: bool) -> None:
    rows = np.array([(start + np.arange(9)) % 20 + 1 for start in range(40)], np.int32)
    if garbage:
        rows[:, -1] = (rows[:, -1] + 9) % 20 + 1
    log = MovieLens1MSequences(
        Sequences(row[:-3] if user < 8 else row[:-2] for user, row in enumerate(rows)),
        Sequences(row[:-2] for row in rows[:8]),
        rows[:8, -1 if leak else -2],
        np.arange(8),
        rows[:, -1],
        20,
    )
    patch.setattr(module.movielens_1m_files, "movielens_1m_sequences", lambda: log)


def sessions(patch: pytest.MonkeyPatch, module: ModuleType, garbage: bool, leak: bool) -> None:
    item = np.arange(1, 31, dtype=np.int32)
    train = Sequences([[1 + (start + step) % 30 for step in range(4)] for start in range(30)] * 4)
    target = np.roll(item, 15 if garbage else -1)
    data = Diginetica(train, Sequences([[one] for one in item[:: -1 if garbage else 1]]), target, 30)
    patch.setattr(module, "diginetica", lambda: data)
    if leak:
        split = module.split
        patch.setattr(
            module, "split", lambda *given: (split(*given)[0], Questions(data.test, data.test_target))
        )
