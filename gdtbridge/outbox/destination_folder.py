"""The folder of one destination with what is on record of it."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.database import Database
from gdtbridge.durable import Clock
from gdtbridge.outbox.gdt_drop import GdtDrop
from gdtbridge.outbox.model import DeliveryJournal


@dataclass(frozen=True, slots=True)
class DestinationFolder:
    """A folder files are delivered into; used by the destination's worker alone."""

    database: Database
    destination: str
    drop: GdtDrop
    """What touches the folder."""
    journal: DeliveryJournal
    """Proves that the folder is the right one."""
    clock: Clock
