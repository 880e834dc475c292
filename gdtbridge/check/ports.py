"""Whether the ports are free, or the service of these settings answers there and is well."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from http.client import HTTPException
from typing import Final

from gdtbridge.certificates.facts import read_certificates
from gdtbridge.certificates.shown import shown_certificate
from gdtbridge.check.result import CheckResult
from gdtbridge.dicom.client import Peer, echo
from gdtbridge.errors import BridgeError
from gdtbridge.own_server import own_connection
from gdtbridge.service import is_running
from gdtbridge.settings import MEGABYTE, Settings, reachable
from gdtbridge.settings.encryption import Encryption

ANSWER_SECONDS: Final = 5
TOLD_BY_SERVICE: Final = ("database", "dicom", "scheduler")
"""Parts of ``/readyz`` that live in the service's process alone."""


def check_ports(settings: Settings) -> Iterator[CheckResult]:
    """Yield of each port whether it is free or ours, then what the service says is not well."""
    dicom, http = settings.dicom, settings.http
    yield _port("dicom.port", dicom.plain_host, dicom.port, partial(_ask_dicom, settings))
    if dicom.tls_port is not None:
        ask = partial(_ask_encrypted, settings)
        yield _port("dicom.tls_port", dicom.host, dicom.tls_port, ask)
    yield _port("http.port", http.host, http.port, partial(_ask_http, settings))
    yield from _told_by_service(settings)


def _told_by_service(settings: Settings) -> Iterator[CheckResult]:
    """Yield what the running service says is not well with itself, and nobody else can see."""
    if not is_running(settings.root):
        return
    try:
        parts = _readiness(settings)
    except (OSError, HTTPException, ValueError):
        return  # how its port answers is told already
    for name in TOLD_BY_SERVICE:
        part = parts.get(name, {})
        if not part.get("ok", True):
            yield CheckResult(f"service.{name}", ok=False, text=str(part.get("detail", "")))


def _readiness(settings: Settings) -> Mapping[str, Mapping[str, object]]:
    """Return the parts of ``/readyz``; nothing where it is not for us."""
    with closing(own_connection(settings, ANSWER_SECONDS)) as connection:
        token = settings.http.token.get_secret_value()
        proof = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request("GET", "/readyz", headers=proof)
        answer = json.loads(connection.getresponse().read(MEGABYTE))
    parts: Mapping[str, Mapping[str, object]] = answer.get("parts", {})
    return parts


def _port(part: str, host: str, port: int, ask: Callable[[], None]) -> CheckResult:
    """Tell whether the port is free, or taken by the service these settings belong to.

    ``ask`` raises when whoever listens there does not answer as that service would.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe_socket:
            probe_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe_socket.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return CheckResult(part, ok=False, text=f"{host}:{port}: {error.strerror or error}")
        return _taken_port(part, f"{host}:{port}", ask)
    return CheckResult(part, ok=True, text=f"{host}:{port} frei / free")


def _taken_port(part: str, place: str, ask: Callable[[], None]) -> CheckResult:
    try:
        ask()
    except (OSError, BridgeError):
        text = f"{place} ist von einem anderen Programm belegt. / is used by another program."
        return CheckResult(part, ok=False, text=text)
    return CheckResult(part, ok=True, text=f"{place}: der Dienst antwortet. / the service answers.")


def _ask_dicom(settings: Settings) -> None:
    """Raise unless our service answers a C-ECHO."""
    _must_run(settings)
    dicom = settings.dicom
    calling = dicom.allowed_aets[0] if dicom.allowed_aets else dicom.aet
    echo(Peer(reachable(dicom.plain_host), dicom.port, dicom.aet, calling))


def _ask_encrypted(settings: Settings) -> None:
    """Raise unless our service shows the certificate of the settings."""
    _must_run(settings)
    dicom = settings.dicom
    server = Encryption.of(settings).server
    shown = shown_certificate((reachable(dicom.host), dicom.tls_port or 0), ANSWER_SECONDS)
    if server is None or shown not in read_certificates(server.pair.certificate):
        raise BridgeError("another certificate")


def _ask_http(settings: Settings) -> None:
    """Raise unless our web server answers, whatever it answers."""
    _must_run(settings)
    with closing(own_connection(settings, ANSWER_SECONDS)) as connection:
        try:
            connection.request("GET", "/healthz")
            server = connection.getresponse().getheader("Server", "")
        except HTTPException as error:
            raise BridgeError("not HTTP") from error
    if server != "gdtbridge":
        raise BridgeError("another web server")


def _must_run(settings: Settings) -> None:
    if not is_running(settings.root):
        raise BridgeError("no service runs below storage.root")
