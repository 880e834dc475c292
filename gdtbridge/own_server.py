"""Calls of this machine to its own web server: of ``check`` and ``health``, beside the service."""

from __future__ import annotations

import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection

from gdtbridge.certificates.facts import facts_of, read_certificates
from gdtbridge.settings import Settings, reachable
from gdtbridge.settings.encryption import Encryption


def own_connection(settings: Settings, seconds: float) -> HTTPConnection:
    """Return a connection to the web server these settings belong to; raise `OSError`.

    An encrypted one is made at once, and has to show the certificate of the settings: which name
    that bears, and whether it has ended, does not matter on this machine. ``seconds`` bound
    connecting, and each wait for a part of an answer.
    """
    host, port = reachable(settings.http.host), settings.http.port
    tls = Encryption.of(settings).web
    if tls is None:
        return HTTPConnection(host, port, timeout=seconds)
    connection = HTTPSConnection(host, port, timeout=seconds, context=_trusting())
    try:
        connection.connect()
        shown = connection.sock.getpeercert(binary_form=True)
        if facts_of(shown or b"") not in read_certificates(tls.pair.certificate):
            raise OSError("another certificate")
    except (OSError, ValueError) as error:
        connection.close()
        raise OSError(str(error)) from error
    return connection


def is_alive(settings: Settings, seconds: float) -> bool:
    """Return whether ``/healthz`` of the running service answers well; raise `OSError`.

    Raises `http.client.HTTPException` where something else than HTTP answers.
    """
    with closing(own_connection(settings, seconds)) as connection:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200


def _trusting() -> ssl.SSLContext:
    """Return a context that takes any certificate: it is compared afterwards."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
