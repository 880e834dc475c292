"""An object as it leaves the house: under the identity that was decided, put right where it must.

The stored file is never touched. Where nothing of an object differs it leaves byte for byte; else a
copy says what it is now, and in the Original Attributes Sequence (0400,0561; PS3.3 C.12.1.1.9) what
the device had said.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gdtbridge.dataset.encoding import DEFLATED
from gdtbridge.dataset.inflate import InflatedStream
from gdtbridge.dataset.part10 import read_announced
from gdtbridge.dataset.text import character_set_for
from gdtbridge.dataset.values import PersonName, da_text, tm_text
from gdtbridge.devices.quirks import as_it_leaves, quirks_of
from gdtbridge.sr import Code
from gdtbridge.sr.statement_table import is_identifying

SYSTEM: Final = "GDTBRIDGE"
"""Modifying System (0400,0563)."""
UTF_8: Final = "ISO_IR 192"
MAX_INFLATED: Final = 256 * 1024 * 1024
"""Bytes of a deflated object that is held in memory to be changed."""
_HISTORY: Final = "OriginalAttributesSequence"
_IDENTITY: Final = frozenset({"PatientID", "PatientName", "PatientBirthDate"})
_OF_A_PERSON: Final = (
    *("IssuerOfPatientID", "OtherPatientIDs", "OtherPatientIDsSequence", "OtherPatientNames"),
    *("PatientBirthName", "PatientMotherBirthName", "PatientAge", "PatientSize", "PatientWeight"),
    *("PatientBirthTime", "PatientAddress", "PatientTelephoneNumbers", "PatientComments"),
    *("EthnicGroup", "Occupation", "MedicalRecordLocator", "MedicalAlerts", "Allergies"),
    *("AdditionalPatientHistory", "PregnancyStatus", "LastMenstrualDate", "AdmissionID"),
    *("ResponsiblePerson", "StudyID", "ReferencedPatientSequence", "ReferencedStudySequence"),
    *("RequestAttributesSequence", "ReferencedPerformedProcedureStepSequence"),
    *("PerformedProcedureStepDescription", "ImageComments", "StudyComments"),
)
"""Elements of a head that may tell of the person the device meant (PS3.3 C.7.1 and C.7.2)."""
_TREE_VALUES: Final = ("PersonName", "TextValue", "UID", "Date", "DateTime")
"""What content items say who somebody is with (PS3.3 Table C.17-3)."""
_ITEMS: Final = 0xFFFE
"""Group of the delimiters of items and sequences (PS3.5 7.5)."""


@dataclass(frozen=True, slots=True)
class LeavingObject:
    """An object to be handed out: its file, what it says of whom it is, and what is to leave.

    ``said`` and ``decided`` are values by DICOM keyword; ``manufacturer`` is as sent.
    """

    file: Path
    SOPClassUID: str
    SOPInstanceUID: str
    TransferSyntaxUID: str
    said: Mapping[str, str]
    decided: Mapping[str, str]
    manufacturer: str
    key: str
    """What names its bytes (`gdtbridge.viewing.store.bytes_key`)."""

    @property
    def changes(self) -> dict[str, str]:
        """The attributes that leave with another value than the object has."""
        return {
            keyword: value
            for keyword, value in self.decided.items()
            if _comparable(keyword, value) != _comparable(keyword, self.said[keyword])
        }


@contextmanager
def file_to_send(
    one: LeavingObject, folder: Path, now: datetime, *, with_history: bool = True
) -> Iterator[Path]:
    """Yield the Part 10 file that leaves for an object: its own, or a copy below ``folder``.

    Without history nothing is left of what was said before, nor, where the identity was another,
    of anything else the device may have said of that person: for who must not learn it.

    Raises what reading and writing raise.
    """
    if leaves_as_stored(one) and (with_history or not _has_history(one)):
        yield one.file
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part") as copy:
        copy.close()
        path = Path(copy.name)
        try:
            _write_copy(one, path, now, whole=has_quirks(one), with_history=with_history)
            yield path
        finally:
            path.unlink(missing_ok=True)


def leaves_as_stored(one: LeavingObject) -> bool:
    """Return whether nothing of an object is put right: it leaves byte for byte."""
    return not one.changes and not has_quirks(one)


def has_quirks(one: LeavingObject) -> bool:
    """Return whether something of the object is put right when it leaves, perhaps in its pixels."""
    return _has_quirks(one.manufacturer)


@lru_cache(maxsize=4096)
def _has_quirks(manufacturer: str) -> bool:
    return bool(quirks_of(_made_by(manufacturer)))


def _made_by(manufacturer: str) -> Dataset:
    maker = Dataset()
    maker.Manufacturer = manufacturer
    return maker


def _write_copy(
    one: LeavingObject, path: Path, now: datetime, *, whole: bool, with_history: bool
) -> None:
    """Write what leaves; pixels that nobody looks at are copied, never held in memory."""
    whole = whole or one.TransferSyntaxUID in DEFLATED
    with one.file.open("rb") as file:
        if one.TransferSyntaxUID in DEFLATED:
            _check_inflated(file)
        dataset = read_head(file, whole=whole)
        rest = file.tell()
        if whole:
            dataset = _with_meta(as_it_leaves(dataset, one.TransferSyntaxUID), dataset)
        if one.changes:
            change_values(dataset, one.changes, now)
        if not with_history:
            _forget(dataset, is_another=not _IDENTITY.isdisjoint(one.changes))
        with path.open("wb") as target:
            dcmwrite(target, dataset)
            if not whole:
                file.seek(rest)
                shutil.copyfileobj(file, target)


def _check_inflated(file: BinaryIO) -> None:
    """Raise `DatasetTooLarge` for a deflated object that would fill the memory; rewind the file."""
    read_announced(file)
    for _ in InflatedStream(file, MAX_INFLATED).pieces():
        pass
    file.seek(0)


def read_head(file: BinaryIO, *, whole: bool = False, longest: int | None = None) -> Dataset:
    """Return an object up to its pixels, or ``whole``; ``file`` is then where reading ended.

    Left out are items that stand in no sequence: nobody could write them. Values of more than
    ``longest`` bytes are read when they are looked at.
    """
    dataset: Dataset = dcmread(file, stop_before_pixels=not whole, defer_size=longest)
    for tag in [one for one in dataset.keys() if one.group == _ITEMS]:  # noqa: SIM118 - tags
        del dataset[tag]
    return dataset


def _with_meta(changed: Dataset, original: Dataset) -> Dataset:
    changed.file_meta = original.file_meta
    return changed


def change_values(dataset: Dataset, changes: Mapping[str, str], now: datetime) -> None:
    """Give a dataset new values, and keep those it had in the Original Attributes Sequence."""
    original = Dataset()
    for keyword in changes:
        if keyword in dataset:
            original[keyword] = deepcopy(dataset[keyword])
    if character_set_for(changes.values()).value:
        dataset.decode()
        dataset.SpecificCharacterSet = UTF_8
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    item = Dataset()
    item.SourceOfPreviousValues = ""
    item.AttributeModificationDateTime = da_text(now) + tm_text(now)
    item.ModifyingSystem = SYSTEM
    item.ReasonForTheAttributeModification = "CORRECT"
    item.ModifiedAttributesSequence = Sequence([original])
    before = dataset.get("OriginalAttributesSequence") or []
    dataset.OriginalAttributesSequence = Sequence([*before, item])


def _has_history(one: LeavingObject) -> bool:
    if one.TransferSyntaxUID in DEFLATED:
        return True  # found out by writing it
    with one.file.open("rb") as file:
        return _HISTORY in read_head(file)


def _forget(dataset: Dataset, *, is_another: bool) -> None:
    """Take what was said before out of a dataset; of another person all that may tell of them."""
    for keyword in (_HISTORY, *(_OF_A_PERSON if is_another else ())):
        if keyword in dataset:
            del dataset[keyword]
    if is_another:
        dataset.remove_private_tags()
        _forget_in_tree(dataset)


def _forget_in_tree(dataset: Dataset) -> None:
    """Empty what the tree of a report says of who somebody is.

    The items stay: others may refer to them by their place (PS3.3 C.17.3.2.5).
    """
    waiting = [dataset]
    while waiting:
        one = waiting.pop()
        if _says_who(one):
            for keyword in _TREE_VALUES:
                if keyword in one:
                    one[keyword].value = ""
        waiting += one.get("ContentSequence") or ()


def _says_who(item: Dataset) -> bool:
    words = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
    names = item.get("ConceptNameCodeSequence") or ()
    return any(is_identifying(Code(*(str(one.get(word, "")) for word in words))) for one in names)


def _comparable(keyword: str, value: str) -> str:
    return str(PersonName.of(value)) if keyword == "PatientName" else value.strip()
