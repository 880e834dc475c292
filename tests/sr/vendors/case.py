"""What a case is: a report, and the measurements a practice must get of it."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from gdtbridge.sr import Measurement
from tests.sr.builder import MEAN_CHOSEN, PROPERTY, SELECTION, code, node, text

CONTEXT = "HAS OBS CONTEXT"
INFERRED = "INFERRED FROM"

FETUS = "LN|11951-1|Fetus ID"
EQUATION = "DCM|121420|Equation"
STAGE = "LN|18139-6|Stage"
BIOMETRY = "DCM|125002|Fetal Biometry"
BIOMETRY_GROUP = "DCM|125005|Biometry Group"
SUMMARY = "DCM|121111|Summary"

BPD = "LN|11820-8|Biparietal Diameter"
AGE = "LN|18185-9|Gestational Age"
PSV = "LN|11726-7|Peak Systolic Velocity"
EDV = "LN|11653-3|End Diastolic Velocity"
EF = "LN|18043-0|Left Ventricular Ejection Fraction"
LENGTH = "SCT|410668003|Length"
WIDTH = "SCT|103355008|Width"
VOLUME = "SCT|118565006|Volume"
DISTANCE = "DCM|121206|Distance"

KIDNEY = "SCT|64033007|Kidney"
BREAST = "SCT|76752008|Breast"
LIVER = "SCT|10200004|Liver"
CAROTID = "SCT|69105007|Carotid Artery"
MITRAL = "SRT|T-35300|Mitral Valve"
MITRAL_SCT = "SCT|91134007|Mitral valve"

SCT_SITE = "SCT|363698007|Finding Site"
SCT_SIDE = "SCT|272741003|Laterality"
SCT_MODE = "SCT|399264008|Image Mode"
SCT_LEFT = "SCT|7771000|Left"
SCT_RIGHT = "SCT|24028007|Right"


@dataclass(frozen=True)
class Expected:
    """A measurement as a practice must get it; attributes that are not named must be empty."""

    name: str
    value: str
    unit: str
    said: tuple[tuple[str, str], ...] = ()


SAID = (
    "site", "laterality", "topography", "mode", "method", "view", "phase", "flow", "stage",
    "protocol", "fetus", "label", "derivation", "selection",
)  # fmt: skip


def one(name: str, value: str, unit: str, **said: str) -> Expected:
    """Return an expected measurement."""
    return Expected(name.rpartition("|")[2], value, unit, tuple(sorted(said.items())))


def seen(found: Measurement) -> Expected:
    """Return a measurement that was read, for comparison."""
    said = ((role, getattr(found, role)) for role in SAID)
    return Expected(
        found.name,
        str(found.value),
        found.unit,
        tuple(sorted((role, value) for role, value in said if value is not None)),
    )


def reverse(item: Dataset) -> Dataset:
    """Turn the order of all siblings round."""
    if "ContentSequence" in item:
        item.ContentSequence = [reverse(child) for child in reversed(item.ContentSequence)]
    return item


Case = tuple[Dataset, list[Expected]]
Cases = dict[str, Case]


def fetus(name: str) -> Dataset:
    """Return what names the fetus that a container is about."""
    return text(FETUS, name, rel=CONTEXT)


def inferred(value: str) -> Dataset:
    """Return the equation or table a value was computed with."""
    return code(EQUATION, value, rel=INFERRED)


def chosen(value: str = MEAN_CHOSEN) -> Dataset:
    """Return a Selection Status as GE writes it."""
    return code(SELECTION, value, rel=PROPERTY)


def by_reference() -> Dataset:
    """Return an item that points to another one it was computed from."""
    item = Dataset()
    item.RelationshipType = INFERRED
    item.ReferencedContentItemIdentifier = [1, 1, 2]
    return item


def image() -> Dataset:
    """Return a reference to the image a value was measured in."""
    item = node("IMAGE", "", rel=INFERRED)
    reference = Dataset()
    reference.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.6.1"
    reference.ReferencedSOPInstanceUID = "2.25.99"
    item.ReferencedSOPSequence = [reference]
    return item
