"""The identity that was decided, in metadata that say what the device said.

It is filled in when an answer is made: what is kept of an object stays true whoever it is of. The
outcome is the same as the metadata of the copy that leaves (`gdtbridge.retrieve.leaving`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from pydicom.dataset import Dataset

from gdtbridge.retrieve.dicom_json import JsonDataset, json_dataset, name_of
from gdtbridge.retrieve.leaving import change_values
from worklist.item import item_from, tag_of

_HISTORY: Final = name_of(tag_of("OriginalAttributesSequence"))
_MODIFIED: Final = name_of(tag_of("ModifiedAttributesSequence"))
_CHARACTER_SET: Final = name_of(tag_of("SpecificCharacterSet"))


def correction_of(changes: Mapping[str, str], now: datetime) -> JsonDataset:
    """Return what new values, by keyword, make of an object that says nothing."""
    dataset = Dataset()
    change_values(dataset, changes, now)
    return json_dataset(item_from(dataset))


def corrected(said: JsonDataset, correction: JsonDataset) -> JsonDataset:
    """Return an object's metadata with a `correction_of` it.

    What it said before stands in the Original Attributes Sequence, after what stood there.
    """
    replaced = correction.keys() - {_HISTORY, _CHARACTER_SET}
    was = {name: told for name, told in said.items() if name in replaced}
    (item,) = correction[_HISTORY]["Value"]
    item = {**item, _MODIFIED: {"vr": "SQ", "Value": [was]}}
    before = said.get(_HISTORY, {}).get("Value", ())
    history = {"vr": "SQ", "Value": [*before, item]}
    return dict(sorted({**said, **correction, _HISTORY: history}.items()))
