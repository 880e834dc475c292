"""A disk as the journal of all that was done to it, and what a power cut at any moment leaves.

POSIX promises nothing but what was synced: a file's bytes by a sync of the file, a name (made,
given, taken away) by a sync of the folder it is in. A moment is a length of the journal in bytes.
"""

from __future__ import annotations

import pickle
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from random import Random
from typing import Any, NamedTuple

HIDDEN = ".fuse_hidden"
"""How FUSE names a deleted file that somebody has open still."""
ROOT = 0


class Step(NamedTuple):
    """One thing done to a disk: a method of `Disk`, and what it is called with."""

    call: str
    arguments: tuple[Any, ...]

    @property
    def is_sync(self) -> bool:
        """Whether something is durable after it that was not before."""
        return self.call == "sync"


@dataclass(eq=False)
class Node:
    """A file or a folder: as processes see it, and as the disk has it."""

    number: int
    mode: int
    """With the kind, as ``st_mode`` has it."""
    modified_ns: int = 0
    data: bytearray = field(default_factory=bytearray)
    synced_data: bytes = b""
    unsynced: list[Step] = field(default_factory=list)
    """What was done to a file's bytes since they were synced."""
    names: dict[str, Node] = field(default_factory=dict)
    synced_names: dict[str, Node] = field(default_factory=dict)

    @property
    def is_folder(self) -> bool:
        """Whether it has names and no bytes."""
        return stat.S_ISDIR(self.mode)

    def change(self, step: Step) -> None:
        """Do a `write` or a `truncate` to the bytes."""
        _change(self.data, step)
        self.unsynced.append(step)


class Kept(NamedTuple):
    """What is left of a file or (without bytes) of a folder."""

    mode: int
    data: bytes | None


Survivors = Mapping[str, Kept]
"""By path; a folder comes before what is in it."""


class Disk:
    """The disk after the steps it was told of."""

    def __init__(self) -> None:
        self.root = Node(ROOT, stat.S_IFDIR | 0o755)
        self.nodes = {ROOT: self.root}

    def do(self, step: Step) -> None:
        """Do one step."""
        getattr(self, step.call)(*step.arguments)

    def make(self, folder: int, name: str, number: int, mode: int) -> None:
        """Make a file or a folder."""
        node = self.nodes[number] = Node(number, mode)
        self.nodes[folder].names[name] = node

    def link(self, number: int, folder: int, name: str) -> None:
        """Give a file another name."""
        self.nodes[folder].names[name] = self.nodes[number]

    def unlink(self, folder: int, name: str) -> None:
        """Take a name away."""
        del self.nodes[folder].names[name]

    def rename(self, folder: int, name: str, new_folder: int, new_name: str) -> None:
        """Give a name to what has another, in one step; it may be taken from something else."""
        self.nodes[new_folder].names[new_name] = self.nodes[folder].names.pop(name)

    def write(self, number: int, offset: int, data: bytes) -> None:
        """Write bytes."""
        self.nodes[number].change(Step("write", (offset, data)))

    def truncate(self, number: int, length: int) -> None:
        """Set a file's length."""
        self.nodes[number].change(Step("truncate", (length,)))

    def chmod(self, number: int, mode: int) -> None:
        """Set a mode; it is not looked at whether that is durable."""
        self.nodes[number].mode = mode

    def sync(self, number: int) -> None:
        """Make a file's bytes or a folder's names durable, and nothing else."""
        node = self.nodes[number]
        node.synced_data = bytes(node.data)
        node.unsynced.clear()
        node.synced_names = dict(node.names)

    def to_the_letter(self) -> Survivors:
        """Return what was synced: all that POSIX promises."""
        return dict(_kept(self.root, "", synced=True))

    def with_names_of(self, earlier: Disk, chance: Random) -> Survivors:
        """Return another outcome: names as they were, of unsynced bytes some and not others.

        So do file systems with a journal, which write all names in order, and bytes when they like.
        """
        return {
            path: Kept(mode, None if data is None else self._some_bytes(number, chance))
            for path, mode, data, number in _walk(earlier.root, "", synced=False)
        }

    def _some_bytes(self, number: int, chance: Random) -> bytes:
        node = self.nodes[number]
        data = bytearray(node.synced_data)
        for step in node.unsynced:
            if chance.random() < 0.5:
                _change(data, step)
        return bytes(data)


def _change(data: bytearray, step: Step) -> None:
    if step.call == "truncate":
        (length,) = step.arguments
        del data[length:]
        data.extend(bytes(length - len(data)))
    else:
        offset, new = step.arguments
        data.extend(bytes(max(0, offset - len(data))))
        data[offset : offset + len(new)] = new


def _walk(folder: Node, path: str, *, synced: bool) -> Iterator[tuple[str, int, bytes | None, int]]:
    names = folder.synced_names if synced else folder.names
    for name, node in names.items():
        if name.startswith(HIDDEN):
            continue
        data = None if node.is_folder else node.synced_data if synced else bytes(node.data)
        yield f"{path}/{name}", node.mode, data, node.number
        yield from _walk(node, f"{path}/{name}", synced=synced)


def _kept(folder: Node, path: str, *, synced: bool) -> Iterator[tuple[str, Kept]]:
    for name, mode, data, _ in _walk(folder, path, synced=synced):
        yield name, Kept(mode, data)


def read_journal(journal: Path) -> list[tuple[int, Step]]:
    """Return each step with the moment it was done."""
    steps = []
    with journal.open("rb") as file:
        size = journal.stat().st_size
        while file.tell() < size:
            step = pickle.load(file)
            steps.append((file.tell(), step))
    return steps


def dump(step: Step) -> bytes:
    """Return a step as the journal has it."""
    return pickle.dumps(step)


def disk_at(steps: list[tuple[int, Step]], moment: int) -> Disk:
    """Return the disk as it was at a moment."""
    disk = Disk()
    for when, step in steps:
        if when > moment:
            break
        disk.do(step)
    return disk


def survivors(steps: list[tuple[int, Step]], moment: int, chance: Random | None) -> Survivors:
    """Return what a power cut at a moment leaves: to the letter, or by chance more than that."""
    disk = disk_at(steps, moment)
    if chance is None:
        return disk.to_the_letter()
    synced = max((when for when, step in steps if step.is_sync and when <= moment), default=0)
    later = [when for when, _ in steps if synced <= when <= moment]
    return disk.with_names_of(disk_at(steps, chance.choice(later or [moment])), chance)


def steps_that_make(kept: Survivors) -> Iterator[Step]:
    """Yield the steps by which a new disk has what survived on another, all of it synced."""
    numbers = {"": ROOT}
    for path, (mode, data) in kept.items():
        numbers[path] = number = len(numbers)
        parent, _, name = path.rpartition("/")
        yield Step("make", (numbers[parent], name, number, mode))
        if data is not None:
            yield Step("write", (number, 0, data))
    for number in numbers.values():
        yield Step("sync", (number,))


def full_mark(journal: Path) -> Path:
    """Return the file that is there while a disk has no room."""
    return journal.with_name(f"{journal.name}.full")


def parts_of(path: str) -> tuple[str, ...]:
    """Return the names on the way from the root to what has an absolute path."""
    return PurePosixPath(path).parts[1:]
