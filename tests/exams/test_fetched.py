"""What is fetched from another archive is kept and shown, and is never a result."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from gdtbridge.archive import ReceiptStatus
from gdtbridge.commitment import CommitmentRequest, ReferencedInstance
from gdtbridge.errors import NotAskedFor
from gdtbridge.exams.fetching import AWAITED_SECONDS, LATE_SECONDS
from gdtbridge.exams.model import ClaimState, ExamState
from gdtbridge.exams.study_query import StudyQuery
from gdtbridge.exams.waiting import held
from gdtbridge.retrieve.finder import Viewer
from gdtbridge.schema import claim, forward_copy, outbox, placed_order
from gdtbridge.settings import load_settings
from tests.tools.elements import US_IMAGE
from tests.tools.practice import Practice

SETTINGS = """
[[peer]]
aet = "PACS"
host = "127.0.0.1"

[[forward]]
to = "PACS"
"""
STUDY = "2.25.1000"
"""The study of `Practice.send`."""
pytestmark = pytest.mark.parametrize("settings_text", [SETTINGS], ids=[""])


@contextmanager
def arriving(practice: Practice, **how: object) -> Iterator[None]:
    """Have objects arrive otherwise than from a device."""
    practice.arriving = how
    try:
        yield
    finally:
        practice.arriving = {}


def fetch(practice: Practice, patient: str = "4711", **values: str | bytes) -> ReceiptStatus:
    """Fetch an object of a study by C-GET, as the command does it."""
    study = str(values.get("StudyInstanceUID", STUDY))
    number = practice.core.fetches.open(study, "PACS", patient, reported=False)
    try:
        with arriving(practice, calling_aet="PACS", is_fetched=True):
            return practice.send(**values)
    finally:
        practice.core.fetches.close(number)


def listed(practice: Practice, level: str = "IMAGE", **keys: str) -> list[Dataset]:
    """Return what any peer is told."""
    query = Dataset()
    query.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(query, keyword, value)
    return [one.dataset for one in practice.core.finder.find(query, viewer=Viewer())]


def effects(practice: Practice) -> dict[str, list[Any]]:
    """Return everything that left, or may leave, and where orders and claims stand."""
    with practice.database.read() as connection:

        def rows(*columns: sa.Column[Any]) -> list[Any]:
            return sorted(map(tuple, connection.execute(sa.select(*columns))), key=repr)

        ours = sa.select(claim.c.state, claim.c.number, claim.c.person, claim.c.held_because)
        return {
            "messages": [  # but for those of copies, which name an exam by its id
                row
                for row in rows(outbox.c.destination, outbox.c.payload)
                if not str(row[0]).startswith("forward:")
            ],
            "copies": rows(forward_copy.c.destination, forward_copy.c.state),
            "orders": rows(placed_order.c.accession_number, placed_order.c.state),
            "claims": sorted(
                map(tuple, connection.execute(ours.where(claim.c.state != ClaimState.FETCHED)))
            ),
            "held": sorted(one.subject for one in held(connection, 100)),
        }


def test_what_is_fetched_is_shown_and_nothing_else(practice: Practice) -> None:
    """No record, no message, no question: a study that peers and people find."""
    practice.core.orders.place(practice.order())
    before = effects(practice)

    assert fetch(practice) is ReceiptStatus.NEW
    practice.wait()

    assert effects(practice) == before
    (exam,) = practice.core.overview.exams()
    assert (exam.state, exam.patient_id, exam.person) == (ExamState.FETCHED, "4711", 0)
    (found,) = listed(practice, "STUDY", PatientID="4711", StudyInstanceUID="")
    assert found.StudyInstanceUID == STUDY
    (study,) = practice.core.studies.find(StudyQuery("4711"))
    assert study.study_instance_uid == STUDY
    assert practice.core.overview.dossier(STUDY).people[0].instances == 1


def test_fetching_twice_is_harmless(practice: Practice) -> None:
    """The same again changes nothing; other content of the archive's is shown instead."""
    fetch(practice, SOPInstanceUID="2.25.7")
    assert fetch(practice, SOPInstanceUID="2.25.7") is ReceiptStatus.SAME
    assert fetch(practice, SOPInstanceUID="2.25.7", StudyDescription="x") is ReceiptStatus.NEW
    (found,) = listed(practice, StudyInstanceUID=STUDY, StudyDescription="")
    assert found.SOPInstanceUID == "2.25.7"
    assert fetch(practice, SOPInstanceUID="2.25.7") is ReceiptStatus.SAME
    assert len(listed(practice, StudyInstanceUID=STUDY)) == 1


