"""Every shape comment of `recnotes` was held to a tensor, in a call whose sizes were pairwise distinct."""

import importlib
import itertools

import pytest
import tensorflow as tf

from tools.paths import ROOT
from tools.shape_comments import comments
from tools.shape_tracer import Tracer

CASES = [
    (f"{path.stem}.{name}", function)
    for path in sorted((ROOT / "tests/checks/shape_cases").glob("[a-z]*.py"))
    for name, function in vars(importlib.import_module(f"tests.checks.shape_cases.{path.stem}")).items()
    if name.startswith("case_")
]
FILES = sorted((ROOT / "recnotes").rglob("*.py"))
FOUND = {path: comments(path) for path in FILES}
TRACER = Tracer(itertools.chain.from_iterable(found for found, _ in FOUND.values()))


@pytest.fixture(autouse=True)
def eager():
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def test_every_comment_can_be_checked():
    assert [text for _, wrong in FOUND.values() for text in wrong] == []


def test_the_comments_of_labs_can_be_checked():
    assert [text for path in sorted((ROOT / "docs").rglob("lab.py")) for text in comments(path)[1]] == []


@pytest.fixture(scope="module")
def traced():
    """Runs all cases once; what a case itself raises is its failure."""
    errors = {}
    for name, case in CASES:
        tf.config.run_functions_eagerly(True)
        TRACER.declared = case.sizes
        with TRACER:
            try:
                case()
            except Exception as error:
                errors[name] = error
    return errors


@pytest.mark.parametrize("name", [name for name, _ in CASES])
def test_the_case_runs(traced, name):
    if name in traced:
        raise traced[name]


def test_no_comment_is_wrong(traced):
    assert list(TRACER.failures.values()) == []


def test_every_comment_is_reached(traced):
    """Add a `case_` to tests/checks/shape_cases for what is named here."""
    assert [f"{c.where}: {c.text}" for c in TRACER.comments if not c.reached] == []


def test_every_comment_is_proven(traced):
    """In a case that reaches what is named here, declare all its symbols and choose sizes that differ."""
    assert [f"{c.where}: {c.text}" for c in TRACER.comments if c.reached and not c.proven] == []
