"""Whether a file holds all of its dataset: what is cut is never taken for whole."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.filewriter import dcmwrite

from gdtbridge.dataset.completeness import Completeness, completeness_of
from gdtbridge.dataset.part10 import read_any_meta
from tests.tools.elements import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    UNDEFINED,
    delimiter,
    element,
    identification,
    item,
    part10,
    still,
)

ITEMS = item(element(0x00080100, b"SH", "A")) + item(b"", undefined=True)
SEQUENCES = {
    "defined": element(0x00400555, b"SQ", ITEMS),
    "undefined": element(0x00400555, b"SQ", b"", length=UNDEFINED) + ITEMS + delimiter(0xE0DD),
    "unknown": element(0x00400555, b"UN", b"", length=UNDEFINED)
    + item(element(0x00080100, b"SH", "A", ts=IMPLICIT), undefined=True)
    + delimiter(0xE0DD),
    "encapsulated": element(0x7FE00010, b"OB", b"", length=UNDEFINED)
    + item(b"")
    + item(bytes(99))
    + delimiter(0xE0DD),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a path for one file."""
    return tmp_path_factory.mktemp("complete") / "a.dcm"


def judged(path: Path) -> Completeness:
    """Return what is said of a file."""
    with path.open("rb") as file:
        meta = read_any_meta(file)
        assert meta is not None
        return completeness_of(file, meta.TransferSyntaxUID)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED])
def test_every_syntax_is_whole(place: Path, syntax: str) -> None:
    """However a dataset is encoded."""
    part10(place, identification(syntax), syntax)
    assert judged(place) is Completeness.WHOLE


@pytest.mark.parametrize("kind", SEQUENCES)
def test_a_sequence_is_whole_with_its_end_alone(place: Path, kind: str) -> None:
    """Without any of its last bytes the dataset is cut."""
    whole = identification() + SEQUENCES[kind]
    assert judged(part10(place, whole)) is Completeness.WHOLE
    for missing in range(1, len(SEQUENCES[kind])):
        assert judged(part10(place, whole[:-missing])) is Completeness.CUT, missing


@given(cut=st.integers(min_value=1, max_value=400))
def test_a_deflated_dataset_ends_with_its_stream(place: Path, cut: int) -> None:
    """Whatever is missing of it."""
    part10(place, still(7) + element(0xFFFCFFFC, b"OB", bytes(range(256))), DEFLATED)
    data = place.read_bytes()
    place.write_bytes(data[: max(400, len(data) - cut)])
    assert judged(place) is Completeness.CUT


@pytest.fixture(scope="module")
def parts(project: Path) -> list[bytes]:
    """Return the outermost elements of a report, each encoded."""
    dataset = pydicom.dcmread(project / "samples" / "sr" / "echo.dcm")
    encoded: list[bytes] = []
    for one in pydicom.Dataset(dataset):
        alone, buffer = pydicom.Dataset(), io.BytesIO()
        alone.SpecificCharacterSet = dataset.SpecificCharacterSet
        alone.add(one)
        dcmwrite(buffer, alone, implicit_vr=False, little_endian=True)
        encoded.append(buffer.getvalue()[len(encoded[0]) if encoded else 0 :])
    return encoded


@given(number=st.integers(0, 10_000), at=st.integers(0, 1_000_000))
def test_a_report_that_is_cut_is_never_whole(
    place: Path, parts: list[bytes], number: int, at: int
) -> None:
    """At any byte but those between two outermost elements."""
    number %= len(parts)
    before, last = b"".join(parts[:number]), parts[number]
    cut = 1 + at % (len(last) - 1)
    assert judged(part10(place, before + last)) is Completeness.WHOLE
    assert judged(part10(place, before + last[:cut])) is not Completeness.WHOLE


UNSURE = {
    "zeros behind": identification() + bytes(512),
    "a picture without pixels": identification() + element(0x00280010, b"US", b"\1\0"),
    "no item in a sequence": identification()
    + element(0x00400555, b"SQ", b"", length=UNDEFINED)
    + b"no item at all",
    "nested too deeply": identification()
    + (element(0x00400555, b"SQ", b"", length=UNDEFINED) + item(b"", undefined=True)[:8]) * 3000,
    "too many elements": identification() + element(0x00400555, b"SH", "") * 4000,
}


@pytest.mark.parametrize("kind", UNSURE)
def test_what_cannot_be_told_is_unsure(
    place: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bounded in depth and number, and never an error."""
    monkeypatch.setattr("gdtbridge.dataset.completeness.MOST_STEPS", 4000)
    assert judged(part10(place, UNSURE[kind])) is Completeness.UNSURE


def test_padding_at_the_end_is_no_damage(place: Path) -> None:
    """Data Set Trailing Padding (PS3.10 7.2), and up to seven zeros."""
    padded = identification() + element(0xFFFCFFFC, b"OB", bytes(100))
    assert judged(part10(place, padded)) is Completeness.WHOLE
    assert judged(part10(place, identification() + bytes(6))) is Completeness.WHOLE


def test_a_bomb_is_not_inflated_to_its_end(place: Path) -> None:
    """Two gigabytes in two megabytes: unsure, after a bounded time."""
    part10(place, identification() + element(0x7FE00010, b"OB", b"", length=1 << 31), DEFLATED)
    assert judged(place) in {Completeness.WHOLE, Completeness.CUT, Completeness.UNSURE}
