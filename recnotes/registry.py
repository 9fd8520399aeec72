"""The models by name, each with a small example: what the command line, its tests and the exports run on."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["ModelEntry", "find", "model_names"]

_FIELDS = {"vocabulary_sizes": (100, 50, 20)}
_CTR = {**_FIELDS, "num_dense": 2}
_BEHAVIOR = {**_CTR, "num_items": 100}
_PAIR = {"num_users": 50, "num_items": 100}
_ITEMS = {"num_items": 100}
_HISTORY = {**_ITEMS, "max_length": 20}
_TASKS = {"tasks": ("click", "like"), **_FIELDS}


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


def _entry(
    name: str, class_name: str, family: str, arguments: Mapping[str, Any], oracle: str = "", **more: Any
) -> ModelEntry:
    """An entry whose module is called as the model is, and whose loops are, unless it says otherwise."""
    plain = name.replace("-", "_")
    module, function = oracle.split(":") if ":" in oracle else (oracle or plain, plain)
    loops = f"recnotes.oracles.{module}:{function}_of_model"
    own = f"recnotes.models.{more.pop('module', plain)}"
    return ModelEntry(name, own, class_name, family, arguments, oracle=loops, **more)


_ENTRIES = (
    _entry("logistic-regression", "LogisticRegression", "ctr", _CTR, "fm", seeded=False),
    _entry("fm", "FactorizationMachine", "ctr", _CTR),
    _entry("ffm", "FFM", "ctr", _CTR),
    _entry("wide-deep", "WideDeep", "ctr", {**_CTR, "crosses": ((0, 1),)}),
    _entry("nfm", "NFM", "ctr", _CTR),
    _entry("pnn", "PNN", "ctr", _CTR),
    _entry("afm", "AFM", "ctr", _CTR),
    _entry("deepfm", "DeepFM", "ctr", _CTR),
    _entry("deep-crossing", "DeepCrossing", "ctr", _CTR),
    _entry("dcn", "DCN", "ctr", _CTR, "cross"),
    _entry("dcnv2", "DCNv2", "ctr", _CTR, "cross"),
    _entry("gmf", "GMF", "pair", _PAIR, "ncf"),
    _entry("ncf-mlp", "NCFMLP", "pair", _PAIR, "ncf"),
    _entry("neumf", "NeuMF", "pair", _PAIR, "ncf"),
    _entry("din", "DIN", "behavior", _BEHAVIOR),
    _entry("can", "CAN", "behavior", _BEHAVIOR),
    _entry("bst", "BST", "behavior", _BEHAVIOR),
    _entry("gru4rec", "GRU4Rec", "sequence", _ITEMS),
    _entry("stmp", "STMP", "sequence", _ITEMS, "stamp:stamp", follows="target"),
    _entry("stamp", "STAMP", "sequence", _ITEMS, follows="target"),
    _entry("sasrec", "SASRec", "sequence", _HISTORY),
    _entry("two-tower", "TwoTower", "two-tower", {**_PAIR, "embedding_dim": 16, "hidden_units": (32, 16)}),
    _entry(
        "comirec-sa", "ComiRecSA", "retrieval", _HISTORY, "multi_interest", module="comirec", follows="target"
    ),
    _entry("comirec-dr", "ComiRecDR", "retrieval", _HISTORY, "capsule", module="comirec", follows="target"),
    _entry("mind", "MIND", "retrieval", _HISTORY, "capsule", follows="target"),
    _entry("shared-bottom", "SharedBottom", "multitask", _TASKS),
    _entry("esmm", "ESMM", "multitask", _FIELDS),
    _entry("omoe", "OMoE", "multitask", _TASKS, "mmoe:mmoe", module="mmoe"),
    _entry("mmoe", "MMoE", "multitask", _TASKS),
    _entry("ple", "PLE", "multitask", _TASKS, "cgc"),
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
