"""Copies for other archives that do not get there, and what archives have wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from gdtbridge.attention.model import MOST_OF_A_KIND, AttentionItem
from gdtbridge.durable.clock import DAY_SECONDS, Clock
from gdtbridge.forward.book import ForwardBook, target_of
from gdtbridge.forward.model import WrongCopy
from gdtbridge.forward.sender import NOT_LATE
from gdtbridge.outbox import FORWARD, Outbox

LATE_SECONDS: Final = 3600.0
"""An archive may be away so long before it is told."""
STUCK_SECONDS: Final = DAY_SECONDS
"""One that is away longer is a fault: some are switched off at night."""


@dataclass(frozen=True, slots=True)
class ForwardSource:
    """Archives that take nothing, objects given up, and wrong copies until a person saw to them."""

    name: ClassVar = "forward"
    codes: ClassVar = frozenset(
        {"forward-waiting", "forward-stuck", "forward-failed", "forward-wrong-copy"}
    )

    book: ForwardBook
    outbox: Outbox
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return one item for each archive that is late or refused objects, and each wrong copy."""
        wrong = self.book.mistakes()[:MOST_OF_A_KIND]
        return [*self._late(), *self._failed(), *map(_wrong_item, wrong)]

    def _late(self) -> list[AttentionItem]:
        now = self.clock.utc()
        return [
            AttentionItem(
                "forward-stuck" if one.oldest_pending_age > STUCK_SECONDS else "forward-waiting",
                f"forward:{aet}",
                now - one.oldest_pending_age,
                detail=f"{aet}: {one.pending} [{one.last_error}]",
                names={"peer": aet},
            )
            for one in self.outbox.status()
            if one.kind == FORWARD
            and one.oldest_pending_age > LATE_SECONDS
            and one.last_error not in NOT_LATE
            and (aet := target_of(one.destination))
        ]

    def _failed(self) -> list[AttentionItem]:
        return [
            AttentionItem(
                "forward-failed",
                f"forward-failed:{one.destination}",
                one.since,
                detail=f"{one.destination}: {one.count} [{one.reason}]",
                names={"peer": one.destination},
            )
            for one in self.book.failures()
        ]


def _wrong_item(one: WrongCopy) -> AttentionItem:
    has, right = one.has, one.now.PatientID if one.now is not None else "-"
    version = one.now is not None and one.now.is_same_person(has)
    told = (
        "frühere Fassung / earlier version"
        if version
        else f"dort Akte / chart there {has.PatientID or '-'}, richtig / right {right}"
    )
    return AttentionItem(
        "forward-wrong-copy",
        f"wrong-copy:{one.id}",
        one.since,
        whose=has.patient.listed,
        detail=f"{one.destination}: {one.study_instance_uid} ({one.copies}): {told}",
        names={"number": str(one.id), "peer": one.destination},
    )
