"""Generators with planted truth (offline, instant) and loaders of public data sets."""

from recnotes.data.choices import Choices, planted_choices
from recnotes.data.download import ChecksumError, DownloadError
from recnotes.data.funnel import Funnel, conversion_funnel
from recnotes.data.interactions import InteractionData, double_center, planted_interactions
from recnotes.data.interests import InterestClicks, interest_clicks
from recnotes.data.movielens import MovieLens, movielens_100k
from recnotes.data.multitask import TwoTasks, label_correlation, two_tasks
from recnotes.data.multivalued import Bags, bags_of_tags
from recnotes.data.polynomials import PolynomialData, planted_polynomial
from recnotes.data.session_parallel import session_parallel_batches
from recnotes.data.sessions import (
    MarkovSessions,
    leave_last_out,
    markov_sessions,
    next_item_pairs,
    pack_sequences,
    prefix_pairs,
    transition_counts,
)
from recnotes.data.splits import Split, leave_one_out, random_rows, temporal

__all__ = [
    "Bags",
    "ChecksumError",
    "Choices",
    "DownloadError",
    "Funnel",
    "InteractionData",
    "InterestClicks",
    "MarkovSessions",
    "MovieLens",
    "PolynomialData",
    "Split",
    "TwoTasks",
    "bags_of_tags",
    "conversion_funnel",
    "double_center",
    "interest_clicks",
    "label_correlation",
    "leave_last_out",
    "leave_one_out",
    "markov_sessions",
    "movielens_100k",
    "next_item_pairs",
    "pack_sequences",
    "planted_choices",
    "planted_interactions",
    "planted_polynomial",
    "prefix_pairs",
    "random_rows",
    "session_parallel_batches",
    "temporal",
    "transition_counts",
    "two_tasks",
]
