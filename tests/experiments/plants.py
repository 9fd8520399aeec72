"""Every protocol on planted data: a card of each module, small, with rows that can be garbled."""

import dataclasses
import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from experiments import next_item
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
    movie_scores,
    ncf,
    score_fusion,
)
from experiments.cards.beauty_next import protocol as beauty_protocol
from experiments.cards.ml_1m_sasrec import logs

from . import plants_rows as rows
from . import plants_sequences as sequences


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A card on planted data, with settings that make it small."""

    module: ModuleType
    card: str
    put: Callable[[pytest.MonkeyPatch, ModuleType, bool, bool], None]
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    seed: int = 0
    fits: ModuleType | None = None  # where the card's ``fit`` stands, if in another module
    loads: ModuleType | None = None  # where its data are loaded, if in another module

    def run(self, epochs: int) -> Trial:
        """Trains one seed; what a module keeps of its data is forgotten before and after."""
        (card,) = (card for card in self.module.CARDS if card.name == self.card)
        run = card.run
        if self.settings:
            assert isinstance(run, functools.partial)
            *others, settings = run.args
            model = {**settings.get("model", {}), **self.settings.get("model", {})}
            run = functools.partial(run.func, *others, {**settings, **self.settings, "model": model})
        loads = self.loads or self.module
        found = (getattr(getattr(loads, name, None), "cache_clear", None) for name in ("data", "published"))
        forget = next(filter(None, found), lambda: None)
        forget()
        try:
            return run(self.seed, epochs)
        finally:
            forget()


EACH = {"batch_size": 16, "every": 1}
SMALL = {"embedding_dim": 8, "max_length": 8}
SASREC = {**SMALL, "num_blocks": 1}
PROTOCOLS = [
    Protocol(frappe_ctr, "frappe-fm", rows.frappe, {"batch_size": 128}),
    Protocol(frappe_rmse, "frappe-rmse-fm", rows.frappe),
    Protocol(
        ml_100k_ctr, "ml-100k-ctr-lr", rows.clicks_in_time, {"table_l2": [1e-3, 1e-2], "batch_size": 64}
    ),
    Protocol(
        beauty_next,
        "beauty-sasrec-ce",
        sequences.beauty,
        {**EACH, "learning_rate": 0.01, "model": SASREC},
        fits=next_item,
        loads=beauty_protocol,
    ),
    Protocol(
        beauty_next,
        "beauty-bst",
        sequences.beauty,
        {**EACH, "learning_rate": 0.01},
        fits=next_item,
        loads=beauty_protocol,
    ),
    Protocol(
        ml_1m_sasrec,
        "ml-1m-sasrec-ce",
        sequences.movielens_sequences,
        {**EACH, "model": SASREC},
        fits=next_item,
        loads=logs,
    ),
    Protocol(
        beauty_users,
        "beauty-users-sa-k2",
        sequences.beauty,
        {**EACH, "model": {**SMALL, "num_sampled": 40}},
        fits=next_item,
    ),
    Protocol(beauty_click, "beauty-click-pooling", sequences.beauty, {"batch_size": 64}),
    Protocol(census_tasks, "census-shared-bottom", rows.census, {"batch_size": 32}),
    Protocol(
        diginetica_next,
        "diginetica-stmp",
        sequences.sessions,
        {"batch_size": 32, "embedding_dim": 8},
        fits=next_item,
    ),
    Protocol(ncf, "ml-100k-mf", rows.ratings, {"table_l2": [0.0, 1e-3], "batch_size": 64, "rate": 0.05}),
    Protocol(mmoe_planted, "mmoe-planted-mmoe-rate-high", rows.generator, seed=8),
    Protocol(score_fusion, "fusion-z-score", rows.watched, {"held_out": 4, "list": 30}, fits=movie_scores),
    Protocol(funnel_esmm, "funnel-esmm", rows.impressions, {"impressions": 1000, "batch_size": 64}),
]
