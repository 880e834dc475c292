"""The values of the room, and the ways an object can fail to become a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gdtbridge.pictures.looking import PictureProblem

NO_IMAGE: Final = "Das Objekt enthält kein Bild. / There is no image in the object."
NO_SUCH_FRAME: Final = "Dieses Einzelbild gibt es nicht. / There is no such frame."


class AttachmentError(ValueError):
    """An object gave no file; the text never holds a value of the object.

    ::

        AttachmentError
        ├── NotRenderable    no picture or PDF in it, a damaged one, or a form nobody here decodes
        └── AttachmentLimit  too big or too slow; the reading process died
            └── AttachmentHindered  the machine was in the way: too busy, or its disk away
    """


class NotRenderable(AttachmentError):
    """The object holds nothing that can become a file; trying again changes nothing.

    ``problem`` is for pages; it does not leave the child.
    """

    def __init__(self, text: str, problem: PictureProblem = PictureProblem.DAMAGED) -> None:
        super().__init__(text)
        self.problem = problem


class AttachmentLimit(AttachmentError):
    """Rendering took more time, memory or room than it may."""


class AttachmentHindered(AttachmentLimit):
    """The machine kept the object from being opened, as far as can be seen; later it may be."""


@dataclass(frozen=True, slots=True)
class AttachmentCandidate:
    """An instance of an exam, as the archive's index knows it.

    ``frames`` is its Number of Frames; None where nobody looked, then the SOP class tells stills
    from loops (`AttachmentReader.with_frames` looks).
    """

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    frames: int | None = None


@dataclass(frozen=True, slots=True)
class AttachmentChoice:
    """An instance, and the frame of it, to be attached.

    ``frame`` counts from 1, as DICOM does. None is the whole document, the still, or the frame that
    stands for a loop.
    """

    candidate: AttachmentCandidate
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class AttachmentSelection:
    """The chosen attachments, documents first, and how many more there would have been."""

    choices: tuple[AttachmentChoice, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class KeyObjectReference:
    """An instance that a Key Object Selection names; no ``frames`` means all of it."""

    sop_instance_uid: str
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyObjects:
    """References of the Key Object Selections of an exam.

    ``named`` are selected for somebody to look at, ``rejected`` are to be used no more,
    ``unreadable`` counts documents that could not be read.
    """

    named: tuple[KeyObjectReference, ...] = ()
    rejected: tuple[KeyObjectReference, ...] = ()
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A file: ``format`` is ``JPG`` or ``PDF``.

    ``title`` is what the chart may show: the document's title or the series' description, one line
    of at most 60 characters without patient data; empty for none.
    """

    format: str
    title: str
    data: bytes


@dataclass(frozen=True, slots=True)
class NativeFrames:
    """Some frames one after the other, uncompressed in little endian, and what they are.

    ``photometric`` is the Photometric Interpretation; the samples of a pixel stand together.
    """

    count: int
    samples_per_pixel: int
    bits_allocated: int
    photometric: str
    data: bytes
