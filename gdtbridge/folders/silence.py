"""Folders of others that do not answer: since when, told without touching one.

A share whose server is gone blocks whoever touches it, for minutes or for ever. So each folder is
asked in a thread of its own, and everybody else looks at what the thread has found out.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from gdtbridge.attention import AttentionItem
from gdtbridge.durable import Clock
from gdtbridge.durable.call import FolderCall
from gdtbridge.durable.clock import local_time
from gdtbridge.durable.files import reason_of, write_over
from gdtbridge.health import PartState

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2
SILENT_SECONDS: Final = 10.0
"""A folder that has not answered for so long is silent."""
BUSY_SECONDS: Final = 60.0
"""The same for one that answers questions, where a call of somebody else is under way."""
COMMAND_SECONDS: Final = 2.0
"""The same for a command, which asks once."""
MEMORY: Final = "silent-folders.json"
"""The file in ``storage.root`` from which commands learn since when a folder has been silent."""


@dataclass(frozen=True, slots=True)
class SilentFolder:
    """A folder that does not answer, with the settings that name it and since when (UTC)."""

    keys: str
    folder: Path
    since: float

    @property
    def sentence(self) -> str:
        """One line for a person, German first."""
        began, now = local_time(self.since), local_time(time.time())
        at = f"{began:%H:%M}" if began.date() == now.date() else f"{began:%d.%m. %H:%M}"
        return f"{self.keys}: antwortet nicht seit {at} / does not answer since {at}"


@dataclass(slots=True)
class AskedFolder:
    """A folder of others, the question it was asked last, and what was told of it."""

    keys: str
    folder: Path
    call: FolderCall[None] | None = None
    asked_at: float = 0.0
    """Monotonic seconds."""
    asked_utc: float = 0.0
    silent_since: float | None = None
    reason: str = field(default="")
    """Why it could not be listed when it answered last."""


class ExchangeSilence:
    """Asks the folders of others, for the service again and again, for a command once."""

    def __init__(
        self,
        folders: Iterable[tuple[str, Path]],
        root: Path,
        clock: Clock,
        busy: Callable[[], Mapping[Path, float]] = dict,
    ) -> None:
        """Take each folder with the setting that names it; nothing is asked yet.

        ``busy`` returns in which folders a call of somebody else is under way, since when
        (monotonic seconds): a share that answers questions may hang in writing.
        """
        keys: dict[Path, list[str]] = {}
        for key, folder in folders:
            keys.setdefault(folder, []).append(key)
        self._folders = [AskedFolder(", ".join(names), one) for one, names in keys.items()]
        self._memory = root / MEMORY
        self._clock = clock
        self._busy = busy
        self._watching = False
        self._asking = threading.Lock()

    def look(self) -> None:
        """Ask who is not being asked, log what fell silent and what answers again.

        Call it every `LOOK_SECONDS`; it waits for no folder.
        """
        with self._asking:
            if not self._watching:
                self._memory.unlink(missing_ok=True)  # of the service before
            self._watching = True
            before, busy = self._silent(), self._busy()
            for one in self._folders:
                self._judge(one, busy.get(one.folder))
                self._ask(one)
            if (now := self._silent()) != before:
                self._remember(now)

    def silent(self) -> list[SilentFolder]:
        """Return the folders that do not answer.

        Where `look` is not called, they are asked now, for at most `COMMAND_SECONDS`.
        """
        if not self._watching:
            with self._asking:
                self._ask_once()
        return self._silent()

    def folders(self) -> dict[Path, float]:
        """Return since when (UTC seconds) each folder that does not answer has not."""
        return {one.folder: one.since for one in self.silent()}

    def since(self, folder: Path) -> float:
        """Return since when (UTC seconds) a folder that does not answer has not; at most now."""
        remembered = self._remembered()
        since = [remembered[one.keys] for one in self._folders if one.folder == folder]
        return min([*since, self._clock.utc()])

    def state(self) -> PartState:
        """Return the state of all the folders, for readiness; waits for none."""
        silent = self._silent()
        told = "; ".join(one.sentence for one in silent)
        return PartState(ok=not silent, detail=told or f"{len(self._folders)} folders")

    def _silent(self) -> list[SilentFolder]:
        return [
            SilentFolder(one.keys, one.folder, one.silent_since)
            for one in self._folders
            if one.silent_since is not None
        ]

    def _ask(self, one: AskedFolder) -> None:
        if one.call is None:
            one.asked_at, one.asked_utc = self._clock.monotonic(), self._clock.utc()
            one.call = FolderCall(partial(_list, one.folder))

    def _judge(self, one: AskedFolder, busy_since: float | None) -> None:
        """Learn what became of the question that was asked, and of what others do there."""
        if one.call is not None and one.call.ended:
            self._note_reason(one, _reason(one.call))
            one.call = None
        silent_for = self._silent_for(one, busy_since)
        if silent_for is not None and one.silent_since is None:
            one.silent_since = self._clock.utc() - silent_for
            log.warning("%s", SilentFolder(one.keys, one.folder, one.silent_since).sentence)
        elif silent_for is None and one.silent_since is not None and one.call is None:
            log.warning("%s: antwortet wieder / answers again", one.keys)
            one.silent_since = None

    def _silent_for(self, one: AskedFolder, busy_since: float | None) -> float | None:
        """Return for how many seconds a folder has not answered; None where that is normal."""
        now = self._clock.monotonic()
        asked = now - one.asked_at if one.call is not None else 0.0
        busy = now - busy_since if busy_since is not None else 0.0
        silent = asked >= SILENT_SECONDS or busy >= BUSY_SECONDS
        return max(asked, busy) if silent else None

    def _note_reason(self, one: AskedFolder, reason: str) -> None:
        if reason and reason != one.reason:
            log.warning(
                "%s: Der Ordner %s ist nicht da oder nicht zugänglich. Bitte anlegen oder die "
                "Freigabe verbinden. / Folder %s does not exist or is not accessible; make it or "
                "mount the share. (%s)",
                *(one.keys, one.folder, one.folder, reason),
            )
        one.reason = reason

    def _ask_once(self) -> None:
        for one in self._folders:
            self._ask(one)
        deadline = time.monotonic() + COMMAND_SECONDS
        remembered = self._remembered()
        for one in self._folders:
            one.silent_since = None
            if one.call is not None and _is_silent(one.call, deadline - time.monotonic()):
                one.silent_since = min(one.asked_utc, remembered[one.keys])
            else:
                one.call = None

    def _remembered(self) -> dict[str, float]:
        """Return since when the service has known each folder to be silent, else now."""
        known: object = {}
        with suppress(OSError, ValueError):
            known = json.loads(self._memory.read_text("utf-8"))
        now = self._clock.utc()
        told = known if isinstance(known, dict) else {}
        return {one.keys: float(told.get(one.keys, now)) for one in self._folders}

    def _remember(self, silent: list[SilentFolder]) -> None:
        data = json.dumps({one.keys: one.since for one in silent}).encode()
        try:
            write_over(self._memory, data)
        except OSError as error:
            log.info("%s cannot be written (%s)", MEMORY, reason_of(error))


@dataclass(frozen=True, slots=True)
class SilenceSource:
    """Exchange folders that do not answer."""

    name: ClassVar = "folders"
    codes: ClassVar = frozenset({"folder-silent"})

    silence: ExchangeSilence

    def items(self) -> list[AttentionItem]:
        """Return one item for each folder that does not answer."""
        return [
            AttentionItem(
                "folder-silent",
                f"folder:{one.keys}",
                one.since,
                detail=one.sentence,
                names={"folder": str(one.folder)},
            )
            for one in self.silence.silent()
        ]


def _list(folder: Path) -> None:
    with os.scandir(folder):
        pass


def _is_silent(call: FolderCall[None], seconds: float) -> bool:
    try:
        call.result(seconds)
    except OSError:
        return not call.ended
    return False


def _reason(call: FolderCall[None]) -> str:
    """Return why an ended call failed, empty where it did not."""
    try:
        call.result(0)
    except OSError as error:
        return reason_of(error)
    return ""
