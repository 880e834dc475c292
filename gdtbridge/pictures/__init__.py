"""Attachments: from received objects to files a workstation can open.

Here live the choice (documents, key images, stills, one frame of a loop) and the rendering: a frame
as JPEG in its right colours, an encapsulated document as PDF. `choose` is pure; `AttachmentReader`
opens files, in a guarded child only: numpy, Pillow and GDCM are never loaded into the service.

Not here: the archive's index, the outbox, GDT, what an exam is. ``docs/reference/attachments.md``
tells the rules.
"""

from gdtbridge.pictures.choice import choose
from gdtbridge.pictures.model import (
    AttachmentCandidate,
    AttachmentChoice,
    AttachmentError,
    AttachmentHindered,
    AttachmentLimit,
    AttachmentSelection,
    KeyObjectReference,
    KeyObjects,
    NotRenderable,
    RenderedFile,
)
from gdtbridge.pictures.reader import AttachmentReader
from gdtbridge.pictures.sop_classes import is_candidate, is_document, is_key_object

__all__ = [
    "AttachmentCandidate",
    "AttachmentChoice",
    "AttachmentError",
    "AttachmentHindered",
    "AttachmentLimit",
    "AttachmentReader",
    "AttachmentSelection",
    "KeyObjectReference",
    "KeyObjects",
    "NotRenderable",
    "RenderedFile",
    "choose",
    "is_candidate",
    "is_document",
    "is_key_object",
]
