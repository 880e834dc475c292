"""Whether two sets of demographics are surely those of two persons.

One detail alone proves nothing: names are misspelt and marry, birth dates are mistyped. Where both
differ it is somebody else, whatever number stands beside them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from gdtbridge.dataset.values import to_date, to_names

_SPELLED_OUT: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "æ": "ae"})


@dataclass(frozen=True, slots=True)
class Person:
    """Patient's Name (PN) and Birth Date (DA) as sent; empty where not said."""

    name: str
    birth_date: str

    @classmethod
    def of(cls, name: str, born: date | None) -> Person:
        """Return the person of that name who was born on that day."""
        return cls(name, born.strftime("%Y%m%d") if born else "")


def are_two(one: Person, other: Person) -> bool:
    """Return whether family name and birth date are known of both and differ."""
    births = to_date(one.birth_date), to_date(other.birth_date)
    if None in births or births[0] == births[1]:
        return False
    families = _family(one.name), _family(other.name)
    return "" not in families and families[0] != families[1]


def _family(person_name: str) -> str:
    """Return the family name in plain letters: ``Müller``, ``MUELLER`` and ``Muller`` are one."""
    folded = to_names(person_name)[0].casefold().translate(_SPELLED_OUT)
    plain = unicodedata.normalize("NFKD", folded)
    letters = "".join(letter for letter in plain if letter.isalnum())
    for spelled, short in (("ae", "a"), ("oe", "o"), ("ue", "u")):
        letters = letters.replace(spelled, short)
    return letters
