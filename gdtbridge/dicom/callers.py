"""Who calls, told to whoever keeps a register of them and says who may come in."""

from __future__ import annotations

from typing import Final, Protocol

from gdtbridge.callers import ActKind
from gdtbridge.devices import Caller
from gdtbridge.dicom.command import CommandField, CommandSet, DimseStatus
from gdtbridge.dicom.service import DimseRequest

_PENDING: Final = frozenset({DimseStatus.PENDING, DimseStatus.PENDING_UNSUPPORTED_KEYS})


class CallerPort(Protocol):
    """The register of callers; every call returns at once."""

    def admits(self, caller: Caller) -> bool:
        """Return whether a caller may associate."""

    def note(self, caller: Caller, kind: ActKind, what: str, outcome: str) -> None:
        """Count one thing a caller did; see `gdtbridge.callers.CallerAct`."""


class _Unregistered:
    def admits(self, caller: Caller) -> bool:  # noqa: ARG002
        """Let everyone in."""
        return True

    def note(self, caller: Caller, kind: ActKind, what: str, outcome: str) -> None:
        """Forget it."""


UNREGISTERED: Final = _Unregistered()
"""For a server without a register."""


class CertificatePort(Protocol):
    """Remembers what devices prove themselves by; returns at once."""

    def note(self, who: str, certificate: bytes) -> None:
        """Remember the certificate (DER) of a device, by AE title and address."""


class _Unremembered:
    def note(self, who: str, certificate: bytes) -> None:
        """Forget it."""


UNREMEMBERED: Final = _Unremembered()
"""For a server nobody looks after."""


def note_response(callers: CallerPort, request: DimseRequest, response: CommandSet) -> None:
    """Count a request by its last response; pending ones are on the way to it."""
    if response.Status in _PENDING:
        return
    try:
        name = CommandField(request.command.CommandField).name.removesuffix("_RQ")
    except ValueError:
        name = "?"
    what = f"{name.replace('_', '-')} {request.context.abstract_syntax}"
    callers.note(request.caller, ActKind.REQUEST, what, f"{response.Status or 0:04X}")
