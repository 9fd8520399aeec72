"""What an article quotes of its lab is what the lab prints (MMoE's are held in tests/experiments)."""

import re
from pathlib import Path

import nbformat
import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
QUOTES = [
    ("sequence/sasrec", r"lab\.ipynb#transitions\).*", ["0.87", "0.94"]),
    ("sequence/sasrec", r"\.086 / .*", [".086", ".044", ".145", ".079", ".180", ".090"]),
    ("interaction/deepfm", r"lab\.ipynb#learned-pairs\).*", ["0.32", "0.81"]),
    ("interaction/deepfm", r"\| 0\.705 \|.*", ["0.705", "0.704", "0.711"]),
    ("interaction/deepfm", r"\| 0\.707 \|.*", ["0.707", "0.772", "0.777"]),
]


def printed(topic: str, language: str) -> str:
    """All that the notebook's cells print."""
    cells = nbformat.read(DOCS / topic / f"lab.{language}.ipynb", as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.output_type == "stream")


def missing(article: str, lab: str, pattern: str, numbers: list[str]) -> list[str]:
    """Numbers the article does not quote in this place, or the lab does not print."""
    found = re.search(pattern, article)
    quoted = re.findall(r"(?<![\d])\d?\.\d+", found[0]) if found else []
    shown = re.findall(r"\d\.\d+", lab)
    return [n for n in numbers if n not in quoted or not any(s == n or s == f"0{n}" for s in shown)]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("topic", "pattern", "numbers"), QUOTES)
def test_quoted_numbers_are_the_labs(topic: str, pattern: str, numbers: list[str], language: str) -> None:
    article = (DOCS / topic / f"index.{language}.md").read_text(encoding="utf-8")
    assert missing(article, printed(topic, language), pattern, numbers) == []


def test_a_number_that_moved_on_either_side_is_seen() -> None:
    assert missing("corr 0.87 and 0.94", "T_0 0.87 T_1 0.94", "corr.*", ["0.87", "0.94"]) == []
    assert missing("corr 0.87 and 0.94", "T_0 0.87 T_1 0.93", "corr.*", ["0.87", "0.94"]) == ["0.94"]
    assert missing("corr 0.86 and 0.94", "T_0 0.87 T_1 0.94", "corr.*", ["0.87", "0.94"]) == ["0.87"]
    assert missing("nothing", "0.87", "corr.*", ["0.87"]) == ["0.87"]
