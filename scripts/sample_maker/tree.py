"""Structured Report content: codes, items, and the document around them (PS3.3 C.17).

Concepts are written ``"value|scheme|meaning"`` in the tables, one string per code.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import ComprehensiveSRStorage

from sample_maker.cast import Study
from sample_maker.part10 import add_series, new_instance

CONTAINS: Final = "CONTAINS"
HAS_CONCEPT_MOD: Final = "HAS CONCEPT MOD"
HAS_OBS_CONTEXT: Final = "HAS OBS CONTEXT"
HAS_PROPERTIES: Final = "HAS PROPERTIES"
INFERRED_FROM: Final = "INFERRED FROM"

UNITS: Final = {
    "mm": "millimeter",
    "cm": "centimeter",
    "cm2": "square centimeter",
    "m2": "square meter",
    "ml": "milliliter",
    "ml/m2": "milliliter per square meter",
    "g": "gram",
    "kg": "kilogram",
    "cm/s": "centimeter per second",
    "m": "meter",
    "m/s": "meter per second",
    "s": "second",
    "d": "day",
    "kPa": "kilopascal",
    "/min": "per minute",
    "mm[Hg]": "millimeter of mercury",
    "ms": "millisecond",
    "%": "percent",
    "1": "no units",
    "{H.B.}/min": "heart beats per minute",
}
"""UCUM unit to its meaning (PS3.16 CID 82 and the units of TID 5200)."""


def coded(concept: str) -> Dataset:
    """Return the code sequence item of ``"value|scheme|meaning"`` (PS3.3 8.8)."""
    value, scheme, meaning = concept.split("|")
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = scheme
    item.CodeMeaning = meaning
    return item


def _item(relationship: str, value_type: str, name: str, children: Iterable[Dataset]) -> Dataset:
    item = Dataset()
    item.RelationshipType = relationship
    item.ValueType = value_type
    if name:
        item.ConceptNameCodeSequence = Sequence([coded(name)])
    content = list(children)
    if content:
        item.ContentSequence = Sequence(content)
    return item


def container(name: str, *children: Dataset) -> Dataset:
    """Return a CONTAINER that its parent CONTAINS."""
    item = _item(CONTAINS, "CONTAINER", name, children)
    item.ContinuityOfContent = "SEPARATE"
    return item


def code(relationship: str, name: str, concept: str) -> Dataset:
    """Return a CODE item."""
    item = _item(relationship, "CODE", name, ())
    item.ConceptCodeSequence = Sequence([coded(concept)])
    return item


def text(name: str, value: str) -> Dataset:
    """Return a TEXT item that its parent CONTAINS."""
    item = _item(CONTAINS, "TEXT", name, ())
    item.TextValue = value
    return item


def num(name: str, value: str, unit: str, *children: Dataset) -> Dataset:
    """Return a NUM item that its parent CONTAINS; ``unit`` is a key of `UNITS`."""
    item = _item(CONTAINS, "NUM", name, children)
    measured = Dataset()
    if "," in value:  # no Decimal String, but devices write it
        written = value.encode("ascii").ljust(len(value) + len(value) % 2)
        measured[0x0040A30A] = RawDataElement(
            Tag(0x0040A30A),
            "DS",
            len(written),
            written,
            0,
            is_implicit_VR=False,
            is_little_endian=True,
        )
    else:
        measured.NumericValue = value
    measured.MeasurementUnitsCodeSequence = Sequence([coded(f"{unit}|UCUM|{UNITS[unit]}")])
    item.MeasuredValueSequence = Sequence([measured])
    return item


def no_num(name: str, qualifier: str) -> Dataset:
    """Return a NUM item without a value, and why (Numeric Value Qualifier, PS3.16 CID 42)."""
    item = _item(CONTAINS, "NUM", name, ())
    item.MeasuredValueSequence = Sequence()
    item.NumericValueQualifierCodeSequence = Sequence([coded(qualifier)])
    return item


def date(name: str, value: str) -> Dataset:
    """Return a DATE item that its parent CONTAINS; ``value`` is YYYYMMDD."""
    item = _item(CONTAINS, "DATE", name, ())
    item.Date = value
    return item


def image(SOPClassUID: str, SOPInstanceUID: str) -> Dataset:  # noqa: N803 - keywords
    """Return an IMAGE item its parent was INFERRED FROM."""
    item = _item(INFERRED_FROM, "IMAGE", "", ())
    item.ReferencedSOPSequence = Sequence([reference(SOPClassUID, SOPInstanceUID)])
    return item


def reference(SOPClassUID: str, SOPInstanceUID: str) -> Dataset:  # noqa: N803 - keywords
    """Return a reference to an instance (PS3.3 10.8)."""
    item = Dataset()
    item.ReferencedSOPClassUID = SOPClassUID
    item.ReferencedSOPInstanceUID = SOPInstanceUID
    return item


def evidence(images: Iterable[Dataset]) -> Dataset:
    """Return the evidence of one study in one series (PS3.3 C.17.2.1)."""
    instances = list(images)
    series = Dataset()
    series.SeriesInstanceUID = instances[0].SeriesInstanceUID
    series.ReferencedSOPSequence = Sequence(
        [reference(ds.SOPClassUID, ds.SOPInstanceUID) for ds in instances]
    )
    study = Dataset()
    study.StudyInstanceUID = instances[0].StudyInstanceUID
    study.ReferencedSeriesSequence = Sequence([series])
    return study


def document(study: Study, title: str, template: tuple[str, str], root: list[Dataset]) -> Dataset:
    """Return a Comprehensive SR; ``template`` is (mapping resource, identifier) (PS3.3 A.35.3)."""
    ds = new_instance(study, ComprehensiveSRStorage, "report", minutes=20)
    add_series(ds, study, "SR", 99)
    ds.ReferencedPerformedProcedureStepSequence = Sequence()
    ds.InstanceNumber = 1
    ds.CompletionFlag = "PARTIAL"
    ds.VerificationFlag = "UNVERIFIED"
    ds.PerformedProcedureCodeSequence = Sequence()
    ds.ValueType = "CONTAINER"
    ds.ConceptNameCodeSequence = Sequence([coded(title)])
    ds.ContinuityOfContent = "SEPARATE"
    ds.ContentTemplateSequence = Sequence([_template(*template)])
    ds.ContentSequence = Sequence(root)
    return ds


def _template(mapping_resource: str, identifier: str) -> Dataset:
    item = Dataset()
    item.MappingResource = mapping_resource
    item.TemplateIdentifier = identifier
    return item
