"""Whom and what the server refuses, told to whoever keeps count."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol

from gdtbridge.attention.refusals import RefusalReason
from gdtbridge.dicom.command import CommandSet, DimseStatus
from gdtbridge.dicom.service import DimseOperation, DimseRequest, ServiceProvider


class RefusalPort(Protocol):
    """Counts refusals; returns at once."""

    def note(self, reason: RefusalReason, calling_aet: str, address: str) -> None:
        """Count a device that was turned away."""

    def note_status(self, status: int, calling_aet: str, address: str) -> None:
        """Count an object that was answered with a status of no success."""


class _Unnoted:
    def note(self, reason: RefusalReason, calling_aet: str, address: str) -> None:
        """Forget it."""

    def note_status(self, status: int, calling_aet: str, address: str) -> None:
        """Forget it."""


UNNOTED: Final = _Unnoted()
"""For a server nobody looks after."""


def noting_refusals(service: ServiceProvider, refusals: RefusalPort) -> ServiceProvider:
    """Return ``service``, whose answers of no success are counted before the device has them."""

    def provide(request: DimseRequest) -> DimseOperation:
        def send(response: CommandSet, dataset: bytes) -> None:
            if response.Status != DimseStatus.SUCCESS:
                refusals.note_status(response.Status or 0, request.calling_aet, request.peer)
            request.send(response, dataset)

        return service(replace(request, send=send))

    return provide
