"""What Key Object Selections name."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.pictures import AttachmentReader, KeyObjectReference, KeyObjects, NotRenderable
from gdtbridge.pictures.key_objects import read_key_objects
from tests.pictures.builder import dataset, selection, write

TWO = (KeyObjectReference("1.2.3"), KeyObjectReference("1.2.4", (5, 9)))


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("113000", KeyObjects(named=TWO)),
        ("113020", KeyObjects(named=TWO)),
        ("own", KeyObjects(named=TWO)),
        ("113001", KeyObjects(rejected=TWO)),
        ("113037", KeyObjects(rejected=TWO)),
        ("113030", KeyObjects()),
        ("113010", KeyObjects()),
    ],
)
@pytest.mark.parametrize("items", ["flat", "nested"])
def test_title_says_what_for(title: str, wanted: KeyObjects, items: str, tmp_path: Path) -> None:
    """Of interest, rejected, or a mere list of everything."""
    made = selection(title, ("1.2.3", ()), ("1.2.4", (5, 9)), nested=items == "nested")
    assert read_key_objects(write(made, tmp_path / "selection.dcm")) == wanted


def test_one_frame(tmp_path: Path) -> None:
    """Referenced Frame Number of a single value."""
    path = write(selection("113000", ("1.2.3", (7,))), tmp_path / "selection.dcm")
    assert read_key_objects(path).named == (KeyObjectReference("1.2.3", (7,)),)


def test_selection_without_title_or_content(tmp_path: Path) -> None:
    """It names nothing."""
    made = selection("113000")
    del made.ConceptNameCodeSequence, made.ContentSequence
    assert read_key_objects(write(made, tmp_path / "selection.dcm")) == KeyObjects()


def test_other_object(tmp_path: Path) -> None:
    """An image selects nothing."""
    with pytest.raises(NotRenderable):
        read_key_objects(write(dataset(), tmp_path / "image.dcm"))


def test_selections_of_an_exam_together(tmp_path: Path) -> None:
    """One that cannot be read is counted and stops no other."""
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"no DICOM")
    paths = [
        write(selection("113000", ("1.2.3", ())), tmp_path / "a.dcm"),
        broken,
        write(selection("113001", ("1.2.4", ())), tmp_path / "b.dcm"),
        write(selection("113002", ("1.2.5", (2,))), tmp_path / "c.dcm"),
    ]
    with AttachmentReader() as reader:
        assert reader.key_objects(paths) == KeyObjects(
            named=(KeyObjectReference("1.2.3"), KeyObjectReference("1.2.5", (2,))),
            rejected=(KeyObjectReference("1.2.4"),),
            unreadable=1,
        )
        assert reader.key_objects([]) == KeyObjects()
