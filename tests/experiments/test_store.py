"""Files of results are short, and older ones are read too."""

import json

import pytest

from experiments import runner, store

RUN = {
    "seed": 0,
    "epoch": 2,
    "metrics": {"auc": 0.9},
    "curve": [{"epoch": 1.0, "loss": 12.3456789, "auc": 0.987654}, {"epoch": 2.0, "loss": 1e-7, "auc": 0.5}],
    "minutes": 1.0,
    "versions": {"python": "3"},
}
CONTENT = {
    "card": "c",
    "settings": {"model": {"sizes": [1, 2]}, "rate": 0.1},
    "runs": [RUN, {**RUN, "seed": 1}],
}


def test_both_forms_give_the_same(tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(CONTENT, indent=1))
    store.write(new, store.read(old))
    first, again = store.read(old), store.read(new)
    assert first["runs"][0]["curve"][0]["loss"] == 12.3456789
    curve = [{"epoch": 1, "loss": 12.3457, "auc": 0.987654}, {"epoch": 2, "loss": 1e-07, "auc": 0.5}]
    assert again == {**first, "runs": [{**run, "curve": curve} for run in first["runs"]]}
    store.write(old, again)
    assert old.read_text() == new.read_text()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["new.json", "old.json"]


def test_a_validation_is_a_line(tmp_path):
    path = tmp_path / "c.json"
    store.write(path, CONTENT)
    lines = [line.strip() for line in path.read_text().splitlines()]
    assert lines.count('["epoch", "loss", "auc"],') == 2 and lines.count("[2, 1e-07, 0.5]") == 2
    assert '"metrics": {"auc": 0.9},' in lines


@pytest.mark.parametrize("curve", [[["epoch", "auc"], [1]], [1, 2], [["epoch"], 3]])
def test_a_torn_curve_is_damage(tmp_path, curve):
    path = tmp_path / "c.json"
    path.write_text(json.dumps({**CONTENT, "runs": [{**RUN, "curve": curve}]}))
    with pytest.raises(ValueError, match=r"c\.json is damaged"):
        store.read(path)


def test_entries_of_one_curve_have_the_same_names():
    with pytest.raises(ValueError, match="must all have the names"):
        store.table([{"epoch": 1, "auc": 0.5}, {"epoch": 2}])


@pytest.mark.parametrize("path", sorted(runner.RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_file_on_file_is_read_and_written_again(path, tmp_path):
    content = store.read(path)
    store.write(tmp_path / path.name, content)
    again = store.read(tmp_path / path.name)
    assert again | {"runs": [], "summary": {}} == content | {"runs": [], "summary": {}}
    for run, same in zip(content["runs"], again["runs"], strict=True):
        assert {**same, "curve": []} == {**run, "curve": []}
        for entry, kept in zip(run["curve"], same["curve"], strict=True):
            assert kept == pytest.approx(entry, rel=5e-6)
