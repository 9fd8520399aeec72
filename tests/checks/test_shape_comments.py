"""Which comments are shape comments, and which of those cannot be checked."""

from pathlib import Path

import pytest

from tools.shape_comments import comments

PATH = Path("/nowhere/sample.py")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x = y  # [B, f(D)]", "must be a symbol"),
        ("x = y  # [B, D/2]", "must be a symbol"),
        ("x = y  # [B D]", "is not a size"),
        ("x = y  # [B, 1.5]", "must be a symbol"),
        ("x = y  # [B] text", "two spaces"),
        ("x, z = y  # [B]", "assigns or returns one value"),
        ("print(y)  # [B]", "assigns or returns one value"),
        ("def f(a):  # [B]\n    x = a", "assigns or returns one value"),
    ],
)
def test_comments_that_cannot_be_checked_are_reported(line, message):
    found, wrong = comments(PATH, line + "\n")
    assert found == [] and len(wrong) == 1
    assert wrong[0].startswith("/nowhere/sample.py:1: ") and message in wrong[0]


def test_comments_on_their_own_line_and_other_comments_are_left_alone():
    assert comments(
        PATH, "# [B, D] is what follows\nx = y  # sum\nz = '# [B D]'\n# --8<-- [start:call]\n"
    ) == ([], [])
