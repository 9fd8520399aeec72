"""Parameters of functions, classes and records, with their defaults as the source writes them."""

from __future__ import annotations

import ast
from dataclasses import dataclass

Function = ast.FunctionDef | ast.AsyncFunctionDef


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


def is_record(node: Function | ast.ClassDef) -> bool:
    """Whether this is a dataclass, a named tuple or a typed dictionary."""
    if not isinstance(node, ast.ClassDef):
        return False
    words = [ast.unparse(item) for item in [*node.decorator_list, *node.bases]]
    return any(
        word.split("(")[0].split(".")[-1] in ("dataclass", "NamedTuple", "TypedDict") for word in words
    )


def signature(node: Function | ast.ClassDef) -> list[Parameter]:
    """What a call of a function, of a class or of a record takes."""
    if isinstance(node, Function):
        return parameters(node)
    for item in node.body:
        if isinstance(item, Function) and item.name == "__init__":
            return parameters(item)
    return _fields(node) if is_record(node) else []
