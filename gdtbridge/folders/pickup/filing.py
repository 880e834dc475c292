"""Putting files of a pick-up folder away once it is certain what becomes of them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress

from gdtbridge.durable.files import FileComparison, compare, create
from gdtbridge.durable.trees import FolderTree, TreeFile
from gdtbridge.folders.pickup.names import LEAVING, REFUSED, TAKEN, fitting


def remove(tree: FolderTree, file: TreeFile) -> bool:
    """Delete a file that was taken; return false where it is another version by now.

    Raises `OSError`.
    """
    return tree.remove(file, LEAVING)


def keep_taken(tree: FolderTree, file: TreeFile) -> bool:
    """Move a file that was taken aside, under its path; return and raise as `remove` does."""
    return _moved(tree, file, TAKEN, lambda _: None) is not None


def keep_refused(tree: FolderTree, file: TreeFile, text: str) -> str | None:
    """Move a refused file aside, beside a text that says why; raise `OSError`.

    Returns its path from now on, None where it is another version by now. The text is there first,
    so that after a crash no file lies there without one.
    """

    def explain(name: str) -> None:
        place = tree.made(_below(REFUSED, file)) / f"{name}.txt"
        said = f"{text}\r\n".encode("utf-8-sig")
        if compare(place, said) is not FileComparison.SAME:  # as after a crash
            create(place, said)

    return _moved(tree, file, REFUSED, explain)


def _moved(
    tree: FolderTree, file: TreeFile, folder: str, before: Callable[[str], None]
) -> str | None:
    below = _below(folder, file)
    for more in ("", f"-{secrets.token_hex(8)}"):
        name = fitting(file.last, more)
        with suppress(FileExistsError):
            if os.path.lexists(tree.made(below) / name):
                raise FileExistsError
            before(name)
            return f"{below}/{name}" if tree.move(file, below, name) else None
    raise FileExistsError


def _below(folder: str, file: TreeFile) -> str:
    return f"{folder}/{file.folder}" if file.folder else folder
