"""Orders and whom the practice knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from gdtbridge.day import DeviceOutlook, ShownDevice
from gdtbridge.orders import Order, OrderRequest, PlacedOrder
from gdtbridge.orders.editing import DraftEntry, EditedOrder
from gdtbridge.orders.known_patients import KnownPatient
from gdtbridge.people import Patient
from worklist import Entry


class OrderPort(Protocol):
    """The orders of the worklist; `gdtbridge.orders` has them."""

    def place(self, request: OrderRequest) -> PlacedOrder:
        """Put a patient on the worklist; raise `OrderError`, and then nothing is written."""

    def all(self) -> tuple[Entry, ...]:
        """Return everything on the worklist."""

    def get(self, accession_number: str) -> Entry:
        """Return one entry; raise `NotFound`."""

    def change(self, accession_number: str, request: OrderRequest) -> Entry:
        """Replace what an entry says; raise `NotFound` or `OrderError`."""

    def cancel(self, accession_number: str) -> None:
        """Take an entry off the worklist; raise `NotFound`."""


class AnswerPort(Protocol):
    """The GDT records practice software gets at once; `gdtbridge.results` writes them."""

    @property
    def encoding(self) -> str:
        """Python name of the encoding `answer` writes."""

    def answer(self, entry: Entry, patient: Patient) -> bytes:
        """Return the GDT record an order of a patient is answered with."""


class EditPort(Protocol):
    """Orders in the hands of people; `gdtbridge.orders.editing` has them."""

    def read(self, accession_number: str) -> Order:
        """Return an order, open or not; raise `NotFound`."""

    def draft(self, request: OrderRequest) -> DraftEntry:
        """Return the entry a request would get; raise `OrderError`. Nothing is written."""

    def edit(self, accession_number: str, wanted: Callable[[Order], OrderRequest]) -> EditedOrder:
        """Let an order say what ``wanted`` makes of it as it is now; raise what that raises.

        Raises `NotFound`, `TooLate` or `OrderError`.
        """

    def remove(self, accession_number: str, revision: str = "") -> Order:
        """Take an order off the list; return it as it was. Raises `NotFound` or `TooLate`."""

    def restore(self, accession_number: str) -> Order:
        """Bring a cancelled order back. Raises `NotFound` or `TooLate`."""


class OutlookPort(Protocol):
    """What devices will show of an entry; `gdtbridge.day` tells it."""

    def of(self, entry: Entry) -> Sequence[DeviceOutlook]:
        """Return every device that asked lately, with what keeps the entry from it."""

    def stations(self, *further: str) -> Sequence[ShownDevice]:
        """Return the devices an entry may be for, those of ``further`` stations among them."""

    def has_ever_asked(self, aet: str) -> bool:
        """Return whether a device of that AE title ever asked for its list."""


class KnownPatientPort(Protocol):
    """Whom the practice knows; `gdtbridge.orders` remembers them."""

    def owner(self, number: str) -> KnownPatient | None:
        """Return whose a patient number is; None where nobody said."""

    def waiting(self, number: str) -> Sequence[Order]:
        """Return the open orders under a number, the newest first."""
