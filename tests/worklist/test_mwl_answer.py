"""What a query gets back (PS3.4 K.6.1.2.2): everything it asked for, in letters it can read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from io import BytesIO

import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from worklist import Entry, WorklistFolder, project, to_dataset

Make = Callable[..., Entry]
Ask = Callable[..., Dataset]


def over_the_wire(dataset: Dataset, *, implicit: bool) -> Dataset:
    """Return an answer as the device decodes it."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, True
    write_dataset(buffer, dataset)
    assert len(buffer.getvalue()) % 2 == 0
    return read_dataset(BytesIO(buffer.getvalue()), is_implicit_VR=implicit, is_little_endian=True)


def add_universal(query: Dataset, path: str) -> None:
    """Add a universal key, ``Sequence>Keyword`` for one inside an item."""
    *sequences, keyword = path.split(">")
    for sequence in sequences:
        if sequence not in query:
            setattr(query, sequence, [Dataset()])
        query = query[sequence].value[0]
    setattr(query, keyword, None)


SAMSUNG_LIKE = (
    "AccessionNumber",
    "ReferringPhysicianName",
    "ReferencedStudySequence>ReferencedSOPClassUID",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientSize",
    "PatientWeight",
    "MedicalAlerts",
    "Allergies",
    "PregnancyStatus",
    "AdditionalPatientHistory",
    "StudyInstanceUID",
    "RequestedProcedureDescription",
    "RequestedProcedureCodeSequence>CodeValue",
    "RequestedProcedureCodeSequence>CodeMeaning",
    "AdmissionID",
    "RequestedProcedureComments",
    "ScheduledProcedureStepSequence>Modality",
    "ScheduledProcedureStepSequence>ScheduledStationAETitle",
    "ScheduledProcedureStepSequence>ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepSequence>ScheduledProtocolCodeSequence>CodeValue",
    "ScheduledProcedureStepSequence>PreMedication",
    "ScheduledProcedureStepSequence>CommentsOnTheScheduledProcedureStep",
)


@pytest.mark.parametrize("implicit", [True, False])
def test_every_requested_attribute_comes_back(
    folder: WorklistFolder, make: Make, *, implicit: bool
) -> None:
    """A device that asks for many attributes gets each at its own place, most of them empty."""
    folder.add(make())
    query = Dataset()
    for path in SAMSUNG_LIKE:
        add_universal(query, path)
    (match,) = folder.find(query)
    answer = over_the_wire(match.dataset, implicit=implicit)
    for path in SAMSUNG_LIKE:
        outer, _, inner = path.partition(">")
        assert outer in answer
        if outer == "ScheduledProcedureStepSequence":
            assert inner.partition(">")[0] in answer.ScheduledProcedureStepSequence[0]
    assert not match.unsupported_keys
    assert answer.PatientName == "Müller^Hans"
    assert answer.ReferringPhysicianName == ""
    assert len(answer.RequestedProcedureCodeSequence) == 0


def test_type_1_attributes_come_unasked(folder: WorklistFolder, make: Make) -> None:
    """A query for one attribute gets the ones no worklist answer may lack, and nothing else."""
    folder.add(make())
    query = Dataset()
    query.PatientSex = ""
    step = Dataset()
    step.ScheduledStationAETitle = ""
    query.ScheduledProcedureStepSequence = [step]
    (match,) = folder.find(query)
    assert {element.keyword for element in match.dataset} == {
        "SpecificCharacterSet",
        "PatientName",
        "PatientID",
        "PatientSex",
        "StudyInstanceUID",
        "ScheduledProcedureStepSequence",
        "RequestedProcedureID",
    }
    assert {element.keyword for element in match.dataset.ScheduledProcedureStepSequence[0]} == {
        "Modality",
        "ScheduledStationAETitle",
        "ScheduledProcedureStepStartDate",
        "ScheduledProcedureStepStartTime",
        "ScheduledProcedureStepID",
    }


@pytest.mark.parametrize("items", [None, [], [Dataset()]])
def test_the_whole_step_where_nobody_says_what_of_it(
    folder: WorklistFolder, make: Make, items: list[Dataset] | None
) -> None:
    """A query without step keys gets the step as it is."""
    folder.add(make())
    query = Dataset()
    query.PatientID = ""
    if items is not None:
        query.ScheduledProcedureStepSequence = items
    (match,) = folder.find(query)
    step = match.dataset.ScheduledProcedureStepSequence[0]
    assert step.ScheduledProcedureStepDescription == "Abdomen"
    assert step.ScheduledPerformingPhysicianName == "Meier^Anna"


