"""Execute the code of a lab in a fresh kernel and keep what it shows."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook

from tools import interpreter
from tools.lab_source import Cell, LabError
from tools.paths import ROOT, shown

TIMEOUT = 600
ENVIRONMENT = interpreter.ENVIRONMENT | {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


@dataclass
class Run:
    """What executing a lab cost."""

    wall: float
    cpu: float


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
