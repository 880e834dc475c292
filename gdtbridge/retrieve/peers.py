"""Who may ask the archive: peers of the settings, known by AE title and address together.

To be allowed to store is not to be allowed to ask: an ultrasound device in the waiting room would
otherwise show every patient of the practice.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gdtbridge.addresses import address_of
from gdtbridge.certificates import ClientTls
from gdtbridge.dataset.values import folded_title
from gdtbridge.devices import Caller
from gdtbridge.errors import BridgeError
from gdtbridge.retrieve.finder import ArchiveFinder, Viewer

KNOWN_SECONDS: Final = 60.0
"""How long the addresses of a host name are taken to stay the same."""


@dataclass(frozen=True, slots=True)
class ArchivePeer:
    """A peer: its AE title, its host (an address or a name) and port, and what it may see.

    ``viewer`` is None for one that may not ask, ``tls`` for one that is not called encrypted.
    """

    aet: str
    host: str
    port: int
    viewer: Viewer | None
    tls: ClientTls | None = None


class PeerDirectory:
    """Tells which peer calls. Thread-safe; looking up a name may take seconds."""

    def __init__(self, peers: Sequence[ArchivePeer]) -> None:
        self._peers = peers
        self._lock = threading.Lock()
        self._addresses: dict[str, tuple[float, frozenset[str]]] = {}

    @property
    def all(self) -> Sequence[ArchivePeer]:
        """Every peer, as the settings have them."""
        return self._peers

    def viewer_of(self, caller: Caller) -> Viewer | None:
        """Return how ``caller`` may ask; None where it may not."""
        found = (one.viewer for one in self._peers if self._is_meant(one, caller))
        return next((viewer for viewer in found if viewer is not None), None)

    def knows(self, caller: Caller) -> bool:
        """Return whether ``caller`` is any of the peers."""
        return any(self._is_meant(one, caller) for one in self._peers)

    def is_peer(self, aet: str, caller: Caller) -> bool:
        """Return whether ``caller`` is the peer of an AE title, at its address."""
        wanted = folded_title(aet)
        mine = (one for one in self._peers if folded_title(one.aet) == wanted)
        return any(self._is_meant(one, caller) for one in mine)

    def title_of(self, caller: Caller) -> str:
        """Return the AE title of the peer that calls, as the settings have it; empty for others."""
        return next((one.aet for one in self._peers if self._is_meant(one, caller)), "")

    def named(self, aet: str) -> ArchivePeer | None:
        """Return the peer with an AE title, as a place to send to; upper and lower case alike."""
        wanted = folded_title(aet)
        return next((one for one in self._peers if folded_title(one.aet) == wanted), None)

    def _is_meant(self, peer: ArchivePeer, caller: Caller) -> bool:
        if folded_title(peer.aet) != folded_title(caller.aet):
            return False
        said, found = address_of(peer.host), address_of(caller.address)
        if said is not None or found is None:
            return said is not None and said == found
        return str(found) in self._addresses_of(peer.host)

    def _addresses_of(self, name: str) -> frozenset[str]:
        with self._lock:
            known = self._addresses.get(name)
        if known is not None and time.monotonic() - known[0] < KNOWN_SECONDS:
            return known[1]
        try:
            rows = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return frozenset()
        told = (address_of(str(row[4][0]).partition("%")[0]) for row in rows)
        addresses = frozenset(str(one) for one in told if one is not None)
        with self._lock:
            self._addresses[name] = time.monotonic(), addresses
        return addresses


class PeerView:
    """The archive as peers may see it before they ask."""

    def __init__(self, finder: ArchiveFinder, peers: PeerDirectory) -> None:
        self._finder, self._peers = finder, peers

    def stored_syntaxes(
        self, caller: Caller, sop_classes: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        """Return the transfer syntaxes of what is kept of SOP classes; none for a stranger.

        A database that does not answer is told when it is asked for objects.
        """
        try:
            if self._peers.viewer_of(caller) is None:
                return {}
            return self._finder.stored_syntaxes(sop_classes)
        except BridgeError:
            return {}
