"""The sheet as PDF, read by poppler's programs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gdtbridge.report_page.pdf import LACKING, to_pdf
from gdtbridge.report_page.sheet import ReportSheet, SheetFact, SheetGroup
from tests.report_page.conftest import sheet_of_file
from tests.sr.builder import LATERALITY, RIGHT, code, dataset, echo_section, num

MakeSheet = Callable[..., ReportSheet]
Poppler = Callable[..., str]
SAMPLES = ("echo", "abdomen", "thyroid")


def pages(poppler: Poppler, pdf: bytes) -> int:
    """Return how many pages a PDF has."""
    found = re.search(r"^Pages:\s+(\d+)$", poppler(pdf, "pdfinfo"), re.MULTILINE)
    assert found
    return int(found[1])


def words(text: str) -> str:
    """Return a text without the blanks and line ends between its words."""
    return "".join(text.split())


@pytest.mark.parametrize("name", SAMPLES)
def test_every_value_is_on_one_page(project: Path, poppler: Poppler, name: str) -> None:
    """Each value stands before its unit, each name and remark is there, umlauts too."""
    sheet = sheet_of_file(project / f"samples/sr/{name}.dcm")
    pdf = to_pdf(sheet)
    assert pages(poppler, pdf) == 1
    text = words(poppler(pdf, "pdftotext", "-layout", "-nopgbrk"))
    raw = words(poppler(pdf, "pdftotext", "-raw"))
    for group in sheet.groups:
        assert words(group.name) in raw
        for row in group.rows:
            assert words(f"{row.value}{row.unit}") in text
            assert row.remark == "" or words(row.remark) in raw
            assert all(word in raw for word in row.name.split())
    for fact in (fact for facts in sheet.facts for fact in facts):
        assert words(fact.text) in raw
    assert "Seite1von1" in raw
    assert all(words(line) in raw for line in sheet.foot)


def test_sides_stand_with_their_values(sheet: MakeSheet, poppler: Poppler) -> None:
    """Left and right are never the reader's guess."""
    made = sheet(
        dataset(
            echo_section(
                num("99X|1|Niere Länge", "108.3", "mm", code(LATERALITY, RIGHT)),
                num("99X|1|Niere Länge", "111.9", "mm", code(LATERALITY, "SRT|G-A101|Left")),
            )
        )
    )
    text = poppler(to_pdf(made), "pdftotext", "-layout")
    assert re.search(r"Niere Länge, Linker Ventrikel rechts +108,3 mm", text)
    assert re.search(r"Niere Länge, Linker Ventrikel links +111,9 mm", text)


def test_the_fonts_are_inside(project: Path, poppler: Poppler) -> None:
    """What the workstation has installed does not matter."""
    listed = poppler(to_pdf(sheet_of_file(project / "samples/sr/echo.dcm")), "pdffonts")
    fonts = listed.splitlines()[2:]
    assert len(fonts) == 2
    assert all(re.search(r"LiberationSans.* yes yes yes ", font) for font in fonts)


def test_letters_of_other_languages(sheet: MakeSheet, poppler: Poppler) -> None:
    """Polish, Greek, Cyrillic, Chinese and Japanese are printed; what is not is said."""
    made = sheet(dataset(echo_section(num("99X|1|Łódź ß µ ° ² Ω Жук 左心室 テスト", "1", "mm"))))
    pdf = to_pdf(made)
    assert "Łódź ß µ ° ² Ω Жук 左心室 テスト" in poppler(pdf, "pdftotext", "-raw")
    assert LACKING not in poppler(pdf, "pdftotext")
    made = sheet(dataset(echo_section(num("99X|1|שלום 😀", "1", "mm"))))
    assert LACKING in poppler(to_pdf(made), "pdftotext")


def test_the_same_bytes_every_time(project: Path) -> None:
    """A file that is named for its content is the same file after a restart."""
    sheet = sheet_of_file(project / "samples/sr/echo.dcm")
    assert to_pdf(sheet) == to_pdf(sheet)


