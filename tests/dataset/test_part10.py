"""File Meta Information as it is written, and the identity in it."""

from __future__ import annotations

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread

from gdtbridge.dataset import identity
from gdtbridge.dataset.part10 import file_meta, read_file_meta
from gdtbridge.dataset.uid import is_uid

uids = st.from_regex(r"[1-9][0-9]{0,3}(\.[1-9][0-9]{0,3}){1,11}", fullmatch=True)


@given(uids, uids, uids)
def test_file_meta_reads_back(sop_class: str, sop_instance: str, syntax: str) -> None:
    """Another reader finds what was written, and the group length is right."""
    meta = dcmread(BytesIO(file_meta(sop_class, sop_instance, syntax)), force=False).file_meta
    assert meta.MediaStorageSOPClassUID == sop_class
    assert meta.MediaStorageSOPInstanceUID == sop_instance
    assert meta.TransferSyntaxUID == syntax
    assert meta.FileMetaInformationVersion == b"\x00\x01"
    assert str(meta.ImplementationVersionName).startswith("GDTBRIDGE_")
    written = file_meta(sop_class, sop_instance, syntax)
    assert meta.FileMetaInformationGroupLength == len(written) - 144
    assert read_file_meta(BytesIO(written)) == syntax


def test_implementation_identity_is_valid() -> None:
    """Our implementation's UID is one, and its name fits into a short string."""
    assert is_uid(identity.IMPLEMENTATION_CLASS_UID)
    assert identity.IMPLEMENTATION_CLASS_UID.startswith("2.25.")
    assert len(identity.IMPLEMENTATION_VERSION_NAME) <= 16
