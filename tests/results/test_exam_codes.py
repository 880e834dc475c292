"""What exams nobody ordered are called: 8402, 8410 and 8411 by kind of exam."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.gdt.tables.device_codes import DEVICE_CODES, UNSPECIFIED, device_code
from gdtbridge.gdt.tables.dialects import DIALECTS
from gdtbridge.results.exam_codes import ExamCodeChooser, ExamCodes
from gdtbridge.settings import GdtSettings
from tests.tools.practice import Practice, Reports

RULES = [
    {"modality": "US", "words": ["Echo", "TTE"], "device_code": "ECHO01", "test_id": "ECHO"},
    {"device": ["SONO2"], "test_id": "ABDOMEN", "test_description": "Sono 2"},
    {"modality": "ECG", "test_id": "EKG"},
]


def chooser(dialect: str = "gdt21") -> ExamCodeChooser:
    """Return the codes of a practice with rules of its own."""
    settings = GdtSettings.model_validate({"dialect": dialect, "exam_codes": RULES})
    return ExamCodeChooser(settings, DIALECTS[dialect])


@pytest.mark.parametrize(
    ("modality", "description", "code"),
    [
        ("US", "", "SONO00"),
        ("US", "Abdomen", "SONO00"),
        ("US", "Farbdoppler der Carotiden", "SONO01"),
        ("US", "DUPLEX Beine", "SONO01"),
        ("ECG", "Ruhe-EKG", "EKG01"),
        ("ECG", "Belastungs-EKG", "ERGO01"),
        ("ECG", "Langzeit", "EKG04"),
        ("ECG", "", "EKG00"),
        ("OPT", "Doppler", "OPTO13"),
        ("XC", "Doppler", UNSPECIFIED),
        ("", "", UNSPECIFIED),
    ],
)
def test_the_table_of_device_codes(modality: str, description: str, code: str) -> None:
    """The codes of GDT 2.1 by modality and the words of the description."""
    assert device_code(modality, description) == code


def test_codes_of_the_table_fit_their_field() -> None:
    """8402 has six characters, and each row says what its code means."""
    assert all(1 < len(row.code) <= 6 and row.meaning and row.modality for row in DEVICE_CODES)
    assert {row.code for row in DEVICE_CODES} >= {"SONO00", "SONO01"}


@pytest.mark.parametrize(
    ("modality", "description", "device", "codes"),
    [
        ("US", "Stress-Echo", "", ("ECHO01", "ECHO", "PACS-Datensatz")),
        ("US", "tte kontrolle", "SONO2", ("ECHO01", "ECHO", "PACS-Datensatz")),
        ("US", "Leber", " sono2 ", ("SONO00", "ABDOMEN", "Sono 2")),
        ("US", "Leber Duplex", "SONO2", ("SONO01", "ABDOMEN", "Sono 2")),
        ("ECG", "Ruhe-EKG", "", ("EKG01", "EKG", "PACS-Datensatz")),
        ("US", "Leber", "SONO1", ("SONO00", "EXTPACS", "PACS-Datensatz")),
    ],
)
def test_the_first_rule_that_fits_counts(
    modality: str, description: str, device: str, codes: tuple[str, str, str]
) -> None:
    """What a rule leaves out is as without it."""
    assert chooser().of(modality, description, device) == ExamCodes(*codes)


def test_a_rule_goes_before_the_dialect_and_the_dialect_before_the_table() -> None:
    """x.comfort has ALL00 for what was not ordered."""
    names = chooser("x-comfort")
    assert names.of("US", "Echo").device_code == "ECHO01"
    assert names.of("US", "Duplex").device_code == "ALL00"


@pytest.fixture
def settings_text() -> str:
    """Return the settings of a practice with a rule."""
    return (
        "[[gdt.exam_codes]]\nwords = ['Echo']\n"
        "device_code = 'ECHO01'\ntest_id = 'ECHO'\ntest_description = 'Echokardiographie'\n"
    )


def test_study_and_values_of_an_exam_without_order_have_the_codes(
    project: Path, practice: Practice, tmp_path: Path
) -> None:
    """Both records have 8402 of the rule; the study's test is the rule's."""
    reports = Reports(project, practice, tmp_path)
    reports.send("echo.dcm", StudyDescription="Echokardiographie Kontrolle")
    practice.wait()

    records = practice.records()
    assert {record.first("8402") for record in records.values()} == {"ECHO01"}
    (study,) = (record for name, record in records.items() if "-sr-" not in name)
    assert (study.first("8410"), study.first("8411")) == ("ECHO", "Echokardiographie")
