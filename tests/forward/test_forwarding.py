"""What leaves for another archive, when, as whose, and what becomes of it."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian, RLELossless

from gdtbridge.archive import IncomingInstance
from gdtbridge.backup import back_up, restore
from gdtbridge.forward import CopyState
from gdtbridge.forward.transfer import MOST_TRIES
from gdtbridge.schema import forward_copy
from tests.exams.test_fetched import fetch
from tests.forward.conftest import Forwarding
from tests.pictures.builder import grey_screen
from tests.retrieve.test_transcoding import compressed

STUDY = "2.25.500"


def sent(one: Forwarding, count: int = 1, study: str = STUDY, number: str = "4711") -> list[str]:
    """Have a device send an exam; return the UIDs of its objects."""
    uids = [f"{study}.{n}" for n in range(1, count + 1)]
    for uid in uids:
        one.practice.send(
            StudyInstanceUID=study, SOPInstanceUID=uid, PatientID=number, AccessionNumber=""
        )
    return uids


def test_an_exam_leaves_when_it_is_settled_on_one_association(forwarding: Forwarding) -> None:
    """Not before; each object once, in the order received."""
    uids = sent(forwarding, 3)
    with forwarding.peer.listening() as peer:
        assert forwarding.forward(seconds=0) == 0
        forwarding.practice.wait()
        assert forwarding.forward() == 1
        assert peer.uids == uids
        assert peer.callers == ["GDTBRIDGE"]
    assert forwarding.states() == {"sent": 3}


def test_nothing_leaves_while_an_exam_is_held(forwarding: Forwarding) -> None:
    """And all of it, as whom a person said, once it is released."""
    uids = sent(forwarding, 2, number="")
    with forwarding.peer.listening() as peer:
        forwarding.practice.wait()
        forwarding.forward()
        assert peer.received == []
        forwarding.practice.core.held.release(STUDY, "4712")
        forwarding.practice.wait()
        forwarding.forward()
        assert peer.patients() == dict.fromkeys(uids, "4712")


def test_a_late_object_follows_its_exam(forwarding: Forwarding) -> None:
    """Alone: the others are there."""
    uids = sent(forwarding, 2)
    with forwarding.peer.listening() as peer:
        forwarding.practice.wait()
        forwarding.forward()
        late = sent(forwarding, 3)[2:]
        forwarding.practice.wait()
        forwarding.forward()
        assert peer.uids == [*uids, *late]


def test_a_corrected_exam_is_sent_anew_and_a_person_told(forwarding: Forwarding) -> None:
    """The archive has the wrong patient until somebody mends it there."""
    uids = sent(forwarding, 2)
    core = forwarding.practice.core
    with forwarding.peer.listening() as peer:
        forwarding.practice.wait()
        forwarding.forward()
        core.corrections.withdraw(STUDY, "4711", "falsche Akte", to="4713", confirmed=True)
        forwarding.practice.wait()
        forwarding.forward()
        assert peer.uids == [*uids, *uids]
        assert peer.patients() == dict.fromkeys(uids, "4713")
    (mistake,) = core.forward.mistakes()
    assert mistake.destination == "PACS"
    assert (mistake.has.PatientID, mistake.copies) == ("4711", 2)
    assert mistake.now is not None
    assert mistake.now.PatientID == "4713"
    core.forward.corrected(mistake.id)
    assert core.forward.mistakes() == []


def test_what_is_right_again_is_no_mistake(forwarding: Forwarding) -> None:
    """After a correction was taken back the archive's second copy is the wrong one."""
    sent(forwarding)
    core = forwarding.practice.core
    with forwarding.peer.listening():
        for before, after in (("", "4711"), ("4711", "4713"), ("4713", "4711")):
            if before:
                core.corrections.withdraw(STUDY, before, "falsch", to=after, confirmed=True)
            forwarding.practice.wait()
            forwarding.forward()
    (mistake,) = core.forward.mistakes()
    assert mistake.now is not None
    assert (mistake.has.PatientID, mistake.now.PatientID) == ("4713", "4711")


