"""Build the labs: `lab.py` is executed once and becomes `lab.zh.ipynb` and `lab.en.ipynb`, with outputs.

    python tools/labs.py [LAB ...]          build these labs (default: the stale ones)
    python tools/labs.py --all              build every lab
    python tools/labs.py --stale [LAB ...]  name the labs whose notebooks are older than they; runs nothing
    python tools/labs.py --check [LAB ...]  execute again, fail where the notebooks show something else

A lab is jupytext's percent format. Markdown cells come in pairs, `# %% [markdown] lang="zh"` and `lang="en"`;
code cells stand once. A cell that draws its one figure says what it shows: `# %% alt_zh="…" alt_en="…"`. A
cell whose numbers move more than the tolerance says so: `# %% tolerance=0.1`.

The notebooks get two cells the site leaves out, tagged `notebook-only`: links to the article and to the other
language, and, if `extra.repository` in mkdocs.yml holds the repository's address, one that installs the
package in Colab. `--check` compares printed numbers and the plotted arrays, not the text of the SVG.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.blocks import shown  # noqa: E402
from tools.lab_compare import TOLERANCE, contents, same_plot, same_text  # noqa: E402
from tools.lab_figures import page_svg  # noqa: E402

LANGUAGES = ("zh", "en")
CPU_SECONDS = 30  # 20 s on the clock of two quiet cores; CPU time says it on a busy machine too
TIMEOUT = 600
NOTEBOOK_ONLY = "notebook-only"
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
LINKS = {
    "zh": "[文章](index.zh.md) · [English](lab.en.ipynb)",
    "en": "[Article](index.en.md) · [中文](lab.zh.ipynb)",
}
INSTALL = """\
import sys

if "google.colab" in sys.modules:
    %pip install -q "recnotes @ git+{repository}"
"""


class LabError(Exception):
    """Something in a lab's source must change; the message says where."""


@dataclass
class Cell:
    """One cell of `lab.py`."""

    kind: str  # "markdown" or "code"
    source: str
    line: int  # of the `# %%` marker in lab.py, counted from 1
    metadata: dict[str, Any]
    outputs: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Run:
    """What executing a lab cost."""

    wall: float
    cpu: float


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


def all_labs(docs: Path = ROOT / "docs") -> list[Path]:
    """Return every `lab.py`, sorted."""
    return sorted(docs.glob("**/lab.py"))


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


# Reading the source -------------------------------------------------------------------------------


def read_lab(lab: Path) -> list[Cell]:
    """Read `lab.py` and hold it to the rules: paired Markdown cells, paired alternative texts."""
    text = lab.read_text("utf-8")
    lines = [i for i, line in enumerate(text.splitlines(), 1) if re.match(r"# %%( |$)", line)]
    notebook = jupytext.reads(text, fmt="py:percent")
    if len(lines) != len(notebook.cells):
        raise LabError(
            f"{shown(lab)}:1: a lab must start with `# %%`, and no cell may be empty of its marker"
        )
    cells = [
        Cell(cell.cell_type, cell.source, line, dict(cell.metadata))
        for cell, line in zip(notebook.cells, lines, strict=True)
    ]
    expected = "zh"
    for cell in cells:
        where = f"{shown(lab)}:{cell.line}"
        if cell.kind == "markdown":
            if cell.metadata.get("lang") != expected:
                raise LabError(
                    f'{where}: this Markdown cell must be lang="{expected}", '
                    f"received {cell.metadata.get('lang')!r}"
                )
            expected = "en" if expected == "zh" else "zh"
        elif expected == "en":
            raise LabError(f"{where}: the Markdown cell before this code has no English twin")
        elif ("alt_zh" in cell.metadata) != ("alt_en" in cell.metadata):
            raise LabError(f"{where}: alt_zh and alt_en must come together")
    if expected == "en":
        raise LabError(f"{shown(lab)}:{cells[-1].line}: the last Markdown cell has no English twin")
    if not cells or cells[0].kind != "markdown" or not cells[0].source.startswith("# "):
        raise LabError(f"{shown(lab)}:1: a lab must start with a pair of Markdown cells that hold its title")
    return cells


