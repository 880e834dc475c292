"""What a readable report says: the sheet, before it is HTML or PDF."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.people import Patient
from gdtbridge.report_page import sheet_of
from gdtbridge.report_page.sheet import ReportSheet, SheetFact, SheetRow
from gdtbridge.report_page.texts import page_text
from gdtbridge.sr import read_report
from tests.report_page.conftest import sheet_of_file
from tests.sr.builder import (
    FINDINGS,
    LATERALITY,
    LEFT,
    LVIDD,
    MODE,
    RIGHT,
    TWO_D,
    code,
    container,
    dataset,
    echo_section,
    empty_num,
    num,
    qualified,
    row,
    sonoscape,
    text,
)

MakeSheet = Callable[..., ReportSheet]


def rows(sheet: ReportSheet) -> dict[str, SheetRow]:
    """Return all rows by name."""
    return {row.name: row for group in sheet.groups for row in group.rows}


def test_the_head_says_whose_when_and_by_which_device(project: Path) -> None:
    """Everything a letter needs, in German."""
    sheet = sheet_of_file(project / "samples/sr/echo.dcm")
    assert (sheet.title, sheet.day) == ("Messwerte Echokardiographie", "21.03.2024")
    assert sheet.patient == "Wójcik, Łukasz, * 30.07.1971, Nr. 20815"
    assert sheet.facts == (
        (
            SheetFact("Name", "Wójcik, Łukasz"),
            SheetFact("Geburtsdatum", "30.07.1971"),
            SheetFact("Patientennummer", "20815"),
        ),
        (
            SheetFact("Untersuchung", "21.03.2024, 14:47 Uhr"),
            SheetFact("Gerät", "Invented Ultrasound Example 1"),
            SheetFact("Station", "US01"),
            SheetFact("Auftragsnummer", "R0000000044"),
        ),
    )
    assert sheet.heading == "Messwerte Echokardiographie 21.03.2024"
    assert sheet.foot == (
        "Zweckbestimmung: gibt wieder, was das Gerät gemessen hat; bewertet nichts, kein Befund.",
        "Intended purpose: shows what the device measured; judges nothing and is no diagnosis.",
        "Erstellt von gdtbridge aus 2.25.220663700150477150717317746187597892432",
    )


def test_values_are_named_and_grouped_by_the_catalogue(sheet: MakeSheet) -> None:
    """German name, the catalogue's unit, a comma; what the device wrote stands beside it."""
    made = sheet(dataset(echo_section(num(LVIDD, "4.8219", "cm"))))
    assert [group.name for group in made.groups] == ["Linker Ventrikel"]
    (shown,) = made.groups[0].rows
    assert shown == SheetRow(
        "LV-Durchmesser enddiastolisch (LVIDd)", "48,2", "mm", "Gerät: 4,8219 cm"
    )


def test_a_practices_own_rows_name_the_values(project: Path) -> None:
    """What the practice calls things is what is printed."""
    own = Catalogue.load(({"id": "LVIDD", "name": "LV innen", "unit": "cm", "decimals": "2"},))
    report = read_report(project / "samples/sr/echo.dcm")
    made = sheet_of(report, own, report.patient, "")
    assert rows(made)["LV innen"].value == "4,82"
    assert "Auftragsnummer" not in {fact.word for facts in made.facts for fact in facts}


def test_what_the_catalogue_lacks_comes_last_in_the_devices_words(sheet: MakeSheet) -> None:
    """Number and unit stay the device's; the side is in the name and not said twice."""
    other = num("99ACME|X1|Plaque Höhe", "1.50", "mm", code(LATERALITY, LEFT), code(MODE, TWO_D))
    made = sheet(dataset(echo_section(other, num(LVIDD, "48.2", "mm"))))
    assert [group.name for group in made.groups] == ["Linker Ventrikel", "Weitere Messwerte"]
    (shown,) = made.groups[1].rows
    assert shown == SheetRow("Plaque Höhe, Linker Ventrikel links", "1,50", "mm", "2D")


def test_a_long_name_keeps_its_side_and_number(sheet: MakeSheet) -> None:
    """They stand at its end; what is left out is in the middle."""
    sides = {"1": LEFT, "2": LEFT, "3": RIGHT}
    numbers = [num("99X|1|X", at, "mm", code(LATERALITY, side)) for at, side in sides.items()]
    for number in numbers:
        number.ConceptNameCodeSequence[0].add_new(0x00080104, "UT", "Wort " * 90)
    first, second, third = rows(sheet(dataset(echo_section(*numbers))))
    assert first.endswith("links (1 von 2)")
    assert second.endswith("links")
    assert third.endswith("rechts")
    assert len(first) <= 210


