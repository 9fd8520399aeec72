"""Hold docstrings to the code: names and defaults of arguments, returns, raises, examples, references.

Sections are read by griffe, the parser that renders the API pages; signatures come from the syntax tree.
"""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

from tools.call_graph import Module, Package
from tools.paths import shown
from tools.signatures import Function, Parameter, is_record, signature

# Methods that Keras (or Python) prescribes: their arguments need no description, but a wrong one is wrong.
PRESCRIBED = {
    "build",
    "call",
    "get_config",
    "from_config",
    "compute_output_shape",
    "compute_mask",
    "train_step",
}
_DEFAULT = re.compile(r"\(default: (?P<value>.+)\)\.?$", re.DOTALL)


def sections(text: str) -> dict[str, Any]:
    """The docstring's sections by kind; the admonitions Example and References under their titles."""
    logger = logging.getLogger("griffe")
    level, logger.level = logger.level, logging.CRITICAL  # it misses types, which stand in the signature
    try:
        parsed = griffe.Docstring(text).parse("google", warnings=False)
    finally:
        logger.level = level
    found: dict[str, Any] = {}
    for section in parsed:
        if section.kind is griffe.DocstringSectionKind.admonition:
            found[(section.title or section.value.annotation).lower()] = section.value.description
        else:
            found[section.kind.value] = section.value
    return found


def violations(root: Path) -> list[str]:
    """Everything the package's docstrings say wrongly or leave out, as `file:line: name: what`."""
    package = Package(root)
    wrong = []
    for module in package.modules:
        if module.path.stem != "__init__" and any(part.startswith("_") for part in module.name.split(".")):
            continue
        for name, node, parent in _public(module.tree):
            where = f"{shown(module.path)}:{node.lineno}: {name}"
            wrong += [f"{where}: {text}" for text in _check(package, module, node, parent)]
    return wrong


def _public(tree: ast.Module) -> Iterator[tuple[str, Function | ast.ClassDef, ast.ClassDef | None]]:
    for node in tree.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        yield node.name, node, None
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, Function) and not item.name.startswith("_"):
                    yield f"{node.name}.{item.name}", item, node


def _check(
    package: Package, module: Module, node: Function | ast.ClassDef, parent: ast.ClassDef | None
) -> Iterator[str]:
    text = ast.get_docstring(node)
    if not text:
        yield "no docstring"
        return
    found = sections(text)
    attributes = "parameters" not in found and "attributes" in found  # of a record; defaults may be left out
    told = found.get("attributes" if attributes else "parameters", [])
    public = package.public(module, node.name if parent is None else parent.name)
    needed = public and not (parent is not None and node.name in PRESCRIBED)
    yield from _arguments(signature(node), told, needed, attributes)
    yield from _returns(node, found, needed)
    yield from _raises(package, module.name, node, parent, found, needed or node.name in PRESCRIBED)
    if parent is None and public and not is_record(node):
        error = isinstance(node, ast.ClassDef) and node.name.endswith("Error")
        if not error and ">>>" not in _part(text, "Example"):
            yield "no Example with a doctest"
        kind = module.name.split(".")[1] if "." in module.name else ""
        if isinstance(node, ast.ClassDef) and kind in ("layers", "models") and _is_layer(package, node):
            if "https://" not in _part(text, "References"):
                yield "no References with a link"
            if "$" not in text:
                yield "no formula"


def _is_layer(package: Package, node: ast.ClassDef) -> bool:
    bases = [ast.unparse(base).split(".")[-1] for base in node.bases]
    return any(base in ("Layer", "Model") or base in package.callables for base in bases)


def _part(text: str, title: str) -> str:
    """A section's text, as written."""
    match = re.search(rf"^{title}s?:\n((?:[ \t]+.*\n?|\n)*)", text + "\n", re.MULTILINE)
    return match[1] if match else ""


def _arguments(signature: list[Parameter], told: list[Any], needed: bool, lax: bool) -> Iterator[str]:
    if not told and not needed:
        return
    names = [argument.name for argument in told]
    have = [parameter.name for parameter in signature if not parameter.variadic or parameter.name in names]
    if names != have:
        yield f"Args are ({', '.join(names)}), the signature has ({', '.join(have)})"
        return
    defaults = {parameter.name: parameter.default for parameter in signature}
    for argument in told:
        match = _DEFAULT.search(" ".join(argument.description.split()))
        said = match["value"].strip("`") if match else None
        default = defaults[argument.name]
        if default is None and said is not None:
            yield f"{argument.name} has no default, Args say {said}"
        elif default is not None and said is None:
            if not lax:
                yield f"{argument.name} must end in (default: {default})"
        elif default is not None and said is not None and not _equal(said, default):
            yield f"{argument.name} is {default} by default, Args say {said}"


def _equal(one: str, two: str) -> bool:
    try:
        return ast.dump(ast.parse(one, mode="eval")) == ast.dump(ast.parse(two, mode="eval"))
    except SyntaxError:
        return False


def _returns(node: Function | ast.ClassDef, found: dict[str, Any], needed: bool) -> Iterator[str]:
    has = "returns" in found or "yields" in found
    if isinstance(node, ast.ClassDef):
        if (
            any(isinstance(item, Function) and item.name == "call" for item in node.body)
            and needed
            and not has
        ):
            yield "no Returns that says what a call returns"
        return
    decorators = {ast.unparse(item).split(".")[-1] for item in node.decorator_list}
    if decorators & {"property", "cached_property", "setter"}:
        return
    value = node.returns is not None and ast.unparse(node.returns) not in ("None", "NoReturn")
    if value and not has and needed:
        yield "no Returns"
    if not value and has:
        yield "Returns, but nothing is returned"


def _raises(
    package: Package,
    home: str,
    node: Function | ast.ClassDef,
    parent: ast.ClassDef | None,
    found: dict[str, Any],
    needed: bool,
) -> Iterator[str]:
    told = {str(item.annotation) for item in found.get("raises", [])}
    code: ast.AST = node
    above: set[str] = set()
    if isinstance(node, ast.ClassDef):
        # What a method raises may stand in its own docstring.
        code = ast.Module([item for item in node.body if getattr(item, "name", "") == "__init__"], [])
    elif parent is not None:
        above = {str(item.annotation) for item in sections(ast.get_docstring(parent) or "").get("raises", [])}
    unsaid = package.raised(code, home, everywhere=False) - {"tf", "NotImplementedError"} - told - above
    for name in sorted(unsaid) if needed else []:
        yield f"can raise {name}, Raises does not say so"
    can = package.raised(node, home, everywhere=True)
    for name in sorted(told - can):
        if not (name.startswith("tf.errors.") and "tf" in can):
            yield f"Raises names {name}, which nothing here raises"
