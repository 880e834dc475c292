"""Media of PS3.10 8.6: a folder with a DICOMDIR, and the files that are named there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from gdtbridge.dataset.errors import DatasetError, UnreadableDataset
from gdtbridge.dataset.parser import Item, WantedElements, parse_file
from gdtbridge.dataset.part10 import read_any_meta
from gdtbridge.dataset.text import plain_text
from gdtbridge.durable.trees import TreeFile
from gdtbridge.folders.pickup.names import LEAVING

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a DICOMDIR; one of 100,000 images has 40 MB."""

_DIRECTORY_RECORDS: Final = 0x00041220
_REFERENCED_FILE: Final = 0x00041500
_WANTED: Final = WantedElements(
    values=frozenset({_REFERENCED_FILE}),
    sequences=frozenset({_DIRECTORY_RECORDS}),
    last=_DIRECTORY_RECORDS,
    longest=1024,
    most_steps=5_000_000,
    deepest=8,
)
_OF_DISC: Final = re.compile(r"(?:;\d+)?\.?$")
"""What some systems show of names on a CD: a version, a dot without an extension (ISO 9660)."""


def is_directory(file: TreeFile) -> bool:
    """Return whether a file is named as the directory of a medium (PS3.10 8.6)."""
    return folded(file.last) == "dicomdir"


def folded(name: str) -> str:
    """Return a path as it is compared: media are written in upper case and shown in any."""
    return "/".join(_OF_DISC.sub("", part, count=1) for part in name.casefold().split("/"))


def referenced_files(file: BinaryIO) -> frozenset[str]:
    """Return the folded paths a DICOMDIR names, from its folder; raise `UnreadableDataset`.

    Nothing is opened by them: they are compared with what lies there.
    """
    if os.fstat(file.fileno()).st_size > LARGEST:
        raise UnreadableDataset("DICOMDIR zu groß. / DICOMDIR too large.")
    file.seek(0)
    meta = read_any_meta(file)
    if meta is None:
        raise UnreadableDataset("Das ist kein DICOMDIR. / This is no DICOMDIR.")
    try:
        found = parse_file(file, meta.TransferSyntaxUID, _WANTED, most_inflated=LARGEST)
    except DatasetError as error:
        raise UnreadableDataset(str(error)) from error
    if found.cut or found.damaged:
        raise UnreadableDataset("DICOMDIR bricht ab. / DICOMDIR ends early.")
    records = found.root.sequences.get(_DIRECTORY_RECORDS, [])
    return frozenset(_paths(records))


def _paths(records: Iterable[Item]) -> Iterator[str]:
    for record in records:
        parts = plain_text(record.values.get(_REFERENCED_FILE, b"")).split("\\")
        path = "/".join(part.strip() for part in parts if part.strip())
        if path:
            yield folded(path)


@dataclass(frozen=True, slots=True)
class Medium:
    """A folder with a DICOMDIR, and the files that lie below it, by their folded paths there."""

    directory: TreeFile
    files: Mapping[str, TreeFile]

    def within(self, name: str) -> str:
        """Return the folded path from the medium's folder of a file below it."""
        above = self.directory.folder
        return folded(name[len(above) + 1 :] if above else name)


def media_of(files: Iterable[TreeFile]) -> tuple[list[Medium], list[TreeFile]]:
    """Return the media among files, and the files that lie on none.

    A file belongs to the nearest DICOMDIR in its folder or above it; one that a crash left while it
    was removed belongs to none.
    """
    files = list(files)
    directories = {file.folder: file for file in files if is_directory(file)}
    others: list[TreeFile] = []
    if not directories:
        return [], files
    below: dict[str, list[TreeFile]] = {folder: [] for folder in directories}
    for file in files:
        if is_directory(file):
            continue
        home = next((one for one in _above(file.folder) if one in directories), None)
        if home is None or file.last.endswith(LEAVING):
            others.append(file)
        else:
            below[home].append(file)
    media = []
    for folder, directory in directories.items():
        medium = Medium(directory, {})
        there = {medium.within(file.name): file for file in below[folder]}
        media.append(Medium(directory, there))
    return media, others


def _above(folder: str) -> Iterator[str]:
    """Yield a folder and those above it."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""
