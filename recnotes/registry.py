"""The models by name, each with a small example: what the command line, its tests and the exports run on."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["ModelEntry", "find", "model_names"]

_CTR = {"vocabulary_sizes": (100, 50, 20), "num_dense": 2}
_BEHAVIOR = {**_CTR, "num_items": 100}
_PAIR = {"num_users": 50, "num_items": 100}
_TASKS = {"tasks": ("click", "like"), "vocabulary_sizes": (100, 50, 20)}


@dataclass(frozen=True)
class ModelEntry:
    """A model and how to try it.

    Attributes:
        name: name on the command line.
        module: module that defines it.
        class_name: its class.
        family: what it reads: ``"ctr"`` and ``"multitask"`` ``{"dense", "sparse"}``; ``"behavior"`` those
            and ``{"item", "history"}``; ``"pair"`` ``{"user", "item"}``, and so does ``"two-tower"``, which
            trains on pairs that belong together, without labels; ``"sequence"`` and ``"retrieval"``
            ``{"history"}``, in training with the item that followed each step, ``"next"``, or the row,
            ``"target"``, as `follows` says.
        arguments: arguments of the example; the others keep their defaults.
        seeded: whether it takes a seed; logistic regression starts at zero.
        follows: what training adds to a history: ``"next"`` (``[B, L]``) or ``"target"`` (``[B]``).
        oracle: ``"module:function"`` of the loops in float64 that compute what the model must return, called
            with a built model and inputs.
    """

    name: str
    module: str
    class_name: str
    family: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    seeded: bool = True
    follows: str = "next"
    oracle: str = field(kw_only=True)

    def load(self) -> type:
        """Imports the class.

        Returns:
            A subclass of `keras.Model`.
        """
        return getattr(importlib.import_module(self.module), self.class_name)

    def build(self, seed: int | None = 0) -> Any:
        """Constructs the example and creates its weights.

        Args:
            seed: seed of the weights (default: 0).

        Returns:
            A built `keras.Model`.
        """
        model = self.load()(**self.arguments, **({"seed": seed} if self.seeded else {}))
        model(self.inputs())
        return model

    def reference(self, model: Any, inputs: Mapping[str, np.ndarray]) -> Any:
        """Computes in loops, in float64, what a model must return.

        Args:
            model: a built model of this class; its weights are read.
            inputs: arrays by name, as `inputs` draws them.

        Returns:
            An array, or arrays by task.
        """
        module, function = self.oracle.split(":")
        return getattr(importlib.import_module(module), function)(model, inputs)

    def inputs(self, batch: int = 4) -> dict[str, np.ndarray]:
        """Draws inputs, the same at every call.

        Args:
            batch: number of rows (default: 4).

        Returns:
            Arrays by name, batch first.
        """
        rng = np.random.default_rng(1)
        if self.family in ("pair", "two-tower"):
            sizes = self.arguments["num_users"], self.arguments["num_items"]
            pairs = rng.integers(0, sizes, (batch, 2)).astype(np.int32)
            return {"user": pairs[:, 0], "item": pairs[:, 1]}
        if self.family in ("sequence", "retrieval", "behavior"):
            lengths = rng.integers(1, 21, batch)
            history = rng.integers(1, self.arguments["num_items"] + 1, (batch, 20))  # [B, L]
            history = np.where(np.arange(20) < lengths[:, None], history, 0).astype(np.int32)  # [B, L]
            if self.family != "behavior":
                return {"history": history}
            item = rng.integers(1, self.arguments["num_items"] + 1, batch).astype(np.int32)  # [B]
            return {**self._fields(rng, batch), "item": item, "history": history}
        return self._fields(rng, batch)

    def _fields(self, rng: np.random.Generator, batch: int) -> dict[str, np.ndarray]:
        return {
            "dense": rng.normal(size=(batch, 2)).astype(np.float32),
            "sparse": rng.integers(0, self.arguments["vocabulary_sizes"], (batch, 3)).astype(np.int32),
        }

    def training(self, batch: int = 32) -> tuple[dict[str, Any], dict[str, Any]]:
        """Draws a batch to train on.

        Args:
            batch: number of rows (default: 32).

        Returns:
            Arguments of ``compile`` (besides the optimizer) and of ``fit``.
        """
        rng = np.random.default_rng(2)
        x = self.inputs(batch)
        if self.family in ("sequence", "retrieval"):
            history = x["history"]
            if self.follows == "target":
                target = rng.integers(1, self.arguments["num_items"] + 1, batch).astype(np.int32)  # [B]
                return {}, {"x": {"history": history, "target": target}}
            following = np.concatenate([history[:, 1:], np.zeros_like(history[:, :1])], axis=1)  # [B, L]
            return {}, {"x": {"history": history, "next": following}}
        if self.family == "two-tower":
            return {}, {"x": x}
        labels = rng.integers(0, 2, batch).astype(np.float32)  # [B]
        # A name is enough for Keras; the models return logits, hence the object.
        import keras

        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        if self.family == "multitask":
            tasks = self.arguments.get("tasks", ("ctr", "ctcvr"))  # ESMM's labels
            return {"loss": dict.fromkeys(tasks, loss)}, {"x": x, "y": {task: labels for task in tasks}}
        return {"loss": loss}, {"x": x, "y": labels}


_ENTRIES = (
    ModelEntry(
        "logistic-regression",
        "recnotes.models.logistic_regression",
        "LogisticRegression",
        "ctr",
        _CTR,
        seeded=False,
        oracle="recnotes.oracles.fm:logistic_regression_of_model",
    ),
    ModelEntry(
        "fm",
        "recnotes.models.fm",
        "FactorizationMachine",
        "ctr",
        _CTR,
        oracle="recnotes.oracles.fm:fm_of_model",
    ),
    ModelEntry("ffm", "recnotes.models.ffm", "FFM", "ctr", _CTR, oracle="recnotes.oracles.ffm:ffm_of_model"),
    ModelEntry(
        "wide-deep",
        "recnotes.models.wide_deep",
        "WideDeep",
        "ctr",
        {**_CTR, "crosses": ((0, 1),)},
        oracle="recnotes.oracles.wide_deep:wide_deep_of_model",
    ),
    ModelEntry("nfm", "recnotes.models.nfm", "NFM", "ctr", _CTR, oracle="recnotes.oracles.nfm:nfm_of_model"),
    ModelEntry("pnn", "recnotes.models.pnn", "PNN", "ctr", _CTR, oracle="recnotes.oracles.pnn:pnn_of_model"),
    ModelEntry("afm", "recnotes.models.afm", "AFM", "ctr", _CTR, oracle="recnotes.oracles.afm:afm_of_model"),
    ModelEntry(
        "deepfm",
        "recnotes.models.deepfm",
        "DeepFM",
        "ctr",
        _CTR,
        oracle="recnotes.oracles.deepfm:deepfm_of_model",
    ),
    ModelEntry(
        "deep-crossing",
        "recnotes.models.deep_crossing",
        "DeepCrossing",
        "ctr",
        _CTR,
        oracle="recnotes.oracles.deep_crossing:deep_crossing_of_model",
    ),
    ModelEntry(
        "dcn", "recnotes.models.dcn", "DCN", "ctr", _CTR, oracle="recnotes.oracles.cross:dcn_of_model"
    ),
    ModelEntry(
        "dcnv2", "recnotes.models.dcnv2", "DCNv2", "ctr", _CTR, oracle="recnotes.oracles.cross:dcnv2_of_model"
    ),
    ModelEntry(
        "gmf", "recnotes.models.gmf", "GMF", "pair", _PAIR, oracle="recnotes.oracles.ncf:gmf_of_model"
    ),
    ModelEntry(
        "ncf-mlp",
        "recnotes.models.ncf_mlp",
        "NCFMLP",
        "pair",
        _PAIR,
        oracle="recnotes.oracles.ncf:ncf_mlp_of_model",
    ),
    ModelEntry(
        "neumf", "recnotes.models.neumf", "NeuMF", "pair", _PAIR, oracle="recnotes.oracles.ncf:neumf_of_model"
    ),
    ModelEntry(
        "din", "recnotes.models.din", "DIN", "behavior", _BEHAVIOR, oracle="recnotes.oracles.din:din_of_model"
    ),
    ModelEntry(
        "can", "recnotes.models.can", "CAN", "behavior", _BEHAVIOR, oracle="recnotes.oracles.can:can_of_model"
    ),
    ModelEntry(
        "bst", "recnotes.models.bst", "BST", "behavior", _BEHAVIOR, oracle="recnotes.oracles.bst:bst_of_model"
    ),
    ModelEntry(
        "gru4rec",
        "recnotes.models.gru4rec",
        "GRU4Rec",
        "sequence",
        {"num_items": 100},
        oracle="recnotes.oracles.gru4rec:gru4rec_of_model",
    ),
    *(
        ModelEntry(
            name,
            "recnotes.models.stamp",
            name.upper(),
            "sequence",
            {"num_items": 100},
            follows="target",
            oracle="recnotes.oracles.stamp:stamp_of_model",
        )
        for name in ("stmp", "stamp")
    ),
    ModelEntry(
        "sasrec",
        "recnotes.models.sasrec",
        "SASRec",
        "sequence",
        {"num_items": 100, "max_length": 20},
        oracle="recnotes.oracles.sasrec:sasrec_of_model",
    ),
    ModelEntry(
        "two-tower",
        "recnotes.models.two_tower",
        "TwoTower",
        "two-tower",
        {**_PAIR, "embedding_dim": 16, "hidden_units": (32, 16)},
        oracle="recnotes.oracles.two_tower:two_tower_of_model",
    ),
    ModelEntry(
        "comirec-sa",
        "recnotes.models.comirec",
        "ComiRecSA",
        "retrieval",
        {"num_items": 100, "max_length": 20},
        follows="target",
        oracle="recnotes.oracles.multi_interest:comirec_sa_of_model",
    ),
    ModelEntry(
        "comirec-dr",
        "recnotes.models.comirec",
        "ComiRecDR",
        "retrieval",
        {"num_items": 100, "max_length": 20},
        follows="target",
        oracle="recnotes.oracles.capsule:comirec_dr_of_model",
    ),
    ModelEntry(
        "mind",
        "recnotes.models.mind",
        "MIND",
        "retrieval",
        {"num_items": 100, "max_length": 20},
        follows="target",
        oracle="recnotes.oracles.capsule:mind_of_model",
    ),
    ModelEntry(
        "shared-bottom",
        "recnotes.models.shared_bottom",
        "SharedBottom",
        "multitask",
        _TASKS,
        oracle="recnotes.oracles.shared_bottom:shared_bottom_of_model",
    ),
    ModelEntry(
        "esmm",
        "recnotes.models.esmm",
        "ESMM",
        "multitask",
        {"vocabulary_sizes": (100, 50, 20)},
        oracle="recnotes.oracles.esmm:esmm_of_model",
    ),
    ModelEntry(
        "omoe",
        "recnotes.models.mmoe",
        "OMoE",
        "multitask",
        _TASKS,
        oracle="recnotes.oracles.mmoe:mmoe_of_model",
    ),
    ModelEntry(
        "mmoe",
        "recnotes.models.mmoe",
        "MMoE",
        "multitask",
        _TASKS,
        oracle="recnotes.oracles.mmoe:mmoe_of_model",
    ),
    ModelEntry(
        "ple", "recnotes.models.ple", "PLE", "multitask", _TASKS, oracle="recnotes.oracles.cgc:ple_of_model"
    ),
)


def model_names() -> list[str]:
    """Returns the names of all models.

    Returns:
        Names in the order of the site's chapters.

    Example:
        >>> model_names()[:3]
        ['logistic-regression', 'fm', 'ffm']
    """
    return [entry.name for entry in _ENTRIES]


def find(name: str) -> ModelEntry:
    """Returns a model by its name.

    Args:
        name: name or class name; case, hyphens and underscores do not matter.

    Returns:
        The entry.

    Raises:
        ValueError: there is no such model; the message lists those there are.

    Example:
        >>> find("SASRec").module
        'recnotes.models.sasrec'
    """

    def plain(text: str) -> str:
        return text.lower().replace("-", "").replace("_", "")

    for entry in _ENTRIES:
        if plain(name) in (plain(entry.name), plain(entry.class_name)):
            return entry
    raise ValueError(f"name must be one of {', '.join(model_names())}, received {name!r}")
