"""The DICOM form of an entry."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config, dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from gdtbridge.dataset.text import one_line
from gdtbridge.durable import FileStamp
from worklist import Entry, EntryError, from_dataset, make_entry, project, to_dataset
from worklist.form import encoded, item_from_file
from worklist.index import record_from
from worklist.item import UNREADABLE, dataset_from

Make = Callable[..., Entry]

LETTERS = st.characters(
    codec="utf-8",
    exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn", "Co"),
    exclude_characters="\\^=\u2028",
)
WORDS = st.text(LETTERS, min_size=1, max_size=12).filter(
    lambda word: one_line(word) != "" and len(unicodedata.normalize("NFC", word).encode()) <= 31
)
MOMENTS = st.datetimes(
    datetime.fromisoformat("1991-01-01 00:00:00"), datetime.fromisoformat("2190-01-01 00:00:00")
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Draw any valid entry."""
    return make_entry(
        AccessionNumber=f"R{draw(st.integers(0, 10**10 - 1)):010d}",
        PatientID=draw(WORDS),
        PatientName=f"{draw(WORDS)}^{draw(WORDS)}",
        PatientBirthDate=draw(st.none() | st.dates(date(1850, 1, 1), date(1991, 1, 1))),
        PatientSex=draw(st.sampled_from(["M", "F", "O", ""])),
        Modality=draw(st.sampled_from(["US", "CR", "OT"])),
        ScheduledStationAETitle=draw(st.sampled_from(["US01", "EKG 2", "a.b-c"])),
        RequestedProcedureDescription=draw(WORDS | st.just("")),
        ScheduledPerformingPhysicianName=draw(WORDS | st.just("")),
        scheduled=draw(MOMENTS),
        created=draw(st.none() | MOMENTS),
    )


@given(entries())
def test_an_entry_reads_back_from_its_file(entry: Entry) -> None:
    """What is written to a file is what is read from it, whatever the script of the names."""
    assert from_dataset(dcmread(BytesIO(encoded(entry)))) == entry


@given(entries())
def test_an_entry_reads_back_from_its_dataset(entry: Entry) -> None:
    """A dataset that was never encoded gives the same entry."""
    assert from_dataset(to_dataset(entry)) == entry


@pytest.mark.parametrize(
    ("name", "charset"),
    [("Mueller^Hans", None), ("Müller^Hans", "ISO_IR 100"), ("Łuk^Jan", "ISO_IR 192")],
)
def test_the_smallest_character_set_is_used(make: Make, name: str, charset: str | None) -> None:
    """ASCII needs no label, Latin-1 where it is enough, UTF-8 otherwise."""
    dataset = dcmread(BytesIO(encoded(make(PatientName=name))))
    assert dataset.get("SpecificCharacterSet") == charset
    assert str(dataset.PatientName) == name


def test_the_same_entry_makes_the_same_bytes(make: Make) -> None:
    """A file is a function of its entry."""
    entry = make()
    assert encoded(entry) == encoded(entry)


def test_a_procedure_without_description_has_a_code_instead(make: Make) -> None:
    """Description or code is required (type 1C), and an empty description is not written."""
    dataset = to_dataset(make(RequestedProcedureDescription="", Modality="US"))
    assert "RequestedProcedureDescription" not in dataset
    code = dataset.RequestedProcedureCodeSequence[0]
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("US", "DCM")
    assert from_dataset(dataset).RequestedProcedureDescription == ""


def seed_dataset() -> Dataset:
    """Return what the system before us wrote: UTF-8, no ids but the accession number."""
    dataset, step = Dataset(), Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.AccessionNumber = "R0000000042"
    dataset.PatientName = "Müller^Jürgen"
    dataset.PatientID = "4711"
    dataset.PatientBirthDate = "19610504"
    dataset.PatientSex = "M"
    dataset.StudyInstanceUID = "2.25.42"
    step.Modality = "US"
    step.ScheduledStationAETitle = "US01"
    step.ScheduledProcedureStepStartDate = "20240115"
    step.ScheduledProcedureStepStartTime = "103015"
    dataset.ScheduledProcedureStepSequence = [step]
    return dataset


