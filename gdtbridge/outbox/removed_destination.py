"""A destination the settings no longer name, of which messages are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gdtbridge.outbox.model import Attempt, AttemptResult, FileNaming, OutgoingMessage

NO_DESTINATION: Final = "steht nicht mehr in den Einstellungen / is not in the settings any more"


class RemovedDestination:
    """Sender of a destination the settings no longer name: its messages wait for ever."""

    naming: Final = FileNaming.NONE
    keeps_payload: Final = True
    lifetime: Final = None

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def deliver(
        self,
        messages: Sequence[OutgoingMessage],
        journal: object,  # noqa: ARG002
        /,
    ) -> Mapping[int, Attempt]:
        """Keep the messages."""
        away = Attempt(AttemptResult.LATER, NO_DESTINATION, away=True)
        return dict.fromkeys((one.id for one in messages), away)

    def clear(self, message: OutgoingMessage, /) -> None:
        """Do nothing: nothing was left."""

    def sweep(self, owned: object, /) -> None:
        """Do nothing: there is no place."""
