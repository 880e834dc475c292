"""One exam of a simulated device, from its first object to the answer that all is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydicom.dataset import Dataset

from gdtbridge.confirmation.model import CommitmentResult
from gdtbridge.dataset.values import new_uid
from gdtbridge.dicom.client import PeerError
from gdtbridge.dicom.device_client import CommitmentListener
from gdtbridge.simulator.bad_objects import changed, further, spoil
from gdtbridge.simulator.exam import SECOND_PATIENT, make_exam, text_of, without_order
from gdtbridge.simulator.habits import CommitmentWish
from gdtbridge.simulator.result import SentInstance, SimulatedExam, SimulatedInstance, is_kept
from gdtbridge.simulator.script import Act, script
from gdtbridge.simulator.steps import (
    NO_REASON,
    WRONG_ENTRY,
    begun,
    commitment_of,
    completed,
    discontinued,
)

if TYPE_CHECKING:
    from gdtbridge.simulator.device import SimulatedDevice

NOT_OFFERED: Final = (
    "MPPS: wird nicht angeboten, es geht ohne weiter. / is not offered, the exam goes on."
)
DIES: Final = "{}: Abbruch mitten im Objekt. / dies within the object."
GREEN: Final = "Bestätigt, das Gerät darf löschen. / Committed, the device may delete."
NOT_GREEN: Final = (
    "Nicht bestätigt: Das Gerät behält seine Bilder. Ist es mit Adresse und Port eingetragen "
    "([[device]])? / Not committed: the device keeps its images. Is it entered with address and "
    "port ([[device]])?"
)


@dataclass(slots=True)
class Examination:
    """What has happened so far in one exam of ``entry``'s patient."""

    device: SimulatedDevice
    entry: Dataset
    folder: Path
    listener: CommitmentListener | None
    made: list[SimulatedInstance] = field(default_factory=list)
    announced: list[SimulatedInstance] = field(default_factory=list)
    """Made since the last step began."""
    statuses: dict[Path, int] = field(default_factory=dict)
    step_uid: str = ""
    step_statuses: list[int] = field(default_factory=list)
    transaction: str = ""
    commitment: CommitmentResult | None = None

    def play(self, objects: Sequence[Dataset], samples: Sequence[str]) -> SimulatedExam:
        """Do every act of the device's script; ``samples`` are the names of the objects' files."""
        device = self.device
        make_exam(objects, self.entry, device.now())
        spoil(objects, device.behaviour.habits)
        self.made = [self._write(ds, name) for ds, name in zip(objects, samples, strict=True)]
        self.announced = list(self.made)
        asks = device.behaviour.commitment is not None
        acts = script(device.behaviour.habits, commitment=asks)
        for act in acts:
            _DO[act](self)
        exam = SimulatedExam(
            text_of(self.entry, "AccessionNumber"),
            str(objects[0].StudyInstanceUID),
            tuple(self._sent()),
            tuple(self.step_statuses),
            self.commitment,
            commitment_wanted=Act.ASK in acts,
        )
        if exam.commitment_wanted:
            device.report(GREEN if exam.is_green else NOT_GREEN)
        return exam

    def _sent(self) -> Iterator[SentInstance]:
        for made in self.made:
            if made.path in self.statuses:
                yield SentInstance(made.sample, made.SOPInstanceUID, self.statuses[made.path])

    def _write(self, ds: Dataset, sample: str) -> SimulatedInstance:
        path = self.folder / f"{len(list(self.folder.iterdir())) + 1:03d}.dcm"
        ds.save_as(path, enforce_file_format=True)
        return SimulatedInstance(path, sample, ds)

    # ------------------------------------------------------------------ performed procedure step

    def begin(self) -> None:
        """Tell of the beginning; a peer that offers no steps is not told again."""
        device = self.device
        named = "" if "mpps-no-uid" in device.behaviour.habits else new_uid()
        attributes = begun(self.entry, self.made[0].dataset, device.station, device.now())
        try:
            answer = device.link.create_step(device.peer, named, attributes)
        except PeerError:
            device.report(NOT_OFFERED)
            self.step_uid = ""
            return
        self.step_uid = answer.SOPInstanceUID
        self._told("N-CREATE IN PROGRESS", answer.status)

    def end(self) -> None:
        """Tell of the end, and of all objects made since the beginning."""
        silent = "mpps-nothing-announced" in self.device.behaviour.habits
        objects = [] if silent else [made.dataset for made in self.announced]
        self._set(completed(objects, self.device.now()))

    def discontinue(self) -> None:
        """Tell that the exam ended otherwise, and why."""
        if "mpps-wrong-entry" in self.device.behaviour.habits:
            self._set(discontinued([], self.device.now(), WRONG_ENTRY))
            return
        objects = [made.dataset for made in self.announced]
        self._set(discontinued(objects, self.device.now(), NO_REASON))

    def _set(self, attributes: Dataset) -> None:
        if self.step_uid:
            device = self.device
            status = device.link.set_step(device.peer, self.step_uid, attributes)
            self._told(f"N-SET {attributes.PerformedProcedureStepStatus}", status)

    def _told(self, what: str, status: int) -> None:
        self.step_statuses.append(status)
        self.device.report(f"{what}: {status:04X}")

    # ------------------------------------------------------------------ storage

    def send(self) -> None:
        """Send images, then reports, each kind on an association of its own."""
        if "interleaved" in self.device.behaviour.habits:
            both = zip(self.made, self._second(), strict=True)
            self._store([made for pair in both for made in pair])
            return
        for kind in (False, True):
            self._store([made for made in self.made if made.is_report == kind])

    def _second(self) -> list[SimulatedInstance]:
        """Return as many objects of another exam of another patient, who has no order."""
        objects = [further(made.dataset) for made in self.made]
        make_exam(objects, without_order(objects[0], SECOND_PATIENT), self.device.now())
        return [self._write(ds, made.sample) for ds, made in zip(objects, self.made, strict=True)]

    def send_changed(self) -> None:
        """Send the first image again: the same UIDs, other content."""
        first = next((made for made in self.made if not made.is_report), None)
        if first:
            self._store([self._write(changed(first.dataset), first.sample)])

    def send_more(self) -> None:
        """Make one more image and send it."""
        one = next((made for made in self.made if not made.is_report), self.made[0])
        self.announced = [self._write(further(one.dataset), one.sample)]
        self.made += self.announced
        self._store(self.announced)

    def die(self) -> None:
        """Send all objects but the last, and of that one half."""
        *whole, last = self.made
        if whole:
            self._store(whole)
        self.device.link.break_off(self.device.peer, last.path)
        self.device.report(DIES.format(last.sample))
        self.made = whole

    def _store(self, made: Sequence[SimulatedInstance]) -> None:
        """Send objects, in one association or in as many as the device's habits want."""
        habits = self.device.behaviour.habits
        if not habits & {"association-per-object", "pauses"}:
            self._store_together(made)
            return
        for number, one in enumerate(made):
            if number and "pauses" in habits:
                self.device.pause(self.device.behaviour.image_pause)
            self._store_together([one])

    def _store_together(self, made: Sequence[SimulatedInstance]) -> None:
        """Note the last status of each; what was refused is sent again while it may be."""
        device, statuses = self.device, self.statuses
        for one in made:
            statuses.pop(one.path, None)
        for attempt in range(1, device.attempts + 1):
            left = [one.path for one in made if not is_kept(statuses.get(one.path))]
            if not left:
                break
            if attempt > 1:
                device.wait(attempt)
            try:
                statuses.update(device.link.store(device.peer, left))
            except PeerError:
                if attempt == device.attempts:
                    raise
        for one in made:
            device.report(f"C-STORE {one.sample}: {statuses[one.path]:04X}")

    # ------------------------------------------------------------------ storage commitment

    def ask(self) -> None:
        """Ask the peer to answer for every object."""
        device = self.device
        wanted = device.behaviour.commitment or CommitmentWish()
        self.transaction = new_uid()
        same = wanted.port is None or "commitment-same-association" in device.behaviour.habits
        status, self.commitment = device.link.request_commitment(
            device.peer,
            commitment_of([made.dataset for made in self.made], self.transaction),
            wait_seconds=wanted.seconds if same else 0.0,
        )
        device.report(f"N-ACTION: {status:04X}")

    def wait_for_commitment(self) -> None:
        """Wait for the report of this transaction."""
        wanted, listener = self.device.behaviour.commitment, self.listener
        while self.commitment is None and wanted and listener:
            found = listener.report(wanted.seconds)
            if found is None:
                return
            if found.TransactionUID == self.transaction:
                self.commitment = found


_DO: Final[dict[Act, Callable[[Examination], None]]] = {
    Act.BEGIN: Examination.begin,
    Act.SEND: Examination.send,
    Act.END: Examination.end,
    Act.DISCONTINUE: Examination.discontinue,
    Act.ASK: Examination.ask,
    Act.SEND_AGAIN: Examination.send,
    Act.SEND_CHANGED: Examination.send_changed,
    Act.SEND_MORE: Examination.send_more,
    Act.DIE: Examination.die,
    Act.WAIT: Examination.wait_for_commitment,
}
