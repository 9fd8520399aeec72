"""Compare what a lab shows with what it showed before: printed numbers and plotted arrays."""

import json
import math
import re
from typing import Any

TOLERANCE = 0.02  # relative; a printed number may also differ by one in its last decimal
NUMBER = re.compile(r"(?<![\w.])[-+−]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)


def same_text(old: str, new: str, tolerance: float = TOLERANCE) -> bool:
    """Compare printed text: words and integers exactly, decimals to the tolerance or their last digit."""

    def words(text: str) -> list[str]:
        return re.sub(r"\s+", " ", NUMBER.sub(" 0 ", text)).strip().split(" ")

    if words(old) != words(new):
        return False
    for a, b in zip(NUMBER.findall(old), NUMBER.findall(new), strict=True):
        if a == b:
            continue
        if not re.search(r"[.e]", a + b, re.IGNORECASE):
            return False
        x, y = (float(t.replace(",", "").replace("−", "-")) for t in (a, b))
        decimals = re.search(r"\.(\d*)", a)
        mantissa, _, exponent = a.lower().partition("e")
        unit = 10.0 ** (int(exponent or 0) - (len(decimals[1]) if decimals else 0))
        if abs(x - y) > max(tolerance * max(abs(x), abs(y)), 1.01 * unit):
            return False
    return True


def same_plot(old: list[dict[str, Any]], new: list[dict[str, Any]], tolerance: float = TOLERANCE) -> bool:
    """Compare what two figures show; the tolerance is a share of the range of the values."""
    if [item["kind"] for item in old] != [item["kind"] for item in new]:
        return False
    for a, b in zip(old, new, strict=True):
        if a["kind"] == "text":
            if not same_text(a["text"], b["text"], tolerance):
                return False
            continue
        xs, ys = a["values"], b["values"]
        if len(xs) != len(ys):
            return False
        finite = [x for x in xs if x is not None]
        scale = max(finite) - min(finite) if finite else 0.0
        for x, y in zip(xs, ys, strict=True):
            if (x is None) != (y is None):
                return False
            if x is not None and not math.isclose(x, y, rel_tol=1e-6, abs_tol=tolerance * scale + 1e-12):
                return False
    return True


def contents(outputs: list[Any]) -> list[tuple[str, Any]]:
    """Return outputs as (kind, text or plotted data)."""
    shown: list[tuple[str, Any]] = []
    for output in outputs:
        if output["output_type"] == "stream":
            shown.append(("text", "".join(output["text"])))
        elif "image/svg+xml" in output["data"]:
            shown.append(("plot", json.loads(output["metadata"]["image/svg+xml"]["plotted"])))
        else:
            shown.extend(
                (kind, "".join(value) if isinstance(value, list) else value)
                for kind, value in sorted(output["data"].items())
            )
    return shown
