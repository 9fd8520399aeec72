"""Activations as free functions, and those with weights as layers."""

from recnotes.activations.dice import Dice, dice

__all__ = ["Dice", "dice"]