def test_a_report_the_catalogue_knows_nothing_of_has_one_group(sheet: MakeSheet) -> None:
    """Nothing is "further" where nothing else is."""
    made = sheet(sonoscape(row("THY1", "Isthmus", "-1", "3.2")))
    assert [group.name for group in made.groups] == ["Messwerte"]
    assert made.title == "Messwerte"


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("cm2", "cm²"),
        ("ml/m2", "ml/m²"),
        ("mm[Hg]", "mmHg"),
        ("pH[H2O]", "pH[H2O]"),
        ("m/s2", "m/s²"),
    ],
)
def test_units_look_as_in_a_letter(sheet: MakeSheet, unit: str, shown: str) -> None:
    """Squares and cubes are raised, chemistry is not."""
    made = sheet(dataset(echo_section(num("99ACME|X1|Wert", "1", unit))))
    assert next(iter(rows(made).values())).unit == shown


def test_repeats_are_marked(sheet: MakeSheet) -> None:
    """Whether the catalogue knows them or not, and a note says what the number means."""
    twice = [num(LVIDD, value, "mm") for value in ("48.2", "47.0")]
    other = [num("99ACME|X1|Kennzahl", value, "mm") for value in ("1", "2")]
    for numbers in (twice, other):
        notes = sheet(dataset(echo_section(*numbers))).notes
        assert any("von drei Werten derselben Größe" in note for note in notes)
        assert sheet(dataset(echo_section(numbers[0]))).notes == ()
    made = sheet(dataset(echo_section(*twice, *other)))
    assert list(rows(made)) == [
        "LV-Durchmesser enddiastolisch (LVIDd)",
        "LV-Durchmesser enddiastolisch (LVIDd) (1 von 2)",
        "Kennzahl, Linker Ventrikel (1 von 2)",
        "Kennzahl, Linker Ventrikel",
    ]


def test_what_was_not_measured_is_counted(sheet: MakeSheet) -> None:
    """SonoScape's -1 is no value; the reader learns that there was a field."""
    made = sheet(sonoscape(row("A", "A", "-1", "3.2"), row("B", "B", "-1", "-1")))
    assert "Ein Wert wurde als „nicht gemessen“ übermittelt." in made.notes


def test_each_child_is_a_block(sheet: MakeSheet) -> None:
    """The mother's values come first, then one child's after the other's, whatever the order sent.

    What stands above a block is not said again in every row.
    """
    bpd, cervix = "LN|11820-8|BPD", "LN|11961-0|Cervix Length"

    def biometry(fetus: str, value: str) -> Dataset:
        name = text("LN|11951-1|Fetus ID", fetus, rel="HAS OBS CONTEXT")
        return container("DCM|125002|Fetal Biometry", name, num(bpd, value, "mm"))

    made = sheet(
        dataset(
            biometry("B", "70"),
            biometry("A", "73"),
            container("DCM|125011|Pelvis and Uterus", num(cervix, "34", "mm")),
            template="5000",
        )
    )
    found = [(group.name, row.name, row.value) for group in made.groups for row in group.rows]
    assert [one[:2] for one in found][1:] == [
        ("Fetus A: Fetale Biometrie", "Biparietaler Durchmesser (BIP)"),
        ("Fetus B: Fetale Biometrie", "Biparietaler Durchmesser (BIP)"),
    ]
    assert [one[2].partition(",")[0] for one in found] == ["34", "73", "70"]


def test_losses_are_named(sheet: MakeSheet) -> None:
    """What could not be read, and what the device disowns, is missed by name."""
    made = sheet(
        dataset(
            echo_section(
                num(LVIDD, "1,234", "mm"),
                num(LVIDD, "4 x 8", "mm"),
                num("99X|1|Abstand", "?", "mm"),
                qualified(num("LN|18043-0|EF", "0", "%"), "DCM|114006|Measurement failure"),
            )
        )
    )
    assert made.notes[:2] == (
        (
            "Fehlt auf dieser Seite, weil es sich nicht lesen ließ: "
            "LV-Durchmesser enddiastolisch (LVIDd) (2-mal); Abstand, Linker Ventrikel."
        ),
        "Das Gerät sagt zum Wert selbst, dass er kein Ergebnis ist: LV-Ejektionsfraktion (EF).",
    )
    assert not any("keine Zahl" in note for note in made.notes)


