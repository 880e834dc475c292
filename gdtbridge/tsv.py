"""Tables of facts beside the modules that read them: UTF-8, cells between tabs, ``#`` comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

_PACKAGE: Final = Path(__file__).parent


def table(name: str) -> Iterator[list[str]]:
    """Yield the cells of each row of a table, a path below this package; raise `OSError`."""
    for line in (_PACKAGE / name).read_text("utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


def sentences(name: str) -> Mapping[str, str]:
    """Return code to ``German / English`` of a table with the columns code, German, English."""
    found = {code: f"{german} / {english}" for code, german, english in table(name)}
    return MappingProxyType(found)
