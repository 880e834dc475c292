"""Results to write, and a checker of lines that shares no code with the writer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from decimal import Decimal

import pytest

from gdtbridge.gdt.write.results import Identification, StudyResult, TestValue, ValueResult
from gdtbridge.people import Patient

Field = tuple[str, bytes]
Check = Callable[[bytes], list[list[Field]]]


def check_lines(data: bytes) -> list[list[Field]]:
    """Walk the bytes by their declared lengths; every line and every 8100 must be exact."""
    records: list[list[Field]] = []
    starts: list[int] = []
    at = 0
    while at < len(data):
        length = int(data[at : at + 3])
        line = data[at : at + length]
        assert line.endswith(b"\r\n")
        content = line[7:-2]
        assert content
        assert not any(byte < 0x20 or byte == 0x7F for byte in content)
        if line[3:7] == b"8000":
            records.append([])
            starts.append(at)
        records[-1].append((line[3:7].decode("ascii"), content))
        at += length
    assert at == len(data)
    for record, start, end in zip(records, starts, [*starts[1:], at], strict=True):
        assert [int(content) for id_, content in record if id_ == "8100"] in ([], [end - start])
        check_objects(record)
    return records


def check_objects(record: list[Field]) -> None:
    """Count the lines of each object and of the record; no object is empty or left open."""
    starts: list[int] = []
    for index, (id_, content) in enumerate(record):
        if id_ in {"8200", "8002"}:
            starts.append(index)
        if id_ in {"8201", "8003"}:
            start = starts.pop()
            assert index - start > 1
            assert content == (record[start][1] if id_ == "8003" else b"%d" % (index - start + 1))
        if id_ == "8202":
            assert (content, index) == (b"%d" % len(record), len(record) - 1)
    assert starts == []


@pytest.fixture(scope="session")
def examples(request: pytest.FixtureRequest) -> int:
    """Return how many records a law is tried on."""
    return int(request.config.getoption("--examples"))


@pytest.fixture(scope="session")
def check() -> Check:
    """Return the checker: bytes in, fields by record out."""
    return check_lines


@pytest.fixture(scope="session")
def ids() -> Identification:
    """Return the ids of an installation that set none."""
    return Identification()


@pytest.fixture(scope="session")
def patient() -> Patient:
    """Return a patient whose name needs more than ASCII."""
    return Patient("12345", "Müller", "Änne", date(1985, 3, 12), "F")


@pytest.fixture(scope="session")
def study(patient: Patient) -> StudyResult:
    """Return a well-behaved study."""
    return StudyResult(
        patient=patient,
        date=date(2024, 1, 15),
        time=time(10, 30, 15),
        accession="R0000000042",
        modality="US",
        description="Abdomen",
        test_id="EXTPACS",
        test_description="PACS-Datensatz",
    )


@pytest.fixture(scope="session")
def values(patient: Patient) -> ValueResult:
    """Return a report with one measurement."""
    return ValueResult(
        patient=patient,
        date=date(2024, 1, 15),
        time=time(10, 30, 15),
        accession="R0000000042",
        modality="US",
        values=(
            TestValue(
                "SOEC2LVIDD",
                "Left Ventricle Internal End Diastolic Dimension (2D mode)",
                Decimal("4.21"),
                "cm",
                ("Quelle: 2D mode",),
            ),
        ),
    )
