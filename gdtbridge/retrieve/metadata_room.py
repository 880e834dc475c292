"""The child processes that read the heads of foreign files: what they are asked and answer.

Without pydicom: a child finds this table before it keeps the image libraries out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

from gdtbridge.errors import BridgeError
from gdtbridge.sandbox.client import SandboxClient
from gdtbridge.sandbox.limits import give_way
from gdtbridge.sandbox.room import MEBIBYTE, SandboxRoom, SandboxTask, SandboxTexts

ITS_URI: Final = "\0"
"""Stands in what is read for the object's URI: JSON has such a character nowhere."""


@dataclass(frozen=True, slots=True)
class HeadFile:
    """A file whose head is to be written, and its transfer syntax."""

    file: Path
    syntax: str


@dataclass(frozen=True, slots=True)
class HeadTexts:
    """The metadata of each file as JSON, with `ITS_URI`; empty where it cannot be read."""

    texts: tuple[str, ...]


class MetadataUnreadable(BridgeError):
    """Heads cannot be read; the text names the cause."""


class MetadataHindered(MetadataUnreadable):
    """The machine was in the way; later they may be read."""

    retriable = True


READ: Final = SandboxTask("gdtbridge.retrieve.metadata_heads:metadata_of", HeadTexts)

METADATA: Final = SandboxRoom(
    place=f"{__name__}:METADATA",
    tasks=(READ,),
    errors=(MetadataUnreadable, MetadataHindered),
    damage=MetadataUnreadable,
    limit=MetadataUnreadable,
    hindered=MetadataHindered,
    texts=SandboxTexts(
        failed="Die Objekte lassen sich nicht lesen. / Cannot be read: ",
        memory="Die Objekte brauchen zu viel Speicher. / Too much memory needed.",
        too_large="Die Objekte sagen zu viel. / The objects say too much.",
        nonsense="Der Leseprozess antwortet Unsinn. / The reading process answers nonsense.",
    ),
    prepare=f"{__name__}:prepare_child",
    max_text=64 * MEBIBYTE,
)
METADATA_AHEAD: Final = replace(
    METADATA, place=f"{__name__}:METADATA_AHEAD", prepare=f"{__name__}:prepare_patient_child"
)


def prepare_child() -> None:
    """Set up the libraries of a child before they are imported."""
    from gdtbridge.dataset.image_libraries import keep_image_libraries_out

    keep_image_libraries_out()


def prepare_patient_child() -> None:
    """Set up a child that gives way to everything else (`prepare_child`)."""
    prepare_child()
    give_way()


class MetadataReader(SandboxClient):
    """Reads heads in child processes; threads may share one object."""

    room: ClassVar[SandboxRoom] = METADATA

    def read(self, heads: Sequence[HeadFile]) -> tuple[str, ...]:
        """Return the metadata of each as JSON, empty where that cannot be read.

        Raises `MetadataHindered` and nothing else: of heads that are too much together each is
        read by itself.
        """
        try:
            return self.call(READ, heads=tuple(heads)).texts
        except MetadataHindered:
            raise
        except MetadataUnreadable:
            if len(heads) == 1:
                return ("",)
        return tuple(text for one in heads for text in self.read([one]))


class AheadMetadataReader(MetadataReader):
    """Does the same, giving way to everything else."""

    room = METADATA_AHEAD
