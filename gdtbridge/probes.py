"""How the parts of a core are: what `gdtbridge.health.Health` asks again and again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from gdtbridge.core import MEGABYTE, Core
from gdtbridge.health import PartState, Probe
from gdtbridge.settings.folders import is_writable


def probes_of(core: Core) -> Mapping[str, Probe]:
    """Return a probe for each part; the worklist comes last, for its folder may hang."""
    return {
        "database": lambda: _database(core),
        "disk": lambda: _disk(core),
        "outbox": lambda: _outbox(core),
        "worklist": lambda: _worklist(core),
    }


def _database(core: Core) -> dict[str, PartState]:
    waiting = core.overview.attention()
    told = ", ".join(f"{count} {kind}" for kind, count in waiting.items())
    return {"database": PartState(ok=True), "exams": PartState(not waiting["overdue"], told)}


def _disk(core: Core) -> dict[str, PartState]:
    settings = core.settings
    free = shutil.disk_usage(core.archive.folder).free // MEGABYTE
    writable = is_writable(settings.archive_folder) and is_writable(settings.spool_folder)
    told = f"{free} MB free" if writable else "not writable"
    return {"disk": PartState(free >= settings.storage.min_free_mb and writable, told)}


def _outbox(core: Core) -> dict[str, PartState]:
    return {f"outbox:{one.destination}": one.state for one in core.outbox.status()}


def _worklist(core: Core) -> dict[str, PartState]:
    problems = len(core.worklist.problems())
    count = len(core.worklist.entries())
    told = f"{count} entries, {problems} unreadable files"
    return {"worklist": PartState(is_writable(core.worklist.path), told)}
