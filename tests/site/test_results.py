"""Results pages: what the hook makes of cards, with runs and without."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from mkdocs.exceptions import PluginError

from experiments import texts

from .conftest import ROOT

HOOKS = ROOT / "overrides" / "hooks"
VERDICTS = {"reproduced": "已复现", "above": "更好", "not reproduced": "未复现"}


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The hook, imported beside the others."""
    monkeypatch.syspath_prepend(str(HOOKS))
    before = set(sys.modules)
    yield importlib.import_module("results")
    for name in set(sys.modules) - before:
        if str(HOOKS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def cards(folder: Path, auc: float | None) -> list[dict[str, Any]]:
    """One card held against .9, with one run or none."""
    card = {
        "name": "d-m",
        "family": "frappe-ctr",
        "model": {"en": "M|N", "zh": "M|N"},
        "data": "d",
        "protocol": {"en": "How", "zh": "怎样"},
        "metrics": ["auc"],
        "seeds": 5,
        "tuning": {"en": "none", "zh": "没调"},
        "references": [
            {
                "source": {"en": "S", "zh": "源"},
                "values": {"auc": 0.9},
                "spread": {},
                "comparable": True,
                "note": {},
            }
        ],
    }
    (folder / "cards.json").write_text(json.dumps([card]))
    if auc is not None:
        run = {
            "seed": 0,
            "epoch": 2,
            "metrics": {"auc": auc},
            "curve": [{"epoch": e, "loss": 1.0, "auc": auc + e / 100, "seconds": 1.0} for e in (1, 2)],
            "minutes": 2.0,
            "cpu_minutes": 3.0,
            "peak_mb": 700,
            "commit": "abc",
            "versions": {"python": "3"},
            "machine": "box",
        }
        (folder / "d-m.json").write_text(json.dumps({"settings": {"rate": 0.1}, "runs": [run]}))
    found = texts.read(folder / "cards.json", folder)
    for one in found:
        one["title"] = "Title"
    return found


@pytest.mark.parametrize(("auc", "verdict"), [(0.9, "reproduced"), (0.95, "above"), (0.8, "not reproduced")])
def test_a_card_with_a_run_in_both_languages(
    results: ModuleType, tmp_path: Path, auc: float, verdict: str
) -> None:
    found = cards(tmp_path, auc)
    for language, word in (("en", verdict), ("zh", VERDICTS[verdict])):
        text = results.expand("family", "frappe-ctr", found, language, "results/frappe-ctr.md")
        row = next(line for line in text.split("\n") if "(frappe-ctr.md#d-m)" in line)
        assert f"| {auc:.4f}<br>(0.9000) | {word} | 1/5\u00a0×\u00a02.0 |" in row and "M&#124;N" in row
        assert "{#d-m}" in text and "python -m experiments run d-m" in text and '"rate": 0.1' in text
        svg = re.search(r"<svg.*</svg>", text)
        assert svg and svg[0].count("<circle") == 1 and "currentColor" in svg[0] and "script" not in svg[0]
        assert bool(re.search("[一-鿿]", svg[0])) == (language == "zh")


def test_a_small_figure_within_the_tolerance_says_how_far_it_is(results: ModuleType, tmp_path: Path) -> None:
    found = cards(tmp_path, 0.95)
    found[0] |= {"tolerance": 0.01, "verdict": "within tolerance", "relative": -0.243}
    assert "| within 0.01, but 24 % lower | 1/5\u00a0" in results.table(found, "en", "results/index.md")
    found[0]["relative"] = 0.5
    assert "| 相差不到 0.01，但高 50% | 1/5\u00a0" in results.table(found, "zh", "results/index.md")


def test_the_log_has_a_line_for_each_validation(results: ModuleType, tmp_path: Path) -> None:
    text = results.expand("family", "frappe-ctr", cards(tmp_path, 0.9), "en", "results/frappe-ctr.md")
    log = text.split('??? note "log"')[1].split("```")[1].split("\n")
    assert [line.split() for line in log[1:-1]] == [
        ["seed", "0"],
        ["epoch", "loss", "auc", "seconds"],
        ["1", "1", "0.91", "1"],
        ["2", "1", "0.92", "1"],
    ]


def test_a_card_without_results_says_so(results: ModuleType, tmp_path: Path) -> None:
    found = cards(tmp_path, None)
    waiting = {"en": "Not run yet: ", "zh": "尚未运行："}
    for language, word, total in (("en", "not run yet", "0 of 1"), ("zh", "尚未运行", "1 张卡片里跑过 0 张")):
        assert word in results.expand("family", "frappe-ctr", found, language, "results/frappe-ctr.md")
        assert total in results.expand("overview", "", found, language, "results/index.md")
        every = results.expand("all", "", found, language, "results/index.md")
        assert every.split("\n\n")[1:] == [f"{waiting[language]}[M&#124;N](frappe-ctr.md#d-m)"]


def test_an_article_links_the_page_of_the_family(results: ModuleType, tmp_path: Path) -> None:
    text = results.expand("cards", "d-*", cards(tmp_path, 0.9), "en", "interaction/deepfm/index.md")
    assert "(../../results/frappe-ctr.md#d-m)" in text


def test_an_unknown_card_is_refused(results: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="no card is named 'x'"):
        results.expand("cards", "x", cards(tmp_path, None), "en", "a.md")


def test_a_bad_file_fails_the_build_by_name(
    results: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cards.json").write_text("[")
    read = texts.read
    monkeypatch.setattr(results.texts, "read", lambda: read(tmp_path / "cards.json", tmp_path))
    page = SimpleNamespace(url="results/", file=SimpleNamespace(src_uri="results/index.zh.md"))
    with pytest.raises(PluginError, match=r"results/index\.zh\.md: .*cards\.json: JSONDecodeError"):
        results.on_page_markdown("<!-- results overview -->", page, None, [])


def test_the_overview_counts_cards_verdicts_and_hours(results: ModuleType, tmp_path: Path) -> None:
    one = cards(tmp_path, 0.9)[0]
    two, three = {**one, "name": "e", "verdict": "above"}, {**one, "name": "f", "runs": []}
    found = [one, two, three, {**one, "name": "g", "family": "h", "verdict": "above", "cpu_hours": 2.0}]
    text = results.expand("overview", "", found, "en", "results/index.md")
    assert text.startswith(results.expand("total", "", found, "en", "index.md") + "\n\n")
    assert "3 of 4 cards have run: 2.1 CPU hours in all." in text
    assert "| [Title](frappe-ctr.md) | 2/3 | reproduced 1, above 1 | 0.10 |" in text
    assert "| [Title](h.md) | 1/1 | above 1 | 2.00 |" in text
    assert "已复现 1、更好 1" in results.expand("overview", "", found, "zh", "results/index.md")
    every = results.expand("all", "", found, "en", "results/index.md")
    assert every.count("| AUC | 0.9000 (0.9000) |") == 3 and every.count("| above |") == 2


def test_a_sweep_is_a_table_of_the_card_alone(results: ModuleType, tmp_path: Path) -> None:
    (card,) = cards(tmp_path, 0.9)
    card |= {"metrics": ["recall@50", "recall@50/0.5"], "references": []}
    card["figures"] = {"recall@50": (0.2, None), "recall@50/0.5": (0.1, 0.01)}
    card["runs"][0]["metrics"] = {"recall@50": 0.2, "recall@50/0.5": 0.1}
    text = results.expand("family", "frappe-ctr", [card], "en", "results/frappe-ctr.md")
    assert "| card | Recall@50 | verdict |" in text
    assert "| λ | Recall@50 |\n| --- | --- |\n| 0 | 0.2000 |\n| 0.5 | 0.1000 ±\u00a00.0100 |" in text


def test_every_metric_of_every_card_has_a_name_and_a_sentence(results: ModuleType) -> None:
    names = {metric for card in texts.read() for metric in card["metrics"]}
    module = sys.modules["results_metrics"]
    assert not [name for name in names if module.known(name) is None]
    assert module.metric_name("sampled_hr@10", "en") == "HR@10, 99 negatives"
    line = module.explained(["all_ndcg@10"], "zh", "results/ncf.md")
    link = "../reference/metrics.md#recnotes.metrics.ranking.ndcg"
    assert line == f"- [NDCG@10，全部用户]({link})：NDCG@10，在全部用户上算"


def test_a_protocol_that_all_cards_share_is_said_once(results: ModuleType, tmp_path: Path) -> None:
    one = cards(tmp_path, None)[0]
    two = {**one, "name": "e"}
    assert results.family([one, two], "en", "results/frappe-ctr.md").count("How") == 1
    two["protocol"] = {"en": "Otherwise", "zh": "另样"}
    text = results.family([one, two], "en", "results/frappe-ctr.md")
    assert "| protocol | How |" in text and "| protocol | Otherwise |" in text and "**Protocol**" not in text


def test_one_point_is_no_curve(results: ModuleType, tmp_path: Path) -> None:
    (card,) = cards(tmp_path, 0.9)
    assert "<svg" in results.shown(card, "en")
    del card["runs"][0]["curve"][1:]
    assert "<svg" not in results.shown(card, "en")