def test_a_withdrawn_exam_is_nobodys_until_it_is_somebodys(forwarding: Forwarding) -> None:
    """Nothing is sent meanwhile, and what the archive has is told at once."""
    uids = sent(forwarding)
    core = forwarding.practice.core
    with forwarding.peer.listening() as peer:
        forwarding.practice.wait()
        forwarding.forward()
        core.corrections.withdraw(STUDY, "4711", "falsche Akte")
        forwarding.practice.wait()
        forwarding.forward()
        assert (peer.uids, forwarding.states()) == (uids, {"superseded": 1})
        assert [one.now for one in core.forward.mistakes()] == [None]
        core.held.release(STUDY, "4713")
        forwarding.practice.wait()
        forwarding.forward()
        assert peer.patients() == dict.fromkeys(uids, "4713")
    assert [one.now and one.now.PatientID for one in core.forward.mistakes()] == ["4713"]


def test_a_number_that_became_another_one_is_sent_anew(forwarding: Forwarding) -> None:
    """Only what had been forwarded: of other exams nothing begins to leave."""
    uids = sent(forwarding)
    core = forwarding.practice.core
    with forwarding.peer.listening() as peer:
        forwarding.practice.wait()
        forwarding.forward()
        core.renumbering.renumber("4711", "4799", confirmed=True)
        forwarding.forward()
        assert peer.patients() == dict.fromkeys(uids, "4799")
    assert [one.has.PatientID for one in core.forward.mistakes()] == ["4711"]


def test_a_changed_version_is_sent_and_a_person_told(forwarding: Forwarding) -> None:
    """Archives mostly keep the first of a UID, and say that they have the second."""
    practice = forwarding.practice
    values = {"StudyInstanceUID": STUDY, "SOPInstanceUID": "2.25.77", "AccessionNumber": ""}
    with forwarding.peer.listening() as peer:
        practice.send(**values, StudyDescription="Abdomen")
        practice.wait()
        forwarding.forward()
        practice.send(**values, StudyDescription="Leber")
        practice.wait()
        forwarding.forward()
        assert [one.StudyDescription for one in peer.received] == ["Abdomen", "Leber"]
    assert forwarding.states() == {"sent": 1, "superseded": 1}
    assert len(practice.core.forward.mistakes()) == 1


# ---------------------------------------------------------------------------- peers that refuse


def test_an_archive_that_is_away_gets_everything_later(forwarding: Forwarding) -> None:
    """Nothing is lost, nothing sent twice, and the cause is told in words."""
    uids = sent(forwarding, 2)
    forwarding.practice.wait()
    assert forwarding.forward() == 0
    (status,) = [one for one in forwarding.practice.outbox.status() if one.kind == "forward"]
    assert "nicht erreichbar" in status.last_error
    assert forwarding.practice.core.forward.mistakes() == []
    with forwarding.peer.listening() as peer:
        assert forwarding.forward() == 1
        assert peer.uids == uids


@pytest.mark.parametrize(
    ("titles", "aet", "named"),
    [
        (("OTHER",), "PACS", "unseren AE-Titel GDTBRIDGE"),
        ((), "ELSE", "AE-Titel PACS"),
    ],
)
def test_wrong_titles_are_named(
    forwarding: Forwarding, titles: tuple[str, ...], aet: str, named: str
) -> None:
    """Which side does not know which title."""
    sent(forwarding)
    forwarding.practice.wait()
    forwarding.peer.aet = aet
    with forwarding.peer.listening(titles=titles):
        forwarding.forward()
    (status,) = [one for one in forwarding.practice.outbox.status() if one.kind == "forward"]
    assert named in status.last_error


@pytest.mark.parametrize("status", [0xA700, 0x0124])
def test_a_full_archive_gets_the_rest_later(forwarding: Forwarding, status: int) -> None:
    """After the first refusal it is left alone for a while."""
    uids = sent(forwarding, 3)
    full = ["2.25.500.2", "2.25.500.2"]

    def answer(dataset: Dataset) -> int:
        if str(dataset.SOPInstanceUID) in full:
            full.remove(str(dataset.SOPInstanceUID))
            return status
        return 0

    forwarding.peer.answer = answer
    forwarding.practice.wait()
    with forwarding.peer.listening() as peer:
        forwarding.forward()
        assert forwarding.states() == {"sent": 1, "waiting": 2}
        assert len(full) == 1
        forwarding.forward()
        forwarding.forward()
        assert sorted(peer.uids) == uids
    assert forwarding.states() == {"sent": 3}


