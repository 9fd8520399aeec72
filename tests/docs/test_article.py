"""Bad ids of headings, and articles that leave the template, are found."""

import pytest

from tests.docs.sample_pages import page
from tools.article import BASICS_PARTS, MODEL_PARTS, RESULTS_PARTS, heading_ids, template


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# 标题\n", "has no id"),
        ("# A {#a}\n## B {#特征}\n", "lower-case ASCII"),
        ("# A {#a}\n## B {#b}\n## C {#b}\n", "stands twice"),
        ("# A {#a}\n# B {#b}\n", "one H1"),
        ("## A {#a}\n# B {#b}\n", "one H1"),
        ("text\n", "one H1"),
    ],
)
def test_bad_heading_ids_are_found(text: str, message: str) -> None:
    found = heading_ids(page(text))
    assert len(found) == 1 and message in found[0]


def test_what_stands_in_code_is_no_heading() -> None:
    assert heading_ids(page("# A {#a}\n```bash\n# comment\n```\n")) == []


def article(parts: list[str]) -> str:
    """The skeleton of a model article."""
    body = "# FM {#fm}\n\n| a | b |\n|---|---|\n| c | d |\n\n"
    inside = {
        "architecture": "![结构](architecture.svg)\n",
        "formula-to-code": "$$\nx\n$$\n",
        "differences": "| a | b | c |\n|---|---|---|\n| d | e | f |\n",
        "exercises": '??? success "答案"\n    一\n' * 3,
        "references": "```bibtex\n@a{b}\n```\n",
    }
    for part in parts:
        body += f"## {part} {{#{part}}}\n\n{inside.get(part, '')}\n"
    return body


def test_an_article_with_all_parts_passes() -> None:
    assert template(page(article(list(MODEL_PARTS))), "interaction", "fm") == []
    assert template(page(article(["use", *BASICS_PARTS])), "basics", "fm") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("{#fm}", "{#ffm}"), "folder's name"),
        (lambda text: text.replace("{#pitfalls}", "{#traps}"), "['pitfalls'] are missing"),
        (
            lambda text: (
                text.replace("{#train}", "{#x}").replace("{#copy}", "{#train}").replace("{#x}", "{#copy}")
            ),
            "in the order",
        ),
        (lambda text: text.replace('??? success "答案"\n    一\n', "", 1), "received 2"),
        (lambda text: text.replace("bibtex", "text"), "BibTeX"),
        (lambda text: text.replace("| a | b |\n|---|---|\n| c | d |\n", ""), "card"),
        (lambda text: text.replace("![结构](architecture.svg)", ""), "diagram"),
        (lambda text: text.replace("| a | b | c |", ""), "in a table"),
        (lambda text: text.replace("$$", ""), "formulas"),
    ],
)
def test_an_article_that_leaves_the_template_is_found(change, message: str) -> None:
    found = template(page(change(article(list(MODEL_PARTS)))), "interaction", "fm")
    assert any(message in problem for problem in found), found


def results_article() -> str:
    """The skeleton of an article on results."""
    body = "# FM {#fm}\n\n"
    inside = {"measured": "```python\nprint(1)\n```\n", "references": "```bibtex\n@a{b}\n```\n"}
    for part in ("question", "measured", "rules", "references"):
        body += f"## {part} {{#{part}}}\n\n{inside.get(part, '')}\n"
    return body


def test_an_article_on_results_needs_no_exercises() -> None:
    assert template(page(results_article()), "results", "fm") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("{#rules}", "{#advice}"), "['rules'] are missing"),
        (
            lambda text: (
                text.replace("{#question}", "{#x}")
                .replace("{#rules}", "{#question}")
                .replace("{#x}", "{#rules}")
            ),
            f"in the order {list(RESULTS_PARTS)}",
        ),
        (lambda text: text.replace("bibtex", "text"), "BibTeX"),
        (lambda text: text.replace("```python", "```bash"), "a block must compute the numbers"),
    ],
)
def test_an_article_on_results_that_leaves_the_template_is_found(change, message: str) -> None:
    found = template(page(change(results_article())), "results", "fm")
    assert any(message in problem for problem in found), found
