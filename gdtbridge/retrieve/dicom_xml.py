"""The Native DICOM Model (PS3.19 A.1) of datasets, made of their JSON."""

from __future__ import annotations

from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from pydicom.datadict import keyword_for_tag

from gdtbridge.dataset.values import ComponentGroup
from gdtbridge.retrieve.dicom_json import JsonDataset

NAMESPACE: Final = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
_COMPONENTS: Final = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_FORBIDDEN: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF))
"""Characters no XML can hold (XML 1.0 2.2), to nothing."""


def xml_dataset(dataset: JsonDataset) -> bytes:
    """Return a dataset as an XML document in UTF-8."""
    root = Element("NativeDicomModel", {"xmlns": NAMESPACE, "xml:space": "preserve"})
    _write(root, dataset)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _write(parent: Element, dataset: JsonDataset) -> None:
    for tag, told in dataset.items():
        attribute = SubElement(parent, "DicomAttribute", {"tag": tag, "vr": told["vr"]})
        if keyword := keyword_for_tag(int(tag, 16)):
            attribute.set("keyword", keyword)
        for number, value in enumerate(told.get("Value", ()), start=1):
            _write_value(attribute, told["vr"], str(number), value)
        if "InlineBinary" in told:
            SubElement(attribute, "InlineBinary").text = told["InlineBinary"]
        if "BulkDataURI" in told:
            SubElement(attribute, "BulkData", {"uri": told["BulkDataURI"]})


def _write_value(attribute: Element, VR: str, number: str, value: Any) -> None:  # noqa: ANN401, N803
    if VR == "SQ":
        _write(SubElement(attribute, "Item", {"number": number}), value)
    elif VR == "PN":
        name = SubElement(attribute, "PersonName", {"number": number})
        for group, text in (value or {}).items():
            written = SubElement(name, group)
            for component, part in zip(_COMPONENTS, ComponentGroup.of(text).parts, strict=True):
                if part:
                    SubElement(written, component).text = xml_text(part)
    else:
        written = SubElement(attribute, "Value", {"number": number})
        written.text = "" if value is None else xml_text(str(value))


def xml_text(text: str) -> str:
    """Return a text without what no XML can hold."""
    return text.translate(_FORBIDDEN)
