"""Judging a file of a pick-up folder: an object, part of one, or none of ours."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import BinaryIO, Final

from gdtbridge.archive.judging import (
    FOREIGN,
    JudgedFile,
    ObjectCondition,
    has_magic,
    judged_object,
)
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.durable.writers import has_hole
from gdtbridge.tsv import sentences

REASONS: Final = sentences("folders/pickup/refusals.tsv")
"""Why a file is not taken, German first, by code."""
_NAMED_DICOM: Final = (".dcm", ".dicom", ".dic")
_ENVELOPED: Final = bytes.fromhex("06092a864886f70d0107")
"""How the object identifiers of CMS contents begin (RFC 5652 4): 1.2.840.113549.1.7."""
_CMS_START: Final = 32
"""Bytes within which one stands in a secure DICOM file (PS3.15 D.1)."""


def judge(file: BinaryIO, name: str) -> JudgedFile:
    """Return the condition of an open file of that name; raise `OSError` alone.

    ``reason`` is a code of `REASONS`. What looks unfinished may still be being written.
    """
    try:
        found = judged_object(file)
    except DatasetError:
        return JudgedFile(ObjectCondition.PARTIAL, "damaged") if _is_ours(file, name) else FOREIGN
    if found is None:
        return _no_dicom(file, name)
    if found.condition is ObjectCondition.WHOLE and has_hole(file):
        return replace(found, condition=ObjectCondition.UNSURE)
    return found


def _no_dicom(file: BinaryIO, name: str) -> JudgedFile:
    """Return the judgement of a file that does not begin as DICOM does."""
    if not is_named_dicom(name):
        return FOREIGN
    file.seek(0)
    start = file.read(_CMS_START)
    if start[:1] == b"\x30" and _ENVELOPED in start:
        return JudgedFile(ObjectCondition.WRONG, "encrypted")
    is_empty = not os.fstat(file.fileno()).st_size
    return JudgedFile(ObjectCondition.PARTIAL, "empty" if is_empty else "not-dicom")


def is_named_dicom(name: str) -> bool:
    """Return whether a file's name says that it is DICOM; many say nothing."""
    return name.casefold().endswith(_NAMED_DICOM)


def _is_ours(file: BinaryIO, name: str) -> bool:
    return is_named_dicom(name) or has_magic(file)
