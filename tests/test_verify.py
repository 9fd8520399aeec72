import pytest

from recnotes._verify import measure, verify
from recnotes.cli import main
from recnotes.layers.fm import fm_pairwise
from recnotes.oracles import shared_bottom
from recnotes.registry import model_names


@pytest.mark.parametrize("name", model_names())
def test_model_equals_its_loops(name):
    found = measure(name)
    # Outputs of order one; float32 has 6e-8 of relative precision, and sums of a thousand terms and a few
    # layers lose some hundred times that. A wrong term is off by 1e-2 and more.
    assert found.absolute < 5e-5 and found.relative < 2e-5, found


def test_a_changed_model_is_found(monkeypatch):
    """The comparison can fail: a model whose pairwise term is a thousandth too large."""
    monkeypatch.setattr("recnotes.models.deepfm.fm_pairwise", lambda e: 1.001 * fm_pairwise(e))
    assert measure("deepfm").relative > 1e-5


def test_loops_of_another_shape_are_refused(monkeypatch):
    monkeypatch.setattr("recnotes.oracles.fm.fm_logit", lambda *weights: [0.0, 0.0])
    with pytest.raises(ValueError, match=r"loops of fm must return \(2,\), received \(2, 2\)"):
        measure("fm")


def test_an_output_that_is_no_number_is_found(monkeypatch):
    monkeypatch.setattr("recnotes.models.deepfm.fm_pairwise", lambda e: float("nan") * fm_pairwise(e))
    found = measure("deepfm")
    assert not found.absolute < 1 and not found.relative < 1


def test_loops_without_a_task_are_refused(monkeypatch):
    whole = shared_bottom.shared_bottom_of_model
    monkeypatch.setattr(
        shared_bottom, "shared_bottom_of_model", lambda *given: {"click": whole(*given)["click"]}
    )
    with pytest.raises(ValueError, match=r"must return \['click', 'like'\], received \['click'\]"):
        measure("shared-bottom")


def test_table(capsys):
    assert main(["verify", "FM"]) == 0
    table = capsys.readouterr().out
    assert table == verify("fm")
    head, _, row = table.splitlines()
    assert head.startswith("| model | parameters |") and row.startswith("| fm | 1,893 |")
