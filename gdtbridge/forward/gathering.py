"""The objects of an exam of which is decided whose they are, as they are to leave."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.database import Database
from gdtbridge.exams.store import exam_by_id
from gdtbridge.forward import store
from gdtbridge.forward.plan import DecidedObject
from gdtbridge.retrieve.finder import ArchiveFinder


@dataclass(frozen=True, slots=True)
class ObjectGatherer:
    """Finds what may leave of an exam. Thread-safe."""

    database: Database
    finder: ArchiveFinder

    def objects(self, exam_id: int) -> list[DecidedObject]:
        """Return what may leave of an exam now, in the order received."""
        with self.database.read() as connection:  # before the rest: what changes after it is seen
            exam = exam_by_id(connection, exam_id)
            standings = store.standings_of(connection, exam_id)
        if exam is None:
            return []
        found = list(self.finder.settled(exam.study_instance_uid))
        told = {one.instance_id: (one.head["Modality"], one.SOPClassUID) for one, _ in found}
        with self.database.read() as connection:
            facts = store.facts_of(connection, told)
        return [
            DecidedObject(
                one.instance_id,
                exam_id,
                one.claim_id,
                facts[one.instance_id],
                leaving,
                standings[one.claim_id],
            )
            for one, leaving in sorted(found, key=lambda pair: pair[0].instance_id)
            if one.claim_id in standings
        ]