@pytest.mark.parametrize("status", [0x0122, 0xC000])
def test_what_is_never_taken_is_given_up_and_the_rest_sent(
    forwarding: Forwarding, status: int
) -> None:
    """By a person it can be sent again."""
    uids = sent(forwarding, 3)
    forwarding.peer.answer = lambda dataset: status if str(dataset.SOPInstanceUID) == uids[0] else 0
    forwarding.practice.wait()
    with forwarding.peer.listening() as peer:
        assert forwarding.forward() == 1
        assert peer.uids == uids[1:]
        assert forwarding.states() == {"failed": 1, "sent": 2}
        (failed,) = forwarding.practice.core.forward.copies(states=[CopyState.FAILED])
        assert f"({status:04X})" in failed.reason
        forwarding.peer.answer = lambda _: 0
        assert forwarding.practice.core.forward.again() == 1
        forwarding.forward()
        assert sorted(peer.uids) == uids
    assert forwarding.practice.core.forward.mistakes() == []


@pytest.mark.parametrize("status", [0xB007, 0x0111])
def test_a_warning_is_kept_with_the_copy(forwarding: Forwarding, status: int) -> None:
    """The archive has it, and says something to it."""
    sent(forwarding)
    forwarding.peer.answer = lambda _: status
    forwarding.practice.wait()
    with forwarding.peer.listening():
        forwarding.forward()
    (copy,) = forwarding.practice.core.forward.copies(states=[CopyState.SENT])
    assert f"({status:04X})" in copy.reason


def test_an_object_that_breaks_the_association_keeps_no_other_back(
    forwarding: Forwarding,
) -> None:
    """It is tried last from then on, and given up in the end."""
    uids = sent(forwarding, 3)
    forwarding.peer.answer = lambda dataset: None if str(dataset.SOPInstanceUID) == uids[0] else 0
    forwarding.practice.wait()
    with forwarding.peer.listening() as peer:
        forwarding.forward()
        assert peer.uids == []
        forwarding.forward()
        assert peer.uids == uids[1:]
        with forwarding.practice.database.write() as connection:
            connection.execute(sa.update(forward_copy).values(attempts=MOST_TRIES - 1))
        forwarding.forward()
    assert forwarding.states() == {"failed": 1, "sent": 2}


