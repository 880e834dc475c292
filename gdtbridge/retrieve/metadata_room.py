"""The child processes that read the heads of foreign files: what they are asked and answer.

Without pydicom: a child finds this table before it keeps the image libraries out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gdtbridge.errors import BridgeError
from gdtbridge.sandbox.client import SandboxClient
from gdtbridge.sandbox.room import MEBIBYTE, SandboxRoom, SandboxTask, SandboxTexts


@dataclass(frozen=True, slots=True)
class HeadFile:
    """A file whose head is to be written, what it has to say instead, and the object's URI.

    ``now`` is when that was decided, ISO 8601, local.
    """

    file: Path
    syntax: str
    changes: dict[str, str]
    now: str
    uri: str


@dataclass(frozen=True, slots=True)
class HeadTexts:
    """The metadata of each file as JSON; empty where it cannot be read."""

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
    prepare="gdtbridge.dataset.image_libraries:keep_image_libraries_out",
    max_text=64 * MEBIBYTE,
)


class MetadataReader(SandboxClient):
    """Reads heads in child processes; threads may share one object."""

    room = METADATA

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
