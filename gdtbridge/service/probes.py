"""How each part is: what is found out in the background for people and monitors."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from gdtbridge.attention import AttentionSource, counts, has_fault
from gdtbridge.attention.sources import free_inodes
from gdtbridge.core import Core
from gdtbridge.durable.clock import local_time
from gdtbridge.forward import CopyState
from gdtbridge.forward.sender import NOT_LATE
from gdtbridge.health import Figure, PartState, Probe
from gdtbridge.outbox import FORWARD
from gdtbridge.settings import MEGABYTE
from gdtbridge.settings.folders import is_writable


def probes_of(core: Core) -> Mapping[str, Probe]:
    """Return a probe for each part; the worklist comes last, for its folder may hang."""
    *sources, worklist = core.attention.sources
    return {
        "database": lambda: _database(core),
        "disk": lambda: _disk(core),
        "outbox": lambda: _outbox(core),
        "forward": lambda: _forward(core),
        "attention": lambda: _attention(core, "attention", *sources),
        "certificates": core.certificates.parts,
        "worklist": lambda: _worklist(core) | _attention(core, "attention:worklist", worklist),
    }


def _database(core: Core) -> dict[str, PartState]:
    waiting = core.overview.attention()
    told = ", ".join(f"{count} {kind}" for kind, count in waiting.items())
    core.database.try_lock()
    if not core.database.is_owned:
        return {"database": _lock_state(core)}
    return {"database": _lock_state(core), "exams": PartState(not waiting["overdue"], told)}


def _lock_state(core: Core) -> PartState:
    """Return whether the database can be written."""
    if not core.database.is_owned:
        return PartState(ok=False, detail="out of reach, or another service has it")
    lock = core.database.lock
    if not lock.is_long:
        return PartState(ok=True)
    since = local_time(core.clock.utc() - lock.seconds)
    return PartState(ok=False, detail=f"locked by another program since {since:%H:%M}")


def _disk(core: Core) -> dict[str, PartState]:
    settings = core.settings
    free = shutil.disk_usage(core.archive.folder).free // MEGABYTE
    writable = is_writable(settings.archive_folder) and is_writable(settings.spool_folder)
    told = f"{free} MB free" if writable else "not writable"
    well = free >= settings.storage.min_free_mb and writable
    return {"disk": PartState(well, told, figures=_disk_figures(core.archive.folder))}


def _disk_figures(folder: Path) -> dict[Figure, float]:
    figures: dict[Figure, float] = {
        Figure("gdtbridge_disk_free_bytes"): shutil.disk_usage(folder).free
    }
    inodes = free_inodes(folder)
    if inodes is not None:
        figures[Figure("gdtbridge_disk_free_inodes")] = inodes
    return figures


def _outbox(core: Core) -> dict[str, PartState]:
    """Return how each destination is; that an archive takes nothing is told of forwarding."""
    return {
        f"outbox:{one.destination}": replace(one.state, waits=one.waits and one.kind != FORWARD)
        for one in core.outbox.status()
    }


def _forward(core: Core) -> dict[str, PartState]:
    """Return how many copies wait and failed; nothing where nothing is forwarded."""
    found = core.forward.unsent()
    figures = {
        Figure(f"gdtbridge_forward_{state}", aet): count
        for aet, states in found.items()
        for state, count in states.items()
    }
    for aet, count in core.confirmations.unconfirmed().items():
        figures[Figure("gdtbridge_forward_unconfirmed", aet)] = count
    told = ", ".join(f"{aet}: {states[CopyState.WAITING]}" for aet, states in found.items())
    senders = [one for one in core.outbox.status() if one.kind == FORWARD]
    waits = any(one.waits and one.last_error not in NOT_LATE - {""} for one in senders)
    return {"forward": PartState(True, told, figures=figures, waits=waits)} if found else {}


def _worklist(core: Core) -> dict[str, PartState]:
    problems = len(core.worklist.problems())
    count = len(core.worklist.entries())
    told = f"{count} entries, {problems} unreadable files"
    writable = core.worklist.ask(partial(is_writable, core.worklist.path))
    return {"worklist": PartState(writable, told)}


def _attention(core: Core, part: str, *sources: AttentionSource) -> dict[str, PartState]:
    waiting = counts(item for source in sources for item in core.attention.of(source))
    told = ", ".join(f"{count} {code}" for code, count in waiting.items())
    return {part: PartState(not has_fault(waiting), told, waiting)}
