"""How long a full ranking takes to evaluate: ``python -m benchmarks.full_ranking``.

MovieLens-1M's shape: every one of 6,040 users ranks all 3,416 items but those seen. Scores are float32 dot
products of random vectors; each user's target is put at a random place among the 100 best unseen items, so
that the hit rate is known before anything is ranked. The parts are the scores, the mask of seen items, the
10 best items of each user, and HR@10 and NDCG@10 by `recnotes.metrics`. The peer sorts every row and reads
all of it off the order. Both must agree.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from recnotes.metrics import hit_rate, ndcg

USERS, ITEMS, WIDTH, K = 6040, 3416, 50, 10


def setting(seed: int) -> dict[str, np.ndarray]:
    """Draws vectors, seen items (about 166 a user, as in MovieLens-1M) and targets."""
    rng = np.random.default_rng(seed)
    users, items = (rng.normal(size=(n, WIDTH)).astype(np.float32) for n in (USERS, ITEMS))
    length = np.minimum(19 + rng.geometric(1 / 147, USERS), 1500)
    rows = np.repeat(np.arange(USERS), length)
    seen = rng.integers(0, ITEMS, len(rows))
    scores = users @ items.T
    scores[rows, seen] = -np.inf
    place = rng.integers(0, 100, USERS)
    target = np.argsort(-scores, axis=1, kind="stable")[np.arange(USERS), place]
    return {"users": users, "items": items, "rows": rows, "seen": seen, "target": target, "place": place}


def best(scores: np.ndarray, seen: np.ndarray, k: int) -> np.ndarray:
    """The ``k`` best unseen items of each user, best first: a partition, then a sort of ``k`` items."""
    out = np.empty((len(scores), k), np.int64)
    for start in range(0, len(scores), 256):  # a part that stays in the cache
        rows = slice(start, start + 256)
        masked = np.where(seen[rows], np.float32(-np.inf), scores[rows])
        columns = np.argpartition(masked, ITEMS - k, axis=1)[:, ITEMS - k :]
        order = np.argsort(-np.take_along_axis(masked, columns, 1), axis=1)
        out[rows] = np.take_along_axis(columns, order, 1)
    return out


def ours(data: dict[str, np.ndarray], seconds: dict[str, float]) -> dict[str, Any]:
    """Scores, masks, takes the best and measures."""
    scores = clock(seconds, "scores", lambda: data["users"] @ data["items"].T)

    def mask() -> np.ndarray:
        seen = np.zeros(scores.shape, bool)
        seen[data["rows"], data["seen"]] = True
        return seen

    seen = clock(seconds, "mask", mask)
    return {
        "top": clock(seconds, "top 10", lambda: best(scores, seen, K)),
        "hr": clock(seconds, "HR@10", lambda: hit_rate(scores, data["target"], K, seen)),
        "ndcg": clock(seconds, "NDCG@10", lambda: ndcg(scores, data["target"], K, seen)),
    }


def peer(data: dict[str, np.ndarray], seconds: dict[str, float]) -> dict[str, Any]:
    """Sorts every row."""
    scores = clock(seconds, "scores", lambda: data["users"] @ data["items"].T)

    def mask() -> None:
        scores[data["rows"], data["seen"]] = -np.inf

    clock(seconds, "mask", mask)
    order = clock(seconds, "argsort", lambda: np.argsort(-scores, axis=1, kind="stable"))

    def measure() -> tuple[float, float]:
        place = (order == data["target"][:, None]).argmax(axis=1)
        gain = np.where(place < K, 1 / np.log2(place + 2), 0.0)
        return float((place < K).mean()), float(gain.mean())

    hr, gain = clock(seconds, "HR@10, NDCG@10", measure)
    return {"top": order[:, :K], "hr": hr, "ndcg": gain}


def clock(seconds: dict[str, float], part: str, run: Callable[[], Any]) -> Any:
    """Runs a part and keeps its shortest time."""
    start = time.perf_counter()
    result = run()
    seconds[part] = min(time.perf_counter() - start, seconds.get(part, np.inf))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="the shortest time of each part is kept")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    data = setting(arguments.seed)
    print(f"{USERS:,} users × {ITEMS:,} items, width {WIDTH}; NumPy {np.__version__}, {platform.machine()},")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, best of {arguments.repeats}")
    results = {}
    for name, run in (("recnotes", ours), ("argsort", peer)):
        seconds: dict[str, float] = {}
        for _ in range(arguments.repeats):
            results[name] = run(data, seconds)
        parts = ", ".join(f"{part} {value:.3f}" for part, value in seconds.items())
        print(f"{name:9} {sum(seconds.values()):.3f} s: {parts}")
    mine, other = results["recnotes"], results["argsort"]
    np.testing.assert_array_equal(mine["top"], other["top"])
    np.testing.assert_allclose(mine["hr"], (data["place"] < K).mean(), atol=1e-12)
    np.testing.assert_allclose([mine["hr"], mine["ndcg"]], [other["hr"], other["ndcg"]], atol=1e-12)
    print(f"the same lists, HR@10 {mine['hr']:.6f}, NDCG@10 {mine['ndcg']:.6f}")


if __name__ == "__main__":
    main()
