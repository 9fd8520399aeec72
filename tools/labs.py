"""Build the labs: `lab.py` is executed once and becomes `lab.zh.ipynb` and `lab.en.ipynb`, with outputs.

    python tools/labs.py [LAB ...]          build these labs (default: the stale ones)
    python tools/labs.py --all              build every lab
    python tools/labs.py --stale [LAB ...]  name the labs whose notebooks are older than they; runs nothing
    python tools/labs.py --check [LAB ...]  execute again, fail where the notebooks show something else

How a lab is written says `tools/lab_source.py`. `--check` compares printed numbers and the plotted arrays,
not the text of the SVG.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.lab_compare import TOLERANCE, contents, same_plot, same_text  # noqa: E402
from tools.lab_notebook import is_stale, notebook, notebook_path, write  # noqa: E402
from tools.lab_run import Run, execute  # noqa: E402
from tools.lab_source import Cell, LabError, all_labs, read_lab  # noqa: E402
from tools.paths import LANGUAGES, shown  # noqa: E402

CPU_SECONDS = 30  # 20 s on the clock of two quiet cores; CPU time says it on a busy machine too


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
