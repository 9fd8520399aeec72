"""Embedding layers for categorical fields and for sequences of ids."""

from recnotes.embedding.feature import FeatureEmbedding
from recnotes.embedding.field import FieldEmbedding, check_field_ids
from recnotes.embedding.numeric import NumericEmbedding

__all__ = [
    "FeatureEmbedding",
    "FieldEmbedding",
    "NumericEmbedding",
    "check_field_ids",
]
