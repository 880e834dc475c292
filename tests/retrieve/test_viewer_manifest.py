"""The manifest for Weasis, by what its reader takes."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

import pytest

from gdtbridge.retrieve.dicom_json import JsonDataset, name_of
from gdtbridge.retrieve.viewer_manifest import NAMESPACE, notice_manifest, study_manifest
from worklist.item import tag_of, vr_of

WADO = "https://bridge.praxis:8443/gdt/wado"
TAKEN = {
    "manifest": ({"uid"}, set(), ("arcQuery",)),
    "arcQuery": (
        {"arcId", "baseUrl"},
        {
            *("webLogin", "requireOnlySOPInstanceUID", "additionnalParameters"),
            *("overrideDicomTagsList", "queryMode", "seriesRetrieve"),
        },
        ("httpTag", "Message", "Patient"),
    ),
    "httpTag": ({"key", "value"}, set(), ()),
    "Message": ({"title", "description"}, {"severity"}, ()),
    "Patient": (
        {"PatientID", "PatientName"},
        {"IssuerOfPatientID", "PatientBirthDate", "PatientBirthTime", "PatientSex"},
        ("Study",),
    ),
    "Study": (
        {"StudyInstanceUID"},
        {
            *("StudyDescription", "StudyDate", "StudyTime", "AccessionNumber", "StudyID"),
            "ReferringPhysicianName",
        },
        ("Series",),
    ),
    "Series": (
        {"SeriesInstanceUID"},
        {
            *("SeriesDescription", "SeriesNumber", "Modality", "SeriesDate", "SeriesTime"),
            *("WadoTransferSyntaxUID", "WadoCompressionRate", "DirectDownloadThumbnail"),
        },
        ("Instance",),
    ),
    "Instance": ({"SOPInstanceUID"}, {"SOPClassUID", "InstanceNumber", "DirectDownloadFile"}, ()),
}
"""By element: attributes that must be there, those that may, and the elements in it in order."""
NASTY = "<script>\"onmouseover='x' &amp; \u202eRTL A\u0308 " + "W" * 64


def must_be_taken(written: bytes) -> Element:
    """Return a manifest whose elements and attributes are those Weasis reads."""
    root = fromstring(written)
    must_be_known(root)
    return root


def must_be_known(one: Element) -> None:
    """Look at an element and all within it."""
    namespace, _, name = one.tag[1:].partition("}")
    assert namespace == NAMESPACE
    needed, further, within = TAKEN[name]
    assert set(one.attrib) <= needed | further
    assert needed - {"uid"} <= set(one.attrib)
    inside = [within.index(other.tag.partition("}")[2]) for other in one]
    assert inside == sorted(inside)
    for other in one:
        must_be_known(other)


def row(**values: object) -> JsonDataset:
    """Return what a search answers of an instance."""
    values = {
        "PatientID": "4711",
        "PatientName": {"Alphabetic": "Müller^Änne"},
        "StudyInstanceUID": "1.2",
        "SeriesInstanceUID": "1.2.1",
        "SOPInstanceUID": "1.2.1.1",
        **values,
    }
    return {
        name_of(tag_of(word)): {"vr": vr_of(tag_of(word)), **({"Value": [said]} if said else {})}
        for word, said in values.items()
    }


def below(root: Element, *names: str) -> list[Element]:
    """Return the elements at a place below the archive."""
    return root.findall("/".join(f"{{{NAMESPACE}}}{name}" for name in ("arcQuery", *names)))


def test_each_object_stands_where_it_belongs() -> None:
    """Two series, three objects, one patient; all of them as stored, and with the secret."""
    rows = [
        row(SOPInstanceUID="1.2.1.1", InstanceNumber=1, SeriesNumber=1),
        row(SOPInstanceUID="1.2.1.2", InstanceNumber=2, SeriesNumber=1),
        row(SOPInstanceUID="1.2.2.1", SeriesInstanceUID="1.2.2", InstanceNumber=1),
    ]
    root = must_be_taken(study_manifest(iter(rows), WADO, "gdtl_secret"))
    (archive,) = below(root)
    assert archive.get("baseUrl") == WADO
    (tag,) = below(root, "httpTag")
    assert tag.attrib == {"key": "Authorization", "value": "Bearer gdtl_secret"}
    (patient,) = below(root, "Patient")
    assert patient.get("PatientName") == "Müller^Änne"
    assert len(below(root, "Patient", "Study")) == 1
    series = below(root, "Patient", "Study", "Series")
    assert [(one.get("SeriesInstanceUID"), len(one)) for one in series] == [
        ("1.2.1", 2),
        ("1.2.2", 1),
    ]
    assert {one.get("WadoTransferSyntaxUID") for one in series} == {"*"}


@pytest.mark.parametrize(
    ("said", "element", "attribute", "expected"),
    [
        (
            {"PatientName": {"Alphabetic": "Ä^B", "Phonetic": "c"}},
            "Patient",
            "PatientName",
            "Ä^B==c",
        ),
        ({"PatientName": ""}, "Patient", "PatientName", ""),
        ({"PatientID": NASTY}, "Patient", "PatientID", NASTY),
        ({"PatientID": "47\x00\x0b11"}, "Patient", "PatientID", "4711"),
        ({"PatientSex": "F"}, "Patient", "PatientSex", "F"),
        ({"PatientSex": "X"}, "Patient", "PatientSex", None),
        ({"StudyDescription": NASTY}, "Study", "StudyDescription", NASTY),
        ({"SeriesNumber": "eins"}, "Series", "SeriesNumber", None),
        ({"InstanceNumber": 7}, "Instance", "InstanceNumber", "7"),
        ({"InstanceNumber": ""}, "Instance", "InstanceNumber", None),
    ],
)
def test_what_devices_write_harms_nothing(
    said: dict[str, object], element: str, attribute: str, expected: str | None
) -> None:
    """What Weasis does not read is left out; what no XML can hold as well."""
    root = must_be_taken(study_manifest([row(**said)], WADO, "s"))
    (found,) = root.iter(f"{{{NAMESPACE}}}{element}")
    assert found.get(attribute) == expected


def test_a_notice_is_a_manifest() -> None:
    """With a text and nothing to fetch."""
    root = must_be_taken(notice_manifest(WADO, "Vorbei", NASTY))
    (message,) = below(root, "Message")
    assert (message.get("title"), message.get("description")) == ("Vorbei", NASTY)
    assert below(root, "Patient") == []
