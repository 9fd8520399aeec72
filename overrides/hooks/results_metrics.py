"""Finds what a metric of the results pages is called, and what it is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from results_metric_words import METRICS, VARIANTS, Metric
from results_words import colon

PLACE = "recnotes.metrics."


def filled(found: Metric, values: Mapping[str, Iterable[str]], function: str) -> Metric:
    """A metric with the gaps in its texts filled, with the values of each language."""
    name = {language: text.format(*values[language]) for language, text in found.name.items()}
    what = {language: text.format(*values[language]) for language, text in found.what.items()}
    return Metric(name, what, function)


@lru_cache
def known(name: str) -> Metric | None:
    """Finds a metric by the name it has on the cards; None where nobody has described it."""
    for pattern, found in METRICS.items():
        if match := re.fullmatch(pattern, name):
            return filled(found, dict.fromkeys(found.name, match.groups()), found.function)
    for pattern, found in VARIANTS.items():
        match = re.fullmatch(pattern, name)
        base = known(match[1]) if match else None
        if match and base:
            values = {language: (text, *match.groups()[1:]) for language, text in base.name.items()}
            return filled(found, values, base.function)
    return None


def metric_name(name: str, language: str) -> str:
    """A metric as a reader knows it."""
    found = known(name)
    return found.name[language] if found else name


def explained(names: Iterable[str], language: str, page: str) -> str:
    """A list of what these metrics are, each linked to the function that computes it."""
    lines = []
    reference = posixpath.relpath("reference/metrics.md", posixpath.dirname(page) or ".")
    for name in names:
        found = known(name)
        if found:
            label = found.name[language]
            if found.function:
                label = f"[{label}]({reference}#{PLACE}{found.function})"
            lines.append(f"- {label}{colon(language)}{found.what[language]}")
    return "\n".join(lines)
