"""Classic recommender papers as small, checked TensorFlow code.

Import what you use: nothing is imported for effect, so ``import recnotes`` costs nothing.
"""

__version__ = "0.1.0"
