"""What a GDT record asks for, in the language of its fields."""

from __future__ import annotations

import dataclasses
from datetime import date, time
from decimal import Decimal

import pytest

from gdtbridge.errors import OrderError
from gdtbridge.exams import StudyQuery, asked, query_of
from gdtbridge.exams.study_query import query_of_file
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.tables.dialects import DIALECTS, dialect_named
from gdtbridge.gdt.write.results import (
    Identification,
    OrderReference,
    StudyResult,
    TestValue,
    ValueResult,
)
from gdtbridge.gdt.write.writer import render_study, render_values
from gdtbridge.people import Patient

RESULT = StudyResult(
    patient=Patient("4711", "Müller", "Änne", date(1958, 12, 24), "F"),
    date=date(2024, 1, 15),
    time=time(10, 30, 15),
    accession="R0000000042",
    modality="US",
    description="Abdomen",
    test_id="EXTPACS",
    test_description="PACS-Datensatz",
    order=OrderReference(case_id="F-17"),
)


PERSON = {"family_name": "Müller", "given_name": "Änne", "birth_date": "19581224"}


def written(*fields: str, record_type: str = "6311") -> bytes:
    """Return a record of these lines (number and content in one)."""
    lines = [f"8000{record_type}", "92063", "921802.10", *fields]
    return b"".join(f"{len(line) + 5:03d}{line}\r\n".encode("cp1252") for line in lines)


def record(*fields: str) -> Record:
    """Return the same as it is read."""
    (found,) = read_records(written(*fields))
    return found


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_our_own_results_ask_for_their_study(dialect: str) -> None:
    """What we wrote into the chart comes back and says patient, number, case, day and time.

    Medical Office's has no name in it, as with the seed system.
    """
    person = {} if dialect == "medical-office" else PERSON
    data = render_study(RESULT, dialect_named(dialect), Identification()).data
    assert query_of_file(data) == StudyQuery(
        "4711", "R0000000042", "F-17", "20240115", "103015", **person
    )


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_our_own_values_ask_for_their_study(dialect: str) -> None:
    """A record of measurements does the same, whatever was remarked.

    Medical Office's has neither number nor name in it, as with the seed system: day and time have
    to do. x.concept's has them in words only: the number has to do.
    """
    number, person = ("", {}) if dialect == "medical-office" else ("R0000000042", PERSON)
    when = ("", "") if dialect == "x-concept" else ("20240115", "103015")
    values = tuple(
        TestValue(f"M{n}", "Aorta", Decimal("1.5"), "cm", ("Leber", "Ort: links")) for n in range(3)
    )
    result = ValueResult(
        RESULT.patient, RESULT.date, RESULT.time, RESULT.accession, "US", values, RESULT.order
    )
    data = render_values(result, dialect_named(dialect), Identification()).data
    query = query_of_file(data)
    assert dataclasses.replace(query, case_id="") == StudyQuery("4711", number, "", *when, **person)
    assert query.case_id in {"", "F-17"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["84008402"], {}),
        (["620015012024", "6201103015"], {"study_date": "20240115", "study_time": "103015"}),
        (["843215012024", "84391030"], {"study_date": "20240115", "study_time": "1030"}),
        (["843220240115", "843910:30:15"], {"study_date": "20240115", "study_time": "103015"}),
        # The record's own day is the day it was written; the exam's counts.
        (["620020112026", "6201080000", "843215012024"], {"study_date": "20240115"}),
        (
            ["620015012024", "6201103015", "843215012024"],
            {"study_date": "20240115", "study_time": "103015"},
        ),
        (["843200000000", "620015012024"], {"study_date": "20240115"}),
        (["8439103015"], {"study_time": "103015"}),
        (["6201Messwerte vom 15.01.2024"], {}),
        (["843215012024", "8439000000"], {"study_date": "20240115"}),
        (["620015012024", "620100:00"], {"study_date": "20240115"}),
        (["843215012024", "8439000030"], {"study_date": "20240115", "study_time": "000030"}),
        (["84130007", "84280007"], {"accession_number": "0007"}),
        (["6227Auftragsnummer: R1", "6227Leber"], {"accession_number": "R1"}),
        (["8470Auftragsnummer: R1", "8470Auftragsnummer: R1"], {"accession_number": "R1"}),
        (["8310F-17"], {"case_id": "F-17"}),
        (["3101Müller", "3102Änne", "310324121958"], PERSON),
        (["3301Müller", "3302Änne", "33031958-12-24"], PERSON),
        (["3101Müller", "3102Änne", "310300000000"], {}),
        (["3101Müller", "310300001958"], {}),
        (["3101Müller", "310300121958"], {}),
        (["3101Müller", "310319580000"], {}),
        (["3101Müller", "3102Änne", "310200", "3103"], {}),
        # Unreadable, but of no use without the other.
        (["3101Müller", "3101Maier"], {}),
        (["310331021990"], {}),
        (["310331021990", "310324121958", "3101"], {}),
    ],
)
def test_what_a_record_says(fields: list[str], expected: dict[str, str]) -> None:
    """Each field narrows; one that is not there asks nothing."""
    query = query_of(record("30004711", *fields))
    assert query == dataclasses.replace(StudyQuery("4711"), **expected)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ([], "3000"),
        (["30000"], "3000"),
        (["3000  "], "3000"),
        (["30004711", "30004712"], "3000"),
        (["30004711", "843215012024", "843216012024"], "8432"),
        (["30004711", "843231022024"], "8432"),
        (["30004711", "620015.13.2024"], "6200"),
        (["30004711", "84392530"], "8439"),
        (["30004711", "620015012024", "6201zehn"], "6201"),
        (["30004711", "84130007", "84280008"], "8428"),
        (["30004711", "84130007", "6227Auftragsnummer: R1"], "6227"),
        (["30004711", "6227Auftragsnummer: R1", "6227Auftragsnummer: R2"], "6227"),
        (["30004711", "8310A", "8310B"], "8310"),
        (["30004711", "3101Müller", "310331021990"], "3103"),
        (["30004711", "3101Müller", "3103heute"], "3103"),
        (["30004711", "3101Müller", "310324121958", "310324121959"], "3103"),
        (["30004711", "3101Müller", "3101Maier", "310324121958"], "3101"),
    ],
)
def test_a_record_that_is_not_certain_names_its_field(fields: list[str], field: str) -> None:
    """Leaving such a field out would mean another study."""
    with pytest.raises(OrderError) as caught:
        query_of(record(*fields))
    assert caught.value.field == field


