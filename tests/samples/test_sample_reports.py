"""The sample reports and images say what the tables here say, to DCMTK and to our own reader."""

from __future__ import annotations

import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from pydicom import dcmread

from gdtbridge.sr import read_report

NUM = re.compile(r'NUM:\(,,"(?P<name>.*?)"\)="(?P<value>.*?)" \((?P<unit>.*?),UCUM,')
WARNING_OF_DCMTK = "W: The VR checker does not support this Specific Character Set: ISO_IR 192"

ECHO = """
182 cm|84 kg|2.0549 m2|48.2 mm|31.5 mm|9.4 mm|9.1 mm|118.4 ml|46.2 ml|59.8 %|61.3 %|61.9 %|61.0 %
0.95 cm|168.25 g|-19.4 %|36 mm|54.3 ml|78.4 cm/s|61.2 cm/s|1.2810457516339 1|187 ms|12.1 cm/s
9.3 cm/s|128 cm/s|3.4 mm[Hg]|27.1 cm|231 cm/s|23 mm|33.0999984741211 mm
"""
ABDOMEN = """
138.6 mm|140.2 mm|139.40 mm|2.1 mm|2.10 mm|4.4 mm|4.40 mm|10.70 cm|108.3 mm|111.9 mm|186.25 ml
19.7999992370605 mm|18.2 cm/s
"""
THYROID = """
49.2 mm|48.6 mm|48.90 mm|17.30 mm|16.10 mm|6.52 ml|47.40 mm|16.80 mm|15.50 mm|5.91 ml|3.2 mm|8.7 mm
"""
ABDOMEN_RESULTS = """
139.40 mm|2.10 mm|4.40 mm|10.70 cm|108.3 mm|111.9 mm|186.25 ml|19.7999992370605 mm|18.2 cm/s
"""
THYROID_RESULTS = """
48.90 mm|17.30 mm|16.10 mm|6.52 ml|47.40 mm|16.80 mm|15.50 mm|5.91 ml|3.2 mm|8.7 mm
"""


def values(table: str) -> list[str]:
    """Return the values of a table, each with its unit."""
    return [value for line in table.split("\n") if line for value in line.split("|")]


def peer(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program of DCMTK, or skip where it is missing."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, capture_output=True, check=False, encoding="latin-1")


@pytest.mark.peer
@pytest.mark.parametrize(
    ("name", "table"), [("echo", ECHO), ("abdomen", ABDOMEN), ("thyroid", THYROID)]
)
def test_dsrdump_prints_every_value(project: Path, name: str, table: str) -> None:
    """DCMTK's SR reader finds all values in their order; it complains of UTF-8 at most."""
    done = peer("dsrdump", str(project / "samples" / "sr" / f"{name}.dcm"))
    found = [f"{num['value']} {num['unit']}" for num in NUM.finditer(done.stdout)]
    assert found == values(table)
    complaints = [line for line in done.stderr.splitlines() if line != WARNING_OF_DCMTK]
    assert (done.returncode, complaints) == (0, [])


def test_our_reader_finds_the_values_of_the_echo_report(project: Path) -> None:
    """Every value of the standard report is told but three beats beside their chosen mean."""
    report = read_report(project / "samples" / "sr" / "echo.dcm", explain=True)
    assert report.decisions is not None
    assert [f"{one.value} {one.unit or '1'}" for one in report.decisions] == values(ECHO)
    assert [(one.value, one.rule) for one in report.decisions if not one.kept] == [
        ("59.8", "not_chosen"),
        ("61.3", "not_chosen"),
        ("61.9", "not_chosen"),
    ]
    assert report.warnings == ()


@pytest.mark.parametrize(
    ("name", "table"), [("abdomen", ABDOMEN_RESULTS), ("thyroid", THYROID_RESULTS)]
)
def test_our_reader_prefers_averages(project: Path, name: str, table: str) -> None:
    """Of SonoScape's rows the average counts, and a single result where there is no average."""
    report = read_report(project / "samples" / "sr" / f"{name}.dcm")
    assert [f"{one.value} {one.unit}" for one in report.measurements] == values(table)
    assert report.warnings == ()


def test_negative_strain_is_in_the_echo_report(project: Path) -> None:
    """The strain keeps its sign and its mode."""
    report = read_report(project / "samples" / "sr" / "echo.dcm")
    strain = [one for one in report.measurements if "GLS" in one.name]
    assert [(one.value, one.unit, one.mode) for one in strain] == [
        (Decimal("-19.4"), "%", "2D Speckle Tracking")
    ]


def test_echo_report_refers_to_the_images(project: Path) -> None:
    """The evidence of the report is exactly the images of the same study."""
    samples = project / "samples"
    images = [dcmread(path) for path in sorted((samples / "images").glob("*.dcm"))]
    report = dcmread(samples / "sr" / "echo.dcm")
    study = report.CurrentRequestedProcedureEvidenceSequence[0]
    referenced = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert study.StudyInstanceUID == report.StudyInstanceUID == images[0].StudyInstanceUID
    assert [ref.ReferencedSOPInstanceUID for ref in referenced] == [
        ds.SOPInstanceUID for ds in images
    ]


@pytest.mark.peer
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_dcmdump_reads_every_image(project: Path, number: int) -> None:
    """DCMTK reads the image to its end and has nothing to say."""
    done = peer("dcmdump", "+L", str(project / "samples" / "images" / f"echo-{number}.dcm"))
    assert (done.returncode, done.stderr.replace(WARNING_OF_DCMTK, "").strip()) == (0, "")
    assert "PixelData" in done.stdout


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_pixels_fill_the_frames(project: Path, number: int) -> None:
    """Pixel Data has one byte for each pixel of each frame, black outside the sector."""
    ds = dcmread(project / "samples" / "images" / f"echo-{number}.dcm")
    assert len(ds.PixelData) == ds.Rows * ds.Columns * int(ds.get("NumberOfFrames", 1))
    assert ds.PixelData[0] == 0
    assert max(ds.PixelData) > 200


def test_identifiers_are_unique_and_ours(project: Path) -> None:
    """Each instance has a UID of its own under 2.25, within DICOM's 64 characters."""
    uids = [dcmread(path).SOPInstanceUID for path in (project / "samples").rglob("*.dcm")]
    assert len(set(uids)) == len(uids) == 7
    assert all(uid.startswith("2.25.") and len(uid) <= 64 and uid.is_valid for uid in uids)
