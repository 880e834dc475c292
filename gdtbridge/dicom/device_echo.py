"""Whether a device answers (Verification, PS3.4 A): asked where it listens, with a deadline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from gdtbridge.devices import Caller, DeviceDirectory
from gdtbridge.dicom.client import Peer, PeerError, echo
from gdtbridge.durable.call import FolderCall
from gdtbridge.settings.encryption import Encryption

USUAL_PORT: Final = 104
"""Where a device listens that nobody entered (PS3.8 9.1.1: the well-known port)."""


@dataclass(frozen=True, slots=True)
class DeviceEcho:
    """Asks devices at the address of ``[[device]]``, else where they call from."""

    devices: DeviceDirectory
    encryption: Encryption
    aet: str
    """The AE title we call with."""

    def peer_of(self, caller: Caller) -> Peer:
        """Return where a device listens."""
        entered = self.devices.device_of(caller)
        host = entered.host if entered is not None and entered.host else caller.address
        port = entered.port if entered is not None else USUAL_PORT
        tls = None
        if entered is not None:
            tls = self.encryption.of_device(entered.aet, entered.host)
        return Peer(host, port, caller.aet, self.aet, tls)

    def verify(self, caller: Caller) -> str:
        """Ask a device (C-ECHO); return where it answered, or raise `PeerError`."""
        peer = self.peer_of(caller)
        echo(peer)
        return f"{peer}"

    def verify_within(self, caller: Caller, seconds: float) -> str:
        """Do the same and wait no longer than ``seconds``; raise `PeerError` after them."""
        call = FolderCall(partial(self.verify, caller))  # a device that hangs keeps its thread
        try:
            return call.result(seconds)
        except TimeoutError as error:
            raise PeerError(
                f"{self.peer_of(caller)} hat in {seconds:.0f} Sekunden nicht geantwortet. / did "
                f"not answer within {seconds:.0f} seconds."
            ) from error
