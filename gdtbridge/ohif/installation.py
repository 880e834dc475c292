"""The installed OHIF: a folder for each installation, and a note that names the one that counts.

The note is written last, in one step. So a browser gets a whole build or the one before, whatever
happens while another is installed, and what nobody names is deleted by the next installation.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

from gdtbridge.durable.files import create, delete, read_plain, sync_folder, write_over
from gdtbridge.durable.lock import FileLock
from gdtbridge.durable.modes import PRIVATE_FOLDER, make_folder
from gdtbridge.errors import ViewerPackageError
from gdtbridge.ohif.fetching import room_for
from gdtbridge.ohif.package import ODD, files_of, must_be
from gdtbridge.ohif.releases import OhifRelease

ADDRESS: Final = "/ohif/"
"""The path at which browsers find the viewer."""
FILES: Final = f"{ADDRESS}files/"
NOTE: Final = "installed.json"
LOCK: Final = "lock"
SPACE: Final = 200 * 1024 * 1024
"""Bytes that have to be free: the package, what is kept of it, and something left over."""
_SCRIPT: Final = re.compile(r"app\.bundle\.[0-9a-f]+\.js", re.ASCII)
STYLE: Final = "app.bundle.css"


@dataclass(frozen=True, slots=True)
class InstalledOhif:
    """What is installed: version, mark (its folder's name), first script, files, their bytes."""

    version: str
    mark: str
    script: str
    files: tuple[str, ...]
    size: int


class OhifFolder:
    """The folder OHIF is installed in, which need not be there. Thread-safe.

    Every call may raise `OSError` where the disk fails.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: tuple[bytes, InstalledOhif] | None = None

    def installed(self) -> InstalledOhif | None:
        """Return what is installed; None for nothing."""
        note = read_plain(self._folder / NOTE)
        if note is None:
            return None
        known = self._known
        if known is None or known[0] != note:
            known = self._known = note, _read(note)
        return known[1]

    def content(self, mark: str, name: str) -> bytes | None:
        """Return a file as it is kept (`BuildFile`); None for what is not of that installation."""
        found = self.installed()
        if found is None or mark != found.mark or name not in found.files:
            return None
        return read_plain(self._folder / mark / name)

    def install(self, package: IO[bytes], release: OhifRelease) -> InstalledOhif:
        """Install a package in place of what is there; nothing changes where that fails.

        Raises `ViewerPackageError` for another package, or where there is no room.
        """
        must_be(package, release)
        self.make()
        with FileLock(self._folder / LOCK).hold():
            mark = f"{release.version}-{secrets.token_hex(4)}"
            try:
                made = self._unpacked(package, release, mark)
            except BaseException:
                shutil.rmtree(self._folder / mark, ignore_errors=True)
                raise
            write_over(self._folder / NOTE, json.dumps(asdict(made), indent=1).encode("ascii"))
            self._sweep(mark)
        return made

    def make(self) -> None:
        """Make the folder; raise `ViewerPackageError` where there is no room for a package."""
        make_folder(self._folder, PRIVATE_FOLDER)
        if not room_for(self._folder, SPACE):
            raise ViewerPackageError(
                f"Auf dem Datenträger sind keine {SPACE // 1024 // 1024} MB mehr frei. / There is "
                "not enough room on the disk."
            )

    def remove(self) -> bool:
        """Remove what is installed; return whether there was anything."""
        if not self._folder.is_dir():
            return False
        with FileLock(self._folder / LOCK).hold():
            was_there = delete(self._folder / NOTE)
            self._sweep("")
        return was_there

    def _unpacked(self, package: IO[bytes], release: OhifRelease, mark: str) -> InstalledOhif:
        place, names, size = self._folder / mark, list[str](), 0
        make_folder(place, PRIVATE_FOLDER)
        for one in files_of(package, release, root_of(mark)):
            file = place / one.name
            make_folder(file.parent, PRIVATE_FOLDER)
            create(file, one.content)
            names.append(one.name)
            size += len(one.content)
        for folder in {(place / name).parent for name in names}:
            sync_folder(folder)
        script = next(filter(_SCRIPT.fullmatch, names), "")
        if not script or STYLE not in names:
            raise ViewerPackageError(ODD.format("app.bundle"))
        return InstalledOhif(release.version, mark, script, tuple(names), size)

    def _sweep(self, kept: str) -> None:
        """Delete the folders of other installations, whole or begun."""
        for one in self._folder.iterdir():
            if one.is_dir() and one.name != kept:
                shutil.rmtree(one, ignore_errors=True)


def root_of(mark: str) -> str:
    """Return the path below which browsers find the files of an installation, with a slash."""
    return f"{FILES}{mark}/"


def _read(note: bytes) -> InstalledOhif:
    said = json.loads(note)
    return InstalledOhif(
        str(said["version"]),
        str(said["mark"]),
        str(said["script"]),
        tuple(map(str, said["files"])),
        int(said["size"]),
    )