def test_a_device_that_sends_a_fetched_object_sends_a_result(practice: Practice) -> None:
    """The very bytes that were fetched make a record when a device sends them, and one only."""
    fetch(practice, SOPInstanceUID="2.25.7")
    assert practice.send(SOPInstanceUID="2.25.7") is ReceiptStatus.NEW
    practice.wait()
    assert practice.files() == ["R0000000042.gdt"]
    assert practice.send(SOPInstanceUID="2.25.7") is ReceiptStatus.SAME
    assert fetch(practice, SOPInstanceUID="2.25.7") is ReceiptStatus.SAME
    practice.wait()
    assert practice.files() == ["R0000000042.gdt"]
    assert len(listed(practice, StudyInstanceUID=STUDY)) == 1


def test_a_device_that_sends_to_a_fetched_study_begins_it(practice: Practice) -> None:
    """The record is of what the device sent; both are shown as one study."""
    for number in range(3):
        fetch(practice, SOPInstanceUID=f"2.25.8.{number}")
    practice.send()
    practice.wait()
    (record,) = practice.records().values()
    assert record.patient.id == "4711"
    (found,) = listed(practice, "STUDY", StudyInstanceUID=STUDY, NumberOfStudyRelatedInstances="")
    assert found.NumberOfStudyRelatedInstances == "4"
    assert len(practice.core.studies.find(StudyQuery("4711"))) == 1


def test_ours_stays_what_is_shown(practice: Practice) -> None:
    """Other bytes under a UID a device sent are kept aside, before and after."""
    practice.send(SOPInstanceUID="2.25.7")
    assert fetch(practice, SOPInstanceUID="2.25.7", StudyDescription="theirs") is (
        ReceiptStatus.CONFLICT
    )
    fetch(practice, SOPInstanceUID="2.25.8", StudyDescription="theirs")
    assert practice.send(SOPInstanceUID="2.25.8") is ReceiptStatus.NEW
    practice.wait()
    assert practice.files() == ["R0000000042.gdt"]
    found = listed(practice, StudyInstanceUID=STUDY, SOPInstanceUID="")
    assert sorted(one.SOPInstanceUID for one in found) == ["2.25.7", "2.25.8"]
    files = [
        one.file.read_bytes()
        for one in practice.core.finder.leaving(_query(StudyInstanceUID=STUDY), viewer=Viewer())
    ]
    assert not any(b"theirs" in file for file in files)


def _query(**keys: str) -> Dataset:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    for keyword, value in keys.items():
        setattr(query, keyword, value)
    return query


def test_another_patient_than_listed_is_refused(practice: Practice) -> None:
    """The archive lists one patient and sends another: nothing of it is kept."""
    with pytest.raises(NotAskedFor):
        fetch(practice, patient="4711", PatientID="4712")
    with arriving(practice, calling_aet="PACS", is_fetched=True), pytest.raises(NotAskedFor):
        practice.send(StudyInstanceUID="2.25.99")
    assert practice.core.overview.exams() == []


@pytest.mark.parametrize(
    ("how", "is_result"),
    [
        ({"move_originator": "GDTBRIDGE", "calling_aet": "PACS"}, False),
        ({"move_originator": "gdtbridge ", "calling_aet": "STORE2"}, False),
        ({"calling_aet": "PACS"}, False),
        ({"move_originator": "PACS", "calling_aet": "PACS"}, False),
        ({"calling_aet": "PACS", "peer": "192.0.2.1"}, True),
        ({"move_originator": "OTHER", "calling_aet": "PACS"}, True),
        ({}, True),
    ],
)
def test_what_a_move_of_ours_brings_is_known_by_its_origin(
    practice: Practice, how: dict[str, str], *, is_result: bool
) -> None:
    """The originator decides; without one, the peer that is being fetched from."""
    practice.core.fetches.open(STUDY, "PACS", "4711", reported=False)
    with arriving(practice, **how):
        practice.send()
    practice.wait()
    assert bool(practice.files()) is is_result


def test_nothing_is_awaited_for_ever(practice: Practice) -> None:
    """Closed: only what names us its originator; open, an hour from the last sign of life."""
    fetches = practice.core.fetches
    number = fetches.open(STUDY, "PACS", "4711", reported=False)
    practice.clock.seconds += AWAITED_SECONDS - 1
    fetches.keep(number)
    practice.clock.seconds += AWAITED_SECONDS - 1
    with arriving(practice, calling_aet="PACS"):
        practice.send()
    fetches.close(number)
    with arriving(practice, calling_aet="PACS", move_originator="GDTBRIDGE"):
        practice.send()
    practice.wait()
    assert practice.files() == []
    with arriving(practice, calling_aet="PACS"):
        practice.send()
    practice.wait()
    assert practice.files() == ["R0000000042.gdt"]


