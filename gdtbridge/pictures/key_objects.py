"""Key Object Selections: the instances named (PS3.3 A.35.4, C.17.6; titles PS3.16 CID 7010)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Final

from pydicom.dataset import Dataset

from gdtbridge.pictures.model import KeyObjectReference, KeyObjects, NotRenderable
from gdtbridge.pictures.opened_object import open_object
from gdtbridge.pictures.sop_classes import is_key_object

MAX_ITEMS: Final = 10_000


class KeyObjectPurpose(Enum):
    """Meaning of a document title for the images named."""

    SELECTED = "selected"
    REJECTED = "rejected"
    INVENTORY = "inventory"
    """The title says nothing about what is worth a look."""


TITLES: Final[dict[str, KeyObjectPurpose]] = {
    # DCM codes; every other title (113000 Of Interest, 113002 For Referring Provider, …) selects.
    "113001": KeyObjectPurpose.REJECTED,  # Rejected for Quality Reasons
    "113037": KeyObjectPurpose.REJECTED,  # Rejected for Patient Safety Reasons
    "113038": KeyObjectPurpose.REJECTED,  # Incorrect Modality Worklist Entry
    "113039": KeyObjectPurpose.REJECTED,  # Data Retention Policy Expired
    "113010": KeyObjectPurpose.INVENTORY,  # Quality Issue
    "113030": KeyObjectPurpose.INVENTORY,  # Manifest
    "113031": KeyObjectPurpose.INVENTORY,  # Signed Manifest
    "113032": KeyObjectPurpose.INVENTORY,  # Complete Study Content
    "113033": KeyObjectPurpose.INVENTORY,  # Signed Complete Study Content
    "113034": KeyObjectPurpose.INVENTORY,  # Complete Acquisition Content
    "113035": KeyObjectPurpose.INVENTORY,  # Signed Complete Acquisition Content
}


def read_key_objects(path: Path) -> KeyObjects:
    """Return the references of a document; raise `NotRenderable` for another object."""
    with open_object(path) as source:
        dataset = source.dataset
        if not is_key_object(str(dataset.get("SOPClassUID", ""))):
            raise NotRenderable("Das ist keine Bildauswahl. / This is no Key Object Selection.")
        references = tuple(_references(dataset))
        match _purpose(dataset):
            case KeyObjectPurpose.SELECTED:
                return KeyObjects(named=references)
            case KeyObjectPurpose.REJECTED:
                return KeyObjects(rejected=references)
            case KeyObjectPurpose.INVENTORY:
                return KeyObjects()


def _purpose(dataset: Dataset) -> KeyObjectPurpose:
    titles = dataset.get("ConceptNameCodeSequence") or ()
    codes = (str(title.get("CodeValue", "")) for title in titles)
    return next((TITLES[code] for code in codes if code in TITLES), KeyObjectPurpose.SELECTED)


def _references(dataset: Dataset) -> Iterator[KeyObjectReference]:
    """Yield the instances that the items of the content tree reference, at any depth."""
    waiting, visited = deque(dataset.get("ContentSequence") or ()), 0
    while waiting and visited < MAX_ITEMS:
        item = waiting.popleft()
        visited += 1
        waiting.extendleft(reversed(item.get("ContentSequence") or ()))
        for referenced in item.get("ReferencedSOPSequence") or ():
            uid = str(referenced.get("ReferencedSOPInstanceUID") or "")
            if uid:
                yield KeyObjectReference(uid, _frames(referenced))


def _frames(referenced: Dataset) -> tuple[int, ...]:
    """Return Referenced Frame Number (0008,1160), of one value or many."""
    value = referenced.get("ReferencedFrameNumber")
    if value is None or value == "":
        return ()
    values = value if hasattr(value, "__iter__") and not isinstance(value, str) else (value,)
    return tuple(int(frame) for frame in values)
