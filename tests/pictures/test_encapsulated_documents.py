"""Encapsulated documents: the PDF as it was, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import uid
from pydicom.dataset import Dataset

from gdtbridge.pictures import AttachmentLimit, NotRenderable
from gdtbridge.pictures import document as rendering
from gdtbridge.pictures.opened_object import MAX_VALUE
from gdtbridge.pictures.render import render
from tests.pictures.builder import PDF, document, write

BIG = PDF[:9] + b"%" + b"x" * (MAX_VALUE + 1) + PDF[8:]


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (document(PDF), PDF),
        (document(PDF + b"\n"), PDF + b"\n"),
        (document(PDF, EncapsulatedDocumentLength=len(PDF)), PDF),
        (document(PDF[:-1]), PDF[:-1]),
        (document(PDF[:-1] + b"\r\n"), PDF[:-1] + b"\r\n"),
        (document(PDF + b"\0\0\0"), PDF),
        (document(PDF, EncapsulatedDocumentLength=10), PDF),
        (document(PDF, EncapsulatedDocumentLength=10_000), PDF),
        (document(PDF + PDF), PDF + PDF),
        (document(b"\r\n" + PDF), b"\r\n" + PDF),
        (document(PDF[:40] + b"\0\0\0\0"), PDF[:40]),
        (document(BIG), BIG),
    ],
)
def test_document_without_its_padding(made: Dataset, wanted: bytes, tmp_path: Path) -> None:
    """Its length is said, or the zeros at its end are none of it; the file is the sender's own."""
    rendered = render(write(made, tmp_path / "document.dcm"), None)
    assert (rendered.format, rendered.data) == ("PDF", wanted)


@pytest.mark.parametrize(
    "syntax",
    [uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.DeflatedExplicitVRLittleEndian],
)
def test_document_in_every_syntax(syntax: str, tmp_path: Path) -> None:
    """Bytes are bytes, deflated or not, small or big."""
    for content in (PDF, BIG):
        made = document(content)
        made.file_meta.TransferSyntaxUID = uid.UID(syntax)
        assert render(write(made, tmp_path / "document.dcm"), None).data == content


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"\0" * 1024 + PDF, b"%PD", b"PK\x03\x04"], ids=repr
)
def test_what_is_no_pdf_is_not_called_one(content: bytes, tmp_path: Path) -> None:
    """The mark of a PDF is in its first KiB."""
    with pytest.raises(NotRenderable):
        render(write(document(content), tmp_path / "document.dcm"), None)


def test_object_without_a_document(tmp_path: Path) -> None:
    """A class is a promise the object did not keep."""
    made = document(PDF)
    del made.EncapsulatedDocument
    with pytest.raises(NotRenderable):
        render(write(made, tmp_path / "document.dcm"), None)


def test_document_that_is_cut_off(tmp_path: Path) -> None:
    """Half a letter is no letter."""
    path = write(document(BIG), tmp_path / "document.dcm")
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(NotRenderable):
        render(path, None)


@pytest.mark.parametrize("most", [len(PDF) - 1, len(BIG) - 1])
def test_document_that_is_too_big(
    most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit holds for what is read at once and for what is not."""
    monkeypatch.setattr(rendering, "MAX_DOCUMENT", most)
    content = PDF if most < len(PDF) else BIG
    with pytest.raises(AttachmentLimit):
        render(write(document(content), tmp_path / "document.dcm"), None)