def test_warnings_stand_at_the_end_in_german(sheet: MakeSheet) -> None:
    """One sentence for each kind, with how often it holds."""
    made = sheet(dataset(echo_section(num(LVIDD, "4.8", "cm"), empty_num(LVIDD), empty_num(LVIDD))))
    assert "Kein Messwert. (2-mal)" in made.notes
    assert not any(" / " in note for note in made.notes)


def test_the_practice_knows_better_whose_it_is(sheet: MakeSheet) -> None:
    """A report made under a wrong number shows whose it is, and that the device said another."""
    patient = Patient("8", "Weiß", "Günther", date(1949, 11, 5))
    made = sheet(
        dataset(echo_section(num(LVIDD, "4.8", "cm")), PatientName="Falsch^Name"), patient, "R7"
    )
    assert made.patient == "Weiß, Günther, * 05.11.1949, Nr. 8"
    assert made.facts[1][-1] == SheetFact("Auftragsnummer", "R7")
    assert "Am Gerät war eine andere Patientennummer eingegeben." in made.notes
    assert not any("4711" in note for note in made.notes)
    assert sheet(dataset(), Patient(" 4711 ", "X")).notes == (
        "Der Bericht enthält keine Messwerte.",
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  zwei   Wörter\n", "zwei Wörter"),
        ("abc\u202etxt.exe", "abctxt.exe"),
        ("null\x00breit\u200b", "nullbreit"),
        ("Tab\tund\x85Zeile", "Tab und Zeile"),
        ("a\u0308", "ä"),
        ("Z" + "\u0336" * 9, "Z" + "\u0336" * 2),
        ("x" * 15 + "y" * 15, "x" * 13 + "…" + "y" * 6),
        ("<b>&amp;{{ 7*7 }}", "<b>&amp;{{ 7*7 }}"),
    ],
)
def test_texts_are_one_line_that_moves_nothing(text: str, shown: str) -> None:
    """Controls, marks of direction and piled up accents go; markup stays text."""
    assert page_text(text, 20) == shown


def test_repeats_stand_beside_their_own(sheet: MakeSheet) -> None:
    """Two velocities of one side and the greater of them come before the other side's."""
    psv = "LN|11726-7|Peak Systolic Velocity"

    def side(side: str, *values: str) -> Dataset:
        return container(
            FINDINGS,
            code("SRT|G-C0E3|Finding Site", "SRT|T-45300|Internal Carotid Artery"),
            code(LATERALITY, side),
            *(num(psv, value, "cm/s") for value in values),
        )

    made = sheet(dataset(side(RIGHT, "251", "244"), side(LEFT, "88"), template="5100"))
    assert [(row.name, row.value) for row in made.groups[0].rows] == [
        ("A. carotis interna PSV, rechts", "244,0"),
        ("A. carotis interna PSV, rechts (1 von 2)", "251,0"),
        ("A. carotis interna PSV, rechts, Maximum", "251,0"),
        ("A. carotis interna PSV, links", "88,0"),
    ]


def test_a_name_is_whole(sheet: MakeSheet) -> None:
    """The page has room for what field 8411 has not, and says nothing of it again."""
    peak = code("DCM|109055|Protocol Stage", "SCT|434161005|Peak", rel="HAS ACQ CONTEXT")
    biplane = code("SRT|G-C036|Measurement Method", "DCM|125207|Method of Disks, Biplane")
    made = sheet(dataset(echo_section(num("LN|18043-0|EF", "52", "%", biplane, peak))))
    assert rows(made) == {
        "LV-Ejektionsfraktion (EF), Simpson biplan, maximale Belastung": SheetRow(
            "LV-Ejektionsfraktion (EF), Simpson biplan, maximale Belastung", "52", "%", ""
        )
    }


def test_what_is_said_in_words_stands_in_its_group(sheet: MakeSheet) -> None:
    """Dates, texts and codes with German labels; a text of several lines goes on without one."""
    finding = code(
        "DCM|121071|Finding",
        "SCT|237495005|Thyroid nodule",
        num("SRT|G-D7FE|Length", "12", "mm", rel="HAS PROPERTIES"),
        code("SCT|107644003|Shape", "SCT|84360004|Ovoid shape", rel="HAS PROPERTIES"),
        rel="CONTAINS",
    )
    made = sheet(dataset(text("DCM|121106|Comment", "eins\r\nzwei"), container(FINDINGS, finding)))
    assert [(group.name, group.facts) for group in made.groups] == [
        ("Angaben", (SheetFact("Kommentar", "eins"), SheetFact("", "zwei"))),
        ("Schilddrüsenknoten", (SheetFact("Form", "oval"),)),
    ]
    assert [row.name for row in made.groups[1].rows] == ["Länge"]
    assert made.notes == ()
