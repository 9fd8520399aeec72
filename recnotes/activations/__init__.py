"""Activations as free functions, and those with weights as layers."""

from recnotes.activations.dice import Dice, dice
from recnotes.activations.dice_forms import AuthorsDice, BatchDice
from recnotes.activations.rectifiers import PReLU, leaky_relu, prelu, relu
from recnotes.activations.stable import elu, gelu, silu, stable_sigmoid, stable_softmax, swiglu

__all__ = [
    "AuthorsDice",
    "BatchDice",
    "Dice",
    "PReLU",
    "dice",
    "elu",
    "gelu",
    "leaky_relu",
    "prelu",
    "relu",
    "silu",
    "stable_sigmoid",
    "stable_softmax",
    "swiglu",
]
