"""Event reports of work items: what a subscriber is sent (PS3.4 CC.2.4, PS3.18 8.10.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gdtbridge.orders import work_item_events
from gdtbridge.orders.model import OrderState
from gdtbridge.retrieve.dicom_json import JsonDataset, json_dataset
from gdtbridge.retrieve.json_item import read_json_dataset
from gdtbridge.work_items.ending import PROGRESS, WHY
from gdtbridge.work_items.model import WorkItem, WorkItemState
from gdtbridge.work_items.states import state_of
from worklist.item import NOTHING, Element, Item, items_of, tag_of, text_element, text_of

UPS_EVENT: Final = "1.2.840.10008.5.1.4.34.6.4"
"""SOP Class UID of the events."""
N_EVENT_REPORT: Final = 0x0100
WITH_DATASET: Final = 1
_MESSAGE_IDS: Final = 0xFFFF
READINESS: Final = "InputReadinessState"


class WorkItemEventKind(StrEnum):
    """What happened, as the database names it."""

    STATE = work_item_events.STATE
    CANCEL_REQUESTED = "cancel-requested"
    PROGRESS = "progress"
    ASSIGNED = "assigned"

    @property
    def number(self) -> int:
        """Event Type ID (PS3.4 Table CC.2.4-1)."""
        return _NUMBERS[self]


_NUMBERS: Final = {
    WorkItemEventKind.STATE: 1,
    WorkItemEventKind.CANCEL_REQUESTED: 2,
    WorkItemEventKind.PROGRESS: 3,
    WorkItemEventKind.ASSIGNED: 5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItemEvent:
    """What was noted of an order, and how far it was then."""

    id: int
    order_id: int
    kind: WorkItemEventKind
    order_state: OrderState
    step_status: str
    said: str
    only_for: str

    @property
    def state(self) -> WorkItemState:
        """How far the work item was."""
        return state_of(self.order_state, self.step_status)


def report_of(event: WorkItemEvent, item: WorkItem) -> JsonDataset:
    """Return the event report as DICOM JSON: command elements and event information in one."""
    command = {
        "00000002": {"vr": "UI", "Value": [UPS_EVENT]},
        "00000100": {"vr": "US", "Value": [N_EVENT_REPORT]},
        "00000110": {"vr": "US", "Value": [(event.id - 1) % _MESSAGE_IDS + 1]},
        "00000800": {"vr": "US", "Value": [WITH_DATASET]},
        "00001000": {"vr": "UI", "Value": [item.sop_instance_uid]},
        "00001002": {"vr": "US", "Value": [event.kind.number]},
    }
    return command | json_dataset(dict(_information(event, item.item)))


def _information(event: WorkItemEvent, item: Item) -> Iterator[tuple[int, Element]]:
    if event.kind is WorkItemEventKind.STATE:
        yield text_element(READINESS, text_of(item, READINESS))
        yield text_element("ProcedureStepState", event.state)
        if event.state is WorkItemState.CANCELED:
            progress = next(iter(items_of(item, PROGRESS)), NOTHING)
            yield from ((tag, progress[tag]) for tag in map(tag_of, WHY) if tag in progress)
    elif event.said:
        yield from read_json_dataset(event.said.encode()).items()
