"""The GDT samples are correct by a checker that shares no code with the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.tables.dialects import DIALECTS
from gdtbridge.gdt.tools.conformance import check_record

FILES = sorted((Path(__file__).parents[2] / "samples" / "gdt").glob("*.gdt"))

ORDERS = {
    "abdomen-order-cp437": ("cp437", "10042", "M\x81ller", "\x8enne", "12031958", "2"),
    "thyroid-order-iso8859-1": ("cp1252", "30017", "Wei\xdf", "G\xfcnther", "05111949", "1"),
    "echo-order-ascii": ("ascii", "20815", "Wojcik", "Lukasz", "30071971", "1"),
}
"""Codec the reader should find, 3000, 3101 to 3103, 3110; names byte for byte, as Latin-1."""


def fields(path: Path) -> list[tuple[str, bytes]]:
    """Return field number and content of each line after checking its length and its end."""
    lines = path.read_bytes().split(b"\r\n")
    assert lines.pop() == b""
    for line in lines:
        assert int(line[:3]) == len(line) + 2
        assert b"\n" not in line
        assert b"\r" not in line
    return [(line[3:7].decode("ascii"), line[7:]) for line in lines]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_lengths_are_exact(path: Path) -> None:
    """Every line's length is right, and so is the record's where there is a field 8100."""
    content = dict(fields(path))
    assert content["8000"] in {b"6302", b"6310"}
    if path.stem.endswith(("medical-office", "gdt31")):
        assert "8100" not in content
    else:
        digits = 7 if path.stem.endswith("gdt30") else 5
        assert content["8100"] == b"%0*d" % (digits, path.stat().st_size)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_our_reader_has_no_doubts(path: Path) -> None:
    """One record with a patient and no warning."""
    (record,) = read_records(path.read_bytes())
    assert record.warnings == ()
    assert record.patient.id == record.first("3000") != ""


@pytest.mark.parametrize("name", ORDERS)
def test_orders_carry_the_patient(project: Path, name: str) -> None:
    """The order's bytes are those of its character set, and the reader finds the set."""
    codec, *expected = ORDERS[name]
    path = project / "samples" / "gdt" / f"{name}.gdt"
    content = dict(fields(path))
    numbers = ("3000", "3101", "3102", "3103", "3110")
    assert [content[number].decode("latin-1") for number in numbers] == expected
    assert read_records(path.read_bytes())[0].encoding == codec


def test_every_dialect_has_the_same_exam() -> None:
    """The abdomen is there as answer, study and values in each dialect."""
    names = {path.stem for path in FILES}
    for dialect in DIALECTS:
        kinds = ("answer", "study", "values")
        assert {f"abdomen-{kind}-{dialect}" for kind in kinds} <= names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_dialect_has_no_objections(path: Path) -> None:
    """What we write for a dialect is what its tables say, but for what orthanc-gdt did."""
    dialect = next((one for name, one in DIALECTS.items() if path.stem.endswith(f"-{name}")), None)
    if dialect is None:
        return
    (record,) = read_records(path.read_bytes())
    assert check_record(record, dialect) == ()


@pytest.mark.parametrize("dialect", ["gdt21", "medical-office"])
@pytest.mark.parametrize(
    ("study", "patient", "count", "value", "unit"),
    [
        ("abdomen", b"10042", 9, b"19.8", b"mm"),
        ("thyroid", b"30017", 10, b"6.5", b"ml"),
        ("echo", b"20815", 27, b"-19.4", b"%"),
    ],
)
def test_values_reach_the_record(
    project: Path, dialect: str, study: str, patient: bytes, count: int, value: bytes, unit: bytes
) -> None:
    """The value record has one group for each measurement, each value followed by its own unit."""
    content = fields(project / "samples" / "gdt" / f"{study}-values-{dialect}.gdt")
    ids = [data for number, data in content if number == "8410"]
    assert [data for number, data in content if number == "3000"] == [patient]
    assert len(ids) == len(set(ids)) == count
    at = content.index(("8420", value))
    assert content[at + 1] == ("8421", unit)


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("abdomen-study-gdt21", "3101", "Müller"),
        ("abdomen-study-gdt21", "6228", "US: Abdomen"),
        ("abdomen-study-medical-office", "6228", "R0000000042 / US: Abdomen"),
        ("abdomen-answer-medical-office", "6228", "R0000000042 / Abdomen"),
        ("abdomen-study-medical-office", "8413", "R0000000042"),
        ("abdomen-retraction-gdt21", "8410", "EXTPACS"),
        ("abdomen-retraction-gdt30", "6227", "Auftragsnummer: R0000000042"),
        (
            "abdomen-retraction-gdt21",
            "6228",
            "Grund: Am Gerät wurde ein anderer Eintrag gewählt.",
        ),
        ("abdomen-supplement-gdt21", "6228", "Name am Gerät weicht ab."),
        ("abdomen-supplement-gdt30", "6302", "Bild 5"),
        ("thyroid-study-gdt21", "6228", "US: Schilddrüse"),
        ("thyroid-study-gdt21", "8439", "080500"),
        ("echo-study-gdt21", "3101", "Wójcik"),
        ("echo-study-gdt21", "3102", "Lukasz"),
        ("echo-study-gdt21", "8432", "21032024"),
    ],
)
def test_results_say_what_they_should(project: Path, name: str, number: str, expected: str) -> None:
    """Single fields of the study records, written down by hand."""
    content = dict(fields(project / "samples" / "gdt" / f"{name}.gdt"))
    assert content[number].decode("iso8859-15") == expected
