"""Reports of real and rebuilt devices, and files made to break readers (the foreign corpus)."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.sr import (
    Report,
    ReportError,
    ReportReader,
    fingerprint,
    predecessor_ids,
    read_report,
)
from tests.sr.conftest import predecessor_id

pytestmark = pytest.mark.slow  # reads much data

VIVID = "ge_vivid_t8_tid5200_cm.dcm"

EXPECTED = {
    # file: template, measurements, values the device calls not measured, warnings
    "canon_ob_tid5000_deid.dcm": ("5000", 23, 0, []),
    "edge_absent_patient_ids.dcm": ("5200", 1, 0, []),
    "edge_basictext_no_num.dcm": (None, 0, 0, []),
    "edge_big_5000_num.dcm": ("5200", 5000, 0, []),
    "edge_charset_gb18030.dcm": ("5200", 1, 0, []),
    "edge_charset_latin1.dcm": ("5200", 1, 0, []),
    "edge_charset_missing_latin1_bytes.dcm": ("5200", 1, 0, []),
    "edge_charset_utf8.dcm": ("5200", 1, 0, []),
    "edge_deep_200.dcm": ("5200", 1, 0, []),
    "edge_empty_measuredvalue_qualifier.dcm": ("5200", 1, 0, ["no_value"] * 3),
    "edge_empty_patient_ids.dcm": ("5200", 1, 0, []),
    "edge_no_contenttemplate.dcm": (None, 1, 0, []),
    "edge_no_dates_modality_US.dcm": ("5200", 1, 0, []),
    "edge_numeric_literals.dcm": (
        "5200",
        5,
        0,
        ["bad_number", "bad_number", "no_number", "bad_number"],
    ),
    "edge_padded_patientid.dcm": ("5200", 1, 0, []),
    "edge_truncated.dcm": ("5200", 21, 0, ["truncated"]),
    "edge_ts_bigendian.dcm": ("5200", 41, 0, []),
    "edge_ts_deflated.dcm": ("5200", 41, 0, []),
    "edge_ts_implicit.dcm": ("5200", 41, 0, []),
    "ge_logiq_r3_tid5100_abdomen_userlabel.dcm": ("5100", 7, 0, []),
    "ge_logiq_tid5100_carotid.dcm": ("5100", 22, 0, []),
    "ge_logiqe9_tid5100_abdomen_deid.dcm": ("5100", 10, 0, []),
    "ge_vivid_incremental_1_of_2_noacc.dcm": ("5200", 18, 0, []),
    "ge_vivid_incremental_2_of_2_noacc.dcm": ("5200", 41, 0, []),
    VIVID: ("5200", 41, 0, []),
    "sonoscape_sono10000_thyroid.dcm": ("SONO10000", 4, 1, []),
    "sonoscape_sono1000_thyroid.dcm": ("SONO1000", 4, 1, []),
    "sonoscape_tid5200_minus1_sentinel.dcm": ("5200", 2, 2, []),
    "std_ps317_annexI_ob_twins.dcm": ("5000", 25, 0, []),
}

THYROID = [
    ("Thyroid L Length", "47.80", "mm", "SOTHYROIDLLENGTH"),
    ("Thyroid L Height", "16.20", "mm", "SOTHYROIDLHEIGHT"),
    ("Thyroid L Width", "17.00", "mm", "SOTHYROIDLWIDTH"),
    ("Thyroid L Volume", "6.79", "ml", "SOTHYROIDLVOLUME"),
]

ABDOMEN = [
    ("Subject Age", "40", "a", None, None, None),
    ("Length", "6.662226604252", "cm", "Kidney", "Right", None),
    ("Length", "7.578052846045", "cm", "Kidney", "Left", None),
    ("Length", "9.012071224026", "cm", "Spleen", None, None),
    ("Height", "4.349621302147", "cm", "Spleen", None, None),
    ("Width", "5.147856765763", "cm", "Spleen", None, None),
    ("Volume", "105.65769663", "ml", "Spleen", None, None),
    ("Diameter", "2.217469393785", "cm", "Aorta", None, "Anterior-Posterior"),
    ("Distance", "2.009479256674", "cm", "Abdomen", None, "MPV"),
    ("CBD Porta", "7.56222866831", "mm", "Bile duct", None, None),
]

ECHO = [
    # name, value, unit, site, mode, method, phase, flow
    ("Patient Height", "178", "cm", None, None, None, None),
    ("Left Ventricle Mass", "143.2", "g", "Left Ventricle", "2D mode", None, None),
    ("Peak Gradient", "7.95", "mm[Hg]", "Aortic Valve", "Doppler Continuous Wave", None, "Ante"),
    ("Peak Gradient", "17.8", "mm[Hg]", "Tricuspid Valve", "Doppler Continuous Wave", None, "Regu"),
    (
        "Peak Velocity",
        "1.02",
        "m/s",
        "Left Ventricle Outflow Tract",
        "Doppler Pulsed",
        None,
        "Ante",
    ),
    ("Aortic Root Diameter", "3.3", "cm", "Aorta", "M mode", None, None),
    ("Diameter", "3.71", "cm", "Left Atrium", "2D mode", None, None),
    (
        "Mitral Valve E to A Ratio",
        "1.2272727272727",
        "",
        "Mitral Valve",
        "Doppler Pulsed",
        None,
        None,
    ),
    (
        "Peak Tissue Velocity",
        "0.091",
        "m/s",
        "Medial Mitral Annulus",
        "Tissue Doppler Imaging",
        "Systole",
        None,
    ),
    (
        "Peak Tissue Velocity",
        "0.112",
        "m/s",
        "Lateral Mitral Annulus",
        "Tissue Doppler Imaging",
        None,
        None,
    ),
    ("Global Peak Longitudinal Strain", "-19.8", "%", "Left Ventricle", "2D mode", None, None),
    ("Heart rate", "68", "/min", None, None, None, None),
]


@pytest.fixture(scope="module")
def reader() -> Iterator[ReportReader]:
    """Return one reader for the whole corpus, with the five seconds a file may take."""
    with ReportReader(seconds=5) as reading:
        yield reading


def one(corpus: Path, name: str) -> Report:
    """Return a report of the corpus; skip where it is not there."""
    path = corpus / "sr" / name
    if not path.is_file():
        pytest.skip(f"no {name}")
    return read_report(path)


@pytest.mark.parametrize("name", EXPECTED)
def test_corpus_is_read_as_expected(corpus: Path, reader: ReportReader, name: str) -> None:
    """Template, number of measurements and warnings of every file."""
    if not (corpus / "sr" / name).is_file():
        pytest.skip(f"no {name}")
    report = reader.read(corpus / "sr" / name)
    template, count, not_measured, warnings = EXPECTED[name]
    assert (report.template, len(report.measurements)) == (template, count)
    assert report.not_measured == not_measured
    assert [warning.code for warning in report.warnings] == warnings
    ids = [measurement.id for measurement in report.measurements]
    assert len(set(ids)) == count
    assert all(re.fullmatch(r"[A-Z0-9]{9,20}", made) for made in ids)


@pytest.mark.parametrize(
    "name", ["sonoscape_sono1000_thyroid.dcm", "sonoscape_sono10000_thyroid.dcm"]
)
def test_thyroid_is_the_same_in_both_spellings(corpus: Path, name: str) -> None:
    """Both names of the template and both character sets give one result."""
    report = one(corpus, name)
    assert [
        (found.name, str(found.value), found.unit, predecessor_id(found))
        for found in report.measurements
    ] == THYROID
    assert predecessor_ids(report) == tuple(row[3] for row in THYROID)


def test_abdomen_of_a_real_logiq(corpus: Path) -> None:
    """Site, side and user label of each value, in the order of the tree."""
    report = one(corpus, "ge_logiqe9_tid5100_abdomen_deid.dcm")
    assert [
        (found.name, str(found.value), found.unit, found.site, found.laterality, found.label)
        for found in report.measurements
    ] == ABDOMEN


@pytest.mark.parametrize("expected", ECHO, ids=[f"{row[0]} {row[1]}" for row in ECHO])
def test_echo_values_have_their_context(
    corpus: Path, expected: tuple[str, str, str, str | None, str | None, str | None, str | None]
) -> None:
    """Generic concepts are told apart by site, mode, phase and flow."""
    found = [
        (
            value.name,
            str(value.value),
            value.unit,
            value.site,
            value.mode,
            value.phase,
            value.flow[:4] if value.flow else None,
        )
        for value in one(corpus, VIVID).measurements
    ]
    assert found.count(expected) == 1


def test_transfer_syntaxes_of_the_corpus_agree(corpus: Path) -> None:
    """One report in four encodings has the same measurements with the same ids."""
    plain = one(corpus, VIVID).measurements
    for name in ("edge_ts_bigendian.dcm", "edge_ts_deflated.dcm", "edge_ts_implicit.dcm"):
        assert one(corpus, name).measurements == plain


def test_cut_file_gives_the_beginning(corpus: Path) -> None:
    """What is read of a truncated file is what the whole says there."""
    cut = one(corpus, "edge_truncated.dcm")
    assert not cut.is_whole
    assert [(value.name, value.value) for value in cut.measurements] == [
        (value.name, value.value)
        for value in one(corpus, VIVID).measurements[: len(cut.measurements)]
    ]


def test_later_report_continues_the_series_of_the_earlier(corpus: Path) -> None:
    """The second of two reports repeats the ids and values of the first."""
    first = one(corpus, "ge_vivid_incremental_1_of_2_noacc.dcm")
    second = one(corpus, "ge_vivid_incremental_2_of_2_noacc.dcm")
    earlier = {(value.id, value.value, value.unit) for value in first.measurements}
    later = {(value.id, value.value, value.unit) for value in second.measurements}
    assert earlier < later
    assert fingerprint(first) != fingerprint(second)


NUM = re.compile(r'^([\d.]+) +<[a-z ]+ NUM:\(.*?\)="([^"]*)" \(([^,]*),')
WELL_FORMED = [
    "canon_ob_tid5000_deid.dcm",
    "edge_big_5000_num.dcm",
    "edge_deep_200.dcm",
    "ge_logiq_r3_tid5100_abdomen_userlabel.dcm",
    "ge_logiq_tid5100_carotid.dcm",
    "ge_logiqe9_tid5100_abdomen_deid.dcm",
    "ge_vivid_incremental_1_of_2_noacc.dcm",
    VIVID,
    "sonoscape_sono10000_thyroid.dcm",
    "sonoscape_tid5200_minus1_sentinel.dcm",
    "std_ps317_annexI_ob_twins.dcm",
]


@pytest.mark.peer
@pytest.mark.parametrize("name", WELL_FORMED)
def test_every_number_dcmtk_sees_is_explained(corpus: Path, name: str) -> None:
    """Each NUM of ``dsrdump`` has a decision at its place, with its literal and unit."""
    dsrdump = shutil.which("dsrdump")
    if dsrdump is None:
        pytest.skip("no dsrdump (DCMTK)")
    if not (corpus / "sr" / name).is_file():
        pytest.skip(f"no {name}")
    report = read_report(corpus / "sr" / name, explain=True)
    shown = subprocess.run(
        [dsrdump, "+Pn", str(corpus / "sr" / name)],
        capture_output=True,
        check=True,
        timeout=60,
        encoding="latin_1",
    ).stdout
    theirs = [
        (found[1], found[2], "" if found[3] == "1" else re.sub(r"\{.*\}", "", found[3]))
        for line in shown.splitlines()
        if (found := NUM.match(line))
    ]
    assert theirs
    assert report.decisions is not None
    assert [(one.place, one.value, one.unit) for one in report.decisions] == theirs
    assert {one.place for one in report.decisions if one.kept} == {
        one.place for one in report.measurements
    }


def peak_memory(reading: ReportReader) -> int:
    """Return the largest resident set the reader's children ever had, in bytes."""
    peaks = [
        int(line.split()[1]) * 1024
        for pid in reading.processes()
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        if line.startswith("VmHWM:")
    ]
    return max(peaks, default=0)


@pytest.mark.parametrize("folder", ["hostile", "images", "sr"])
def test_no_file_takes_long_or_much_memory(corpus: Path, reader: ReportReader, folder: str) -> None:
    """Seconds and 300 MB are enough for any file, and no error speaks of a patient."""
    for path in sorted((corpus / folder).glob("*.dcm")):
        started, told = time.monotonic(), ""
        try:
            reader.read(path)
        except ReportError as error:
            told = str(error)
        assert "4711" not in told, path.name
        assert time.monotonic() - started < 30, path.name
        assert peak_memory(reader) < 300 * 1024 * 1024, path.name
