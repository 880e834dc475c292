"""Which certificate a server shows, without a word more: it does not count as somebody who came."""

from __future__ import annotations

import socket
import ssl
from typing import Final

from gdtbridge.certificates.facts import CertificateFacts, facts_of

_READ_SIZE: Final = 16 * 1024


def shown_certificate(address: tuple[str, int], seconds: float) -> CertificateFacts:
    """Return the certificate a server of TLS shows, whoever vouches for it; raise `OSError`.

    The handshake is left before its end. ``seconds`` bound each step of it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing)
    with socket.create_connection(address, seconds) as connection:
        while not _is_done(tls):
            connection.sendall(outgoing.read())
            received = connection.recv(_READ_SIZE)
            if not received:
                raise OSError("no TLS")
            incoming.write(received)
    shown = tls.getpeercert(binary_form=True)
    if shown is None:
        raise OSError("no certificate")
    try:
        return facts_of(shown)
    except ValueError as error:
        raise OSError("no certificate") from error


def _is_done(tls: ssl.SSLObject) -> bool:
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
