"""Which SOP classes are for storage: standard, retired, private and unknown (PS3.4 Annex B)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pydicom.uid import UID

from gdtbridge.dataset.values import is_uid

STANDARD_ROOT: Final = "1.2.840.10008."
"""Root of every UID the standard gives (PS3.6 Annex A)."""
MEDIA_DIRECTORY: Final = "1.2.840.10008.1.3.10"
"""Media Storage Directory Storage: a DICOMDIR, which is sent to nobody (PS3.10 8)."""
_STORAGE_ARC: Final = "1.2.840.10008.5.1.4.1.1."
"""UID root of the storage SOP classes, new ones too (PS3.6 Table A-1)."""
_NOT_STORED: Final = ("Storage Commitment", "Storage Management", "Media Storage")
"""Beginnings of the names of SOP classes that say Storage and are not (PS3.4 J, KK; PS3.10)."""


@lru_cache(maxsize=1024)
def is_storage(uid: str) -> bool:
    """Return whether ``uid`` names a SOP class whose instances are stored by C-STORE.

    Outside the standard's own root every UID may be a vendor's storage class (PS3.2 allows them);
    inside it the name in PS3.6 decides, or for a newer one the arc.
    """
    if not is_uid(uid):
        return False
    if not uid.startswith(STANDARD_ROOT):
        return True
    known = UID(uid)
    name = known.name
    if name == uid or not name:
        return uid.startswith(_STORAGE_ARC)
    return known.type == "SOP Class" and "Storage" in name and not name.startswith(_NOT_STORED)
