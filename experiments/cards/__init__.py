"""All cards; one module or package a protocol."""

from __future__ import annotations

import fnmatch

from experiments.card import Card
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
    score_fusion,
)

MODULES = (
    frappe_ctr,
    frappe_rmse,
    ml_100k_ctr,
    beauty_next,
    ml_1m_sasrec,
    beauty_users,
    beauty_click,
    census_tasks,
    diginetica_next,
    ncf,
    mmoe_planted,
    funnel_esmm,
    score_fusion,
)


def all_cards() -> list[Card]:
    """Returns every card in the order of the results pages."""
    return [card for module in MODULES for card in module.CARDS]


def matching(pattern: str) -> list[Card]:
    """Returns the cards whose name fits a pattern such as ``frappe-*``.

    Args:
        pattern: name, with * for any text.

    Returns:
        At least one card.

    Raises:
        ValueError: no card fits.
    """
    cards = [card for card in all_cards() if fnmatch.fnmatchcase(card.name, pattern)]
    if not cards:
        names = ", ".join(card.name for card in all_cards())
        raise ValueError(f"card must be one of {names}, received {pattern!r}")
    return cards
