"""The webhooks as a person sees them: what came of each, and what did not arrive."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.database import Database
from gdtbridge.durable import Clock
from gdtbridge.errors import NotFound
from gdtbridge.outbox import call_store
from gdtbridge.outbox.call_store import LastAnswer
from gdtbridge.outbox.house_webhook import HOUSE
from gdtbridge.outbox.queue import Outbox


@dataclass(frozen=True, slots=True)
class WebhookState:
    """One webhook: whom it calls, how many calls wait or did not arrive, and the last answer."""

    name: str
    events: tuple[str, ...]
    target: str
    waiting: int
    failed: int
    failed_since: float
    """UTC seconds; 0 where none failed."""
    reason: str
    """Why the newest did not arrive; free of patient data."""
    last: LastAnswer | None


@dataclass(frozen=True, slots=True)
class WebhookCalls:
    """Shows the webhooks of the settings, and has failed calls made again or forgotten."""

    database: Database
    outbox: Outbox
    clock: Clock

    def states(self) -> list[WebhookState]:
        """Return every webhook, in the order of the settings."""
        with self.database.read() as connection:
            return [
                WebhookState(
                    destination.removeprefix(HOUSE),
                    tuple(sorted(caller.events)),
                    caller.target,
                    call_store.waiting(connection, destination),
                    *call_store.failed(connection, destination),
                    call_store.reason(connection, destination),
                    call_store.last_answer(connection, destination),
                )
                for destination, caller in self.outbox.callers.items()
            ]

    def again(self, name: str) -> int:
        """Have the calls that did not arrive made anew; return how many; raise `NotFound`."""
        destination, now = self._destination(name), self.clock.utc()
        lifetime = self.outbox.callers[destination].lifetime
        until = None if lifetime is None else now + lifetime
        with self.database.write() as connection:
            count = call_store.put_again(connection, destination, now, until)
        self.outbox.wake()
        return count

    def discard(self, name: str) -> int:
        """Forget the calls that did not arrive; return how many; raise `NotFound`."""
        destination = self._destination(name)
        with self.database.write() as connection:
            return call_store.discard(connection, destination)

    def _destination(self, name: str) -> str:
        for destination in (f"{HOUSE}{name}", name):
            if destination in self.outbox.callers:
                return destination
        raise NotFound(
            f"Es gibt keinen Webhook {name} in den Einstellungen. / There is no webhook {name} in "
            "the settings."
        )
