"""What in an order folder is ours: by the names of files, by whom their records are addressed to.

A folder is often used in both directions and by several devices. What is not ours is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.tables.ids import is_cut_id, is_id, plain_id
from gdtbridge.gdt.text import printable

RESULT: Final = "6310"
OWN: Final = "von uns selbst / from ourselves"
"""Why a file is left alone that nobody has to be told of: it waits for the practice software."""
A_RESULT: Final = "Ergebnis (6310), kein Auftrag (6302) / a result (6310), no order (6302)"
OTHER_NAME: Final = "Name passt nicht zu orders.names / its name does not fit orders.names"
USUAL_NAMES: Final = ("*.gdt", "*.xdt", "*.txt", "*.[0-9][0-9][0-9]")
"""Names of order files where the settings name none; the number counts up."""


@dataclass(frozen=True, slots=True)
class OrderIntake:
    """What of one folder is ours.

    ``receivers`` are the ids (8315) that mean us; a record without any means us too. ``senders``
    are the ids (8316) of our own results, where those go to the same folder. ``names`` are patterns
    of the names order files have, ``ignored`` of those nobody has to be told of.
    """

    receivers: tuple[str, ...] = ()
    names: tuple[str, ...] = USUAL_NAMES
    ignored: tuple[str, ...] = ()
    senders: frozenset[str] = field(default_factory=frozenset)

    def takes_name(self, name: str) -> bool:
        """Return whether a file of that name may hold orders for us."""
        return _fits(name, self.names)

    def ignores(self, name: str) -> bool:
        """Return whether nobody has to be told that a file of that name is left alone."""
        return _fits(name, self.ignored)

    def is_own(self, record: Record) -> bool:
        """Return whether a record is one of our results on its way to the practice software."""
        return plain_id(record.first("8316") or "") in self.senders

    def stranger(self, record: Record) -> str:
        """Return why a record is not for us, in words without patient data; else nothing."""
        if self.is_own(record):
            return OWN
        return A_RESULT if record.record_type == RESULT else self.addressed_elsewhere(record)

    def addressed_elsewhere(self, record: Record) -> str:
        """Return the receiver of a record where that is not us, in words; else nothing."""
        receiver = printable(record.first("8315") or "")
        if not receiver or any(_means(one, receiver) for one in self.receivers):
            return ""
        return f"Empfänger (8315) / receiver {receiver}"


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)


def _means(wanted: str, receiver: str) -> bool:
    return is_id(wanted, receiver) or is_cut_id(wanted, receiver)