# Executing ----------------------------------------------------------------------------------------


def _failure(lab: Path, cells: list[Cell], error: CellExecutionError) -> LabError:
    """Say where in lab.py a cell failed. Execution counts start at 1 with the hidden set-up cell."""
    code = [cell for cell in cells if cell.kind == "code"]
    trace = re.sub(r"\x1b\[[0-9;]*m", "", error.traceback)
    frames = re.findall(r"Cell In\[(\d+)\], line (\d+)", trace)
    what = f"{error.ename}: {error.evalue}"
    for count, line in reversed(frames):
        if 0 <= int(count) - 2 < len(code):
            cell = code[int(count) - 2]
            return LabError(
                f"{shown(lab)}:{cell.line + int(line)}: cell {cells.index(cell) + 1} failed: {what}"
            )
    return LabError(f"{shown(lab)}: {what}\n{trace}")


def _in_lab(lab: Path, code: list[Cell], message: str) -> str:
    """Turn a cell's line into one of lab.py."""

    def line(match: re.Match[str]) -> str:
        return f"{shown(lab)}:{code[int(match[1]) - 1].line + int(match[2])}"

    return re.sub(r"(?:(?<=^)|(?<=\s))[^\s:]*\bcell (\d+):(\d+)", line, message)


def _tidy(lab: Path, cell: Cell, outputs: list[Any]) -> list[dict[str, Any]]:
    """Keep what is shown: printed text in one piece, results, figures."""
    kept: list[dict[str, Any]] = []
    drawn = any("image/svg+xml" in output.get("data", {}) for output in outputs)
    for output in outputs:
        if drawn and output.output_type == "execute_result":
            continue  # the artist that the last call returned
        if " at 0x" in str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", "")):
            raise LabError(
                f"{shown(lab)}:{cell.line}: this cell shows an address in memory, which is never the same"
            )
        if output.output_type == "stream":
            if output.name == "stderr":
                lines = [line for line in output.text.splitlines() if line.strip() and "\r" not in line]
                if lines and "\r" not in output.text:  # a progress bar is no complaint
                    raise LabError(
                        f"{shown(lab)}:{cell.line}: this cell warned, it must not:\n" + "\n".join(lines)
                    )
            elif kept and kept[-1]["output_type"] == "stream":
                kept[-1]["text"] += output.text
            else:
                kept.append({"output_type": "stream", "name": "stdout", "text": output.text})
        elif output.output_type in ("display_data", "execute_result"):
            data = dict(output.data)
            if "image/svg+xml" in data:
                data.pop("text/plain", None)
            metadata = {kind: value for kind, value in output.metadata.items() if kind in data}
            kept.append({"output_type": "display_data", "data": data, "metadata": metadata})
    figures = sum("image/svg+xml" in output.get("data", {}) for output in kept)
    if figures > 1:
        raise LabError(f"{shown(lab)}:{cell.line}: a cell must draw one figure, received {figures}")
    if figures != ("alt_zh" in cell.metadata):
        raise LabError(f"{shown(lab)}:{cell.line}: a cell has alt_zh and alt_en exactly if it draws a figure")
    return kept


def execute(lab: Path, cells: list[Cell]) -> Run:
    """Run the code of a lab in a fresh kernel and put the outputs into its cells."""
    code = [cell for cell in cells if cell.kind == "code"]
    path = f"sys.path.insert(0, {str(ROOT)!r})"
    kernel = "from tools import lab_kernel as _kernel"
    tensorflow = any(re.search(r"\b(tensorflow|keras|recnotes)\b", cell.source) for cell in code)
    before = (
        f"import sys; {path}; {kernel}; sys.path.pop(0); del sys; _kernel.setup(get_ipython(), {tensorflow})"
    )
    after = "_kernel.report()"
    sources = [before, *(cell.source for cell in code), after]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(lab.parent)}},
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
    )
    start = time.perf_counter()
    try:
        client.execute(env={**os.environ, **ENVIRONMENT})
    except CellExecutionError as error:
        raise _failure(lab, cells, error) from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise LabError(f"{shown(lab)}: {error}") from None
    wall = time.perf_counter() - start
    for cell, executed in zip(code, notebook.cells[1:-1], strict=True):
        cell.outputs = _tidy(lab, cell, executed.outputs)
    report = json.loads(notebook.cells[-1].outputs[0].text)
    if report["shapes"]:
        raise LabError("\n".join(_in_lab(lab, code, message) for message in report["shapes"]))
    return Run(wall, report["cpu"])


