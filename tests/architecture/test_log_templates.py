"""What is logged is a text of the program with places to fill in; so the rest can be left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.source import Module, modules

LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


def made_templates(module: Module) -> Iterator[str]:
    """Yield the places where what is logged is put together before it is logged."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        logger = node.func.value
        if (
            node.func.attr in LEVELS
            and isinstance(logger, ast.Name)
            and logger.id in ("log", "_log")
            and not (node.args and _is_constant(node.args[0]))
        ):
            yield f"{module.file}:{node.lineno}"


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_every_template_is_a_constant() -> None:
    """No patient can be in the part of a line that support gets to see."""
    assert [place for module in modules() for place in made_templates(module)] == []


def test_a_made_template_is_seen() -> None:
    """The check can fail."""
    planted = Module("x.py", "x", ast.parse("log.info(f'{name}')\nlog.error(str(error))\n"))
    assert len(list(made_templates(planted))) == 2
