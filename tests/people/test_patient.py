"""The patient: made from a PN, a DA and a CS value, and shown."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.people import Patient

BORN = date(1958, 3, 12)


@pytest.mark.parametrize(
    ("text", "family", "given_names", "person_name", "listed"),
    [
        ("Müller^Änne", "Müller", "Änne", "Müller^Änne", "Müller, Änne"),
        ("Müller^Änne^Maria", "Müller", "Änne Maria", "Müller^Änne^Maria", "Müller, Änne Maria"),
        ("Müller^Änne^^Dr.^", "Müller", "Änne", "Müller^Änne^^Dr.", "Müller, Dr. Änne"),
        (
            "Ott^Jo^Q^Rev.^B.A.",
            "Ott",
            "Jo Q",
            "Ott^Jo^Q^Rev.^B.A.",
            "Ott, Rev. Jo Q",
        ),
        ("Müller", "Müller", "", "Müller", "Müller"),
        ("^Änne", "", "Änne", "^Änne", "Änne"),
        ("Wang^Xiao=王^小", "Wang", "Xiao", "Wang^Xiao=王^小", "Wang, Xiao"),
        ("Ott^Jo^Maria^Dr.", "Ott", "Jo Maria", "Ott^Jo^Maria^Dr.", "Ott, Dr. Jo Maria"),
        ("=王^小东", "王", "小东", "=王^小东", "王, 小东"),
        (" OB ^^^^", "OB", "", "OB", "OB"),
        ("A^B^C^D^E^F", "A", "B C", "A^B^C^D^E^F", "A, D B C"),
        ("^^^^", "", "", "", ""),
        ("", "", "", "", ""),
    ],
)
def test_the_parts_of_a_person_name(
    text: str, family: str, given_names: str, person_name: str, listed: str
) -> None:
    """The first written component group counts; empty parts leave no carets and no commas."""
    patient = Patient.from_dicom("1", text, "")
    assert (patient.family_name, patient.given_names) == (family, given_names)
    assert patient.person_name == person_name
    assert patient.listed_name == listed


@pytest.mark.parametrize(
    ("text", "born", "da", "german"),
    [
        ("19580312", BORN, "19580312", "12.03.1958"),
        ("1958.03.12", BORN, "19580312", "12.03.1958"),
        (" 19580312 ", BORN, "19580312", "12.03.1958"),
        (BORN, BORN, "19580312", "12.03.1958"),
        (date(800, 1, 2), date(800, 1, 2), "08000102", None),
        ("19580230", None, "19580230", ""),
        ("00000000", None, "00000000", ""),
        ("", None, "", ""),
        (None, None, "", ""),
    ],
)
def test_the_birth_date(
    text: str | date | None, born: date | None, da: str, german: str | None
) -> None:
    """A DA value is a date or stays the text that came."""
    patient = Patient.from_dicom("1", "", text)
    assert patient.birth_date == born
    assert patient.birth_date_da == da
    assert german is None or patient.german_birth_date == german


@pytest.mark.parametrize(
    ("text", "sex"), [("M", "M"), ("F", "F"), ("O", "O"), ("", None), ("U", None), ("m", None)]
)
def test_the_sex(text: str, sex: str | None) -> None:
    """Only the three terms of DICOM are a sex; nothing is guessed."""
    assert Patient.from_dicom("1", "", "", text).sex == sex


@given(st.text(), st.text())
def test_any_text_is_survived(name: str, born: str) -> None:
    """No value of a wire raises, and what is written reads back as the same patient."""
    patient = Patient.from_dicom("1", name, born)
    again = Patient.from_dicom("1", patient.person_name, patient.birth_date_da)
    assert again == patient