def test_items_of_a_code_sequence_hold_what_was_asked_of_them(make: Make) -> None:
    """Codes come back with the attributes asked for, and with no others."""
    query, code = Dataset(), Dataset()
    code.CodeValue = ""
    code.LongCodeValue = ""
    query.RequestedProcedureCodeSequence = [code]
    answer = project(query, to_dataset(make(RequestedProcedureDescription="")))
    (item,) = answer.RequestedProcedureCodeSequence
    assert {element.keyword for element in item} == {"CodeValue", "LongCodeValue"}
    assert (item.CodeValue, item.LongCodeValue) == ("US", "")


@pytest.mark.parametrize(
    ("keyword", "value", "unsupported"),
    [
        ("PatientComments", "", False),
        ("InstitutionName", "", False),
        ("InstitutionName", "Praxis", True),
        ("AcquisitionNumber", "", True),
        ("QueryRetrieveLevel", "WORKLIST", True),
        ("PatientID", "4711", False),
    ],
)
def test_a_key_that_is_ignored_is_reported(
    folder: WorklistFolder, make: Make, keyword: str, value: str, *, unsupported: bool
) -> None:
    """Keys we do not answer for, or do not match, come back empty and make the status FF01."""
    folder.add(make())
    query = Dataset()
    setattr(query, keyword, value or None)
    (match,) = folder.find(query)
    assert match.unsupported_keys is unsupported
    if unsupported:
        assert match.dataset[keyword].is_empty


def test_private_keys_come_back_empty(folder: WorklistFolder, make: Make) -> None:
    """A private block keeps its creator, so that the empty elements still belong to somebody."""
    folder.add(make())
    query = Dataset()
    query.private_block(0x0019, "SOME VENDOR", create=True).add_new(0x01, "LO", "x")
    (match,) = folder.find(query)
    answer = over_the_wire(match.dataset, implicit=False)
    assert answer[0x0019, 0x0010].value == "SOME VENDOR"
    assert answer[0x0019, 0x1001].is_empty
    assert match.unsupported_keys


@pytest.mark.parametrize(
    ("name", "asked", "charset"),
    [
        ("Mueller^Hans", "", None),
        ("Mueller^Hans", "ISO_IR 192", None),
        ("Müller^Hans", "", "ISO_IR 100"),
        ("Müller^Hans", "ISO_IR 100", "ISO_IR 100"),
        ("Müller^Hans", "ISO_IR 192", "ISO_IR 192"),
        ("Łukasz^Żaneta", "", "ISO_IR 192"),
        ("Łukasz^Żaneta", "ISO_IR 100", "ISO_IR 192"),
    ],
)
def test_the_character_set_of_an_answer(
    folder: WorklistFolder, make: Make, ask: Ask, name: str, asked: str, charset: str | None
) -> None:
    """Latin-1 unless the device asks in UTF-8 or the name needs it; the letters always arrive."""
    folder.add(make(PatientName=name))
    (match,) = folder.find(ask(charset=asked))
    answer = over_the_wire(match.dataset, implicit=True)
    assert answer.get("SpecificCharacterSet") == charset
    assert str(answer.PatientName) == name


def test_the_character_set_is_that_of_what_is_returned(folder: WorklistFolder, make: Make) -> None:
    """A name the answer does not hold needs no label."""
    folder.add(make(PatientName="Mueller^Hans", ScheduledPerformingPhysicianName="Łuk^Jan"))
    query, step = Dataset(), Dataset()
    step.Modality = ""
    query.ScheduledProcedureStepSequence = [step]
    (match,) = folder.find(query)
    assert "SpecificCharacterSet" not in match.dataset


def test_a_query_with_mislabelled_umlauts_finds_its_patient(
    folder: WorklistFolder, make: Make
) -> None:
    """Latin-1 bytes without any label still mean Müller."""
    folder.add(make())
    raw = b"\x10\x00\x10\x00" + len(b"M\xfcller* ").to_bytes(4, "little") + b"M\xfcller* "
    query = read_dataset(BytesIO(raw), is_implicit_VR=True, is_little_endian=True)
    assert len(list(folder.find(query))) == 1


def test_answers_come_in_the_order_of_their_start(
    folder: WorklistFolder, make: Make, ask: Ask
) -> None:
    """The list on the device reads like the day."""
    early, late = make(), make()
    folder.add(dataclasses.replace(early, scheduled=early.scheduled.replace(hour=16)))
    folder.add(late)
    answers = [str(match.dataset.AccessionNumber) for match in folder.find(ask())]
    assert answers == [late.AccessionNumber, early.AccessionNumber]


def test_an_answer_belongs_to_its_caller(folder: WorklistFolder, make: Make, ask: Ask) -> None:
    """Changing an answer changes no later one."""
    folder.add(make())
    (first,) = folder.find(ask())
    first.dataset.PatientName = "Somebody^Else"
    first.dataset.ScheduledProcedureStepSequence[0].Modality = "XX"
    (second,) = folder.find(ask())
    assert str(second.dataset.PatientName) == "Müller^Hans"
    assert second.dataset.ScheduledProcedureStepSequence[0].Modality == "US"
