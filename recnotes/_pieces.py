"""The definitions that go into a written file, and what each may leave out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from recnotes._source import Module

# Methods that Keras calls by name; any other method of a helper goes where nothing refers to it.
_PROTOCOL = frozenset(
    """
    build call get_config from_config get_build_config build_from_config compute_output_shape
    compute_output_spec compute_mask compute_loss compute_metrics train_step test_step predict_step
    save_own_variables load_own_variables get_initial_state reset_state reset_states update_state result
    """.split()
)
# A helper needs its own only where something asks for it: the model's configuration is enough to save and
# load the model, since its constructor makes the helpers.
_SPARE = frozenset({"get_config", "compute_output_shape"})
# Attributes that Keras reads.
SWITCHES = frozenset(
    """
    built supports_jit supports_masking trainable autocast input_spec activity_regularizer stateful
    state_size output_size stop_training
    """.split()
)


@dataclass(eq=False)
class Piece:
    """A top-level definition that goes into the file."""

    module: Module
    name: str
    node: ast.stmt
    whole: bool  # The model itself and its bases keep every method.

    def methods(self) -> Iterator[ast.FunctionDef]:
        if isinstance(self.node, ast.ClassDef):
            yield from (child for child in self.node.body if isinstance(child, ast.FunctionDef))

    def dropped(self, attributes: set[str], level: int) -> list[ast.stmt]:
        """Return the methods and statements to leave out, given all attribute names the file refers to."""
        left: list[ast.stmt] = []
        if not self.whole:
            keep = attributes | (_PROTOCOL - _SPARE if level else _PROTOCOL)
            keep |= {name for name in _SPARE if f"{self.name}.{name}" in attributes}
            left += [m for m in self.methods() if m.name not in keep and not m.name.startswith("__")]
        if not self.annotated(level):
            left += [
                n for n in getattr(self.node, "body", []) if isinstance(n, ast.AnnAssign) and not n.value
            ]
        return [*left, *(self._checks(level) if level > 2 else [])]

    def _checks(self, level: int) -> Iterator[ast.stmt]:
        """Yield a helper's checks of what the model hands it, and what is computed for them alone.

        Layers read what the model computed; what looks inputs up checks in any case, and what compares with
        labels does but in the longest files.
        """
        trusted = (".layers.", ".activations.", *((".losses.",) if level > 5 else ()))
        inside = any(part in self.module.name for part in trusted)
        functions = [self.node] if isinstance(self.node, ast.FunctionDef) else list(self.methods())
        for function in functions:
            checked = not self.whole and (function.name == "__init__" or inside)
            checks = [s for s in function.body if checked and _is_check(s)]
            yield from checks
            kept = [node for s in function.body if s not in checks for node in ast.walk(s)]
            read = {n.id for n in kept if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
            read |= {ast.unparse(n.target) for n in kept if isinstance(n, ast.AugAssign)}
            only_checked = {n.id for s in checks for n in ast.walk(s) if isinstance(n, ast.Name)} - read
            for s in function.body:
                target = s.targets[0] if isinstance(s, ast.Assign) and len(s.targets) == 1 else None
                if isinstance(target, ast.Name) and target.id in only_checked:
                    yield s
            if function.name == "build" and len(function.body) > len(checks) + 2:
                # Keras itself notes that a layer is built.
                yield from (s for s in function.body if ast.unparse(s) == "self.built = True")

    def annotated(self, level: int) -> bool:
        """Return whether the file keeps its types; the long ones do without."""
        return level < 3

    def names(self, dropped: list[ast.stmt], annotated: bool = True) -> tuple[list[str], set[str]]:
        """Return the names it reads, in order of appearance, and the attributes it refers to."""
        key = (self.node, frozenset(dropped), annotated)
        if key not in self.module.names:
            self.module.names[key] = self._names(set(dropped), annotated)
        return self.module.names[key]

    def _names(self, dropped: set[ast.stmt], annotated: bool) -> tuple[list[str], set[str]]:
        looked_up = any(isinstance(n, ast.Name) and n.id == "getattr" for n in ast.walk(self.node))
        reads: dict[str, None] = {}
        attributes: set[str] = set()
        waiting: list[ast.AST] = [self.node]
        while waiting:
            node = waiting.pop()
            if node in dropped:
                continue
            if isinstance(node, ast.Name):
                reads.setdefault(node.id)
            elif looked_up and isinstance(node, ast.Constant) and isinstance(node.value, str):
                attributes.add(node.value)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                attributes |= self._owners(node) if node.attr in _SPARE else {node.attr}
            waiting.extend(
                reversed([n for n in ast.iter_child_nodes(node) if annotated or n not in _types(node)])
            )
        return list(reads), attributes

    def _owners(self, node: ast.Attribute) -> set[str]:
        """Return a method with the classes it may be of, as ``"Class.method"``; alone where nobody knows."""
        if ast.unparse(node.value) == "super()":
            return {f"{ast.unparse(base)}.{node.attr}" for base in getattr(self.node, "bases", [])}
        made = [
            n.value
            for n in ast.walk(self.node)
            if isinstance(n, ast.Assign) and ast.unparse(node.value) in map(ast.unparse, n.targets)
        ]
        calls = [value.func for value in made if isinstance(value, ast.Call)]
        known = bool(made) and len(calls) == len(made)
        return {f"{ast.unparse(called)}.{node.attr}" for called in calls} if known else {node.attr}


def _types(node: ast.AST) -> list[ast.AST]:
    return [t for t in (getattr(node, "annotation", None), getattr(node, "returns", None)) if t is not None]


def _is_check(statement: ast.stmt) -> bool:
    """Return whether a statement does nothing but raise."""
    if isinstance(statement, ast.For):
        return all(map(_is_check, statement.body)) and not statement.orelse
    if not isinstance(statement, ast.If) or statement.orelse:
        return False
    *before, last = statement.body
    return isinstance(last, ast.Raise) and all(isinstance(s, ast.Assign) for s in before)
