"""The GDT samples: orders as an AIS writes them, results as the bridge writes them.

The orders are encoded here, without the program's own writer, so that they are a second opinion on
the format (GDT 2.1: three digits of length, four of field, content, CR LF). The results come from
the very code that writes a practice's records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from sample_maker.cast import ABDOMEN, ECHO, THYROID, Patient

DIALECTS: Final = ("gdt21", "medical-office")
"""Dialects all studies are written in."""

OTHERS: Final = (
    "gdt30",
    "gdt31",
    "medistar",
    "turbomed",
    "tomedo",
    "t2med",
    "x-concept",
    "x-comfort",
    "red-medical",
    "quincy",
)
"""Dialects one study is written in, to compare them."""

LATER: Final = ("gdt21", "gdt30", "medical-office", "x-comfort")
"""Dialects a supplement and a retraction are written in: one of each form, one with 6227."""

SEX: Final = {"M": "1", "F": "2"}
"""Field 3110 in GDT 2.1."""


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """A value of field 9206 with its name and its Python codec."""

    field_9206: str
    name: str
    codec: str


ASCII: Final = CharacterSet("1", "ascii", "ascii")
CP437: Final = CharacterSet("2", "cp437", "cp437")
LATIN_1: Final = CharacterSet("3", "iso8859-1", "iso8859-1")

# What an AIS of seven bits makes of the name.
_WOJCIK_IN_ASCII: Final = Patient("20815", "Wojcik", "Lukasz", date(1971, 7, 30), "M")

ORDERS: Final = (
    (ABDOMEN, ABDOMEN.patient, "ABDOMEN", CP437),
    (THYROID, THYROID.patient, "SCHILDDR", LATIN_1),
    (ECHO, _WOJCIK_IN_ASCII, "ECHO", ASCII),
)
"""Study, patient as the AIS spells the name, test id (8410), character set."""


def orders() -> Iterator[tuple[str, bytes]]:
    """Yield file name and bytes of each order, a record 6302."""
    for study, patient, test_id, charset in ORDERS:
        yield f"{study.key}-order-{charset.name}.gdt", _order(patient, test_id, charset)


def _order(patient: Patient, test_id: str, charset: CharacterSet) -> bytes:
    head = [_line("8000", "6302")]
    body = [
        _line("8315", "GDTBRIDG"),
        _line("8316", "PRAX_EDV"),
        _line("9206", charset.field_9206),
        _line("9218", "02.10"),
        _line("3000", patient.PatientID),
        _line("3101", patient.family_name, charset),
        _line("3102", patient.given_name, charset),
        _line("3103", patient.birth_date.strftime("%d%m%Y")),
        _line("3110", SEX[patient.sex]),
        _line("8402", "SONO00"),
        _line("8410", test_id),
    ]
    length_line = len(_line("8100", "00000"))
    total = sum(map(len, head)) + length_line + sum(map(len, body))
    return b"".join([*head, _line("8100", f"{total:05d}"), *body])


def _line(field: str, content: str, charset: CharacterSet = ASCII) -> bytes:
    encoded = content.encode(charset.codec)
    return b"%03d%s%s\r\n" % (len(encoded) + 9, field.encode("ascii"), encoded)


def results(reports: dict[str, Path]) -> Iterator[tuple[str, bytes]]:
    """Yield file name and bytes of each study record, value record, order answer and later record.

    ``reports`` has the Structured Report file of each study by the study's key.
    """
    from sample_maker.results import Bridge

    for dialect in (*DIALECTS, *OTHERS):
        bridge = Bridge(dialect)
        for study in (ABDOMEN, THYROID, ECHO) if dialect in DIALECTS else (ABDOMEN,):
            yield f"{study.key}-answer-{dialect}.gdt", bridge.answer(study)
            yield f"{study.key}-study-{dialect}.gdt", bridge.study(study)
            yield f"{study.key}-values-{dialect}.gdt", bridge.values(study, reports[study.key])
        if dialect in LATER:
            yield f"{ABDOMEN.key}-supplement-{dialect}.gdt", bridge.supplement(ABDOMEN)
            yield f"{ABDOMEN.key}-retraction-{dialect}.gdt", bridge.retraction(ABDOMEN)
