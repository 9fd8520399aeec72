import dataclasses
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments import runner, store, summary
from experiments.__main__ import main
from experiments.card import Reference
from experiments.words import words

ROOT = Path(__file__).resolve().parents[2]
PLANTED = ROOT / "tests/experiments/planted.py"
COMMAND = (sys.executable, "-u", str(PLANTED))
spec = importlib.util.spec_from_file_location("planted_card", PLANTED)
planted = importlib.util.module_from_spec(spec)
spec.loader.exec_module(planted)
CARD = planted.CARD


def runs(numbers, **changes):
    base = {"metrics": {"auc": 0.5}, "curve": [], "minutes": 1.0, "cpu_minutes": 60.0}
    return [{**base, "seed": number, **changes} for number in numbers]


def test_a_run_says_everything(tmp_path, capfd):
    path = runner.run(CARD, 2, folder=tmp_path, command=COMMAND)
    content = store.read(path)
    assert content["card"] == "planted" and content["settings"] == {"epochs": 2}
    assert content["summary"]["auc"] == pytest.approx({"mean": 0.505, "std": 0.01 / 2**0.5})
    first = content["runs"][0]
    assert set(first["versions"]) == {"recnotes", "python", "tensorflow", "keras", "numpy"}
    assert [entry["epoch"] for entry in first["curve"]] == [1, 2]
    assert first["peak_mb"] > 10 and first["dirty"] in (True, False, None) and "cores" in first["machine"]
    assert first["minutes"] >= 0 and first["data"] == {} and "commit" in first
    assert capfd.readouterr().out.count("epoch 2") == 2
    assert [p.name for p in tmp_path.iterdir()] == ["planted.json"]
    assert runner.run(CARD, 2, folder=tmp_path, command=("false",)) == path
    assert capfd.readouterr().out == "planted: all 2 seeds are on file\n"


def test_killed_between_seeds_then_resumed(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(PLANTED.parent)!r})\n"
        f"from pathlib import Path; from experiments import runner; from planted import CARD\n"
        f"runner.run(CARD, folder=Path({str(tmp_path)!r}), command={(*COMMAND, '--slow')!r})"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    path = tmp_path / "planted.json"
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    assert [run["seed"] for run in json.loads(path.read_text())["runs"]] == [0]
    assert [p.name for p in tmp_path.iterdir()] == ["planted.json"]  # no half file
    before = json.loads(path.read_text())["runs"][0]
    # Seed 0 is kept; the killed seed starts again.
    runner.run(CARD, 2, folder=tmp_path, command=COMMAND)
    after = json.loads(path.read_text())["runs"]
    assert [run["seed"] for run in after] == [0, 1] and after[0] == before


def test_a_failing_seed_keeps_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "train", lambda command, name, seed, epochs: runs([seed])[0])
    runner.run(CARD, 1, folder=tmp_path)
    monkeypatch.undo()
    with pytest.raises(RuntimeError, match="planted, seed 1: its process ended with status"):
        runner.run(CARD, 2, folder=tmp_path, command=("false",))
    assert [run["seed"] for run in json.loads((tmp_path / "planted.json").read_text())["runs"]] == [0]


def test_a_damaged_file_is_named_and_kept(tmp_path):
    path = tmp_path / "planted.json"
    for text in ("{", "[]", '{"settings": {}}', '{"settings": {}, "runs": [{"seed": 0}]}', '{"settings": 1}'):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"planted\.json is damaged"):
            runner.run(CARD, folder=tmp_path)
        with pytest.raises(ValueError, match=r"planted\.json is damaged"):
            summary.on_file(CARD, tmp_path)
        assert path.read_text() == text


def test_other_settings_and_tries_lose_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "train", lambda command, name, seed, epochs: runs([seed])[0])
    path = runner.run(CARD, folder=tmp_path)
    kept = path.read_text()
    assert runner.run(CARD, 1, 1, folder=tmp_path) == tmp_path / "tries" / "planted.json"
    assert path.read_text() == kept
    assert runner.run(CARD, 1, 2, folder=tmp_path) == path  # the card's own number of epochs
    changed = dataclasses.replace(CARD, settings={"epochs": 3})
    assert not summary.on_file(changed, tmp_path)["current"]
    runner.run(changed, 1, folder=tmp_path)
    assert (tmp_path / "tries" / "planted.before.json").read_text() == kept
    assert len(json.loads(path.read_text())["runs"]) == 1


