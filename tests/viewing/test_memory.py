"""What is remembered of objects is bounded in number and in bytes."""

from __future__ import annotations

from pathlib import Path

from gdtbridge.pictures.looking import PictureFacts
from gdtbridge.viewing.cache import DiskCache
from gdtbridge.viewing.memory import MOST_BYTES, MOST_KEPT, PictureMemory


def kept(folder: Path, spans: int, objects: int) -> int:
    """Return how many of so many objects are remembered without a disk."""
    memory = PictureMemory(DiskCache(folder, 0, lambda _: None))
    for number in range(objects):
        memory.keep_facts(str(number), PictureFacts(frames=1, spans=bytes(spans)))
    assert memory.facts(str(objects - 1)) is not None
    return sum(memory.facts(str(number)) is not None for number in range(objects))


def test_the_last_objects_are_remembered(tmp_path: Path) -> None:
    """Small ones by number; of long loops as many as have room, the last one always."""
    assert kept(tmp_path, 8, MOST_KEPT + 9) == MOST_KEPT
    assert kept(tmp_path, MOST_BYTES // 4, 9) == 4
    assert kept(tmp_path, MOST_BYTES + 1, 3) == 1
