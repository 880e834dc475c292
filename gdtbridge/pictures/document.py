"""An encapsulated document to a PDF file (PS3.3 A.45.1, C.24.2)."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset

from gdtbridge.pictures.model import AttachmentLimit, NotRenderable
from gdtbridge.pictures.opened_object import OpenedObject

MAX_DOCUMENT: Final = 30 * 1024 * 1024

_DOCUMENT: Final = 0x00420011
_START: Final = b"%PDF-"


def render_document(source: OpenedObject) -> bytes:
    """Return the PDF without the padding of DICOM; raise `NotRenderable` where it is none."""
    data = source.big_value(_DOCUMENT, MAX_DOCUMENT)
    if data is None:
        raise NotRenderable("Das Objekt enthält kein Dokument. / There is no document in it.")
    if len(data) > MAX_DOCUMENT:
        raise AttachmentLimit("Das Dokument ist zu groß. / The document is too large.")
    if _START not in data[:1024]:  # ISO 32000-1 annex H.3, note 13
        raise NotRenderable("Das Dokument ist kein PDF. / The document is no PDF.")
    return data[: _length(data, source.dataset)]


def _length(data: bytes, dataset: Dataset) -> int:
    """Return how much of the value is the document: one of odd length is padded (PS3.5 6.2).

    Encapsulated Document Length says it where it can be true; else the zeros at the end go, for a
    PDF ends with its end mark and at most a line end.
    """
    said = dataset.get("EncapsulatedDocumentLength")
    if said is not None and len(data) - 1 <= int(said) <= len(data):
        return int(said)
    return len(data.rstrip(b"\0"))
