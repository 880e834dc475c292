"""A whole exam as a sheet: all its reports, its pictures, as PDF for an archive and as text."""

from __future__ import annotations

import shutil
import subprocess
from base64 import a85decode
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest
from PIL import Image

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.people import Patient
from gdtbridge.report_page import (
    ReportSheet,
    SheetPicture,
    SheetSubject,
    exam_sheet_of,
    letter_text,
)
from gdtbridge.report_page.exam_sheet import NO_VALUES, OTHER_NAME
from gdtbridge.report_page.html import to_html
from gdtbridge.report_page.letter import USUAL_LETTER, VARIABLES, unknown_variables
from gdtbridge.report_page.pdf import to_pdf
from gdtbridge.sr import read_report
from tests.report_page.pdf_file import PdfFile
from tests.report_page.test_archival import JARS, PREFLIGHT
from tests.report_page.test_pdf import Poppler, pages, words

PATIENT = Patient("4711", "Müller", "Änne", date(1958, 12, 24))
FACTS = SheetSubject(
    patient=PATIENT,
    procedure="Abdomen",
    day=date(2026, 11, 30),
    time=time(9, 42),
    device="GE LOGIQ E9",
    practice="Praxis Dr. Sommer",
    order_number="R2026-000118",
    study_instance_uid="1.2.3",
)


def jpeg(folder: Path, number: int, size: tuple[int, int] = (400, 300), mode: str = "RGB") -> Path:
    """Write a JPEG of its own colour."""
    file = folder / f"{number}.jpg"
    colour = (number * 11 % 256, 90, 200) if mode == "RGB" else number * 11 % 256
    Image.new(mode, size, colour).save(file, "JPEG")
    return file


def exam(project: Path, *names: str, pictures: tuple[SheetPicture, ...] = ()) -> ReportSheet:
    """Return the sheet of an exam with some of the sample reports."""
    reports = [read_report(project / f"samples/sr/{name}.dcm") for name in names]
    return exam_sheet_of(FACTS, reports, standard(), pictures=pictures)


def some(folder: Path, count: int) -> tuple[SheetPicture, ...]:
    """Return pictures with captions; one is grey, one is very wide."""
    shapes = {1: ((400, 300), "L"), 2: ((900, 100), "RGB")}
    return tuple(
        SheetPicture(jpeg(folder, at, *shapes.get(at, ())), f"Bild {at + 1}") for at in range(count)
    )


def test_every_sheet_says_whose_it_is(project: Path, tmp_path: Path, poppler: Poppler) -> None:
    """Values, every picture with its caption; person, exam and page on each sheet."""
    pdf = to_pdf(exam(project, "abdomen", pictures=some(tmp_path, 9)))
    count = pages(poppler, pdf)
    assert count == 3
    for page in range(1, count + 1):
        text = words(poppler(pdf, "pdftotext", "-f", str(page), "-l", str(page)))
        assert f"Seite{page}von{count}" in text
        assert "Müller,Änne" in text
        assert "24.12.1958" in text
        assert "4711" in text
        assert "30.11.2026" in text
        assert "keinBefund" in text
    whole = poppler(pdf, "pdftotext", "-layout")
    assert [f"Bild {at}" for at in range(1, 10) if f"Bild {at}" not in whole] == []
    assert "Praxis Dr. Sommer" in whole
    assert "GE LOGIQ E9" in whole


def test_pictures_are_the_jpegs_they_were(project: Path, tmp_path: Path) -> None:
    """Byte for byte, neither cut nor stretched; the same exam is the same file."""
    given = some(tmp_path, 3)
    sheet = exam(project, "abdomen", pictures=given)
    pdf = to_pdf(sheet)
    file = PdfFile(pdf)
    images = [
        (number, one.value)
        for number, one in file.objects.items()
        if isinstance(one.value, dict) and one.value.get("/Subtype") == "/Image"
    ]
    assert {"/Interpolate", "/SMask"}.isdisjoint({key for _, one in images for key in one})
    stored = {a85decode(file.objects[number].raw[:-2]) for number, _ in images}  # type: ignore[index]
    assert stored == {one.file.read_bytes() for one in given}
    assert pdf == to_pdf(sheet)