def test_many_values_take_more_pages_with_head_and_number(
    sheet: MakeSheet, poppler: Poppler
) -> None:
    """Every page says whose it is, what of, and which of how many."""
    numbers = [num(f"99X|{at}|Messwert {at}", f"{at}.25", "U") for at in range(300)]
    made = sheet(dataset(echo_section(*numbers), PatientName="Müller^Änne"))
    pdf = to_pdf(made)
    count = pages(poppler, pdf)
    assert count > 2
    text = words(poppler(pdf, "pdftotext", "-layout"))
    assert all(f"{at},25U" in text for at in range(300))
    for page in range(1, count + 1):
        here = poppler(pdf, "pdftotext", "-f", str(page), "-l", str(page), "-layout")
        assert f"Seite {page} von {count}" in here
        assert "Müller, Änne" in here
        assert "Messwerte Echokardiographie" in here
        assert here.count("Wert Einheit") >= 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (f"987654321.{'123456789' * 3}", f"987654321,{'123456789' * 3}"),
        ("-1.23456789E-30", "-0," + "0" * 29 + "123456789"),
        (f"0.{'0' * 29}{'123456789' * 3}", f"0,{'0' * 29}{'123456789' * 3}"),
    ],
)
def test_a_number_is_never_cut(sheet: MakeSheet, poppler: Poppler, value: str, shown: str) -> None:
    """However long it is, and however full the page, it is one word before its unit."""
    for others in (0, 60):
        numbers = [num(f"99X|{at}|Messwert {at}", "1", "mm") for at in range(others)]
        made = sheet(
            dataset(echo_section(num("99X|X|" + "Langer Name " * 5, value, "U"), *numbers))
        )
        assert f"{shown} U" in poppler(to_pdf(made), "pdftotext", "-raw")


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script> <b>&amp;</b> <font size=99>",
        ") Tj ET Q endstream endobj (\\",
        "x" * 10_000,
        "Wort " * 2_000,
        "abc\u202e321 mm\u202c",
        "\x00\x07\x1b[2J",
    ],
)
def test_hostile_names_are_text(sheet: MakeSheet, poppler: Poppler, name: str) -> None:
    """Whatever a name holds, it is one row of one page, and its value stands beside it."""
    number = num("99X|1|Name", "12.5", "mm")
    number.ConceptNameCodeSequence[0].add_new(0x00080104, "UT", name)
    made = sheet(dataset(echo_section(number)))
    pdf = to_pdf(made)
    assert pages(poppler, pdf) == 1
    text = poppler(pdf, "pdftotext", "-layout")
    assert re.search(r"12,5 mm", text)
    (row,) = made.groups[0].rows
    assert words(row.name) in words(poppler(pdf, "pdftotext", "-raw"))


def test_texts_are_told_whole(project: Path, poppler: Poppler) -> None:
    """What is said in words stands behind its word, however long it is."""
    long = " ".join(f"Wort{at}" for at in range(1200))
    facts = (
        SheetFact("Letzte Regel", "17.11.2023"),
        SheetFact("Schwangerschaftsalter nach Ultraschall", "28+3 SSW"),
        SheetFact("Kommentar", long),
        SheetFact("", "zweite Zeile"),
    )
    made = sheet_of_file(project / "samples/sr/echo.dcm")
    made = replace(made, groups=(SheetGroup("Angaben", (), facts), *made.groups))
    pdf = to_pdf(made)
    assert re.search(r"Letzte Regel: +17\.11\.2023", poppler(pdf, "pdftotext", "-layout"))
    raw = words(poppler(pdf, "pdftotext", "-raw"))
    assert all(f"Wort{at}" in raw for at in range(1200))
    assert "zweiteZeile" in raw
    assert "Angaben(Fortsetzung)" in raw


def test_an_empty_report_is_a_page(sheet: MakeSheet, poppler: Poppler) -> None:
    """It says that there is nothing."""
    pdf = to_pdf(sheet(dataset(PatientID="")))
    assert pages(poppler, pdf) == 1
    assert "enthält keine Messwerte" in poppler(pdf, "pdftotext")
