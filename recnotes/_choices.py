"""The arguments of each model that an exported file can be written for, and the values they may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ANY = "any"  # The argument stays one.
_FLAG = (False, True)
_ON = (True, False)
_WIRING = ("paper", "authors")
_SAMPLER = ("log_uniform", "uniform")
_PROFILE = {"vocabulary_sizes": ((),), "num_dense": (0,), "field_names": (None,)}
_FEATURES = {"vocabulary_sizes": ((),), "embedding_dim": (8,), "field_names": (None,)}
_STAMP = {"wiring": _WIRING, "loss": (None, "binary", "cross_entropy")}

# What chooses between variants; the default comes first, and `str` stands for every other text.
VARIANTS: dict[str, dict[str, tuple[Any, ...]]] = {
    "ffm": {"normalize": _FLAG, "use_linear": _FLAG},
    "nfm": {"batch_norm": _ON, "random_biases": _FLAG},
    "pnn": {
        "product": ("inner", "none", "factorized", "outer", "outer_full", "kernel"),
        "pairs": ("all", "above"),
        "kernel_type": ("mat", "vec", "num"),
    },
    "afm": {"wiring": _WIRING},
    "deepfm": {"use_fm": _ON},
    "deep-crossing": {"embedding_relu": _ON},
    "dcn": {"batch_norm": _FLAG},
    "dcnv2": {
        "rank": (None,),
        "num_experts": (None,),
        "shared_gates": _FLAG,
        "structure": ("parallel", "stacked"),
    },
    "gmf": {"use_bias": _FLAG},
    "ncf-mlp": {"use_bias": _FLAG},
    "neumf": {"use_bias": _FLAG},
    "din": {
        "activation": ("dice", str),
        "normalize": (None, "softmax"),
        "cross": _FLAG,
        "use_attention": _ON,
    },
    "can": {"wiring": _WIRING},
    "gru4rec": {
        "loss": ("top1", "bpr", "top1-max", "bpr-max", "cross_entropy"),
        "embedding_dim": (None,),
        "share_items": _FLAG,
    },
    "stmp": _STAMP,
    "stamp": _STAMP,
    "sasrec": {"wiring": _WIRING, "loss": ("bce", "cross_entropy"), "share_items": _ON},
    "two-tower": {"normalize": _ON, "mask_repeats": _FLAG},
    "comirec-sa": {"wiring": _WIRING, "sampler": _SAMPLER},
    "comirec-dr": {"stop_gradient": _ON, "bilinear": ("position", "interest"), "sampler": _SAMPLER},
    "mind": {"stop_gradient": _ON, "adaptive": _ON, "sampler": _SAMPLER},
    "mmoe": {"gate_bias": _FLAG, "shared_gate": _FLAG},
    "omoe": {"gate_bias": _FLAG},
}
# What the default leaves out of the model: these are fixed only where a file would be too long with them.
PARTS: dict[str, dict[str, tuple[Any, ...]]] = {
    "din": _PROFILE,
    "can": _PROFILE,
    "bst": _PROFILE,
    "sasrec": {"calibration": (0.0,)},
    "mind": {"hidden_units": ((),), "power": (float("inf"),)},
    "mmoe": _FEATURES,
    "omoe": _FEATURES,
}


def choices_of(name: str) -> dict[str, tuple[Any, ...]]:
    """Return all choices of a model with their values, the default first."""
    return {**VARIANTS.get(name, {}), **PARTS.get(name, {})}


def defaults(choices: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """Return the default of each choice."""
    return {choice: values[0] for choice, values in choices.items()}


def chosen(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values that were given as themselves or as text, checked; `ANY` stays as it is."""
    known = choices_of(name)
    found: dict[str, Any] = {}
    for choice, value in given.items():
        if choice not in known:
            there = "; ".join(f"{other} ({_listed(values)})" for other, values in known.items()) or "none"
            raise ValueError(f"choices of {name} must be among: {there}, received {choice!r}")
        values = [v for v in known[choice] if v is not str]
        same = [v for v in values if (type(v) is type(value) and v == value) or str(v) == value]
        if value == ANY or (isinstance(value, str) and str in known[choice]):
            same += [value]
        if not same:
            raise ValueError(
                f"{choice} of {name} must be one of {_listed(known[choice])}, received {value!r}"
            )
        found[choice] = same[0]
    return found


def _listed(values: tuple[Any, ...]) -> str:
    """Return values as they are given on the command line."""
    return ", ".join([*("any other name" if v is str else str(v) for v in values), ANY])
