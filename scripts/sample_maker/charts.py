"""Charts: what a doctor finds of a report, as records of practice software and as a page.

Seven reports (`outline`) go the way of every report: read, presented, written as a value record in
three dialects, printed. Each becomes a Markdown file with its records and pictures of its page.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.people import Patient
from gdtbridge.report_page.compose import sheet_of
from gdtbridge.report_page.pdf import to_pdf
from gdtbridge.report_page.sheet import ReportSheet
from gdtbridge.sr import read_report
from sample_maker.cast import Study
from sample_maker.outline import FOLDER, OutlinedReport, outlined
from sample_maker.part10 import to_bytes
from sample_maker.results import Bridge

__all__ = ["FOLDER", "KEYS", "digest_of", "drawn", "made_chart", "pictures_of", "write"]

KEYS: Final = ("echo", "twins", "carotid", "abdomen", "thyroid", "bladder", "stress-echo")
DIALECTS: Final = ("gdt21", "medical-office", "turbomed")

OF_A_TEST: Final = frozenset({"8411", "8418", "8420", "8421", "8432", "8439", "8470", "8480"})
"""Fields that belong to the 8410 before them."""

PER_INCH: Final = 96
COLOURS: Final = 16
DIGEST: Final = "sheet"
"""Name of the text in a picture that says which sheet it shows."""


@dataclass(frozen=True, slots=True)
class MadeChart:
    """The chart of one report: its Markdown and the sheet its pictures show."""

    key: str
    markdown: str
    sheet: ReportSheet

    @property
    def digest(self) -> str:
        """A hash of every text of the sheet."""
        return hashlib.sha256(repr(astuple(self.sheet)).encode("utf-8")).hexdigest()


@cache
def made_chart(key: str, pages: int) -> MadeChart:
    """Return the chart of a report whose page has so many pictures."""
    report = outlined(key)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"{key}.dcm")
        file.write_bytes(to_bytes(report.dataset))
        read = read_report(file)
        records = {
            dialect: _lines(Bridge(dialect).values(report.study, file), report.study)
            for dialect in DIALECTS
        }
    sheet = sheet_of(read, standard(), _patient(report.study), report.study.AccessionNumber)
    return MadeChart(key, "\n".join(_markdown(key, report, records, pages)), sheet)


def _patient(study: Study) -> Patient:
    one = study.patient
    return Patient(one.PatientID, one.family_name, one.given_name, one.birth_date, one.sex)


# --- the records ---------------------------------------------------------------------------------


def _lines(record: bytes, study: Study) -> list[str]:
    """Return the fields of a record, one in a line.

    Those of a test stand in the line of its 8410, without its time where that is the exam's.
    """
    (read,) = read_records(record)
    times = {("8432", f"{study.started:%d%m%Y}"), ("8439", f"{study.started:%H%M%S}")}
    lines: list[str] = []
    for field in read.lines:
        if (field.id, field.value) in times:
            continue
        shown = f"{field.id} {field.value}"
        if field.id in OF_A_TEST and lines:
            lines[-1] += f"  {shown}"
        else:
            lines.append(shown)
    return lines


def _markdown(
    key: str, report: OutlinedReport, records: dict[str, list[str]], pages: int
) -> Iterator[str]:
    yield f"# {report.study.StudyDescription}"
    yield ""
    yield report.about
    yield ""
    yield f"[The report, item by item](../../../scripts/sample_maker/reports/{key}.txt)"
    yield ""
    yield from (f"![page {page}]({picture_name(key, page)})" for page in range(1, pages + 1))
    for dialect, lines in records.items():
        yield ""
        yield f"## {dialect}"
        yield ""
        yield "```text"
        yield from lines
        yield "```"
    yield ""


# --- the pictures --------------------------------------------------------------------------------


def picture_name(key: str, page: int) -> str:
    """Return the name of the picture of a page, counted from 1."""
    return f"{key}.png" if page == 1 else f"{key}-{page}.png"


def drawn(sheet: ReportSheet) -> list[Image.Image]:
    """Return the pages of a sheet as poppler draws them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.pdf")
        file.write_bytes(to_pdf(sheet))
        command = ["pdftoppm", "-r", str(PER_INCH), str(file), str(file.with_suffix(""))]
        subprocess.run(command, check=True, capture_output=True)
        pages = []
        for path in sorted(Path(folder).glob("*.ppm")):
            with Image.open(path) as picture:
                pages.append(picture.convert("RGB"))
        return pages


def to_png(picture: Image.Image, digest: str) -> bytes:
    """Return a picture as a small PNG that says which sheet it shows."""
    text = PngInfo()
    text.add_text(DIGEST, digest)
    written = io.BytesIO()
    few = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(written, "PNG", optimize=True, pnginfo=text)
    return written.getvalue()


def digest_of(path: Path) -> str:
    """Return which sheet a picture shows; empty where there is no picture."""
    if not path.is_file():
        return ""
    with Image.open(path) as picture:
        return str(picture.info.get(DIGEST, ""))


# --- the folder ----------------------------------------------------------------------------------


def different(folder: Path) -> list[str]:
    """Return the names of files that are missing or other than made; nothing is drawn."""
    names = []
    for key in KEYS:
        pages = pictures_of(folder, key)
        chart = made_chart(key, len(pages))
        text = folder / f"{key}.md"
        if not text.is_file() or text.read_text(encoding="utf-8") != chart.markdown:
            names.append(text.name)
        shown = {digest_of(page) for page in pages}
        if shown != {chart.digest}:
            names.append(picture_name(key, 1))
    return names


def pictures_of(folder: Path, key: str) -> list[Path]:
    """Return the pictures of a report's pages that are there, in their order."""
    names = (picture_name(key, page) for page in range(1, 10))
    return [folder / name for name in names if (folder / name).is_file()]


def key_of(name: str) -> str:
    """Return the report a file of the folder is of."""
    return name.rpartition(".")[0]


def write(folder: Path, key: str) -> None:
    """Write Markdown and pictures of a report."""
    for path in pictures_of(folder, key):
        path.unlink()
    pages = drawn(made_chart(key, 1).sheet)
    chart = made_chart(key, len(pages))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{key}.md").write_text(chart.markdown, encoding="utf-8")
    for at, page in enumerate(pages, start=1):
        (folder / picture_name(key, at)).write_bytes(to_png(page, chart.digest))
