"""Losses as free functions, one idea a file."""

from recnotes.losses.next_item import gbce_beta, next_item_cross_entropy, sampled_binary_cross_entropy

__all__ = ["gbce_beta", "next_item_cross_entropy", "sampled_binary_cross_entropy"]
