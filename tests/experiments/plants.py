"""Planted data for every protocol: its test rows can be garbled, and it can be made to validate on them.

A plant replaces what a module of cards loads. With ``garbage`` other things stand where test rows are; with
``leak`` the protocol validates on its test rows, the mistake that the test of selection must catch.
"""

import dataclasses
import functools
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments import mmoe_synthetic
from experiments.card import Trial
from experiments.cards import (
    beauty_click,
    beauty_next,
    beauty_users,
    census_tasks,
    diginetica_next,
    frappe_ctr,
    frappe_rmse,
    funnel_esmm,
    ml_1m_sasrec,
    ml_100k_ctr,
    mmoe_planted,
    ncf,
)
from experiments.sequences import Questions
from recnotes.data.census import CensusIncome
from recnotes.data.diginetica_sessions import Diginetica
from recnotes.data.frappe_split import Frappe, FrappeRows
from recnotes.data.movielens_1m_files import MovieLens1MSequences
from recnotes.data.sequences import Sequences

ITEMS = 60


def frappe(patch: pytest.MonkeyPatch, module: ModuleType, garbage: bool, leak: bool) -> None:
    rng = np.random.default_rng(0)

    def part(rows: int) -> FrappeRows:
        ids = rng.integers(0, 5, (rows, 10)).astype(np.int32)
        return FrappeRows(ids, (ids[:, 0] + ids[:, 1] > 3).astype(np.float32))

    train, validation, test = part(600), part(200), part(200)
    if garbage:
        test = FrappeRows(rng.integers(0, 5, (200, 10)).astype(np.int32), 1 - test.label)
    values = tuple(tuple("abcde") for _ in range(10))
    data = Frappe(train, test if leak else validation, test, values, True)
    patch.setattr(module, "frappe", lambda: data)


def clicks_in_time(patch: pytest.MonkeyPatch, module: ModuleType, garbage: bool, leak: bool) -> None:
    user, item = np.random.default_rng(0).integers(1, [[6], [9]], (2, 400))
    rating = 1.0 + (user + item) % 5
    if garbage:
        item[-40:], rating[-40:] = item[:40], 6 - rating[-40:]
    ratings = SimpleNamespace(user_id=user, item_id=item, rating=rating, timestamp=np.arange(400))
    ones = np.ones(9, np.int32)
    users = SimpleNamespace(age=30 * ones, gender=ones, occupation=ones)
    items = SimpleNamespace(year=1990 * ones, genre_ids=np.ones((9, 6), np.int32))
    data = SimpleNamespace(ratings=ratings, users=users, items=items)
    patch.setattr(module, "movielens_100k", lambda: data)
    if leak:
        temporal = module.temporal
        patch.setattr(module, "temporal", lambda t: temporal(t)._replace(validation=temporal(t).test))


def beauty(patch: pytest.MonkeyPatch, module: ModuleType, garbage: bool, leak: bool) -> None:
    """Users who walk along the items; garbled, each ends far from where it was."""
    rng = np.random.default_rng(0)
    attributes = np.concatenate([[[0, 0]], rng.integers(1, 9, (ITEMS, 2))])
    rows = [(start + np.cumsum(rng.integers(1, 3, 6 + start % 3))) % 40 for start in range(60)]
    if module is beauty_users:
        for user in rng_order(len(rows))[54:] if garbage else ():
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


def rng_order(count: int) -> np.ndarray:
    """The order in which `beauty_users.split` takes the users."""
    return np.random.default_rng(0).permutation(count)


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


def census(patch: pytest.MonkeyPatch, module: ModuleType, garbage: bool, leak: bool) -> None:
    rng = np.random.default_rng(0)
    columns = rng.integers(0, 3, (400, 4)).astype(np.int32)
    income, married = (columns[:, 0] == 1).astype(np.float32), (columns[:, 3] == 2).astype(np.float32)
    numeric = rng.normal(5, 3, (400, 7)).astype(np.float32)
    if garbage:
        columns[320:], numeric[320:] = 3, 1e3 * numeric[320:]
        income[320:], married[320:] = 1 - income[320:], 1 - married[320:]
    names, words = ("sex", "education", "marital_stat", "region"), tuple(tuple("abcd") for _ in range(4))
    data = CensusIncome(numeric, columns, names, words, np.ones(400, np.float32), income, married)
    (train, validation, test), sizes = module.prepare(data, np.split(np.arange(400), [240, 320]))
    parts = [train, test if leak else validation, test], sizes
    patch.setattr(module, "census", lambda: parts)


