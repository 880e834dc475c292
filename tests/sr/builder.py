"""Small Structured Reports for tests, written by pydicom (the reader under test is our own).

Codes are written ``"LN|29436-3|LVIDd"``: scheme, value, meaning.
"""

from __future__ import annotations

import re
from pathlib import Path

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

SYNTAXES = {
    "explicit": ExplicitVRLittleEndian,
    "implicit": ImplicitVRLittleEndian,
    "big endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
COMPREHENSIVE = "1.2.840.10008.5.1.4.1.1.88.33"

FINDINGS = "DCM|121070|Findings"
GROUP = "DCM|125007|Measurement Group"
SITE = "SRT|G-C0E3|Finding Site"
LATERALITY = "SRT|G-C171|Laterality"
TOPOGRAPHY = "SRT|G-A1F8|Topographical modifier"
MODE = "SRT|G-0373|Image Mode"
METHOD = "SRT|G-C036|Measurement Method"
DERIVATION = "DCM|121401|Derivation"
SELECTION = "DCM|121404|Selection Status"
FLOW = "SRT|G-C048|Direction of Flow"
CYCLE = "SRT|R-4089A|Cardiac Cycle Point"

LEFT_VENTRICLE = "SRT|T-32600|Left Ventricle"
LEFT = "SRT|G-A101|Left"
RIGHT = "SRT|G-A100|Right"
TWO_D = "SRT|G-03A2|2D mode"
MEAN = "SRT|R-00317|Mean"
MEAN_CHOSEN = "DCM|121412|Mean value chosen"
LATEST_CHOSEN = "DCM|121411|Most recent value chosen"
LVIDD = "LN|29436-3|Left Ventricle Internal End Diastolic Dimension"
DIAMETER = "SRT|M-02550|Diameter"

MODIFIER = "HAS CONCEPT MOD"
PROPERTY = "HAS PROPERTIES"

_DS = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def coded(text: str) -> Dataset:
    """Return the item of a code sequence; empty parts are left out."""
    item = Dataset()
    scheme, value, meaning = text.split("|")
    if value:
        item.CodeValue = value
    if scheme:
        item.CodingSchemeDesignator = scheme
    if meaning:
        item.CodeMeaning = meaning
    return item


def node(kind: str, name: str, children: tuple[Dataset, ...] = (), rel: str = "") -> Dataset:
    """Return a content item without a value."""
    item = Dataset()
    if rel:
        item.RelationshipType = rel
    item.ValueType = kind
    if name:
        item.ConceptNameCodeSequence = [coded(name)]
    if children:
        item.ContentSequence = list(children)
    return item


def container(name: str, *children: Dataset, rel: str = "CONTAINS") -> Dataset:
    """Return a CONTAINER."""
    item = node("CONTAINER", name, children, rel)
    item.ContinuityOfContent = "SEPARATE"
    return item


def code(name: str, value: str, *children: Dataset, rel: str = MODIFIER) -> Dataset:
    """Return a CODE, a modifier unless told otherwise."""
    item = node("CODE", name, children, rel)
    item.ConceptCodeSequence = [coded(value)]
    return item


def text(name: str, value: str, rel: str = "CONTAINS") -> Dataset:
    """Return a TEXT."""
    item = node("TEXT", name, (), rel)
    item.TextValue = value
    return item


def measured(value: str, unit: str | None) -> Dataset:
    """Return the item of a MeasuredValueSequence; what is no DS is written as text."""
    item = Dataset()
    vr = "DS" if _DS.fullmatch(value) and len(value) <= 16 else "ST"
    item.add(DataElement(0x0040A30A, vr, value))
    if unit is not None:
        item.MeasurementUnitsCodeSequence = [coded(unit if "|" in unit else f"UCUM|{unit}|{unit}")]
    return item


def num(
    name: str, value: str, unit: str | None, *children: Dataset, rel: str = "CONTAINS"
) -> Dataset:
    """Return a NUM; ``unit`` is a UCUM code or a whole code."""
    item = node("NUM", name, children, rel)
    item.MeasuredValueSequence = [measured(value, unit)]
    return item


def empty_num(name: str, qualifier: str = "") -> Dataset:
    """Return a NUM without a value."""
    item = node("NUM", name, (), "CONTAINS")
    item.MeasuredValueSequence = []
    if qualifier:
        item.NumericValueQualifierCodeSequence = [coded(qualifier)]
    return item


def qualified(item: Dataset, qualifier: str) -> Dataset:
    """Return a NUM with a Numeric Value Qualifier beside its value."""
    item.NumericValueQualifierCodeSequence = [coded(qualifier)]
    return item


def reference() -> Dataset:
    """Return an item that refers to another by its place (PS3.3 C.17.3.2.5)."""
    item = Dataset()
    item.RelationshipType = "CONTAINS"
    item.ReferencedContentItemIdentifier = [1, 2, 3]
    return item


def row(
    device_id: str,
    name: str,
    number: str,
    value: str,
    unit: str | None = "mm",
    display: str = "mm",
    source: str = "2D",
) -> Dataset:
    """Return a row of SonoScape's private table."""
    return container(
        "SONOSCAPE|10020|Measurement",
        text("SONOSCAPE|10031|ID", device_id),
        text("SONOSCAPE|10033|Name", name),
        text("SONOSCAPE|10036|Source", source),
        text("SONOSCAPE|10037|Result Number", number),
        num("SONOSCAPE|10041|Value", value, unit),
        text("SONOSCAPE|10042|Display Unit", display),
        text("SONOSCAPE|10043|Manually Edited", "0"),
    )


def dataset(*children: Dataset, template: str | None = "5200", **elements: str) -> Dataset:
    """Return a whole report; ``elements`` replace or add elements by keyword."""
    report = Dataset()
    report.SpecificCharacterSet = elements.pop("SpecificCharacterSet", "ISO_IR 192")
    report.SOPClassUID = COMPREHENSIVE
    report.SOPInstanceUID = "2.25.11"
    report.StudyInstanceUID = "2.25.12"
    report.ContentDate = "20240115"
    report.ContentTime = "103015.5"
    report.Manufacturer = "ACME"
    report.PatientID = "4711"
    report.CompletionFlag = "PARTIAL"
    report.ValueType = "CONTAINER"
    report.ConceptNameCodeSequence = [coded("DCM|125200|Adult Echocardiography Procedure Report")]
    if template is not None:
        identification = Dataset()
        identification.MappingResource = "DCMR"
        identification.TemplateIdentifier = template
        report.ContentTemplateSequence = [identification]
    report.ContentSequence = list(children)
    for keyword, value in elements.items():
        setattr(report, keyword, value)
    return report


def sonoscape(*rows: Dataset, template: str = "SONO1000") -> Dataset:
    """Return a private report of SonoScape."""
    section = container("SONOSCAPE|10010|Small Parts", *rows)
    return dataset(section, template=template, Manufacturer="Sonoscape")


def write(
    report: Dataset, path: Path, syntax: str = "explicit", *, undefined_lengths: bool = False
) -> Path:
    """Write ``report`` as a Part 10 file and return the path."""
    if undefined_lengths:
        _make_undefined(report)
    report.file_meta = FileMetaDataset()
    report.file_meta.MediaStorageSOPClassUID = report.SOPClassUID
    report.file_meta.MediaStorageSOPInstanceUID = report.SOPInstanceUID
    report.file_meta.TransferSyntaxUID = UID(SYNTAXES[syntax])
    report.save_as(path, enforce_file_format=True)
    return path


def _make_undefined(item: Dataset) -> None:
    for element in item:
        if isinstance(element.value, Sequence):
            element.is_undefined_length = True
            for below in element.value:
                below.is_undefined_length_sequence_item = True
                _make_undefined(below)


def echo_section(*numbers: Dataset) -> Dataset:
    """Return Findings of the left ventricle with one group in 2D mode around ``numbers``."""
    return container(
        FINDINGS, code(SITE, LEFT_VENTRICLE), container(GROUP, code(MODE, TWO_D), *numbers)
    )
