"""What the service does again and again, and how often."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from gdtbridge.accounts.memory import FOLLOW_SECONDS, NOTE_SECONDS
from gdtbridge.attention import AttentionSource
from gdtbridge.attention.announcer import LOOK_SECONDS as ANNOUNCE_SECONDS
from gdtbridge.clock_watch import WATCH_SECONDS
from gdtbridge.core import Core
from gdtbridge.day.revision import LOOK_SECONDS as REVISION_SECONDS
from gdtbridge.folders.silence import LOOK_SECONDS as SILENCE_SECONDS
from gdtbridge.health import LOOK_SECONDS
from gdtbridge.retrieve.metadata_ahead import LOOK_SECONDS as HEADS_SECONDS
from gdtbridge.scheduler import Scheduler
from gdtbridge.viewing.ahead import LOOK_SECONDS as AHEAD_SECONDS

TICK_SECONDS: Final = 1
"""How often it is looked for due exams, told of one or not."""
RECONSIDER_SECONDS: Final = 10
"""How often held exams are looked at again: an order or master data may have come meanwhile."""
KEEP_SECONDS: Final = 5
"""How often refusals and callers are written down, for commands beside the service."""
KEEP_QUERIES_SECONDS: Final = 2
"""How often what devices asked is written down, unsynced, where they asked anything."""
AUDIT_SECONDS: Final = 2
"""How often what people saw is written down, unsynced, where they saw anything."""
FORECAST_SECONDS: Final = 600
"""How often is looked whether the day's free space was measured."""
SYNC_SECONDS: Final = 10
"""How often received small files are made durable; until then the index keeps their bytes."""
FILL_SECONDS: Final = 5
"""How often is looked for names, heads and values that the index does not have yet."""
VERIFY_SECONDS: Final = 3
"""How often is looked for commitments a command wants verified; a device's are at once."""
ASK_SECONDS: Final = 5
"""How often is looked for copies an archive is to be asked about."""
RENEW_SECONDS: Final = 3600
"""How often is looked whether our own certificate has to be renewed."""
FORGET_SECONDS: Final = 3600
"""How often commitments are forgotten that were answered long ago."""
SWEEP_SECONDS: Final = 3600
"""How often is looked what the cache of pictures really has."""


class ServiceJobs:
    """The jobs of a running service, each by the monotonic clock in a thread of its own."""

    def __init__(self, core: Core, scheduler: Scheduler) -> None:
        self._core = core
        self._scheduler = scheduler
        self._settings = core.settings

    def hold(self, keep: Callable[[], None]) -> None:
        """Have the hold on the database kept."""
        self._scheduler.every(TICK_SECONDS, "holding the database", keep)

    def start(self, look: Callable[[], None]) -> None:
        """Have everything done from now on; ``look`` finds out how the parts are."""
        core, scheduler = self._core, self._scheduler
        core.due.connect(scheduler.every(TICK_SECONDS, "reporting", self._report))
        scheduler.every(WATCH_SECONDS, "watching the clock", core.clock_watch.look)
        scheduler.every(REVISION_SECONDS, "looking for changes of others", core.revision.look)
        scheduler.every(RECONSIDER_SECONDS, "looking at what is held", self._reconsider)
        scheduler.every(LOOK_SECONDS, "looking at the parts", look)
        scheduler.every(SILENCE_SECONDS, "asking the exchange folders", core.silence.look)
        if seconds := self._settings.worklist.cleanup_seconds:
            scheduler.plan(seconds, "cleaning the worklist", core.orders.clean)
        scheduler.every(KEEP_SECONDS, "keeping what was refused", core.refusals.keep)
        scheduler.every(KEEP_SECONDS, "keeping peers' certificates", core.certificates.keep)
        scheduler.every(KEEP_QUERIES_SECONDS, "keeping what devices asked", core.queries.keep)
        scheduler.every(KEEP_SECONDS, "keeping who called", core.callers.keep)
        self._start_access()
        scheduler.every(FORECAST_SECONDS, "measuring the disk", core.forecast.keep)()
        verify = scheduler.every(
            VERIFY_SECONDS, "verifying commitments", core.commitments.verify_due
        )
        core.commitments.connect(verify)
        verify()
        scheduler.every(FORGET_SECONDS, "forgetting commitments", core.commitments.forget_old)
        self._start_asking()
        scheduler.every(RENEW_SECONDS, "renewing the certificate", self.renew_certificate)
        scheduler.every(SYNC_SECONDS, "syncing received files", core.sync_files)
        scheduler.every(FILL_SECONDS, "filling the index", core.filling.work)
        self._start_pictures()
        scheduler.every(FORGET_SECONDS, "removing sets", core.sample.exports.sweep)()
        self._announce()
        scheduler.start()

    def _start_pictures(self) -> None:
        """Keep what is made of objects small, and make it ahead where that is wanted."""
        core, scheduler = self._core, self._scheduler
        scheduler.every(SWEEP_SECONDS, "sweeping pictures", core.pictures.sweep)()
        scheduler.every(SWEEP_SECONDS, "sweeping metadata", core.metadata.sweep)()
        scheduler.every(HEADS_SECONDS, "keeping metadata", core.metadata.write)
        if self._settings.pictures.ahead:
            scheduler.every(AHEAD_SECONDS, "making pictures ahead", core.pictures_ahead.work)()
            scheduler.every(HEADS_SECONDS, "reading metadata ahead", core.metadata_ahead.work)()

    def _start_access(self) -> None:
        """Know who may come in, and keep who did what."""
        access, audit, scheduler = self._core.access, self._core.audit, self._scheduler
        scheduler.every(FOLLOW_SECONDS, "following accounts", access.memory.follow)()
        scheduler.every(NOTE_SECONDS, "noting who was here", access.memory.note_uses)
        scheduler.every(FORGET_SECONDS, "forgetting sessions", access.desk.forget_over)
        scheduler.every(AUDIT_SECONDS, "keeping who did what", audit.keep)
        scheduler.every(FORGET_SECONDS, "forgetting who did what", audit.forget_old)

    def _start_asking(self) -> None:
        """Have each archive asked what it keeps, by a thread of its own: one may not answer."""
        confirmations = self._core.confirmations
        for one in confirmations.archives:
            what = f"asking {one.aet} what it keeps"
            self._scheduler.every(ASK_SECONDS, what, partial(confirmations.ask_due, one))
        self._scheduler.every(FORGET_SECONDS, "forgetting inquiries", confirmations.forget_old)

    def renew_certificate(self) -> None:
        """Make or renew the certificate of the web server; raise `CertificateError`."""
        if (self_made := self._core.encryption.self_made) is not None:
            self_made.keep(self._core.clock.utc())

    def _report(self) -> float | None:
        """Report what is due; return in how many seconds the next exam is."""
        self._core.reporting.report_due()
        return self._core.reporting.next_due_in()

    def _reconsider(self) -> None:
        self._core.reporting.reconsider()
        self._core.order_book.follow_marked()

    def _announce(self) -> None:
        """Have what needs a person told: each source by itself, so that none waits for another."""
        announcer = self._core.announcer

        def look(source: AttentionSource) -> None:
            announcer.look(source)
            announcer.note()
            self._core.mailer.mail()

        for source in self._core.attention.sources:
            what = f"telling what needs a person ({source.name})"
            at_once = self._scheduler.every(ANNOUNCE_SECONDS, what, partial(look, source))
            at_once()
