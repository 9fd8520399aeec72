"""Optimizers of Keras that touch only the rows of a table that a batch looked up."""

from recnotes.optimizers.adagrad import RowAdagrad
from recnotes.optimizers.adam import LazyAdam
from recnotes.optimizers.ftrl import RowFtrl
from recnotes.optimizers.rows import RowUpdates, sum_duplicates

__all__ = ["LazyAdam", "RowAdagrad", "RowFtrl", "RowUpdates", "sum_duplicates"]
