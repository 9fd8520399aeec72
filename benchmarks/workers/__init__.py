"""One module a library: each trains a model of it in its own environment and says how long the steps took."""
