"""What is different between two generated modules, in a few lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def changes(before: str, after: str) -> list[str]:
    """Return one line for each method or definition that came, went or changed.

    Args:
        before: Source of a module; anything else is "no module of `gradwire codegen`".
        after: Source of the module that would be written now.

    Returns:
        Lines that begin with `+`, `-` or `~`; none if both are the same text.
    """
    if before == after:
        return []
    try:
        old = dict(_parts(ast.parse(before)))
    except (SyntaxError, ValueError):
        return ["~ it is no module that gradwire codegen has written"]
    new = dict(_parts(ast.parse(after)))
    lines = [f"- {name}{old[name]}" for name in old if name not in new]
    lines += [f"+ {name}{new[name]}" for name in new if name not in old]
    for name in old:
        if name in new and old[name] != new[name]:
            lines += [f"~ {name}{old[name]}", f"  now {new[name].strip()}"]
    return lines or ["~ only texts: descriptions, or the order"]


def _parts(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield name and rest of each method of the synchronous client, and of each definition."""
    for node in module.body:
        if isinstance(node, ast.Assign):
            yield ast.unparse(node.targets[0]), f" = {ast.unparse(node.value)}"
        elif isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base) for base in node.bases]
            if bases == ["TypedClient"]:
                yield from _methods(node)
            elif bases != ["TypedAsyncClient"]:
                fields = "; ".join(map(ast.unparse, node.body))
                yield node.name, f": {fields}"


def _methods(client: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for node in client.body:
        if isinstance(node, ast.FunctionDef):
            returns = ast.unparse(node.returns) if node.returns else "None"
            taken = ast.unparse(node.args).removeprefix("self").removeprefix(", ")
            yield node.name, f"({taken}) -> {returns}"
        elif isinstance(node, ast.Assign):
            yield ast.unparse(node.targets[0]), f" = {ast.unparse(node.value)}"
