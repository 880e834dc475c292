"""Forwarding as the rest of the bridge sees it: told of what was decided, asked by people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.dataset.values import da_text, folded_title
from gdtbridge.durable.clock import Clock, local_time
from gdtbridge.errors import NotFound
from gdtbridge.exams.model import Exam
from gdtbridge.exams.store import exam_by_id, find_exam
from gdtbridge.forward import mistakes, store
from gdtbridge.forward.gathering import ObjectGatherer
from gdtbridge.forward.model import CopyState, FailedCopies, ForwardCopy, ListedCopy, WrongCopy
from gdtbridge.forward.rules import ForwardTarget
from gdtbridge.outbox import FORWARD, Message, Outbox

NO_STUDY: Final = "Diese Studie gibt es hier nicht. / There is no such study here."
NOTHING_DECIDED: Final = (
    "Davon ist nichts zugeordnet, also geht nichts hinaus: gdtbridge exams list --held / Nothing "
    "of it has been assigned, so nothing leaves: gdtbridge exams list --held"
)
NO_TARGET: Final = (
    "Dorthin wird nicht weitergeleitet: Eine Tabelle [[forward]] fehlt. / Nothing is forwarded "
    "there: a table [[forward]] is missing."
)
NO_COPY: Final = "Eine solche Kopie gibt es nicht. / There is no such copy."
NO_MISTAKE: Final = (
    "Eine solche falsche Kopie ist nicht offen. / There is no such wrong copy to be seen to."
)
REPEATED: Final = (CopyState.FAILED,)
"""What is sent again when everything that failed is."""
MOST_LISTED: Final = 1000


def destination_of(aet: str) -> str:
    """Return the outbox's destination of a peer."""
    return f"{FORWARD}:{aet}"


def target_of(destination: str) -> str:
    """Return the AE title of a destination."""
    return destination.removeprefix(f"{FORWARD}:")


