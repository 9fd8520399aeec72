"""Generators with planted truth (offline, instant) and loaders of public data sets."""

from recnotes.data.amazon_sequences import AmazonSequences, amazon
from recnotes.data.census import CensusIncome, census_income
from recnotes.data.choices import Choices, planted_choices
from recnotes.data.diginetica_sessions import Diginetica, DigineticaViews, diginetica, diginetica_sample
from recnotes.data.download import ChecksumError, DownloadError
from recnotes.data.frappe_split import Frappe, FrappeRows, frappe
from recnotes.data.funnel import Funnel, conversion_funnel
from recnotes.data.interactions import InteractionData, double_center, planted_interactions
from recnotes.data.interests import InterestClicks, interest_clicks
from recnotes.data.movielens import MovieLens, movielens_100k
from recnotes.data.movielens_1m_files import (
    MovieLens1M,
    MovieLens1MSequences,
    movielens_1m,
    movielens_1m_sequences,
)
from recnotes.data.multitask import TwoTasks, label_correlation, two_tasks
from recnotes.data.multivalued import Bags, bags_of_tags
from recnotes.data.polynomials import PolynomialData, planted_polynomial
from recnotes.data.sequences import Sequences
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
    "AmazonSequences",
    "Bags",
    "CensusIncome",
    "ChecksumError",
    "Choices",
    "Diginetica",
    "DigineticaViews",
    "DownloadError",
    "Frappe",
    "FrappeRows",
    "Funnel",
    "InteractionData",
    "InterestClicks",
    "MarkovSessions",
    "MovieLens",
    "MovieLens1M",
    "MovieLens1MSequences",
    "PolynomialData",
    "Sequences",
    "Split",
    "TwoTasks",
    "amazon",
    "bags_of_tags",
    "census_income",
    "conversion_funnel",
    "diginetica",
    "diginetica_sample",
    "double_center",
    "frappe",
    "interest_clicks",
    "label_correlation",
    "leave_last_out",
    "leave_one_out",
    "markov_sessions",
    "movielens_100k",
    "movielens_1m",
    "movielens_1m_sequences",
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