def ratings(patch: pytest.MonkeyPatch, module: ModuleType, garbage: bool, leak: bool) -> None:
    user, step = np.repeat(np.arange(1, 25), 6), np.tile(np.arange(6), 24)
    item = (user + step) % 30 + 1
    if garbage:
        item[step == 5] = (item[step == 5] + 14) % 30 + 1
    log = SimpleNamespace(user_id=user, item_id=item, timestamp=step)
    patch.setattr(
        module, "movielens_100k", lambda: SimpleNamespace(ratings=log, num_users=24, num_items=ITEMS * 2)
    )
    if leak:
        read = module.read
        patch.setattr(module, "read", lambda name: read(name)._replace(validation=read(name).test))


def impressions(patch: pytest.MonkeyPatch, module: ModuleType, garbage: bool, leak: bool) -> None:
    original = module.conversion_funnel

    def funnel(n: int, *arguments: Any, **more: Any) -> Any:
        data, test = original(n, *arguments, **more), slice(8 * n // 10, n)
        columns = {field.name: getattr(data, field.name).copy() for field in dataclasses.fields(data)}
        for column in columns.values():
            column[test] = column[test][::-1] if garbage else column[test]
            column[6 * n // 10 : 8 * n // 10] = column[test] if leak else column[6 * n // 10 : 8 * n // 10]
        if garbage:
            columns["x"][test] *= -1
        if garbage and leak:
            columns["x"][6 * n // 10 : 8 * n // 10] *= -1
        return type(data)(**columns)

    patch.setattr(module, "conversion_funnel", funnel)


def generator(patch: pytest.MonkeyPatch, module: ModuleType, garbage: bool, leak: bool) -> None:
    """Nothing is chosen here; a leak is garbage in the truth that training rows are drawn from."""
    two_tasks = mmoe_synthetic.two_tasks

    def tasks(*arguments: Any, **more: Any) -> Any:
        data = two_tasks(*arguments, **more)
        garbled = {"x": data.x[::-1], **({"w": data.w[::-1]} if leak else {})}
        return dataclasses.replace(data, **garbled) if garbage else data

    patch.setattr(mmoe_synthetic, "two_tasks", tasks)
    patch.setattr(mmoe_synthetic, "STEPS", 20)
    patch.setattr(mmoe_synthetic, "HELD_OUT", 200)
    patch.setattr(module, "trainer", functools.cache(mmoe_synthetic.Trainer))


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A card on planted data, with settings that make it small."""

    module: ModuleType
    card: str
    put: Callable[[pytest.MonkeyPatch, ModuleType, bool, bool], None]
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    seed: int = 0

    def run(self, epochs: int) -> Trial:
        """Trains one seed; what a module keeps of its data is forgotten before and after."""
        (card,) = (card for card in self.module.CARDS if card.name == self.card)
        run = card.run
        if self.settings:
            assert isinstance(run, functools.partial)
            *others, settings = run.args
            model = {**settings.get("model", {}), **self.settings.get("model", {})}
            run = functools.partial(run.func, *others, {**settings, **self.settings, "model": model})
        forget = getattr(getattr(self.module, "data", None), "cache_clear", lambda: None)
        forget()
        try:
            return run(self.seed, epochs)
        finally:
            forget()


EACH = {"batch_size": 16, "every": 1}
SMALL = {"embedding_dim": 8, "max_length": 8}
PROTOCOLS = [
    Protocol(frappe_ctr, "frappe-fm", frappe, {"batch_size": 128}),
    Protocol(frappe_rmse, "frappe-rmse-fm", frappe),
    Protocol(ml_100k_ctr, "ml-100k-ctr-lr", clicks_in_time, {"table_l2": [1e-3, 1e-2], "batch_size": 64}),
    Protocol(beauty_next, "beauty-sasrec-ce", beauty, {**EACH, "learning_rate": 0.01, "model": SMALL}),
    Protocol(beauty_next, "beauty-bst", beauty, {**EACH, "learning_rate": 0.01}),
    Protocol(ml_1m_sasrec, "ml-1m-sasrec-ce", movielens_sequences, {**EACH, "model": SMALL}),
    Protocol(beauty_users, "beauty-users-sa-k2", beauty, {**EACH, "model": {**SMALL, "num_sampled": 40}}),
    Protocol(beauty_click, "beauty-click-pooling", beauty, {"batch_size": 64}),
    Protocol(census_tasks, "census-shared-bottom", census, {"batch_size": 32}),
    Protocol(diginetica_next, "diginetica-stmp", sessions, {"batch_size": 32, "embedding_dim": 8}),
    Protocol(ncf, "ml-100k-mf", ratings, {"table_l2": [0.0, 1e-3], "batch_size": 64, "rate": 0.05}),
    Protocol(mmoe_planted, "mmoe-planted-mmoe-rate-high", generator, seed=8),
    Protocol(funnel_esmm, "funnel-esmm", impressions, {"impressions": 1000, "batch_size": 64}),
]
