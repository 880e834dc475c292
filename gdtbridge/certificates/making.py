"""Certificates that are made here: a CA of one installation, and what it vouches for (RFC 5280).

From names to PEM: no file is touched. The one place that knows cryptography; imported when there is
something to make or to look at.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gdtbridge.addresses import address_of

CA_LIFE: Final = timedelta(days=3650)
LIFE: Final = timedelta(days=397)
"""How long a certificate is good; browsers take none of a public CA that is for longer."""
RENEWAL: Final = timedelta(days=31)
"""How long before its end it is renewed: a day before a person would be told of it."""
SLOW_CLOCKS: Final = timedelta(days=1)
"""How far the clock of a workstation may be behind ours."""
PRIVATE_NETWORKS: Final = (
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)
"""Networks whose addresses are others' elsewhere (RFC 1918, RFC 3927, RFC 4193, RFC 4291)."""
_LONGEST_MACHINE: Final = 40
"""Characters of the machine's name in the CA's, which has 64 at most (RFC 5280 A.1)."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA that vouches for the names it was made for and for private addresses, nothing else.

    Its key lies on a machine of a practice; so name constraints (RFC 5280 4.2.1.10) keep whoever
    takes it from vouching for a bank.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def new(cls, names: Iterable[str], machine: str, at: datetime) -> Self:
        """Make one for host names and IP addresses; it is called after the machine and the day."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"gdtbridge {machine[:_LONGEST_MACHINE]} {at:%Y-%m-%d}")
        networks = [x509.IPAddress(ipaddress.ip_network(one)) for one in PRIVATE_NETWORKS]
        permitted = [*map(_subtree, _general_names({*names, machine})), *networks]
        builder = (
            _builder(name, name, key, at, at + CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.NameConstraints(permitted, None), critical=True)
        )
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def read(cls, certificate: bytes, key: bytes) -> Self | None:
        """Return the one of a certificate and its key (PEM); None where they are none."""
        found = _pair(certificate, key)
        return cls(*found) if found is not None else None

    @property
    def certificate_pem(self) -> bytes:
        """Its certificate, for those who are to trust it."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """Its key, for nobody."""
        return _key_pem(self.key)

    def is_good(self, at: datetime) -> bool:
        """Return whether it has begun and not ended: the clock may have been wrong."""
        begun = self.certificate.not_valid_before_utc <= at
        return begun and at < self.certificate.not_valid_after_utc

    def permits(self, name: str) -> bool:
        """Return whether it may vouch for a host name or IP address.

        What is neither is permitted, for no certificate bears it.
        """
        try:
            limits = self.certificate.extensions.get_extension_for_class(x509.NameConstraints)
        except (x509.ExtensionNotFound, ValueError):
            return False
        permitted = limits.value.permitted_subtrees or []
        return all(any(_covers(one, name) for one in permitted) for name in _general_names([name]))

    def issue(self, names: Iterable[str], at: datetime) -> bytes:
        """Return a new certificate of a server with these names, and its key (PEM)."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        ends = min(at + LIFE, self.certificate.not_valid_after_utc)
        borne = x509.SubjectAlternativeName(_general_names(names))
        builder = (
            _builder(_name("gdtbridge"), self.certificate.subject, key, at, ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(borne, critical=False)
            .add_extension(issuer, critical=False)
        )
        made = builder.sign(self.key, hashes.SHA256())
        return made.public_bytes(Encoding.PEM) + _key_pem(key)

    def has_issued(self, content: bytes, names: Iterable[str], at: datetime) -> bool:
        """Return whether a certificate with its key (PEM) is its own, for just these names.

        It also has to last for longer than `RENEWAL`, or as long as the CA itself.
        """
        found = _pair(content, content)
        if found is None:
            return False
        certificate, _ = found
        try:
            certificate.verify_directly_issued_by(self.certificate)
            borne = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            return False
        ends = certificate.not_valid_after_utc
        lasts = ends > at + RENEWAL or ends == self.certificate.not_valid_after_utc
        lasts = lasts and certificate.not_valid_before_utc <= at
        return lasts and set(borne.value) == set(_general_names(names))


def _pair(
    certificate: bytes, key: bytes
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None:
    """Return a certificate and its key; None where they are none, or do not belong together."""
    try:
        found = x509.load_pem_x509_certificate(certificate)
        own = load_pem_private_key(key, None)
    except (ValueError, TypeError):
        return None
    if not isinstance(own, ec.EllipticCurvePrivateKey) or found.public_key() != own.public_key():
        return None
    return found, own


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    begins: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - SLOW_CLOCKS)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    """Return what a key is for: certificates, or connections."""
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_names(names: Iterable[str]) -> list[x509.GeneralName]:
    """Return names as certificates bear them, without those that none can bear."""
    found: list[x509.GeneralName] = []
    for name in sorted(names):
        address = address_of(name)
        if address is not None:
            found.append(x509.IPAddress(address))
        elif in_ascii := _ascii(name):
            found.append(x509.DNSName(in_ascii))
    return found


def _ascii(name: str) -> str:
    """Return a host name in ASCII (RFC 3490); nothing where it is none."""
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _subtree(name: x509.GeneralName) -> x509.GeneralName:
    """Return a name as name constraints have it: an address is a network of one."""
    return (
        x509.IPAddress(ipaddress.ip_network(name.value))
        if isinstance(name, x509.IPAddress)
        else name
    )


def _covers(subtree: x509.GeneralName, name: x509.GeneralName) -> bool:
    """Return whether a name lies in a permitted subtree: a domain has all below it."""
    if isinstance(subtree, x509.DNSName) and isinstance(name, x509.DNSName):
        return f".{name.value}".endswith(f".{subtree.value}")
    if isinstance(subtree, x509.IPAddress) and isinstance(name, x509.IPAddress):
        address, network = name.value, subtree.value
        return (
            isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address)
            and isinstance(network, ipaddress.IPv4Network | ipaddress.IPv6Network)
            and address in network
        )
    return False
