"""An object's file to the file a workstation can open, in this process."""

from __future__ import annotations

from pathlib import Path

from gdtbridge.pictures import frames
from gdtbridge.pictures.document import render_document
from gdtbridge.pictures.model import NO_IMAGE, NotRenderable, RenderedFile
from gdtbridge.pictures.opened_object import open_object
from gdtbridge.pictures.picture import render_picture
from gdtbridge.pictures.sop_classes import is_document
from gdtbridge.pictures.titles import document_title, image_title


def render(path: Path, frame: int | None) -> RenderedFile:
    """Return the file (`AttachmentReader.render` says which); raise anything for a bad object."""
    with open_object(path) as source:
        sop_class = str(source.dataset.get("SOPClassUID", ""))
        if is_document(sop_class):
            return RenderedFile("PDF", document_title(source.dataset), render_document(source))
        if source.pixel_data is None:
            raise NotRenderable(NO_IMAGE)
        return RenderedFile("JPG", image_title(source.dataset), render_picture(source, frame))


def number_of_frames(path: Path) -> int:
    """Return the Number of Frames of the object in ``path``."""
    with open_object(path) as source:
        return frames.number_of_frames(source.dataset)
