"""Devices: who they are, what they asked, whether they answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gdtbridge.devices import Caller
from gdtbridge.overview.devices import Device, DeviceSheet, EmptyList
from gdtbridge.queries.report import DeviceQueries, ListPreview


class QueryReportPort(Protocol):
    """What devices asked the worklist; `gdtbridge.queries` tells of it."""

    def why(self, device: str, about: str) -> Sequence[DeviceQueries]:
        """Return the last query of each device, or of one, with what became of each entry."""

    def preview(self, device: str, about: str) -> ListPreview:
        """Return what a device would see now."""


class DeviceReportPort(Protocol):
    """The devices of the practice; `gdtbridge.overview` puts together what is known."""

    def sheet(self) -> DeviceSheet:
        """Return every device and who was refused."""

    def device(self, key: str) -> Device:
        """Return one device by AE title or address; raise `NotFound`."""

    def why(self, device: Device) -> EmptyList | None:
        """Return what became of each entry in its last query; None where it never asked."""

    def preview(self, device: Device) -> ListPreview:
        """Return what it would see now."""


class DismissalPort(Protocol):
    """Refusals a person need not be told of."""

    def dismiss(self, subject: str, who: str) -> None:
        """Tell nobody any more."""

    def recall(self, subject: str) -> None:
        """Tell of it again."""


class EchoPort(Protocol):
    """Asks devices whether they answer; `gdtbridge.dicom` does it."""

    def verify_within(self, caller: Caller, seconds: float) -> str:
        """Return where a device answered; raise a `BridgeError` after ``seconds`` at the latest."""


@dataclass(frozen=True, slots=True)
class DevicePorts:
    """What the pages of devices ask."""

    overview: DeviceReportPort
    refusals: DismissalPort
    echo: EchoPort
    now: Callable[[], float]
    """Tells the time; UTC seconds."""
    port: Callable[[], int]
    """Tells which port the DICOM server listens at; 0 where it does not run."""
