"""The MMoE article's numbers are those of the experiment's log and of the lab."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from experiments import mmoe_synthetic as experiment

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "experiments/mmoe_synthetic.jsonl"
TOPIC = ROOT / "docs/multitask/mmoe"
ROWS = [json.loads(line) for line in LOG.read_text().splitlines()]


def section(language: str, start: str) -> str:
    """The text of one section of the article."""
    text = (TOPIC / f"index.{language}.md").read_text("utf-8")
    return re.split(r"\n##+ ", text.split(f"{{#{start}}}")[1])[0]


def listed(values: list[object], language: str) -> str:
    """A list as a sentence of the page's language has it."""
    texts = [str(value) for value in values]
    return "、".join(texts) if language == "zh" else f"{', '.join(texts[:-1])} and {texts[-1]}"


def test_the_log_holds_every_run_once():
    keys = [(row["model"], row["cosine"], row["rate"], row["seed"]) for row in ROWS]
    runs = [
        (model, cosine, rate, seed)
        for model in experiment.MODELS
        for cosine in experiment.COSINES
        for rate in experiment.RATES
        for seed in range(8)
    ]
    assert sorted(keys) == sorted(runs)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table_is_the_logs(language):
    lines = section(language, "our-results").splitlines()
    assert [line for line in lines if line.startswith("| 0.0")] == experiment.table(ROWS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sentences_are_the_logs(language):
    text = section(language, "our-results")
    for rate in experiment.RATES:
        for other in ("OMoE", "SharedBottom"):
            assert listed(experiment.seeds_lower(ROWS, "MMoE", other, rate), language) in text
    distances = [f"{distance:.2f}" for distance in experiment.gate_distance(ROWS, 0.01)]
    assert listed(distances, language) in text
    better = {name: experiment.better_rate(ROWS, name) for name in ("MMoE", "Single")}
    pairs = [[f"{better[name][i]:.2f}" for name in ("MMoE", "Single")] for i in (0, -1)]
    paragraph = next(line for line in text.splitlines() if re.match(r"\*\*(Against sep|对两个独立)", line))
    assert re.findall(r"0\.\d\d", paragraph) == [number for pair in pairs for number in pair]
    means = set(re.findall(r"\d\.\d\d(?!\d)", " ".join(experiment.table(ROWS))))
    for line in text.splitlines():
        if line.startswith("**") and line != paragraph:
            assert set(re.findall(r"(?<![\d.])\d\.\d\d(?!\d)", line)) - {"0.01"} <= means, line


def test_what_the_article_says_of_the_order():
    mean = {
        (model, cosine, rate): sum(experiment.unexplained(ROWS, model, cosine, rate)) / 8
        for model in experiment.MODELS
        for cosine in experiment.COSINES
        for rate in experiment.RATES
    }
    for rate in experiment.RATES:
        for cosine in (1.0, 0.9, 0.5):  # the paper's
            assert (
                max(mean["MMoE", cosine, rate], mean["OMoE", cosine, rate])
                < mean["SharedBottom", cosine, rate]
            )
        for cosine in (0.9, 0.5, 0.0):
            assert mean["MMoE", cosine, rate] < mean["OMoE", cosine, rate]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_labs_numbers_are_what_it_prints(language):
    notebook = json.loads((TOPIC / f"lab.{language}.ipynb").read_text("utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    printed = " ".join("".join(output.get("text", "")) for output in outputs)
    lab = next(line for line in section(language, "train").splitlines() if "(lab.ipynb)" in line)
    quoted = re.findall(r"0\.\d\d", lab)
    distances = re.search(r"mean p = 1: (\S+)  p = 0\.5: (\S+)  p = 0: (\S+)", printed)
    gates = {p: re.findall(rf"p = {p}  task \d  (\S+) (\S+) (\S+) (\S+)", printed) for p in "01"}
    assert quoted == [*distances.groups(), *sum(gates["0"] + gates["1"], ())]


def test_what_the_article_says_of_the_spread():
    for rate in experiment.RATES:
        for cosine in (1.0, 0.9, 0.5):
            ours, theirs = (
                np.std(experiment.unexplained(ROWS, model, cosine, rate))
                for model in ("MMoE", "SharedBottom")
            )
            assert round(float(ours / theirs), 1) in (0.4, 0.5, 0.6, 0.7)


def test_the_summary_prints_the_table(capsys):
    experiment.summary(ROWS)
    assert "\n".join(experiment.table(ROWS)) in capsys.readouterr().out


def test_half_a_line_of_a_killed_run_is_dropped(tmp_path, monkeypatch, capsys):
    log, whole = tmp_path / "log.jsonl", LOG.read_text()
    log.write_text(whole + whole.splitlines()[0][:40])
    monkeypatch.setattr("sys.argv", ["mmoe_synthetic", str(log), "--summary"])
    experiment.main()
    assert "gate distance" in capsys.readouterr().out and log.read_text() != whole  # reading changes nothing
    monkeypatch.setattr(experiment, "Trainer", lambda name: None)
    monkeypatch.setattr("sys.argv", ["mmoe_synthetic", str(log), "--seeds", "8"])
    monkeypatch.setattr(
        experiment.tf.config.threading, "set_intra_op_parallelism_threads", lambda count: None
    )
    monkeypatch.setattr(
        experiment.tf.config.threading, "set_inter_op_parallelism_threads", lambda count: None
    )
    experiment.main()
    assert log.read_text() == whole
