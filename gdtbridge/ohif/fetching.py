"""A package from the npm registry, read as far as it may be long."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final
from urllib.request import urlopen

from gdtbridge.errors import ViewerPackageError
from gdtbridge.ohif.releases import OhifRelease

SILENCE_SECONDS: Final = 30.0
"""Seconds without a byte after which nothing more is expected."""
_CHUNK: Final = 1024 * 1024


@contextmanager
def fetched(release: OhifRelease, folder: Path) -> Iterator[IO[bytes]]:
    """Yield the package of a release as a file without a name in ``folder``, at its beginning.

    Nothing is checked yet but its length. Raises `ViewerPackageError` where it cannot be had.
    """
    with TemporaryFile(dir=folder) as file:
        try:
            with urlopen(release.address, timeout=SILENCE_SECONDS) as answer:  # noqa: S310 - https
                _copy(answer, file, release.size)
        except OSError as error:
            reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
            raise ViewerPackageError(
                f"{release.address} ist nicht zu erreichen. Ohne Internet die Datei an einem "
                "anderen Rechner laden und mit --from nennen. / cannot be reached; without "
                f"Internet load the file elsewhere and name it by --from: {reason}."
            ) from error
        file.seek(0)
        yield file


def _copy(answer: IO[bytes], file: IO[bytes], most: int) -> None:
    """Copy what comes, a byte more than ``most`` at the most, which no check lets pass."""
    left = most + 1
    while left and (piece := answer.read(min(_CHUNK, left))):
        file.write(piece)
        left -= len(piece)


def room_for(folder: Path, wanted: int) -> bool:
    """Return whether there are so many bytes free on the disk of a folder."""
    return shutil.disk_usage(folder).free >= wanted