def test_a_seed_survives_damage_done_while_it_was_trained(tmp_path, monkeypatch):
    path = tmp_path / "planted.json"

    def train(command, name, seed, epochs):
        path.write_text("<<<<<<< HEAD")
        return runs([seed])[0]

    monkeypatch.setattr(runner, "train", train)
    with pytest.raises(ValueError, match=r"planted\.json is damaged .* kept in .*planted\.seed-0\.json"):
        runner.run(CARD, 1, folder=tmp_path)
    assert path.read_text() == "<<<<<<< HEAD"
    assert store.read(tmp_path / "tries" / "planted.seed-0.json")["runs"] == runs([0])


def test_seeds_that_another_process_added_meanwhile_stay(tmp_path, monkeypatch):
    def train(command, name, seed, epochs):
        if seed == 0:
            runner.keep(tmp_path / "planted.json", tmp_path, "planted", {"epochs": 2}, runs([1])[0])
        return runs([seed])[0]

    monkeypatch.setattr(runner, "train", train)
    path = runner.run(CARD, 1, folder=tmp_path)
    assert [run["seed"] for run in store.read(path)["runs"]] == [0, 1]


def test_summary(tmp_path):
    assert summary.on_file(CARD, tmp_path) is None
    found = runs([0]) + runs([1], metrics={"auc": 0.6})
    store.write(tmp_path / "planted.json", {"settings": {"epochs": 2}, "runs": found})
    card = dataclasses.replace(CARD, references=(Reference(words("x"), {"auc": 0.55}, {"auc": 0.01}),))
    result = summary.on_file(card, tmp_path)
    assert result["figures"]["auc"] == pytest.approx((0.55, 0.1 / 2**0.5))  # n - 1
    assert result["verdict"] == "reproduced" and result["cpu_hours"] == 2 and result["current"]


@pytest.mark.parametrize("option", ["--seeds", "--epochs"])
@pytest.mark.parametrize("value", ["0", "-1", "x"])
def test_numbers_below_one(option, value, capsys):
    with pytest.raises(SystemExit):
        main(["run", "frappe-lr", f"{option}={value}"])
    assert "must be a whole number of at least 1" in capsys.readouterr().err
    with pytest.raises(ValueError, match="must be at least 1, received 0"):
        runner.run(CARD, **{option[2:]: 0})


def test_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(runner, "RESULTS", tmp_path)
    with pytest.raises(SystemExit):
        main(["run", "absent"])
    assert "card must be one of" in capsys.readouterr().err
    assert main(["list"]) == 0 and "frappe-lr" in capsys.readouterr().out
    (tmp_path / "frappe-lr.json").write_text("{")
    fine = runs([0], metrics={"auc": 0.9, "log_loss": 0.3})
    store.write(tmp_path / "frappe-fm.json", {"settings": {}, "runs": fine})
    assert main(["table"]) == 1
    out, err = capsys.readouterr()
    assert "frappe-lr.json is damaged" in err and "frappe-fm" in out and "other settings" in out
    assert main(["run", "frappe-lr"]) == 1
    assert "frappe-lr.json is damaged" in capsys.readouterr().err


def test_control_c_leaves_what_is_on_file_and_says_how_to_go_on(tmp_path, capsys, monkeypatch):
    def train(command, name, seed, epochs):
        if seed == 1:
            raise KeyboardInterrupt
        return runs([seed], metrics={"auc": 0.9, "log_loss": 0.3})[0]

    monkeypatch.setattr(runner, "RESULTS", tmp_path)
    monkeypatch.setattr(runner, "train", train)
    assert main(["run", "frappe-lr", "frappe-fm"]) == 130
    assert capsys.readouterr().err == ("frappe-lr: interrupted; the same command goes on with this seed\n")
    assert [p.name for p in tmp_path.iterdir()] == ["frappe-lr.json"]
