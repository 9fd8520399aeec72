"""Pareto fronts of the fusion forms on test users, a panel a form and a line a seed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from results_panels import Place, around, dot, line, panels, text

REFERENCE = "fusion-z-score"
OWN = 'stroke="var(--rn-accent)" stroke-width="1.5"'
OTHER = 'stroke="currentColor" stroke-width="1" stroke-dasharray="2 3" opacity=".8"'
LEGEND = {
    "en": ("→ liked  ↑ tail", "this form", "z-scores", "chosen"),
    "zh": ("→ 喜欢  ↑ 长尾", "这种形式", "z-score", "选中的候选"),
}


def fronts_of(card: dict[str, Any]) -> list[list[tuple[float, float]]]:
    """Both objectives on test users of the candidates on validation's front, without those beaten there."""
    fronts = []
    for run in card["runs"]:
        front: list[tuple[float, float]] = []
        for liked, tail in sorted(((point["liked"], point["tail"]) for point in run["points"]), reverse=True):
            if not front or tail > front[-1][1]:
                front.append((liked, tail))
        fronts.append(front)
    return fronts


def drawing(card: dict[str, Any], reference: dict[str, Any]) -> Callable[[Place], list[str]]:
    """Draws one form over the reference, which has no line under itself."""

    def draw(place: Place) -> list[str]:
        others = [] if card is reference else fronts_of(reference)
        parts = [line([place(*point) for point in front], OTHER) for front in others]
        parts += [line([place(*point) for point in front], OWN) for front in fronts_of(card)]
        for run in card["runs"]:
            at = (run["metrics"]["liked_ndcg@10"], run["metrics"]["tail_ndcg@10"])
            parts.append(dot(place(*at), "var(--rn-warm)"))
        return parts

    return draw


def fronts(cards: list[dict[str, Any]], language: str) -> str:
    """The figure; empty where nothing is on file."""
    done = [card for card in cards if card["runs"]]
    if not done:
        return ""
    nothing: dict[str, Any] = {"runs": []}
    reference = next((card for card in done if card["name"] == REFERENCE), nothing)
    points = [point for card in done for front in fronts_of(card) for point in front]
    axes = (around(x for x, _ in points), around(y for _, y in points))
    directions, own, other, chosen = LEGEND[language]
    legend = [text(6, 16, directions), line([(130, 12), (152, 12)], OWN), text(158, 16, own)]
    legend += [line([(240, 12), (262, 12)], OTHER), text(268, 16, other)]
    legend += [dot((350, 12), "var(--rn-warm)"), text(360, 16, chosen)]
    seeds = max(len(card["runs"]) for card in done)
    label = (
        f"Fronts of {len(done)} fusion forms on test users, up to {seeds} seeds each: NDCG@10 of liked "
        "movies to the right, of liked movies of the tail upwards; dashed lines are z-scores, dots are chosen"
        if language == "en"
        else f"{len(done)} 种融合形式在测试用户上的前沿，每种至多 {seeds} 个种子：横轴是喜欢的影片的 "
        "NDCG@10，纵轴是其中长尾影片的 NDCG@10；虚线是 z-score 加权和，圆点是选中的候选"
    )
    titles = [re.split("，|, |（", card["model"][language])[0] for card in done]
    return panels(
        label,
        axes,
        [(title, drawing(card, reference)) for title, card in zip(titles, done, strict=True)],
        legend,
    )
