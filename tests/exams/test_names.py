"""File names are safe on every share, whatever a device sends."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.exams.names import report_file, study_file

SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
DEVICES = {"con", "prn", "aux", "nul", "com1", "lpt1"}


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
    ],
)
def test_study_files(accession: str, expected: str) -> None:
    """The accession number names the file as far as it is safe; otherwise our own number does."""
    assert study_file("{accession}.gdt", accession, 7) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{accession}", "A1.gdt"),
        ("PRAXGDTB.{accession}", "PRAXGDTB.A1"),
        ("PRAXGDTB.001", "PRAXGDTB.001"),
        ("result-{accession}.GDT", "result-A1.GDT"),
    ],
)
def test_patterns(pattern: str, expected: str) -> None:
    """The setting ``gdt.file_name`` is followed."""
    assert study_file(pattern, "A1", 7) == expected


@given(st.text(), st.text() | st.text("0123456789._", max_size=80))
def test_any_text_makes_a_safe_name(accession: str, uid: str) -> None:
    """No name leaves the folder, is hidden, or is a device of Windows."""
    for name in (study_file("{accession}.gdt", accession, 7), report_file(accession, uid, 7)):
        assert SAFE.fullmatch(name)
        assert ".." not in name
        assert name.split(".")[0].lower() not in DEVICES
        assert len(name) < 160
