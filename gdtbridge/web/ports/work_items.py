"""Work items: the orders as Unified Procedure Steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from gdtbridge.retrieve.dicom_json import JsonDataset
from gdtbridge.work_items import WorkItem
from gdtbridge.work_items.subscriptions import EventBatch
from worklist import Item


class WorkItemPort(Protocol):
    """The work items; `gdtbridge.work_items` has them.

    Every call raises `WorkItemRefused` where the standard wants a request refused.
    """

    def get(self, uid: str) -> WorkItem:
        """Return a work item."""

    def create(self, said: Item, uid: str) -> WorkItem:
        """Make one, its UID ours where ``uid`` is empty; raise `OrderError` for a wrong value."""

    def update(self, uid: str, said: Item, transaction_uid: str) -> WorkItem:
        """Change what one says; raise `OrderError` or `TooLate`."""

    def change_state(
        self, uid: str, state: str, transaction_uid: str, performer: str = ""
    ) -> WorkItem:
        """Claim or end one; raise `AlreadyInState` where it is in that state."""

    def request_cancel(self, uid: str, said: Item, requester: str = "") -> WorkItem:
        """Ask for the end of one; raise `AlreadyInState` where it is canceled."""


class WorkItemSearchPort(Protocol):
    """The search for work items; `gdtbridge.work_items` has it."""

    def find(
        self,
        keys: Sequence[tuple[str, str]],
        fields: Sequence[str],
        *,
        fuzzy_names: bool = False,
    ) -> Iterator[JsonDataset]:
        """Return the matches; raise `QueryRefused`, `SearchTooBroad` or `SearchesBusy`."""


class EventPort(Protocol):
    """Who is told of work items, and of what; `gdtbridge.work_items` knows."""

    def subscribe(self, uid: str, aet: str, keys: Sequence[tuple[str, str]] = ()) -> None:
        """Let an AE title be told of a work item, or of all; raise `QueryRefused`."""

    def unsubscribe(self, uid: str, aet: str) -> None:
        """Tell it no more."""

    def suspend(self, uid: str, aet: str) -> None:
        """Tell it of no work item that is yet to come."""

    def is_subscriber(self, aet: str) -> bool:
        """Return whether an AE title is subscribed to anything."""

    def newest(self) -> int:
        """Return the number of the newest event."""

    def received(self, aet: str) -> int:
        """Return the last event an AE title has got."""

    def pending(self, aet: str, after: int) -> EventBatch:
        """Return the next event reports for an AE title behind an event."""

    def confirm(self, aet: str, event: int) -> None:
        """Note that it has got the events up to one."""


@dataclass(frozen=True, slots=True)
class WorkItemPorts:
    """What UPS-RS asks."""

    items: WorkItemPort
    search: WorkItemSearchPort
    events: EventPort
