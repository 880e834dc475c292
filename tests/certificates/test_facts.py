"""What certificates say of themselves, and what is none."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.certificates.facts import facts_of, read_certificates
from tests.tools.certificate import Certificates, make_dated


def der(file: Path) -> bytes:
    """Return a certificate as it goes over the wire."""
    return ssl.PEM_cert_to_DER_cert(file.read_text())


@pytest.mark.parametrize("year", [2037, 2049, 2050, 2060])
def test_whose_and_until_when(certificates: Certificates, tmp_path: Path, year: int) -> None:
    """Name and dates, in both forms a date has (UTCTime until 2049, GeneralizedTime after)."""
    begin, end = datetime(1999, 2, 3, 4, 5, 6, tzinfo=UTC), datetime(year, 12, 31, tzinfo=UTC)
    pair = make_dated(tmp_path, "Gerät 1", certificates.ca, begin, end)
    (facts,) = read_certificates(pair.certificate)
    assert facts == facts_of(der(pair.certificate))
    assert facts.subject == "Gerät 1"
    assert (facts.not_before, facts.not_after) == (begin.timestamp(), end.timestamp())


def test_several_in_a_file(certificates: Certificates, tmp_path: Path) -> None:
    """Each one counts, whatever stands between them."""
    file = tmp_path / "chain.pem"
    parts = [certificates.server.certificate, certificates.server.key, certificates.ca.certificate]
    file.write_text("words\n".join(one.read_text() for one in parts))
    assert [one.subject for one in read_certificates(file)] == ["server", "ca"]


def test_file_of_something_else(tmp_path: Path) -> None:
    """A file without a certificate has none; one that is broken is passed over."""
    file = tmp_path / "x.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert read_certificates(file) == []


@given(st.data())
def test_whatever_a_peer_shows(certificates: Certificates, data: st.DataObject) -> None:
    """Bytes that are no certificate, or a broken one, raise ValueError and nothing else."""
    whole = bytearray(der(certificates.server.certificate))
    at = data.draw(st.integers(0, len(whole) - 1))
    change = data.draw(st.binary(max_size=4))
    whole[at : at + len(change)] = change
    shown = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        facts = facts_of(shown)
    except ValueError:
        return
    assert facts.subject.isprintable()
