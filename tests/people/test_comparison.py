"""When two descriptions are surely of two persons."""

# ruff: noqa: RUF001 - names in letters that look alike

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.people import Patient, agree, are_two, are_written_alike, tells_a_person

ONE, OTHER = "19581224", "19700101"

SAME_FAMILY = [
    # spelling
    ("Müller^Änne", "MUELLER^AENNE"),
    ("Müller^Änne", "Muller^A"),
    ("Mueller^Änne", "Muller^A"),
    ("Mu\u0308ller^A", "MÜLLER^A"),
    ("Weiß^Jo", "WEISS^JO"),
    ("WEIẞ^Jo", "Weiss^Jo"),
    ("Bäuerle^A", "BAEUERLE^A"),
    ("Aüerbach^A", "AUERBACH^A"),
    ("O’Brien^A", "O'BRIEN^A"),
    ("O’Brien^A", "O Brien^A"),
    # other letters, as a worklist answer in a small character set has them
    ("Łukasz^Żaneta", "Lukasz^Zaneta"),
    ("Đorđević^A", "Dordevic^A"),
    ("Þórsdóttir^A", "Thorsdottir^A"),
    ("Щукин^Иван", "Shchukin^Ivan"),
    ("Παπαδόπουλος^Α", "Papadopoulos^A"),
    ("Meyer–Schulz^A", "Meyer-Schulz^A"),
    # letters somebody on the way could not write
    ("Müller^A", "M?ller^A"),
    ("Müller^A", "M??LLER^A"),
    ("Müller-Weiß^A", "M?ller-Wei?^A"),
    ("Groß^A", "Gro\ufffd^A"),
    # particles and titles, wherever they stand
    ("von der Au^X", "VON-DER-AU"),
    ("von der Au^X", "Au^X^^von der"),
    ("von der Au^X", "Au^X von der"),
    ("Dr. Müller^Änne", "Müller^Änne^^Dr."),
    ("Müller Dr.^Änne", "Müller^Änne"),
    ("Prof.Dr.Müller^Änne", "Müller^Änne"),
    ("van den Berg^A", "vandenBerg^A"),
    ("Freiherr von Au^A", "Au^A"),
    # double names and marriages
    ("Müller-Lüdenscheid^A", "Müller^A"),
    ("Müller-Lüdenscheid^A", "Lüdenscheid^A"),
    ("Müller Lüdenscheid^A", "Müller^B"),
    ("Schmidt-Müller^A", "Müller-Schmidt^A"),
    ("Müller geb. Schmidt^A", "Schmidt^A"),
    ("García López^A", "García^A"),
    # all in one component
    ("Müller Änne", "Müller^Änne"),
    ("Müller, Änne", "Müller^Änne"),
    ("Änne Müller", "Müller^Änne"),
    ("Müller Änne Maria", "Müller^Änne^Maria"),
    ("Müller Änne", "Müller^Ä"),
    ("Müller Änne", "Müller"),
    ("王小东", "王^小东"),
    # given name first
    ("Änne^Müller", "Müller^Änne"),
    ("Änne^Müller", "Müller^Änne^Maria"),
    ("Hans^von der Au", "von der Au^Hans"),
    # cut at 16, 20 and 28 characters
    ("Müller-Lüdenscheid^A", "Müller-Lüdensche^A"),
    ("Müller-Lüdenscheid^Änne", "Müller-Lüdensche"),
    ("Freiherr von Richthofen^A", "Freiherr von Ric^A"),
    ("von der Marwitz-Stolzenberg^A", "von der Marwitz^A"),
    ("Leutheusser-Schnarrenberger-Wolkenstein^A", "Leutheusser-Schnarre^A"),
    ("Leutheusser-Schnarrenberger-Wolkenstein^A", "Leutheusser-Schnarrenberger-^A"),
    ("Müller-Lüdenscheid^Änne", "Müller-Lüdenscheid Än"),
    # one of the scripts agrees
    ("Wang^X=王^小东", "王^小东"),
    ("Wang^X=王^小东", "=王^小东"),
    ("Wang^X=王^小东", "WANG^Y"),
]