@pytest.mark.peer
def test_pictures_are_fit_for_an_archive(project: Path, tmp_path: Path) -> None:
    """As the page of a report: qpdf and PDFBox's Preflight find nothing."""
    jars = [JARS / f"{name}.jar" for name in PREFLIGHT]
    if not (shutil.which("java") and shutil.which("qpdf") and all(map(Path.is_file, jars))):
        pytest.skip("qpdf, Java or PDFBox (libpdfbox2-java) is not installed")
    pdf = to_pdf(exam(project, "abdomen", pictures=some(tmp_path, 3)))
    (tmp_path / "whole.pdf").write_bytes(pdf)
    checked = ["qpdf", "--check", str(tmp_path / "whole.pdf")]
    done = subprocess.run(checked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    part_1 = pdf.replace(b"<pdfaid:part>2", b"<pdfaid:part>1").replace(b"%PDF-1.7", b"%PDF-1.4")
    (tmp_path / "page.pdf").write_bytes(part_1)
    validator = "org.apache.pdfbox.preflight.Validator_A1b"
    program = ["java", "-cp", ":".join(map(str, jars)), validator, str(tmp_path / "page.pdf")]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert "is a valid PDF/A-1b file" in done.stdout, done.stdout + done.stderr


def test_a_value_of_two_reports_stands_once(project: Path) -> None:
    """The same report twice adds nothing; another one says which it is."""
    once, twice = exam(project, "abdomen"), exam(project, "abdomen", "abdomen")
    assert [one.rows for one in twice.groups] == [one.rows for one in once.groups]
    both = exam(project, "abdomen", "thyroid")
    assert {one.name.rpartition(" (")[2] for one in both.groups} == {"Bericht 1)", "Bericht 2)"}


def test_what_is_missing_or_other_is_said(project: Path) -> None:
    """No report, and pictures that may have another name in them."""
    found = exam_sheet_of(replace(FACTS, is_corrected=True), [], standard(), notes=("x",))
    assert found.notes == (OTHER_NAME, NO_VALUES, "x")
    assert found.groups == ()


def test_html_shows_the_files_beside_it(project: Path, tmp_path: Path) -> None:
    """Several exams are one page; a caption is text."""
    picture = SheetPicture(Path("BILDER/B0000001.JPG"), '"><script>alert(1)</script>')
    page = to_html(exam(project, "abdomen", pictures=(picture,)), exam(project, "thyroid")).decode()
    assert '<img src="BILDER/B0000001.JPG"' in page
    assert "<script" not in page
    assert page.count("<article>") == 2
    assert "img-src file: &#39;self&#39;" in page or "img-src file: 'self'" in page


def test_the_text_of_a_letter(project: Path) -> None:
    """Each value with side and unit; a line of which nothing is known is left out."""
    text = letter_text(USUAL_LETTER, FACTS, exam(project, "abdomen"))
    first, *_, last = text.splitlines()
    assert first == "Sonographie Abdomen vom 30.11.2026 (GE LOGIQ E9):"
    assert last == "Vom Gerät gemessen, kein Befund."
    assert "Nieren: Niere Länge, rechts 108 mm; Niere Länge, links 112 mm" in text
    assert "" not in text.splitlines()
    bare = letter_text(USUAL_LETTER, replace(FACTS, device="", procedure=""), exam(project))
    assert bare.splitlines() == [
        "Sonographie vom 30.11.2026:",
        NO_VALUES,
        "Vom Gerät gemessen, kein Befund.",
    ]


def test_a_template_of_the_practice(project: Path) -> None:
    """Names what the table has, a line for each value; braces of its own stay."""
    template = "{name}, {birth_date}, {patient_number} {x}\n{value_lines}\n{time} {practice}"
    assert unknown_variables(template) == ("x",)
    text = letter_text(template.replace(" {x}", ""), FACTS, exam(project, "abdomen"))
    lines = text.splitlines()
    assert lines[0] == "Müller, Änne, 24.12.1958, 4711"
    assert "Niere Länge, rechts 108 mm" in lines
    assert lines[-1] == "09:42 Praxis Dr. Sommer"
    assert unknown_variables("".join(f"{{{one}}}" for one in VARIABLES)) == ()
