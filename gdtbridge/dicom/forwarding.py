"""Forwarding (C-STORE SCU, PS3.4 B): copies of an exam go to another archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gdtbridge.forward.ports import DestinationAway, LeavingCopy, OpenCopy
from gdtbridge.retrieve.peers import ArchivePeer


def send_copies(
    peer: ArchivePeer, calling_aet: str, copies: Sequence[LeavingCopy], opened: OpenCopy
) -> Iterator[tuple[LeavingCopy, int]]:
    """Send copies on as few associations as can be; see `gdtbridge.forward.ports.CopyPort`."""
    # its library is slow to import
    from gdtbridge.dicom.archive_retrieve import store_need
    from gdtbridge.dicom.client import PeerError, peer_of
    from gdtbridge.dicom.store_client import store_each

    called = peer_of(peer, calling_aet)
    try:
        yield from store_each(called, copies, lambda one: store_need(one.object.leaving), opened)
    except PeerError as error:
        raise DestinationAway(str(error)) from error
