"""What a received object is for a person."""

from __future__ import annotations

from enum import StrEnum

from gdtbridge.pictures.sop_classes import LOOPS, is_document, is_image
from gdtbridge.sr import is_report


class ObjectKind(StrEnum):
    """What an object is for a person."""

    IMAGE = "image"
    CLIP = "clip"
    REPORT = "report"
    DOCUMENT = "document"
    OTHER = "other"


def kind_of(sop_class_uid: str, frames: int = 0) -> ObjectKind:
    """Return what an object of a SOP class is; of unknown ``frames`` (0) the class decides."""
    if is_image(sop_class_uid):
        is_clip = frames > 1 if frames else sop_class_uid in LOOPS
        return ObjectKind.CLIP if is_clip else ObjectKind.IMAGE
    if is_document(sop_class_uid):
        return ObjectKind.DOCUMENT
    return ObjectKind.REPORT if is_report(sop_class_uid) else ObjectKind.OTHER
