"""Where each setting comes from: a line of the settings file, the environment, or the default."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

PREFIX: Final = "GDTBRIDGE_"
"""What the name of each environment variable of ours begins with."""

SettingPath: TypeAlias = tuple[str | int, ...]
"""Keys of the settings file from the top; a table of several by its place among them, from 0."""


class OriginKind(StrEnum):
    """What said a setting."""

    FILE = "file"
    ENVIRONMENT = "environment"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class SettingOrigin:
    """What said a setting, and where: ``line`` counts from 1 and is 0 where it is not known."""

    kind: OriginKind
    place: str = ""
    """The name of the file, or of the variable."""
    line: int = 0

    @property
    def text(self) -> str:
        """What a person reads, German and English."""
        if self.kind is OriginKind.DEFAULT:
            return "Vorgabe / default"
        if self.kind is OriginKind.ENVIRONMENT:
            return f"Umgebung / environment {self.place}"
        return f"{self.place}, Zeile / line {self.line}" if self.line else self.place


@dataclass(frozen=True, slots=True)
class TomlStatement:
    """A statement of a settings file: a key with its value, or the head of a table.

    It stands in the lines from ``line`` to ``last``, counted from 1.
    """

    path: SettingPath
    line: int
    last: int
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class SettingSources:
    """What the settings were read from, as it was then: the file's text, the variables' names."""

    file: Path | None = None
    text: str = field(default="", repr=False)  # it may hold secrets
    variables: frozenset[str] = field(default_factory=frozenset)

    def origin_of(self, path: SettingPath, *, is_said: bool) -> SettingOrigin:
        """Return what said a setting.

        ``is_said``: that it is no default is known, though a file of an older version may name it
        in another place.
        """
        for name in _variables_of(path):
            if name in self.variables:
                return SettingOrigin(OriginKind.ENVIRONMENT, name)
        said = (one for one in _statements(self.text) if not one.is_head)
        line = next((one.line for one in said if _says(one.path, path)), 0)
        if self.file is None or not (line or is_said):
            return SettingOrigin(OriginKind.DEFAULT)
        return SettingOrigin(OriginKind.FILE, self.file.name, line)


@lru_cache(maxsize=4)
def _statements(text: str) -> tuple[TomlStatement, ...]:
    return tuple(statements_of(text))


def _variables_of(path: SettingPath) -> Iterator[str]:
    """Yield the variables that may have said a setting: of a table as a whole, or of one key."""
    top, *rest = (str(part).upper() for part in path)
    yield f"{PREFIX}{top}"
    if rest:
        yield f"{PREFIX}{top}__{rest[0]}"


def _says(said: SettingPath, wanted: SettingPath) -> bool:
    """Return whether a statement is about a setting: as a whole, in a table, or in part."""
    shared = min(len(said), len(wanted))
    return said[:shared] == wanted[:shared]


def statements_of(text: str) -> Iterator[TomlStatement]:
    """Yield the statements of a file that is valid TOML, in their order.

    Whether a statement goes on in the next line, TOML's own reader says.
    """
    lines = text.splitlines()
    arrays: dict[SettingPath, int] = {}
    head: SettingPath = ()
    at = 0
    while at < len(lines):
        first = at
        chunk = lines[at]
        at += 1
        if not chunk.strip() or chunk.lstrip().startswith("#"):
            continue
        while (said := _read(chunk)) is None and at < len(lines):
            chunk += f"\n{lines[at]}"
            at += 1
        if chunk.lstrip().startswith("["):
            head = _head(said or {}, arrays, is_array=chunk.lstrip().startswith("[["))
            yield TomlStatement(head, first + 1, at, is_head=True)
        else:
            for path in _leaves(said or {}):
                yield TomlStatement((*head, *path), first + 1, at)


def _read(chunk: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(chunk)
    except tomllib.TOMLDecodeError:
        return None


def _head(said: object, arrays: dict[SettingPath, int], *, is_array: bool) -> SettingPath:
    """Return the path of a table's head; ``arrays`` counts the tables of several so far."""
    keys: list[str] = []
    while isinstance(said, dict) and said:
        keys += said.keys()
        said = said[keys[-1]]
    path: SettingPath = ()
    for number, key in enumerate(keys, 1):
        path = (*path, key)
        if is_array and number == len(keys):
            arrays[path] = arrays.get(path, 0) + 1
        if path in arrays:
            path = (*path, arrays[path] - 1)
    return path


def _leaves(said: dict[str, object]) -> Iterator[SettingPath]:
    for key, value in said.items():
        if isinstance(value, dict) and value:
            yield from ((key, *path) for path in _leaves(value))
        else:
            yield (key,)
