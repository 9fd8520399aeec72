"""The command ``recnotes``: list, trace, verify and export models; fetch public data sets."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

import recnotes
from recnotes import registry


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        argv: arguments after the command's name, None for those of the process (default: None).

    Returns:
        Exit status: 0, 1 for a data set that cannot be had, or 2 for arguments that make no sense (raised as
        `SystemExit` by argparse).

    Example:
        >>> main(["list"])  # doctest: +ELLIPSIS
        logistic-regression  ...
        0
    """
    parser = argparse.ArgumentParser(prog="recnotes", description="Models of RecNotes, on the command line.")
    parser.add_argument("--version", action="version", version=recnotes.__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="list|trace|verify|export|data")
    commands.add_parser("list", help="list the models")
    tracing = commands.add_parser("trace", help="print shapes, parameters and FLOPs of a small example")
    tracing.add_argument("name", help="a model, as `recnotes list` names it")
    tracing.add_argument("--depth", type=int, default=1, help="levels of nested layers (default: 1)")
    verifying = commands.add_parser("verify", help="compare models with their loops in float64")
    verifying.add_argument("name", nargs="?", help="a model, all of them without it")
    exporting = commands.add_parser("export", help="write a model to stdout as one self-contained file")
    exporting.add_argument("name", help="a model, as `recnotes list` names it")
    exporting.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="choices",
        help="an argument to write the file for, such as wiring=authors; the value any keeps it an argument",
    )
    data = commands.add_parser("data", help="list the public data sets, fetch one")
    actions = data.add_subparsers(dest="action", required=True, metavar="list|fetch")
    actions.add_parser("list", help="list the data sets")
    fetching = actions.add_parser("fetch", help="fetch a data set, check it and keep it in the cache")
    fetching.add_argument("data_set", metavar="name", help="a data set, as `recnotes data list` names it")
    arguments = parser.parse_args(argv)
    if arguments.command == "data":
        return _data(arguments, parser)
    if getattr(arguments, "name", None) is not None:
        try:
            entry = registry.find(arguments.name)
            if arguments.command == "export":
                arguments.choices = _choices(entry.name, arguments.choices)
        except ValueError as error:
            parser.error(str(error))
    try:
        _print(_list() if arguments.command == "list" else _run(arguments))
    except BrokenPipeError:
        # The reader (head, less) has seen enough; keep Python from complaining again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _run(arguments: argparse.Namespace) -> str:
    if arguments.command == "export":
        from recnotes.export import export

        return export(arguments.name, arguments.choices)
    # TensorFlow is imported here only: the other commands answer at once.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if arguments.command == "verify":
        from recnotes._verify import verify

        return verify(arguments.name)
    from recnotes.trace import trace

    entry = registry.find(arguments.name)
    return trace(entry.build(), entry.inputs(), depth=arguments.depth) + "\n"


def _choices(name: str, options: Sequence[str]) -> dict[str, Any]:
    """Reads what was given as NAME=VALUE."""
    from recnotes._choices import chosen

    return chosen(name, {option.partition("=")[0]: option.partition("=")[2] for option in options})


def _data(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from recnotes.data import catalog
    from recnotes.data.download import DownloadError

    if arguments.action == "list":
        _print("".join(f"{entry.name:20}{entry.title}\n" for entry in catalog.entries()))
        return 0
    try:
        entry = catalog.find(arguments.data_set)
    except ValueError as error:
        parser.error(str(error))
    try:
        entry.load()
    except DownloadError as error:
        print(error, file=sys.stderr)
        return 1
    _print(f"{entry.title} is there and was read.\n{entry.license}\nCite: {entry.citation}\n")
    return 0


def _list() -> str:
    from recnotes.export import summary

    names = registry.model_names()
    width = max(map(len, names))
    return "".join(f"{name:{width}}  {summary(name)}\n" for name in names)


def _print(text: str) -> None:
    if hasattr(sys.stdout, "reconfigure"):
        # `recnotes export NAME > FILE` must write UTF-8 and plain line ends on every system.
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
