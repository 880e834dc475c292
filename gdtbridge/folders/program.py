"""``gdtbridge order FILE``: for practice software that starts a program instead of dropping a file.

The same file may have been dropped into the watched folder as well; whoever is first takes it, and
the call answers for it all the same.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Final

from gdtbridge.durable import FileStamp
from gdtbridge.durable.call import FolderCall
from gdtbridge.durable.files import delete_same
from gdtbridge.errors import BridgeError, OrderError, ProcessingFailure
from gdtbridge.folders.claims import MAX_BYTES, ClaimedFile, adopt, claim, look, read, safe_name
from gdtbridge.folders.files import FileReply, OrderFiles, first_same
from gdtbridge.folders.notice import study_line
from gdtbridge.folders.wholeness import FileCondition, judge
from gdtbridge.orders import RecordOutcome, TakenRecord
from worklist import WorklistError

AT_ONCE_SECONDS: Final = 30
"""A missing file counts as taken by the service when an equal name was taken so recently."""
ANSWER_SECONDS: Final = 5.0
"""A folder that has not answered by then is not waited for."""
PAUSE_SECONDS: Final = 0.1
QUIET_SECONDS: Final = 0.3
"""A whole file is still given so long to change."""

Say = Callable[[str], None]


class ExitStatus(IntEnum):
    """How the call ended."""

    DONE = 0
    REFUSED = 1
    NO_RESULT = 3
    """The order is placed; its result did not come in the time waited."""
    LATER = 4
    """Nothing is known to have been done; call again."""


def run(files: OrderFiles, file: Path, wait: float | None, say: Say, complain: Say) -> int:
    """Take the file, wait ``wait`` seconds for the results of its orders, return an exit status."""
    try:
        taken = _taken(files, FolderCall(partial(_resolved, file)).result(ANSWER_SECONDS), say)
    except OSError as error:
        complain(f"{file}: nicht zugänglich. / not accessible: {error.strerror}")
        return ExitStatus.LATER
    except OrderError as error:
        complain(error.problem)
        return ExitStatus.REFUSED
    except (BridgeError, WorklistError) as error:
        complain(f"Bitte noch einmal aufrufen. / Please call again: {error}")
        return ExitStatus.LATER
    refused = [one.reason for one in taken if one.outcome is RecordOutcome.REFUSED]
    for reason in refused:
        complain(reason)
    numbers = list(dict.fromkeys(one.accession_number for one in taken if one.accession_number))
    for number in numbers:
        say(number)
    if refused:
        return ExitStatus.REFUSED
    ordered = {RecordOutcome.PLACED, RecordOutcome.UPDATED, RecordOutcome.REPEATED}
    awaited = [one.accession_number for one in taken if one.outcome in ordered]
    if wait is not None and not _results_came(files, awaited, wait):
        complain("Noch kein Ergebnis. / No result yet.")
        return ExitStatus.NO_RESULT
    return ExitStatus.DONE


def _resolved(file: Path) -> Path:
    """Return the file's real path, once its folder has answered."""
    with suppress(OSError), os.scandir(file.absolute().parent):
        pass
    return file.resolve()


def _taken(files: OrderFiles, file: Path, say: Say) -> Sequence[TakenRecord]:
    """Return what became of the file's records, whoever took it."""
    began = time.monotonic()
    reason = _wait_until_whole(file, files.settings.orders.patience_seconds)
    inbox = _inbox_of(files, file)
    with files.lock_of(inbox or files.settings.order_spool).hold():
        result = _take_here(files, file, reason, inbox)
        if result is None:
            return _taken_before(files, file, time.monotonic() - began)
    for reply in result.replies:
        for study in reply.studies:
            say(study_line(study))
    return [taken for reply in result.replies for taken in reply.all_taken]


def _take_here(files: OrderFiles, file: Path, reason: str, inbox: Path | None) -> FileReply | None:
    """Take the file, or the claimed file of an interrupted call; None when both are gone."""
    try:
        claimed = claim(file) if inbox is not None else _copied(files, file)
    except FileNotFoundError:
        left = _left_behind(inbox or files.settings.order_spool, safe_name(file.name))
        return files.take(left) if left is not None else None
    result = files.take(claimed, refuse_because=reason)
    if result is None:
        raise ProcessingFailure("Die Datei ändert sich noch. / The file is still changing.")
    return result


def _inbox_of(files: OrderFiles, file: Path) -> Path | None:
    """Return the watched folder the file lies in, if any."""
    folder = file.absolute().parent
    return folder if folder in files.inboxes else first_same(folder, files.inboxes)


def _copied(files: OrderFiles, file: Path) -> ClaimedFile:
    """Copy the file into our spool, claimed: the service finishes what this call does not.

    Where the original cannot be removed, a second call with it is still the same order.
    """
    data = read(file)
    claimed = adopt(file.name, data, files.settings.order_spool)
    with suppress(OSError):
        delete_same(file, data)
    return claimed


def _wait_until_whole(file: Path, patience: float) -> str:
    """Wait ``patience`` seconds at most; return what the file lacks, "" when whole or gone."""
    began = quiet_since = time.monotonic()
    stamp: FileStamp | None = None
    try:
        while True:
            before, stamp = stamp, _stamp(file)
            now = time.monotonic()
            quiet_since = quiet_since if stamp == before else now
            late = now - began >= patience
            if now - quiet_since >= QUIET_SECONDS or late:
                judgement = judge(read(file))
                if judgement.condition is FileCondition.FOREIGN:
                    raise _no_order("Das ist ein Ergebnis. / This is a result.")
                if judgement.condition is FileCondition.WHOLE or late:
                    return judgement.reason
            time.sleep(PAUSE_SECONDS)
    except FileNotFoundError:
        return ""


def _stamp(file: Path) -> FileStamp:
    status = file.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise _no_order("Das ist keine Datei. / This is no file.")
    if status.st_size > MAX_BYTES:
        raise _no_order("Die Datei ist zu groß. / The file is too large.")
    return FileStamp.of(status)


def _no_order(problem: str) -> OrderError:
    return OrderError("file", f"Kein Auftrag: {problem}")


def _left_behind(folder: Path, name: str) -> ClaimedFile | None:
    """Return the file of that name that somebody claimed in the folder and did not finish."""
    with suppress(OSError):
        for one in look(folder, lambda _name: False):
            if one.claimed is not None and one.claimed.name == name:
                return one.claimed
    return None


def _taken_before(files: OrderFiles, file: Path, seconds: float) -> Sequence[TakenRecord]:
    taken = files.ports.filed.of_file(safe_name(file.name), seconds + AT_ONCE_SECONDS)
    if not taken:
        raise OrderError("file", f"{file}: Diese Datei gibt es nicht. / There is no such file.")
    return taken


def _results_came(files: OrderFiles, numbers: Sequence[str], seconds: float) -> bool:
    """Wait until everything the orders' exams have to say has arrived."""
    deadline = time.monotonic() + seconds
    while not all(files.ports.results_arrived(number) for number in numbers):
        if time.monotonic() >= deadline:
            return False
        time.sleep(PAUSE_SECONDS)
    return True
