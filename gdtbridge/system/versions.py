"""The versions of what is installed, ours first."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from gdtbridge import __version__
from gdtbridge.database import Database
from gdtbridge.schema import SCHEMA_VERSION

_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_DATABASES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class InstalledVersion:
    """A program or library and its version."""

    name: str
    version: str


def versions(database: Database) -> list[InstalledVersion]:
    """Return what runs here: gdtbridge, its schema, Python, the system, database and libraries."""
    dialect = database.engine.dialect
    number = ".".join(map(str, dialect.server_version_info or ()))
    return [
        InstalledVersion("gdtbridge", __version__),
        InstalledVersion("Schema", str(SCHEMA_VERSION)),
        InstalledVersion("Python", platform.python_version()),
        InstalledVersion(platform.system(), platform.release()),
        InstalledVersion(_DATABASES.get(dialect.name, dialect.name), number),
        *_libraries(),
    ]


@cache
def _libraries() -> tuple[InstalledVersion, ...]:
    return tuple(sorted(_installed(), key=lambda one: one.name.casefold()))


def _installed() -> Iterator[InstalledVersion]:
    """Yield the libraries we name as needed, as far as they are installed."""
    try:
        needed = requires("gdtbridge") or []
    except PackageNotFoundError:  # run from a folder without being installed
        return
    for requirement in needed:
        name = _NAME.match(requirement)
        if name is not None:
            try:
                yield InstalledVersion(name[0], version(name[0]))
            except PackageNotFoundError:  # an extra, or for another system
                continue
