"""File names for results: made of characters that are safe on every share."""

from __future__ import annotations

import re
from typing import Final

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)", re.IGNORECASE)
_LONGEST: Final = 64


def safe_part(text: str, otherwise: str) -> str:
    """Return ``text`` as a part of a file name, or ``otherwise`` where nothing is left of it."""
    part = _UNSAFE.sub("_", text).strip("_-")[:_LONGEST]
    if not part:
        return otherwise
    return f"_{part}" if _DEVICES.fullmatch(part) else part


def own_number(exam_id: int) -> str:
    """Return what stands for a missing accession number: our own number of the exam."""
    return f"E{exam_id:010d}"


def study_file(pattern: str, accession_number: str, exam_id: int) -> str:
    """Return the name of the study record by the setting ``gdt.file_name``."""
    name = pattern.format(accession=safe_part(accession_number, own_number(exam_id)))
    stem, dot, suffix = name.rpartition(".")
    if not dot or _UNSAFE.search(suffix) or not suffix:
        return f"{safe_part(name, own_number(exam_id))}.gdt"
    return f"{safe_part(stem, own_number(exam_id))}.{suffix}"


def report_file(accession_number: str, sop_instance_uid: str, exam_id: int) -> str:
    """Return the name of a value record: accession number and SOP Instance UID of the report."""
    accession = safe_part(accession_number, own_number(exam_id))
    uid = re.sub(r"[^0-9.]+", "_", re.sub(r"\.+", ".", sop_instance_uid))[:_LONGEST].strip(".")
    return f"{accession}-sr-{uid or 0}.gdt"
