"""The record types (Satzarten): which way they travel, and which fields they have, in order.

Fields and order are those of the GDT 2.1 record tables (bellmit/insuite@6af0a7ee, Elexis). What
3.0 adds is in :data:`MANDATORY_IN_3`. 8310, 8314 and the sender's block (0102, 0103, 0132) stand
in real files of 2.1 although its tables lack them there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class RecordType:
    """One record type; ``to_device`` is the direction of travel, None where nobody documents it.

    ``mandatory`` and ``fields`` (all there may be, in the order of the file) are those of 2.1;
    both are empty where no table is public.
    """

    number: str
    name: str
    to_device: bool | None
    versions: frozenset[str]
    mandatory: frozenset[str] = frozenset()
    fields: tuple[str, ...] = ()


_HEAD: Final = ("8000", "8100", "8315", "8316", "9206", "9218", "0102", "0103", "0132")
_NAMES: Final = ("3100", "3101", "3102", "3103", "3104")
_PATIENT: Final = (
    "3000", *_NAMES, "3105", "3106", "3107", "3108", "3110", "3622", "3623", "3628",
)  # fmt: skip
_ORDER: Final = ("8310", "8314", "8402")

OBJECT_MARKS: Final[Mapping[str, str]] = MappingProxyType({"8200": "8201", "8002": "8003"})
"""Field that starts an object to the field that ends the object: of 3.0 (counted), of 3.1."""

RECORD_ENDS: Final[Mapping[str, str]] = MappingProxyType({"8200": "8202", "8002": "8001"})
"""Field that starts an object to the field that ends a record with such objects."""

GROUPING: Final = frozenset({*OBJECT_MARKS, *OBJECT_MARKS.values(), *RECORD_ENDS.values()})
"""Fields that only group others."""

RECORD_LENGTHS: Final = frozenset({"8100", "8004"})
"""Fields that state the bytes of a record; 8004 in 3.1."""

FILE_GROUP: Final = ("6302", "6303", "6304", "6305")
"""One attachment: shown name, format, content, path."""

FREE_PAIRS: Final = tuple(str(number) for number in range(6330, 6400))
"""An even number names a free category, the next odd one is its content."""

TEST_GROUP: Final = (
    "8410", "8411", "8428", "8429", "8430", "8431", "8437", "8438", "8418", "8420", "8421",
    "8432", "8439", "8460", "8461", "8462", "8470", "8480",
)  # fmt: skip
"""One test: its id first."""

_BODY: Final = (
    *_ORDER, "6200", "6201", "6205", "6220", "6221", "6227", "6226", "6228",
    *FILE_GROUP, *FREE_PAIRS, *TEST_GROUP, "8990",
)  # fmt: skip

_SMALLEST: Final = frozenset({"8000", "8100", "9218", "3000"})
_NAMED: Final = _SMALLEST | {"3101", "3102", "3103"}

MANDATORY_IN_3: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    dict.fromkeys(("6302", "6303", "6310", "6311"), frozenset(_ORDER))
)
"""Fields GDT 3.0 demands besides, by record type: those of the object Obj_Anforderung."""


_TO_DEVICE, _FROM_DEVICE = True, False
_VERSIONS: Final = ("2.1", "3.0", "3.1", "3.5")
_REQUESTED: Final = (*_HEAD, *_PATIENT, *_ORDER, "6200", "6201", "8410", "8432", "8439")
_SHOWN: Final = (*_HEAD, "3000", *_NAMES, "3110", *_ORDER, "6200", "6201", "8432", "8439")


def _type(
    number: str,
    name: str,
    direction: bool | None,  # noqa: FBT001 - one of the two words above
    mandatory: frozenset[str] = frozenset(),
    fields: tuple[str, ...] = (),
    since: str = "2.1",
) -> RecordType:
    """Return one row; a record type stays once a version introduced it."""
    present = frozenset(_VERSIONS[_VERSIONS.index(since) :])
    return RecordType(number, name, direction, present, mandatory, fields)


_ROWS: Final = (
    _type("6300", "Stammdaten anfordern", _FROM_DEVICE, _SMALLEST, (*_HEAD, "3000")),
    _type("6301", "Stammdaten übermitteln", _TO_DEVICE, _NAMED, (*_HEAD, *_PATIENT)),
    _type("6302", "Neue Untersuchung anfordern", _TO_DEVICE, _NAMED, _REQUESTED),
    _type("6303", "Angeforderte Untersuchung stornieren", _TO_DEVICE, _SMALLEST, _REQUESTED, "3.0"),
    _type(
        "6310",
        "Daten einer Untersuchung übermitteln",
        _FROM_DEVICE,
        _NAMED,
        (*_HEAD, *_PATIENT, *_BODY),
    ),
    _type("6311", "Daten einer Untersuchung anzeigen", _TO_DEVICE, _SMALLEST, _SHOWN),
    *(
        _type(number, "Satzart der Version 3.5", None, since="3.5")
        for number in ("6320", "6321", "6330", "6331")
    ),
)

RECORD_TYPES: Final[Mapping[str, RecordType]] = MappingProxyType({row.number: row for row in _ROWS})
"""By their number; 6320-6331 are accepted by one implementation of 3.5."""

BODY_RANK: Final[Mapping[str, int]] = MappingProxyType(
    {field: rank for rank, field in enumerate(RECORD_TYPES["6310"].fields)}
)
"""Place of each field in a 6310."""

_NEIGHBOURS: Final = (
    ("3000", "0132"), ("6000", "3628"), ("8000", "6205"), ("9000", "8402"), ("9999", "0132"),
)  # fmt: skip
"""Fields below the first number follow the second, where no table of 6310 has them."""

_OURS: Final = frozenset({"8000", "8100", "8315", "8316", "9206", "9218", *_NAMES[1:4], "3000"})
_ELSEWHERE: Final = frozenset({"0193", "3110", "3301", "3302", "3303", "3600"})
"""Fields of the patient that results have anyway."""


def echo_rank(field: str) -> int:
    """Return the place a field of the order has in a flat 6310 that repeats it."""
    after = next(known for limit, known in _NEIGHBOURS if field <= limit)
    return BODY_RANK.get(field, BODY_RANK[after])


def may_be_echoed(field: str) -> bool:
    """Return whether results may repeat a field of their order: one they have no content for."""
    written = _OURS | _ELSEWHERE | GROUPING | RECORD_LENGTHS | {"0001", *_BODY}
    return field not in written
