"""The identifier of a request or response, and other datasets of messages: bytes and `Dataset`.

A request's identifier is small, foreign and read whole (PS3.4 C.4.1.1.3, K.4.1.1.3).
"""

from __future__ import annotations

from io import BytesIO
from typing import Final

from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.uid import UID

from gdtbridge.dataset.inflate import InflatedStream, deflate
from gdtbridge.dicom.service import MAX_IDENTIFIER

MAX_VALUES: Final = 256
"""Backslashes, which separate values, in a whole query: each value is compared with each entry."""


class IdentifierError(ValueError):
    """The identifier of a request cannot be read."""


def decode_dataset(data: bytes, syntax: UID) -> Dataset:
    """Return the dataset encoded in ``data``; raise `IdentifierError`.

    A deflated one is inflated to at most `MAX_IDENTIFIER` bytes.
    """
    return read_identifier(plain_identifier(data, syntax), syntax)


def plain_identifier(data: bytes, syntax: UID) -> bytes:
    """Return the bytes of a dataset, inflated where they are deflated; raise `IdentifierError`."""
    if not syntax.is_deflated:
        return data
    try:
        return _inflated(data, MAX_IDENTIFIER)
    except Exception as error:
        raise IdentifierError("not deflated") from error


def read_identifier(data: bytes, syntax: UID, most_values: int = MAX_VALUES) -> Dataset:
    """Return the dataset encoded in ``data``, which is not deflated; raise `IdentifierError`."""
    if data.count(b"\\") > most_values:
        raise IdentifierError("too many values")
    try:
        return read_dataset(BytesIO(data), syntax.is_implicit_VR, syntax.is_little_endian)
    except Exception as error:
        raise IdentifierError("not a dataset") from error


def dataset_in(data: bytes, syntax: UID, *, most: int) -> Dataset:
    """Return the dataset encoded in ``data``, inflated to at most ``most`` bytes.

    Raises whatever the reader does.
    """
    if syntax.is_deflated:
        data = _inflated(data, most)
    return read_dataset(BytesIO(data), syntax.is_implicit_VR, syntax.is_little_endian)


def _inflated(data: bytes, most: int) -> bytes:
    return b"".join(InflatedStream(BytesIO(data), most).pieces())


def encode_dataset(dataset: Dataset, syntax: UID) -> bytes:
    """Return ``dataset`` in one of the transfer syntaxes we accept for answers."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR = syntax.is_implicit_VR
    buffer.is_little_endian = syntax.is_little_endian
    write_dataset(buffer, dataset)
    encoded = bytes(buffer.getvalue())
    return deflate(encoded) if syntax.is_deflated else encoded
