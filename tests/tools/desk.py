"""A practice whose every way of being told is watched, with a DICOM server before it."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from gdtbridge.attention import LOOK_ERRORS, AttentionSource
from gdtbridge.attention.announcer import ATTENTION, RESOLVED
from gdtbridge.attention.kinds import KINDS, AttentionLevel
from gdtbridge.check import probing
from gdtbridge.dicom.server import DicomServer, Observers
from gdtbridge.health import Health, PartState
from gdtbridge.outbox import HOUSE, MAIL
from gdtbridge.service import probes_of
from gdtbridge.settings import DicomSettings, load_settings
from gdtbridge.web.api.metrics import exposition
from gdtbridge.web.app import told_state
from tests.tools.clock import TO_BELIEVED
from tests.tools.device import WORKLIST, RawAssociation, Rejected, find_rq, send_raw
from tests.tools.elements import (
    EXPLICIT,
    IMPLICIT,
    US_IMAGE,
    element,
    identification,
    item,
)
from tests.tools.mail_server import MailServer
from tests.tools.practice import Practice
from tests.tools.reception import Reception
from tests.tools.share import Share, share
from tests.tools.waiting import wait_for

SETTINGS = {
    "GDTBRIDGE_STORAGE__MIN_FREE_MB": "10",
    "GDTBRIDGE_ATTENTION__GDT_PATIENT_ID": "99999",
    "GDTBRIDGE_ATTENTION__ORDERS_SILENT_DAYS": "4",
}
MAIL_SETTINGS = {
    "GDTBRIDGE_MAIL__HOST": "127.0.0.1",
    "GDTBRIDGE_MAIL__SECURITY": "none",
    "GDTBRIDGE_MAIL__FROM": "gdtbridge@praxis.example",
    "GDTBRIDGE_MAIL__TO": "edv@praxis.example, arzt@praxis.example",
}
HOUSE_TABLE = """
[[device]]
aet = "US77"
host = "192.0.2.77"
[webhooks]
allowed_networks = ["127.0.0.1", "::1"]
[[webhook]]
name = "house"
events = ["attention", "resolved"]
url = "{url}"
"""
HOUR = 3600.0


class Desk:
    """Where everything that needs a person arrives, whatever way it takes."""

    def __init__(
        self,
        folder: Path,
        caplog: pytest.LogCaptureFixture,
        hook: HTTPServer,
        table: str = "",
        **settings: str,
    ) -> None:
        """Open the practice with some settings, and with a ``table`` of them as TOML."""
        self.mail = MailServer()
        self.mail.__enter__()
        hook.expect_request("/attention").respond_with_data("ok")
        hook.expect_request("/house").respond_with_handler(self._answer)
        self.house_status = 200
        """What the web server of the house answers."""
        self._house: list[tuple[str, str]] = []
        url = {
            "GDTBRIDGE_WEBHOOKS__ATTENTION": hook.url_for("/attention"),
            "GDTBRIDGE_STORAGE__ROOT": str(folder),
            "GDTBRIDGE_MAIL__PORT": str(self.mail.port),
        }
        house = HOUSE_TABLE.format(url=hook.url_for("/house"))
        (folder / "gdtbridge.toml").write_text(f"{house}\n{table}")
        self.practice = Practice(
            folder,
            load_settings(
                folder / "gdtbridge.toml", {**SETTINGS, **MAIL_SETTINGS, **url, **settings}
            ),
        )
        self.practice.clock.turn(TO_BELIEVED)
        core = self.practice.core
        (folder / "spool").mkdir()
        self.server = DicomServer(
            DicomSettings(port=0, allowed_aets=("US01", "US09")),
            folder / "spool",
            core.receiving,
            core.device_worklist,
            Observers(core.refusals, core.queries),
        )
        self.server.start()
        self.reception = Reception(self.practice)
        self._hook = hook
        self._caplog = caplog
        self._undone = ExitStack()
        self._told = -1
        """Transactions until the last look told what it found."""

    def close(self) -> None:
        """Undo what a test did to this machine, and stop."""
        self.server.stop(grace=0)
        self.mail.__exit__(None, None, None)
        self.practice.close()
        self._undone.close()

    def _answer(self, request: Request) -> Response:
        """Answer a call of the table, and keep its event and kind where it is taken."""
        if self.house_status == 200:
            said = request.get_json()
            self._house.append((said["type"], said["data"]["kind"]))
        return Response(status=self.house_status)

    def send(self, dataset: bytes | None = None, uid: str = "2.25.7") -> int:
        """Let a device send an object over its own connection; return the status."""
        names = {"SOPInstanceUID": f"{uid}.1", "StudyInstanceUID": uid, "AccessionNumber": ""}
        data = dataset if dataset is not None else identification(**names)
        (status,) = send_raw(
            self.server.port, [(US_IMAGE, f"{uid}.1", EXPLICIT, data)], calling="US01"
        )
        return status

    def ask(self, station: str) -> int:
        """Let the device US09 ask for the entries of a station; return how many it gets."""
        step = item(element(0x00400001, b"AE", station, ts=IMPLICIT))
        query = element(0x00400100, b"SQ", step, ts=IMPLICIT)
        answers = 0
        with RawAssociation(self.server.port).associate([(WORKLIST, [IMPLICIT])], "US09") as device:
            device.message(1, find_rq(), query)
            while device.response().status in (0xFF00, 0xFF01):
                answers += 1
        self.practice.core.queries.keep()
        return answers

    def knock(self, calling: str) -> None:
        """Let somebody with that AE title ask for an association; it is refused."""
        with pytest.raises(Rejected):
            send_raw(self.server.port, [], calling=calling)

    def mount(self, options: str) -> None:
        """Mount a small file system over the archive's folder, as root may."""
        if os.name != "posix" or os.geteuid() != 0:
            pytest.skip("only root mounts a file system")
        path = self.practice.archive.folder
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "gdtbridge-test", path],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"no mount here: {done.stderr.strip()}")
        self._undone.callback(self.unmount)

    def unmount(self) -> None:
        """Take it away again."""
        if self.practice.archive.folder.is_mount():
            subprocess.run(["umount", self.practice.archive.folder], check=True)

    def share_orders(self) -> Share:
        """Put the folder of order files on a share that can hang; skip where there is none."""
        place, behind = self.practice.settings.gdt_in, self.practice.folder / "behind"
        self.orders_share = self._undone.enter_context(share(place, behind))
        return self.orders_share

    def lock(self) -> None:
        """Lock the database as a backup program does."""
        other = sqlite3.connect(self.practice.folder / "db.sqlite", isolation_level=None)
        self._locked = self._undone.enter_context(closing(other))
        other.execute("BEGIN EXCLUSIVE")

    def unlock(self) -> None:
        """Let go of the database."""
        self._locked.close()

    def forget_lock(self) -> None:
        """Let the minutes be over in which a lock is told that has ended."""
        patch = self._undone.enter_context(pytest.MonkeyPatch.context())
        patch.setattr("gdtbridge.attention.sources.LOCK_TOLD_SECONDS", 0)

    def look(self, seconds: float = HOUR) -> None:
        """Let time pass, have everything looked at and what is new delivered."""
        core = self.practice.core
        self.practice.clock.turn(seconds)
        core.clock_watch.look()
        core.refusals.keep()
        self._told = -1
        for source in core.attention.sources:
            with suppress(*LOOK_ERRORS):  # as the service does, which looks again later
                self._look(source)
        for destination in (ATTENTION, f"{HOUSE}house", "gdt", MAIL):
            self.practice.outbox.deliver_due(destination)

    def _look(self, source: AttentionSource) -> None:
        """Look as the service does; where no time passed and nothing changed, nothing is told."""
        core = self.practice.core
        core.announcer.look(source)
        if self._told != core.database.transactions:
            core.announcer.note()
            core.mailer.mail()
            self._told = core.database.transactions

    def channels(self, code: str) -> dict[str, bool]:
        """Return which channels tell of a kind now."""
        kind = KINDS[code]
        fault = kind.level is AttentionLevel.FAULT
        health = self._health()
        state = told_state(health.parts())
        metrics = exposition(health.parts())
        status = "not-ready" if fault else "needs-person"
        checked = {one.part: one for one in probing._attention(self.practice.core)}
        one = checked.get(f"attention.{code}")
        return {
            "list": any(item.code == code for item in self.practice.core.attention.items()),
            "readyz": code in str(state["attention"]) and state["status"] == status,
            "check": one is not None and (one.ok, one.needs_person) == (not fault, not fault),
            "log": f"attention {code} begins" in self.logged(),
            "webhook": any(request.path == "/attention" for request, _ in self._hook.log),
            "house": (ATTENTION, code) in self._house,
            "mail": f"[{code}]" in self.last_mail(),
            "metrics": re.search(rf'_attention{{kind="{code}"}} [1-9]', metrics) is not None,
            "gdt": any(kind.german in text or kind.german_several in text for text in self.notes()),
        }

    def _health(self) -> Health:
        """Return how the parts are, once each has answered: a busy machine takes its time."""
        health = Health(probes_of(self.practice.core))
        health.look()
        unheard = PartState(ok=False, detail="?")
        wait_for(lambda: unheard not in health.parts().values(), 60, "an answer of each part")
        return health

    def was_mailed(self, code: str) -> bool:
        """Return whether any mail told of a kind."""
        return any(f"[{code}]" in mail.get_content() for mail in self.mail.mails)

    def is_resolved(self, code: str) -> bool:
        """Return whether the house was called because a kind is gone."""
        return (RESOLVED, code) in self._house

    def logged(self) -> str:
        """Return what the log says of what needs a person."""
        return "\n".join(one.getMessage() for one in self._caplog.records)

    def last_mail(self) -> str:
        """Return subject and text of the newest mail."""
        if not self.mail.mails:
            return ""
        mail = self.mail.mails[-1]
        return f"{mail['Subject']}\n{mail.get_content()}"

    def notes(self) -> list[str]:
        """Return the records in the practice's own chart, their texts without line breaks."""
        texts = [file.read_text("iso8859-1") for file in self.practice.out.glob("attention-*.gdt")]
        return [re.sub(r" ?\r?\n\d{3}6228", " ", text) for text in texts]

    def fill(self, megabytes: int) -> Path:
        """Write a file of that size beside the archive's."""
        file = self.practice.archive.folder / "ballast"
        file.write_bytes(bytes(megabytes * 1024 * 1024))
        return file

    def hide_archive(self) -> None:
        """Put a file where the archive's folder was: nothing can be stored."""
        folder = self.practice.archive.folder
        folder.rename(folder.with_name("hidden"))
        folder.touch()

    def show_archive(self) -> None:
        """Put the folder back."""
        folder = self.practice.archive.folder
        folder.unlink()
        shutil.move(folder.with_name("hidden"), folder)
