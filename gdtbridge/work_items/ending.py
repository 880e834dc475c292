"""What a work item needs to end (PS3.4 Table CC.2.5-3, final state codes)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gdtbridge.work_items.form import PERFORMED, dt_text
from worklist.item import (
    NOTHING,
    Item,
    items_of,
    sequence_element,
    tag_of,
    text_element,
    text_of,
)

PROGRESS: Final = "ProcedureStepProgressInformationSequence"
REASON_CODES: Final = "ProcedureStepDiscontinuationReasonCodeSequence"
UNSPECIFIED: Final = dict(
    (
        text_element("CodeValue", "110513"),
        text_element("CodingSchemeDesignator", "DCM"),
        text_element("CodeMeaning", "Discontinued for unspecified reason"),
    )
)
"""PS3.16 CID 9301."""
WHY: Final = ("ReasonForCancellation", REASON_CODES)
CONTACT: Final = ("ContactURI", "ContactDisplayName")


def is_finished(item: Item) -> bool:
    """Return whether a work item says when it was begun and ended: then it may be completed."""
    return any(
        text_of(one, "PerformedProcedureStepStartDateTime")
        and text_of(one, "PerformedProcedureStepEndDateTime")
        for one in items_of(item, PERFORMED)
    )


def called_off(kept: Item, said: Item, now: datetime) -> Item:
    """Return what is kept of a work item that is canceled at a local time.

    ``said`` is who asked for it, and why, as far as that was said.
    """
    progress = dict(next(iter(items_of(kept, PROGRESS)), NOTHING))
    progress |= {tag: said[tag] for tag in map(tag_of, WHY) if tag in said}
    contact = {tag: said[tag] for tag in map(tag_of, CONTACT) if tag in said}
    if contact:
        progress |= dict((sequence_element("ProcedureStepCommunicationsURISequence", contact),))
    if not text_of(progress, "ProcedureStepCancellationDateTime"):
        progress |= dict((text_element("ProcedureStepCancellationDateTime", dt_text(now)),))
    if not items_of(progress, REASON_CODES):
        progress |= dict((sequence_element(REASON_CODES, UNSPECIFIED),))
    return {**kept, **dict((sequence_element(PROGRESS, progress),))}
