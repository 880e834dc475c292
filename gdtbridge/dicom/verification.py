"""Verification (C-ECHO, PS3.4 Annex A): answered for whoever was let in."""

from __future__ import annotations

from gdtbridge.dicom.command import Status
from gdtbridge.dicom.service import Exchange, Identifier


class Verification:
    """The Verification SCP."""

    def begin(self, exchange: Exchange) -> Echo:
        """Return the operation of one C-ECHO."""
        return Echo(exchange)


class Echo:
    """One C-ECHO; a dataset, which it must not have, is dropped."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._dataset = Identifier()

    def write(self, fragment: bytes) -> None:
        """Drop a piece of a dataset."""
        self._dataset.write(fragment)

    def run(self) -> None:
        """Answer success."""
        self._exchange.answer(Status.SUCCESS)

    def discard(self) -> None:
        """Let go of nothing."""
