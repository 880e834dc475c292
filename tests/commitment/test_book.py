"""What a device is told of its instances: the truth of the disk, each once, in good time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge.archive.arrivals import Arrivals
from gdtbridge.commitment import (
    CommitmentBook,
    CommitmentRequest,
    DuplicateTransaction,
    ReferencedInstance,
    TooManyCommitments,
    book,
)
from gdtbridge.commitment.model import FailureReason
from gdtbridge.commitment.store import reopen_unanswered
from gdtbridge.database import Connection, Database
from gdtbridge.errors import NotFound, OutOfResources
from gdtbridge.outbox.store import ask_what_waits, remove
from gdtbridge.schema import commitment, commitment_reference, instance, outbox
from tests.commitment.asking import Asking, referenced
from tests.tools.elements import US_IMAGE

SR = "1.2.840.10008.5.1.4.1.1.88.33"
MISSING, DAMAGED = FailureReason.NO_SUCH_INSTANCE, FailureReason.PROCESSING_FAILURE
WAIT = 30


def _swapped(file: Path) -> None:
    other = next(one for one in file.parent.glob("*.dcm") if one != file)
    file.write_bytes(other.read_bytes())


def _bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def _linked(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


DAMAGES: list[tuple[str, Callable[[Path], object], FailureReason]] = [
    ("removed", Path.unlink, MISSING),
    ("cut short", lambda file: file.write_bytes(file.read_bytes()[:-1]), DAMAGED),
    ("longer", lambda file: file.write_bytes(file.read_bytes() + b"\0"), DAMAGED),
    ("empty", lambda file: file.write_bytes(b""), DAMAGED),
    ("one bit", _bit, DAMAGED),
    ("another object's", _swapped, DAMAGED),
    ("a link", _linked, DAMAGED),
]


@pytest.mark.parametrize(
    ("damage", "reason"), [one[1:] for one in DAMAGES], ids=[one[0] for one in DAMAGES]
)
def test_what_is_not_whole_on_the_disk_fails(
    asking: Asking, damage: Callable[[Path], object], reason: FailureReason
) -> None:
    """The others of the request are kept, and only they are promised."""
    asking.send("2.25.11", "2.25.12")
    damage(asking.file("2.25.11"))
    asking.ask(referenced("2.25.11", "2.25.12"))
    asking.wait()
    assert asking.outcome() == {"2.25.11": reason, "2.25.12": 0}
    assert asking.promised() == {"2.25.12"}


def test_the_index_is_not_believed(asking: Asking) -> None:
    """A file that is not what its entry says fails, also where its own name fits."""
    asking.send("2.25.11")
    with asking.practice.database.write() as connection:
        connection.execute(sa.update(instance).values(sop_instance_uid="2.25.99"))
    asking.ask(referenced("2.25.99"))
    asking.wait()
    assert asking.outcome() == {"2.25.99": DAMAGED}


REFERENCES = [
    (ReferencedInstance(US_IMAGE, "2.25.11"), 0),
    (ReferencedInstance("", "2.25.11"), 0),
    (ReferencedInstance(SR, "2.25.11"), FailureReason.CLASS_INSTANCE_CONFLICT),
    (ReferencedInstance(US_IMAGE, "2.25.404"), MISSING),
    (
        ReferencedInstance("1.2.840.10008.1.1", "2.25.404", FailureReason.CLASS_NOT_SUPPORTED),
        FailureReason.CLASS_NOT_SUPPORTED,
    ),
]


@pytest.mark.parametrize(("reference", "reason"), REFERENCES)
def test_what_is_asked_is_what_is_kept(
    asking: Asking, reference: ReferencedInstance, reason: int
) -> None:
    """Class and instance have to fit; a class that was left out is filled in."""
    asking.send("2.25.11")
    asking.ask([reference])
    asking.wait(WAIT)
    asking.wait()
    assert asking.outcome() == {reference.sop_instance_uid: reason}
    [answer] = asking.answers()
    kinds = {one[0] for one in (*answer.committed, *answer.failed)}
    assert kinds == {reference.sop_class_uid or US_IMAGE}


def test_a_small_object_is_made_durable_before(asking: Asking) -> None:
    """Its file may have been lost with the power: it is written from its bytes in the index."""
    asking.send("2.25.11", size=0)
    asking.file("2.25.11").unlink()
    asking.ask(referenced("2.25.11"))
    asking.wait()
    assert asking.outcome() == {"2.25.11": 0}
    assert asking.file("2.25.11").is_file()


def test_a_small_object_that_cannot_be_made_durable_fails(asking: Asking) -> None:
    """A folder that takes nothing keeps no promise."""
    asking.send("2.25.11", size=0)
    folder = asking.file("2.25.11").parent
    asking.file("2.25.11").unlink()
    folder.rmdir()
    folder.write_bytes(b"in the way")
    asking.ask(referenced("2.25.11"))
    asking.wait()
    assert asking.outcome() == {"2.25.11": DAMAGED}


def test_each_version_that_counts_has_to_be_whole(asking: Asking) -> None:
    """Other bytes under one UID are kept both: which of them the device means nobody knows."""
    asking.send("2.25.11", size=100_000)
    first = asking.file("2.25.11")
    asking.send("2.25.11", size=100_002)
    asking.ask(referenced("2.25.11"))
    asking.wait()
    assert asking.outcome() == {"2.25.11": 0}
    first.unlink()
    asking.ask(referenced("2.25.11"), transaction="2.25.2")
    asking.wait()
    assert [len(one.failed) for one in asking.answers()] == [0, 1]


def test_what_a_person_discarded_is_kept_all_the_same(asking: Asking) -> None:
    """Not used is not lost."""
    asking.send("2.25.11")
    with asking.practice.database.write() as connection:
        connection.execute(sa.update(instance).values(standing="superseded"))
    asking.ask(referenced("2.25.11"))
    asking.wait()
    assert asking.outcome() == {"2.25.11": 0}


# ---------------------------------------------------------------------------- late instances


def test_missing_instances_are_waited_for(asking: Asking) -> None:
    """A device may ask while it still sends; each that comes gives the others time again."""
    asking.send("2.25.11")
    asking.ask(referenced("2.25.11", "2.25.12", "2.25.13"))
    asking.wait()
    asking.wait(WAIT - 1)
    asking.send("2.25.12")
    asking.wait(2)
    assert asking.answers() == []
    asking.wait(WAIT - 2)
    asking.send("2.25.13")
    asking.wait(2)
    assert set(asking.outcome().values()) == {0}


def test_what_does_not_come_is_told_in_the_end(asking: Asking) -> None:
    """Not before ``commitment.wait_seconds`` are over, and not long after."""
    asking.send("2.25.11")
    asking.ask(referenced("2.25.11", "2.25.12"))
    asking.wait()
    assert asking.book.verify_due() == pytest.approx(1, abs=0.1)
    asking.wait(WAIT - 0.1)
    assert asking.answers() == []
    asking.wait(1.1)
    assert asking.outcome() == {"2.25.11": 0, "2.25.12": MISSING}
    assert asking.book.verify_due() is None


def test_what_is_being_received_is_never_told_as_missing(asking: Asking) -> None:
    """However long it takes; when it was refused, it is missing."""
    token = asking.book.arrivals.begin("2.25.11")
    asking.ask(referenced("2.25.11"))
    asking.wait()
    asking.wait(3 * WAIT)
    assert asking.answers() == []
    asking.book.arrivals.end(token)
    asking.wait(1)
    assert asking.outcome() == {"2.25.11": MISSING}


# ---------------------------------------------------------------------------- the same again


def test_the_same_request_again_has_one_answer(asking: Asking) -> None:
    """A device that lost our response asks again, in another order perhaps."""
    asking.send("2.25.11", "2.25.12")
    asking.ask(referenced("2.25.11", "2.25.12"))
    asking.ask(referenced("2.25.12", "2.25.11"))
    asking.wait()
    asking.ask(referenced("2.25.11", "2.25.12"))
    asking.wait()
    assert asking.outcome() == {"2.25.11": 0, "2.25.12": 0}


def test_a_repeated_request_is_looked_at_anew(asking: Asking) -> None:
    """What was missing has been sent meanwhile: the device is told so, and only that."""
    asking.send("2.25.11")
    asking.ask(referenced("2.25.11", "2.25.12"))
    asking.wait()
    asking.wait(WAIT + 1)
    asking.send("2.25.12")
    asking.ask(referenced("2.25.11", "2.25.12"))
    asking.wait()
    assert asking.outcome() == {"2.25.11": 0, "2.25.12": 0}


def test_a_repeated_request_waits_anew(asking: Asking) -> None:
    """What was told as missing may come now."""
    asking.ask(referenced("2.25.11"))
    asking.wait()
    asking.wait(WAIT + 1)
    assert asking.outcome() == {"2.25.11": MISSING}
    asking.ask(referenced("2.25.11"))
    asking.wait()
    assert asking.answers() == []
    asking.send("2.25.11")
    asking.wait(1)
    assert asking.outcome() == {"2.25.11": 0}


def test_what_changes_while_it_is_verified_is_not_answered(asking: Asking) -> None:
    """What has not got to other archives is asked as well; a person ends the request meanwhile."""
    core = asking.practice.core

    class NothingArrives:
        """Ends the first request it is asked for."""

        asked = 0

        def outstanding(
            self, connection: Connection, instances: Collection[int], /
        ) -> Collection[int]:
            self.asked += 1
            if self.asked == 1:
                asking.book.end(1)
                return ()
            return instances

    asking.book = CommitmentBook(
        core.database,
        core.archive,
        core.outbox,
        Arrivals(),
        core.settings.commitment,
        core.clock,
        NothingArrives(),
    )
    asking.send("2.25.11")
    for transaction in ("2.25.1", "2.25.2"):
        asking.ask(referenced("2.25.11"), transaction)
        asking.wait()
    assert asking.answers() == []
    asking.wait(24 * 3600)
    [answer] = asking.answers()
    assert (answer.transaction_uid, [one[2] for one in answer.failed]) == ("2.25.2", [0x0213])
    assert asking.promised() == set()


def test_a_transaction_under_way_is_for_its_instances(asking: Asking) -> None:
    """The same UID for others is refused, from the same device; another one's is another."""
    asking.send("2.25.11")
    asking.ask(referenced("2.25.11"))
    for _ in range(2):
        with pytest.raises(DuplicateTransaction):
            asking.ask(referenced("2.25.12"))
        asking.wait()
    asking.ask(referenced("2.25.11"), aet="US02")
    asking.wait()
    assert [one.calling_aet for one in asking.answers()] == ["US01", "US02"]


