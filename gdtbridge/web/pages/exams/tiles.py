"""The tiles below the viewer: what came of one person of an exam, and where each of it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gdtbridge.day.exam import ShownObject
from gdtbridge.pictures.kinds import ObjectKind
from gdtbridge.web.pages.formats import Formats

KEY_LENGTH: Final = 16
"""Characters of the SHA-256 in addresses."""
SHAPES: Final = {ObjectKind.CLIP: "play", ObjectKind.IMAGE: "images"}
"""What stands where a picture cannot be shown; everything else is a sheet of paper."""


@dataclass(frozen=True, slots=True)
class PictureTile:
    """An object below the viewer; ``number`` is 0 for what is no picture."""

    shown: ShownObject
    number: int
    address: str
    label: str
    """What it is, in a line."""

    @property
    def shape(self) -> str:
        """The shape that stands for it."""
        return SHAPES.get(self.shown.kind, "file-text")

    @property
    def is_report(self) -> bool:
        """Whether its values stand further below."""
        return self.shown.kind is ObjectKind.REPORT

    @property
    def is_document(self) -> bool:
        """Whether it is a document to open."""
        return self.shown.kind is ObjectKind.DOCUMENT


def address_of(exam_id: int, shown: ShownObject) -> str:
    """Return where everything of an object is, as part of an exam."""
    key = shown.sha256[:KEY_LENGTH]
    return f"/untersuchung/{exam_id}/bild/{shown.instance_id}/{key}"


def tiles_of(
    exam_id: int,
    objects: Sequence[ShownObject],
    formats: Formats,
    numbers: Mapping[int, int] | None = None,
) -> tuple[PictureTile, ...]:
    """Return the tiles of objects; those that are looked at are counted from 1.

    ``numbers`` are those of a page that counts otherwise, by instance.
    """
    if numbers is None:
        looked_at = (one.instance_id for one in objects if one.kind not in _READ)
        numbers = {instance: number for number, instance in enumerate(looked_at, 1)}
    of = max(numbers.values(), default=0)
    return tuple(
        PictureTile(
            one,
            number := numbers.get(one.instance_id, 0),
            address_of(exam_id, one),
            _label(one, number, of, formats),
        )
        for one in objects
    )


_READ: Final = frozenset({ObjectKind.REPORT, ObjectKind.DOCUMENT})


def _label(one: ShownObject, number: int, of: int, formats: Formats) -> str:
    texts = formats.texts
    kind = texts(f"exam.kind.{one.kind}")
    said = [texts("viewer.of", kind=kind, number=number, of=of) if number else kind]
    if one.frames > 1:
        said.append(texts("exam.frames", n=one.frames))
    if one.description:
        said.append(one.description)
    said.append(texts("viewer.received", when=formats.moment(one.received_at)))
    return " · ".join(said)
