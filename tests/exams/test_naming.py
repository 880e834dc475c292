"""Whose name a record bears: the best source for its number, never another person's."""

from __future__ import annotations

import pytest

from gdtbridge.exams.evidence import ExamEvidence
from gdtbridge.exams.model import Claim, ClaimState
from gdtbridge.exams.naming import named
from gdtbridge.orders.model import Order
from gdtbridge.people import Patient
from tests.tools.claims import claim, evidence, order

ERNA = ("941", "Erste^Erna", "19580312")
ZENZI = ("942", "Zweite^Zenzi", "19700101")
NAMELESS = claim(1, "941")


def patient(number: str, name: str = "", born: str = "", sex: str = "") -> Patient:
    """Return a patient in the words of DICOM."""
    return Patient.from_dicom(number, name, born, sex)


def of_order(name: str, born: str = "", sex: str = "", number: str = "941") -> Order:
    """Return an order for a patient described so."""
    return order("A1", number, patient=patient(number, name, born, sex))


Case = tuple[ExamEvidence, tuple[Claim, ...], Order | None, tuple[str, str, str]]
ERNAS = (claim(1, *ERNA, patient_sex="F"),)
OTHERS = (claim(1, "941", person=3), claim(2, *ERNA))

NAMES: dict[str, Case] = {
    "nothing of objects that are another number's by a person's word": (
        evidence((claim(1, "940", word="941"), claim(2, *ERNA, person=2, word="942"))),
        (claim(1, "940", word="941"),),
        None,
        ("", "", ""),
    ),
    "the order before all": (
        evidence(
            ERNAS,
            waiting=[of_order("Offene^Erna", "19580312")],
            master_data=[patient("941", "Stamm^Erna", "19580312")],
        ),
        ERNAS,
        of_order("Auftrag^Erna", "19580312", "F"),
        ("Auftrag^Erna", "19580312", "F"),
    ),
    "an order the objects name, where the result is for none": (
        evidence([claim(1, *ERNA, accession_number="A1")], orders=[of_order("Auftrag^Erna")]),
        (claim(1, *ERNA, accession_number="A1"),),
        None,
        ("Auftrag^Erna", "", ""),
    ),
    "open orders before master data": (
        evidence(
            ERNAS,
            waiting=[of_order("Offene^Erna", "19580312", "F")],
            master_data=[patient("941", "Stamm^Erna", "19580312")],
        ),
        ERNAS,
        None,
        ("Offene^Erna", "19580312", "F"),
    ),
    "master data before the objects": (
        evidence(ERNAS, master_data=[patient("941", "Stamm^Erna", "19580312", "F")]),
        ERNAS,
        None,
        ("Stamm^Erna", "19580312", "F"),
    ),
    "the objects": (evidence(ERNAS), ERNAS, None, ("Erste^Erna", "19580312", "F")),
    "nothing but the number": (evidence([NAMELESS]), (NAMELESS,), None, ("", "", "")),
    "an earlier exam names nobody": (
        evidence([NAMELESS], earlier=[patient(*ERNA)]),
        (NAMELESS,),
        None,
        ("", "", ""),
    ),
    "not the objects, where a result under the number named somebody else": (
        evidence(ERNAS, earlier=[patient("941", *ZENZI[1:])]),
        ERNAS,
        None,
        ("", "", ""),
    ),
    "the objects, where an earlier result may have named the same person": (
        evidence(ERNAS, earlier=[patient("941", "Zweite^Erna", "19580312")]),
        ERNAS,
        None,
        ("Erste^Erna", "19580312", "F"),
    ),
    "an order for another number": (
        evidence(ERNAS),
        ERNAS,
        order("Z", *ZENZI),
        ("Erste^Erna", "19580312", "F"),
    ),
    "the study's order for another number": (
        evidence(ERNAS, by_study=order("Z", *ZENZI)),
        ERNAS,
        None,
        ("Erste^Erna", "19580312", "F"),
    ),
    "objects that name another number": (
        evidence([claim(1, *ERNA, word="942")]),
        (claim(1, *ERNA, word="942"),),
        None,
        ("", "", ""),
    ),
    "objects of the exam that name the number somebody said": (
        evidence([claim(1, *ERNA, word="942"), claim(2, *ZENZI, person=2)]),
        (claim(1, *ERNA, word="942"),),
        None,
        (*ZENZI[1:], ""),
    ),
    "objects that were discarded": (
        evidence([claim(1, *ERNA, word="942"), claim(2, *ZENZI, state=ClaimState.DISCARDED)]),
        (claim(1, *ERNA, word="942"),),
        None,
        ("", "", ""),
    ),
    "objects of one number and two persons: neither's name": (
        evidence([OTHERS[0], OTHERS[1], claim(3, "941", "Dritte^Doris", "19650505", person=2)]),
        OTHERS[:1],
        None,
        ("", "", ""),
    ),
    "birth date and sex filled in": (
        evidence(ERNAS),
        ERNAS,
        of_order("Erste^Erna"),
        ("Erste^Erna", "19580312", "F"),
    ),
    "a name filled in": (
        evidence(ERNAS, master_data=[patient("941", "", "19580312")]),
        ERNAS,
        None,
        ("Erste^Erna", "19580312", "F"),
    ),
    "a sex alone does not stand in the way": (
        evidence(ERNAS, master_data=[patient("941", "", "", "F")]),
        ERNAS,
        None,
        ("Erste^Erna", "19580312", "F"),
    ),
    "nothing filled in from another family name": (
        evidence(ERNAS),
        ERNAS,
        of_order("Andere^Erna"),
        ("Andere^Erna", "", ""),
    ),
    "nothing filled in from the twin": (
        evidence(ERNAS),
        ERNAS,
        of_order("Erste^Hans"),
        ("Erste^Hans", "", ""),
    ),
    "no name filled in beside another birth date": (
        evidence(ERNAS, master_data=[patient("941", "", "19700101")]),
        ERNAS,
        None,
        ("", "19700101", ""),
    ),
}


@pytest.mark.parametrize(("found", "claims", "met", "name"), NAMES.values(), ids=NAMES)
def test_a_record_bears_the_best_name(
    found: ExamEvidence, claims: tuple[Claim, ...], met: Order | None, name: tuple[str, str, str]
) -> None:
    """Name, birth date and sex of the record for the number that somebody said, or the device."""
    number = claims[0].word or claims[0].patient_id
    bears = named(found, number, claims, met)
    assert bears.id == number
    assert (bears.person_name, bears.birth_date_da, bears.sex or "") == name
