"""Who may come in, by address and by AE title.

The called AE title is not looked at: devices are set up wrongly more often than attackers guess
titles. A calling AE title is what the 16 bytes of the request say, however the device padded them.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Self

from gdtbridge.addresses import address_of
from gdtbridge.dataset.values import folded_title
from gdtbridge.settings import DicomSettings


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """The allowed networks and calling AE titles of one server; empty titles allow any."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    titles: frozenset[str]

    @classmethod
    def of(cls, settings: DicomSettings) -> Self:
        """Return the rules the settings say."""
        return cls(
            networks=tuple(ipaddress.ip_network(one) for one in settings.allowed_networks),
            titles=frozenset(folded_title(one) for one in settings.allowed_aets),
        )

    def admits_address(self, address: str) -> bool:
        """Return whether a peer at ``address`` may connect; this machine always may."""
        ip = address_of(address)
        return ip is not None and (ip.is_loopback or any(ip in one for one in self.networks))

    def admits_title(self, calling_aet: str) -> bool:
        """Return whether a device with this calling AE title may associate, whatever its case."""
        return not self.titles or folded_title(calling_aet) in self.titles
