"""Whether a folder that somebody typed can be used to exchange files."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final

from gdtbridge.durable import FolderUnusable
from gdtbridge.durable.call import FolderCall
from gdtbridge.durable.files import probe_folder
from gdtbridge.durable.mounts import Place, entered, unmounted

ANSWER_SECONDS: Final = 3.0
_WINDOWS: Final = re.compile(r"[A-Za-z]:[\\/]|\\\\")


class FolderProblem(StrEnum):
    """Why a folder cannot be used; a page has the words."""

    WINDOWS = "windows"
    """A path of Windows, on a system that has none."""
    MISSING = "missing"
    NO_FOLDER = "no-folder"
    UNMOUNTED = "unmounted"
    """An empty mount point: the share is not mounted."""
    UNWRITABLE = "unwritable"
    SILENT = "silent"
    """It does not answer."""


@dataclass(frozen=True, slots=True)
class FolderFinding:
    """What became of a look at a folder."""

    problem: FolderProblem | None = None
    free: int = 0
    """Bytes."""
    path: str = ""
    """The folder without what is relative in it."""
    server: str = ""
    """Where it is, on another machine: ``\\\\server\\share\\folder``, ``server:/export/folder``."""

    @property
    def elsewhere(self) -> str:
        """What other machines call the folder, as far as that is known."""
        return self.server or self.path


def look_at(typed: str, base: Path) -> FolderFinding:
    """Return whether files can be exchanged in a folder; one is written there and removed again.

    A relative path counts from ``base``. Nothing is raised, nobody waits longer than seconds.
    """
    if os.name != "nt" and _WINDOWS.match(typed):
        return FolderFinding(FolderProblem.WINDOWS)
    try:
        return FolderCall(lambda: _looked(base / typed)).result(ANSWER_SECONDS)
    except TimeoutError:
        return FolderFinding(FolderProblem.SILENT)
    except (OSError, ValueError):
        return FolderFinding(FolderProblem.UNWRITABLE)


def _looked(folder: Path) -> FolderFinding:
    if not folder.exists():
        return FolderFinding(FolderProblem.MISSING)
    if not folder.is_dir():
        return FolderFinding(FolderProblem.NO_FOLDER)
    if unmounted(folder):
        return FolderFinding(FolderProblem.UNMOUNTED)
    try:
        probe_folder(folder)
    except FolderUnusable:
        return FolderFinding(FolderProblem.UNWRITABLE)
    with entered(folder) as (_, place):
        server = _on_server(place) if place.network else ""
    return FolderFinding(None, shutil.disk_usage(folder).free, str(folder.resolve()), server)


def _on_server(place: Place) -> str:
    """Return the folder as its server calls it; shares of Windows with backslashes."""
    path = PurePosixPath(place.path)
    within = path.relative_to(place.point) if path.is_relative_to(place.point) else PurePosixPath()
    whole = "/".join((place.source.rstrip("/"), *within.parts))
    return whole.replace("/", "\\") if whole.startswith("//") else whole
