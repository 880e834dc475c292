"""Work items: the orders as Unified Procedure Steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from gdtbridge.retrieve.dicom_json import JsonDataset
from gdtbridge.work_items import WorkItem
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

    def request_cancel(self, uid: str, said: Item) -> WorkItem:
        """Ask for the end of one; raise `AlreadyInState` where it is canceled."""


class WorkItemSearchPort(Protocol):
    """The search for work items; `gdtbridge.work_items` has it."""

    def find(self, keys: Sequence[tuple[str, str]], fields: Sequence[str]) -> Iterator[JsonDataset]:
        """Return the matches; raise `QueryRefused` or `SearchTooBroad`."""


@dataclass(frozen=True, slots=True)
class WorkItemPorts:
    """What UPS-RS asks."""

    items: WorkItemPort
    search: WorkItemSearchPort
