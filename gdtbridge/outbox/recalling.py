"""Taking a delivered file back out of its folder: wholly, or it was collected.

The file is renamed away, which is one step for whoever reads the folder, and deleted only when that
is on record. Whoever has it open at that moment has it wholly: it counts as collected.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from gdtbridge.durable.files import read_plain, rename_new, sync_folder
from gdtbridge.durable.writers import is_open_elsewhere
from gdtbridge.outbox.model import OutgoingMessage, RecallResult


def take_back(folder: Path, message: OutgoingMessage, *, is_local: bool) -> RecallResult:
    """Rename the file of a message from its final to its temporary name, if it is that file.

    Once more after a crash: what bears the temporary name was taken before. ``is_local`` says that
    the folder is on a disk of this machine; elsewhere the server of the share knows its readers.
    """
    final, away = folder / message.final_name, folder / message.temporary_name
    try:
        if not _is_ours(away, message):
            if not _gave_back(away, final):
                return RecallResult.LATER
            if not _is_ours(final, message):
                return RecallResult.COLLECTED
            rename_new(final, away)
            if not _is_ours(away, message):  # another one came between: it is not ours to take
                return RecallResult.COLLECTED if _gave_back(away, final) else RecallResult.LATER
        sync_folder(folder)
        with away.open("rb") as file:
            is_read = is_open_elsewhere(file, is_local=is_local)
        return RecallResult.COLLECTED if is_read else RecallResult.TAKEN
    except FileNotFoundError:  # it went at this very moment
        return RecallResult.COLLECTED
    except OSError:  # in use, on a share that says so; or the share is away
        return RecallResult.LATER


def _gave_back(away: Path, final: Path) -> bool:
    """Give a file of somebody else that we renamed its name again; false while that is taken.

    The temporary name is removed once the recall has ended, with whatever bears it.
    """
    try:
        away.lstat()
        rename_new(away, final)
    except FileNotFoundError:  # nothing bears the temporary name
        return True
    except FileExistsError:
        return False
    sync_folder(final.parent)
    return True


def _is_ours(path: Path, message: OutgoingMessage) -> bool:
    """Return whether a file is the one of a message: by its bytes, else by their digest's name.

    What can be made again is not kept; such files are named by their content.
    """
    data = read_plain(path)
    if data is None or message.payload:
        return data is not None and data == message.payload
    return hashlib.sha256(data).hexdigest()[:16] in message.final_name
