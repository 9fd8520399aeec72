"""The modules of a package: what is public in them, and what their code can raise, calls followed by name."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from tools.signatures import Function


@dataclass
class Module:
    """A module of the package: its path, its name (a package's own without `__init__`), its syntax tree."""

    path: Path
    name: str
    tree: ast.Module

    @cached_property
    def exports(self) -> list[str] | None:
        """Its `__all__`, None without one."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                return list(ast.literal_eval(node.value))
        return None


@dataclass
class _Facts:
    """What stands anywhere in a piece of code."""

    raises: set[str] = field(default_factory=set)  # "tf" where it uses TensorFlow, whose errors may come
    names: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)


@cache
def _facts(code: ast.AST) -> _Facts:
    found = _Facts()
    for node in ast.walk(code):
        if isinstance(node, ast.Raise) and node.exc is not None:
            name = ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)
            if name.split(".")[-1][0].isupper():
                found.raises.add(name)
        elif isinstance(node, ast.Attribute):
            found.attributes.add(node.attr)
            if ast.unparse(node).startswith("tf."):
                found.raises.add("tf")
        elif isinstance(node, ast.Name):
            found.names.add(node.id)
    return found


class Package:
    """All modules of a package, what is public in them, and who calls whom by name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.modules = []
        self.callables: dict[str, list[ast.AST]] = {}  # by bare name
        self.functions: dict[str, dict[str, ast.AST]] = {}  # of each module, by the name it has there
        self._home: dict[ast.AST, str] = {}
        for path in sorted(root.rglob("*.py")):
            name = ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")
            module = Module(path, name, ast.parse(path.read_bytes()))
            self.modules.append(module)
            self.functions[name] = {
                node.name: node for node in module.tree.body if isinstance(node, Function)
            }
            for node in ast.walk(module.tree):
                if isinstance(node, Function | ast.ClassDef):
                    self.callables.setdefault(node.name, []).append(node)
                    self._home[node] = name
        for _ in range(3):  # names pass through the packages' own imports
            for module in self.modules:
                self._import(module)

    def _import(self, module: Module) -> None:
        """Give a module the functions that it imports from others."""
        here = self.functions[module.name]
        for node in module.tree.body:
            if isinstance(node, ast.ImportFrom) and node.module in self.functions:
                there = self.functions[node.module]
                for alias in node.names:
                    if alias.name in there:
                        here.setdefault(alias.asname or alias.name, there[alias.name])

    def public(self, module: Module, name: str) -> bool:
        """Whether a name is exported; where neither module nor package lists exports, all names are."""
        above = [
            other
            for other in self.modules
            if other.path.name == "__init__.py"
            and other.path.parent in module.path.parents
            and other.path.parent != self.root
        ]
        known = [one.exports for one in [module, *above] if one.exports is not None]
        return not known or any(name in names for names in known)

    def raised(self, code: ast.AST, module: str, everywhere: bool) -> set[str]:
        """What the code and the module functions it calls can raise, or (`everywhere`) all it may call."""
        todo = [(code, module)]
        seen: set[ast.AST] = set()
        raises: set[str] = set()
        while todo:
            here, home = todo.pop()
            if here in seen:
                continue
            seen.add(here)
            facts = _facts(here)
            raises |= facts.raises
            if everywhere:
                words = facts.names | facts.attributes
                called = [node for word in words for node in self.callables.get(word, [])]
            else:
                own = self.functions[home]
                called = [own[name] for name in facts.names if name in own]
            todo += [(node, self._home[node]) for node in called]
        return raises
