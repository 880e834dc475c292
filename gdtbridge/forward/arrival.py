"""Whether objects have got wherever rules say that they go: for a promise to the device."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gdtbridge.archive import Standing
from gdtbridge.database import Connection
from gdtbridge.exams.model import ClaimState
from gdtbridge.forward import arrival_store as store
from gdtbridge.forward.arrival_store import KeptObject
from gdtbridge.forward.book import destination_of
from gdtbridge.forward.model import CopyState
from gdtbridge.forward.rules import ForwardTarget

_COUNTING: Final = frozenset({Standing.CURRENT, Standing.UNCOMPARED})
_UNDECIDED: Final = frozenset({ClaimState.OPEN, ClaimState.HELD, ClaimState.SETTLED})
"""Of a settled claim an object may still have to be compared."""
_NO_LONGER: Final = frozenset({CopyState.SUPERSEDED, CopyState.ENDED})
SENT: Final = frozenset({CopyState.SENT, CopyState.CONFIRMED})
CONFIRMED: Final = frozenset({CopyState.CONFIRMED})
"""The states in which a copy is there: as the archive said, as it was verified."""


@dataclass(frozen=True, slots=True)
class CopyArrival:
    """What copies have to arrive at: ``arrived`` are the states in which they have."""

    targets: Sequence[ForwardTarget]
    arrived: frozenset[CopyState]

    def outstanding(self, connection: Connection, instances: Collection[int]) -> frozenset[int]:
        """Return those of some instances of which a copy is due somewhere and has not arrived.

        Due is what a rule wants, unless nobody is to have it (another version counts, it was
        discarded) or its exam was decided on before there was the rule.
        """
        if not self.targets:
            return frozenset()
        objects = store.kept_objects(connection, instances)
        copies = store.states_of(connection, instances)
        exams = {one.exam_id for one in objects if one.claim_state == ClaimState.SETTLED}
        under_way = {
            target.aet: store.exams_under_way(connection, destination_of(target.aet), exams)
            for target in self.targets
        }
        return frozenset(
            one.instance_id
            for one in objects
            if any(self._is_missing(one, target.aet, copies, under_way) for target in self._of(one))
        )

    def _of(self, one: KeptObject) -> Iterable[ForwardTarget]:
        return (target for target in self.targets if target.wants(one.facts))

    def _is_missing(
        self,
        one: KeptObject,
        aet: str,
        copies: Mapping[tuple[int, str], CopyState],
        under_way: Mapping[str, Collection[int]],
    ) -> bool:
        state = copies.get((one.instance_id, aet))
        if state is not None:
            return state not in self.arrived | _NO_LONGER
        if one.standing not in _COUNTING:
            return False
        if one.claim_state == ClaimState.SETTLED and one.standing == Standing.CURRENT:
            return one.is_due or one.exam_id in under_way[aet]
        return one.claim_state in _UNDECIDED