def test_a_number_nobody_can_read_is_refused() -> None:
    """A letter the character set does not have may make it another patient's number."""
    data = written("3000a?7").replace(b"?", b"\x8d")
    with pytest.raises(OrderError) as caught:
        query_of_file(data)
    assert caught.value.field == "3000"


def test_a_name_nobody_can_read_is_refused_where_it_counts() -> None:
    """It could not be compared; without a birth date it would not be anyhow."""
    name, born = "3101M?ller", "310324121958"
    with pytest.raises(OrderError) as caught:
        query_of_file(written("30004711", name, born).replace(b"?", b"\x8d"))
    assert caught.value.field == "3101"
    without = written("30004711", name).replace(b"?", b"\x8d")
    assert query_of_file(without) == StudyQuery("4711")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "file"),
        (b"\0" * 1000, "file"),
        (b"%PDF-1.7 no GDT", "file"),
        (written("30004711") + written("30004712"), "8000"),
        (written("30004711", "843215012024") + written("30004711"), "8000"),
        (
            written("30004711", "3101Müller", "310324121958")
            + written("30004711", "3101Omega", "310301011950"),
            "8000",
        ),
    ],
)
def test_a_file_asks_one_thing(data: bytes, field: str) -> None:
    """No GDT, or records that ask for different studies, are refused."""
    with pytest.raises(OrderError) as caught:
        query_of_file(data)
    assert caught.value.field == field


def test_a_file_may_ask_the_same_thing_twice() -> None:
    """Practice software that exports a study and its values means one study."""
    assert query_of_file(written("30004711") * 2) == StudyQuery("4711")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"patient_id": ""}, "patient_id"),
        ({"patient_id": "0"}, "patient_id"),
        ({"study_date": "gestern"}, "study_date"),
        ({"birth_date": "gestern"}, "birth_date"),
        ({"birth_date": "31.02.1990"}, "birth_date"),
        ({"study_time": "24:00"}, "study_time"),
        ({"study_instance_uid": "1.2/../3"}, "study_instance_uid"),
        ({"study_instance_uid": "1" * 65}, "study_instance_uid"),
    ],
)
def test_words_that_cannot_be_read_name_their_field(words: dict[str, str], field: str) -> None:
    """Nothing is left out in silence."""
    with pytest.raises(OrderError) as caught:
        asked(StudyQuery(**{"patient_id": "4711", **words}))
    assert caught.value.field == field


def test_words_in_any_spelling() -> None:
    """Blanks around a value mean nothing, German dates and colons are understood."""
    said = StudyQuery(
        " 4711 ", study_date="15.01.2024", study_time="10:30", accession_number=" R1 "
    )
    query = asked(said)
    assert query == StudyQuery("4711", "R1", "", "20240115", "1030")


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("24.12.1958", "19581224"),
        ("24121958", "19581224"),
        ("1958-12-24", "19581224"),
        ("1.2.1980", "19800201"),
        ("00.00.1950", ""),
        ("00000000", ""),
        (" ", ""),
    ],
)
def test_a_birth_date_in_any_spelling(born: str, expected: str) -> None:
    """As in the other calls; what is not known of it counts as not said."""
    query = asked(StudyQuery("4711", family_name=" Müller ", given_name="Änne ", birth_date=born))
    assert query == StudyQuery("4711", **{**PERSON, "birth_date": expected})
    assert query.patient.listed_name == "Müller, Änne"


def test_a_file_says_whom_it_means_in_one_of_its_records() -> None:
    """A record without a name asks nothing else than one with a name, nor does a spelling."""
    named = ("3101Müller", "3102Änne", "310324121958")
    for other in (written("30004711"), written("30004711", "3101MUELLER", "310324121958")):
        assert query_of_file(written("30004711", *named) + other) == StudyQuery("4711", **PERSON)
    assert query_of_file(written("30004711") + written("30004711", *named)) == StudyQuery(
        "4711", **PERSON
    )


def test_the_patient_of_a_record_with_objects_is_the_patients() -> None:
    """In GDT 3 a doctor has names too."""
    doctor = ("8200Obj_0041", "3101Omega", "310301011950", "8201Obj_0041")
    patient = ("8200Obj_0045", "30004711", "3101Müller", "3102Änne", "310324121958", "8201Obj_0045")
    assert query_of(record(*doctor, *patient)) == StudyQuery("4711", **PERSON)
