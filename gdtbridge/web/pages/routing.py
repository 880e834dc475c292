"""How the pages name their routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from flask import Response

PageRoute: TypeAlias = tuple[str, str, Callable[..., Response], tuple[str, ...]]
"""Path, name (`PREFIX` is put before it), view, methods."""
PREFIX: Final = "page_"
"""What the name of each page's endpoint begins with."""
READ: Final = ("GET", "HEAD")
