"""What callers did, in words for who knows DICOM."""

from __future__ import annotations

from typing import Final

from pydicom.uid import UID

CONTEXT_REFUSED: Final = {
    "abstract_syntax_not_supported": "SOP-Klasse nicht unterstützt / not supported",
    "transfer_syntaxes_not_supported": "keine Transfersyntax unterstützt / none supported",
}
"""Why a presentation context was refused (PS3.8 Table 9-18), German and English."""


def spoken(text: str) -> str:
    """Return a UID, alone or behind an operation, by its name in PS3.6 where it has one."""
    operation, _, uid = text.rpartition(" ")
    name = UID(uid).name if uid[:1].isdigit() and "." in uid else uid
    return f"{operation} {name}".strip() or "-"
