"""What is known of a caller, as values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gdtbridge.devices import Caller

ACCEPTED: Final = "accepted"
"""Outcome of an association that came about; any other is why it did not."""


class ActKind(StrEnum):
    """What a caller did."""

    ASSOCIATION = "association"
    CONTEXT = "context"
    """It proposed a presentation context: an abstract syntax."""
    REQUEST = "request"
    """It sent a DIMSE request: operation and SOP class."""


@dataclass(frozen=True, slots=True)
class CallerAct:
    """How often a caller did one thing with one outcome, first and last (UTC seconds).

    ``what`` is a UID, or an operation and a UID. ``outcome`` is `ACCEPTED` or the reason of a
    rejection; of a context its transfer syntax, or why it was refused (PS3.8 Table 9-18); of a
    request the status in four hexadecimal digits.
    """

    kind: ActKind
    what: str
    outcome: str
    times: int
    first_at: float
    last_at: float

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from others of one caller."""
        return self.kind, self.what, self.outcome

    def and_then(self, later: CallerAct) -> CallerAct:
        """Return both as one."""
        return replace(
            self,
            times=self.times + later.times,
            first_at=min(self.first_at, later.first_at),
            last_at=max(self.last_at, later.last_at),
        )


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """A caller, known by AE title and address, since when, and what it did."""

    caller: Caller
    first_at: float
    last_at: float
    acts: tuple[CallerAct, ...] = ()

    def and_then(self, later: KnownCaller) -> KnownCaller:
        """Return both as one; the implementation is that of the later one, where it said one."""
        acts = {one.key: one for one in self.acts}
        for one in later.acts:
            acts[one.key] = acts[one.key].and_then(one) if one.key in acts else one
        caller = later.caller if later.caller.implementation_class_uid else self.caller
        return KnownCaller(
            caller,
            min(self.first_at, later.first_at),
            max(self.last_at, later.last_at),
            tuple(acts.values()),
        )