OTHER_FAMILY = [
    ("Müller^Änne", "Schmidt^Anna"),
    ("Müller^Änne", "Möller^Änne"),
    ("Müller^Änne", "Sch?fer^Änne"),
    ("M?ller^Änne", "Müllermann^Änne"),
    ("Bauer^Hans", "Baur^Hans"),
    ("Neuer^A", "Neur^A"),
    ("Mai^A", "Maier^A"),
    ("Schmid^A", "Schmidt^A"),
    ("Berg^A", "Berger^A"),
    ("von der Au^A", "von der Ahe^A"),
    ("Al Hassan^A", "Al Masri^A"),
    ("O'Brien^A", "O'Neill^A"),
    ("O Brien^A", "O Neill^A"),
    ("Nguyen Thi^A", "Le Thi^A"),
    ("García López^A", "García Pérez^A"),
    ("Müller-Schmidt^A", "Müller-Weber^A"),
    ("Schmidt Peter", "Peter^Hans"),
    ("Peter^Hans", "Schmidt^Peter"),
    ("Hans^Müller", "Müller^Änne"),
    ("Graf^Hans", "Prinz^Hans"),
    ("Van^A", "De^A"),
    ("Dr. Müller^A", "Dr. Schmidt^A"),
    ("Müller-Lüdenscheid^A", "Müller-Lüdens^A"),
    ("Leutheusser-Schnarrenberger^A", "Leutheusser-Schnabel^A"),
    ("Wang^X=王^小东", "Li^X=李^小东"),
    ("Wang^X", "李^小东"),
    ("Щукин^Иван", "Ivanov^Ivan"),
]

NOT_SAID = [
    "", "^Anna", "^^^Dr.", "?", "??^?", "-", "M?l?l?e?r?", "Dr.^Müller",
    "NOTFALL^1", "Notfall 12", "NOTFALL1", "Notfallpatient^X", "EMERGENCY^20240115",
    "Unbekannt^Unbekannt", "Unknown Patient", "N.N.", "XXX", "no name", "Anonymous^1",
    "4711", "4711^4711", "00004711", "P-4711",
]  # fmt: skip


RELATIVES = [
    ("Schulz^Anna", "Schulz^Bernd", True),
    ("Schulz^Anna Maria", "SCHULZ^BERND", True),
    ("Schulz-Weber^Anna", "Schulz^Bernd", True),
    ("Schulz^Hans", "Schulz^Hanna", False),  # a typing error, as far as anybody can tell
    ("Schulz^Anna", "Schulz^A", False),
    ("Schulz^A", "Schulz^B", False),
    ("Schulz^Anna", "Schulz", False),
    ("Schulz^Hans-Peter", "Schulz^Peter", False),
    ("Schulz^Anna Maria", "Schulz^Maria", False),
    ("Schulz^Änne", "Schulz^Aenne", False),
    ("Anna^Schulz", "Schulz^Anna", False),
    ("Schulz Anna", "Schulz^Anna", False),
    ("Wang^Xiaodong", "Wang^小东", False),
]
"""One family name, two birth dates."""


@pytest.mark.parametrize(("one", "other", "two"), RELATIVES)
def test_relatives_are_told_by_given_name_and_birth_date(
    one: str, other: str, *, two: bool
) -> None:
    """Husband and wife, mother and son: a number typed wrong among them is noticed."""
    people = Patient.from_dicom("1", one, ONE), Patient.from_dicom("1", other, OTHER)
    assert both_ways(*people) is two
    assert not are_two(people[0], Patient.from_dicom("1", other, ONE))


def test_relatives_of_two_sexes_need_only_other_names() -> None:
    """Hans and Hanna are two where one is said to be a man and the other a woman."""
    man, woman = (
        Patient.from_dicom("1", f"Schulz^{name}", born, sex)
        for name, born, sex in (("Hans", ONE, "M"), ("Hella", OTHER, "F"))
    )
    assert both_ways(man, woman)


def both_ways(one: Patient, other: Patient) -> bool:
    """Return the one answer whichever description comes first."""
    answer = are_two(one, other)
    assert are_two(other, one) is answer
    return answer


@pytest.mark.parametrize(("one", "other"), SAME_FAMILY)
def test_one_family_name_written_twice(one: str, other: str) -> None:
    """A name that is spelled, cut, married or put together otherwise is no other person."""
    assert not both_ways(Patient.from_dicom("1", one, ONE), Patient.from_dicom("2", other, OTHER))


@pytest.mark.parametrize(("one", "other"), OTHER_FAMILY)
def test_two_family_names(one: str, other: str) -> None:
    """Names that only resemble each other are two, and with two birth dates two persons."""
    assert both_ways(Patient.from_dicom("1", one, ONE), Patient.from_dicom("1", other, OTHER))


@pytest.mark.parametrize(
    ("name", "born", "tells"),
    [
        ("Müller^Änne", ONE, True),
        ("Müller", ONE, True),
        ("Wang^X=王^小东", ONE, True),
        *((name, ONE, False) for name in NOT_SAID),
        *(("Müller^Änne", born, False) for born in ("", "00000000", "19000101", "99991231")),
    ],
)
def test_what_tells_a_person(name: str, born: str, *, tells: bool) -> None:
    """A family name and a birth date, neither of them a placeholder."""
    assert tells_a_person(Patient.from_dicom("P-4711", name, born)) is tells


