"""Pictures as files for as long as they are printed: a child process is handed no bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from gdtbridge.report_page.sheet import SheetPicture

MOST_PICTURE_BYTES: Final = 16 * 1024 * 1024
"""Of all pictures of a sheet: with them its PDF stays below the 25 MB of a patient record."""
SUFFIX: Final = ".part"
"""What the spool sweeps at a start, should the process have been killed."""


@contextmanager
def picture_files(
    folder: Path, pictures: Iterable[tuple[bytes, str]]
) -> Iterator[tuple[SheetPicture, ...]]:
    """Yield JPEGs with their captions as files below ``folder``; they are gone afterwards.

    As many as a sheet may have bytes (`MOST_PICTURE_BYTES`). Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as laid:
        found: list[SheetPicture] = []
        size = 0
        for data, caption in pictures:
            size += len(data)
            if size > MOST_PICTURE_BYTES:
                break
            file = tempfile.NamedTemporaryFile(dir=folder, suffix=SUFFIX, delete=False)  # noqa: SIM115 - see below
            laid.callback(Path(file.name).unlink, missing_ok=True)
            with file:
                file.write(data)
            found.append(SheetPicture(Path(file.name), caption))
        yield tuple(found)
