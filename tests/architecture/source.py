"""The product's source as these tests read it: modules and their syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("gdtbridge", "worklist")


@dataclass(frozen=True)
class Module:
    """One module: its file relative to the project, its dotted name, its syntax tree."""

    file: str
    name: str
    tree: ast.Module

    def classes(self) -> Iterator[str]:
        """Yield the names of the classes at the top of the module."""
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef):
                yield node.name


@cache
def modules() -> tuple[Module, ...]:
    """Return every module of the product."""
    paths = [path for package in PACKAGES for path in sorted((PROJECT / package).rglob("*.py"))]
    return tuple(_module(path) for path in paths)


def _module(path: Path) -> Module:
    inside = path.relative_to(PROJECT)
    parts = inside.with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(inside.as_posix(), name, ast.parse(path.read_text("utf-8")))
