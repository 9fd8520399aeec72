"""Files of results are short, and older ones are read too."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments import layout, store

ROOT = Path(__file__).resolve().parents[2]
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
    with pytest.raises(ValueError, match=r"all have the names \['epoch', 'auc'\], received \['epoch'\]"):
        layout.table([{"epoch": 1, "auc": 0.5}, {"epoch": 2}])


@pytest.mark.parametrize("path", sorted(store.RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_file_on_file_is_read_and_written_again(path, tmp_path):
    content = store.read(path)
    store.write(tmp_path / path.name, content)
    again = store.read(tmp_path / path.name)
    assert again | {"runs": [], "summary": {}} == content | {"runs": [], "summary": {}}
    for run, same in zip(content["runs"], again["runs"], strict=True):
        assert {**same, "curve": []} == {**run, "curve": []}
        for entry, kept in zip(run["curve"], same["curve"], strict=True):
            assert kept == pytest.approx(entry, rel=5e-6)


def python(code):
    """Starts a process that runs ``code`` with the store imported."""
    before = "import os, pathlib, signal, sys, time\nfrom experiments import store\n"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", before + code], env=environment, stdout=subprocess.PIPE)


@pytest.mark.parametrize("moment", ["open", "fsync", "replace"])
def test_killed_while_writing(tmp_path, moment):
    """Whether the new file was half written, written or about to take its place: the old one is whole."""
    path = tmp_path / "c.json"
    store.write(path, CONTENT)
    old = path.read_text()
    die = {
        "open": "store.laid_out = lambda content: Half()\n",
        "fsync": "store.os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)\n",
        "replace": "store.os.replace = lambda part, path: os.kill(os.getpid(), signal.SIGKILL)\n",
    }[moment]
    child = python(
        "class Half:\n"
        "    def __add__(self, end):\n"
        f"        pathlib.Path({str(path)!r} + '.part').write_text('{{\"card\": ')\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        f"{die}store.write(pathlib.Path({str(path)!r}), {{'settings': {{}}, 'runs': []}})"
    )
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert path.read_text() == old and path.with_name("c.json.part").exists()
    store.write(path, {**CONTENT, "runs": []})
    assert store.read(path)["runs"] == [] and [p.name for p in tmp_path.iterdir()] == ["c.json"]


def test_what_is_set_aside_is_never_written_over(tmp_path):
    path, tries = tmp_path / "c.json", tmp_path / "tries"
    names = []
    for text in ("first", "second", "second", "first"):
        path.write_text(text)
        names.append(store.set_aside(path, tries).name)
        assert path.read_text() == text
    assert names == ["c.before.json", "c.before-2.json", "c.before-2.json", "c.before.json"]
    assert [p.read_text() for p in sorted(tries.iterdir())] == ["second", "first"]


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be locked there")
def test_one_process_writes_at_a_time_and_a_killed_one_keeps_nobody_waiting(tmp_path):
    code = f"with store.alone(pathlib.Path({str(tmp_path)!r})):\n    print(1, flush=True)\n    time.sleep(60)"
    first = python(code)
    assert first.stdout.readline() == b"1\n"
    second = python(code.replace("60", "0"))
    time.sleep(1.0)
    assert second.poll() is None
    first.kill()
    assert second.communicate(timeout=60)[0] == b"1\n"
    first.communicate()
