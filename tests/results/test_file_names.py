"""File names are those the practice software knows, and safe on every share."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.gdt.tables.dialects import DIALECTS
from gdtbridge.gdt.write.results import Identification
from gdtbridge.outbox import FileNaming
from gdtbridge.results.file_names import ResultFileNames
from gdtbridge.settings import GdtSettings

SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
DEVICES = {"con", "prn", "aux", "nul", "com1", "lpt1"}
MOMENT = datetime(2024, 1, 15, 10, 30, 15)  # noqa: DTZ001 - local, as GDT
UID = "1.2.840.1"


def maker(**settings: object) -> ResultFileNames:
    """Return the names of an installation with these settings."""
    made = GdtSettings.model_validate(settings)
    return ResultFileNames(made, DIALECTS[made.dialect], Identification(made.sender, made.receiver))


@pytest.mark.parametrize(
    ("accession", "expected"),
    [
        ("R0000000042", "R0000000042.gdt"),
        ("", "E0000000007.gdt"),
        ("..", "E0000000007.gdt"),
        ("../../x", "x.gdt"),
        ("/var/x", "var_x.gdt"),
        ("..\\..\\x:ads", "x_ads.gdt"),
        ("CON", "_CON.gdt"),
        ("com1", "_com1.gdt"),
        ("ÄÖ 12", "12.gdt"),
        ("a b", "a_b.gdt"),
        ("###", "E0000000007.gdt"),
    ],
)
def test_study_files(accession: str, expected: str) -> None:
    """The accession number names the file as far as it is safe; otherwise our own number does."""
    assert maker().study(accession, 7, MOMENT) == expected


@pytest.mark.parametrize(
    ("settings", "study", "report", "other", "naming"),
    [
        ({}, "A1.gdt", f"A1-sr-{UID}.gdt", "S.gdt", FileNaming.ONCE),
        ({"file_name": "{accession}"}, "A1.gdt", f"A1-sr-{UID}.gdt", "S.gdt", FileNaming.ONCE),
        (
            {"file_name": "PRAXGDTB.{accession}"},
            "PRAXGDTB.A1",
            f"A1-sr-{UID}.gdt",
            "S.gdt",
            FileNaming.ONCE,
        ),
        ({"file_name": "{timestamp}.gdt"}, *["20240115103015.gdt"] * 3, FileNaming.ONCE),
        ({"file_name": "PRAXGDTB.001"}, *["PRAXGDTB.001"] * 3, FileNaming.REUSED),
        ({"file_name": "x.gdt", "occupied": "number"}, *["x.###"] * 3, FileNaming.REUSED),
        ({"file_name": "{sender}.{number}"}, *["GDTBRIDG.###"] * 3, FileNaming.REUSED),
        ({"file_name": "{sender}{number}.gdt"}, *["GDTBRIDG###.gdt"] * 3, FileNaming.REUSED),
        ({"dialect": "t2med"}, *["T2MEGDTB.GDT"] * 3, FileNaming.REUSED),
        ({"dialect": "t2med", "receiver": "APK2"}, *["APK2GDTB.GDT"] * 3, FileNaming.REUSED),
        ({"dialect": "red-medical"}, *["redmed_gdtbridg.gdt"] * 3, FileNaming.REUSED),
        ({"short_names": True}, *["GDTBR###.gdt"] * 3, FileNaming.REUSED),
        ({"short_names": True, "sender": "ME"}, *["ME###.gdt"] * 3, FileNaming.REUSED),
        ({"short_names": True, "dialect": "t2med"}, *["T2MEGDTB.GDT"] * 3, FileNaming.REUSED),
        ({"short_names": True, "dialect": "red-medical"}, *["gdtbr###.gdt"] * 3, FileNaming.REUSED),
        (
            {"short_names": True, "file_name": "{timestamp}"},
            *["GDTBR###.gdt"] * 3,
            FileNaming.REUSED,
        ),
        (
            {"short_names": True, "file_name": "{receiver}.{number}"},
            *["PRAX_EDV.###"] * 3,
            FileNaming.REUSED,
        ),
        (
            {"dialect": "red-medical", "file_name": "{accession}.gdt"},
            "a1.gdt",
            f"A1-sr-{UID}.gdt",
            "S.gdt",
            FileNaming.ONCE,
        ),
    ],
)
def test_patterns(
    settings: dict[str, object], study: str, report: str, other: str, naming: FileNaming
) -> None:
    """Software that tells files apart gets one for each record; other software gets its name."""
    names = maker(**settings)
    made = (
        names.study("A1", 7, MOMENT),
        names.report("A1", UID, 7, MOMENT),
        names.other("S", MOMENT),
    )
    assert (*made, names.naming) == (study, report, other, naming)


@given(st.text(), st.text() | st.text("0123456789._", max_size=80))
def test_any_text_makes_a_safe_name(accession: str, uid: str) -> None:
    """No name leaves the folder, is hidden, or is a device of Windows."""
    names = maker()
    for name in (names.study(accession, 7, MOMENT), names.report(accession, uid, 7, MOMENT)):
        assert SAFE.fullmatch(name)
        assert ".." not in name
        assert name.split(".")[0].lower() not in DEVICES
        assert len(name) < 160
