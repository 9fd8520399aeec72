"""A card's curves as one SVG: the validation metric by epoch, a line a seed."""

from __future__ import annotations

from html import escape
from typing import Any

from results_metrics import metric_name
from results_words import say


def curve(card: dict[str, Any], language: str) -> str:
    """Validation metric by epoch, a line a seed, the chosen epoch marked."""
    curves = [run["curve"] for run in card["runs"] if run["curve"]]
    names = [key for key in (curves[0][0] if curves else {}) if key not in ("epoch", "loss", "seconds")]
    if not names or max(map(len, curves)) < 2:
        return ""  # one point is no curve
    metric = names[0]
    points = [[(entry["epoch"], entry[metric]) for entry in entries] for entries in curves]
    low, high = (choose(y for line in points for _, y in line) for choose in (min, max))
    last = max(max(x for line in points for x, _ in line), 2)
    scale = (high - low) or 1.0

    def place(x: float, y: float) -> str:
        return f"{60 + 400 * (x - 1) / (last - 1):.0f},{150 - 130 * (y - low) / scale:.0f}"

    parts = ['<path d="M60 12V150H464" fill="none" stroke="currentColor" opacity=".5"/>']
    parts += [
        f'<text x="54" y="{y}" text-anchor="end">{value:.4f}</text>' for y, value in ((154, low), (24, high))
    ]
    axis = say("epoch", language)
    parts += [
        '<text x="60" y="168">1</text>',
        f'<text x="464" y="168" text-anchor="end">{last:.0f}</text>',
        f'<text x="262" y="168" text-anchor="middle">{axis}</text>',
        f'<text x="68" y="12">{escape(metric_name(metric, language))}</text>',
    ]
    for run, line in zip((run for run in card["runs"] if run["curve"]), points, strict=True):
        path = " ".join(place(*point) for point in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="var(--rn-accent)" stroke-width="1.5"/>')
        for x, y in line:
            if x == run["epoch"]:
                at = place(x, y).split(",")
                parts.append(f'<circle cx="{at[0]}" cy="{at[1]}" r="4" fill="var(--rn-warm)"/>')
    name = metric_name(metric, language)
    label = (
        f"{card['name']}: validation {name} by epoch, {len(points)} seeds; dots mark the chosen epochs"
        if language == "en"
        else f"{card['name']}：验证集 {name} 随轮数的变化，共 {len(points)} 个种子，圆点是选中的一轮"
    )
    svg = f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 480 176" width="480" height="176"'
    svg += ' font-size="12" fill="currentColor">'
    return f'<figure class="rn-plot">{svg}{"".join(parts)}</svg></figure>'
