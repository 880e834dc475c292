"""Judging a file of a pick-up folder by what it holds: an object, part of one, or none of ours."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum, auto
from typing import BinaryIO, Final

from gdtbridge.dataset.completeness import Completeness, completeness_of
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.header import Header, header_at
from gdtbridge.dataset.part10 import FileMeta, read_any_meta
from gdtbridge.dataset.sop_classes import MEDIA_DIRECTORY, is_storage
from gdtbridge.dataset.values import is_uid
from gdtbridge.durable.writers import has_hole
from gdtbridge.tsv import sentences

REASONS: Final = sentences("folders/pickup/refusals.tsv")
"""Why a file is not taken, German first, by code."""
_NAMED_DICOM: Final = (".dcm", ".dicom", ".dic")
_ENVELOPED: Final = bytes.fromhex("06092a864886f70d0107")
"""How the object identifiers of CMS contents begin (RFC 5652 4): 1.2.840.113549.1.7."""
_CMS_START: Final = 32
"""Bytes within which one stands in a secure DICOM file (PS3.15 D.1)."""


class ObjectCondition(Enum):
    """Condition of a file in a pick-up folder."""

    WHOLE = auto()
    UNSURE = auto()
    """It looks whole, and as if somebody were still writing it."""
    PARTIAL = auto()
    """Perhaps still being written; refused where it stays like that."""
    WRONG = auto()
    """What no device may send either; refused."""
    FOREIGN = auto()
    """Not for us: not touched."""


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """Condition of a file; ``reason`` is a code of `REASONS` where it may be refused.

    The rest is known of what is an object: ``at`` is the first byte of its dataset.
    """

    condition: ObjectCondition
    reason: str = ""
    SOPClassUID: str = ""
    SOPInstanceUID: str = ""
    TransferSyntaxUID: str = ""
    source_title: str = ""
    at: int = 0


_FOREIGN: Final = JudgedFile(ObjectCondition.FOREIGN)


def judge(file: BinaryIO, name: str) -> JudgedFile:
    """Return the condition of an open file of that name; raise `OSError` alone."""
    file.seek(0)
    try:
        meta = read_any_meta(file)
        if meta is None:
            return _no_dicom(file, name)
        at = file.tell()
        completeness = completeness_of(file, meta.TransferSyntaxUID)
        file.seek(at)
        header = header_at(file, meta.TransferSyntaxUID)
    except DatasetError:
        return JudgedFile(ObjectCondition.PARTIAL, "damaged") if _is_ours(file, name) else _FOREIGN
    return _object(file, meta, header, completeness, at)


def _object(
    file: BinaryIO, meta: FileMeta, header: Header, completeness: Completeness, at: int
) -> JudgedFile:
    """Return the judgement of what begins as DICOM does and has a head."""
    sop_class = meta.MediaStorageSOPClassUID or header.SOPClassUID
    sop_instance = meta.MediaStorageSOPInstanceUID or header.SOPInstanceUID
    if sop_class == MEDIA_DIRECTORY:
        return _FOREIGN
    if not sop_class and not sop_instance and not has_magic(file):
        return _FOREIGN  # two bytes that happen to be those of a dataset
    condition, reason = ObjectCondition.WHOLE, ""
    if completeness is Completeness.CUT:
        condition, reason = ObjectCondition.PARTIAL, "cut"
    elif reason := _wrong(meta, header, sop_class, sop_instance):
        condition = ObjectCondition.WRONG
    elif completeness is Completeness.UNSURE or has_hole(file):
        condition = ObjectCondition.UNSURE
    title, syntax = meta.SourceApplicationEntityTitle, meta.TransferSyntaxUID
    return JudgedFile(condition, reason, sop_class, sop_instance, syntax, title, at)


def _wrong(meta: FileMeta, header: Header, sop_class: str, sop_instance: str) -> str:
    """Return for what a C-STORE of the object would be refused (PS3.4 B.2.3)."""
    holds = header.SOPClassUID, header.SOPInstanceUID
    if any(one and one != said for one, said in zip(holds, (sop_class, sop_instance), strict=True)):
        return "mismatch"
    if not is_uid(sop_class):
        return "no-class"
    if not is_uid(sop_instance):
        return "no-instance"
    if not is_uid(meta.TransferSyntaxUID):
        return "no-syntax"
    return "" if is_storage(sop_class) else "not-stored"


def _no_dicom(file: BinaryIO, name: str) -> JudgedFile:
    """Return the judgement of a file that does not begin as DICOM does."""
    if not is_named_dicom(name):
        return _FOREIGN
    file.seek(0)
    start = file.read(_CMS_START)
    if start[:1] == b"\x30" and _ENVELOPED in start:
        return JudgedFile(ObjectCondition.WRONG, "encrypted")
    is_empty = not os.fstat(file.fileno()).st_size
    return JudgedFile(ObjectCondition.PARTIAL, "empty" if is_empty else "not-dicom")


def is_named_dicom(name: str) -> bool:
    """Return whether a file's name says that it is DICOM; many say nothing."""
    return name.casefold().endswith(_NAMED_DICOM)


def has_magic(file: BinaryIO) -> bool:
    """Return whether a file has the preamble of PS3.10 7.1."""
    file.seek(128)
    return file.read(4) == b"DICM"


def _is_ours(file: BinaryIO, name: str) -> bool:
    return is_named_dicom(name) or has_magic(file)
