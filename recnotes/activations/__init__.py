"""Activations as free functions, and those with weights as layers."""

from recnotes.activations.dice import Dice, dice
from recnotes.activations.stable import elu, gelu, silu, stable_sigmoid, stable_softmax

__all__ = ["Dice", "dice", "elu", "gelu", "silu", "stable_sigmoid", "stable_softmax"]
