"""What the head of a picture answers to each item of the check list."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from gdtbridge.dataset.header import Header, header_in, read_header
from gdtbridge.dataset.part10 import read_announced
from gdtbridge.people import Patient
from gdtbridge.picture_labels import (
    REASONS,
    RULES,
    USUAL_ITEMS,
    LabelAnswer,
    LabelContext,
    LabelState,
    answers_of,
    is_brightness_mode,
    paired_organs,
    transducer_of,
)
from tests.tools.elements import EXPLICIT, element, identification

WHOLE = {
    "PatientName": "Öztürk^Emre",
    "PatientID": "4711",
    "PatientBirthDate": "19910703",
    "StudyDate": "20261130",
    "InstitutionName": "Praxis Dr. Sommer",
    "ManufacturerModelName": "Sono K3",
    "DeviceSerialNumber": "120044",
    "TransducerData": r"C5-2\UNUSED\UNUSED",
    "BurnedInAnnotation": "YES",
}
CONTEXT = LabelContext(
    Patient("4711", "Öztürk", "Emre", date(1991, 7, 3)),
    date(2026, 11, 30),
    "Praxis Dr. Sommer",
    is_paired=True,
)


def head(**changes: str) -> Header:
    """Return the head of a picture that says everything, but for what is changed."""
    said = {field.name: "" for field in fields(Header)}
    return Header(**{**said, **WHOLE, **changes})


def answer(item: str, context: LabelContext = CONTEXT, /, **changes: str) -> LabelAnswer | None:
    """Return the answer to one item."""
    found = answers_of(USUAL_ITEMS, head(**changes), context)
    return next((one for one in found if one.item == item), None)


def test_a_picture_that_says_everything_lacks_nothing() -> None:
    """What only an eye can see is left to the eye."""
    states = {one.item: one.state for one in answers_of(USUAL_ITEMS, head(), CONTEXT)}
    look = {"side", "text"}
    assert states == {
        one.code: LabelState.LOOK if one.code in look else LabelState.PRESENT
        for one in USUAL_ITEMS
        if one.code != "depth"  # for information, where it is said
    }


def test_a_picture_that_says_nothing_lacks_all_but_what_is_never_missing() -> None:
    """Of the side and of the text in the picture the head can never say that they are not there."""
    said = dict.fromkeys(WHOLE, "")
    states = {one.item: one.state for one in answers_of(USUAL_ITEMS, head(**said), CONTEXT)}
    assert {item for item, state in states.items() if state is LabelState.LOOK} == {"side", "text"}
    assert LabelState.PRESENT not in states.values()


CASES = [
    ("name", {"PatientName": "NOTFALL^2"}, "missing", "placeholder"),
    ("name", {"PatientName": "4711"}, "missing", "placeholder"),
    ("name", {"PatientName": "Öztürk"}, "missing", "one-part"),
    ("name", {"PatientName": "OEZTUERK^EMRE"}, "present", ""),
    ("name", {"PatientName": "Wagner^Jutta"}, "look", "another-name"),
    ("age", {"PatientBirthDate": ""}, "missing", "empty"),
    ("age", {"PatientBirthDate": "", "PatientAge": "035Y"}, "present", ""),
    ("age", {"PatientBirthDate": "19000101"}, "missing", "empty"),
    ("age", {"PatientAge": "035Y"}, "present", ""),
    ("age", {"PatientAge": "012Y"}, "look", "age-contradicts"),
    ("age", {"PatientBirthDate": "19910730"}, "look", "another-birth-date"),
    ("day", {"StudyDate": ""}, "missing", "empty"),
    ("day", {"StudyDate": "", "AcquisitionDateTime": "20261130101500"}, "present", ""),
    ("day", {"StudyDate": "20000101"}, "look", "day-far"),
    ("day", {"StudyDate": "30.11.26"}, "look", "no-day"),
    ("practice", {"InstitutionName": ""}, "missing", "empty"),
    ("practice", {"InstitutionName": "PRAXIS DR SOMMER, Hauptstr. 1"}, "present", ""),
    ("practice", {"InstitutionName": "Dr. Sommer"}, "present", ""),
    ("practice", {"InstitutionName": "GE Healthcare"}, "look", "practice-other"),
    ("side", {"ImageLaterality": "L"}, "present", ""),
    ("side", {"Laterality": "U"}, "look", "side-unsaid"),
    ("device", {"ManufacturerModelName": "", "StationName": "US01"}, "look", "no-model"),
    ("device", {"ManufacturerModelName": ""}, "missing", "empty"),
    ("serial", {"DeviceSerialNumber": ""}, "missing", "empty"),
    ("transducer", {"TransducerData": "", "TransducerType": "CURVED LINEAR"}, "present", ""),
    ("transducer", {"TransducerData": r"UNUSED\UNUSED"}, "missing", "empty"),
    ("text", {"BurnedInAnnotation": "NO"}, "look", "no-text"),
    ("text", {"BurnedInAnnotation": ""}, "look", "text-unsaid"),
    ("text", {}, "look", "text-in-image"),
    ("depth", {"DepthOfScanField": "150"}, "present", ""),
]


@pytest.mark.parametrize(("item", "changes", "state", "why"), CASES)
def test_each_rule(item: str, changes: dict[str, str], state: str, why: str) -> None:
    """The three answers, and why."""
    found = answer(item, **changes)
    assert found is not None
    assert (found.state, found.why) == (state, why)
    assert found.is_loud == (why == "no-text")


def test_a_practice_without_a_name_is_compared_with_nothing() -> None:
    """And so a person looks."""
    found = answer("practice", LabelContext())
    assert found is not None
    assert (found.state, found.why) == ("look", "practice-unset")


def test_the_side_is_asked_of_paired_organs_alone() -> None:
    """By what the exam is called."""
    assert answer("side", LabelContext(is_paired=False)) is None
    assert [one.german for one in paired_organs(["Nierensonographie"])] == ["Niere"]
    assert [one.german for one in paired_organs(["Carotis-Duplex", ""])] == ["Halsgefäße"]
    assert paired_organs(["Echokardiographie", "Aorta"]) == ()


@pytest.mark.parametrize(
    ("said", "shown"),
    [(r"9d\6L3" + "\\", "9d"), (r"UNUSED\C5-1", "C5-1"), ("50.80.103.002", "50.80.103.002")],
)
def test_a_transducer_is_told_as_the_device_writes_it(said: str, shown: str) -> None:
    """The practice names it once for each device."""
    assert transducer_of(head(TransducerData=said)) == shown


def test_what_kind_of_image_it_is_stands_in_its_type() -> None:
    """Value 4 of ImageType: 0001 is a B-mode image alone."""
    assert is_brightness_mode(head(ImageType=r"ORIGINAL\PRIMARY\ABDOMINAL\0001")) is True
    assert is_brightness_mode(head(ImageType=r"ORIGINAL\PRIMARY\ABDOMINAL\0011")) is False
    assert is_brightness_mode(head(ImageType=r"ORIGINAL\PRIMARY")) is None


def test_the_elements_are_read_with_the_head() -> None:
    """By the one parser, whatever their group."""
    data = identification(EXPLICIT) + b"".join(
        (
            element(0x00185010, b"LO", r"C5-2\UNUSED"),
            element(0x00200062, b"CS", "R"),
            element(0x00280301, b"CS", "NO"),
        )
    )
    found = header_in(data, len(data), EXPLICIT)
    assert found is not None
    assert (transducer_of(found), found.ImageLaterality, found.BurnedInAnnotation) == (
        *("C5-2", "R"),
        "NO",
    )


def test_real_pictures_say_as_little_as_they_say(corpus: Path) -> None:
    """Of ten objects of eight makers: who says what; none of them the side."""
    said: Counter[str] = Counter()
    for file in sorted((corpus / "images").glob("*.dcm")):
        with file.open("rb") as opened:
            syntax = read_announced(opened)[2]
        found = read_header(file, syntax)
        said.update(item for item in COUNTED if getattr(found, item))
        said["transducer"] += bool(transducer_of(found))
        said["study"] += bool(found.StudyInstanceUID)
    assert said == {**COUNTED, "transducer": 7, "study": 10}


COUNTED = {
    "Manufacturer": 10,
    "ManufacturerModelName": 9,
    "InstitutionName": 6,
    "DeviceSerialNumber": 4,
    "TransducerData": 6,
    "TransducerType": 4,
    "BurnedInAnnotation": 2,
}


def test_the_list_is_in_the_documents(project: Path) -> None:
    """Every item as it is."""
    text = (project / "docs" / "reference" / "sample-audit.md").read_text("utf-8")
    for one in USUAL_ITEMS:
        told = "yes" if one.is_told else "no"
        cells = (f"`{one.code}`", one.german, ", ".join(one.elements), f"`{one.rule}`", one.asked)
        assert f"| {' | '.join(cells)} | {told} |" in text
        assert one.rule in RULES
    assert {why for _, _, _, why in CASES} - {""} <= REASONS.keys()
