"""Certificates: TLS as BCP 195 wants it, from files that are renewed while the service runs.

Given, or made here. For every edge that encrypts, DICOM and the web alike. What is sent over it
must not stand here.
"""

from gdtbridge.certificates.contexts import (
    CertificateError,
    ClientTls,
    KeyPair,
    RenewedContext,
    ServerTls,
)
from gdtbridge.certificates.self_made import SelfMade

__all__ = ["CertificateError", "ClientTls", "KeyPair", "RenewedContext", "SelfMade", "ServerTls"]
