"""MMoE's synthetic pair of tasks: what four networks of one size leave unexplained as the tasks grow apart.

The experiment is `experiments.mmoe_synthetic`; a seed of a card is one run for each cosine. Runs that its log
``experiments/mmoe_synthetic.jsonl`` holds (seeds 0 to 7) are read from it: their minutes are of reading,
the curve's seconds those of training. It holds no losses; the seeds after them keep those of training, every
500 steps. For the spread over 50 runs, as in the paper's figure:

    python -m experiments run "mmoe-planted-*" --seeds 50

Nothing is chosen: 6,000 steps on fresh rows, and a card for each of the two rates. The paper prints figures
only, and searches the rate.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

from experiments import mmoe_synthetic
from experiments.card import Card, Trial
from experiments.words import Words, words

LOG = Path(mmoe_synthetic.__file__).with_suffix(".jsonl")
PROTOCOL = {
    "en": "two regression tasks of the MMoE paper's generator, 6,000 steps of 128 fresh rows; percent of the "
    "noiseless labels' variance left unexplained on 20,000 other rows, mean of both tasks, for each cosine p",
    "zh": "MMoE 论文的生成器给出的两个回归任务，训练 6,000 步，每步 128 行新数据；在另外 20,000 行上，"
    "报告无噪声标签的方差中未被解释的百分比（两个任务取均值），每个余弦 p 一项",
}
NAMES = {"SharedBottom": "shared-bottom", "OMoE": "omoe", "MMoE": "mmoe", "Single": "single"}
SHOWN = {
    "SharedBottom": words("shared-bottom", "共享底层"),
    "Single": words("one network a task", "每个任务一个网络"),
}


def metric(cosine: float) -> str:
    """Returns the metric's name."""
    return f"unexplained_p{cosine:g}"


def shown(model: str, rate: float) -> Words:
    """Returns the name of a model at a rate, as a reader knows it."""
    name = SHOWN.get(model, words(model))
    return words(f"{name['en']}, rate {rate:g}", f"{name['zh']}，学习率 {rate:g}")


@functools.cache
def logged() -> dict[tuple[str, float, float, int], dict[str, Any]]:
    """Returns the log's runs by model, cosine, rate and seed."""
    rows = map(json.loads, LOG.read_text("utf-8").splitlines())
    return {(row["model"], row["cosine"], row["rate"], row["seed"]): row for row in rows}


trainer = functools.cache(mmoe_synthetic.Trainer)


def run(model: str, rate: float, seed: int, epochs: int | None) -> Trial:
    """Reads or trains one seed; ``epochs`` has no meaning here, the number of steps is fixed."""
    metrics, seconds = {}, 0.0
    stretch = mmoe_synthetic.STRETCH
    points = [{"step": float(step)} for step in range(stretch, mmoe_synthetic.STEPS + 1, stretch)]
    for cosine in mmoe_synthetic.COSINES:
        row = logged().get((model, cosine, rate, seed)) or trainer(model).measure(cosine, rate, seed)
        metrics[metric(cosine)] = 100 * float(np.mean(row["unexplained"]))
        seconds += row["cpu_seconds"]
        for point, loss in zip(points, row.get("losses", []), strict=False):
            point[f"loss_p{cosine:g}"] = loss
    curve = [{"epoch": 1.0, "seconds": round(seconds, 1)}]
    return Trial(curve, 1, metrics, [point for point in points if len(point) > 1])


CARDS = [
    Card(
        name=f"mmoe-planted-{name}-rate-{'high' if rate == 0.01 else 'low'}",
        model=shown(model, rate),
        data="planted",
        protocol=PROTOCOL,
        settings={
            "rate": rate,
            "steps": mmoe_synthetic.STEPS,
            "batch_size": mmoe_synthetic.BATCH,
            "held_out": mmoe_synthetic.HELD_OUT,
            "cosines": mmoe_synthetic.COSINES,
        },
        metrics=tuple(map(metric, mmoe_synthetic.COSINES)),
        run=functools.partial(run, model, rate),
        seeds=8,
        tuning=words("none: two rates, each with a card", "未调参：两种学习率，各一张卡片"),
    )
    for rate in mmoe_synthetic.RATES
    for model, name in NAMES.items()
]
