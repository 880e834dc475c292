"""Asks archives whether they keep what they were sent, and takes what they say."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gdtbridge.confirmation import store
from gdtbridge.confirmation.model import (
    NO_REPORT,
    NOT_THERE,
    OTHER_PATIENT,
    CommitmentResult,
    Confirmation,
    ConfirmingArchive,
    LossKind,
    ReportOutcome,
    SentCopy,
    StudyListing,
    meaning_of,
)
from gdtbridge.confirmation.ports import ArchiveInquiries, Resending
from gdtbridge.database import Connection, Database
from gdtbridge.dataset.values import new_uid
from gdtbridge.devices import Caller
from gdtbridge.devices.quirks import report_series
from gdtbridge.durable.clock import DAY_SECONDS, Clock
from gdtbridge.errors import BridgeError
from gdtbridge.forward import store as copies
from gdtbridge.forward.model import CopyState
from gdtbridge.logs import describe
from gdtbridge.sr import is_report

log = logging.getLogger(__name__)

SETTLE_SECONDS: Final = 10.0
"""So long after it was sent an object is asked about: others of its study may follow."""
REPORT_SECONDS: Final = (3600.0, 6 * 3600.0, DAY_SECONDS)
"""So long a report is waited for after the first, second and each further request."""
LOOK_AGAIN_SECONDS: Final = 300.0
"""What is missing when it is first asked about may not be entered there yet."""
MOST_LOSSES: Final = 2
"""So often an object is sent again that the archive has lost."""
FIRST_PAUSE: Final = 60.0
LONGEST_PAUSE: Final = 3600.0
"""Seconds after which an archive is asked again that does not answer: 60, 120 … 3600."""
KEPT_DAYS: Final = 60
"""So long a report for a request is known, with which archives may take their time."""
MOST_COUNTED: Final = 10_000
"""So many unconfirmed copies are counted: counting is not to cost more and more."""
_FORGOTTEN_AT_ONCE: Final = 100


class Confirmations:
    """What was asked of all archives. Thread-safe; each archive is asked by one thread."""

    def __init__(
        self,
        database: Database,
        archives: Sequence[ConfirmingArchive],
        inquiries: ArchiveInquiries,
        is_archive: Callable[[str, Caller], bool],
        resending: Resending,
        clock: Clock,
    ) -> None:
        """Ask ``archives``; ``is_archive`` says whether a caller is the one of an AE title."""
        self._database = database
        self.archives = archives
        self._inquiries = inquiries
        self._is_archive = is_archive
        self._resending = resending
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._quiet_until: dict[str, float] = {}
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask nothing more after the present question."""
        self._stopping.set()

    # ------------------------------------------------------------------------ asking

    def ask_due(self, archive: ConfirmingArchive) -> float | None:
        """Ask an archive about what is due; return in how many seconds something will be."""
        while not self._stopping.is_set():
            pause = self._quiet_until.get(archive.aet, 0.0) - self._clock.monotonic()
            if pause > 0:
                return pause
            now = self._clock.utc()
            with self._database.read() as connection:
                due = store.due(connection, archive.aet, now, now - SETTLE_SECONDS)
            if not due:
                break
            self._ask(archive, due)
        with self._database.read() as connection:
            next_at = store.next_due(connection, archive.aet)
        return None if next_at is None else max(0.0, next_at - self._clock.utc())

    def _ask(self, archive: ConfirmingArchive, due: Sequence[SentCopy]) -> None:
        try:
            if archive.way is Confirmation.COMMITMENT:
                self._request(archive, due)
            else:
                self._look(archive, due)
        except BridgeError as error:
            self._pause(archive, due, str(error))
        except Exception as error:  # noqa: BLE001 - one batch must not keep the others back
            log.error("%s cannot be asked: %s", archive.aet, describe(error))
            self._pause(archive, due, "Fehler im Programm / fault of the program")
        else:
            self._failures.pop(archive.aet, None)

    def _request(self, archive: ConfirmingArchive, due: Sequence[SentCopy]) -> None:
        """Request commitment; what is asked is on the disk before."""
        uid, now = new_uid(), self._clock.utc()
        with self._database.write() as connection:
            due = store.unchanged(connection, due)
            if not due:
                return
            store.enter(connection, uid, archive.aet, due, now)
            for times, some in _by_inquiries(due):
                patience = REPORT_SECONDS[min(times, len(REPORT_SECONDS) - 1)]
                self._ask_later(connection, some, patience, NO_REPORT, inquiries=times + 1)
        status = self._inquiries.request_commitment(
            archive,
            uid,
            due,
            lambda result: self._take_of(archive, result),
            lambda: self._is_over(uid),
        )
        if status:
            told = f"antwortet auf die Anfrage mit / answers the request with {status:04X}"
            raise BridgeError(told)
        log.info("%s asked about %d objects", archive.aet, len(due))

    def _is_over(self, uid: str) -> bool:
        """Return whether nobody has to wait for a report on the association of the request."""
        if self._stopping.is_set():
            return True
        with self._database.read() as connection:
            known = store.named(connection, uid)
        return known is not None and known.reported_at is not None

    def _look(self, archive: ConfirmingArchive, due: Sequence[SentCopy]) -> None:
        """Query for the instances of a study."""
        series = list(dict.fromkeys(uid for one in due for uid in _series_of(one)))
        found = self._inquiries.find_study(archive, due[0].study_instance_uid, series)
        now = self._clock.utc()
        with self._database.write() as connection:
            due = store.unchanged(connection, due)  # what left again meanwhile is asked about anew
            here = [one for one in due if one.sop_instance_uid in found.instances]
            good = [one for one in here if _is_of_patient(one, found)]
            wrong = [one for one in here if not _is_of_patient(one, found)]
            gone = [
                replace(one, inquiries=one.inquiries + 1)
                for one in due
                if one.sop_instance_uid not in found.instances
            ]
            store.confirm(connection, good, Confirmation.QUERY, now)
            self._ask_later(connection, wrong, DAY_SECONDS, OTHER_PATIENT)
            for times, some in _by_inquiries(gone):
                copies.change(connection, [one.id for one in some], inquiries=times)
            self._judge(connection, archive.aet, gone, {one.id: NOT_THERE for one in gone})
        if gone:
            self._resending.wake()

    def _pause(self, archive: ConfirmingArchive, due: Sequence[SentCopy], reason: str) -> None:
        """Leave an archive alone for a while that cannot be asked, and ask the same then."""
        failures = self._failures.get(archive.aet, 0)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 16))
        self._failures[archive.aet] = failures + 1
        self._quiet_until[archive.aet] = self._clock.monotonic() + pause
        log.warning("%s cannot be asked what it keeps: %s", archive.aet, reason)
        with self._database.write(synced=False) as connection:
            for times, some in _by_inquiries(store.unchanged(connection, due)):
                self._ask_later(connection, some, pause, reason, inquiries=times)

    # ------------------------------------------------------------------------ what they say

    def take_report(self, caller: Caller, result: CommitmentResult) -> ReportOutcome:
        """Take what a caller reports on an association of its own; durable when it returns."""
        with self._database.read() as connection:
            known = store.named(connection, result.TransactionUID)
        if known is None:
            log.warning("commitment report of %r of an unknown transaction", caller.aet)
            return ReportOutcome.UNKNOWN
        if not self._is_archive(known.destination, caller):
            log.warning("commitment report of %r, who was not asked", caller.aet)
            return ReportOutcome.STRANGER
        return self._take(result)

    def _take_of(self, archive: ConfirmingArchive, result: CommitmentResult) -> ReportOutcome:
        """Take what an archive reports where it was asked, unless another one was asked that."""
        with self._database.read() as connection:
            known = store.named(connection, result.TransactionUID)
        if known is not None and known.destination != archive.aet:
            log.warning("commitment report of %s, which was not asked", archive.aet)
            return ReportOutcome.STRANGER
        return self._take(result)

    def _take(self, result: CommitmentResult) -> ReportOutcome:
        """Enter what the archive of a transaction says of its instances, and of no others."""
        now = self._clock.utc()
        with self._database.write() as connection:
            known = store.named(connection, result.TransactionUID)
            if known is None:
                return ReportOutcome.UNKNOWN
            asked = store.asked_about(connection, known)
            kept = [one for one in asked if one.sop_instance_uid in result.committed]
            store.confirm(connection, kept, Confirmation.COMMITMENT, now)
            failed = [one for one in asked if one.sop_instance_uid in result.failed]
            if known.reported_at is None:  # the same report again says nothing new
                reasons = {one.id: result.failed[one.sop_instance_uid] for one in failed}
                self._judge(connection, known.destination, failed, reasons)
            store.note_report(connection, known.id, now)
        if failed:
            self._resending.wake()
        counts = len(kept), len(failed)
        log.info("%s keeps %d objects, does not keep %d", known.destination, *counts)
        return ReportOutcome.TAKEN

    def _judge(
        self,
        connection: Connection,
        destination: str,
        failed: Collection[SentCopy],
        reasons: Mapping[int, int],
    ) -> None:
        """Do what Failure Reasons ask for: look again, send again, have a person look."""
        again: list[SentCopy] = []
        for one in failed:
            meaning = meaning_of(reasons[one.id])
            told = meaning.told(reasons[one.id])
            if meaning.loss is LossKind.LATER:
                self._ask_later(connection, [one], REPORT_SECONDS[1], told)
            elif meaning.loss is LossKind.GONE and one.inquiries == 1:
                self._ask_later(connection, [one], LOOK_AGAIN_SECONDS, told)
            elif meaning.loss is LossKind.GONE and one.losses < MOST_LOSSES:
                anew = {"losses": one.losses + 1, "reason": told}
                copies.send_anew(connection, [one.id], self._clock.utc(), **anew)
                again.append(one)
            else:
                losses = one.losses + (meaning.loss is LossKind.GONE)
                values = {"state": CopyState.FAILED, "losses": losses, "confirm_at": None}
                copies.change(connection, [one.id], reason=told, **values)
        if again:
            log.error("%s has lost %d objects it had taken: sent again", destination, len(again))
            exams = dict.fromkeys(one.exam_id for one in again)
            self._resending.send_waiting(connection, destination, exams)

    def _ask_later(
        self,
        connection: Connection,
        some: Sequence[SentCopy],
        seconds: float,
        reason: str,
        **values: object,
    ) -> None:
        values |= {"confirm_at": self._clock.utc() + seconds, "reason": reason}
        copies.change(connection, [one.id for one in some], **values)

    def unconfirmed(self) -> dict[str, int]:
        """Return how many copies each archive has not confirmed yet, `MOST_COUNTED` at most."""
        with self._database.read() as connection:
            return {
                one.aet: store.count_unconfirmed(connection, one.aet, MOST_COUNTED)
                for one in self.archives
            }

    def reasons(self) -> dict[str, str]:
        """Return why archives have not confirmed what they were sent, by AE title; where known."""
        now = self._clock.utc()
        with self._database.read() as connection:
            found = {
                one.aet: store.unconfirmed(connection, one.aet, now, MOST_COUNTED)
                for one in self.archives
            }
        return {aet: one.reason for aet, one in found.items() if one is not None and one.reason}

    def forget_old(self) -> None:
        """Remove requests of long ago."""
        before = self._clock.utc() - KEPT_DAYS * DAY_SECONDS
        with self._database.write(synced=False) as connection:
            store.forget(connection, before, _FORGOTTEN_AT_ONCE)


def _by_inquiries(some: Sequence[SentCopy]) -> Iterator[tuple[int, list[SentCopy]]]:
    """Yield how often copies were asked about, with those."""
    for times in sorted({one.inquiries for one in some}):
        yield times, [one for one in some if one.inquiries == times]


def _series_of(one: SentCopy) -> tuple[str, ...]:
    """Return the series an archive may list a copy in; reports of some makers left in their own."""
    said = one.series_instance_uid
    return (said, report_series(said)) if said and is_report(one.sop_class_uid) else (said,)


def _is_of_patient(one: SentCopy, found: StudyListing) -> bool:
    """Return whether the archive has the study under the copy's number, and under no other."""
    return found.patient_ids <= {one.patient_id.strip()}