def test_a_device_may_use_a_uid_again_after_the_answer(asking: Asking) -> None:
    """Some number from 1 after each start."""
    asking.send("2.25.11", "2.25.12")
    asking.ask(referenced("2.25.11"))
    asking.wait()
    with asking.practice.database.write() as connection:
        connection.execute(sa.update(outbox).values(state="delivered"))
    asking.ask(referenced("2.25.12"))
    asking.wait()
    assert asking.outcome() == {"2.25.12": 0}


def test_requests_of_one_device_are_bounded(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that floods us is refused, others are not."""
    monkeypatch.setattr(book, "MOST_OPEN", 2)
    for number in range(2):
        asking.ask(referenced("2.25.11"), f"2.25.{number}")
    with pytest.raises(TooManyCommitments):
        asking.ask(referenced("2.25.11"), "2.25.3")
    asking.ask(referenced("2.25.11"), "2.25.3", aet="US02")


def test_a_full_disk_takes_no_request(asking: Asking) -> None:
    """What is promised later needs room now."""
    asking.practice.archive._reserve = 10**18
    with pytest.raises(OutOfResources):
        asking.ask(referenced("2.25.11"))


def test_thousands_of_instances(asking: Asking) -> None:
    """Each stands once in the answer."""
    uids = [f"2.25.{number}" for number in range(3000)]
    asking.send(*uids[:3], size=0)
    asking.ask(referenced(*uids))
    asking.wait(WAIT + 1)
    asking.wait(WAIT + 1)
    outcome = asking.outcome()
    assert list(outcome) == uids
    assert [uid for uid in uids if not outcome[uid]] == uids[:3]


# ---------------------------------------------------------------------------- people, restarts


def test_a_person_ends_a_request(asking: Asking) -> None:
    """Nothing is answered any more; what is not open cannot be ended."""
    asking.ask(referenced("2.25.11"))
    asking.send("2.25.12")
    asking.ask(referenced("2.25.12"), "2.25.2")
    asking.wait()
    for one in asking.book.overview(only_open=True):
        asking.book.end(one.id)
    asking.wait(WAIT + 1)
    assert asking.answers() == []
    assert [one.state for one in asking.book.overview()] == ["ended", "ended"]
    for ask in (asking.book.end, asking.book.retry):
        with pytest.raises(NotFound):
            ask(1)


def test_a_person_has_it_verified_anew(asking: Asking) -> None:
    """After whatever was wrong has been put right."""
    asking.send("2.25.11")
    file = asking.file("2.25.11")
    content = file.read_bytes()
    file.unlink()
    asking.ask(referenced("2.25.11"))
    asking.wait()
    assert asking.outcome() == {"2.25.11": MISSING}
    file.write_bytes(content)
    asking.book.retry(1)
    asking.wait()
    assert asking.outcome() == {"2.25.11": 0}
    [one] = asking.book.overview()
    assert (one.instances, one.failed, one.waiting) == (1, 0, True)


def test_a_restart_goes_on(asking: Asking) -> None:
    """What was requested is verified, what was verified waits; each is answered once."""
    asking.send("2.25.11")
    asking.ask(referenced("2.25.11"))
    asking.wait()
    asking.ask(referenced("2.25.11"), "2.25.2")
    again = Asking(asking.practice.again())
    again.wait()
    assert [one.transaction_uid for one in again.answers()] == ["2.25.1", "2.25.2"]
    again.practice.close()


def test_a_restored_database_is_verified_anew(asking: Asking) -> None:
    """What was there when it was copied may not be here; no answer is asked about."""
    asking.send("2.25.11")
    asking.ask(referenced("2.25.11"))
    asking.wait()
    asking.file("2.25.11").unlink()
    with asking.practice.database.write() as connection:
        for message in reopen_unanswered(connection, asking.practice.clock.utc()):
            remove(connection, message)
        ask_what_waits(connection)
    asking.wait()
    assert asking.outcome() == {"2.25.11": MISSING}
    assert asking.practice.outbox.questions() == ()


def test_a_program_fetches_its_answer(asking: Asking) -> None:
    """Nothing is sent and nothing waited for; asked again, and when restored, it is looked anew."""
    asking.send("2.25.11")
    asked = CommitmentRequest("2.25.1", "STOW", "", "", referenced("2.25.11", "2.25.12"))
    asking.book.request(asked)
    assert asking.book.answer("2.25.1", "STOW") is None
    asking.wait()
    found = asking.book.answer("2.25.1", "STOW")
    assert found is not None
    assert found.committed == ((US_IMAGE, "2.25.11"),)
    assert found.failed == ((US_IMAGE, "2.25.12", MISSING),)
    assert asking.answers() == []
    assert asking.book.overview(only_open=True) == []
    again: list[Callable[[], None]] = [lambda: asking.book.request(asked), lambda: _restore(asking)]
    for look_again in again:
        look_again()
        assert asking.book.answer("2.25.1", "STOW") is None
        asking.wait()
        assert asking.book.answer("2.25.1", "STOW") == found
    with pytest.raises(DuplicateTransaction):
        asking.book.request(replace(asked, references=referenced("2.25.11")))
    with pytest.raises(NotFound):
        asking.book.answer("2.25.1", "US01")


def _restore(asking: Asking) -> None:
    with asking.practice.database.write() as connection:
        assert list(reopen_unanswered(connection, asking.practice.clock.utc())) == []


def test_answered_requests_are_forgotten_and_promises_are_not(asking: Asking) -> None:
    """After thirty days; what has no answer stays."""
    asking.send("2.25.11")
    asking.ask(referenced("2.25.11"))
    asking.wait()
    with asking.practice.database.write() as connection:
        connection.execute(sa.update(outbox).values(state="delivered"))
    asking.ask(referenced("2.25.11"), "2.25.2")
    asking.wait()
    asking.practice.clock.turn(31 * 86400)
    asking.book.forget_old()
    assert [one.transaction_uid for one in asking.book.overview()] == ["2.25.2"]
    assert _count(asking.practice.database, commitment_reference) == 1
    assert _count(asking.practice.database, commitment) == 1
    assert asking.promised() == {"2.25.11"}


def _count(database: Database, table: sa.Table) -> int:
    with database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
