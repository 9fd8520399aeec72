"""Several scores into one order: NumPy functions, one idea a file."""

from recnotes.fusion.cascade import cascade
from recnotes.fusion.chebyshev import chebyshev, chebyshev_weights
from recnotes.fusion.normalization import min_max, rank_share, z_score
from recnotes.fusion.pareto import pareto_front
from recnotes.fusion.price import price_weighted
from recnotes.fusion.product import log_power_product, power_product
from recnotes.fusion.ranks import borda_count, descending_ranks, reciprocal_rank_fusion
from recnotes.fusion.search import WeightSearch, random_weights, search_weights, weight_grid
from recnotes.fusion.weighted import weighted_sum

__all__ = [
    "WeightSearch",
    "borda_count",
    "cascade",
    "chebyshev",
    "chebyshev_weights",
    "descending_ranks",
    "log_power_product",
    "min_max",
    "pareto_front",
    "power_product",
    "price_weighted",
    "random_weights",
    "rank_share",
    "reciprocal_rank_fusion",
    "search_weights",
    "weight_grid",
    "weighted_sum",
    "z_score",
]
