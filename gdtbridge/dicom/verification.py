"""Verification (C-ECHO, PS3.4 Annex A): answered for whoever was let in."""

from __future__ import annotations

from gdtbridge.dicom.command import DimseStatus
from gdtbridge.dicom.service import DimseRequest, IdentifierBuffer


class VerificationProvider:
    """The Verification SCP."""

    def begin(self, request: DimseRequest) -> EchoOperation:
        """Return the operation of one C-ECHO."""
        return EchoOperation(request)


class EchoOperation:
    """One C-ECHO; a dataset, which it must not have, is dropped."""

    def __init__(self, request: DimseRequest) -> None:
        self._request = request
        self._dataset = IdentifierBuffer()

    def write(self, fragment: bytes) -> None:
        """Drop a piece of a dataset."""
        self._dataset.write(fragment)

    def run(self) -> None:
        """Answer success."""
        self._request.answer(DimseStatus.SUCCESS)

    def discard(self) -> None:
        """Let go of nothing."""
