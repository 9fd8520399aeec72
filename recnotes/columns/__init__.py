"""What each `tf.feature_column` computes inside, on plain tensors."""

from recnotes.columns.buckets import bucket_ids, bucketized, bucketized_ids
from recnotes.columns.categorical import drop_missing, hashed_ids, identity_ids
from recnotes.columns.crossed import crossed_ids, fingerprint, fingerprint_cat
from recnotes.columns.dense import linear_model, numeric
from recnotes.columns.pooled import embedding, indicator, shared_embedding, weighted
from recnotes.columns.sequence import (
    sequence_embedding,
    sequence_indicator,
    sequence_lengths,
    sequence_numeric,
)
from recnotes.columns.vocabulary import vocabulary_file_ids, vocabulary_ids

__all__ = [
    "bucket_ids",
    "bucketized",
    "bucketized_ids",
    "crossed_ids",
    "drop_missing",
    "embedding",
    "fingerprint",
    "fingerprint_cat",
    "hashed_ids",
    "identity_ids",
    "indicator",
    "linear_model",
    "numeric",
    "sequence_embedding",
    "sequence_indicator",
    "sequence_lengths",
    "sequence_numeric",
    "shared_embedding",
    "vocabulary_file_ids",
    "vocabulary_ids",
    "weighted",
]
