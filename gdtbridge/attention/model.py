"""Items that need a person, and the sources that find them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from gdtbridge.attention.kinds import KINDS, AttentionKind, AttentionLevel
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import BridgeError
from worklist import WorklistError

MOST_OF_A_KIND: Final = 1000
"""So many items of a kind are looked at, the oldest first: a list nobody reads to its end."""
AT_ONCE: Final = frozenset({"exams", "steps", "examined-orders", "outbox"})
"""Sources that ask the database alone, of what people decide."""
NOT_LOOKED: Final = "not-looked"
LOOK_ERRORS: Final = (BridgeError, WorklistError, OSError)
"""What a source raises where it cannot look."""


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """One thing that needs a person; the same as long as ``code`` and ``subject`` are.

    ``whose`` and ``detail`` may name patients and files: for who may see them, never for a log, a
    webhook or a metric.
    """

    code: str
    """A key of `KINDS`."""
    subject: str
    """What it is about, for as long as it lasts: ``exam:2.25.1``, ``question:17``."""
    since: float
    """UTC seconds."""
    whose: str = ""
    detail: str = ""
    """The cause in words."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the way out of the kind has to be told."""

    @property
    def kind(self) -> AttentionKind:
        """The row of the table."""
        return KINDS[self.code]

    @property
    def way_out(self) -> str:
        """What to do: the exact command, or the place to look at."""
        return self.kind.way_out.format_map(self.names)


class AttentionSource(Protocol):
    """Finds the items of some kinds; nobody else finds any of those."""

    @property
    def name(self) -> str:
        """The part it looks at."""

    @property
    def codes(self) -> frozenset[str]:
        """The kinds it knows."""

    def items(self) -> Sequence[AttentionItem]:
        """Return everything that needs a person now; raise where it cannot look."""


@dataclass(frozen=True, slots=True)
class Attention:
    """All sources together."""

    sources: tuple[AttentionSource, ...]
    clock: Clock
    _found: dict[str, Sequence[AttentionItem]] = field(
        default_factory=dict, init=False, compare=False
    )
    """What each source found last."""

    def items(self) -> list[AttentionItem]:
        """Return every item, faults first, then the oldest."""
        found = [item for source in self.sources for item in self.of(source)]
        return sorted(found, key=_urgency)

    def of(self, source: AttentionSource) -> Iterator[AttentionItem]:
        """Yield the items of one source; that it cannot look is an item itself."""
        try:
            found = source.items()
        except LOOK_ERRORS as error:
            found = [not_looked(source.name, error, self.clock.utc())]
        self._found[source.name] = found
        yield from found

    def known(self) -> list[AttentionItem]:
        """Return every item as it was found last, faults first; what asks the database is asked.

        For who must not wait: no folder is looked at, which may hang.
        """
        for source in self.sources:
            if source.name in AT_ONCE:
                deque(self.of(source), maxlen=0)
        found = [item for one in self.sources for item in self._found.get(one.name, ())]
        return sorted(found, key=_urgency)


def not_looked(part: str, error: Exception, now: float) -> AttentionItem:
    """Return what tells that a part could not be looked at, by the type of the error alone."""
    return AttentionItem(NOT_LOOKED, f"part:{part}", now, detail=type(error).__name__)


def counts(items: Iterable[AttentionItem]) -> dict[str, int]:
    """Return how many items there are of each kind, in the order of the table."""
    counted = Counter(item.code for item in items)
    return {code: counted[code] for code in KINDS if counted[code]}


def has_fault(counted: Iterable[str]) -> bool:
    """Return whether one of these kinds is a fault."""
    return any(KINDS[code].level is AttentionLevel.FAULT for code in counted)


def _urgency(item: AttentionItem) -> tuple[bool, float]:
    return item.kind.level is not AttentionLevel.FAULT, item.since


def shown_name(name: str) -> str:
    """Return a file's name as a person reads it: on one line, nothing in it turns it around."""
    return "".join(one if one.isprintable() else "?" for one in name)
