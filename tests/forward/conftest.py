"""A practice that forwards to an archive made of pynetdicom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gdtbridge.settings import load_settings
from tests.tools.practice import Practice
from tests.tools.storage_peer import StoragePeer, storage_peer

STORAGE = """
[storage]
root = "."
database = "sqlite:///{folder}/db.sqlite"
"""
"""Where the practice's files are: commands find them by the same settings."""
PEER = """
[[peer]]
aet = "PACS"
host = "127.0.0.1"
port = {port}
[[forward]]
to = "PACS"
"""


@dataclass
class Forwarding:
    """The practice and the archive; nothing leaves by itself."""

    practice: Practice
    peer: StoragePeer

    def forward(self, *, seconds: float = 70) -> int:
        """Have everything leave that can; return how many messages were done."""
        self.practice.clock.seconds += seconds
        done = 0
        while now := self.practice.outbox.deliver_due("forward:PACS"):
            done += now
        return done

    def states(self) -> dict[str, int]:
        """Return how many copies are in each state, without those of which there are none."""
        counts = self.practice.core.forward.counts()["PACS"]
        return {state.value: count for state, count in counts.items() if count}


@pytest.fixture
def rules() -> str:
    """Return what stands below the table [[forward]]; a test overrides it."""
    return ""


@pytest.fixture
def forwarding(tmp_path: Path, rules: str) -> Iterator[Forwarding]:
    """Return a practice and an archive that does not listen yet."""
    peer = storage_peer()
    file = tmp_path / "gdtbridge.toml"
    file.write_text(STORAGE.format(folder=tmp_path) + PEER.format(port=peer.port) + rules)
    practice = Practice(tmp_path, load_settings(file))
    yield Forwarding(practice, peer)
    practice.close()
