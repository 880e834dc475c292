"""Keys of the messages a result consists of: what is put under a known key is not put twice.

Each has the chart in it, as a digest of the patient number: an exam may be reported for another
number later. Keys stand in databases, so their form stays.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_AGAIN: Final = re.compile(r"~\d+$")
"""End of the key of a record that a person had sent once more."""


_RECORD: Final = re.compile(
    r"(?:values:[^:]*:[^:]*|(?:study|retraction):[^:]*:[^:]*:(?P<order>.*?)):(?P<turn>\d+)(?::.*)?",
    re.DOTALL,
)
"""A record's key; accession numbers of other programs may hold anything."""


def digest(*texts: str) -> str:
    """Return 16 hexadecimal digits that stand for texts and their order."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def chart_mark(number: str) -> str:
    """Return the end of a report's fingerprint, which says what chart its values went to."""
    return f":{digest(number)}"


def study_key(
    study: str, number: str, accession: str, turn: int, files: Sequence[str] | None = None
) -> str:
    """Return the key of a study record; ``files`` are the names a supplement brings.

    ``turn`` counts how often results of the study were taken back from the chart.
    """
    parts = ["study", study, digest(number), accession or "-", str(turn)]
    return ":".join(parts if files is None else [*parts, digest(*files)])


def values_key(instance_id: int, number: str, turn: int) -> str:
    """Return the key of the value record of the report in an instance."""
    return f"{values_prefix(instance_id)}{digest(number)}:{turn}"


def attachment_key(study: str, number: str, name: str) -> str:
    """Return the key of an attached file."""
    return f"{study}:{digest(number)}:{name}"


def retraction_key(
    study: str, number: str, accession: str, turn: int, objects: Iterable[str] | None = None
) -> str:
    """Return the key of a retraction; ``objects`` are the UIDs of what it is of, else all."""
    parts = ["retraction", study, digest(number), accession or "-", str(turn)]
    return ":".join(parts if objects is None else [*parts, digest(*sorted(objects))])


def study_prefix(study: str) -> str:
    """Return how the keys of a study's records begin, in whatever chart."""
    return f"study:{study}:"


def retraction_prefix(study: str) -> str:
    """Return how the keys of the retractions of a study's records begin, in whatever chart."""
    return f"retraction:{study}:"


def values_prefix(instance_id: int | str) -> str:
    """Return how the keys of a report's value records begin, in whatever chart."""
    return f"values:{instance_id}:"


def chart_prefixes(study: str, number: str, instances: Iterable[int]) -> Iterator[str]:
    """Yield how the keys begin of all a chart got, or is to get, of a study's instances."""
    chart = digest(number)
    yield f"{study_prefix(study)}{chart}:"
    yield attachment_key(study, number, "")
    for instance_id in instances:
        yield f"{values_prefix(instance_id)}{chart}:"


def turn_of(key: str) -> int:
    """Return how often results had been taken back from the chart before a record was put."""
    parts = _RECORD.fullmatch(first_key(key))
    return int(parts["turn"]) if parts is not None else 0


def order_of(key: str) -> str:
    """Return the accession number of the order a study record is for; empty for none."""
    parts = _RECORD.fullmatch(first_key(key))
    number = parts["order"] if parts is not None else None
    return "" if number in {None, "-"} else str(number)


def again_key(key: str, sending: int) -> str:
    """Return the key of the same record sent for the second, third … time."""
    return f"{first_key(key)}~{sending}"


def first_key(key: str) -> str:
    """Return the key under which a record was put for the first time."""
    return _AGAIN.sub("", key)
