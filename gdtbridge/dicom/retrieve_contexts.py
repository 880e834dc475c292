"""In which transfer syntax objects go out to who retrieves by C-GET (PS3.4 C.4.3, PS3.8 9.3.2.2).

Who retrieves proposes contexts before it says what it wants, mostly one for a SOP class with all
the transfer syntaxes it reads. Accepted is one of them, in which every object kept of that class
can go: the one they are all stored in, else an uncompressed one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from gdtbridge.devices import Caller
from gdtbridge.retrieve.transcoding import NATIVE


class StoredSyntaxPort(Protocol):
    """The archive, as the choice of transfer syntaxes needs it."""

    def stored_syntaxes(
        self, caller: Caller, sop_classes: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        """Return the transfer syntaxes of what is kept of SOP classes; none for a stranger."""


class _NothingStored:
    def stored_syntaxes(
        self,
        caller: Caller,  # noqa: ARG002
        sop_classes: Sequence[str],  # noqa: ARG002
    ) -> Mapping[str, Sequence[str]]:
        """Return nothing."""
        return {}


NOTHING_STORED: Final = _NothingStored()
"""For a server without an archive."""


def outgoing_syntaxes(
    proposed: Mapping[int, Sequence[str]], stored: Sequence[str]
) -> dict[int, str]:
    """Return the transfer syntax of the contexts of one SOP class, by context id.

    ``proposed`` are those of each context, ``stored`` those of what is kept of the class. Of
    several contexts one is uncompressed where it can be, the others are as objects are stored; a
    context that fits nothing is left out.
    """
    left = sorted(stored, key=lambda uid: uid in NATIVE)
    chosen: dict[int, str] = {}
    for context_id, syntaxes in sorted(proposed.items(), key=lambda one: (len(one[1]), one[0])):
        as_stored = [uid for uid in left if uid in syntaxes]
        has_native = any(uid in NATIVE for uid in chosen.values())
        native = [] if has_native else [uid for uid in NATIVE if uid in syntaxes]
        fitting = [*native, *as_stored] if len(left) > 1 else [*as_stored, *native]
        if fitting:
            chosen[context_id] = fitting[0]
            left = [uid for uid in left if uid != fitting[0]]
    return chosen
