"""What produced every size and speed figure; run ``python -m benchmarks.NAME``."""
