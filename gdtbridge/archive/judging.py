"""Judging a file by the object it holds, before it is taken as a received one (PS3.10)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import Enum, auto
from typing import BinaryIO, Final

from gdtbridge.dataset.completeness import Completeness, completeness_of
from gdtbridge.dataset.header import Header, header_at
from gdtbridge.dataset.part10 import FileMeta, read_any_meta
from gdtbridge.dataset.sop_classes import MEDIA_DIRECTORY, is_storage
from gdtbridge.dataset.values import is_uid


class ObjectCondition(Enum):
    """Condition of a file that somebody gives us."""

    WHOLE = auto()
    UNSURE = auto()
    """It looks whole, and as if somebody were still writing it."""
    PARTIAL = auto()
    """Its end is missing, or what says whose it is."""
    WRONG = auto()
    """What no device may send either; refused."""
    FOREIGN = auto()
    """No object: not for us."""


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """Condition of a file; ``reason`` is a short code where it is neither whole nor foreign.

    The rest is known of what is an object: ``at`` is the first byte of its dataset. Of the
    directory of a medium, which is none for us, the SOP class is known.
    """

    condition: ObjectCondition
    reason: str = ""
    SOPClassUID: str = ""
    SOPInstanceUID: str = ""
    TransferSyntaxUID: str = ""
    source_title: str = ""
    at: int = 0
    StudyInstanceUID: str = ""
    SeriesInstanceUID: str = ""


FOREIGN: Final = JudgedFile(ObjectCondition.FOREIGN)


def judged_object(file: BinaryIO) -> JudgedFile | None:
    """Return the condition of an open file; None where it does not begin as DICOM does.

    Reasons are ``cut``, ``mismatch``, ``no-class``, ``no-instance``, ``no-syntax`` and
    ``not-stored``. Raises `OSError`, and `DatasetError` where whose it is cannot be read.
    """
    length = file.seek(0, io.SEEK_END)
    file.seek(0)
    meta = read_any_meta(file)
    if meta is None:
        return None
    at = file.tell()
    completeness = completeness_of(file, meta.TransferSyntaxUID, length - at)
    file.seek(at)
    header = header_at(file, meta.TransferSyntaxUID, length - at)
    sop_class = meta.MediaStorageSOPClassUID or header.SOPClassUID
    sop_instance = meta.MediaStorageSOPInstanceUID or header.SOPInstanceUID
    if sop_class == MEDIA_DIRECTORY:
        return JudgedFile(ObjectCondition.FOREIGN, SOPClassUID=sop_class)
    if not sop_class and not sop_instance and not has_magic(file):
        return FOREIGN  # without preamble: two bytes that happen to be those of a dataset
    condition, reason = ObjectCondition.WHOLE, ""
    if completeness is Completeness.CUT:
        condition, reason = ObjectCondition.PARTIAL, "cut"
    elif reason := _wrong(meta, header, sop_class, sop_instance):
        condition = ObjectCondition.WRONG
    elif completeness is Completeness.UNSURE:
        condition = ObjectCondition.UNSURE
    return JudgedFile(
        condition,
        reason,
        sop_class,
        sop_instance,
        meta.TransferSyntaxUID,
        meta.SourceApplicationEntityTitle,
        at,
        header.StudyInstanceUID,
        header.SeriesInstanceUID,
    )


def has_magic(file: BinaryIO) -> bool:
    """Return whether a file has the preamble of PS3.10 7.1."""
    file.seek(128)
    return file.read(4) == b"DICM"


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
