"""The errors of the worklist, one tree.

::

    WorklistError
    ├── EntryError        one attribute of an entry is wrong; the caller must change it
    ├── NumbersExhausted  the accession numbers of this prefix and width are used up
    └── FolderError       the folder cannot be used right now; trying again can help

Every text is German first, then English, and never carries the value that was refused, so that it
may be shown, logged and sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from gdtbridge.durable import FolderUnusable


class WorklistError(Exception):
    """Something a caller has to deal with; ``retriable`` says whether trying again can help."""

    retriable: ClassVar[bool] = False


class EntryError(WorklistError, ValueError):
    """An entry cannot be used because of one attribute.

    ``field`` is the attribute's DICOM keyword (or ``scheduled``, ``created``), ``problem`` says
    what is wrong with it and ``remedy`` what would be right.
    """

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem} {remedy}")
        self.field = field
        self.problem = problem
        self.remedy = remedy


class NumbersExhausted(WorklistError):
    """The last number of the range has been given away."""

    def __init__(self) -> None:
        super().__init__(
            "Der Nummernkreis der Auftragsnummern ist erschöpft; ein anderes Präfix ist nötig."
            " / The range of accession numbers is used up; another prefix is needed."
        )


class FolderError(WorklistError):
    """The folder cannot be read or written; the text is that of the error of the ground floor."""

    retriable: ClassVar[bool] = True


@contextmanager
def folder_errors(folder: Path) -> Iterator[None]:
    """Raise what goes wrong with ``folder`` or its lock as `FolderError`."""
    try:
        yield
    except FolderUnusable as error:
        raise FolderError(error) from error
    except OSError as error:
        raise FolderError(FolderUnusable.of(folder, error)) from error
