"""Names in which letters stand as something else, told by the reader and never repaired."""

from __future__ import annotations

import pytest

from gdtbridge.gdt.read.name_flaws import name_flaw
from gdtbridge.gdt.read.reader import read_records

NAMES = ("Müller", "Öztürk", "Weiß", "Çelik", "Gómez", "Łukasz", "Žofie", "Åse", "Übelhör-Großkopf")
MISTAKEN = ("cp1252", "latin-1", "cp437", "cp850", "mac_roman", "iso8859-15")


def doubled(name: str, codec: str) -> str | None:
    """Return a name whose UTF-8 somebody took for another character set; None where it cannot."""
    try:
        return name.encode().decode(codec)
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize("codec", MISTAKEN)
def test_utf8_taken_for_anything(codec: str) -> None:
    """Whatever set it was taken for, each such name is seen."""
    names = [found for name in NAMES if (found := doubled(name, codec)) is not None]
    assert len(names) > 4
    assert {name_flaw(name) for name in names} == {"double-encoded"}


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("M&uuml;ller", "escaped-characters"),
        ("M&Uuml;LLER", "escaped-characters"),
        ("M&#252;ller", "escaped-characters"),
        ("M&#xFC;ller", "escaped-characters"),
        ("Meier &amp; Sohn", "escaped-characters"),
        ("M%C3%BCller", "escaped-characters"),
        ("M%FCller", "escaped-characters"),
        ("M\\u00fcller", "escaped-characters"),
        ("M\\'fcller", "escaped-characters"),
        ("M=FCller", "escaped-characters"),
        ("Weiß&ouml;", "escaped-characters"),
        ("M?ller", "question-mark"),
        ("?nal", "question-mark"),
        ("Wei?", "question-mark"),
        ("M\ufffdller", "replacement-character"),
        ("M\u00ef\u00bf\u00bdller", "replacement-character"),
    ],
)
def test_escapes_and_lost_letters(name: str, flaw: str) -> None:
    """The way they were written or lost is told."""
    assert name_flaw(name) == flaw


@pytest.mark.parametrize(
    "name",
    [
        *NAMES,
        *(
            "Müller & Sohn",
            "O'Neill",
            "d\u2019Äcker",
            "Meier-Schmidt",
            "?",
            "Dr. med. X",
            "100% Test",
            "5 €",
        ),
        *("Nguyễn", "Петров", "Παπαδόπουλος", "山田", "Ångström", "Ñandú", "«Äußer»", "Æther"),
        *(
            "Šimek",
            "Žižka",
            "Müller \N{EN DASH} Weiß",
            "Ÿsaÿe",
            "D\N{LEFT SINGLE QUOTATION MARK}Or",
        ),
    ],
)
def test_names_as_names_are(name: str) -> None:
    """Nobody is told of a name that is one."""
    assert name_flaw(name) is None


@pytest.mark.parametrize("codec", ["cp437", "cp850", "cp1252", "latin-1"])
def test_letters_of_a_macintosh(codec: str) -> None:
    """Read in another character set, they are seen by the signs no name has."""
    names = [name.encode("mac_roman").decode(codec) for name in ("Müller", "Weiß", "Müßig")]
    assert {name_flaw(name) for name in names} == {"mac-roman"}


def test_the_reader_says_the_line() -> None:
    """Once for each name, and once only where the bytes cannot be read at all."""
    lines = ("01380006302", "014300088037", "0203101M&uuml;ller", "0113102J?", "0158402a&auml;")
    (record,) = read_records("".join(f"{line}\r\n" for line in lines).encode())
    assert [(one.line, one.code) for one in record.warnings if "length" not in one.code] == [
        (3, "escaped-characters"),
        (4, "question-mark"),
    ]
