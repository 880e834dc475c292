"""The cache of pictures: within its limit, whatever dies, and never in the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gdtbridge.errors import OutOfResources
from gdtbridge.viewing.cache import DiskCache

KILOBYTE = bytes(1000)


def cache(folder: Path, most: int = 100_000, free: int = 10**9) -> DiskCache:
    """Return a cache on a disk with so many bytes free."""

    def room_for(size: int) -> None:
        if size > free:
            raise OutOfResources("full")

    made = DiskCache(folder / "pictures", most, room_for)
    made.sweep()
    return made


def files(folder: Path) -> list[Path]:
    """Return all files of the cache."""
    return [one for one in folder.rglob("*") if one.is_file()]


def test_what_was_put_is_there_after_a_restart(tmp_path: Path) -> None:
    """Under its key and no other; the key itself is on no disk."""
    cache(tmp_path).put("frame Müller", b"picture")
    again = cache(tmp_path)
    assert (again.get("frame Müller"), again.get("frame 2")) == (b"picture", None)
    assert "Müller" not in str(files(tmp_path))


def test_the_oldest_go_first(tmp_path: Path) -> None:
    """What was looked at lately stays, also after a restart."""
    made = cache(tmp_path, most=5 * 1016)
    for number in range(5):
        made.put(str(number), KILOBYTE)
        os.utime(max(files(tmp_path), key=lambda one: one.stat().st_mtime_ns), (number, number))
    assert made.get("0") == KILOBYTE
    made.put("5", KILOBYTE)
    assert (made.get("0"), made.get("1"), made.size) == (KILOBYTE, None, 5 * 1016)
    smaller = cache(tmp_path, most=4 * 1016)
    assert len(files(tmp_path)) == 4
    assert smaller.get("5") == KILOBYTE
    assert smaller.get("2") is None


@pytest.mark.parametrize("damage", [b"", b"x" * 15, b"x" * 23])
def test_what_a_power_cut_left_is_none(damage: bytes, tmp_path: Path) -> None:
    """An entry whose bytes are not those that were put goes away."""
    made = cache(tmp_path)
    made.put("one", b"picture")
    (file,) = files(tmp_path)
    file.write_bytes(damage)
    assert made.get("one") is None
    assert files(tmp_path) == []


def test_what_a_dead_writer_left_is_swept(tmp_path: Path) -> None:
    """A name that was never given."""
    cache(tmp_path).put("one", b"picture")
    (file,) = files(tmp_path)
    file.with_name(".gdtbridge-1.part").write_bytes(b"half")
    cache(tmp_path)
    assert files(tmp_path) == [file]


def test_a_full_disk_gets_all_of_it_back(tmp_path: Path) -> None:
    """Receiving needs the room more; what is empty is not looked through for each object."""
    cache(tmp_path).put("one", b"picture")
    (entry,) = files(tmp_path)
    full = cache(tmp_path, free=10)
    full.put("two", KILOBYTE)
    assert (full.get("one"), full.get("two"), full.size) == (None, None, 0)
    entry.write_bytes(b"of somebody else")
    full.put("three", KILOBYTE)
    assert files(tmp_path) == [entry]


def test_a_folder_that_cannot_be_written_is_no_cache(tmp_path: Path) -> None:
    """Nothing is kept, and nothing fails."""
    made = cache(tmp_path)
    (tmp_path / "pictures").write_bytes(b"no folder")
    made.put("one", b"picture")
    assert (made.get("one"), made.size) == (None, 0)
    made.sweep()


def test_nothing_is_kept_where_nobody_wants_it(tmp_path: Path) -> None:
    """With a limit of 0, and of what is too big for the limit."""
    cache(tmp_path, most=0).put("one", b"picture")
    cache(tmp_path, most=3000).put("one", KILOBYTE)
    assert files(tmp_path) == []