def test_an_archive_that_never_answers_is_left_after_a_while(
    forwarding: Forwarding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object is sent again; that it may be there is remembered."""
    monkeypatch.setattr("gdtbridge.dicom.upper_layer.requestor.ANSWER_SECONDS", 0.3)
    uids, answered = sent(forwarding), threading.Event()

    def answer(_: Dataset) -> int | None:
        answered.wait(60)
        return None

    forwarding.peer.answer = answer
    forwarding.practice.wait()
    with forwarding.peer.listening() as peer:
        forwarding.forward()
        answered.set()
        (waiting,) = forwarding.practice.core.forward.copies(states=[CopyState.WAITING])
        assert "bricht die Verbindung ab" in waiting.reason
        peer.answer = lambda _: 0
        forwarding.forward()
        assert peer.uids == uids


# ---------------------------------------------------------------------------- rules


@pytest.mark.parametrize("rules", ['modalities = ["SR"]\n', 'when = "asked"\n'])
def test_what_no_rule_is_for_leaves_only_when_asked(forwarding: Forwarding) -> None:
    """A study or one of its objects, by a person."""
    uids = sent(forwarding, 2)
    book = forwarding.practice.core.forward
    with forwarding.peer.listening() as peer:
        forwarding.practice.wait()
        forwarding.forward()
        assert (peer.uids, forwarding.states()) == ([], {})
        assert book.send_study(STUDY, sop_instance_uid=uids[1]) == {"PACS": 1}
        forwarding.forward()
        assert peer.uids == uids[1:]
        assert book.send_study(STUDY, to="pacs") == {"PACS": 2}
        forwarding.forward()
        assert sorted(peer.uids) == sorted([*uids, uids[1]])


@pytest.mark.parametrize("rules", ['hours = ["18:00-06:00"]\nas = "PRAXIS"\n'])
def test_outside_its_hours_nothing_leaves_unless_asked(forwarding: Forwarding) -> None:
    """It waits without being late, and goes under the title of its rule."""
    clock = forwarding.practice.clock
    uids = sent(forwarding, 2)
    forwarding.practice.wait()
    with forwarding.peer.listening() as peer:
        hour = clock.local().hour
        clock.seconds += ((12 - hour) % 24) * 3600
        forwarding.forward()
        assert peer.uids == []
        forwarding.practice.core.forward.send_study(STUDY, sop_instance_uid=uids[0])
        forwarding.forward()
        assert peer.uids == uids[:1]
        clock.seconds += 8 * 3600
        forwarding.forward()
        assert (peer.uids, set(peer.callers)) == (uids, {"PRAXIS"})


def test_what_was_fetched_leaves_only_when_asked(forwarding: Forwarding) -> None:
    """Also where a device sends more of the study: its own objects go."""
    practice = forwarding.practice
    values = {"StudyInstanceUID": STUDY, "AccessionNumber": ""}
    fetch(practice, SOPInstanceUID="2.25.500.9", **values)
    uids = sent(forwarding)
    practice.wait()
    with forwarding.peer.listening() as peer:
        forwarding.forward()
        assert peer.uids == uids
        practice.core.forward.send_study(STUDY, sop_instance_uid="2.25.500.9")
        forwarding.forward()
        assert peer.uids == [*uids, "2.25.500.9"]


def test_todays_exams_leave_before_older_ones(forwarding: Forwarding) -> None:
    """Whatever was put first; of one day those that wait longest."""
    practice = forwarding.practice
    studies = [f"2.25.60{n}" for n in range(4)]
    for study in studies[:2]:
        sent(forwarding, study=study)
        practice.wait()
    practice.clock.seconds += 24 * 3600
    for study in studies[2:]:
        sent(forwarding, study=study)
        practice.wait()
    with forwarding.peer.listening() as peer:
        forwarding.forward()
        order = [str(one.StudyInstanceUID) for one in peer.received]
    assert order == [*studies[2:], *studies[:2]]


@pytest.mark.parametrize("rules", ["parallel = 3\n"])
def test_no_more_associations_than_allowed(forwarding: Forwarding) -> None:
    """Several exams at once, each on its own association."""
    together = threading.Barrier(3, timeout=60)

    def answer(_: Dataset) -> int:
        together.wait()
        return 0

    forwarding.peer.answer = answer
    for number in range(6):
        sent(forwarding, study=f"2.25.70{number}")
    forwarding.practice.wait()
    with forwarding.peer.listening() as peer:
        assert forwarding.forward() == 6
        assert (peer.most_open, len(peer.callers)) == (3, 6)


def test_what_changes_while_it_waits_for_its_turn_leaves_as_decided_then(
    forwarding: Forwarding,
) -> None:
    """Between two objects of one association."""
    uids = sent(forwarding, 3)
    core = forwarding.practice.core

    def answer(dataset: Dataset) -> int:
        if str(dataset.SOPInstanceUID) == uids[0] and str(dataset.PatientID) == "4711":
            core.corrections.withdraw(STUDY, "4711", "falsche Akte", to="4713", confirmed=True)
        return 0

    forwarding.peer.answer = answer
    forwarding.practice.wait()
    with forwarding.peer.listening() as peer:
        forwarding.forward()
        assert peer.uids == uids[:1]
        forwarding.practice.wait()
        forwarding.forward()
        assert peer.patients() == dict.fromkeys(uids, "4713")
    (mistake,) = core.forward.mistakes()
    assert (mistake.has.PatientID, mistake.copies) == ("4711", 1)


def test_what_was_sent_again_is_the_same_to_the_byte(forwarding: Forwarding) -> None:
    """A response that got lost makes the archive take the same object twice."""
    sent(forwarding, number="")
    seen: list[Dataset] = []

    def answer(dataset: Dataset) -> int | None:
        seen.append(dataset)
        return None if len(seen) == 1 else 0

    forwarding.peer.answer = answer
    forwarding.practice.wait()
    forwarding.practice.core.held.release(STUDY, "4712")
    forwarding.practice.wait()
    with forwarding.peer.listening():
        forwarding.forward()
        forwarding.forward()
    first, second = seen
    assert first.OriginalAttributesSequence
    assert first == second


def test_who_gives_up_is_not_asked_again(forwarding: Forwarding) -> None:
    """Nor does a later object of the exam bring back what was ended."""
    sent(forwarding, 2)
    forwarding.practice.wait()
    forwarding.forward()
    assert forwarding.practice.core.forward.end() == 2
    late = sent(forwarding, 3)[2:]
    forwarding.practice.wait()
    with forwarding.peer.listening() as peer:
        forwarding.forward()
        assert peer.uids == late
    assert forwarding.states() == {"ended": 2, "sent": 1}


def test_an_archive_that_takes_only_uncompressed_gets_equal_pixels(
    forwarding: Forwarding,
) -> None:
    """A compressed object is decoded for it; its UID stays."""
    practice, pixels = forwarding.practice, grey_screen()
    made = compressed(pixels, "MONOCHROME2", RLELossless)
    made.PatientID = "4711"
    path = practice.folder / "incoming"
    made.save_as(path, enforce_file_format=True)
    uid = str(made.SOPInstanceUID)
    told = (str(made.SOPClassUID), uid, str(RLELossless), "US01", "127.0.0.1")
    practice.core.receiving.receive(IncomingInstance(path, *told))
    practice.wait()
    forwarding.peer.syntaxes = (str(ImplicitVRLittleEndian),)
    with forwarding.peer.listening() as peer:
        forwarding.forward()
        (found,) = peer.received
    assert found.SOPInstanceUID == uid
    assert found.PixelData[: pixels.size] == pixels.tobytes()


def test_what_waited_when_the_database_was_copied_is_asked(forwarding: Forwarding) -> None:
    """After a restore it may have been sent, and corrected since; what was sent is not again."""
    practice = forwarding.practice
    there, tried, put = ([f"2.25.90{n}.1"] for n in range(3))
    with forwarding.peer.listening() as peer:
        sent(forwarding, study="2.25.900")
        practice.wait()
        forwarding.forward()
    sent(forwarding, study="2.25.901")
    practice.wait()
    forwarding.forward()
    sent(forwarding, study="2.25.902")
    practice.wait()
    copy = practice.folder.with_name(f"{practice.folder.name}-copy")
    back_up(practice.settings, copy)
    practice.database.close()
    restore(practice.settings, copy)
    again = Forwarding(practice.again(), forwarding.peer)
    with peer.listening():
        again.forward()
        assert (peer.uids, again.states()) == (there, {"sent": 1, "failed": 2})
        assert again.practice.core.forward.again() == 2
        again.forward()
        assert sorted(peer.uids) == [*there, *tried, *put]
    again.practice.close()


def test_a_correction_that_waited_when_the_database_was_copied(forwarding: Forwarding) -> None:
    """It may have left since, and another one after it: a person says whether it leaves."""
    practice = forwarding.practice
    (uid,) = sent(forwarding)
    with forwarding.peer.listening() as peer:
        practice.wait()
        forwarding.forward()
    practice.core.corrections.withdraw(STUDY, "4711", "falsche Akte", to="4713", confirmed=True)
    practice.wait()
    copy = practice.folder.with_name(f"{practice.folder.name}-copy")
    back_up(practice.settings, copy)
    practice.database.close()
    restore(practice.settings, copy)
    again = Forwarding(practice.again(), forwarding.peer)
    with peer.listening():
        again.forward()
        assert (peer.patients(), again.states()) == ({uid: "4711"}, {"failed": 1})
        assert [one.has.PatientID for one in again.practice.core.forward.mistakes()] == ["4711"]
        assert again.practice.core.forward.again() == 1
        again.forward()
        assert peer.patients() == {uid: "4713"}
    again.practice.close()
