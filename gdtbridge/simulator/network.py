"""What a simulated device needs of the network, and the bridge's DICOM client as such."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pydicom.dataset import Dataset

from gdtbridge.confirmation.model import CommitmentResult
from gdtbridge.dicom.client import Peer, echo, find_worklist
from gdtbridge.dicom.device_client import (
    StepAnswer,
    create_step,
    request_commitment,
    set_step,
)
from gdtbridge.dicom.store_client import break_off, store

__all__ = [
    "DicomClient",
    "break_off",
    "create_step",
    "echo",
    "find_worklist",
    "request_commitment",
    "set_step",
    "store",
]


class DicomClient(Protocol):
    """What the device needs of the network; this module is one."""

    def echo(self, peer: Peer) -> None:
        """Verify the connection; raise `PeerError`."""

    def find_worklist(self, peer: Peer, query: Dataset) -> list[Dataset]:
        """Return the worklist's answers; raise `PeerError`."""

    def store(self, peer: Peer, files: Sequence[Path]) -> list[tuple[Path, int]]:
        """Send the files and return the status of each; raise `PeerError`."""

    def break_off(self, peer: Peer, file: Path) -> None:
        """Send half a file and cut the connection; raise `PeerError`."""

    def create_step(self, peer: Peer, SOPInstanceUID: str, attributes: Dataset) -> StepAnswer:  # noqa: N803
        """Begin a performed procedure step; raise `PeerError`."""

    def set_step(self, peer: Peer, SOPInstanceUID: str, attributes: Dataset) -> int:  # noqa: N803
        """Change a performed procedure step and return the status; raise `PeerError`."""

    def request_commitment(
        self, peer: Peer, request: Dataset, *, wait_seconds: float = 0.0
    ) -> tuple[int, CommitmentResult | None]:
        """Ask for commitment; return the status, and a report on the same association."""
