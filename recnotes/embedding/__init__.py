"""Embedding layers for categorical fields and for sequences of ids."""
