"""Certificates that end or cannot be used: ours, those we trust, and those peers have shown.

A peer's is remembered when it is new; what it says is read later, by whoever keeps it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import ClassVar, Final

from gdtbridge.attention import store
from gdtbridge.attention.model import AttentionItem
from gdtbridge.certificates.facts import CertificateFacts, facts_of, read_certificates
from gdtbridge.database import Database
from gdtbridge.durable.clock import DAY_SECONDS, Clock, local_time
from gdtbridge.health import Figure, PartState
from gdtbridge.settings.encryption import Encryption

WARNING_SECONDS: Final = 30 * DAY_SECONDS
"""How long ahead the end of a certificate is told."""
FORGET_SECONDS: Final = 30 * DAY_SECONDS
"""A peer's certificate that has ended is told of for so long, unless it shows another."""
_TABLES: Final = ("peer (", "device (")
"""How tables of the settings are called; who comes is called by AE title and address."""
MOST_PEERS: Final = 200
"""Peers whose certificates are remembered."""
MOST_TRUSTED: Final = 20
"""A file with more certificates is a bundle that others look after."""


class CertificateOwner(Enum):
    """Whose a certificate is."""

    OURS = auto()
    TRUSTED = auto()
    """That of a CA, or of a peer that is trusted by name of its file."""
    PEER = auto()


@dataclass(frozen=True, slots=True)
class CertificateEnd:
    """When a certificate ends: where it stands (a setting, a peer), and its own words."""

    place: str
    owner: CertificateOwner
    subject: str
    not_after: float
    fingerprint: str

    def item(self, now: float) -> AttentionItem | None:
        """Return what needs a person; None while its end is far away."""
        if self.not_after - now >= WARNING_SECONDS:
            return None
        has_ended = self.has_ended(now)
        return AttentionItem(
            "certificate-ended" if has_ended else "certificate-ends",
            f"certificate:{self.place}:{self.fingerprint[:16]}",
            self.not_after if has_ended else self.not_after - WARNING_SECONDS,
            detail=self.text,
            names={"setting": self.place},
        )

    def has_ended(self, now: float) -> bool:
        """Return whether something of ours does not work any more: a peer looks after its own."""
        return self.not_after <= now and self.owner is not CertificateOwner.PEER

    @property
    def text(self) -> str:
        """Whose it is and until when it is good, for people."""
        until = f"{local_time(self.not_after):%d.%m.%Y}"
        return f"{self.place}: {self.subject or '?'}, gültig bis / valid until {until}"


class CertificateBook:
    """The certificates of an installation and of its peers. Thread-safe."""

    name: ClassVar = "certificates"
    codes: ClassVar = frozenset({"certificate-ends", "certificate-ended", "certificate-unusable"})

    def __init__(self, database: Database, encryption: Encryption, clock: Clock) -> None:
        """Read no file yet; what peers have shown before stands in the database."""
        self._database = database
        self._encryption = encryption
        self._clock = clock
        self._lock = threading.Lock()
        self._shown: dict[str, bytes] = {}
        self._new: set[str] = set()

    def note(self, who: str, certificate: bytes) -> None:
        """Remember what a peer has shown (DER); touches nothing but memory."""
        with self._lock:
            if self._shown.get(who) == certificate:
                return
            if who in self._shown or len(self._shown) < MOST_PEERS:
                self._shown[who] = certificate
                self._new.add(who)

    def keep(self) -> None:
        """Write down what is new, forget what ended long ago; raise a `BridgeError` and keep it."""
        for client in self._encryption.clients:
            if client.shown is not None:
                self.note(client.table, client.shown)
        with self._lock:
            new = {who: self._shown[who] for who in self._new}
        if not new:
            return
        rows = [row for who, shown in new.items() if (row := _row(who, shown)) is not None]
        before = self._clock.utc() - FORGET_SECONDS
        with self._database.write(synced=False, seen=False) as connection:
            store.keep_peer_certificates(connection, rows, before)
        with self._lock:
            self._new -= {who for who, shown in new.items() if self._shown[who] == shown}

    def ends(self) -> list[CertificateEnd]:
        """Return when each certificate ends; a file that cannot be read has none."""
        called = {one.table for one in self._encryption.clients}
        before = self._clock.utc() - FORGET_SECONDS
        with self._database.read() as connection:
            shown = store.peer_certificates(connection)
        return [
            *self._files(),
            *(
                CertificateEnd(
                    one.who, CertificateOwner.PEER, one.subject, one.not_after, one.fingerprint
                )
                for one in shown
                if one.not_after >= before
                and (one.who in called or not one.who.startswith(_TABLES))
            ),
        ]

    def items(self) -> list[AttentionItem]:
        """Return one item for each certificate that ends soon and each file of no use."""
        now = self._clock.utc()
        found = [item for one in self.ends() if (item := one.item(now)) is not None]
        return [*found, *self._unusable(now)]

    def parts(self) -> dict[str, PartState]:
        """Return how long each certificate is good; nothing where nothing is encrypted."""
        now, ends = self._clock.utc(), self.ends()
        if not ends and not self._encryption.is_used:
            return {}
        remaining: dict[Figure, float] = {}
        for one in ends:
            figure = Figure("gdtbridge_certificate_remaining_seconds", one.place)
            left = one.not_after - now
            remaining[figure] = min(left, remaining.get(figure, left))
        well = not self._encryption.problems() and not any(one.has_ended(now) for one in ends)
        return {"certificates": PartState(well, f"{len(ends)} certificates", figures=remaining)}

    def _unusable(self, now: float) -> Iterator[AttentionItem]:
        for problem in self._encryption.problems():
            place = problem.partition(":")[0]
            names = {"setting": place}
            subject = f"certificate:{place}"
            yield AttentionItem("certificate-unusable", subject, now, detail=problem, names=names)

    def _files(self) -> Iterator[CertificateEnd]:
        encryption = self._encryption
        ours: dict[Path, str] = {}
        for pair in encryption.pairs:
            ours.setdefault(pair.certificate, pair.setting)
        trusted: dict[Path, str] = {}
        for one in encryption.trusted:
            if one.file not in ours:
                trusted.setdefault(one.file, one.setting)
        for file, setting in ours.items():
            for facts in _read(file)[:MOST_TRUSTED]:
                yield _end(setting, CertificateOwner.OURS, facts)
        for file, setting in trusted.items():
            found = _read(file)
            if len(found) <= MOST_TRUSTED:
                for facts in _latest(found):
                    yield _end(setting, CertificateOwner.TRUSTED, facts)


def _read(file: Path) -> list[CertificateFacts]:
    try:
        return read_certificates(file)
    except OSError:
        return []  # told as unusable


def _latest(found: list[CertificateFacts]) -> Iterator[CertificateFacts]:
    """Yield of each subject the one that is good for longest: an older one may stay beside it."""
    latest: dict[str, CertificateFacts] = {}
    for one in found:
        known = latest.get(one.subject)
        if known is None or known.not_after < one.not_after:
            latest[one.subject] = one
    yield from latest.values()


def _end(place: str, owner: CertificateOwner, facts: CertificateFacts) -> CertificateEnd:
    return CertificateEnd(place, owner, facts.subject, facts.not_after, facts.fingerprint)


def _row(who: str, shown: bytes) -> store.PeerCertificateRow | None:
    try:
        facts = facts_of(shown)
    except ValueError:
        return None
    return store.PeerCertificateRow(who, facts.subject, facts.not_after, facts.fingerprint)
