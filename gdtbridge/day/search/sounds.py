"""Family names of the stock that sound like one that was typed; inside the caller's transaction."""

from __future__ import annotations

from collections import Counter
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.day.search.model import ConditionKind, NamePart, SearchQuery
from gdtbridge.people import Patient
from gdtbridge.people.folding import SOUND_MARK, folded, sound_of, word_key
from gdtbridge.schema import claim, order_name, patient, patient_name, placed_order, study_name

MOST: Final = 6
"""Names that are offered."""
_LOOKED_AT: Final = 200
"""Rows of each stock that are looked at."""


def similar_names(connection: Connection, query: SearchQuery) -> list[str]:
    """Return the family names that sound like a typed word and are another, the usual first."""
    found: Counter[str] = Counter()
    for token in query.tokens:
        words = [one for one in token.readings if one.kind is ConditionKind.WORD]
        if words and words[0].part is not NamePart.GIVEN and (sound := sound_of(token.text)):
            found.update(_families(connection, word_key(sound, SOUND_MARK)))
            del found[""]
            for name in [one for one in found if folded(one) == words[0].word]:
                del found[name]
    return [name for name, _ in found.most_common(MOST)]


def _families(connection: Connection, key: str) -> list[str]:
    """Return the family names under a sound, once for each row."""
    exams = sa.select(study_name.c.exam_id).where(study_name.c.key == key).limit(_LOOKED_AT)
    orders = sa.select(order_name.c.order_id).where(order_name.c.key == key).limit(_LOOKED_AT)
    kept = sa.select(patient_name.c.patient_id).where(patient_name.c.key == key).limit(_LOOKED_AT)
    names = (
        sa.select(claim.c.patient_name).where(claim.c.exam_id.in_(exams)),
        sa.select(placed_order.c.patient_name).where(placed_order.c.id.in_(orders)),
    )
    found = [
        Patient.from_dicom("", name, "").family_name
        for query in names
        for name in connection.execute(query).scalars()
    ]
    families = sa.select(patient.c.family_name).where(patient.c.patient_id.in_(kept))
    found += connection.execute(families).scalars().all()
    return [one for one in found if word_key(sound_of(one), SOUND_MARK) == key]
