"""A crash at any line of a change of a work item leaves order and item changed, or neither."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

import gdtbridge.orders
import gdtbridge.work_items
from gdtbridge.orders.model import OrderState
from gdtbridge.settings import load_settings
from gdtbridge.work_items import WorkItem, WorkItemState
from gdtbridge.work_items.ending import PROGRESS
from tests.tools.dying import SimulatedCrash, Tried, dying_at, files_of
from tests.tools.practice import Practice
from worklist import StepStatus
from worklist.item import items_of, text_element, text_of

WALKED = files_of(
    {gdtbridge.orders: ("book", "editing", "listing"), gdtbridge.work_items: ("book", "store")}
)
CLAIM = "2.25.1001"
LABEL, READINESS = "ProcedureStepLabel", "InputReadinessState"
CHANGE = dict((text_element(LABEL, "Schilddrüse"), text_element(READINESS, "INCOMPLETE")))
WHY = dict((text_element("ReasonForCancellation", "Termin verlegt"),))

pytestmark = [
    pytest.mark.crash,
    pytest.mark.filterwarnings(  # the dead close nothing
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """Return a folder in memory."""
    return memory


def change(practice: Practice, uid: str) -> None:
    """Change what is the order's, and what only the item says."""
    practice.core.work_items.update(uid, CHANGE, "")


def ask_for_the_end(practice: Practice, uid: str) -> None:
    """Have an item canceled that nobody has begun."""
    practice.core.work_items.request_cancel(uid, WHY, "DESK")


def claim_and_leave(practice: Practice, uid: str) -> None:
    """Claim an item and discontinue it."""
    practice.core.work_items.change_state(uid, "IN PROGRESS", CLAIM, "ROOM1")
    practice.core.work_items.change_state(uid, "CANCELED", CLAIM)


def placed(practice: Practice) -> str:
    """Return the UID of a new order's work item."""
    practice.core.orders.place(practice.order())
    (one,) = practice.core.work_item_search.find([("PatientID", "4711")], [])
    return str(one["00080018"]["Value"][0])


def must_be_whole(practice: Practice, item: WorkItem) -> None:
    """Fail unless order, item and list of the devices say the same."""
    order, entry = item.order, practice.worklist.by_study_uid(item.order.study_instance_uid)
    said = (order.procedure, text_of(item.item, READINESS))
    assert said in {("Abdomen", "READY"), ("Schilddrüse", "INCOMPLETE")}
    assert bool(items_of(item.item, PROGRESS)) == (item.state is WorkItemState.CANCELED)
    assert (entry is not None) == (order.state is OrderState.ORDERED)
    if entry is not None:
        assert entry.RequestedProcedureDescription == order.procedure
        assert entry.ScheduledProcedureStepStatus == order.step_status
    else:
        assert order.step_status == StepStatus.SCHEDULED
    is_begun = order.step_status == StepStatus.STARTED
    assert (item.state is WorkItemState.IN_PROGRESS) == is_begun == item.is_claimed


@pytest.mark.parametrize("act", [change, ask_for_the_end, claim_and_leave])
def test_a_crash_leaves_a_whole_work_item(
    tmp_path: Path, act: Callable[[Practice, str], None], tried: Tried
) -> None:
    """After the restart; and what was asked for can be done then."""
    folders, settings = (tmp_path / str(n) for n in count()), load_settings(environ={})

    def die_at(line: int) -> tuple[Practice, str, int]:
        practice = Practice(next(folders), settings)
        uid = placed(practice)
        with dying_at(line, WALKED) as lines, suppress(SimulatedCrash):
            act(practice, uid)
        return practice, uid, lines[0]

    practice, _, lines = die_at(-1)
    practice.close()
    for line in tried(lines):
        practice, uid, _ = die_at(line)
        again = practice.again()
        must_be_whole(again, again.core.work_items.get(uid))
        if act is change:
            act(again, uid)
            must_be_whole(again, again.core.work_items.get(uid))
        again.close()
        practice.database.close()
