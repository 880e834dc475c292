"""What the file edge needs of the rest of the bridge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gdtbridge.exams import PatientExam, StudyQuery
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders import LeftFile, OrderRecord, OrderRequest, TakenRecord
from gdtbridge.people import Patient
from gdtbridge.settings import OrderIntakeKeys


@dataclass(frozen=True, slots=True)
class ExchangeFolders:
    """The folders of one practice software or workplace; ``route`` is empty for ``[gdt]``."""

    route: str
    inbox: Path | None
    """Where order files are dropped; None where there is no folder of its own."""
    out: Path
    sender: str
    """The GDT id (8316) of our results in ``out``."""
    orders: OrderIntakeKeys
    """What of ``inbox`` is ours."""
    mirrors: bool
    """Whether results bear the ids of their orders, turned round."""


class FiledOrderPort(Protocol):
    """Orders that come as records of files; see `gdtbridge.orders`."""

    def known(self, record: OrderRecord) -> TakenRecord | None:
        """Return what became of a record that was taken before."""

    def refuse(self, record: OrderRecord, reason: str) -> TakenRecord:
        """Remember that a record was refused."""

    def show(self, record: OrderRecord) -> TakenRecord:
        """Remember that the studies a record asks for were named."""

    def check(self, record: OrderRecord, request: OrderRequest, reference: OrderReference) -> None:
        """Raise `OrderError` where `order` would for a wrong field; nothing is written."""

    def order(
        self,
        record: OrderRecord,
        request: OrderRequest,
        reference: OrderReference,
        remarks: tuple[str, ...] = (),
    ) -> TakenRecord:
        """Place or change the order of a 6302; raise `OrderError`.

        ``remarks`` say what a person should look at.
        """

    def cancel(
        self, record: OrderRecord, patient: Patient, reference: OrderReference, procedure: str
    ) -> TakenRecord:
        """Cancel the one order a 6303 means; raise `OrderError`."""

    def of_file(self, name: str, seconds: float) -> Sequence[TakenRecord]:
        """Return what became of the last file of that name, if it came in the last seconds."""


class MasterDataPort(Protocol):
    """The patients the practice software told of; see `gdtbridge.orders.master_data`."""

    def keep(self, record: OrderRecord, patient: Patient) -> TakenRecord:
        """Remember the patient of a 6301."""

    def completed(self, patient: Patient) -> Patient:
        """Return the patient with the master data a record leaves out."""

    def answer(self, record: OrderRecord, patient_id: str) -> TakenRecord:
        """Send the master data a 6300 asks for; raise `OrderError` if there are none."""


class FolderMemoryPort(Protocol):
    """What is remembered of order folders; see `gdtbridge.orders.folder_memory`."""

    def left(self, route: str) -> Sequence[LeftFile]:
        """Return the files of a route's folder that were told to be left alone."""

    def leave(self, route: str, files: Sequence[LeftFile]) -> None:
        """Remember which files of a route's folder are left alone, instead of what was before."""

    def receivers(self, route: str) -> Sequence[str]:
        """Return the ids that meant us before anybody asked for ids."""


@dataclass(frozen=True, slots=True)
class OrderPorts:
    """All the file edge calls, one function or object for each kind of record."""

    filed: FiledOrderPort
    master_data: MasterDataPort
    folders: FolderMemoryPort
    move_chart: Callable[[str, Patient, str], None]
    """Let all of a former number follow to a record's patient; the last is who says so."""
    find_studies: Callable[[StudyQuery], Sequence[PatientExam]]
    results_arrived: Callable[[str], bool]
    """Whether everything the exam of an order (accession number) has to say has arrived."""
