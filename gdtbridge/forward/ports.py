"""What forwarding asks of the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Protocol

from gdtbridge.errors import BridgeError
from gdtbridge.forward.model import ForwardCopy
from gdtbridge.forward.plan import DecidedObject
from gdtbridge.retrieve.leaving import LeavingObject
from gdtbridge.retrieve.peers import ArchivePeer


class DestinationAway(BridgeError):
    """An archive cannot be reached, refuses the association or broke it off; told in words."""

    retriable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class LeavingCopy:
    """A copy that is to leave now, and the object it is of."""

    copy: ForwardCopy
    object: DecidedObject


OpenCopy = Callable[[LeavingCopy, str], AbstractContextManager[Path]]
"""Gives the Part 10 file that leaves, in a transfer syntax, when its turn has come; called with the
archive connected."""


OpenLeaving = Callable[[LeavingObject, str, datetime], AbstractContextManager[Path]]
"""Gives the Part 10 file of an object in a transfer syntax, changed at a local time."""


class CopyPort(Protocol):
    """The C-STORE SCU as forwarding needs it."""

    def __call__(
        self, peer: ArchivePeer, calling_aet: str, copies: Sequence[LeavingCopy], opened: OpenCopy
    ) -> Iterator[tuple[LeavingCopy, int]]:
        """Send copies in order and yield the status of each; C000 where ``opened`` raises.

        Closing the iterator releases the association. Raises `DestinationAway`.
        """
