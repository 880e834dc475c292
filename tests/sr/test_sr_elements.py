"""Files of reports: every transfer syntax, every cut, no half numbers."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from gdtbridge.sr import (
    Measurement,
    NotAReportError,
    Report,
    ReportError,
    ReportHindered,
    ReportLimitError,
    UnreadableReportError,
    elements,
    read_report,
)
from tests.sr.builder import (
    DERIVATION,
    DIAMETER,
    LATERALITY,
    LEFT,
    LVIDD,
    MEAN,
    SYNTAXES,
    code,
    dataset,
    echo_section,
    num,
    write,
)

Read = Callable[[Dataset], Report]


def sample() -> Dataset:
    """Return a report whose values differ in digits, unit and modifiers."""
    return dataset(
        echo_section(
            num(LVIDD, "48.25", "mm", code(DERIVATION, MEAN)),
            num(DIAMETER, "3.7125", "cm", code(LATERALITY, LEFT)),
            num(DIAMETER, "-20.6", "%"),
        )
    )


def told(measurement: Measurement) -> tuple[object, ...]:
    """Return everything about a measurement but its id and place."""
    one = measurement
    return (one.name, str(one.value), one.unit, one.site, one.mode, one.laterality, one.derivation)


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_transfer_syntaxes_say_the_same(tmp_path: Path, syntax: str, *, undefined: bool) -> None:
    """Encodings and kinds of length make no difference to what is read."""
    expected = read_report(write(sample(), tmp_path / "plain.dcm"))
    path = write(sample(), tmp_path / "other.dcm", syntax, undefined_lengths=undefined)
    assert read_report(path) == expected
    assert len(expected.measurements) == 3


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "deflated"])
def test_cut_file_never_gives_a_value_that_is_not_in_the_whole(
    tmp_path: Path, syntax: str, *, undefined: bool
) -> None:
    """Wherever a file ends, what is read is what was written, and the cut is told."""
    path = write(sample(), tmp_path / "whole.dcm", syntax, undefined_lengths=undefined)
    whole = path.read_bytes()
    everything = [told(one) for one in read_report(path).measurements]
    seen = set()
    for length in range(0, len(whole) - 2, 7):
        path.write_bytes(whole[:length])
        try:
            report = read_report(path)
        except ReportError:
            continue
        values = [told(one) for one in report.measurements]
        seen.add(len(values))
        assert values == everything[: len(values)]
        assert not report.is_whole or values == everything
    assert {0, 1, 2} <= seen


@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
@settings(max_examples=60)
def test_one_wrong_byte_never_escapes_as_another_error(
    tmp_path_factory: pytest.TempPathFactory, position: int, byte: int
) -> None:
    """A flipped byte gives a report or a `ReportError`."""
    path = tmp_path_factory.getbasetemp() / "flipped.dcm"
    data = bytearray(write(sample(), path).read_bytes())
    data[position % len(data)] = byte
    path.write_bytes(data)
    try:
        report = read_report(path)
    except ReportError:
        return
    assert all(one.value.is_finite() for one in report.measurements)


def deflated(body: bytes) -> bytes:
    """Return a deflated Part 10 file of a Comprehensive SR."""
    syntax = b"1.2.840.10008.1.2.1.99"
    meta = struct.pack("<HH2sH", 2, 0x10, b"UI", len(syntax)) + syntax
    packed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return bytes(128) + b"DICM" + meta + packed.compress(body) + packed.flush()


def test_deflate_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inflating ends at the budget."""
    monkeypatch.setattr(elements, "MAX_BYTES", 1024 * 1024)
    path = tmp_path / "bomb.dcm"
    path.write_bytes(deflated(bytes(32 * 1024 * 1024)))
    assert path.stat().st_size < 64 * 1024
    with pytest.raises(ReportLimitError):
        read_report(path)


def test_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond the budget is not read."""
    path = write(sample(), tmp_path / "large.dcm")
    monkeypatch.setattr(elements, "MAX_BYTES", path.stat().st_size - 1)
    with pytest.raises(ReportLimitError):
        read_report(path)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", UnreadableReportError),
        (b"no DICOM at all, only some text", UnreadableReportError),
        (bytes(128) + b"DICM", NotAReportError),
        (deflated(b"") + b"garbage", NotAReportError),
    ],
)
def test_what_is_no_dicom_is_refused(
    tmp_path: Path, content: bytes, error: type[ReportError]
) -> None:
    """Empty, foreign and empty-bodied files have their errors."""
    path = tmp_path / "foreign"
    path.write_bytes(content)
    with pytest.raises(error):
        read_report(path)


def test_missing_file_is_an_error_of_ours(tmp_path: Path) -> None:
    """The caller deals with one tree of errors."""
    with pytest.raises(ReportHindered):
        read_report(tmp_path / "missing.dcm")


def test_image_is_no_report(tmp_path: Path) -> None:
    """An instance of another class without a content tree is refused."""
    image = dataset(SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1")
    del image.ContentSequence
    with pytest.raises(NotAReportError):
        read_report(write(image, tmp_path / "image.dcm"))


def test_private_class_with_a_content_tree_is_read(tmp_path: Path) -> None:
    """What calls itself a container with content is a report, whatever its class."""
    report = sample()
    report.SOPClassUID = "1.3.46.670589.2.5.1.9"
    assert len(read_report(write(report, tmp_path / "private.dcm")).measurements) == 3


def test_dataset_without_meta_information_is_read(tmp_path: Path) -> None:
    """A bare dataset, as some export it, is recognised by its first element."""
    path = tmp_path / "bare.dcm"
    sample().save_as(path, implicit_vr=True, little_endian=True)
    assert len(read_report(path).measurements) == 3
