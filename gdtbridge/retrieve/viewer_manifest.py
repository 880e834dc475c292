"""The manifest Weasis opens a study by: what there is to see, and where each object is fetched.

It is made of what the index says, so that no object is read for it, and of one study as it is one
patient's: Weasis shows names and dates of the manifest before it has a single object. Elements and
attributes are those of its reader (http://www.weasis.org/xsd/2.5), values are as in DICOM.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from pydicom.datadict import tag_for_keyword

from gdtbridge.retrieve.dicom_json import NAME_GROUPS, JsonDataset, name_of
from gdtbridge.retrieve.dicom_xml import xml_text

NAMESPACE: Final = "http://www.weasis.org/xsd/2.5"
MEDIA_TYPE: Final = "application/xml"
_LEVELS: Final = (
    ("Patient", ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")),
    (
        "Study",
        (
            *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyDescription"),
            *("AccessionNumber", "StudyID", "ReferringPhysicianName"),
        ),
    ),
    (
        "Series",
        (
            *("SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "Modality"),
            *("SeriesDate", "SeriesTime"),
        ),
    ),
    ("Instance", ("SOPInstanceUID", "SOPClassUID", "InstanceNumber")),
)
"""Elements within each other with their attributes, the first of which tells them apart."""
FIELDS: Final[Sequence[str]] = [keyword for _, keywords in _LEVELS for keyword in keywords]
"""What the rows of a manifest say: the attributes of an instance and of all above it."""
_NEEDED: Final = frozenset({"PatientID", "PatientName"})
"""Attributes that are there even when they are empty."""
_NUMBERS: Final = frozenset({"SeriesNumber", "InstanceNumber"})
_SEXES: Final = frozenset({"M", "F", "O"})
AS_STORED: Final = {"WadoTransferSyntaxUID": "*"}
"""Weasis decodes what devices send: without this each picture would be uncompressed for it."""


def study_manifest(rows: Iterable[JsonDataset], wado: str, secret: str) -> bytes:
    """Return the manifest of instances, one for each row.

    ``wado`` is the URI of WADO-URI; ``secret`` goes with each of its calls, as a Bearer token.
    """
    root, archive = _manifest(wado)
    SubElement(archive, "httpTag", {"key": "Authorization", "value": f"Bearer {secret}"})
    written: dict[tuple[str, ...], Element] = {}
    for row in rows:
        parent, place = archive, tuple[str, ...]()
        for name, keywords in _LEVELS:
            place = (*place, _said(row, keywords[0]))
            if place not in written:
                written[place] = SubElement(parent, name, _attributes(row, keywords))
                if name == "Series":
                    written[place].attrib.update(AS_STORED)
            parent = written[place]
    return _bytes(root)


def notice_manifest(wado: str, title: str, text: str) -> bytes:
    """Return a manifest of nothing but a text, which Weasis shows."""
    root, archive = _manifest(wado)
    said = {"title": title, "description": text, "severity": "ERROR"}
    SubElement(archive, "Message", said)
    return _bytes(root)


def _manifest(wado: str) -> tuple[Element, Element]:
    root = Element("manifest", {"xmlns": NAMESPACE})
    return root, SubElement(root, "arcQuery", {"arcId": "gdtbridge", "baseUrl": wado})


def _bytes(root: Element) -> bytes:
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _attributes(row: JsonDataset, keywords: Sequence[str]) -> dict[str, str]:
    told = {keyword: _said(row, keyword) for keyword in keywords}
    return {name: text for name, text in told.items() if text or name in _NEEDED}


def _said(row: JsonDataset, keyword: str) -> str:
    """Return the first value of an attribute as DICOM writes it; empty for what Weasis refuses."""
    values = row.get(name_of(tag_for_keyword(keyword) or 0), {}).get("Value") or [""]
    value = values[0]
    if isinstance(value, dict):
        value = "=".join(value.get(group, "") for group in NAME_GROUPS).rstrip("=")
    if keyword in _NUMBERS and not isinstance(value, int):
        return ""
    if keyword == "PatientSex" and value not in _SEXES:
        return ""
    return xml_text(str(value if value is not None else ""))