def test_an_expired_fetch_catches_nothing(practice: Practice) -> None:
    """Who fetched died long ago: what the peer sends by itself is new."""
    practice.core.fetches.open(STUDY, "PACS", "4711", reported=False)
    practice.clock.seconds += AWAITED_SECONDS
    with arriving(practice, calling_aet="PACS"):
        practice.send()
    practice.wait()
    assert practice.files() == ["R0000000042.gdt"]


def test_an_archive_may_take_days_to_send(practice: Practice) -> None:
    """What names us its originator is no result, though nobody is at it; after a week it is new."""
    practice.core.fetches.open(STUDY, "PACS", "4711", reported=False)
    for seconds, files in ((LATE_SECONDS - 60, []), (3 * 3600, ["R0000000042.gdt"])):
        practice.clock.seconds += seconds
        practice.core.fetches.open("2.25.99", "PACS", "4711", reported=False)
        with arriving(practice, calling_aet="PACS", move_originator="GDTBRIDGE"):
            practice.send()
        practice.wait()
        assert practice.files() == files


def test_what_is_fetched_to_be_reported_is_reported(practice: Practice) -> None:
    """Asked for, it is as if a device had sent it; what was fetched before counts as well then."""
    fetch(practice, SOPInstanceUID="2.25.7")
    practice.core.fetches.open(STUDY, "PACS", "4711", reported=True)
    with arriving(practice, calling_aet="PACS", is_fetched=True):
        assert practice.send(SOPInstanceUID="2.25.7") is ReceiptStatus.NEW
        with pytest.raises(NotAskedFor):
            practice.send(PatientID="4712")
    practice.wait()
    assert practice.files() == ["R0000000042.gdt"]


def test_no_device_is_promised_what_was_fetched(practice: Practice) -> None:
    """Whoever asks for commitment of an object it never sent is told to send it."""
    fetch(practice, SOPInstanceUID="2.25.7")
    references = (ReferencedInstance(US_IMAGE, "2.25.7"),)
    asked = CommitmentRequest("2.25.500", "US01", "GDTBRIDGE", "127.0.0.1", references)
    practice.core.commitments.request(asked)
    practice.clock.seconds += 24 * 3600
    practice.core.commitments.verify_due()
    (told,) = practice.core.commitments.overview()
    assert told.failed == 1


Step = tuple[bool, int, int, int, int]
step = st.tuples(
    st.booleans(), st.integers(0, 1), st.integers(0, 2), st.integers(0, 1), st.integers(0, 2)
)
PATIENTS = ("4711", "4712", "")
NAMES = ("Müller^Änne", "Beispiel^Bert", "Müller^Änne")


def _play(practice: Practice, steps: list[Step], *, with_fetches: bool) -> dict[str, list[Any]]:
    """Have objects sent and fetched; return what came of it."""
    practice.core.orders.place(practice.order())
    for is_fetched, study, uid, content, who in steps:
        values = {
            "StudyInstanceUID": f"2.25.10{study}",
            "SOPInstanceUID": f"2.25.20{uid}",
            "StudyDescription": f"content {content}",
            "PatientID": PATIENTS[who],
            "PatientName": NAMES[who],
            "AccessionNumber": "R0000000001" if study else "",
        }
        if not is_fetched:
            practice.send(**values)
        elif with_fetches:
            fetch(practice, PATIENTS[who], **values)
        practice.wait(30)
    practice.wait()
    return effects(practice)


@pytest.mark.law
@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(step, max_size=8))
@example(steps=[(True, 0, 2, 0, 1), (False, 1, 2, 0, 1), (False, 0, 2, 0, 1)])
def test_fetching_changes_nothing_that_leaves(
    settings_text: str, memory: Path, steps: list[Step]
) -> None:
    """Whatever is fetched, in any order: records, messages, orders and questions are the same."""
    outcomes = []
    for with_fetches in (True, False):
        with tempfile.TemporaryDirectory(dir=memory) as folder:
            (Path(folder) / "gdtbridge.toml").write_text(settings_text)
            practice = Practice(Path(folder), load_settings(Path(folder) / "gdtbridge.toml", {}))
            try:
                outcomes.append(_play(practice, steps, with_fetches=with_fetches))
            finally:
                practice.close()
    assert outcomes[0] == outcomes[1]
