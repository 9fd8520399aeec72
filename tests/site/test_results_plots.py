"""Drawings of the results pages: where figures land, and what is drawn before and after the first run."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mkdocs.exceptions import PluginError

from experiments import store, texts

from .conftest import ROOT

HOOKS = ROOT / "overrides" / "hooks"
COSINES = [1.0, 0.5]


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Imports a hook's module."""
    monkeypatch.syspath_prepend(str(HOOKS))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(HOOKS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def form(name: str, front: list[tuple[float, float]], chosen: tuple[float, float]) -> dict[str, Any]:
    """A fusion card with two seeds that found the same front."""
    points = [{"liked": x, "tail": y} for x, y in front]
    run = {"points": points, "metrics": {"liked_ndcg@10": chosen[0], "tail_ndcg@10": chosen[1]}}
    model = {"en": f"{name}, a form", "zh": f"{name}，一种形式"}
    return {"name": name, "family": "score-fusion", "model": model, "runs": [run, run]}


def planted(model: str, rate: float, runs: list[tuple[float, list[float]]]) -> dict[str, Any]:
    """A card of planted tasks: of each run what is unexplained in the end, and the losses it kept."""
    return {
        "name": f"mmoe-planted-{model}-rate-{'high' if rate == 0.01 else 'low'}",
        "family": "mmoe-planted",
        "settings": {"rate": rate, "cosines": COSINES},
        "runs": [
            {
                "seed": seed,
                "metrics": {f"unexplained_p{p:g}": end for p in COSINES},
                **({"points": steps(losses)} if losses else {}),
            }
            for seed, (end, losses) in enumerate(runs)
        ],
    }


def steps(losses: list[float]) -> list[dict[str, float]]:
    return [
        {"step": 500.0 * (n + 1), **{f"loss_p{p:g}": loss for p in COSINES}} for n, loss in enumerate(losses)
    ]


def places(svg: str, color: str) -> list[tuple[float, float]]:
    found = re.findall(rf'<circle cx="([\d.]+)" cy="([\d.]+)" r="[\d.]+" fill="{re.escape(color)}"', svg)
    return [(float(x), float(y)) for x, y in found]


def lines(svg: str, style: str) -> list[list[tuple[float, float]]]:
    found = re.findall(rf'<polyline points="([^"]*)" fill="none" {re.escape(style)}', svg)
    return [[tuple(map(float, point.split(","))) for point in path.split()] for path in found]


def test_axes_share_out_values_and_have_few_round_ticks(hook: Any) -> None:
    panels = hook("results_panels")
    assert panels.Axis(0.0, 4.0).share(1.0) == 0.25
    assert panels.Axis(0.1, 10.0, True).share(1.0) == pytest.approx(0.5)
    assert panels.Axis(0.0, 0.17).ticks() == pytest.approx([0, 0.05, 0.1, 0.15])
    assert panels.Axis(0.1, 1.0, True).ticks() == pytest.approx([0.1, 0.2, 0.5, 1])
    assert panels.Axis(0.01, 100.0, True).ticks() == pytest.approx([0.01, 0.1, 1, 10, 100])
    for high in (0.013, 0.9, 3.0, 7.7, 6000.0):
        assert 2 <= len(panels.Axis(0.0, high).ticks()) <= 5


@pytest.mark.parametrize("language", ["en", "zh"])
def test_fronts_and_the_chosen_dot_land_where_they_must(hook: Any, language: str) -> None:
    module, panels = hook("results_fronts"), hook("results_panels")
    top = (0.2, 0.05)  # the largest of each objective
    cards = [
        form("fusion-z-score", [(0.2, 0.01), (0.1, 0.04)], (0.2, 0.01)),
        form("fusion-borda", [(0.2, 0.02), (0.1, 0.01), (0.05, 0.05)], top),  # the second is beaten
        {"name": "fusion-rrf", "family": "score-fusion", "runs": []},
    ]
    svg = module.fronts(cards, language)
    assert svg.count("<g ") == 2 and ">fusion-borda<" in svg and "rrf" not in svg
    assert [len(points) for points in lines(svg, module.OWN)[1:]] == [2] * 4
    assert len(lines(svg, module.OWN)) == 1 + 2 + 2 and len(lines(svg, module.OTHER)) == 1 + 2
    expected = (
        panels.LEFT + (panels.RIGHT - panels.LEFT) / 1.08,
        panels.LOWER - (panels.LOWER - panels.UPPER) / 1.08,
    )
    assert places(svg, "var(--rn-warm)")[-1] == pytest.approx(expected, abs=0.06)
    assert bool(re.search("[一-鿿]", svg)) == (language == "zh")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_losses_are_means_of_the_runs_that_kept_them(hook: Any, language: str) -> None:
    module = hook("results_planted")
    cards = [
        planted("mmoe", 0.01, [(0.5, []), (0.5, [0.4, 0.1]), (0.5, [0.2, 0.1])]),
        planted("single", 0.01, [(0.5, [0.3, 0.1])]),
    ]
    svg = module.losses(cards, language)
    assert svg.count("<g ") == len(COSINES)
    ours, others = (lines(svg, module.stroke(model))[1:] for model in ("mmoe", "single"))
    assert ours == others and len(ours) == len(COSINES)  # both means are .3 and .1
    assert ours[0][0][0] < ours[0][1][0] and ours[0][0][1] < ours[0][1][1]
    assert bool(re.search("[一-鿿]", svg)) == (language == "zh")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_spread_has_a_dot_a_run_and_a_bar_at_the_median(hook: Any, language: str) -> None:
    module = hook("results_planted")
    cards = [
        planted("mmoe", rate, [(end, []) for end in (0.1, 0.4, 1.6, 0.2, 3.2)]) for rate in (0.01, 0.001)
    ]
    svg = module.spread(cards, language)
    assert svg.count("<g ") == 2 * len(COSINES)
    dots = places(svg, "var(--rn-accent)")
    assert len(dots) == 4 * 5 and len({x for x, _ in dots[:5]}) == 5
    bars = lines(svg, 'stroke="currentColor"')
    assert len(bars) == 4 and bars[0][0][1] == bars[0][1][1] == dots[1][1]
    assert bool(re.search("[一-鿿]", svg)) == (language == "zh")


def test_nothing_is_drawn_before_the_first_run(hook: Any) -> None:
    cards = [{"name": "fusion-borda", "family": "score-fusion", "runs": []}]
    assert hook("results_fronts").fronts(cards, "en") == ""
    module = hook("results_planted")
    assert module.spread([planted("mmoe", 0.01, [])], "en") == ""
    assert module.losses([planted("mmoe", 0.01, [(0.5, [])])], "en") == ""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["fronts", "losses", "spread"])
def test_what_is_on_file_is_drawn(hook: Any, name: str, language: str) -> None:
    results: ModuleType = hook("results")
    svg = results.expand("plot", name, texts.read(), language, "results/x.md")
    family, _ = results.PLOTS[name]
    kept = [card["runs"] for card in texts.read() if card["family"] == family]
    needed = [run for runs in kept for run in runs if name != "losses" or run.get("points")]
    assert bool(svg) == bool(needed)
    assert "nan" not in svg.lower() and "<script" not in svg


def test_an_unknown_plot_is_refused(hook: Any) -> None:
    with pytest.raises(PluginError, match="no plot is named 'x'"):
        hook("results").expand("plot", "x", [], "en", "a.md")


def test_points_survive_the_file(tmp_path: Path) -> None:
    run = {"seed": 0, "minutes": 1.0, "metrics": {"a": 1.0}, "curve": [{"epoch": 1}], "points": steps([0.5])}
    store.write(tmp_path / "c.json", {"settings": {}, "runs": [run]})
    assert store.read(tmp_path / "c.json")["runs"][0]["points"] == run["points"]
    assert '{"step": 500.0, "loss_p1": 0.5, "loss_p0.5": 0.5}' in (tmp_path / "c.json").read_text()