@dataclass(frozen=True, slots=True)
class ForwardBook:
    """Puts messages for the senders, and answers and does what people ask. Thread-safe."""

    database: Database
    outbox: Outbox
    gatherer: ObjectGatherer
    targets: Sequence[ForwardTarget]
    clock: Clock

    # ------------------------------------------------------------------ what was decided

    def settled(self, connection: Connection, exam: Exam) -> None:
        """Have the copies of an exam brought up to date, in the transaction that decided on it."""
        for target in self.targets:
            self._put(connection, exam, target)

    def moved(self, connection: Connection, exam_ids: Collection[int]) -> None:
        """Have copies of exams brought up to date whose patient's number became another one.

        Of exams that were never forwarded nothing begins to leave.
        """
        for target in self.targets:
            self.send_waiting(
                connection, target.aet, store.exams_that_left(connection, target.aet, exam_ids)
            )

    def send_waiting(self, connection: Connection, aet: str, exam_ids: Iterable[int]) -> None:
        """Have copies of exams that wait for one archive leave, in the caller's transaction.

        Waits for ever where nothing is forwarded there any more.
        """
        for target in self.targets:
            if target.aet == aet:
                for exam_id in exam_ids:
                    if (exam := exam_by_id(connection, exam_id)) is not None:
                        self._put(connection, exam, target)

    def wake(self) -> None:
        """Have what is to leave do so now."""
        self.outbox.wake()

    def _put(self, connection: Connection, exam: Exam, target: ForwardTarget) -> None:
        key = f"exam:{exam.id}@{self.clock.utc():.6f}"
        day = da_text(local_time(exam.last_instance_at))
        to, payload = destination_of(target.aet), str(exam.id).encode()
        self.outbox.put(connection, Message(FORWARD, to, key, day, payload))

    # ------------------------------------------------------------------ what people ask

    def send_study(
        self, study_instance_uid: str, *, to: str = "", sop_instance_uid: str = ""
    ) -> dict[str, int]:
        """Send a study, or one object of it, (again) whatever the rules say.

        Returns how many objects will leave, by AE title. Raises `NotFound` for a study or object
        that is not there or not decided, and for a peer nothing is forwarded to.
        """
        targets = self._targets(to)
        with self.database.read() as connection:
            exam = find_exam(connection, study_instance_uid)
        if exam is None:
            raise NotFound(NO_STUDY)
        objects = [
            one.instance_id
            for one in self.gatherer.objects(exam.id)
            if sop_instance_uid in {"", one.leaving.SOPInstanceUID}
        ]
        if not objects:
            raise NotFound(NOTHING_DECIDED)
        with self.database.write() as connection:
            for target in targets:
                store.ask(connection, exam.id, objects, target.aet, self.clock.utc())
                self._put(connection, exam, target)
        self.outbox.wake()
        return {target.aet: len(objects) for target in targets}

    def _targets(self, to: str) -> list[ForwardTarget]:
        """Return the target with an AE title, all for an empty one; raise `NotFound`."""
        found = [one for one in self.targets if not to or folded_title(one.aet) == folded_title(to)]
        if not found:
            raise NotFound(NO_TARGET)
        return found

    def _title(self, to: str) -> str:
        """Return an AE title as copies have it; upper and lower case are alike."""
        known = (one.aet for one in self.targets if folded_title(one.aet) == folded_title(to))
        return next(known, to)

    def again(self, numbers: Collection[int] = (), *, to: str = "") -> int:
        """Send copies again by their numbers, else everything that failed; return how many.

        Raises `NotFound` for a number no copy to a known peer has.
        """
        targets = {one.aet: one for one in self._targets(to)}
        with self.database.write() as connection:
            found = self._chosen(connection, numbers, targets, REPEATED)
            asked = bool(numbers)
            store.send_anew(connection, (one.id for one in found), self.clock.utc(), asked=asked)
            for aet in targets:
                mine = (one.exam_id for one in found if one.destination == aet)
                self.send_waiting(connection, aet, dict.fromkeys(mine))
        self.outbox.wake()
        return len(found)

    def end(self, numbers: Collection[int] = (), *, to: str = "") -> int:
        """Give copies up by their numbers, else all to a peer that have not arrived.

        Returns how many. Raises `NotFound` for a number no copy has.
        """
        open_states, to = (CopyState.WAITING, CopyState.FAILED), self._title(to)
        with self.database.write() as connection:
            known = [to] if to else store.destinations(connection)
            found = self._chosen(connection, numbers, known, open_states)
            values: dict[str, object] = {"state": CopyState.ENDED, "reason": ""}
            store.change(connection, (one.id for one in found), **values)
            if not numbers:
                self.outbox.forget(connection, destination_of(to))
        return len(found)

    def _chosen(
        self,
        connection: Connection,
        numbers: Collection[int],
        destinations: Collection[str],
        states: Collection[CopyState],
    ) -> list[ForwardCopy]:
        if not numbers:
            return store.copies_in(connection, destinations, states)
        found = store.copies_numbered(connection, numbers)
        known = {one.id for one in found if one.destination in destinations}
        if known != set(numbers):
            raise NotFound(NO_COPY)
        return found

    def corrected(self, number: int) -> None:
        """Note that a person has seen to a wrong copy; raise `NotFound`."""
        with self.database.write() as connection:
            if not mistakes.settle(connection, number, self.clock.utc()):
                raise NotFound(NO_MISTAKE)

    # ------------------------------------------------------------------ what there is

    def counts(self) -> dict[str, dict[CopyState, int]]:
        """Return how many copies each archive has in each state, all states named."""
        with self.database.read() as connection:
            found = store.counts(connection)
        titles = dict.fromkeys([*(one.aet for one in self.targets), *(to for to, _ in found)])
        return {to: {state: found.get((to, state), 0) for state in CopyState} for to in titles}

    def unsent(self) -> dict[str, dict[CopyState, int]]:
        """Return how many copies wait and failed, of each archive of the settings."""
        states = (CopyState.WAITING, CopyState.FAILED)
        with self.database.read() as connection:
            found = store.counts(connection, states)
        return {
            one.aet: {state: found.get((one.aet, state), 0) for state in states}
            for one in self.targets
        }

    def copies(
        self, *, states: Collection[CopyState], to: str = "", study_instance_uid: str = ""
    ) -> list[ListedCopy]:
        """Return the newest copies in some states, to one archive and of one study if named."""
        with self.database.read() as connection:
            return store.listed(
                connection, states, self._title(to), study_instance_uid, MOST_LISTED
            )

    def failures(self) -> list[FailedCopies]:
        """Return what was given up, for each archive."""
        with self.database.read() as connection:
            return store.failures(connection)

    def mistakes(self) -> list[WrongCopy]:
        """Return what archives have wrongly and nobody has seen to, the oldest first."""
        with self.database.read() as connection:
            return mistakes.unsettled(connection, MOST_LISTED)
