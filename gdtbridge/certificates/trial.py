"""Whether a client would take a certificate for that of a server: both shake hands right here."""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path


def refusal_of(server: ssl.SSLContext, certificate: Path, name: str) -> str:
    """Return why a client that calls ``name`` would refuse the server; nothing where it would not.

    The client trusts what is in ``certificate`` (PEM), so that it is not asked who vouches for it:
    what remains is the name, the time and the use of the certificate, in OpenSSL's words.
    ``name`` is a host name or an IP address.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(certificate)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(back, there, server_hostname=name)
    answering = server.wrap_bio(there, back, server_side=True)
    try:
        with suppress(ssl.SSLWantReadError):
            asking.do_handshake()
        with suppress(ssl.SSLWantReadError):
            answering.do_handshake()
        asking.do_handshake()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except ssl.SSLError as error:
        return error.reason or type(error).__name__
    return ""
