"""How the installation is, as far as no part of the service tells it by itself."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gdtbridge.attention import Attention, AttentionItem
from gdtbridge.attention.certificate_source import CertificateBook, CertificateEnd
from gdtbridge.attention.space import DiskSpace, SpaceForecast
from gdtbridge.clock_jumps import ClockJump, jumps_of_today
from gdtbridge.commitment.promises import last_backup
from gdtbridge.database import Database
from gdtbridge.durable.clock import BELIEVED_SINCE, SteadyClock
from gdtbridge.health import PartState
from gdtbridge.settings import SettingInForce, Settings, settings_in_force
from gdtbridge.settings.in_force import matching
from gdtbridge.system.diagnosis import DiagnosisFile
from gdtbridge.system.versions import InstalledVersion, versions


@dataclass(frozen=True, slots=True)
class ClockState:
    """What the clock of this machine shows, and what it did in the last day."""

    is_believed: bool
    """Whether the year can be right."""
    zone: str
    """What the system calls the time zone it shows the time in."""
    jumps: tuple[ClockJump, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemReport:
    """The installation at one moment; names no patient."""

    now: float
    """UTC seconds."""
    space: DiskSpace | None
    """None where the archive's disk does not answer."""
    backup_at: float | None
    """When the last whole backup was begun, UTC seconds."""
    certificates: tuple[CertificateEnd, ...]
    versions: tuple[InstalledVersion, ...]
    clock: ClockState
    needs: tuple[AttentionItem, ...]
    """What of the kinds that were asked for needs a person."""


@dataclass(frozen=True, slots=True)
class SystemReports:
    """Finds out how the installation is."""

    settings: Settings
    database: Database
    attention: Attention
    certificates: CertificateBook
    forecast: SpaceForecast
    support: DiagnosisFile
    clock: SteadyClock

    def report(self, kinds: Collection[str]) -> SystemReport:
        """Return how everything is now, and what of these kinds needs a person.

        Raises `DatabaseError` where the database does not answer.
        """
        now = self.clock.utc()
        with self.database.read() as connection:
            backup, jumps = last_backup(connection), jumps_of_today(connection, now)
        return SystemReport(
            now,
            self._space(),
            backup,
            tuple(self.certificates.ends()),
            tuple(versions(self.database)),
            ClockState(
                now >= BELIEVED_SINCE, time.tzname[time.localtime(now).tm_isdst > 0], tuple(jumps)
            ),
            tuple(self._needs(kinds)),
        )

    def settings_in_force(self, words: str = "") -> Sequence[SettingInForce]:
        """Return the settings that have every one of the words; no secret."""
        return matching(settings_in_force(self.settings), words)

    def diagnosis(self, parts: Mapping[str, PartState]) -> bytes:
        """Return the file for support (ZIP); ``parts`` are those of the service that runs."""
        return self.support.content(parts)

    def _space(self) -> DiskSpace | None:
        try:
            return self.forecast.space()
        except OSError:
            return None

    def _needs(self, kinds: Collection[str]) -> Sequence[AttentionItem]:
        wanted = frozenset(kinds)
        found = [
            item
            for source in self.attention.sources
            if source.codes & wanted
            for item in self.attention.of(source)
        ]
        return sorted((one for one in found if one.code in wanted), key=lambda one: one.since)
