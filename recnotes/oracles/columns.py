"""Feature columns as plain loops."""

from collections.abc import Sequence

import numpy as np

MASK = (1 << 64) - 1
MULTIPLIER = 0xC6A4A7935BD1E995


def fingerprint_cat(first: int, second: int) -> int:
    """Join two fingerprints in Python's integers, cut to 64 bits after each product.

    Args:
        first: 64 bits.
        second: 64 bits.

    Returns:
        64 bits.

    Example:
        >>> fingerprint_cat(1, 2) < 2**64
        True
    """
    b = second * MULTIPLIER & MASK
    h = first ^ MULTIPLIER ^ ((b ^ b >> 47) * MULTIPLIER & MASK)
    h = h * MULTIPLIER & MASK
    h = (h ^ h >> 47) * MULTIPLIER & MASK
    return h ^ h >> 47


def crossed(rows: Sequence[Sequence[int]], num_buckets: int, hash_key: int = 0xDECAFCAFFE) -> list[int]:
    """Cross the integers of one row's features, the last one changing fastest.

    Args:
        rows: values of each feature.
        num_buckets: number of ids.
        hash_key: what the first fingerprint is joined to (default: ``0xDECAFCAFFE``).

    Returns:
        An id for each combination.

    Example:
        >>> len(crossed([[1, 2], [3, 4, 5]], 10))
        6
    """
    hashes = [hash_key]
    for values in rows:
        hashes = [fingerprint_cat(h, value & MASK) for h in hashes for value in values]
    return [h % num_buckets for h in hashes]


def buckets(values: np.ndarray, boundaries: Sequence[float]) -> np.ndarray:
    """Count, number by number, the boundaries that it is not below; NaN is below none.

    Args:
        values: numbers `[B, n]`.
        boundaries: increasing numbers.

    Returns:
        Buckets `[B, n]`.

    Example:
        >>> buckets(np.array([[0.0, 5.0]]), [0.0, 1.0]).tolist()
        [[1, 2]]
    """
    out = np.zeros(values.shape, int)
    for b in range(values.shape[0]):
        for j in range(values.shape[1]):
            for limit in boundaries:
                out[b, j] += not values[b, j] < limit
    return out
