"""After a restore: what waited may have been sent since the copy was made, and corrected since."""

from __future__ import annotations

from typing import Final

from gdtbridge.database import Connection
from gdtbridge.forward import store
from gdtbridge.outbox import FORWARD
from gdtbridge.outbox.store import change_payloads

MARK: Final = b" restored"
"""What the payload of a message ends with that waited when the database was copied."""


def doubt_what_waits(connection: Connection) -> None:
    """Have a person say of every copy that waits, or is not entered yet, whether it is to leave.

    Sent again as decided then it might undo a correction.
    """
    store.give_up_waiting(connection)
    change_payloads(connection, FORWARD, lambda payload: payload.removesuffix(MARK) + MARK)
