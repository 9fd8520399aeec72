"""Outputs of labs are compared within a tolerance, and nothing wider."""

import pytest

from tools.lab_compare import same_plot, same_text


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("AUC 0.7312", "AUC 0.7313", True),
        ("loss 0.01", "loss 0.02", True),  # one in the last decimal
        ("loss 0.010", "loss 0.020", False),
        ("loss 1.00e-07", "loss 1.01e-07", True),
        ("AUC 0.73", "NDCG 0.73", False),
        ("shape (4, 8)", "shape (4, 16)", False),  # integers are exact
        ("1,225 pairs", "1,226 pairs", False),
        ("a 1.0\n  b 2.0", "a 1.0  b 2.0", True),  # columns may move
        ("[0.5 0.25]", "[0.5 0.25 0.1]", False),
        ("-0.0", "0.0", True),
        ("nan", "0.5", False),
    ],
)
def test_printed_numbers_are_compared_within_the_tolerance(old: str, new: str, same: bool) -> None:
    assert same_text(old, new) is same


def test_plots_are_compared_as_arrays() -> None:
    line = [{"kind": "line", "values": [0.0, 0.0, 1.0, 10.0]}]
    assert same_plot(line, [{"kind": "line", "values": [0.0, 0.1, 1.0, 9.9]}])
    assert not same_plot(line, [{"kind": "line", "values": [0.0, 0.0, 1.0, 8.0]}])
    assert not same_plot(line, [{"kind": "line", "values": [0.0, 0.0]}])
    assert not same_plot(line, [{"kind": "line", "values": [0.0, None, 1.0, 10.0]}])
    assert not same_plot(line, [{"kind": "image", "values": [0.0, 0.0, 1.0, 10.0]}])
    assert not same_plot([{"kind": "text", "text": "0.5"}], [{"kind": "text", "text": "0.9"}])
