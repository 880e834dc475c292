"""What is wrong with certificates, who is called blindly, and what goes in the clear."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from gdtbridge.certificates import SelfMade
from gdtbridge.certificates.facts import read_certificates
from gdtbridge.certificates.trial import refusal_of
from gdtbridge.check.result import AT_THE_START, CheckResult
from gdtbridge.errors import BridgeError
from gdtbridge.settings import HttpSettings, Settings
from gdtbridge.settings.encryption import Encryption
from gdtbridge.settings.hosts import is_loopback


def check_encryption(settings: Settings, encryption: Encryption) -> Iterator[CheckResult]:
    """Yield what is wrong with certificates, what to import, and whom nobody looks at."""
    for problem in encryption.problems():
        place, _, text = problem.partition(": ")
        yield CheckResult(place, ok=False, text=text)
    if (own := encryption.self_made) is not None:
        yield CheckResult(own.setting, ok=True, text=_to_import(own))
    yield from _public_name(settings, encryption)
    yield from _in_the_clear(settings.http)
    for one in encryption.clients:
        if not one.verifies:
            text = (
                "verschlüsselt, ohne zu prüfen, mit wem; tls_ca nennt das Zertifikat der "
                "Gegenstelle. / encrypted without looking with whom; tls_ca names the peer's "
                "certificate."
            )
            yield CheckResult(f"{one.table}.tls_verify", ok=True, text=text, needs_person=True)


def _public_name(settings: Settings, encryption: Encryption) -> Iterator[CheckResult]:
    """Yield that workstations would refuse the web server by the name they are told."""
    name = urlsplit(settings.http.public_url).hostname
    if encryption.web is None or encryption.self_made is not None or not name:
        return
    try:
        context = encryption.web.context.current()
        reason = refusal_of(context, encryption.web.pair.certificate, name)
    except (BridgeError, OSError):
        return  # told already
    if reason:
        text = (
            f"{name}: Wer so ruft, nimmt das Zertifikat aus http.tls_certificate nicht an; es muss "
            "auf diesen Namen lauten. / Whoever calls by that name refuses the certificate; it has "
            f"to bear the name. [{reason}]"
        )
        yield CheckResult("http.public_url", ok=True, text=text, needs_person=True)


def _to_import(own: SelfMade) -> str:
    """Return what workstations have to import, and how to see that it is that."""
    if not own.is_made:
        return f"{own.ca}: {AT_THE_START}"
    try:
        found = [one.fingerprint for one in read_certificates(own.ca)]
    except OSError:
        found = []
    return (
        f"{own.ca}: auf den Arbeitsplätzen importieren / to be imported by workstations, SHA-256 "
        f"{' '.join(found) or '?'}"
    )


def _in_the_clear(http: HttpSettings) -> Iterator[CheckResult]:
    """Yield that tokens and passwords go in the clear, where they do."""
    is_encrypted = http.tls != "off" or http.public_url.lower().startswith("https:")
    if not is_encrypted and not is_loopback(http.host):
        text = (
            f"http.host = {http.host}: Kennwörter gehen unverschlüsselt durch das Netz; "
            "http.tls verschlüsselt sie; tut das schon ein Proxy davor, gehört seine Adresse in "
            "http.public_url. / Passwords go in the clear; http.tls encrypts them. Where a proxy "
            "does that, its address belongs in http.public_url."
        )
        yield CheckResult("http.tls", ok=True, text=text, needs_person=True)
