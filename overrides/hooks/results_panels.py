"""Small plots with common axes as one SVG, two in a row, in the colors of the page's scheme."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, TOP = 240, 170, 26
LEFT, RIGHT, UPPER, LOWER = 46, 220, 28, 146  # the frame within a panel
Place = Callable[[float, float], tuple[float, float]]


class Axis(NamedTuple):
    """From where to where an axis goes, and whether by ratios."""

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """How far along the axis a value stands, 0 to 1."""
        low, high, at = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return (at - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round values along the axis: 1, 2 and 5 times a power of ten, at most four."""
        if self.log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            steps = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
            inside = [step for step in steps if self.low <= step <= self.high]
            tens = [step for step in inside if round(math.log10(step), 6).is_integer()]
            return inside if len(inside) <= 4 else tens if len(tens) > 1 else inside[::2]
        power = 10.0 ** math.floor(math.log10(self.high - self.low))
        step = next(s * power for s in (0.1, 0.2, 0.5, 1, 2, 5) if (self.high - self.low) / (s * power) <= 4)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def around(values: Iterable[float], log: bool = False) -> Axis:
    """An axis that holds all values: from 0, or by ratios with some room."""
    known = list(values)
    if log:
        return Axis(min(known) / 1.15, max(known) * 1.15, True)
    return Axis(0.0, 1.08 * max(known))


def line(points: Sequence[tuple[float, float]], style: str) -> str:
    """A line through places."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" {style}/>'


def dot(place: tuple[float, float], color: str, radius: float = 3.5, opacity: float = 1.0) -> str:
    """A dot at a place."""
    faint = f' opacity="{opacity:g}"' if opacity < 1 else ""
    return f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{radius:g}" fill="{color}"{faint}/>'


def text(x: float, y: float, words: str, anchor: str = "start", tight: bool = False) -> str:
    """A line of text; one without room around it keeps its size where a phone makes the others larger."""
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    kind = ' class="rn-tight"' if tight else ""
    return f'<text x="{x:g}" y="{y:g}"{side}{kind}>{escape(words)}</text>'


def frame(axes: tuple[Axis, Axis], labels: bool) -> list[str]:
    """The axes of a panel with their round values; without those of x where the panel names its own."""
    parts = [
        f'<path d="M{LEFT} {UPPER - 6}V{LOWER}H{RIGHT}" fill="none" stroke="currentColor" opacity=".5"/>'
    ]
    for value in axes[1].ticks():
        y = LOWER - (LOWER - UPPER) * axes[1].share(value)
        parts.append(f'<path d="M{LEFT - 4} {y:.1f}H{LEFT}" stroke="currentColor" opacity=".5"/>')
        parts.append(text(LEFT - 6, round(y + 4, 1), f"{value:g}", "end"))
    for value in axes[0].ticks() if labels else []:
        x = LEFT + (RIGHT - LEFT) * axes[0].share(value)
        parts.append(f'<path d="M{x:.1f} {LOWER}V{LOWER + 4}" stroke="currentColor" opacity=".5"/>')
        parts.append(text(round(x, 1), LOWER + 16, f"{value:g}", "middle"))
    return parts


def panels(
    label: str,
    axes: tuple[Axis, Axis],
    drawings: Sequence[tuple[str, Callable[[Place], list[str]]]],
    legend: Sequence[str] = (),
    labels: bool = True,
) -> str:
    """Draws panels, two in a row.

    Args:
        label: what a screen reader says.
        axes: of all panels.
        drawings: title of each panel, and what draws it given where a point goes.
        legend: parts that stand above.
        labels: whether x has round values (default: True).

    Returns:
        The figure.
    """

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + (RIGHT - LEFT) * axes[0].share(x), LOWER - (LOWER - UPPER) * axes[1].share(y)

    parts = list(legend)
    for number, (title, draw) in enumerate(drawings):
        inner = [*frame(axes, labels), text(LEFT + 6, 16, title, tight=True), *draw(place)]
        corner = f"{number % 2 * WIDTH} {TOP + number // 2 * HEIGHT}"
        parts.append(f'<g transform="translate({corner})">{"".join(inner)}</g>')
    height = TOP + (len(drawings) + 1) // 2 * HEIGHT
    svg = f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {2 * WIDTH} {height}"'
    svg += f' width="{2 * WIDTH}" height="{height}" font-size="12" fill="currentColor">'
    return f'<figure class="rn-plot">{svg}{"".join(parts)}</svg></figure>'
