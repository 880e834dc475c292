"""Whose a value is: a child's is never told as the mother's (PS3.16 TID 1006, 1008, 5000)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Report, predecessor_ids
from gdtbridge.sr.model import Code, Subject
from gdtbridge.sr.subject import mark, names_fetus
from gdtbridge.tsv import table
from tests.sr.builder import (
    DIAMETER,
    FINDINGS,
    GROUP,
    LVIDD,
    MODE,
    MODIFIER,
    SITE,
    TWO_D,
    code,
    coded,
    container,
    dataset,
    num,
    text,
)

Read = Callable[[Dataset], Report]

OBS = "HAS OBS CONTEXT"
BPD = "LN|11820-8|Biparietal Diameter"
HEART_RATE = "LN|8867-4|Heart rate"
PI = "LN|12008-9|Pulsatility Index"
BIOMETRY = "DCM|125002|Fetal Biometry"
CHARACTERISTICS = "DCM|121118|Patient Characteristics"
UTERINE = "SRT|T-46820|Uterine Artery"
UMBILICAL = "SCT|50536004|Umbilical Artery"
HEART = "SRT|T-32000|Heart"
PELVIC = "SCT|281496003|Pelvic Vascular Structure"
BLADDER = "SCT|89837001|Bladder"
IDENTIFIER = "DCM|112050|Anatomic Identifier"
CLASS, SUBJECT_ID = "DCM|121024|Subject Class", "DCM|121030|Subject ID"
OF_FETUS, OF_PATIENT = "DCM|121026|Fetus", "DCM|121025|Patient"
UNNUMBERED = "ohne Nummer"


def titled(title: str, *items: Dataset, template: str | None = None, **elements: str) -> Dataset:
    """Return a report under a title."""
    report = dataset(*items, template=template, **elements)
    report.ConceptNameCodeSequence = [coded(title)]
    return report


def fetus(name: str) -> Dataset:
    """Return a Fetus ID."""
    return text("LN|11951-1|Fetus ID", name, rel=OBS)


def at(site: str, *items: Dataset) -> Dataset:
    """Return findings at a site."""
    return container(FINDINGS, code(SITE, site), *items)


PULSE = num(PI, "1.2", "1")
SIZE = num(DIAMETER, "3", "mm")
LEFT_VENTRICLE = num(LVIDD, "14", "mm")

PREGNANCIES: dict[str, Dataset] = {
    # What makes a report one about a pregnancy; each has a diameter of the heart
    "TID 5000": dataset(at(HEART, SIZE), template="5000"),
    "title of CID 12024, DCM": titled("DCM|125000|OB-GYN Ultrasound", at(HEART, SIZE)),
    "title of CID 12024, LN": titled("LN|24869-0|US Pelvis", at(HEART, SIZE)),
    "title of CID 12024, SCT": titled("SCT|268445003|Obstetric US scan", at(HEART, SIZE)),
    "LOINC title": titled("LN|11525-3|US Pelvis and Fetus", at(HEART, SIZE)),
    "fetal echo": titled("DCM|125196|Fetal Cardiac Ultrasound", at(HEART, SIZE), template="5220"),
    "title in words": titled("99X|1|Obstetrical Report", at(HEART, SIZE)),
    "title in German": titled("99X|1|Schwangerschaftsultraschall", at(HEART, SIZE)),
    "a fetal section": dataset(container(BIOMETRY), at(HEART, SIZE)),
    "a fetal section behind": dataset(at(HEART, SIZE), container("DCM|125008|Fetus Summary")),
    "a private fetal section": dataset(container("99X|1|Fetal Doppler"), at(HEART, SIZE)),
    "a fetal measurement": dataset(at(HEART, SIZE), num(BPD, "50", "mm")),
    "a Fetus ID": dataset(container(FINDINGS, fetus("A")), at(HEART, SIZE)),
    "Subject Class at the root": dataset(code(CLASS, OF_FETUS, rel=OBS), at(HEART, SIZE)),
    "Subject Class of another section": dataset(
        container(FINDINGS, code(CLASS, OF_FETUS, rel=OBS)), at(HEART, SIZE)
    ),
    "the patient is the subject of the document": dataset(
        code(CLASS, OF_PATIENT, rel=OBS), at(HEART, SIZE), template="5000"
    ),
}


@pytest.mark.parametrize("name", PREGNANCIES)
def test_a_value_of_a_pregnancy_is_the_fetus_s(read: Read, name: str) -> None:
    """It has another id than the mother's and says that it is a child's."""
    (of_mother,) = read(dataset(at(HEART, SIZE))).measurements
    found = [one for one in read(PREGNANCIES[name]).measurements if one.code != "11820-8"]
    assert [(one.subject, one.fetus) for one in found] == [(Subject.FETUS, UNNUMBERED)]
    assert found[0].id != of_mother.id


PATIENTS: dict[str, Dataset] = {
    # The patient's own values
    "an echo": dataset(at(HEART, SIZE)),
    "a child's echo": titled("DCM|125195|Pediatric Cardiac Ultrasound", at(HEART, SIZE)),
    "a newborn's head": dataset(
        num("LN|11984-2|Head Circumference", "350", "mm"),
        PatientBirthDate="20240110",
        template="5100",
    ),
    "a man's head": dataset(
        num("LN|11984-2|Head Circumference", "570", "mm"), PatientSex="M", template="5100"
    ),
    "a vein that is open again": dataset(at("SCT|13576009|Umbilical Vein", SIZE), template="5100"),
    "Patient Characteristics": dataset(
        container(CHARACTERISTICS, num(HEART_RATE, "80", "/min")), template="5000"
    ),
    "what only she has": dataset(num("LN|8302-2|Patient Height", "170", "cm"), template="5000"),
    "in a fetal section": dataset(
        container(BIOMETRY, fetus("A"), num("LN|11961-0|Cervix Length", "40", "mm"))
    ),
    "the site": dataset(at(UTERINE, PULSE), template="5000"),
    "a vessel's container": dataset(at(PELVIC, container(UTERINE, PULSE)), template="5000"),
    "the site of the number": dataset(
        container(FINDINGS, num(PI, "1", "1", code(SITE, UTERINE))), template="5000"
    ),
    "a site in words": dataset(at("99X|5|Left Uterine Artery", PULSE), template="5000"),
    "a private measurement": dataset(num("99X|5|Lt Ut.A / Uterine PI", "1", "1"), template="5000"),
    "a site within a fetus's section": dataset(
        container(FINDINGS, fetus("A"), container(UTERINE, PULSE)), template="5000"
    ),
    "an only Fetus ID at the root": dataset(fetus("A"), at(UTERINE, PULSE), template="5000"),
    "said of the section": dataset(
        container(FINDINGS, code(CLASS, OF_PATIENT, rel=OBS), SIZE), template="5000"
    ),
    "a finding": dataset(
        container(FINDINGS, code("DCM|121071|Finding", "SCT|95315005|Uterine leiomyoma", SIZE)),
        template="5000",
    ),
    "her breast": dataset(at("SRT|T-04000|Breast", SIZE), template="5000"),
    "the bladder of a gynaecological exam": dataset(at(BLADDER, SIZE), template="5000"),
}


@pytest.mark.parametrize("name", PATIENTS)
def test_the_patient_s_values_stay_hers(read: Read, name: str) -> None:
    """Maternal sections, sites and measurements, and every report that is about no pregnancy."""
    (one,) = read(PATIENTS[name]).measurements
    assert (one.subject, one.fetus) == (Subject.PATIENT, None)


NAMED: dict[str, tuple[Dataset, str | None]] = {
    # A value of the fetus, and the name it has
    "Fetus ID": (container(BIOMETRY, fetus("A"), LEFT_VENTRICLE), "A"),
    "Fetus ID of the number": (container(FINDINGS, num(LVIDD, "1", "mm", fetus("B"))), "B"),
    "Fetus Number": (
        container(BIOMETRY, num("DCM|121037|Fetus Number", "2", "1", rel=OBS), LEFT_VENTRICLE),
        "2",
    ),
    "Subject ID with its class": (
        container(
            FINDINGS,
            code(CLASS, OF_FETUS, rel=OBS),
            text(SUBJECT_ID, "A", rel=OBS),
            LEFT_VENTRICLE,
        ),
        "A",
    ),
    "Subject ID alone": (container(BIOMETRY, text(SUBJECT_ID, "A", rel=OBS), LEFT_VENTRICLE), "A"),
    "Anatomic Identifier": (container(UMBILICAL, text(IDENTIFIER, "A", rel=MODIFIER), PULSE), "A"),
    "Anatomic Identifier of the number": (
        container(UMBILICAL, num(PI, "1", "1", text(IDENTIFIER, "2", rel=MODIFIER))),
        "2",
    ),
    "Anatomic Identifier as context": (
        container(UMBILICAL, text(IDENTIFIER, "Fetus A", rel=OBS), PULSE),
        "Fetus A",
    ),
    "Anatomic Identifier that is a place": (
        container(UMBILICAL, text(IDENTIFIER, "free loop", rel=MODIFIER), PULSE),
        None,
    ),
    "private modifier": (
        container(BIOMETRY, text("99X|9|Fetus No.", "A", rel=MODIFIER), LEFT_VENTRICLE),
        "A",
    ),
    "label": (
        container(FINDINGS, text("LN|12510-4|Identifier", "Twin B", rel=OBS), LEFT_VENTRICLE),
        "Twin B",
    ),
    "private container": (container("99X|9|Fetus #2", LEFT_VENTRICLE), "Fetus #2"),
    "tracking identifier": (
        container(GROUP, text("DCM|112039|Tracking Identifier", "Baby 1", rel=OBS), LEFT_VENTRICLE),
        "Baby 1",
    ),
    "nobody": (container(BIOMETRY, LEFT_VENTRICLE), UNNUMBERED),
    "nobody, a measurement of children only": (container(BIOMETRY, num(BPD, "5", "cm")), None),
    "nobody, a vessel of children only": (container(UMBILICAL, PULSE), None),
    "a vessel below one of the mother": (
        container(FINDINGS, code(SITE, UTERINE), container(HEART, SIZE)),
        UNNUMBERED,
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_the_fetus_is_told_by_what_the_device_calls_it(read: Read, name: str) -> None:
    """Where nothing names it, only what the mother could have as well is marked."""
    item, expected = NAMED[name]
    (one,) = read(dataset(item, template="5000")).measurements
    assert (one.subject, one.fetus) == (Subject.FETUS, expected)
    assert (one.label, one.group) == (None, None)


def test_the_bladder_beside_a_child_is_the_child_s(read: Read) -> None:
    """Nobody can say whose it is."""
    report = dataset(at(BLADDER, SIZE), container(BIOMETRY), template="5000")
    assert [one.fetus for one in read(report).measurements] == [UNNUMBERED]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("A", "A"),
        ("a", "A"),
        ("Fetus A", "A"),
        ("FETUS: b", "B"),
        ("#1", "1"),
        ("Twin 2", "2"),
        ("Baby No 3", "3"),
        ("Fetus", "Fetus"),
        ("presenting", "presenting"),
        ("1, A", "1, A"),
    ],
)
def test_a_fetus_is_called_by_its_letter(said: str, expected: str) -> None:
    """Spellings of one name are one name on the page."""
    assert mark(said) == expected


@pytest.mark.parametrize("concept", ["Number of Fetuses", "Fetal Heart Rate", "Fetus Summary", ""])
def test_other_concepts_name_no_fetus(concept: str) -> None:
    """A word for the fetus within another concept says something else."""
    assert not names_fetus(Code("1", "99X", concept))


def test_every_row_has_its_source() -> None:
    """What is the mother's is a table; each row says where it is known from, none comes twice."""
    rows = list(table("sr/subject.tsv"))
    assert len({(what, word) for what, _, word, _, _ in rows}) == len(rows)
    assert all(source for *_, source in rows)
    for what, _, word, meaning, _ in rows:
        assert what.startswith("word-") or meaning
        assert what.startswith("word-") or re.fullmatch(r"[A-Z]+:[0-9-]+|[0-9]+", word)


def test_the_seed_s_ids_are_the_patient_s_of_today(read: Read) -> None:
    """What the seed system wrote as hers goes under its stable id, and hides none of her own."""
    group = container(GROUP, code(MODE, TWO_D), LEFT_VENTRICLE)
    own = container(GROUP, code(MODE, TWO_D), num(LVIDD, "48", "mm"))
    report = read(
        dataset(
            container(FINDINGS, code(CLASS, OF_PATIENT, rel=OBS), own),
            container(FINDINGS, fetus("A"), group),
            container("DCM|121068|Previous Findings", own),
        )
    )
    made = dict(zip(predecessor_ids(report), report.measurements, strict=True))
    assert str(made["SOEC2DLVIEDD"].value) == "48"
    assert made["SOEC2DLVIEDD"].subject is Subject.PATIENT
    assert sum(one.startswith("SOEC") for one in made) == 1
