"""Folders of others: nobody is led elsewhere, nothing is replaced, the wrong version never goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gdtbridge.durable.trees import FolderTree, TreeFile, opened_tree, version_of
from gdtbridge.durable.writers import has_hole, is_being_written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a file below."""
    (tmp_path / "top" / "a" / "b").mkdir(parents=True)
    (tmp_path / "top" / "a" / "b" / "x").write_bytes(b"x")
    return tmp_path / "top"


@pytest.fixture
def tree(folder: Path) -> Iterator[FolderTree]:
    """Return the folder, open."""
    with opened_tree(folder) as opened:
        yield opened


def listed(tree: FolderTree) -> list[str]:
    """Return the names of all files."""
    found = tree.listing(lambda _: True, lambda _: True, lambda: None)
    return sorted(one.name for one in found.files)


def the_file(tree: FolderTree) -> TreeFile:
    """Return the one file."""
    (found,) = tree.listing(lambda _: True, lambda _: True, lambda: None).files
    return found


def test_a_folder_that_becomes_a_link_leads_nowhere(
    folder: Path, tree: FolderTree, tmp_path: Path
) -> None:
    """Between the listing and the opening somebody puts a link to a folder of ours there."""
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "x").write_bytes(b"x")
    file = the_file(tree)
    (folder / "a" / "b").rename(folder / "a" / "c")
    (folder / "a" / "b").symlink_to(tmp_path / "ours")

    tree.let_go()  # or the folder that was entered last is still open

    acts: list[Callable[[], object]] = [
        lambda: tree.open("a/b/x"),
        lambda: tree.path_of("a/b/x"),
        lambda: tree.remove(file, ".gone"),
        lambda: tree.move(file, "aside", "x"),
        lambda: tree.made("a/b/new"),
    ]
    for act in acts:
        with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
            act()
    assert (tmp_path / "ours" / "x").exists()
    assert listed(tree) == ["a/c/x"]


def test_what_is_no_plain_file_is_not_opened(folder: Path, tree: FolderTree) -> None:
    """A pipe without a writer hangs nobody; a link is refused even to a plain file."""
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to(folder / "a" / "b" / "x")
    for name in ("pipe", "link", "a"):
        with pytest.raises(OSError, match=r"."):
            tree.open(name)
    assert listed(tree) == ["a/b/x"]


def test_another_version_keeps_its_name(folder: Path, tree: FolderTree) -> None:
    """Neither removed nor moved: what was meant is not there any more."""
    file = the_file(tree)
    place = folder / "a" / "b" / "x"
    place.write_bytes(b"longer")

    assert tree.remove(file, ".gone") is False
    assert tree.move(file, "aside", "x") is False

    assert listed(tree) == ["a/b/x"]
    assert tree.remove(the_file(tree), ".gone")
    assert listed(tree) == []


def test_moving_replaces_nothing(folder: Path, tree: FolderTree) -> None:
    """A file that has the name already stays."""
    file = the_file(tree)
    (folder / "aside").mkdir()
    (folder / "aside" / "x").write_bytes(b"older")
    with pytest.raises(FileExistsError):
        tree.move(file, "aside", "x")
    assert tree.move(file, "aside", "y")
    assert (folder / "aside" / "x").read_bytes() == b"older"
    assert listed(tree) == ["aside/x", "aside/y"]


def test_a_version_is_its_size_and_time(folder: Path, tree: FolderTree) -> None:
    """Not its number on the disk, which shares give anew."""
    status = (folder / "a" / "b" / "x").lstat()
    assert the_file(tree).stamp == version_of(status)
    assert version_of(status).inode == 0


def test_descriptors_are_given_back(folder: Path) -> None:
    """However often a tree is opened, and whatever fails in it."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with opened_tree(folder) as tree:
            tree.inside("a/b")
            with pytest.raises(FileNotFoundError):
                tree.inside("a/none/x")
            with pytest.raises(OSError, match=r"."):
                tree.open("a")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_file_that_somebody_writes_is_known(tmp_path: Path) -> None:
    """Open for writing on this machine; of others nothing is said."""
    path = tmp_path / "x"
    with path.open("wb"), path.open("rb") as reader:
        assert is_being_written(reader, is_local=True)
        assert not is_being_written(reader, is_local=False)
    with path.open("rb") as reader, path.open("rb"):
        assert not is_being_written(reader, is_local=True)
    with path.open("ab") as writer:  # what was asked of a reader hinders no writer
        writer.write(b"x")


def test_a_hole_is_known(tmp_path: Path) -> None:
    """Room that was reserved and not written; the place in the file stays."""
    path = tmp_path / "x"
    path.write_bytes(b"x" * 5000)
    with path.open("rb+") as file:
        file.seek(7)
        assert not has_hole(file)
        file.truncate(1 << 20)
        assert has_hole(file)
        assert file.tell() == 7


def test_looking_for_a_hole_moves_nobody_who_reads(tmp_path: Path) -> None:
    """What is read after it is what would have been read without it, also from a buffer."""
    (tmp_path / "a").write_bytes(bytes(range(256)) * 256)
    with (tmp_path / "a").open("rb") as file:
        file.read(300)
        has_hole(file)
        rest = file.read(100)
        file.seek(10)

        assert rest == (bytes(range(256)) * 2)[300:400]
        assert file.read() == (bytes(range(256)) * 256)[10:]