@pytest.mark.parametrize("name", NOT_SAID)
def test_a_name_that_is_none(name: str) -> None:
    """A placeholder, a number or a title alone in the family name says nothing."""
    unnamed = Patient.from_dicom("P-4711", name, ONE)
    assert not both_ways(unnamed, Patient.from_dicom("P-4711", "Schmidt^Anna", OTHER))


@pytest.mark.parametrize(
    ("one", "other", "two"),
    [
        (ONE, "1958.12.24", False),
        (ONE, ONE, False),
        (ONE, "", False),
        (ONE, "00000000", False),
        (ONE, "19000101", False),
        (ONE, "18991230", False),
        (ONE, "16010101", False),
        (ONE, "00010101", False),
        (ONE, "99991231", False),
        (ONE, "19000102", True),
        (ONE, "19700101", True),
        ("19580312", "19581203", True),
    ],
)
def test_birth_dates(one: str, other: str, *, two: bool) -> None:
    """Of two family names only two known birth dates make two persons.

    01.01.1970 is somebody's birthday: held for a person's word rather than taken for a placeholder.
    """
    first, second = (
        Patient.from_dicom("1", name, born)
        for name, born in (("Müller^Änne", one), ("Schmidt^Anna", other))
    )
    assert both_ways(first, second) is two


@given(st.text(), st.text(), st.text())
def test_any_names_are_compared(number: str, one: str, other: str) -> None:
    """No text raises, the order does not matter, and nobody is two persons."""
    first, second = Patient.from_dicom(number, one, ONE), Patient.from_dicom("", other, OTHER)
    both_ways(first, second)
    assert not both_ways(first, Patient.from_dicom(number, one, OTHER))


AGREEING = [
    # number, name and birth date of one; of the other; whether they agree
    (("", "Müller^Änne", ONE), ("4711", "MUELLER^AENNE", ONE), True),
    (("", "Müller^Ä", ONE), ("4711", "Müller^Änne", ONE), True),
    (("", "Müller", ""), ("4711", "Müller^Änne", ONE), True),
    (("", "Müller^Änne", "19000101"), ("4711", "Müller^Änne", ONE), True),
    (("", "Änne^Müller", ONE), ("4711", "Müller^Änne", ONE), True),
    (("", "", ONE), ("4711", "Müller^Änne", ONE), True),
    (("", "", ""), ("4711", "", ""), True),
    (("", "Müller^Änne", ""), ("4711", "", ""), True),
    (("", "Müller^Änne", OTHER), ("4711", "Müller^Änne", ONE), False),
    (("", "", OTHER), ("4711", "Müller^Änne", ONE), False),
    (("", "Schmidt^Änne", ONE), ("4711", "Müller^Änne", ONE), False),
    (("", "Müller^Hans", ONE), ("4711", "Müller^Änne", ONE), False),
    (("", "NOTFALL^1", ""), ("4711", "Müller^Änne", ONE), False),
    (("", "NOTFALL^1", ""), ("4711", "", ""), False),
    (("", "NOTFALL^1", ""), ("4711", "NOTFALL^1", ""), True),
    (("", "NOTFALL^1", ""), ("", "NOTFALL^2", ""), False),
    (("", "NOTFALL^1", ""), ("", "", ""), True),
    (("", "4711", ""), ("4711", "Müller^Änne", ""), False),
]


@pytest.mark.parametrize(("one", "other", "same"), AGREEING, ids=str)
def test_descriptions_agree(
    one: tuple[str, str, str], other: tuple[str, str, str], *, same: bool
) -> None:
    """One difference in name or birth date is enough where no number ties two descriptions."""
    first, second = Patient.from_dicom(*one), Patient.from_dicom(*other)
    assert agree(first, second) is same
    assert agree(second, first) is same


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Müller 1958", "MUELLER 1958", True),
        ("Łukasz 1958", "Lukasz 1958", True),
        ("NOTFALL 1958", "Klein 1958", True),
        ("Klein 1900", "Klein 1958", True),
        ("Müller 1958", "Müller-Schmidt 1958", False),
        ("Müller 1958", "Schmidt 1958", False),
        ("Müller 1958", "Müller 1959", False),
    ],
)
def test_what_is_told_as_another_name(one: str, other: str, *, alike: bool) -> None:
    """Spelling is no difference, a new name or another year is; a placeholder says nothing."""
    first, second = (
        Patient("1", text.split()[0], "", date(int(text.split()[1]), 1, 1)) for text in (one, other)
    )
    assert are_written_alike(first, second) is alike
    assert are_written_alike(second, first) is alike
