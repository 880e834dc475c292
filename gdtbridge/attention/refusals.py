"""Devices that were turned away, and objects that were not taken: counted, told for a while.

Noting one touches neither the database nor a disk: both may be the reason. What was noted is kept
in the database as soon as it takes it, for commands beside the service and for the next start.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar, Final, NamedTuple

from gdtbridge.attention import store
from gdtbridge.attention.model import AttentionItem
from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import BridgeError, NotFound

STORE_SECONDS: Final = 600.0
"""How long a refused object is told of; devices try again within minutes."""
CALLER_SECONDS: Final = 24 * 3600.0
"""How long a device that was turned away is told of."""
MOST_CALLERS: Final = 40
"""Callers of one reason kept apart: whoever tries addresses or titles finds no more room."""


class RefusalReason(StrEnum):
    """Why a device or its object was refused."""

    NETWORK = "network"
    TITLE = "title"
    UNKNOWN = "unknown"
    """None of the devices of the settings, and no other may come in."""
    TOO_MANY = "too-many"
    QUERY = "query"
    TLS_MISSING = "tls-missing"
    TLS_UNEXPECTED = "tls-unexpected"
    TLS_CERTIFICATE = "tls-certificate"
    """It has no certificate we trust."""
    TLS_UNTRUSTED = "tls-untrusted"
    """It does not trust ours."""
    TLS_FAILED = "tls-failed"
    REPORT = "report"
    """Says of objects that it keeps them, and was not asked (PS3.4 J.3.3)."""
    RESOURCES = "resources"
    """Status A700 (PS3.4 B.2.3)."""
    PROCESSING = "processing"
    """Status 0110 (PS3.7 C.5.21)."""
    OBJECT = "object"
    """Another status: the object is not what it should be."""


class _Telling(NamedTuple):
    code: str
    seconds: float
    text: str
    setting: str = ""


_TELLING: Final = {
    RefusalReason.NETWORK: _Telling(
        "device-refused",
        CALLER_SECONDS,
        "Adresse nicht erlaubt / address not allowed",
        "dicom.allowed_networks",
    ),
    RefusalReason.TITLE: _Telling(
        "device-refused",
        CALLER_SECONDS,
        "AE-Titel nicht erlaubt / AE title not allowed",
        "dicom.allowed_aets",
    ),
    RefusalReason.UNKNOWN: _Telling(
        "device-refused",
        CALLER_SECONDS,
        "kein eingetragenes Gerät / no device of the settings",
        "[[device]]",
    ),
    RefusalReason.TOO_MANY: _Telling(
        "device-refused",
        STORE_SECONDS,
        "zu viele Verbindungen / too many associations",
        "dicom.max_associations",
    ),
    RefusalReason.QUERY: _Telling(
        "device-refused",
        CALLER_SECONDS,
        "darf das Archiv nicht abfragen / may not query the archive",
        "[[peer]]",
    ),
    RefusalReason.TLS_MISSING: _Telling(
        "device-refused",
        CALLER_SECONDS,
        "spricht ohne TLS auf dem verschlüsselten Port / speaks without TLS on the encrypted port",
        "dicom.tls_port",
    ),
    RefusalReason.TLS_UNEXPECTED: _Telling(
        "device-refused",
        CALLER_SECONDS,
        "spricht TLS auf dem unverschlüsselten Port / speaks TLS on the unencrypted port",
        "dicom.tls_port",
    ),
    RefusalReason.TLS_CERTIFICATE: _Telling(
        "device-refused",
        CALLER_SECONDS,
        "zeigt kein Zertifikat, dem vertraut wird / shows no certificate that is trusted",
        "dicom.tls_client_ca",
    ),
    RefusalReason.TLS_UNTRUSTED: _Telling(
        "device-refused",
        CALLER_SECONDS,
        "vertraut unserem Zertifikat nicht / does not trust our certificate",
        "dicom.tls_certificate",
    ),
    RefusalReason.TLS_FAILED: _Telling(
        "device-refused",
        CALLER_SECONDS,
        "kann kein TLS 1.2 mit einem sicheren Verfahren / has no TLS 1.2 with a safe cipher suite",
        "dicom.tls_port",
    ),
    RefusalReason.REPORT: _Telling(
        "device-refused",
        CALLER_SECONDS,
        "bestätigt eine Aufbewahrung, nach der niemand gefragt hat / confirms what nobody asked",
        "[[peer]]",
    ),
    RefusalReason.RESOURCES: _Telling(
        "stores-refused",
        STORE_SECONDS,
        "kein Platz, Datenbank gesperrt oder Objekt zu groß (A700) / no room, database locked, or "
        "object too large (A700)",
    ),
    RefusalReason.PROCESSING: _Telling(
        "stores-refused",
        STORE_SECONDS,
        "Platte oder Datenbank nicht benutzbar (0110) / disk or database not usable (0110)",
    ),
    RefusalReason.OBJECT: _Telling(
        "object-refused",
        STORE_SECONDS,
        "nicht lesbar oder nicht, was es sein soll / unreadable, or not what it should be",
    ),
}


def told_reason(reason: str) -> str:
    """Return in two languages why somebody was refused; ``reason`` itself where it is none."""
    known = {str(one): telling.text for one, telling in _TELLING.items()}
    return known.get(reason, reason)


_NOBODY: Final = "So wurde zuletzt niemand abgewiesen. / Nobody was refused so lately."

_OF_STATUS: Final = {0xA700: RefusalReason.RESOURCES, 0x0110: RefusalReason.PROCESSING}


@dataclass(frozen=True, slots=True)
class Refusal:
    """How often somebody was refused for one reason, first and last (UTC seconds)."""

    reason: RefusalReason
    caller: str
    """AE title and address, in printable ASCII; never a patient."""
    count: int
    first_at: float
    last_at: float

    @property
    def subject(self) -> str:
        """What tells it from others."""
        return f"{self.reason}:{self.caller}"

    def and_then(self, later: Refusal) -> Refusal:
        """Return both as one."""
        return replace(
            self,
            count=self.count + later.count,
            first_at=min(self.first_at, later.first_at),
            last_at=max(self.last_at, later.last_at),
        )

    def is_told_at(self, now: float) -> bool:
        """Return whether it is recent enough; one that seems to be of tomorrow is."""
        return now - self.last_at < _TELLING[self.reason].seconds

    @property
    def code(self) -> str:
        """The kind of what needs a person."""
        return _TELLING[self.reason].code

    @property
    def aet(self) -> str:
        """The calling AE title; empty where it said none."""
        return self.caller.rpartition(" (")[0]

    @property
    def address(self) -> str:
        """The address it came from."""
        return self.caller.rpartition(" (")[2].removesuffix(")")

    @property
    def item(self) -> AttentionItem:
        """The refusal as what needs a person."""
        telling = _TELLING[self.reason]
        return AttentionItem(
            telling.code,
            f"refusal:{self.subject}",
            self.first_at,
            detail=f"{self.caller}: {self.count}x {telling.text}",
            names={"setting": telling.setting},
        )


class RefusalBook:
    """Who was refused lately. Thread-safe."""

    name: ClassVar = "refusals"
    codes: ClassVar = frozenset(one.code for one in _TELLING.values())

    def __init__(self, database: Database, clock: Clock) -> None:
        """Note nothing yet; what was noted before stands in the database."""
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._new: dict[str, Refusal] = {}
        self._totals: Counter[RefusalReason] = Counter()

    def note_status(self, status: int, calling_aet: str, address: str) -> None:
        """Count an object that was answered with ``status``, of no success."""
        self.note(_OF_STATUS.get(status, RefusalReason.OBJECT), calling_aet, address)

    def note(self, reason: RefusalReason, calling_aet: str, address: str) -> None:
        """Count one refusal; touches nothing but memory."""
        now = self._clock.utc()
        one = Refusal(reason, caller_of(calling_aet, address), 1, now, now)
        with self._lock:
            _add(self._new, one)
            self._totals[reason] += 1

    def totals(self) -> dict[RefusalReason, int]:
        """Return how many were refused since the start, by reason."""
        with self._lock:
            return {reason: self._totals[reason] for reason in RefusalReason}

    def keep(self) -> None:
        """Write down what is new and forget what is old; raise a `BridgeError`, and keep it."""
        with self._lock:
            new = dict(self._new)
        self._write(new.values())
        with self._lock:
            for subject, one in new.items():
                more = self._new[subject].count - one.count
                if more:
                    self._new[subject] = replace(self._new[subject], count=more)
                else:
                    del self._new[subject]

    def _write(self, new: Collection[Refusal]) -> None:
        with self._database.read() as connection:
            kept = _by_subject(store.refusals(connection))
        now = self._clock.utc()
        old = [subject for subject, one in kept.items() if not one.is_told_at(now)]
        if not old and not new:
            return
        for subject in old:
            del kept[subject]
        for one in new:
            _add(kept, one)
        with self._database.write(synced=False) as connection:
            store.keep_refusals(connection, [_row(one) for one in kept.values()])

    def items(self) -> list[AttentionItem]:
        """Return one item for each reason and caller of the last minutes or the last day."""
        told, _ = self.recent()
        return [one.item for one in told]

    def recent(self) -> tuple[list[Refusal], list[Refusal]]:
        """Return what was refused in the last minutes or the last day: told, and dismissed."""
        try:
            with self._database.read() as connection:
                found = _by_subject(store.refusals(connection))
                dismissed = store.dismissed(connection)
        except BridgeError:
            found, dismissed = {}, set()  # what is known without it is told the more
        with self._lock:
            for one in self._new.values():
                _add(found, one)
        now = self._clock.utc()
        recent = [one for one in found.values() if one.is_told_at(now)]
        return (
            [one for one in recent if one.subject not in dismissed],
            [one for one in recent if one.subject in dismissed],
        )

    def dismiss(self, subject: str, who: str) -> None:
        """Tell nobody any more of a caller that is refused for one reason; it is refused as before.

        Raises `NotFound` where nobody was refused so lately.
        """
        told, dismissed = self.recent()
        if subject not in {one.subject for one in (*told, *dismissed)}:
            raise NotFound(_NOBODY)
        with self._database.write() as connection:
            store.dismiss(connection, subject, self._clock.utc(), who)

    def recall(self, subject: str) -> None:
        """Tell of it again; raise a `BridgeError`."""
        with self._database.write() as connection:
            store.recall(connection, subject)


def caller_of(calling_aet: str, address: str) -> str:
    """Return who called, of printable ASCII alone: the title comes from a wire (PS3.8 9.3.2)."""
    title = "".join(one for one in calling_aet if " " <= one <= "~" and one != "\\")[:16].strip()
    return f"{title} ({address})" if title else address


def _add(book: dict[str, Refusal], one: Refusal) -> None:
    known = book.get(one.subject)
    if known is not None:
        book[one.subject] = known.and_then(one)
    elif sum(other.reason is one.reason for other in book.values()) < MOST_CALLERS:
        book[one.subject] = one


def _by_subject(rows: Iterable[store.RefusalRow]) -> dict[str, Refusal]:
    found = (
        Refusal(RefusalReason(row.reason), row.caller, row.times, row.first_at, row.last_at)
        for row in rows
    )
    return {one.subject: one for one in found}


def _row(one: Refusal) -> store.RefusalRow:
    return store.RefusalRow(
        one.subject, one.reason.value, one.caller, one.count, one.first_at, one.last_at
    )
