"""MMoE's planted tasks: losses over the steps of training, and how far the runs lie apart in the end."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean, median
from typing import Any

from results_panels import Axis, Place, around, dot, line, panels, text

# Part of the card's name → its word in each language and its stroke.
MODELS = {
    "shared-bottom": ("shared", "共享", "currentColor", "2 3"),
    "omoe": ("OMoE", "OMoE", "var(--rn-warm)", "7 3"),
    "mmoe": ("MMoE", "MMoE", "var(--rn-accent)", "none"),
    "single": ("single", "独立", "var(--rn-soft)", "7 3 2 3"),
}
Card = dict[str, Any]


def model_of(card: Card) -> str:
    """The model's part of a card's name."""
    return str(card["name"]).removeprefix("mmoe-planted-").rpartition("-rate-")[0]


def stroke(model: str) -> str:
    """How a model's line is drawn."""
    _, _, color, dashes = MODELS[model]
    return f'stroke="{color}" stroke-width="1.8" stroke-dasharray="{dashes}"'


def situations(cards: list[Card]) -> list[tuple[float, float, list[Card]]]:
    """Cosine and rate of every panel, with the models' cards: a row a cosine, a column a rate."""
    cosines = dict.fromkeys(cosine for card in cards for cosine in card["settings"]["cosines"])
    rates = dict.fromkeys(card["settings"]["rate"] for card in cards)
    return [
        (cosine, rate, [card for card in cards if card["settings"]["rate"] == rate])
        for cosine in cosines
        for rate in rates
    ]


def titled(cosine: float, rate: float, language: str) -> str:
    """The title of a panel."""
    return f"p = {cosine:g}, rate {rate:g}" if language == "en" else f"p = {cosine:g}，学习率 {rate:g}"


def mean_losses(card: Card, cosine: float) -> list[tuple[float, float]]:
    """Steps and the mean loss over the runs that kept theirs."""
    kept = [run["points"] for run in card["runs"] if run.get("points")]
    return [
        (points[0]["step"], fmean(point[f"loss_p{cosine:g}"] for point in points))
        for points in zip(*kept, strict=True)
    ]


def losses(cards: list[Card], language: str) -> str:
    """Loss by step, mean of the runs, a line a model; empty where no run kept its losses."""
    done = [card for card in cards if any(run.get("points") for run in card["runs"])]
    if not done:
        return ""
    panes = situations(done)
    values = [loss for p, _, group in panes for card in group for _, loss in mean_losses(card, p)]
    last = max(step for p, _, group in panes for card in group for step, _ in mean_losses(card, p))

    def drawing(cosine: float, group: list[Card]) -> Callable[[Place], list[str]]:
        return lambda place: [
            line([place(*point) for point in mean_losses(card, cosine)], stroke(model_of(card)))
            for card in group
        ]

    legend = [text(6, 16, "→ steps  ↑ loss" if language == "en" else "→ 步数  ↑ 损失")]
    for number, (model, (english, chinese, _, _)) in enumerate(MODELS.items()):
        x = 130 + 88 * number
        legend += [line([(x, 12), (x + 26, 12)], stroke(model))]
        legend += [text(x + 31, 16, english if language == "en" else chinese)]
    runs = max(sum(bool(run.get("points")) for run in card["runs"]) for card in done)
    label = (
        f"Loss by training step for four models, by cosine p and learning rate, mean of up to {runs} runs"
        if language == "en"
        else f"四种模型的损失随训练步数的变化，按余弦 p 与学习率分开，至多 {runs} 次运行取均值"
    )
    drawings = [(titled(p, rate, language), drawing(p, group)) for p, rate, group in panes]
    return panels(label, (Axis(0.0, last), around(values, log=True)), drawings, legend)


def spread(cards: list[Card], language: str) -> str:
    """Unexplained variance of every run in the end, a column a model; empty where nothing is on file."""
    done = [card for card in cards if card["runs"]]
    if not done:
        return ""
    panes = situations(done)

    def ends(card: Card, cosine: float) -> list[tuple[int, float]]:
        return [(run["seed"], run["metrics"][f"unexplained_p{cosine:g}"]) for run in card["runs"]]

    def drawing(cosine: float, group: list[Card]) -> Callable[[Place], list[str]]:
        def draw(place: Place) -> list[str]:
            parts = []
            for card in group:
                model = model_of(card)
                english, chinese, color, _ = MODELS[model]
                column, found = list(MODELS).index(model) + 0.5, ends(card, cosine)
                # Side by side by seed, so that equal ones are seen: 3 and 7 have no common factor.
                parts += [
                    dot(place(column + (3 * seed % 7 - 3) / 12, value), color, 2.2, 0.7)
                    for seed, value in found
                ]
                middle = median(value for _, value in found)
                bar = [place(column - 0.35, middle), place(column + 0.35, middle)]
                parts.append(line(bar, 'stroke="currentColor" stroke-width="1.5"'))
                x, _ = place(column, middle)
                word = english if language == "en" else chinese
                parts.append(text(round(x, 1), 162, word, "middle", tight=True))
            return parts

        return draw

    values = [value for p, _, group in panes for card in group for _, value in ends(card, p)]
    axes = (Axis(0.0, float(len(MODELS))), around(values, log=True))
    runs = max(len(card["runs"]) for card in done)
    note = f"↑ unexplained, %; up to {runs} runs, the bar is their median"
    label = f"Unexplained variance in percent after training, a dot a run, up to {runs} runs a model"
    if language == "zh":
        note = f"↑ 未解释的方差（%）；至多 {runs} 次运行，横线是中位数"
        label = f"训练结束时未解释的方差（百分比），每个点是一次运行，每种模型至多 {runs} 次"
    drawings = [(titled(p, rate, language), drawing(p, group)) for p, rate, group in panes]
    return panels(label, axes, drawings, [text(6, 16, note)], labels=False)
