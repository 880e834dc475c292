"""Which device calls, and which profile it has: by AE title, address or implementation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address
from typing import Any, cast

from gdtbridge.addresses import address_of
from gdtbridge.dataset.values import folded_title
from gdtbridge.devices.profile import (
    STANDARD,
    NetworkProfile,
    ProfileRow,
    known_profiles,
    profile_named,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who associated: calling AE title, IP address and implementation (PS3.7 D.3.3.2) as sent."""

    aet: str
    address: str
    implementation_class_uid: str = ""
    implementation_version_name: str = ""


@dataclass(frozen=True, slots=True)
class ConfiguredDevice:
    """A device the practice named: how it is recognised and called, and what it needs.

    At least one of ``aet`` and ``host`` says who it is. ``profile`` is empty where its
    implementation decides; ``said`` are single values of a `NetworkProfile` that go before it.
    """

    aet: str = ""
    host: str = ""
    port: int = 104
    profile: str = ""
    said: Mapping[str, object] = field(default_factory=dict)
    name: str = ""
    """What the practice calls it; empty where it does not say."""

    def is_meant_by(self, caller: Caller) -> bool:
        """Return whether ``caller`` is this device, as far as it is described."""
        return (not self.aet or folded_title(self.aet) == folded_title(caller.aet)) and (
            self._address is None or self._address == address_of(caller.address)
        )

    @property
    def detail(self) -> int:
        """How much says who it is: a table with title and address goes before one with either."""
        return bool(self.aet) + (self._address is not None)

    @property
    def _address(self) -> IPv4Address | IPv6Address | None:
        """What the caller's address is compared with; None for a name, which nobody looks up."""
        return address_of(self.host)


class DeviceDirectory:
    """The devices of a practice and the profile of everyone who calls. Thread-safe."""

    def __init__(
        self, devices: Iterable[ConfiguredDevice] = (), usual: Mapping[str, object] | None = None
    ) -> None:
        """Know ``devices``; ``usual`` are values of a profile for all that no profile says."""
        self._devices = sorted(devices, key=lambda one: one.detail, reverse=True)
        self._usual = dict(usual or {})

    @property
    def devices(self) -> tuple[ConfiguredDevice, ...]:
        """The devices of the practice."""
        return tuple(self._devices)

    def device_of(self, caller: Caller) -> ConfiguredDevice | None:
        """Return what the practice said of a caller: what is described in more detail first."""
        return next((one for one in self._devices if one.is_meant_by(caller)), None)

    def device_named(self, aet: str) -> ConfiguredDevice | None:
        """Return the device with an AE title, upper and lower case alike."""
        wanted = folded_title(aet)
        return next((one for one in self._devices if folded_title(one.aet) == wanted), None)

    def name_of(self, aet: str) -> str:
        """Return what the practice calls the device of an AE title; empty where it does not say."""
        device = self.device_named(aet)
        return device.name if device is not None else ""

    def profile_of(self, caller: Caller) -> NetworkProfile:
        """Return what a caller needs.

        A value of ``[[device]]`` goes before its profile, that before what all get.
        """
        device = self.device_of(caller) or ConfiguredDevice()
        row = profile_named(device.profile) if device.profile else _recognised(caller)
        usual = {key: value for key, value in self._usual.items() if key not in row.said}
        return replace(row.profile, **cast("dict[str, Any]", {**usual, **device.said}))


def _recognised(caller: Caller) -> ProfileRow:
    class_uid, version = caller.implementation_class_uid, caller.implementation_version_name
    rows = known_profiles()
    fitting = (row for row in rows.values() if row.fits(class_uid, version))
    return next(fitting, rows[STANDARD])
