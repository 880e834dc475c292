"""The end of what peers have shown is told for as long as it matters."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

from gdtbridge.durable.clock import DAY_SECONDS
from tests.tools.certificate import GOOD_YEARS, Certificates, make_dated
from tests.tools.practice import Practice


def shown(certificates: Certificates, folder: Path, name: str, end: datetime) -> bytes:
    """Return a certificate as a peer shows it."""
    pair = make_dated(folder, name, certificates.ca, GOOD_YEARS[0], end)
    return ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())


def test_what_a_peer_has_shown(
    practice: Practice, certificates: Certificates, tmp_path: Path
) -> None:
    """A month ahead and a month after, unless it shows a new one or is called no more."""
    book = practice.core.certificates
    soon = shown(certificates, tmp_path, "soon", datetime(2027, 2, 1, tzinfo=UTC))
    for who in ("US07 (10.0.0.7)", "US08 (10.0.0.8)", "peer (GONE)"):
        book.note(who, soon)
    book.keep()
    told = {item.detail.partition(":")[0]: item.code for item in book.items()}
    assert told == dict.fromkeys(("US07 (10.0.0.7)", "US08 (10.0.0.8)"), "certificate-ends")

    book.note("US07 (10.0.0.7)", shown(certificates, tmp_path, "new", GOOD_YEARS[1]))
    book.keep()
    practice.clock.turn(40 * DAY_SECONDS)
    assert [(one.names["setting"], one.code) for one in book.items()] == [
        ("US08 (10.0.0.8)", "certificate-ends")
    ]
    practice.clock.turn(40 * DAY_SECONDS)
    assert book.items() == []
