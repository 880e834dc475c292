"""A service that is killed again and again, and a practice software that collects meanwhile."""

from __future__ import annotations

import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.tools.service import Service
from tests.tools.waiting import wait_for


@dataclass
class PracticeSoftware:
    """Collects and deletes every GDT file it finds, as importers do."""

    folder: Path
    done: threading.Event = field(default_factory=threading.Event)
    collected: list[bytes] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """Of the files, in the order of ``collected``."""

    def run(self) -> None:
        """Collect until told to stop."""
        while not self.done.wait(0.01):
            self.collect()

    def collect(self) -> None:
        """Take what lies there."""
        with suppress(FileNotFoundError):
            for path in self.folder.glob("[!.]*"):
                self.collected.append(path.read_bytes())
                self.names.append(path.name)
                path.unlink()


def kill_at_random(service: Service, kills: int) -> None:
    """Kill some starts half-way, and most runs at any moment of their work."""
    for _ in range(kills):
        service.launch()
        if random.random() < 0.2:
            time.sleep(random.uniform(0.1, 2))
        else:
            wait_for(service.listens, what="start of the service")
            time.sleep(random.uniform(0, 1.2))
        service.kill()
        service.ports = {}
