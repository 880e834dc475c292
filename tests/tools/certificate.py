"""Certificates that signed themselves, for servers of this machine."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

_REQUEST = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"


def self_signed(folder: Path, name: str = "DNS:localhost") -> Path:
    """Make ``x1.pem`` for one subjectAltName, its key beside it; skip the test without openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    file = folder / "x1.pem"
    names = ["-subj", "/CN=localhost", "-addext", f"subjectAltName={name}"]
    files = ["-keyout", str(_key_of(file)), "-out", str(file)]
    subprocess.run([*_REQUEST.split(), *names, *files], check=True, capture_output=True)
    return file


def server_context(certificate: Path) -> ssl.SSLContext:
    """Return what a server needs to prove itself by a certificate of `self_signed`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, _key_of(certificate))
    return context


def _key_of(certificate: Path) -> Path:
    return certificate.with_name("key.pem")
