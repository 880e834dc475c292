"""Values of the work items."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from gdtbridge.errors import BridgeError
from gdtbridge.orders.model import Order
from worklist import Item


class WorkItemState(StrEnum):
    """Procedure Step State (0074,1000; PS3.4 Table CC.1.1-1)."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"

    @property
    def is_final(self) -> bool:
        """Whether nothing changes it any more."""
        return self in {WorkItemState.COMPLETED, WorkItemState.CANCELED}


class WorkItemFault(IntEnum):
    """Why a request is refused, by its DIMSE status (PS3.4 Tables CC.2.1-2 to CC.2.6-1)."""

    DUPLICATE = 0x0111
    NOT_SUBSCRIBED = 0x0112
    INVALID = 0x0115
    NO_TRANSACTION = 0x0120
    """No Transaction UID was said: a missing attribute, which PS3.18 tells from a wrong one."""
    TOO_LARGE = 0x0213
    NOT_TO_BE_UPDATED = 0xC300
    WRONG_TRANSACTION = 0xC301
    IN_PROGRESS_ALREADY = 0xC302
    NEVER_SCHEDULED_AGAIN = 0xC303
    NOT_FINISHED = 0xC304
    """What a final state needs was not said."""
    UNKNOWN = 0xC307
    NOT_SCHEDULED = 0xC309
    NOT_IN_PROGRESS = 0xC310
    COMPLETED_ALREADY = 0xC311
    NO_PERFORMER = 0xC312
    """Who performs it cannot be reached."""
    UNWILLING = 0xC313
    """The exam is here, or the order has changed hands: it is not taken back any more."""


class WorkItemRefused(BridgeError):
    """A request about a work item is refused; nothing was changed.

    ``attributes`` are the keywords that are wrong; ``uid`` names the item that is there already.
    """

    def __init__(self, fault: WorkItemFault, *attributes: str, uid: str = "") -> None:
        super().__init__(f"{fault:04X} {', '.join(attributes)}".strip())
        self.fault = fault
        self.attributes = attributes
        self.uid = uid


class AlreadyInState(BridgeError):
    """A work item is in the state somebody wants it in; nothing was changed."""

    def __init__(self, state: WorkItemState) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFacts:
    """What is kept of a work item beside its order."""

    sop_instance_uid: str
    transaction_uid: str = ""
    """Of the last claim; who knows it may change an item in progress."""
    performer: str = ""
    """AE title of who claimed it, where that was said."""
    said: str = ""
    """Attributes an order has no place for, as DICOM JSON; empty for none."""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """An order as a Unified Procedure Step."""

    order: Order
    kept: KeptFacts
    state: WorkItemState
    item: Item
    """What it says (PS3.4 Table CC.2.5-3), without its Transaction UID."""

    @property
    def sop_instance_uid(self) -> str:
        """Its UID."""
        return self.kept.sop_instance_uid

    @property
    def is_claimed(self) -> bool:
        """Whether a client has claimed it; one in progress that is not was begun by a device."""
        return self.state is WorkItemState.IN_PROGRESS and bool(self.kept.transaction_uid)
