"""Embedding layers for categorical fields and for sequences of ids."""

from recnotes.embedding.behavior import BehaviorEmbedding, ItemEmbedding
from recnotes.embedding.concat import ConcatFeatures
from recnotes.embedding.feature import FeatureEmbedding
from recnotes.embedding.field import FieldEmbedding, check_field_ids
from recnotes.embedding.ids import checked_ids
from recnotes.embedding.numeric import NumericEmbedding
from recnotes.embedding.pair import pair_ids
from recnotes.embedding.sequence import (
    SequenceEmbedding,
    check_item_ids,
    history_mask,
    positions_from_the_end,
)
from recnotes.embedding.stack import stack_features

__all__ = [
    "BehaviorEmbedding",
    "ConcatFeatures",
    "FeatureEmbedding",
    "FieldEmbedding",
    "ItemEmbedding",
    "NumericEmbedding",
    "SequenceEmbedding",
    "check_field_ids",
    "check_item_ids",
    "checked_ids",
    "history_mask",
    "pair_ids",
    "positions_from_the_end",
    "stack_features",
]
