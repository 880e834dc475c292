"""What a certificate says of itself: whose it is and until when (X.509, RFC 5280 4.1).

Read from DER as far as that goes; OpenSSL has judged the rest, or will.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_SEQUENCE: Final = 0x30
_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18
_BMP_STRING: Final = 0x1E
_LONG_LENGTH: Final = 0x80
_TWENTIETH_CENTURY: Final = 50
"""A year of two digits from here on is of the 1900s (RFC 5280 4.1.2.5.1)."""
_COMMON_NAME: Final = bytes.fromhex("550403")
_ORGANIZATION: Final = bytes.fromhex("55040a")
"""Object identifiers of attributes of a name, encoded (X.520)."""
_MOST_SHOWN: Final = 64
_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """Whose a certificate is, from when until when it is good (UTC seconds), and its SHA-256."""

    subject: str
    """Common name, else organization; printable characters alone."""
    not_before: float
    not_after: float
    fingerprint: str


class _UnreadableDer(ValueError):
    """Bytes that are no certificate."""


def read_certificates(file: Path) -> list[CertificateFacts]:
    """Return the facts of each certificate of a PEM file, in order; none where there is none.

    Raises `OSError`; what is no certificate is passed over.
    """
    found = []
    for block in _PEM.findall(file.read_bytes()):
        try:
            found.append(facts_of(ssl.PEM_cert_to_DER_cert(block.decode("ascii"))))
        except ValueError:
            continue
    return found


def facts_of(certificate: bytes) -> CertificateFacts:
    """Return the facts of a certificate (DER); raise `ValueError` where it is none."""
    signed = _content(certificate, _SEQUENCE)
    fields = list(_values(_content(signed, _SEQUENCE)))
    if fields and fields[0][0] == _VERSION:
        del fields[0]
    if len(fields) < 5:
        raise _UnreadableDer("too short")
    validity, subject = list(_values(fields[3][1])), fields[4][1]
    if len(validity) != 2:
        raise _UnreadableDer("no validity")
    begin, end = (_time(*one) for one in validity)
    return CertificateFacts(_name(subject), begin, end, hashlib.sha256(certificate).hexdigest())


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each value of a constructed one (X.690 8.1)."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise _UnreadableDer("cut off")
        tag, length, at = data[at], data[at + 1], at + 2
        if length >= _LONG_LENGTH:
            more = length - _LONG_LENGTH
            length, at = int.from_bytes(data[at : at + more], "big"), at + more
        if at + length > len(data):
            raise _UnreadableDer("cut off")
        yield tag, data[at : at + length]
        at += length


def _content(data: bytes, tag: int) -> bytes:
    """Return the content of the first value, which has to have that tag."""
    for found, content in _values(data):
        if found == tag:
            return content
        break
    raise _UnreadableDer("another kind of value")


def _time(tag: int, content: bytes) -> float:
    """Return UTC seconds of a UTCTime or GeneralizedTime (RFC 5280 4.1.2.5)."""
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        century = "19" if int(text[:2]) >= _TWENTIETH_CENTURY else "20"
        text = century + text
    elif tag != _GENERALIZED_TIME:
        raise _UnreadableDer("no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _name(subject: bytes) -> str:
    """Return the common name of a name, else its organization, else nothing."""
    said: dict[bytes, str] = {}
    for _, part in _values(subject):
        for _, attribute in _values(part):
            pair = list(_values(attribute))
            if len(pair) == 2:
                (_, kind), (tag, text) = pair
                charset = "utf-16-be" if tag == _BMP_STRING else "utf-8"
                said[kind] = text.decode(charset, errors="replace")
    name = said.get(_COMMON_NAME) or said.get(_ORGANIZATION) or ""
    return "".join(one for one in name if one.isprintable())[:_MOST_SHOWN].strip()