def test_a_file_of_the_system_before_us_is_an_entry() -> None:
    """Missing ids are derived, so that the entries of the change-over day stay usable."""
    entry = from_dataset(seed_dataset())
    assert entry.PatientName == "Müller^Jürgen"
    assert entry.RequestedProcedureID == "R0000000042"
    assert entry.ScheduledProcedureStepID == "R0000000042"
    assert entry.scheduled == datetime.fromisoformat("2024-01-15 10:30:15")
    assert entry.created is None


@pytest.mark.parametrize(
    "keyword", ["StudyInstanceUID", "PatientID", "PatientName", "ScheduledProcedureStepSequence"]
)
def test_without_a_type_1_attribute_there_is_no_entry(keyword: str) -> None:
    """The error names the attribute that is missing."""
    dataset = seed_dataset()
    delattr(dataset, keyword)
    with pytest.raises(EntryError) as refused:
        from_dataset(dataset)
    assert refused.value.field == keyword


@pytest.mark.parametrize("keyword", ["Modality", "ScheduledStationAETitle"])
def test_a_step_without_a_type_1_attribute_is_no_entry(keyword: str) -> None:
    """Inside the step, too."""
    dataset = seed_dataset()
    setattr(dataset.ScheduledProcedureStepSequence[0], keyword, "")
    with pytest.raises(EntryError) as refused:
        from_dataset(dataset)
    assert refused.value.field == keyword


def test_junk_in_optional_attributes_is_unknown() -> None:
    """An impossible birth date or sex of a foreign file costs the value, not the entry."""
    dataset = seed_dataset()
    dataset.PatientBirthDate = "19610231"
    dataset.PatientSex = "W"
    entry = from_dataset(dataset)
    assert (entry.PatientBirthDate, entry.PatientSex) == (None, "")


def test_an_impossible_start_is_no_entry() -> None:
    """A start date that is no date leaves nothing to schedule."""
    dataset = seed_dataset()
    step = dataset.ScheduledProcedureStepSequence[0]
    keyword = "ScheduledProcedureStepStartDate"
    step[keyword] = DataElement(keyword, "DA", "20241345", validation_mode=config.IGNORE)
    with pytest.raises(EntryError):
        from_dataset(dataset)


def test_every_foreign_file_is_read_or_refused_by_its_own_error(corpus: Path) -> None:
    """No object of the corpus, however hostile, raises anything but the two expected errors."""
    read = 0
    for path in sorted((corpus / "hostile").glob("*.dcm")):
        if path.stat().st_size < 1 << 20:
            try:
                item_from_file(path.read_bytes())
            except UNREADABLE:
                continue
            read += 1
    assert read > 5


def written(dataset: Dataset, *, implicit: bool) -> bytes:
    """Return the bytes that go over the wire."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, True
    write_dataset(buffer, dataset)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore")
@given(
    st.lists(st.tuples(st.integers(132, 900), st.integers(0, 255)), max_size=6),
    st.integers(0, 900),
)
def test_a_damaged_file_never_raises(changes: list[tuple[int, int]], end: int) -> None:
    """Whatever bytes are wrong or missing, the file is an entry, foreign or reported as broken."""
    entry = make_entry(
        AccessionNumber="R0000000007",
        PatientID="4711",
        PatientName="Müller^Hans",
        scheduled=datetime.fromisoformat("2024-01-15 10:30:15"),
    )
    data = bytearray(encoded(entry))
    for place, value in changes:
        data[place % len(data)] = value
    del data[len(data) - min(end, 300) :]
    record = record_from("R0000000007-20240115103015.wl", FileStamp(0, 0, 0), bytes(data))
    assert record.entry is not None or record.reason is not None
    for served in record.served:
        assert written(dataset_from(served), implicit=False)


@pytest.mark.filterwarnings("ignore")
@given(st.binary(max_size=120), st.booleans())
def test_a_damaged_query_never_raises(data: bytes, implicit: bool) -> None:  # noqa: FBT001
    """Whatever a device encodes, what of it can be read is read."""
    try:
        query = read_dataset(BytesIO(data), is_implicit_VR=implicit, is_little_endian=True)
    except UNREADABLE:
        return
    answer = project(query, seed_dataset())
    assert str(answer.PatientID) == "4711"
    assert written(answer, implicit=implicit)
