"""Query and Retrieve as a user: honest archives, and such that lie, hang and never end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import AE, evt

from gdtbridge.dicom.archive_client import AnswerLimits, InformationModel, find, querying
from gdtbridge.dicom.client import Peer, PeerError
from gdtbridge.retrieve.attributes import QueryLevel
from tests.tools.ports import free_port
from worklist.item import text_of, texts_of

STUDY_FIND = InformationModel.STUDY_ROOT.find
Answers = Callable[[evt.Event], Iterator[tuple[int, Dataset | None]]]


@contextmanager
def archive(answers: Answers, *models: str) -> Iterator[Peer]:
    """Yield an archive that answers queries so."""
    entity = AE("PACS")
    for model in models or (STUDY_FIND,):
        entity.add_supported_context(model)
    handlers: list[Any] = [(evt.EVT_C_FIND, answers)]
    running = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert running is not None
    try:
        yield Peer("127.0.0.1", running.server_address[1], "PACS", "GDTBRIDGE")
    finally:
        running.shutdown()


def answer(**elements: object) -> Dataset:
    """Return an answer with these elements."""
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def studies(number: int) -> Answers:
    """Return an archive of so many studies that is asked for cancels."""

    def answers(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        for one in range(number):
            if event.is_cancelled:
                yield 0xFE00, None
                return
            yield 0xFF00, answer(StudyInstanceUID=f"2.25.{one + 1}")

    return answers


def test_answers_are_what_the_archive_says() -> None:
    """Names come in the archive's character set, several values as several, keys as asked."""
    asked: list[Dataset] = []

    def answers(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        asked.append(event.identifier)
        yield (
            0xFF01,
            answer(
                SpecificCharacterSet="ISO_IR 192",
                PatientName="Müller^Jörg",
                ModalitiesInStudy=["SR", "US"],
            ),
        )
        yield 0xFF00, answer(SpecificCharacterSet="ISO_IR 100", PatientName="Groß^Änne")

    with archive(answers) as peer:
        found = find(peer, QueryLevel.STUDY, {"PatientID": "4711", "PatientName": ""})
    assert [text_of(one, "PatientName") for one in found] == ["Müller^Jörg", "Groß^Änne"]
    assert texts_of(found[0], "ModalitiesInStudy") == ("SR", "US")
    assert asked[0].QueryRetrieveLevel == "STUDY"
    assert asked[0].PatientID == "4711"


def test_one_association_takes_several_queries() -> None:
    """Patients are asked for in the patient root, the rest in the study root where it is there."""
    seen: list[str] = []

    def answers(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        seen.append(str(event.request.AffectedSOPClassUID))
        yield 0xFF00, answer(PatientID="4711")

    root = InformationModel.PATIENT_ROOT.find
    with archive(answers, STUDY_FIND, root) as peer, querying(peer) as asking:
        for level in QueryLevel:
            assert len(asking.find(level, {"PatientID": ""})) == 1
    assert seen == [root, STUDY_FIND, STUDY_FIND, STUDY_FIND]


@pytest.mark.parametrize(
    ("status", "told"), [(0xA700, "überlastet"), (0x0124, "berechtigt"), (0xC123, "C123")]
)
def test_a_refusal_says_what_it_means(status: int, told: str) -> None:
    """The status is named, and in words what is known of it."""

    def answers(_: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        yield status, None

    with archive(answers) as peer, pytest.raises(PeerError, match=told):
        find(peer, QueryLevel.STUDY, {})


def test_too_many_answers_are_cancelled() -> None:
    """An archive that ignores the key, or never ends, is cancelled, not believed in part."""
    with archive(studies(100_000)) as peer, pytest.raises(PeerError, match="mehr Antworten"):
        find(peer, QueryLevel.STUDY, {}, AnswerLimits(answers=5))


def test_an_archive_that_is_silent_is_not_waited_for() -> None:
    """No answer within the time ends the association, although the peer keeps it open."""

    def answers(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        while event.assoc.is_established:
            time.sleep(0.01)  # a peer that hangs: there is nothing to wait for
        yield 0xFE00, None

    began = time.monotonic()
    with archive(answers) as peer, pytest.raises(PeerError, match="antwortet nicht weiter"):
        find(peer, QueryLevel.STUDY, {}, AnswerLimits(seconds=0.3))
    assert time.monotonic() - began < 30


def test_answers_without_end_end() -> None:
    """Each answer in time is not enough: all together have their time, too."""

    def answers(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        while event.assoc.is_established:
            time.sleep(0.05)
            yield 0xFF00, answer(StudyInstanceUID="2.25.1")

    with archive(answers) as peer, pytest.raises(PeerError, match="antwortet nicht weiter"):
        find(peer, QueryLevel.STUDY, {}, AnswerLimits(seconds=5, total_seconds=0.4))


def test_an_archive_that_breaks_off_is_told_apart() -> None:
    """An abort after some answers is an error: part of a list is no list."""

    def answers(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        yield 0xFF00, answer(StudyInstanceUID="2.25.1")
        event.assoc.abort()

    with archive(answers) as peer, pytest.raises(PeerError, match="abgebrochen"):
        find(peer, QueryLevel.STUDY, {})


def test_an_answer_may_not_be_large() -> None:
    """An identifier beyond the limit ends the association."""

    def answers(_: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        yield 0xFF00, answer(StudyDescription="x" * 100_000)

    with archive(answers) as peer, pytest.raises(PeerError, match="abgebrochen"):
        find(peer, QueryLevel.STUDY, {})


def test_nobody_there_and_nothing_offered() -> None:
    """Who does not listen, and who offers no query, is named."""
    nobody = Peer("127.0.0.1", free_port(), "PACS", "GDTBRIDGE")
    with pytest.raises(PeerError, match="nicht erreichbar"):
        find(nobody, QueryLevel.STUDY, {})
    entity = AE("PACS")
    entity.add_supported_context("1.2.840.10008.1.1", ImplicitVRLittleEndian)
    running = entity.start_server(("127.0.0.1", 0), block=False)
    assert running is not None
    try:
        peer = Peer("127.0.0.1", running.server_address[1], "PACS", "GDTBRIDGE")
        with pytest.raises(PeerError, match="bietet nicht"):
            find(peer, QueryLevel.STUDY, {})
    finally:
        running.shutdown()
