"""Layers, one idea a file."""

from recnotes.layers.afm import PairAttention, pair_scores, weighted_pairs
from recnotes.layers.attention import (
    MultiHeadAttention,
    causal_mask,
    masked_softmax,
    scaled_dot_product_attention,
    self_attention_mask,
)
from recnotes.layers.behavior_to_interest import BehaviorToInterest
from recnotes.layers.bst_block import BSTBlock
from recnotes.layers.capsule import CapsuleInterests, dynamic_routing, squash
from recnotes.layers.cgc import CGC
from recnotes.layers.co_action import CoAction, co_action_size
from recnotes.layers.cross import CrossNetwork
from recnotes.layers.cross_v2 import CrossNetworkV2
from recnotes.layers.dense import glorot_dense
from recnotes.layers.dice_mlp import DiceMLP
from recnotes.layers.experts import apply_experts, gate_weights, mix_experts
from recnotes.layers.ffm import FieldAwareEmbedding, ffm_pairwise
from recnotes.layers.fm import FMInteraction, fm_pairs, fm_pairwise, fm_pooled
from recnotes.layers.frequency import StreamingFrequency
from recnotes.layers.hashed_frequency import HashedFrequency
from recnotes.layers.kernel_product import kernel_products
from recnotes.layers.mixture import MixtureOfExperts
from recnotes.layers.mlp import MLP
from recnotes.layers.multi_interest import SelfAttentiveInterests, most_recent_first
from recnotes.layers.negatives import sample_negatives, sample_popular
from recnotes.layers.normalized_mlp import NormalizedMLP
from recnotes.layers.product import (
    factorized_inner,
    inner_products,
    outer_products,
    outer_superposition,
    weighted_inner,
)
from recnotes.layers.product_layer import ProductLayer
from recnotes.layers.readout import choose_interest, label_aware_attention
from recnotes.layers.residual import ResidualUnit
from recnotes.layers.stacked import Stacked
from recnotes.layers.stamp_attention import STAMPAttention
from recnotes.layers.target_attention import TargetAttention
from recnotes.layers.tower import Tower
from recnotes.layers.transformer import PointWiseFeedForward, SASRecBlock

__all__ = [
    "BSTBlock",
    "BehaviorToInterest",
    "CGC",
    "CapsuleInterests",
    "CoAction",
    "CrossNetwork",
    "CrossNetworkV2",
    "DiceMLP",
    "FMInteraction",
    "FieldAwareEmbedding",
    "HashedFrequency",
    "MLP",
    "MixtureOfExperts",
    "MultiHeadAttention",
    "NormalizedMLP",
    "PairAttention",
    "PointWiseFeedForward",
    "ProductLayer",
    "ResidualUnit",
    "SASRecBlock",
    "SelfAttentiveInterests",
    "STAMPAttention",
    "Stacked",
    "StreamingFrequency",
    "TargetAttention",
    "Tower",
    "apply_experts",
    "causal_mask",
    "choose_interest",
    "co_action_size",
    "dynamic_routing",
    "factorized_inner",
    "ffm_pairwise",
    "fm_pairs",
    "fm_pairwise",
    "fm_pooled",
    "gate_weights",
    "glorot_dense",
    "label_aware_attention",
    "inner_products",
    "kernel_products",
    "masked_softmax",
    "mix_experts",
    "most_recent_first",
    "outer_products",
    "outer_superposition",
    "pair_scores",
    "sample_negatives",
    "sample_popular",
    "scaled_dot_product_attention",
    "self_attention_mask",
    "weighted_inner",
    "weighted_pairs",
    "squash",
]
