"""The benchmark's own pieces; no other library is installed or run here."""

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import data, train_step
from benchmarks.train_cases import CASES, Case
from benchmarks.train_report import NAMES, notes_of, rows_of, summary
from benchmarks.train_workers import WORKERS, Worker, environment
from benchmarks.workers.protocol import MARK, fit_runner, heard, step_runner


@pytest.mark.parametrize("total", [100_000, 1_000_000, 10_000_000])
def test_fields_add_up(total):
    sizes = data.field_sizes(total)
    assert len(sizes) == 26 and sum(sizes) == total and min(sizes) >= 3
    assert sizes == sorted(sizes, reverse=True)


def test_ids_are_in_range_and_follow_the_law():
    rng = np.random.default_rng(0)
    ids = data.zipf_ids(rng, 1000, (200_000,))
    assert ids.dtype == np.int32 and ids.min() >= 0 and ids.max() < 1000
    counts = np.sort(np.bincount(ids, minlength=1000))[::-1]
    # 1/k over k to the power 1.1, between ranks 1 and 100: 158; the draw's own spread is a few percent.
    assert 100 < counts[0] / counts[99] < 250


def test_arrays_have_the_shapes_the_models_read():
    rows = 64
    ctr = data.criteo([50, 7], 3, rows)
    assert ctr["sparse"].shape == (rows, 2) and ctr["dense"].shape == (rows, 3)
    assert set(np.unique(ctr["label"])) == {0, 1}
    assert (ctr["sparse"] < [50, 7]).all() and "dense" not in data.criteo([50], 0, rows)
    din = data.behavior(90, 5, 10, rows)
    real = din["history"] > 0
    assert (real[:, :-1] >= real[:, 1:]).all()  # padding on the right
    assert din["item"].min() >= 1 and din["item"].max() <= 90 and din["history"].max() <= 90
    sas = data.sequences(30, 8, rows)
    inner = sas["next"][:, :-1] > 0
    assert (sas["history"][:, 1:][inner] == sas["next"][:, :-1][inner]).all()


def test_every_case_can_be_asked_of_every_worker():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    for case in CASES:
        assert set(case.workers) <= set(WORKERS) == set(NAMES)
        assert set(case.goals) <= set(case.workers)
        json.dumps(case.settings())


def test_the_table():
    case = Case("DeepFM 10M", "ctr", "deepfm", 10_000_000, ("recnotes", "deepctr"), {"deepctr": 20.0})
    small = Case("DeepFM 100k", "ctr", "deepfm", 100_000, ("recnotes",))
    fast = {"rounds": [[0.02, 0.04], [0.05, 0.05]], "memory": 2**31}
    slow = {"rounds": [[1.0], [1.2], [0.8]], "memory": 0}
    result = {"recnotes": fast, "deepctr": slow}
    assert summary(result)["recnotes"] == pytest.approx((45, 30, 50))
    rows = rows_of(case, result)
    assert rows[0] == "| DeepFM 10M | RecNotes | 45.0 | 30.0–50.0 | 45,511 |  |  |"
    assert rows[1] == "| DeepFM 10M | DeepCTR | 1000.0 | 800.0–1200.0 | 2,048 | 22.22 | ≥ 20.00 |"
    half = {"recnotes": {"rounds": [[0.0225]], "memory": 1}}
    notes = notes_of({small.name: half, case.name: result})
    assert "2.00 × that at 100k" in notes[0] and "3.16 × the tables' weights" in notes[1]
    assert notes_of({small.name: half}) == []


def test_a_line_is_told_from_what_a_library_prints():
    assert heard(MARK + '{"steps": [0.5]}\n') == {"steps": [0.5]}
    assert heard("Epoch 1/1\n") is None


def test_steps_go_round_the_batches():
    seen = []
    times = step_runner(seen.append, 3)(7)
    assert seen == [0, 1, 2, 0, 1, 2, 0] and len(times) == 7 and min(times) >= 0


def test_a_fit_is_timed_batch_by_batch():
    import keras

    x = keras.Input([2], name="x")
    model = keras.Model({"x": x}, keras.layers.Dense(1)(x))
    model.compile("sgd", "mse")
    run = fit_runner(model, keras, {"x": np.zeros([12, 2], np.float32)}, np.zeros([12, 1]), 4)
    times = run(7)  # more than the 3 batches there are
    assert len(times) == 7 and min(times) > 0


def test_a_worker_answers_and_the_reason_of_one_that_ends_is_shown(tmp_path, monkeypatch):
    monkeypatch.setitem(WORKERS, "floor", ("protocol", ()))  # a module that says nothing and ends
    worker = Worker("floor", tmp_path, {})
    with pytest.raises(RuntimeError, match="ended early"):
        worker.answer()
    worker.close()


def test_the_floor_runs(tmp_path):
    case = Case("small", "ctr", "deepfm", 200, ("floor",))
    settings = case.settings() | {"hidden": [8], "batch": 16}
    for name, array in data.criteo(settings["sizes"], 13, 32).items():
        np.save(tmp_path / f"{name}.npy", array)
    worker = Worker("floor", tmp_path, settings)
    assert worker.answer()["seconds"] > 0
    assert len(worker.run(3)) == 3 and worker.memory > 0
    worker.close()


def test_a_worker_gets_the_variables_it_is_given(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr("subprocess.Popen", lambda command, env, **_: started.append(env))
    Worker("floor", tmp_path, {}, {"RECNOTES_TOLD": "7"}).log.close()
    assert started[0]["RECNOTES_TOLD"] == "7" and started[0]["TF_CPP_MIN_LOG_LEVEL"] == "3"


@pytest.mark.parametrize("arguments", [["--workers", "nobody"], ["--cases", "nothing"], ["--set", "nothing"]])
def test_an_unknown_name_is_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        train_step.main(arguments)
    assert arguments[1] in capsys.readouterr().err


def test_nothing_is_imported_of_a_library_that_is_not_there():
    """The command itself starts without TensorFlow, and makes no environment for what needs none."""
    code = "import sys; import benchmarks.train_step; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert environment(()) == sys.executable
