"""What a query gets back (PS3.4 K.6.1.2.2): everything it asked for, in letters it can read."""

# ruff: noqa: RUF001 - names in letters that look alike

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from gdtbridge.people import Patient, are_two
from worklist import (
    AnswerCharset,
    Entry,
    EntryDetails,
    MatchPolicy,
    WorklistFolder,
    make_entry,
    project,
    to_dataset,
)

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
        ("Łukasz^Żaneta", "ISO_IR 192", "ISO_IR 192"),
        ("Łukasz^Żaneta", "ISO_IR 101", "ISO_IR 101"),
        ("Łukasz^Żaneta", "ISO 2022 IR 100\\ISO 2022 IR 101", "ISO_IR 101"),
        ("Müller^Hans", "ISO 2022 IR 6\\ISO 2022 IR 100", "ISO_IR 100"),
        ("Müller^Hans", "\\ISO 2022 IR 87", "ISO_IR 100"),
        ("Щукин^Иван", "ISO_IR 144", "ISO_IR 144"),
        ("Łukasz^王", "GB18030", "GB18030"),
    ],
)
def test_the_character_set_of_an_answer(
    folder: WorklistFolder, make: Make, ask: Ask, name: str, asked: str, charset: str | None
) -> None:
    """An answer comes in a set of the query that has all letters, in Latin-1 if it names none."""
    folder.add(make(PatientName=name))
    (match,) = folder.find(ask(charset=asked))
    answer = over_the_wire(match.dataset, implicit=True)
    assert answer.get("SpecificCharacterSet") == charset
    assert str(answer.PatientName) == name


@pytest.mark.parametrize(
    ("name", "asked", "charset", "shown"),
    [
        ("Łukasz^Żaneta", "", None, "Lukasz^Zaneta"),
        ("Łukasz^Żaneta", "ISO_IR 100", None, "Lukasz^Zaneta"),
        ("Łukasz^Änne", "ISO_IR 100", "ISO_IR 100", "Lukasz^Änne"),
        ("Łukasz^Änne", "\\ISO 2022 IR 87", "ISO_IR 100", "Lukasz^Änne"),
        ("O’Brien – X^Šárka", "ISO_IR 100", "ISO_IR 100", "O'Brien - X^Sárka"),
        ("Щукин^Иван", "ISO_IR 100", None, "Shchukin^Ivan"),
        ("Щукин^Юлия", "ISO_IR 144\\ISO_IR 100", "ISO_IR 144", "Щукин^Юлия"),
        ("Παπαδόπουλος^Δημήτρης", "ISO_IR 100", None, "Papadopoulos^Dimitris"),
        ("Müller^Jörg", "ISO_IR 6", None, "Mueller^Joerg"),
        ("MÜLLER^JÖRG", "ISO 2022 IR 6", None, "MUELLER^JOERG"),
        ("Wang^Xiao=王^小", "ISO_IR 100", None, "Wang^Xiao"),
        ("王^小", "ISO_IR 100", None, "?^?"),
        ("Щ" * 20 + "^И", "ISO_IR 100", None, "SHCH" * 16),
    ],
)
def test_what_the_device_cannot_read_is_transliterated(
    folder: WorklistFolder,
    make: Make,
    ask: Ask,
    name: str,
    asked: str,
    charset: str | None,
    shown: str,
) -> None:
    """A name outside the device's set is shown in letters of the set, within the length of a PN."""
    folder.add(make(PatientName=name))
    (match,) = folder.find(ask(charset=asked))
    answer = over_the_wire(match.dataset, implicit=True)
    assert answer.get("SpecificCharacterSet") == charset
    assert str(answer.PatientName) == shown


@pytest.mark.parametrize(
    ("decides", "charset", "shown"),
    [
        ("device", "ISO_IR 100", "Lukasz^Änne"),
        ("latin-1", "ISO_IR 100", "Lukasz^Änne"),
        ("utf-8", "ISO_IR 192", "Łukasz^Änne"),
        ("ascii", None, "Lukasz^Aenne"),
    ],
)
def test_a_practice_decides_about_the_character_set(
    folder: WorklistFolder, make: Make, ask: Ask, decides: str, charset: str | None, shown: str
) -> None:
    """A choice for the device goes before what its query says."""
    folder.add(make(PatientName="Łukasz^Änne"))
    policy = MatchPolicy(charset=AnswerCharset(decides))
    (match,) = folder.find(ask(charset="ISO_IR 100"), policy=policy)
    answer = over_the_wire(match.dataset, implicit=True)
    assert answer.get("SpecificCharacterSet") == charset
    assert str(answer.PatientName) == shown


