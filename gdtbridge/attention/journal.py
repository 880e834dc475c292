"""The log's share: one line when something begins to need a person, one when it ends."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable

from gdtbridge.attention.kinds import KINDS
from gdtbridge.attention.model import AttentionItem

log = logging.getLogger(__name__)


class AttentionJournal:
    """Logs what begins and what ends, by kind and number: subjects may name studies and files.

    It remembers in memory, so that it tells even when the database takes nothing; a restart tells
    once more what still lasts. Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, frozenset[tuple[str, str]]] = {}
        self._failed: set[str] = set()

    def failed_before(self, source: str) -> bool:
        """Note that a source could not look; return whether it could not the last time either."""
        with self._lock:
            before = source in self._failed
            self._failed.add(source)
            return before

    def looked(self, source: str) -> None:
        """Note that a source could look."""
        with self._lock:
            self._failed.discard(source)

    def tell(self, teller: str, items: Iterable[AttentionItem]) -> None:
        """Log how the items of a source, or of a part, differ from those told before."""
        found = frozenset((item.code, item.subject) for item in items)
        with self._lock:
            known = self._known.get(teller, frozenset())
            self._known[teller] = found
        for code, count in Counter(code for code, _ in found - known).items():
            log.warning("attention %s begins: %d %s", code, count, KINDS[code].text(count))
        for code, count in Counter(code for code, _ in known - found).items():
            log.warning("attention %s ends: %d %s", code, count, KINDS[code].text(count))
