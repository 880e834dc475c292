"""Dates, texts and codes of a report: what is told in words, and what is left out by which rule."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from gdtbridge.catalogue import report_to_json, report_to_text
from gdtbridge.catalogue.statements import present_statements, statement_text
from gdtbridge.sr import Report, fingerprint, read_report
from gdtbridge.sr.model import ReportStatement
from gdtbridge.sr.rules import STATEMENT_RULES
from gdtbridge.sr.statement_table import StatementUse
from gdtbridge.tsv import table
from tests.sr.builder import (
    FINDINGS,
    GROUP,
    PROPERTY,
    SITE,
    code,
    container,
    dataset,
    node,
    num,
    write,
)
from tests.sr.builder import text as worded

FINDING = "DCM|121071|Finding"
NODULE = "SCT|237495005|Thyroid nodule"
THYROID = "SRT|T-B6000|Thyroid"
SUMMARY = "DCM|121111|Summary"
COMMENT = "DCM|121106|Comment"
LENGTH = "SRT|G-D7FE|Length"
SEX = code("LN|11882-8|Gender US", "SCT|248152002|Female", rel="CONTAINS")
CONTEXT = "HAS OBS CONTEXT"


def dated(name: str, value: str, kind: str = "DATE") -> Dataset:
    """Return a DATE, DATETIME or TIME."""
    item = node(kind, name, (), "CONTAINS")
    keyword = {"DATE": "Date", "DATETIME": "DateTime", "TIME": "Time"}[kind]
    setattr(item, keyword, value)
    return item


def person(name: str, value: str, rel: str = "CONTAINS") -> Dataset:
    """Return a PNAME."""
    item = node("PNAME", name, (), rel)
    item.PersonName = value
    return item


def coded(name: str, value: str, *below: Dataset, rel: str = "CONTAINS") -> Dataset:
    """Return a contained CODE."""
    return code(name, value, *below, rel=rel)


def fetus(*items: Dataset) -> Dataset:
    """Return the summary of fetus 1."""
    return container(
        "DCM|125008|Fetus Summary",
        worded("LN|11951-1|Fetus ID", "1", rel=CONTEXT),
        *items,
    )


def read(folder: Path, *items: Dataset, explain: bool = False) -> Report:
    """Return the report with these items."""
    report = dataset(*items, template="5000")
    return read_report(write(report, folder / "report.dcm"), explain=explain)


def told(report: Report) -> list[tuple[str, str]]:
    """Return label and text of each statement."""
    shown = present_statements(report, (), fetal_sex=True)
    return [(one.name, one.text) for one in shown]


CASES: dict[str, tuple[Dataset, list[tuple[str, str]]]] = {
    "a date by code": (dated("LN|11778-8|x", "20240326"), [("ET", "26.03.2024")]),
    "a date in words": (
        dated("99X|4|EDD by LMP", "20240326"),
        [("ET nach letzter Regel", "26.03.2024")],
    ),
    "a date by a rule nobody knows": (
        dated("99X|4|EDD by CRL (Hadlock)", "20240326"),
        [("ET (EDD by CRL (Hadlock))", "26.03.2024")],
    ),
    "a date as text": (worded("99X|4|EDD", "2024-03-26"), [("ET", "26.03.2024")]),
    "a moment": (
        dated("99X|4|EDD", "20240326081500", "DATETIME"),
        [("ET", "26.03.2024 08:15")],
    ),
    "an age in words": (worded("LN|18185-9|GA", "24w3d"), [("Schwangerschaftsalter", "24+3 SSW")]),
    "an age in signs": (
        worded("99X|5|GA by LMP", "24+3"),
        [("Schwangerschaftsalter nach letzter Regel", "24+3 SSW")],
    ),
    "a comment in lines": (
        worded(COMMENT, "Plazenta praevia\r\n\r\n Kontrolle  in 2 Wochen\n"),
        [("Kommentar", "Plazenta praevia\nKontrolle in 2 Wochen")],
    ),
    "a comment that looks like a date or a code": (
        container(SUMMARY, worded(COMMENT, "20240326"), worded("LN|55110-1|C", "normal")),
        [("Kommentar", "20240326"), ("Schlussfolgerung", "normal")],
    ),
    "a text in the place of a code": (
        worded("99X|6|Fetal position", "Breech"),
        [("Lage des Kindes", "Beckenendlage")],
    ),
    "a code": (
        fetus(coded("LN|11764-8|Fetal position", "SCT|6096002|Breech presentation")),
        [("Lage des Kindes, Fetus 1", "Beckenendlage")],
    ),
    "a code in the device's words": (
        coded("99X|6|Placenta Location", "99X|7|anterior, high"),
        [("Plazentasitz", "anterior, high")],
    ),
    "where a placenta is": (
        coded("99X|6|Placenta Location", "99X|7|Anterior"),
        [("Plazentasitz", "Vorderwand")],
    ),
    "the same twice": (
        container(SUMMARY, worded(COMMENT, "A"), container(FINDINGS, worded(COMMENT, "A"))),
        [("Kommentar", "A")],
    ),
    "as a context": (
        container(SUMMARY, worded("99X|6|Placenta grade", "II", rel=CONTEXT)),
        [("Plazentagrad", "II")],
    ),
    "descriptors of a finding": (
        container(
            FINDINGS,
            code(SITE, THYROID),
            coded(
                FINDING,
                NODULE,
                num(LENGTH, "12", "mm", rel=PROPERTY),
                coded("SCT|107644003|Shape", "SCT|84360004|Ovoid shape", rel=PROPERTY),
                coded("99X|8|TI-RADS", "99X|9|TR3", rel=PROPERTY),
                coded("99X|10|Halo", "99X|11|thin", rel=PROPERTY),
            ),
        ),
        [
            ("Schilddrüsenknoten: Form", "oval"),
            ("Schilddrüsenknoten: TI-RADS", "TR3"),
            ("Schilddrüsenknoten: Halo", "thin"),
        ],
    ),
    "descriptors without a number": (
        container(
            FINDINGS,
            coded(FINDING, NODULE, coded("99X|8|Shape", "99X|9|Oval", rel=PROPERTY)),
            coded(FINDING, NODULE, coded("99X|8|Shape", "99X|9|Round", rel=PROPERTY)),
        ),
        [
            ("Befund", "Schilddrüsenknoten"),
            ("Schilddrüsenknoten 1: Form", "oval"),
            ("Schilddrüsenknoten 2: Form", "rund"),
        ],
    ),
    "an anatomy survey": (
        container(
            "DCM|131370|Fetal Anatomy Survey",
            coded(
                "SCT|80891009|Heart",
                "SCT|17621005|Normal",
                worded(COMMENT, "Vierkammerblick", rel=PROPERTY),
            ),
        ),
        [("Herz", "unauffällig"), ("Herz: Kommentar", "Vierkammerblick")],
    ),
    "a finding that stands for itself": (
        container(FINDINGS, code(SITE, THYROID), coded(FINDING, NODULE), num(LENGTH, "48", "mm")),
        [("Befund, Schilddrüse", "Schilddrüsenknoten")],
    ),
    "the sex of a fetus": (fetus(SEX), [("Geschlecht des Fetus, Fetus 1", "weiblich")]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_doctor_expects_is_told(case: str, tmp_path: Path) -> None:
    """With a German label, German words for codes, and the finding or child it is about."""
    tree, expected = CASES[case]
    assert told(read(tmp_path, tree)) == expected


LEFT_OUT: dict[str, tuple[Dataset, str, str]] = {
    # name: item, rule, what --explain shows of its content
    "a person": (person("99X|1|Comment", "Schall^Stefanie"), "identifying", ""),
    "an observer": (worded("DCM|121008|Person Observer Name", "Schall"), "identifying", ""),
    "whoever examined": (worded("99X|1|Referring Physician", "Dr. Schall"), "identifying", ""),
    "the procedure": (coded("DCM|121058|Procedure reported", "99X|1|US"), "circumstance", "US"),
    "the patient's sex": (
        coded("DCM|121032|Subject Sex", "DCM|F|Female"),
        "circumstance",
        "Female",
    ),
    "what no row has": (worded("99X|1|Preset", "Abdomen"), "unlisted", "Abdomen"),
    "nothing": (worded(COMMENT, " "), "no_text", ""),
    "the sex of a fetus": (fetus(SEX), "fetal_sex", ""),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_what_is_left_out_is_named(case: str, tmp_path: Path) -> None:
    """``--explain`` has a rule for every item, and shows no name of a person."""
    item, rule, value = LEFT_OUT[case]
    report = read(tmp_path, item, explain=True)
    (one,) = report.statement_decisions or ()
    assert (one.kept, one.rule, one.value) == (False, rule, value)
    shown = report_to_text(report)
    assert f"{rule}: {STATEMENT_RULES[rule].german}" in " ".join(shown.split())
    assert "Schall" not in shown + json.dumps(report_to_json(report))
    assert "Female" not in shown or rule == "circumstance"


def test_a_group_s_finding_is_in_the_names_of_its_numbers(tmp_path: Path) -> None:
    """It is not said again, and ``--explain`` says so."""
    tree = container(GROUP, coded(FINDING, NODULE), num(LENGTH, "9", "mm"))
    report = read(tmp_path, tree, explain=True)
    assert report.statements == ()
    assert [one.rule for one in report.statement_decisions or ()] == ["in_names"]


def test_sr_show_lists_statements_behind_the_measurements(tmp_path: Path) -> None:
    """As text with label, as JSON with codes and German words; the sex of a fetus in neither."""
    position = coded("LN|11764-8|Fetal position", "SCT|6096002|Breech presentation")
    report = read(tmp_path, fetus(position, SEX, worded(COMMENT, "eins\nzwei")))
    shown = report_to_text(report).splitlines()
    assert shown[shown.index("Angaben") + 1 :][:3] == [
        "Lage des Kindes, Fetus 1: Beckenendlage",
        "Kommentar, Fetus 1: eins",
        "  zwei",
    ]
    first, second = json.loads(json.dumps(report_to_json(report)))["statements"]
    assert (first["title"], first["text"]) == ("Lage des Kindes, Fetus 1", "Beckenendlage")
    assert (first["code"], first["value_code"], first["fetus"]) == ("11764-8", "6096002", "1")
    assert second["value"] == "eins\nzwei"


def test_a_statement_keeps_its_id_while_its_text_changes(tmp_path: Path) -> None:
    """So that a later report corrects it; of several of one kind the words are in the id."""
    one = read(tmp_path, worded(COMMENT, "A")).statements[0]
    other = read(tmp_path, worded(COMMENT, "B")).statements[0]
    both = read(tmp_path, worded(COMMENT, "A"), worded(COMMENT, "B")).statements
    assert one.id == other.id
    assert len({one.id, *(statement.id for statement in both)}) == 3


def test_what_is_said_in_words_counts_for_a_report_s_fingerprint(tmp_path: Path) -> None:
    """Another text is another report."""
    made = {fingerprint(read(tmp_path, worded(COMMENT, words))) for words in ("A", "B")}
    assert len(made) == 2


def test_a_long_text_is_cut_and_says_so(tmp_path: Path) -> None:
    """A text may have some thousand characters."""
    (one,) = read(tmp_path, worded(COMMENT, "Wort " * 2000)).statements
    assert one.value.endswith("(gekürzt)")
    assert len(one.value) < 4100


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("24w3d", "24+3 SSW"),
        ("24 w 3 d", "24+3 SSW"),
        ("24 weeks 3 days", "24+3 SSW"),
        ("24 weeks, 3 days", "24+3 SSW"),
        ("24W3D", "24+3 SSW"),
        ("24+3 SSW", "24+3 SSW"),
        ("24 wks", "24+0 SSW"),
        ("24", "24"),
        ("2 3", "2 3"),
        ("12 mm", "12 mm"),
        ("20241399", "20241399"),
    ],
)
def test_an_age_in_words_is_told_in_weeks_and_days(said: str, shown: str) -> None:
    """However a device writes it; a mere number is no age."""
    statement = ReportStatement(
        id="T", name="GA", kind="TEXT", value=said, code="18185-9", scheme="LN"
    )
    assert statement_text(statement) == shown


def test_every_row_of_the_table_is_told_or_says_why() -> None:
    """German, English and source are there; a label is short enough for a line."""
    for concept, use, german, english, source in table("sr/statements.tsv"):
        assert all((german, english, source)), concept
        assert StatementUse(use)
        assert len(german) <= 48


def test_every_rule_about_statements_is_documented(project: Path) -> None:
    """The page has the rules there are and whether they tell or leave out."""
    page = (project / "docs" / "reference" / "measurements.md").read_text(encoding="utf-8")
    part = page.split("### Dates, texts and codes")[1].split("Gestational age")[0]
    documented = re.findall(r"^\| `(\w+)` \| (told|left out) \|", part, re.MULTILINE)
    assert dict(documented) == {
        name: "told" if rule.kept else "left out" for name, rule in STATEMENT_RULES.items()
    }
    assert all(f"`{use}`" in part for use in StatementUse)