# Writing ------------------------------------------------------------------------------------------


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


# Comparing ----------------------------------------------------------------------------------------


def differences(lab: Path, cells: list[Cell]) -> list[str]:
    """Say where the committed notebooks show something else than the cells just executed."""
    found = []
    code = [cell for cell in cells if cell.kind == "code"]
    for language in LANGUAGES:
        name = notebook_path(lab, language).name
        fresh = notebook(lab, cells, language)
        stored = nbformat.read(notebook_path(lab, language), as_version=4)
        if [(c.cell_type, c.source, c.metadata) for c in fresh.cells] != [
            (c.cell_type, c.source, c.metadata) for c in stored.cells
        ]:
            found.append(f"{shown(lab.parent / name)}: text or code is not that of lab.py")
            continue
        ran = [cell for cell in stored.cells if cell.cell_type == "code" and cell.execution_count]
        for cell, old in zip(code, ran, strict=True):
            tolerance = float(cell.metadata.get("tolerance", TOLERANCE))
            before, after = contents(old.outputs), contents(cell.outputs)
            where = f"{shown(lab)}:{cell.line}: {name}"
            if [kind for kind, _ in before] != [kind for kind, _ in after]:
                found.append(f"{where} shows {[k for k, _ in before]}, the code now {[k for k, _ in after]}")
                continue
            for (kind, a), (_, b) in zip(before, after, strict=True):
                same = same_plot(a, b, tolerance) if kind == "plot" else same_text(str(a), str(b), tolerance)
                if not same and kind == "plot":
                    found.append(f"{where} plots other values than the code now")
                elif not same:
                    found.append(f"{where} prints\n{a.rstrip()}\nthe code now\n{b.rstrip()}")
    return found


# The command --------------------------------------------------------------------------------------


def build(lab: Path) -> Run:
    """Execute one lab and write its notebooks."""
    cells = read_lab(lab)
    run = execute(lab, cells)
    write(lab, cells)
    return run


def check(lab: Path) -> tuple[Run | None, list[str]]:
    """Execute one lab and compare it with its notebooks."""
    if is_stale(lab):
        return None, [f"{shown(lab)}: its notebooks are older than it: run `make labs`"]
    cells = read_lab(lab)
    run = execute(lab, cells)
    return run, differences(lab, cells)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labs", nargs="*", type=Path, metavar="LAB")
    mode = parser.add_mutually_exclusive_group()
    for option in ("all", "stale", "check"):
        mode.add_argument(f"--{option}", action="store_true")
    options = parser.parse_args(arguments)
    labs = options.labs or all_labs()
    if options.stale:
        stale = [lab for lab in labs if is_stale(lab)]
        for lab in stale:
            print(f"{shown(lab)}: its notebooks are older than it, run `make labs`")
        return 1 if stale else 0
    if not (options.labs or options.all or options.check):
        labs = [lab for lab in labs if is_stale(lab)]
    status = 0
    for lab in labs:
        try:
            run, problems = check(lab) if options.check else (build(lab), [])
        except LabError as error:
            run, problems = None, [str(error)]
        if run:
            print(f"{shown(lab)}: {run.cpu:.1f} s of CPU time, {run.wall:.1f} s on the clock")
            if run.cpu > CPU_SECONDS and not options.check:
                problems.append(
                    f"{shown(lab)}: a lab must need at most {CPU_SECONDS} s of CPU, received {run.cpu:.1f}"
                )
        for problem in problems:
            print(problem, file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
