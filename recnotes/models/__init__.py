"""Models, one paper a file, each a short composition of layers."""
