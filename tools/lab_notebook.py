"""Write a lab's two notebooks, and tell whether those that are there come from today's source.

The notebooks get two cells the site leaves out, tagged `notebook-only`: links to the article and to the other
language, and, if `extra.repository` in mkdocs.yml holds the repository's address, one that installs the
package in Colab.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.lab_figures import page_svg
from tools.lab_source import Cell
from tools.paths import LANGUAGES, ROOT

NOTEBOOK_ONLY = "notebook-only"
LINKS = {
    "zh": "[文章](index.zh.md) · [English](lab.en.ipynb)",
    "en": "[Article](index.en.md) · [中文](lab.zh.ipynb)",
}
INSTALL = """\
import sys

if "google.colab" in sys.modules:
    %pip install -q "recnotes @ git+{repository}"
"""


def repository(mkdocs_yml: Path = ROOT / "mkdocs.yml") -> str | None:
    """Return `extra.repository` of mkdocs.yml, where the package is installed from; None where unset."""

    class Loader(yaml.SafeLoader):
        """YAML with MkDocs' own tags: `!ENV` is its default, other tags are nothing."""

    def env(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
        # What is committed must not depend on the environment it was built in.
        return loader.construct_sequence(node)[-1] if isinstance(node, yaml.SequenceNode) else None

    Loader.add_multi_constructor("", lambda loader, suffix, node: None)
    Loader.add_constructor("!ENV", env)
    if not mkdocs_yml.exists():
        return None
    config = yaml.load(mkdocs_yml.read_text("utf-8"), Loader) or {}
    return (config.get("extra") or {}).get("repository") or None


def digest(lab: Path) -> str:
    """Return what identifies the source the notebooks were built from, the repository's address included."""
    address = repository() or ""
    return hashlib.sha256(lab.read_bytes() + b"\0" + address.encode()).hexdigest()[:16]


def notebook_path(lab: Path, language: str) -> Path:
    """Return where the notebook of one language lies."""
    return lab.with_name(f"lab.{language}.ipynb")


def is_stale(lab: Path) -> bool:
    """Say whether a notebook is missing or was built from another source."""
    for language in LANGUAGES:
        path = notebook_path(lab, language)
        if not path.exists():
            return True
        metadata = json.loads(path.read_text("utf-8"))["metadata"]
        if metadata.get("recnotes", {}).get("source") != digest(lab):
            return True
    return False


def _outputs(cell: Cell, language: str, prefix: str, count: int) -> list[Any]:
    """Return a code cell's outputs as one language shows them."""
    outputs = []
    for output in cell.outputs:
        output = json.loads(json.dumps(output))
        svg = output.get("data", {}).get("image/svg+xml")
        if svg is not None:
            alt = cell.metadata[f"alt_{language}"]
            output["data"]["image/svg+xml"] = page_svg(svg, f"{prefix}-{count}", alt)
            output["metadata"]["image/svg+xml"]["alt"] = alt
        outputs.append(nbformat.from_dict(output))
    return outputs


def notebook(lab: Path, cells: list[Cell], language: str) -> Any:
    """Put one language's notebook together."""
    parts: list[Any] = []
    count = 0
    hidden = {"tags": [NOTEBOOK_ONLY]}
    for cell in cells:
        if cell.kind == "markdown":
            if cell.metadata["lang"] == language:
                parts.append(new_markdown_cell(cell.source))
        else:
            count += 1
            metadata = {"alt": cell.metadata[f"alt_{language}"]} if "alt_zh" in cell.metadata else {}
            outputs = _outputs(cell, language, f"{lab.parent.name}-lab", count)
            parts.append(
                new_code_cell(cell.source, metadata=metadata, outputs=outputs, execution_count=count)
            )
    extra = [new_markdown_cell(LINKS[language], metadata=hidden)]
    address = repository()
    if address:
        install = INSTALL.format(repository=address).rstrip()
        extra.append(new_code_cell(install, metadata=hidden))
    parts[1:1] = extra
    for i, part in enumerate(parts, 1):
        part["id"] = f"cell-{i:02d}"
    return new_notebook(
        cells=parts,
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "recnotes": {"language": language, "source": digest(lab)},
        },
    )


def write(lab: Path, cells: list[Cell]) -> None:
    """Write both notebooks, or neither."""
    texts = {}
    for language in LANGUAGES:
        built = notebook(lab, cells, language)
        nbformat.validate(built)
        texts[language] = json.dumps(built, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    temporary = {}
    for language, text in texts.items():
        handle, name = tempfile.mkstemp(dir=lab.parent, prefix=".lab-", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        temporary[language] = name
    for language, name in temporary.items():
        os.replace(name, notebook_path(lab, language))
