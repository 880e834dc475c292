"""What the audit trail holds: acts, who did them, and whom they concern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gdtbridge.tsv import sentences

ACTS: Final[Mapping[str, str]] = sentences("audit/acts.tsv")
"""Code of each act to ``German / English``."""
LOOKS: Final = frozenset({"saw", "searched"})
"""Acts that change nothing and come again and again: the same within minutes counts once."""
LONGEST_DETAIL: Final = 500
"""Characters that are kept of what an act says beside its code."""


class ActorKind(StrEnum):
    """As what somebody came."""

    ACCOUNT = "account"
    """A person who signed in."""
    TOKEN = "token"  # noqa: S105 - a kind, no secret
    """A program that showed ``http.token`` or an access token."""
    LINK = "link"
    """Somebody who showed a link that opens one study."""
    COMMAND = "command"
    """A user of this machine at the command line."""
    SOFTWARE = "software"
    """Practice software on this machine that shows nothing."""
    NOBODY = "nobody"
    """Somebody who has not said who it is, or nobody was asked: there are no accounts."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: as what, under which name, from which address."""

    kind: ActorKind
    name: str = ""
    """The account's name to show, the token's name, the user's name."""
    account_id: int | None = None
    address: str = ""
    """IP address; empty at the command line."""


@dataclass(frozen=True, slots=True)
class DoneAct:
    """An act and whom it concerns. Raises `ValueError` for an act that is none of `ACTS`."""

    act: str
    patient_id: str = ""
    """Patient number; empty where it concerns no patient, or several."""
    subject: str = ""
    """What it was done to: ``order:R0000000042``, ``exam:17``, ``account:anna``, ``setting:…``."""
    detail: str = ""
    """What else is to be known, such as what changed into what; no name of a patient."""

    def __post_init__(self) -> None:
        if self.act not in ACTS:
            raise ValueError(f"{self.act!r} is no act of audit/acts.tsv")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A row of the trail: when (UTC seconds), who, what."""

    id: int
    at: float
    actor: Actor
    done: DoneAct


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What to look for in the trail; what is empty leaves nothing out."""

    since: float = 0.0
    """UTC seconds, as is the next."""
    until: float | None = None
    name: str = ""
    """A part of the name of who did it, in any case."""
    acts: tuple[str, ...] = ()
    patient_id: str = ""
    subject: str = ""
    before_id: int | None = None
    """Only what was entered before that row: the next page."""
    most: int = 200
