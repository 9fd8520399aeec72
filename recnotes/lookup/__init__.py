"""What ``tf.nn.embedding_lookup*`` do inside."""

from recnotes.lookup.dense import (
    embedding_lookup,
    embedding_lookup_partitioned,
    partition_ids,
    partition_sizes,
)
from recnotes.lookup.ids import check_ids, row_segments, row_weights, unique_ids
from recnotes.lookup.prune import prune_ids, prune_weights
from recnotes.lookup.safe import fill_empty_rows, linear_segments, safe_embedding_lookup_sparse, zero_rows
from recnotes.lookup.segments import combine, combine_weighted, limit_norm, stack_rows
from recnotes.lookup.sparse import embedding_lookup_sparse, embedding_lookup_stack, lookup_segments

__all__ = [
    "check_ids",
    "combine",
    "combine_weighted",
    "embedding_lookup",
    "embedding_lookup_partitioned",
    "embedding_lookup_sparse",
    "embedding_lookup_stack",
    "fill_empty_rows",
    "limit_norm",
    "linear_segments",
    "lookup_segments",
    "partition_ids",
    "partition_sizes",
    "prune_ids",
    "prune_weights",
    "row_segments",
    "row_weights",
    "safe_embedding_lookup_sparse",
    "stack_rows",
    "unique_ids",
    "zero_rows",
]
