"""Planted data for the protocols of rows: clicks, ratings, census, funnel, and what is drawn anew.

Each function replaces what a module of cards loads. With ``garbage`` other things stand where test rows are;
with ``leak`` the protocol validates on its test rows, the mistake that the test of selection must catch.
"""

import dataclasses
import functools
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments import mmoe_synthetic
from experiments.cards import movie_scores
from recnotes.data.census import CensusIncome
from recnotes.data.frappe_split import Frappe, FrappeRows

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
    patch.setattr(mmoe_synthetic, "COSINES", (0.5,))
    patch.setattr(mmoe_synthetic, "HELD_OUT", 200)
    patch.setattr(module, "trainer", functools.cache(mmoe_synthetic.Trainer))


def watched(patch: pytest.MonkeyPatch, module: ModuleType, garbage: bool, leak: bool) -> None:
    """Users who rate what many rate; garbled, the test users' held-out rows are other movies."""
    rng, other = np.random.default_rng(0), np.random.default_rng(1)
    popular = 1 / np.arange(1, ITEMS + 1)
    item = np.stack([rng.choice(ITEMS, 20, replace=False, p=popular / popular.sum()) for _ in range(30)])
    rating = rng.integers(1, 6, item.shape)
    for user in np.array_split(np.random.default_rng(0).permutation(30), 2)[1] if garbage else ():
        unseen = np.setdiff1d(np.arange(ITEMS), item[user, :-4])
        item[user, -4:], rating[user, -4:] = other.choice(unseen, 4, replace=False), 6 - rating[user, -4:]
    user, step = np.indices(item.shape)
    log = SimpleNamespace(
        user_id=user.ravel() + 1, item_id=item.ravel() + 1, rating=rating.ravel(), timestamp=step.ravel()
    )
    data = SimpleNamespace(ratings=log, num_users=30, num_items=ITEMS)
    patch.setattr(movie_scores, "movielens_100k", lambda: data)

    def turned(train: Any, data: Any, users: np.ndarray, *more: Any) -> Any:
        return train(data, np.setdiff1d(np.arange(30), users), *more)

    for name in ("train_watch", "train_like") if leak else ():
        patch.setattr(module, name, functools.partial(turned, getattr(module, name)))
