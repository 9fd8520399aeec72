"""Hold docstrings to the code: names and defaults of arguments, returns, raises, examples, references.

Sections are read by griffe, the parser that renders the API pages; signatures come from the syntax tree.
"""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import griffe

from tools.blocks import shown

Function = ast.FunctionDef | ast.AsyncFunctionDef
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


@dataclass(frozen=True)
class Parameter:
    """A parameter as the signature has it; `default` is its source, None if it has none."""

    name: str
    default: str | None

    @property
    def variadic(self) -> bool:
        """Whether it is `*args` or `**kwargs`."""
        return self.name.startswith("*")


def parameters(node: Function) -> list[Parameter]:
    """A function's parameters in order, without `self` and `cls`."""
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    padding: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
    defaults = [*padding, *arguments.defaults]
    found = [_parameter(argument.arg, default) for argument, default in zip(plain, defaults, strict=True)]
    if arguments.vararg:
        found.append(Parameter("*" + arguments.vararg.arg, None))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append(_parameter(argument.arg, default))
    if arguments.kwarg:
        found.append(Parameter("**" + arguments.kwarg.arg, None))
    return [parameter for parameter in found if parameter.name not in ("self", "cls")]


def _parameter(name: str, default: ast.expr | None) -> Parameter:
    return Parameter(name, None if default is None else ast.unparse(default))


def _fields(node: ast.ClassDef) -> list[Parameter]:
    """The fields of a dataclass or named tuple, in order."""
    return [
        _parameter(item.target.id, _field_default(item.value))
        for item in node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        if not item.target.id.startswith("_") and "ClassVar" not in ast.unparse(item.annotation)
    ]


def _field_default(value: ast.expr | None) -> ast.expr | None:
    """The default inside `field(default=...)`."""
    if not isinstance(value, ast.Call) or ast.unparse(value.func).split(".")[-1] != "field":
        return value
    given = {keyword.arg: keyword.value for keyword in value.keywords}
    factory = given.get("default_factory")
    return given.get("default", None if factory is None else ast.Call(factory, [], []))


def _is_record(node: Function | ast.ClassDef) -> bool:
    if not isinstance(node, ast.ClassDef):
        return False
    words = [ast.unparse(item) for item in [*node.decorator_list, *node.bases]]
    return any(
        word.split("(")[0].split(".")[-1] in ("dataclass", "NamedTuple", "TypedDict") for word in words
    )


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


@dataclass
class Module:
    """A module of the package: its path, name and syntax tree."""

    path: Path
    name: str
    tree: ast.Module


class Package:
    """All modules of a package, what is public in them, and who calls whom by name."""

    def __init__(self, root: Path) -> None:
        self.modules = [
            Module(
                path,
                ".".join(path.relative_to(root.parent).with_suffix("").parts),
                ast.parse(path.read_bytes()),
            )
            for path in sorted(root.rglob("*.py"))
        ]
        self.callables: dict[str, list[ast.AST]] = {}  # by bare name
        self.functions: dict[str, dict[str, ast.AST]] = {}  # of each module, by the name it has there
        for module in self.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, Function | ast.ClassDef):
                    self.callables.setdefault(node.name, []).append(node)
            own = {node.name: node for node in module.tree.body if isinstance(node, Function)}
            self.functions[module.name.removesuffix(".__init__")] = dict(own)
        for _ in range(3):  # names pass through the packages' own imports
            for module in self.modules:
                here = self.functions[module.name.removesuffix(".__init__")]
                for node in module.tree.body:
                    if isinstance(node, ast.ImportFrom) and node.module in self.functions:
                        for alias in node.names:
                            if alias.name in self.functions[node.module]:
                                name = alias.asname or alias.name
                                here.setdefault(name, self.functions[node.module][alias.name])
        self._home = {
            id(node): module.name.removesuffix(".__init__")
            for module in self.modules
            for node in ast.walk(module.tree)
            if isinstance(node, Function | ast.ClassDef)
        }

    def public(self, module: Module, name: str) -> bool:
        """Whether a name is exported; where neither module nor package lists exports, all names are."""
        lists = [_exports(module.tree)]
        lists += [
            _exports(other.tree)
            for other in self.modules
            if other.path.name == "__init__.py"
            and other.path.parent in module.path.parents
            and other.path.parent != self.modules[0].path.parent
        ]
        known = [names for names in lists if names is not None]
        return not known or any(name in names for names in known)

    def raised(self, node: ast.AST, module: str, everywhere: bool) -> set[str]:
        """What the code and the module functions it calls can raise, or (`everywhere`) all it may call."""
        todo: list[tuple[ast.AST, str]] = [(node, module)]
        seen: set[int] = set()
        names: set[str] = set()
        while todo:
            here, home = todo.pop()
            if id(here) in seen:
                continue
            seen.add(id(here))
            for part in ast.walk(here):
                if isinstance(part, ast.Raise) and part.exc is not None:
                    name = ast.unparse(part.exc.func if isinstance(part.exc, ast.Call) else part.exc)
                    if name.split(".")[-1][0].isupper():
                        names.add(name)
                called: list[ast.AST] = []
                if isinstance(part, ast.Attribute):
                    if ast.unparse(part).startswith("tf."):
                        names.add("tf")
                    called = self.callables.get(part.attr, []) if everywhere else []
                elif isinstance(part, ast.Name) and everywhere:
                    called = self.callables.get(part.id, [])
                elif isinstance(part, ast.Name) and part.id in self.functions.get(home, {}):
                    called = [self.functions[home][part.id]]
                todo += [(other, self._home.get(id(other), home)) for other in called]
        return names


def _exports(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return None


def violations(root: Path) -> list[str]:
    """Everything the package's docstrings say wrongly or leave out, as `file:line: name: what`."""
    package = Package(root)
    wrong = []
    for module in package.modules:
        if any(part.startswith("_") for part in module.name.split(".")) and module.path.name != "__init__.py":
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
    yield from _arguments(_signature(node), told, needed, attributes)
    yield from _returns(node, found, needed)
    home = module.name.removesuffix(".__init__")
    yield from _raises(package, home, node, parent, found, needed or node.name in PRESCRIBED)
    if parent is None and public and not _is_record(node):
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


def _signature(node: Function | ast.ClassDef) -> list[Parameter]:
    if isinstance(node, Function):
        return parameters(node)
    for item in node.body:
        if isinstance(item, Function) and item.name == "__init__":
            return parameters(item)
    return _fields(node) if _is_record(node) else []


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
