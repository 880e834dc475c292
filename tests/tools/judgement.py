"""What faults cost: of what was promised, how much is lost and how much is there twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, Self


@dataclass
class Judgement:
    """What one fault cost: nothing, or these."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost or doubled."""
        return not self.lost and not self.doubled

    def __add__(self, other: Judgement) -> Judgement:
        """Return both; what both say is one."""
        return Judgement(
            list(dict.fromkeys(self.lost + other.lost)),
            list(dict.fromkeys(self.doubled + other.doubled)),
        )

    def at(self, *moments: int) -> Judgement:
        """Return the same with the moments of the cuts, for who has to find out why."""
        return Judgement(
            [f"{what} at {moments}" for what in self.lost],
            [f"{what} at {moments}" for what in self.doubled],
        )

    def count(self, kind: str, wanted: Iterable[str], found: Counter[str]) -> Self:
        """Hold what there is against what there is to be, each once; return the same."""
        self.lost += [f"{kind} {one}" for one in sorted(set(wanted) - set(found))]
        self.doubled += [f"{kind} {one}" for one, times in sorted(found.items()) if times > 1]
        return self


def each_once(kind: str, wanted: Iterable[str], found: Iterable[str]) -> list[Judgement]:
    """Judge faults of which each could cost one thing, one by one."""
    times = Counter(found)
    return [Judgement().count(kind, {one}, _of(times, one)) for one in wanted]


def _of(times: Counter[str], one: str) -> Counter[str]:
    return Counter({one: times[one]} if one in times else {})


class FaultFigures(NamedTuple):
    """How many faults of a kind were tried, how many cost nothing, and what the others did."""

    tried: int
    survived: int
    lost: int
    doubled: int

    @classmethod
    def of(cls, judgements: Sequence[Judgement]) -> Self:
        """Count what became of each fault."""
        return cls(
            len(judgements),
            sum(one.is_good for one in judgements),
            sum(len(one.lost) for one in judgements),
            sum(len(one.doubled) for one in judgements),
        )

    def plus(self, other: FaultFigures) -> FaultFigures:
        """Return the figures of both."""
        return FaultFigures(*map(sum, zip(self, other, strict=True)))

    def __str__(self) -> str:
        """Return the line that is printed."""
        return ", ".join(f"{name} {count}" for name, count in self._asdict().items())


class Judged(Protocol):
    """Prints what faults of a kind cost, and fails the test if it was anything."""

    def __call__(self, kind: str, *judgements: Judgement) -> None:
        """Take one judgement for each fault that was tried."""