@pytest.mark.parametrize(
    ("asked", "number", "charset", "name"),
    [
        ("ISO_IR 100", "Ł1", "ISO_IR 192", "Łukasz^Änne"),
        ("ISO_IR 100", "Ä1", "ISO_IR 100", "Lukasz^Änne"),
        ("ISO_IR 6", "Ä1", "ISO_IR 192", "Łukasz^Änne"),
        ("", "Ł1", "ISO_IR 192", "Łukasz^Änne"),
        ("ISO_IR 100\\ISO_IR 126", "Ω1", "ISO_IR 126", "Lukasz^Aenne"),
    ],
)
@pytest.mark.parametrize("keyword", ["PatientID", "RequestedProcedureID"])
def test_a_number_is_never_transliterated(
    folder: WorklistFolder,
    make: Make,
    ask: Ask,
    keyword: str,
    asked: str,
    number: str,
    charset: str,
    name: str,
) -> None:
    """What comes back in images and is compared letter by letter is sent letter by letter."""
    folder.add(make(PatientName="Łukasz^Änne", **{keyword: number}))
    (match,) = folder.find(ask(charset=asked))
    answer = over_the_wire(match.dataset, implicit=True)
    assert answer[keyword].value == number
    assert answer.SpecificCharacterSet == charset
    assert str(answer.PatientName) == name


def test_leaving_a_device_s_character_set_is_told_once(
    folder: WorklistFolder, make: Make, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the attribute that made us, without its value and not at every query."""
    folder.add(make(PatientName="Łukasz^Änne", ScheduledProcedureStepID="Ł1"))
    for _ in range(3):
        list(folder.find(ask(charset="ISO_IR 100")))
    told = [one.getMessage() for one in caplog.records if "character set" in one.getMessage()]
    assert len([one for one in told if "ScheduledProcedureStepID" in one]) == 1
    assert "Ł" not in caplog.text


@pytest.mark.parametrize(
    ("asked", "name", "key", "found"),
    [
        ("ISO_IR 100", "Łukasz^Jan", "Lukasz^Jan", True),
        ("ISO_IR 100", "Łukasz^Jan", "lukas*", True),
        ("ISO_IR 192", "Łukasz^Jan", "Łukasz*", True),
        ("ISO_IR 192", "Łukasz^Jan", "Lukasz*", True),
        ("ISO_IR 100", "Łukasz^Jan", "Lukas", False),
        ("ISO_IR 6", "Müller^Jan", "MUELLER*", True),
        ("ISO_IR 100", "Müller^Jan", "MUELLER*", True),
        ("ISO_IR 100", "Müller^Jan", "MÖLLER*", False),
        ("", "O’Brien^Jan", "O'Brien*", True),
    ],
)
def test_the_name_a_device_was_shown_finds_the_entry(
    folder: WorklistFolder, make: Make, ask: Ask, asked: str, name: str, key: str, *, found: bool
) -> None:
    """Whoever types the name from the device's screen gets the entry, or without its marks."""
    folder.add(make(PatientName=name))
    query = ask(charset=asked, PatientName=key)
    assert len(list(folder.find(query))) == found


def test_a_name_as_shown_overrides_no_other_key(
    folder: WorklistFolder, make: Make, ask: Ask
) -> None:
    """The other keys must fit as well."""
    folder.add(make(PatientName="Łukasz^Jan"))
    query = ask(charset="ISO_IR 100", PatientName="Lukasz*", PatientID="9")
    assert list(folder.find(query)) == []


SCRIPTS = (0x41, 0x17F), (0x391, 0x3C9), (0x410, 0x45F)
KNOWN = {chr(at) for first, last in SCRIPTS for at in range(first, last + 1) if chr(at).isalpha()}
LETTERS = st.sampled_from(sorted(KNOWN - set("äöüÄÖÜ")))
"""Letters the table has; umlauts beside vowels, which no name has, may be read in two ways."""


@given(st.text(LETTERS, min_size=1, max_size=15), st.sampled_from(["", "ISO_IR 6", "ISO_IR 100"]))
def test_a_name_as_shown_is_the_same_person_s(family: str, asked: str) -> None:
    """Images that come back under the name a device was shown are not taken for another's."""
    query = Dataset()
    query.SpecificCharacterSet = asked
    ordered = Patient.from_dicom("4711", f"{family}^Jan", "19581224")
    moment = datetime.fromisoformat("2024-01-15 10:30:15")
    entry = make_entry(
        AccessionNumber="R1", PatientID="4711", PatientName=ordered.person_name, scheduled=moment
    )
    shown = str(project(query, to_dataset(entry)).PatientName)
    assert not are_two(ordered, Patient.from_dicom("4711", shown, "19700101"))


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


def test_the_urgent_come_first(folder: WorklistFolder, make: Make, ask: Ask) -> None:
    """STAT, then HIGH, then the others of a day; each in the order of its start."""
    tomorrow = datetime.fromisoformat("2024-01-16 09:00:00")
    later = datetime.fromisoformat("2024-01-15 12:00:00")
    wanted = [("1", "", None), ("2", "ROUTINE", None), ("3", "HIGH", later), ("4", "STAT", later)]
    wanted.append(("5", "STAT", tomorrow))
    for number, priority, start in wanted:
        details = EntryDetails(RequestedProcedurePriority=priority)
        changes = {"scheduled": start} if start is not None else {}
        folder.add(make(PatientID=number, details=details, **changes))
    found = [str(match.dataset.PatientID) for match in folder.find(ask())]
    assert found == ["4", "3", "1", "2", "5"]
